// Completion by Tab, as in the console: of a command at the start of a line, of a room after `#`, of a
// picture's name after `:`, of a person's anywhere.
// May not know: the DOM, where the words come from.

import { COMMANDS } from "./commands.js";
import { EMOJI } from "../text/emoji.js";
import { sameName } from "../protocol/names.js";

/**
 * @typedef {{ names: string[], rooms: string[] }} Candidates What can be completed, in the order in which it
 *   is offered: who spoke last comes first.
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

  /** A completion of the word that ends `before`, what stands left of the cursor; null where nothing fits. @param {string} before @param {Candidates} words */
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

  /** Whether there is more than one thing that fits. */
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

  /** Which of how many was taken, for whoever does not see the box. */
  get announcement() {
    const [word = "", then = ""] = [this.#at, this.#at + 1].map((at) => describe(this.#candidates[at % this.#candidates.length] ?? ""));
    const count = this.#candidates.length - 1;
    if (this.#at === count) return `${word}, as you typed it. Tab: ${then}`;
    return count === 1 ? word : `${word}, ${this.#at + 1} of ${count}. Tab: ${then}`;
  }
}

/** A completed word as it goes before `after`: it needs no second space. @param {string} word @param {string} after */
export function fitSpacing(word, after) {
  return /^\s/.test(after) ? word.trimEnd() : word;
}

/** Whose words can be completed. @param {import("./chat.js").Chat} chat @returns {Candidates} */
export function candidatesFrom({ room, me, listed, knownRooms: known }) {
  const speakers = room?.items.flatMap((item) => ("record" in item ? [item.record.user] : [])).reverse() ?? [];
  const names = [...new Set([...speakers, ...room?.memberNames ?? [], ...room?.peer ? [room.peer] : []])];
  const rooms = listed.filter(({ peer }) => !peer).map(({ name }) => name);
  return { names: names.filter((name) => !sameName(name, me)), rooms: [...new Set([...rooms, ...known])] };
}

/** @param {string} candidate */
function describe(candidate) {
  const word = candidate.trim();
  const picture = EMOJI.get(word.slice(1, -1));
  return picture ? `${picture} ${word}` : word.replace(/:$/, "");
}
