// Completion by Tab, as in the console: of a command at the start of a text, of a room after `#`, of the name
// of an emoji after `:`, and of a user's name anywhere.

import { COMMANDS } from "./commands.js";
import { EMOJI } from "../text/emoji.js";
import { sameName } from "../protocol/names.js";

/**
 * @import { Chat } from "./chat.js"
 * @typedef {{ names: string[], rooms: string[] }} Candidates What can be completed, in the order in which it
 *     is offered: the latest author first.
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
  static begin(before, { names, rooms }) {
    const start = Math.max(...[" ", "\n", "\t"].map((space) => before.lastIndexOf(space))) + 1;
    const typed = before.slice(start);
    const line = before.slice(0, start).trim().toLowerCase();
    if (!typed) return null;
    const fit = (/** @type {string[]} */ list, head = "", tail = " ") => {
      const begun = typed.toLowerCase();
      const all = list.map((word) => head + word + tail).filter((word) => word.toLowerCase().startsWith(begun));
      return all.length ? new Completion(start, [...all, typed]) : null;
    };
    if (typed.startsWith("/")) return line ? null : fit(commands);
    if (typed.startsWith("#")) return fit(rooms, "#");
    if (typed.startsWith(":")) return typed.length > 1 ? fit([...EMOJI.keys()], ":", ": ") : null;
    if (/^\/(j|join|leave|part)$/.test(line)) return fit(rooms);
    if (typed.startsWith("@")) return fit(names, "@");
    return fit(names, "", line ? " " : ": ");
  }

  get hasAlternatives() {
    return this.#candidates.length > 2;
  }

  get typed() {
    return this.#candidates.at(-1) ?? "";
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

/** A completed word in front of `after`: without a second space. @param {string} word @param {string} after */
export function fitSpacing(word, after) {
  return /^\s/.test(after) ? word.trimEnd() : word;
}

/** @param {Chat} chat @returns {Candidates} */
export function candidatesFrom({ room, me, listed, knownRooms }) {
  const speakers = room?.items.flatMap((item) => ("record" in item ? [item.record.user] : [])).reverse() ?? [];
  const names = [...new Set([...speakers, ...room?.memberNames ?? [], ...room?.peer ? [room.peer] : []])];
  const rooms = listed.filter(({ peer }) => !peer).map(({ name }) => name);
  return { names: names.filter((name) => !sameName(name, me)), rooms: [...new Set([...rooms, ...knownRooms])] };
}

/** @param {string} candidate */
function describe(candidate) {
  const word = candidate.trim();
  const picture = EMOJI.get(word.slice(1, -1));
  return picture ? `${picture} ${word}` : word.replace(/:$/, "");
}
