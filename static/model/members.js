// Who is in a room, and who of them is away.
// May not know: the DOM, sockets, clocks. What a room shows of it is the room's to say.

import { nameKey } from "../protocol/names.js";

/** @typedef {{ user: string, text: string }} AwayMember */

export class Members {
  /** @type {string[] | null} Sorted; null in a crowd, whose members nobody lists. */ names = null;
  count = 0;
  /** @type {Map<string, string>} Why, by the key of a name. */ #away = new Map();

  /** @param {string[] | null} members @param {number} count @param {AwayMember[]} away */
  replace(members, count, away) {
    this.names = members;
    this.count = count;
    this.#away = new Map(away.map(({ user, text }) => [nameKey(user), text]));
  }

  /** @param {string} user @param {"joined" | "left"} state */
  update(user, state) {
    if (!this.names) return;
    const others = this.names.filter((member) => member !== user);
    this.names = state === "left" ? others : [...others, user].sort((a, b) => a.localeCompare(b));
  }

  /** Somebody goes by another name, away or not. Whether they are known here. @param {string} from @param {string} to */
  rename(from, to) {
    if (!this.names?.includes(from)) return false;
    const text = this.awayMessage(from);
    this.setAway(from, null);
    this.update(from, "left");
    this.update(to, "joined");
    this.setAway(to, text);
    return true;
  }

  /** @param {string} user @param {string | null} text Why; null: back. */
  setAway(user, text) {
    if (text === null) this.#away.delete(nameKey(user));
    else this.#away.set(nameKey(user), text);
  }

  /** Why somebody is away, in as many words as they gave; null where they are not. @param {string} user */
  awayMessage(user) {
    return this.#away.get(nameKey(user)) ?? null;
  }
}

/** `away: lunch`, or `away`. @param {string} text */
export function awayText(text) {
  return text ? `away: ${text}` : "away";
}
