// Members: who is in a room, who of them is here, and who of those is away.

import { compareNames, nameKey, sameName } from "../protocol/names.js";

/**
 * @typedef {{ user: string, text: string }} AwayMember
 * @typedef {"here" | "absent"} Presence Whether a member is connected.
 * @typedef {{ prefix: string, names: string[], isComplete: boolean }} Found Members whose names begin with a prefix:
 *     all of them, or only the first.
 */

/** @type {string[]} */
const NO_NAMES = [];

export class Members {
  /** Who is here, sorted; null in a large room, for which the server sends no list. @type {string[] | null} */ names = null;
  /** How many are here. */ count = 0;
  /** Members who are not here, sorted; null if the server sent no list. @type {string[] | null} */ absent = null;
  /** How many they are, where there is no list. @type {number | null} */ #absentCount = null;
  /** Whether the server answers questions for one page of a list; null: not known yet. @type {boolean | null} */ isPaged = null;
  /** How often the room was joined: what was asked before a join may be wrong after it. */ joins = 0;
  /** Changes with the away messages. */ awayVersion = 0;
  /** Away messages by name key. @type {Map<string, string>} */ #away = new Map();
  /** What was found last, where there is no list. @type {Record<Presence, Found | null>} */ #found = { here: null, absent: null };

  /** @param {string[] | null} names @param {number} count @param {AwayMember[]} away */
  replace(names, count, away) {
    this.names = names && [...new Set(names)];
    this.count = count;
    this.awayVersion += 1;
    this.#away = new Map(away.map(({ user, text }) => [nameKey(user), text]));
  }

  /** What a join says about those who are not here. @param {string[] | undefined} names @param {number | undefined} count Undefined: the server does not know. */
  joined(names, count) {
    this.joins += 1;
    this.isPaged = count === undefined ? null : true;
    this.absent = names ? [...new Set(names)] : count === 0 ? [] : null;
    this.#absentCount = count ?? null;
    this.#found = { here: null, absent: null };
  }

  /** How many members are not here; null: the server does not say. */
  get absentCount() {
    return this.absent?.length ?? this.#absentCount;
  }

  /** @param {Presence} state */
  countOf(state) {
    return state === "here" ? this.count : this.absentCount ?? 0;
  }

  /** All who are here or not here; null if only the server knows them all. @param {Presence} state */
  known(state) {
    const here = this.names?.length === this.count ? this.names : null;
    // In a large room the server does not say who joins or leaves: what it listed of those who are not here grows old.
    return state === "here" ? here : here && this.absent;
  }

  /** Those whom the server has listed by itself, which may be too few by now. @param {Presence} state */
  listed(state) {
    return (state === "here" ? this.names : this.absent) ?? NO_NAMES;
  }

  /** A page of a list tells how many there are now. @param {{ here: number, absent: number, members: string[], away?: AwayMember[] | null, state: Presence }} page */
  paged({ here, absent, members, away, state }) {
    this.isPaged = true;
    this.count = here;
    if (this.absent?.length !== absent) this.absent = null;
    this.#absentCount = absent;
    if (state === "absent" || (!away && this.#away.size === 0)) return;
    const texts = new Map(away?.map(({ user, text }) => [nameKey(user), text]));
    for (const user of members) this.setAway(user, texts.get(nameKey(user)) ?? null);
  }

  /** @param {string} user @param {"joined" | "left"} state @param {boolean} [isMember] Of one who left: whether the person is a member still. */
  update(user, state, isMember = false) {
    if (this.names) this.names = state === "left" ? without(this.names, user) : withName(this.names, user);
    const isAbsent = state === "left" && isMember;
    if (this.absent) this.absent = isAbsent ? withName(this.absent, user) : without(this.absent, user);
    else if (isAbsent && this.#absentCount !== null) this.#absentCount += 1;
  }

  /** Renames a member, and keeps the away message. Returns whether the member was known to be here. @param {string} from @param {string} to */
  rename(from, to) {
    if (this.absent?.includes(from)) this.absent = withName(without(this.absent, from), to);
    if (!this.names?.includes(from)) return false;
    const text = this.awayMessage(from);
    this.setAway(from, null);
    this.names = withName(without(this.names, from), to);
    this.setAway(to, text);
    return true;
  }

  /** @param {string} user @param {string | null} text The away message; null: back. */
  setAway(user, text) {
    const key = nameKey(user);
    if ((this.#away.get(key) ?? null) === text) return;
    this.awayVersion += 1;
    if (text === null) this.#away.delete(key);
    else this.#away.set(key, text);
  }

  /** Whether anyone is away. */
  get hasAway() {
    return this.#away.size > 0;
  }

  /** The away message of a user, which may be empty; null if the user is not away. @param {string} user */
  awayMessage(user) {
    return this.#away.get(nameKey(user)) ?? null;
  }

  // ---- Those of a large room that were asked for ----

  /** @param {Presence} state @param {Found} found */
  setFound(state, found) {
    this.#found[state] = found;
  }

  /** Whether all whose names begin so are known. @param {Presence} state @param {string} prefix */
  isFound(state, prefix) {
    const found = this.#found[state];
    const isWithin = found !== null && nameKey(prefix).startsWith(nameKey(found.prefix));
    return this.known(state) !== null || (isWithin && (found.isComplete || sameName(found.prefix, prefix)));
  }

  /** Those whose names the page knows, of all who are here or not here. @param {Presence} state */
  someOf(state) {
    const listed = this.listed(state);
    const found = this.known(state) ? [] : this.#found[state]?.names ?? [];
    return found.length ? [...new Set([...listed, ...found])] : listed;
  }

  /** Whether a user is here, as far as it is known. @returns {(user: string) => Presence | null} */
  lookUp() {
    const [here, absent] = /** @type {const} */ (["here", "absent"]).map((state) => new Set(this.someOf(state).map(nameKey)));
    const otherwise = this.known("here") ? "absent" : null; // in a small room all who are here are listed
    return (user) => (here?.has(nameKey(user)) ? "here" : absent?.has(nameKey(user)) ? "absent" : otherwise);
  }
}

/** A sorted list with one more name. @param {string[]} names @param {string} name */
export function withName(names, name) {
  if (names.includes(name)) return names;
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareNames(names[middle] ?? "", name) < 0) low = middle + 1;
    else high = middle;
  }
  return [...names.slice(0, low), name, ...names.slice(low)];
}

/** @param {string[]} names @param {string} name */
export function without(names, name) {
  return names.includes(name) ? names.filter((each) => each !== name) : names;
}

/** `away: lunch`, or `away`. @param {string} text */
export function awayText(text) {
  return text ? `away: ${text}` : "away";
}
