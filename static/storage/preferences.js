// Preferences, kept in the browser: muted rooms and ignored users for each name; hidden joins and leaves,
// notifications and sound for all names.

import { nameKey } from "../protocol/names.js";

/** @typedef {"hideMoves" | "desktop" | "sound"} Switch `hideMoves` hides joins and leaves; the names are keys of the storage. */

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
    this.#muted = this.#read("muted");
    this.#ignored = this.#read("ignored");
  }

  /** @returns {string[]} Name keys. */
  get ignored() {
    return [...this.#ignored];
  }

  /** @param {string} room */
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
    this.#save(`talk.${name}`, isOn ? "on" : "off");
  }

  /** @param {string} what @param {Set<string>} set @param {string} one @param {boolean} is */
  #update(what, set, one, is) {
    if (is) set.add(one);
    else set.delete(one);
    this.#save(this.#key(what), JSON.stringify([...set]));
  }

  /** @param {string} what @returns {Set<string>} */
  #read(what) {
    try {
      const kept = JSON.parse(this.#local.getItem(this.#key(what)) ?? "[]");
      return new Set(Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : []);
    } catch {
      return new Set(); // not written by us
    }
  }

  /** @param {string} what */
  #key(what) {
    return `talk.${what}.${nameKey(this.#user)}`;
  }

  /** If the storage is full, only the next page load misses the change. @param {string} key @param {string} value */
  #save(key, value) {
    try {
      this.#local.setItem(key, value);
    } catch {}
  }
}
