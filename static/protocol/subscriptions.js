// The rooms a person asked for, and how far each is position: the refusal to show a hole.
// May not know: what is sent or position. It judges; session.js acts.

import { isPrivate } from "./names.js";

/**
 * @typedef {import("./messages.js").Message} Message
 * @typedef {{ seq: number, log: string } | null} Position The highest seq position with nothing missing
 *   before it, and the log it counts in; null before the first `joined`.
 * @typedef {{ position: Position, joinState: "not joined" | "joining" | "joined", head: number, missingAfter: number | null }} Subscription
 *   `head`: where it is caught up; `hole`: the seq before a hole that a join should have filled.
 */

export class Subscriptions {
  /** @type {Map<string, Subscription>} */ #subscriptions = new Map();

  /** @param {string[]} rooms */
  constructor(rooms) {
    for (const room of rooms) this.add(room);
  }

  get rooms() {
    return [...this.#subscriptions.keys()];
  }

  /** Whether every room is joined and position as far as its head was then. */
  get isCaughtUp() {
    return [...this.#subscriptions.values()].every(({ joinState, position, head }) => joinState === "joined" && position !== null && position.seq >= head);
  }

  /** @param {string} room @returns {boolean} false: it was there. */
  add(room) {
    if (this.#subscriptions.has(room)) return false;
    this.#subscriptions.set(room, { position: null, joinState: "not joined", head: 0, missingAfter: null });
    return true;
  }

  /** @param {string} room @returns {boolean} false: it was not there. */
  remove(room) {
    return this.#subscriptions.delete(room);
  }

  /** @param {string} room */
  seq(room) {
    return this.#subscriptions.get(room)?.position?.seq ?? null;
  }

  /** @param {string} room Whether a join is on its way. */
  isJoining(room) {
    return this.#subscriptions.get(room)?.joinState === "joining";
  }

  /** The connection is gone, and every room has to be asked for again. */
  disconnected() {
    for (const subscription of this.#subscriptions.values()) {
      subscription.joinState = "not joined";
      subscription.missingAfter = null;
    }
  }

  /** Asks for one room: what its join says. @param {string} room @param {number | null} [missingAfter] */
  requestJoin(room, missingAfter = null) {
    const subscription = this.#subscriptions.get(room);
    if (!subscription) return { room };
    subscription.joinState = "joining";
    subscription.missingAfter = missingAfter;
    return subscription.position ? { room, since: subscription.position.seq, log: subscription.position.log } : { room };
  }

  /** The answer to a join. @param {Message} joined @returns {"not requested" | "continues" | "reset" | "gap"} */
  joined({ room, log, since, head, reset }) {
    if (isPrivate(room)) this.add(room); // the server brings us where somebody writes to us
    const subscription = this.#subscriptions.get(room);
    if (!subscription) return "not requested";
    subscription.joinState = "joined";
    subscription.head = head;
    const { position } = subscription;
    if (position && !reset && position.log === log && since <= position.seq) return "continues";
    subscription.position = { log, seq: since };
    if (!position) return "continues";
    return reset || position.log !== log ? "reset" : "gap";
  }

  /**
   * Judges a record by its seq, and takes the subscription if it is the next.
   * @param {string} room @param {number} seq
   * @returns {"next" | "repeat" | "missing" | "join pending" | "still missing" | "not joined"}
   */
  advance(room, seq) {
    const subscription = this.#subscriptions.get(room);
    if (!subscription?.position) return "not joined";
    if (seq <= subscription.position.seq) return "repeat";
    if (seq === subscription.position.seq + 1) {
      subscription.position.seq = seq;
      return "next";
    }
    if (subscription.joinState !== "joined") return "join pending";
    return subscription.missingAfter === subscription.position.seq ? "still missing" : "missing";
  }
}
