// Looks for words in a room, from the newest line down: a question after the other, as a server answers
// each for a few hundred lines only.
// May not know: the DOM, sockets. Questions go out through the `send` that comes in.

/** Lines found that are enough at once. */
const MAX_RESULTS = 30;

/**
 * @typedef {import("../protocol/messages.js").Message} Message
 * @typedef {{ room: string, text: string, records: import("../protocol/messages.js").LogRecord[], isComplete: boolean }} SearchResult
 *   Posts, and edits of posts, in order; `isWhole`: there are no older ones.
 */

export class Search {
  #send;
  /** What is being looked for. @type {{ room: string, text: string } | null} */ #query = null;
  /** @type {import("../protocol/messages.js").LogRecord[]} */ #records = [];

  /** @param {(message: Message) => boolean} send Says whether it could. */
  constructor(send) {
    this.#send = send;
  }

  /** One search at a time: another takes the place of this one. @param {string} room @param {string} text */
  start(room, text) {
    this.#records = [];
    this.#query = { room, text };
    return this.#request();
  }

  /** @param {Message} message @returns {SearchResult | null} null: it goes on, or nobody waits for it. */
  received({ room, text, records, before, first }) {
    const wanted = this.#query;
    if (wanted?.room !== room || wanted?.text !== text) return null;
    this.#records = [...records, ...this.#records];
    const isWhole = before <= Math.max(first, 1);
    if (!isWhole && this.#records.length < MAX_RESULTS && this.#request(before)) return null;
    this.#query = null;
    return { room, text, records: this.#records, isComplete: isWhole };
  }

  /** The connection is another: nobody answers any more. @returns {boolean} Whether something was being looked for. */
  disconnected() {
    const wasLooking = this.#query !== null;
    this.#query = null;
    return wasLooking;
  }

  /** @param {number} [before] */
  #request(before) {
    return this.#send({ type: "search", ...this.#query, ...(before !== undefined && { before }) });
  }
}
