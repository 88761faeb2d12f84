// OwnNames: the names that this person has or had. Messages under them are the person's own.

import { nameKey } from "../protocol/names.js";

/** The server keeps five; a tab that is open for long may have had more. */
const MAX_NAMES = 50;

export class OwnNames {
  /** @type {Set<string>} */ #keys = new Set();

  /** @param {string} user */
  has(user) {
    return this.#keys.has(nameKey(user));
  }

  /** @param {string[]} names */
  add(...names) {
    for (const name of names) if (this.#keys.size < MAX_NAMES) this.#keys.add(nameKey(name));
  }

  /** The names of another person from now on. @param {string} name */
  reset(name) {
    this.#keys = new Set([nameKey(name)]);
  }
}
