// Looks for words in a room, from the newest line down: a question after the other, as a server answers
// each for a few hundred lines only.
// May not know: the DOM, sockets. Questions go out through the `send` that comes in.

/** Lines found that are enough at once. */
const ENOUGH = 30;

/**
 * @typedef {import("../protocol/messages.js").Message} Message
 * @typedef {{ room: string, text: string, records: import("../protocol/messages.js").Entry[], isWhole: boolean }} Found
 *   Posts, and edits of posts, in order; `isWhole`: there are no older ones.
 */

export class Search {
  #send;
  /** What is being looked for. @type {{ room: string, text: string } | null} */ #wanted = null;
  /** @type {import("../protocol/messages.js").Entry[]} */ #records = [];

  /** @param {(message: Message) => boolean} send Says whether it could. */
  constructor(send) {
    this.#send = send;
  }

  /** One search at a time: another takes the place of this one. @param {string} room @param {string} text */
  begin(room, text) {
    this.#records = [];
    this.#wanted = { room, text };
    return this.#ask();
  }

  /** @param {Message} message @returns {Found | null} null: it goes on, or nobody waits for it. */
  found({ room, text, records, before, first }) {
    const wanted = this.#wanted;
    if (wanted?.room !== room || wanted?.text !== text) return null;
    this.#records = [...records, ...this.#records];
    const isWhole = before <= Math.max(first, 1);
    if (!isWhole && this.#records.length < ENOUGH && this.#ask(before)) return null;
    this.#wanted = null;
    return { room, text, records: this.#records, isWhole };
  }

  /** The connection is another: nobody answers any more. @returns {boolean} Whether something was being looked for. */
  cut() {
    const wasLooking = this.#wanted !== null;
    this.#wanted = null;
    return wasLooking;
  }

  /** @param {number} [before] */
  #ask(before) {
    return this.#send({ type: "search", ...this.#wanted, ...(before !== undefined && { before }) });
  }
}
