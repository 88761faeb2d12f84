// What a browser keeps of a person: names with their tokens, rooms, and by name the drafts.
// May not know: the DOM, sockets, what a token is good for. Both storages come in by argument:
// `local` is shared by all tabs and lasts, `own` is this tab's and survives a reload.

import { isPrivate, nameKey } from "../protocol/names.js";

export class Store {
  #local;
  #own;

  /** @param {Storage} local @param {Storage} own */
  constructor(local, own) {
    this.#local = local;
    this.#own = own;
  }

  /** The name of this tab, or the one last used here, or null. */
  get user() {
    return this.#own.getItem("talk.user") ?? this.#local.getItem("talk.user");
  }

  /** @param {string} user @param {string | null} token */
  keepUser(user, token) {
    put(this.#own, "talk.user", user);
    put(this.#local, "talk.user", user);
    if (token) put(this.#local, tokenKey(user), token);
  }

  /** @param {string} user */
  token(user) {
    return this.#local.getItem(tokenKey(user));
  }

  /** This browser goes by the name no more, and could not. @param {string} user */
  forget(user) {
    const drafts = keysOf(this.#local).filter((key) => key.startsWith(draftKey(user, "")));
    for (const key of ["talk.user", tokenKey(user), privateKey(user), ...drafts]) this.#local.removeItem(key);
    this.#own.clear();
  }

  /** The rooms of this browser, and the private ones of a name. @param {string} user @returns {string[]} */
  rooms(user) {
    return [...list(this.#local.getItem("talk.rooms")), ...list(this.#local.getItem(privateKey(user)))];
  }

  /** @param {string} user @param {string[]} rooms */
  keepRooms(user, rooms) {
    put(this.#local, "talk.rooms", JSON.stringify(rooms.filter((room) => !isPrivate(room))));
    put(this.#local, privateKey(user), JSON.stringify(rooms.filter(isPrivate)));
  }

  /** What was typed in a room and not said yet, in whatever tab. @param {string} user @param {string} room */
  draft(user, room) {
    return this.#local.getItem(draftKey(user, room)) ?? "";
  }

  /** @param {string} user @param {string} room @param {string} text */
  keepDraft(user, room, text) {
    if (text) put(this.#local, draftKey(user, room), text);
    else this.#local.removeItem(draftKey(user, room));
  }

  /** What another tab did, if it concerns this one. @param {StorageEvent} event @param {string} user @param {string} room */
  told({ key, newValue }, user, room) {
    if (key === tokenKey(user) && newValue === null) return "forgotten";
    return key === draftKey(user, room) ? "draft" : "other";
  }
}

/**
 * The browser's storage, or, where it refuses one, a stand-in that lasts as long as the page.
 * @param {() => Storage} open @returns {Storage}
 */
export function storageOr(open) {
  try {
    const storage = open();
    storage.getItem("talk.user");
    return storage;
  } catch {
    return memory();
  }
}

/** @returns {Storage} */
export function memory() {
  /** @type {Map<string, string>} */
  const map = new Map();
  return {
    get length() { return map.size; },
    key: (i) => [...map.keys()][i] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, String(value)),
    removeItem: (key) => void map.delete(key),
    clear: () => map.clear(),
  };
}

/** All keys of a storage, or of its stand-in. @param {Storage} storage */
export function keysOf(storage) {
  return Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
}

/** A full storage costs only the next reload its convenience. @param {Storage} storage @param {string} key @param {string} value */
function put(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {}
}

/** @param {string | null} kept @returns {string[]} */
function list(kept) {
  try {
    const rooms = JSON.parse(kept ?? "[]");
    return Array.isArray(rooms) ? rooms.filter((room) => typeof room === "string") : [];
  } catch {
    return []; // not written by us
  }
}

/** @param {string} user */
function privateKey(user) {
  return `talk.private.${nameKey(user)}`;
}

/** @param {string} user @param {string} room */
function draftKey(user, room) {
  return `talk.draft.${nameKey(user)} ${room}`;
}

/** @param {string} user */
function tokenKey(user) {
  return `talk.token.${nameKey(user)}`;
}
