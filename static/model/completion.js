// Completion by Tab, as in the console: of a command at the start of a text, of what it takes as its first word, of a
// room after `#`, of the name of an emoji after `:`, and of a user's name anywhere.

import { argumentOf, COMMANDS } from "./commands.js";
import { EMOJI } from "../text/emoji.js";
import { nameKey } from "../protocol/names.js";

/**
 * @import { Chat } from "./chat.js"
 * @typedef {{ names: string[], rooms: string[], joined: string[] }} Candidates What can be completed, in the order in
 *     which it is offered: the latest author first. `rooms`: all public ones that are known; `joined`: the
 *     ones that we are in, a private one as `@name`.
 */

const commands = COMMANDS.map(([usage]) => usage.split(" ")[0] ?? "").filter((word) => !word.startsWith("//"));

export class Completion {
  #at;
  #candidates;

  /** @param {number} start Where the completed word starts. @param {string[]} candidates The last is what was typed. */
  constructor(start, candidates) {
    this.start = start;
    this.#candidates = candidates;
    this.#at = candidates.length - 1;
  }

  /** Completes the word at the end of `before`, the text left of the cursor; null if nothing matches. @param {string} before @param {Candidates} candidates */
  static begin(before, { names, rooms, joined }) {
    const { start, typed, line } = lastWord(before);
    if (!typed) return null;
    const begun = typed.toLowerCase();
    const fit = (/** @type {string[]} */ list, head = "", tail = " ") => {
      const all = list.map((word) => head + word + tail).filter((word) => word.toLowerCase().startsWith(begun));
      return all.length ? new Completion(start, [...all, typed]) : null;
    };
    const argument = firstArgument(line);
    if (typed.startsWith("/")) return !line || argument === "COMMAND" ? fit(commands) : null;
    if (typed.startsWith("#")) return fit(argument === "[ROOM]" ? joined.filter((room) => !room.startsWith("@")) : rooms, "#");
    if (typed.startsWith(":")) return typed.length > 1 ? fit([...EMOJI.keys()], ":", ": ") : null;
    if (typed.startsWith("@")) return argument === "[ROOM]" ? fit(joined) : fit(names, "@");
    if (argument === "ROOM") return fit(rooms);
    if (argument === "[ROOM]") return fit(joined);
    if (argument === "COMMAND") return fit(commands.map((word) => word.slice(1)));
    if (Array.isArray(argument)) return fit(argument);
    return fit(names, "", line ? " " : ": ");
  }

  get hasAlternatives() {
    return this.#candidates.length > 2;
  }

  get typed() {
    return this.#candidates.at(-1) ?? "";
  }

  /** The first candidates. @param {number} most */
  first(most) {
    return this.#candidates.slice(0, Math.min(most, this.#candidates.length - 1));
  }

  next() {
    this.#at = (this.#at + 1) % this.#candidates.length;
    return this.#candidates[this.#at] ?? "";
  }

  /** The chosen candidate and the next one, for a screen reader. */
  get announcement() {
    const [word = "", then = ""] = [this.#at, this.#at + 1].map((at) => describe(this.#candidates[at % this.#candidates.length] ?? ""));
    const count = this.#candidates.length - 1;
    if (this.#at === count) return `${word}, as you typed it. Tab: ${then}`;
    return count === 1 ? word : `${word}, ${this.#at + 1} of ${count}. Tab: ${then}`;
  }
}

/** The word at the end of a text, where it starts, and what is before it: in small letters, without spaces around it. @param {string} before */
export function lastWord(before) {
  const start = Math.max(...[" ", "\n", "\t"].map((space) => before.lastIndexOf(space))) + 1;
  return { start, typed: before.slice(start), line: before.slice(0, start).trim().toLowerCase() };
}

/**
 * What a command takes as its first word: the placeholder of /help, or a list of the words to choose from; null if
 * `line` is not a command alone. A command that can do without a room works on those that we are in: `[ROOM]`.
 * @param {string} line @returns {string | string[] | null}
 */
export function firstArgument(line) {
  if (!line.startsWith("/") || /\s/.test(line)) return null;
  const placeholder = argumentOf(line).split(" ")[0] ?? "";
  const words = placeholder.replace(/[[\]]/g, "");
  if (/^[a-z]+(\|[a-z]+)+$/.test(words)) return words.split("|");
  return words === "ROOM" ? placeholder : words || null;
}

/** A completed word in front of `after`: without a second space. @param {string} word @param {string} after */
export function fitSpacing(word, after) {
  return /^\s/.test(after) ? word.trimEnd() : word;
}

/** @param {Chat} chat @returns {Candidates} */
export function candidatesFrom({ room, me, listed, knownRooms }) {
  /** @type {Set<string>} */
  const names = new Set();
  const items = room?.items ?? [];
  for (let i = items.length - 1; i >= 0; i -= 1) {
    const item = items[i];
    if (item && "record" in item) names.add(item.record.user);
  }
  const peers = listed.flatMap(({ peer }) => peer ?? []);
  const [here, absent] = [room?.members.someOf("here") ?? [], room?.members.someOf("absent") ?? []];
  for (const name of [...here, ...room?.peer ? [room.peer] : [], ...peers, ...absent]) names.add(name);
  const [mine, seen] = [nameKey(me), new Set()];
  const isNew = (/** @type {string} */ name) => {
    const key = nameKey(name);
    return key !== mine && !seen.has(key) && seen.add(key);
  };
  const joined = listed.flatMap(({ peer, name }) => (peer ? [] : name));
  return { names: [...names].filter(isNew), rooms: [...new Set([...joined, ...knownRooms])], joined: [...joined, ...peers.map((peer) => `@${peer}`)] };
}

/** @param {string} candidate */
function describe(candidate) {
  const word = candidate.trim();
  const picture = EMOJI.get(word.slice(1, -1));
  return picture ? `${picture} ${word}` : word.replace(/:$/, "");
}
