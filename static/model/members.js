// Who is in a room, and who of them is away.
// May not know: the DOM, sockets, clocks. What a room shows of it is the room's to say.

import { nameKey } from "../protocol/names.js";

/** @typedef {{ user: string, text: string }} Absent */

export class People {
  /** @type {string[] | null} Sorted; null in a crowd, whose members nobody lists. */ members = null;
  count = 0;
  /** @type {Map<string, string>} Why, by the key of a name. */ #away = new Map();

  /** @param {string[] | null} members @param {number} count @param {Absent[]} away */
  listed(members, count, away) {
    this.members = members;
    this.count = count;
    this.#away = new Map(away.map(({ user, text }) => [nameKey(user), text]));
  }

  /** @param {string} user @param {"joined" | "left"} state */
  moved(user, state) {
    if (!this.members) return;
    const others = this.members.filter((member) => member !== user);
    this.members = state === "left" ? others : [...others, user].sort((a, b) => a.localeCompare(b));
  }

  /** Somebody goes by another name, away or not. Whether they are known here. @param {string} from @param {string} to */
  renamed(from, to) {
    if (!this.members?.includes(from)) return false;
    const text = this.away(from);
    this.setAway(from, null);
    this.moved(from, "left");
    this.moved(to, "joined");
    this.setAway(to, text);
    return true;
  }

  /** @param {string} user @param {string | null} text Why; null: back. */
  setAway(user, text) {
    if (text === null) this.#away.delete(nameKey(user));
    else this.#away.set(nameKey(user), text);
  }

  /** Why somebody is away, in as many words as they gave; null where they are not. @param {string} user */
  away(user) {
    return this.#away.get(nameKey(user)) ?? null;
  }
}

/** `away: lunch`, or `away`. @param {string} text */
export function awayFor(text) {
  return text ? `away: ${text}` : "away";
}
