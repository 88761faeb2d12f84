// Members: who is in a room, and who of them is away.

import { nameKey } from "../protocol/names.js";

/** @typedef {{ user: string, text: string }} AwayMember */

export class Members {
  /** Sorted; null in a large room, for which the server sends no list. @type {string[] | null} */ names = null;
  count = 0;
  /** Away messages by name key. @type {Map<string, string>} */ #away = new Map();

  /** @param {string[] | null} names @param {number} count @param {AwayMember[]} away */
  replace(names, count, away) {
    this.names = names;
    this.count = count;
    this.#away = new Map(away.map(({ user, text }) => [nameKey(user), text]));
  }

  /** @param {string} user @param {"joined" | "left"} state */
  update(user, state) {
    if (!this.names) return;
    const others = this.names.filter((member) => member !== user);
    this.names = state === "left" ? others : [...others, user].sort((a, b) => a.localeCompare(b));
  }

  /** Renames a member, and keeps the away message. Returns whether the member was known. @param {string} from @param {string} to */
  rename(from, to) {
    if (!this.names?.includes(from)) return false;
    const text = this.awayMessage(from);
    this.setAway(from, null);
    this.update(from, "left");
    this.update(to, "joined");
    this.setAway(to, text);
    return true;
  }

  /** @param {string} user @param {string | null} text The away message; null: back. */
  setAway(user, text) {
    if (text === null) this.#away.delete(nameKey(user));
    else this.#away.set(nameKey(user), text);
  }

  /** The away message of a user, which may be empty; null if the user is not away. @param {string} user */
  awayMessage(user) {
    return this.#away.get(nameKey(user)) ?? null;
  }
}

/** `away: lunch`, or `away`. @param {string} text */
export function awayText(text) {
  return text ? `away: ${text}` : "away";
}
