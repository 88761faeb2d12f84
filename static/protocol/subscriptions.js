// Subscriptions: the rooms that the person joined, and how far each is shown. They decide whether the next
// record may be shown, so that no record is ever skipped; session.js acts on that.

import { askedRoom, isPrivate, wantedPeer } from "./names.js";

/** Rooms of the person that are joined because the server lists them: as many as a server has by default. */
export const MAX_MEMBERSHIPS = 1_000;

/**
 * @import { Message } from "./messages.js"
 * @typedef {{ seq: number, log: string, record: { at: number, cid: string } | null } | null} Position The highest seq
 *     shown with none missing before it, and the log that it belongs to; null before the first `joined`. `record`: the
 *     record of that seq, so that the server detects another history of the log; null if none is known.
 * @typedef {{ position: Position, joinState: "not joined" | "joining" | "joined", head: number, missingAfter: number | null,
 *     isMember: boolean, isInvited: boolean, isResuming: boolean }} Subscription
 *     `head`: once shown, the room is caught up. `missingAfter`: the seq after which a join was to bring the missing records.
 *     `isMember`: the server keeps it as a room of the person. `isInvited`: the server has added us, because someone wrote
 *     there. Then a join resumes it, because the person may have left it on another device meanwhile. `isResuming`: the
 *     join under way does so.
 */

export class Subscriptions {
  /** @type {Map<string, Subscription>} */ #byRoom = new Map();
  /** Whether the server lists the rooms of the person. */ #followsRooms = false;
  /** Rooms that the person has left here, until the server says so: the connection may break first. @type {Set<string>} */ #leaving = new Set();

  /** @param {string[]} rooms */
  constructor(rooms) {
    for (const room of rooms) this.add(room);
  }

  get rooms() {
    return [...this.#byRoom.keys()];
  }

  /** The rooms that the server keeps for the person; of an older server all public ones. */
  get members() {
    return this.rooms.filter((room) => this.#byRoom.get(room)?.isMember || !isPrivate(room));
  }

  /** Private rooms that the person has asked for, and the server has not said yet that they are theirs. */
  get wishes() {
    return this.rooms.filter((room) => isPrivate(room) && !this.#byRoom.get(room)?.isMember && !this.#byRoom.get(room)?.isInvited);
  }

  /** Whether every room is joined and shown up to its head at that time. */
  get isCaughtUp() {
    return [...this.#byRoom.values()].every(({ joinState, position, head }) => joinState === "joined" && position !== null && position.seq >= head);
  }

  /** @param {string} room @returns {boolean} Whether it was added. */
  add(room) {
    this.#leaving.delete(room);
    if (this.#byRoom.has(room)) return false;
    this.#byRoom.set(room, { position: null, joinState: "not joined", head: 0, missingAfter: null, isMember: false, isInvited: false, isResuming: false });
    return true;
  }

  /** Adds a room that the person is a member of, unless there are too many. @param {string} room @returns {boolean} Whether it was added. */
  addMember(room) {
    const members = [...this.#byRoom.values()].filter(({ isMember }) => isMember);
    if (members.length >= MAX_MEMBERSHIPS || !this.add(room)) return false;
    const subscription = this.#byRoom.get(room);
    if (subscription) subscription.isMember = true;
    return true;
  }

  /** The server says that the person is a member of this room. @param {string} room @returns {boolean} Whether it has to be joined here. */
  isListedAnew(room) {
    if (this.#leaving.has(room)) return false;
    this.addMember(room);
    const subscription = this.#byRoom.get(room);
    if (!subscription) return false;
    subscription.isMember = true;
    return subscription.joinState === "not joined";
  }

  /**
   * Sorts the rooms as the server lists them, before all others.
   * @param {string[]} listed @returns {string[]} Those of them that the person has left here.
   */
  follow(listed) {
    this.#followsRooms = true;
    const all = [...this.#byRoom];
    const places = new Map(listed.map((room, at) => [room, at]));
    all.sort(([a], [b]) => (places.get(a) ?? Infinity) < (places.get(b) ?? Infinity) ? -1 : places.get(a) === places.get(b) ? 0 : 1);
    this.#byRoom = new Map(all);
    this.#leaving = new Set([...this.#leaving].filter((room) => places.has(room)));
    return [...this.#leaving];
  }

  /** The person leaves a room of theirs here. @param {string} room */
  noteLeaving(room) {
    this.#leaving.add(room);
  }

  /** The server says that we have left a room. One that was joined again since then is not the one left; one that is being resumed is. @param {string} room */
  left(room) {
    this.#leaving.delete(room);
    const subscription = this.#byRoom.get(room);
    if (subscription && (subscription.joinState !== "joining" || subscription.isResuming)) this.#byRoom.delete(room);
  }

  /** @param {string} room @returns {boolean} Whether it was there. */
  remove(room) {
    return this.#byRoom.delete(room);
  }

  /** @param {string} room */
  seq(room) {
    return this.#byRoom.get(room)?.position?.seq ?? null;
  }

  /** @param {string} room */
  isJoining(room) {
    return this.#byRoom.get(room)?.joinState === "joining";
  }

  /** The connection is gone: every room has to be joined again. */
  disconnected() {
    for (const subscription of this.#byRoom.values()) {
      subscription.joinState = "not joined";
      subscription.missingAfter = null;
    }
  }

  /** Starts a join, and returns its fields. @param {string} room @param {number | null} [missingAfter] */
  requestJoin(room, missingAfter = null) {
    const subscription = this.#byRoom.get(room);
    const peer = wantedPeer(room);
    const target = peer === null ? { room } : { peer };
    if (!subscription) return target;
    subscription.joinState = "joining";
    subscription.missingAfter = missingAfter;
    subscription.isResuming = subscription.isMember || (this.#followsRooms && subscription.isInvited);
    const resume = subscription.isResuming && { resume: true };
    if (!subscription.position) return { ...target, ...resume };
    const { seq, log, record } = subscription.position;
    return { ...target, since: seq, log, ...record, ...resume };
  }

  /**
   * If a `joined` answers a join that asked for its room by another name, the room has its own name from now on. Only a
   * private room has several names. Returns what it was called, or null.
   * @param {Message} joined
   */
  resolve({ room, asked }) {
    const from = asked === undefined ? room : askedRoom(asked);
    if (from === room || !isPrivate(room) || !isPrivate(from) || !this.isJoining(from)) return null;
    const there = this.#byRoom.get(room);
    if (there && this.#followsRooms) there.isMember = true; // the person has asked for it
    const entries = [...this.#byRoom].filter(([name]) => name !== from || !this.#byRoom.has(room));
    this.#byRoom = new Map(entries.map(([name, subscription]) => [name === from ? room : name, subscription]));
    return from;
  }

  /** Applies the answer to a join. @param {Message} joined @returns {"not requested" | "continues" | "reset" | "gap"} */
  joined({ room, log, since, at, cid, head, reset }) {
    const isInvited = isPrivate(room) && this.add(room); // the server adds us to a private room when its other member writes there
    const subscription = this.#byRoom.get(room);
    if (!subscription) return "not requested";
    subscription.isInvited ||= isInvited;
    // A private room that the person has not asked for is theirs once they write or read there: the server says so.
    const isWish = subscription.joinState === "joining" && !subscription.isResuming;
    subscription.isMember ||= this.#followsRooms && (isWish || !isPrivate(room));
    subscription.joinState = "joined";
    subscription.head = head;
    const { position } = subscription;
    if (position && !reset && position.log === log && since <= position.seq) return "continues";
    subscription.position = { log, seq: since, record: cid ? { at, cid } : null };
    if (!position) return "continues";
    return reset || position.log !== log ? "reset" : "gap";
  }

  /**
   * Checks a record's seq, and advances the position if it is the next.
   * @param {Message} record
   * @returns {"next" | "repeat" | "missing" | "awaiting missing" | "still missing" | "not joined"}
   */
  advance({ room, seq, at, cid }) {
    const subscription = this.#byRoom.get(room);
    if (!subscription?.position) return "not joined";
    if (seq <= subscription.position.seq) return "repeat";
    if (seq === subscription.position.seq + 1) {
      subscription.position.seq = seq;
      subscription.position.record = { at, cid };
      return "next";
    }
    if (subscription.joinState !== "joined") return "awaiting missing";
    return subscription.missingAfter === subscription.position.seq ? "still missing" : "missing";
  }
}
