// Search for words in a room, from the newest record down. A server searches a few hundred records per
// request, so it sends one request after the other.

/** Records found after which it stops. */
const MAX_RESULTS = 30;

/**
 * @import { LogRecord, Message, Send } from "../protocol/messages.js"
 * @typedef {{ room: string, text: string, records: LogRecord[], isComplete: boolean }} SearchResult
 *     Posts and edits, in order; `isComplete`: the search reached the oldest record.
 */

export class Search {
  #send;
  /** The running search. @type {{ room: string, text: string } | null} */ #query = null;
  /** @type {LogRecord[]} */ #records = [];

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** Starts a search, in place of the one that runs. @param {string} room @param {string} text */
  start(room, text) {
    this.#records = [];
    this.#query = { room, text };
    return this.#request();
  }

  /** @param {Message} message @returns {SearchResult | null} null: the search goes on, or it is not running any more. */
  received({ room, text, records, before, first }) {
    const query = this.#query;
    if (query?.room !== room || query?.text !== text) return null;
    this.#records = [...records, ...this.#records];
    const isComplete = before <= Math.max(first, 1);
    if (!isComplete && this.#records.length < MAX_RESULTS && this.#request(before)) return null;
    this.#query = null;
    return { room, text, records: this.#records, isComplete };
  }

  /** The connection is gone. @returns {boolean} Whether a search was running. */
  disconnected() {
    const wasRunning = this.#query !== null;
    this.#query = null;
    return wasRunning;
  }

  /** @param {number} [before] */
  #request(before) {
    return this.#send({ type: "search", ...this.#query, ...(before !== undefined && { before }) });
  }
}
