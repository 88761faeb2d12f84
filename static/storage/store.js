// Store: what the browser keeps of a person: names with their tokens, rooms, and drafts for each name.
// `local` is localStorage, shared by all tabs; `session` is sessionStorage, of this tab only, which survives
// a reload.

import { nameKey } from "../protocol/names.js";

export class Store {
  #local;
  #session;

  /** @param {Storage} local @param {Storage} session */
  constructor(local, session) {
    this.#local = local;
    this.#session = session;
  }

  /** The name of this tab, or the last one used in this browser, or null. */
  get user() {
    return this.#session.getItem("talk.user") ?? this.#local.getItem("talk.user");
  }

  /** @param {string} user @param {string | null} token */
  saveUser(user, token) {
    saveItem(this.#session, "talk.user", user);
    saveItem(this.#local, "talk.user", user);
    if (token) saveItem(this.#local, tokenKey(user), token);
  }

  /** @param {string} user */
  token(user) {
    return this.#local.getItem(tokenKey(user));
  }

  /** Removes a name, its token and its drafts. @param {string} user */
  forget(user) {
    const drafts = keysOf(this.#local).filter((key) => key.startsWith(draftKey(user, "")));
    for (const key of ["talk.user", tokenKey(user), membersKey(user), privateKey(user), peersKey(user), ...drafts]) this.#local.removeItem(key);
    this.#session.clear();
  }

  /** Lets the next load of this tab continue as another name, whose key the person entered. @param {string} user @param {string} key */
  switchTo(user, key) {
    saveItem(this.#session, "talk.user", user);
    saveItem(this.#session, "talk.typed-key", key);
  }

  /** The key that `switchTo` left, once. */
  takeTypedKey() {
    const key = this.#session.getItem("talk.typed-key");
    this.#session.removeItem("talk.typed-key");
    return key;
  }

  /** The server's welcome that the person closed. */
  get closedWelcome() {
    return this.#local.getItem("talk.welcome");
  }

  /** @param {string} text */
  saveClosedWelcome(text) {
    saveItem(this.#local, "talk.welcome", text);
  }

  /**
   * The rooms of a name as the server listed them last, and those that the server has not been told of: those that the
   * person has asked for just now, and those of this browser from before the server kept them.
   * @param {string} user @returns {{ members: string[], others: string[] }}
   */
  rooms(user) {
    const isTold = this.#local.getItem(membersKey(user)) !== null;
    const before = isTold ? [] : readStrings(this.#local, "talk.rooms");
    return { members: readStrings(this.#local, membersKey(user)), others: [...before, ...readStrings(this.#local, privateKey(user))] };
  }

  /**
   * Saves the rooms of a name, and the private ones of which the server has not been told.
   * @param {string} user @param {string[]} members @param {string[]} [wishes]
   */
  saveRooms(user, members, wishes = []) {
    saveItem(this.#local, membersKey(user), JSON.stringify(members));
    saveItem(this.#local, privateKey(user), JSON.stringify(wishes));
  }

  /** The other people of a name's private rooms, by room. @param {string} user @returns {Map<string, string>} */
  peers(user) {
    const saved = readStrings(this.#local, peersKey(user)).map((line) => line.split(" "));
    return new Map(saved.map(([room = "", peer = ""]) => [room, peer]));
  }

  /** @param {string} user @param {Map<string, string>} peers */
  savePeers(user, peers) {
    saveItem(this.#local, peersKey(user), JSON.stringify([...peers].map(([room, peer]) => `${room} ${peer}`)));
  }

  /** The draft of a room, from any tab. @param {string} user @param {string} room */
  draft(user, room) {
    return this.#local.getItem(draftKey(user, room)) ?? "";
  }

  /** The person has another name: what they have typed stays. @param {string} from @param {string} to */
  rename(from, to) {
    const start = draftKey(from, "");
    for (const key of keysOf(this.#local).filter((each) => each.startsWith(start))) {
      const room = key.slice(start.length);
      if (!this.draft(to, room)) this.saveDraft(to, room, this.draft(from, room));
      this.#local.removeItem(key);
    }
  }

  /** @param {string} user @param {string} room @param {string} text */
  saveDraft(user, room, text) {
    if (text) saveItem(this.#local, draftKey(user, room), text);
    else this.#local.removeItem(draftKey(user, room));
  }

  /** Which change of another tab matters to this one. @param {StorageEvent} event @param {string} user @param {string} room */
  changeOf({ key, newValue }, user, room) {
    if (key === tokenKey(user) && newValue === null) return "forgotten";
    return key === draftKey(user, room) ? "draft" : "other";
  }
}

/**
 * The browser's storage; where it refuses, a replacement that lasts as long as the page.
 * @param {() => Storage} open @returns {Storage}
 */
export function openStorage(open) {
  try {
    const storage = open();
    storage.getItem("talk.user");
    return storage;
  } catch {
    return memoryStorage();
  }
}

/** @returns {Storage} */
export function memoryStorage() {
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

/** @param {Storage} storage */
export function keysOf(storage) {
  return Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
}

/** If the storage is full, only the next page load misses the value. @param {Storage} storage @param {string} key @param {string} value */
export function saveItem(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {}
}

/** @param {Storage} storage @param {string} key @returns {string[]} */
export function readStrings(storage, key) {
  try {
    const saved = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(saved) ? saved.filter((each) => typeof each === "string") : [];
  } catch {
    return []; // not written by us
  }
}

/** @param {string} user */
function membersKey(user) {
  return `talk.members.${nameKey(user)}`;
}

/** @param {string} user */
function privateKey(user) {
  return `talk.private.${nameKey(user)}`;
}

/** @param {string} user */
function peersKey(user) {
  return `talk.peers.${nameKey(user)}`;
}

/** @param {string} user @param {string} room */
function draftKey(user, room) {
  return `talk.draft.${nameKey(user)} ${room}`;
}

/** @param {string} user */
function tokenKey(user) {
  return `talk.token.${nameKey(user)}`;
}
