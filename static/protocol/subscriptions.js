// The rooms a person asked for, and how far each is shown: the refusal to show a hole.
// May not know: what is sent or shown. It judges; session.js acts.

import { isPrivate } from "./names.js";

/**
 * @typedef {import("./messages.js").Message} Message
 * @typedef {{ seq: number, log: string } | null} Shown The highest seq shown with nothing missing
 *   before it, and the log it counts in; null before the first `joined`.
 * @typedef {{ shown: Shown, standing: "out" | "asked" | "in", head: number, hole: number | null }} Place
 *   `head`: where it is caught up; `hole`: the seq before a hole that a join should have filled.
 */

export class Places {
  /** @type {Map<string, Place>} */ #places = new Map();

  /** @param {string[]} rooms */
  constructor(rooms) {
    for (const room of rooms) this.add(room);
  }

  get rooms() {
    return [...this.#places.keys()];
  }

  /** Whether every room is joined and shown as far as its head was then. */
  get isCaughtUp() {
    return [...this.#places.values()].every(({ standing, shown, head }) => standing === "in" && shown !== null && shown.seq >= head);
  }

  /** @param {string} room @returns {boolean} false: it was there. */
  add(room) {
    if (this.#places.has(room)) return false;
    this.#places.set(room, { shown: null, standing: "out", head: 0, hole: null });
    return true;
  }

  /** @param {string} room @returns {boolean} false: it was not there. */
  forget(room) {
    return this.#places.delete(room);
  }

  /** @param {string} room */
  seq(room) {
    return this.#places.get(room)?.shown?.seq ?? null;
  }

  /** @param {string} room Whether a join is on its way. */
  isAsked(room) {
    return this.#places.get(room)?.standing === "asked";
  }

  /** The connection is gone, and every room has to be asked for again. */
  cut() {
    for (const place of this.#places.values()) {
      place.standing = "out";
      place.hole = null;
    }
  }

  /** Asks for one room: what its join says. @param {string} room @param {number | null} [hole] */
  ask(room, hole = null) {
    const place = this.#places.get(room);
    if (!place) return { room };
    place.standing = "asked";
    place.hole = hole;
    return place.shown ? { room, since: place.shown.seq, log: place.shown.log } : { room };
  }

  /** The answer to a join. @param {Message} joined @returns {"unasked" | "goes on" | "reset" | "gap"} */
  join({ room, log, since, head, reset }) {
    if (isPrivate(room)) this.add(room); // the server brings us where somebody writes to us
    const place = this.#places.get(room);
    if (!place) return "unasked";
    place.standing = "in";
    place.head = head;
    const { shown } = place;
    if (shown && !reset && shown.log === log && since <= shown.seq) return "goes on";
    place.shown = { log, seq: since };
    if (!shown) return "goes on";
    return reset || shown.log !== log ? "reset" : "gap";
  }

  /**
   * Judges a record by its seq, and takes the place if it is the next.
   * @param {string} room @param {number} seq
   * @returns {"next" | "repeat" | "hole" | "hole asked" | "hole stays" | "elsewhere"}
   */
  place(room, seq) {
    const place = this.#places.get(room);
    if (!place?.shown) return "elsewhere";
    if (seq <= place.shown.seq) return "repeat";
    if (seq === place.shown.seq + 1) {
      place.shown.seq = seq;
      return "next";
    }
    if (place.standing !== "in") return "hole asked";
    return place.hole === place.shown.seq ? "hole stays" : "hole";
  }
}
