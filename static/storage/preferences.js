// Preferences, saved in the browser: ignored users, and what was muted before the server kept it, for each name; hidden joins, leaves and
// renames, notifications, sound, theme and clock for all names.

import { nameKey } from "../protocol/names.js";
import { readStrings, saveItem } from "./store.js";

/** @typedef {"hideMoves" | "desktop" | "sound"} Switch `hideMoves` hides joins, leaves and renames; the names are keys of the storage. */

/**
 * @typedef {"theme" | "clock"} Choice What the person can choose in place of what the system says.
 * @type {Record<Choice, string[]>}
 */
const CHOICES = { theme: ["light", "dark"], clock: ["24", "12"] };

export class Preferences {
  #local;
  #user = "";
  /** @type {Set<string>} */ #muted = new Set();
  /** @type {Set<string>} */ #ignored = new Set();

  /** @param {Storage} local */
  constructor(local) {
    this.#local = local;
  }

  /** Reads the preferences of a name, which another tab may have changed. @param {string} user */
  load(user) {
    this.#user = user;
    this.#muted = new Set(readStrings(this.#local, this.#key("muted")));
    this.#ignored = new Set(readStrings(this.#local, this.#key("ignored")));
  }

  /** The person has another name: whom they ignore and what is muted stays. @param {string} user */
  rename(user) {
    const [muted, ignored] = [this.#muted, this.#ignored];
    this.load(user);
    for (const room of muted) this.setMuted(room, true);
    for (const name of ignored) this.setIgnored(name, true);
  }

  /** @returns {string[]} Name keys. */
  get ignored() {
    return [...this.#ignored];
  }

  /** Only until the server has been told: it keeps for the person which rooms are muted. @param {string} room */
  isMuted(room) {
    return this.#muted.has(room);
  }

  /** @param {string} user */
  isIgnored(user) {
    return this.#ignored.size > 0 && this.#ignored.has(nameKey(user));
  }

  /** @param {string} room @param {boolean} isMuted */
  setMuted(room, isMuted) {
    this.#update("muted", this.#muted, room, isMuted);
  }

  /** @param {string} user @param {boolean} isIgnored */
  setIgnored(user, isIgnored) {
    this.#update("ignored", this.#ignored, nameKey(user), isIgnored);
  }

  /** @param {Switch} name */
  isOn(name) {
    return this.#local.getItem(`talk.${name}`) === "on";
  }

  /** @param {Switch} name @param {boolean} isOn */
  set(name, isOn) {
    saveItem(this.#local, `talk.${name}`, isOn ? "on" : "off");
  }

  /** What the person chose, or nothing: as the system. @param {Choice} name */
  choice(name) {
    const saved = this.#local.getItem(`talk.${name}`) ?? "";
    return CHOICES[name].includes(saved) ? saved : "";
  }

  /** @param {Choice} name @param {string} value One of the choices, or nothing. */
  choose(name, value) {
    saveItem(this.#local, `talk.${name}`, value);
  }

  /** @param {"muted" | "ignored"} list @param {Set<string>} set @param {string} name @param {boolean} isMember */
  #update(list, set, name, isMember) {
    if (isMember) set.add(name);
    else set.delete(name);
    saveItem(this.#local, this.#key(list), JSON.stringify([...set]));
  }

  /** @param {"muted" | "ignored"} list */
  #key(list) {
    return `talk.${list}.${nameKey(this.#user)}`;
  }
}
