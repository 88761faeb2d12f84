// Looks at the history: for older lines, and, for a sign of life, at what may have been missed.
// May not know: sockets, clocks, the DOM. Messages go out through the `send` that comes in.

/**
 * @typedef {import("../protocol/messages.js").Message} Message
 * @typedef {import("../protocol/session.js").Session} Session
 */

export class HistoryRequests {
  /** @type {{ room: string, isSignOfLife: boolean }[]} On their way, in order. */ #pending = [];
  #send;

  /** @param {(message: Message) => boolean} send Says whether it could. */
  constructor(send) {
    this.#send = send;
  }

  /** @param {import("./room.js").Room} room @param {number} [limit] Lines to ask for; the server has a number of its own. */
  loadOlder(room, limit) {
    if (room.oldest === null || room.isLoadingOlder) return;
    room.isLoadingOlder = this.#request({ room: room.name, before: room.oldest, ...(limit && { limit }) }, false);
  }

  /** Something is asked that also tells whether a record was missed. @param {Session} session */
  probe(session) {
    const room = session.rooms.find((each) => session.seq(each) !== null);
    if (!room) this.#send({ type: "rooms" });
    else this.#request({ room, after: session.seq(room), limit: 1 }, true);
  }

  /**
   * What an answer is good for: older lines of its room, or news of records that never came.
   * @param {Message} message @param {Session} session @returns {"older" | "missed" | "nothing"}
   */
  received({ room, records }, session) {
    const at = this.#pending.findIndex((question) => question.room === room);
    const [question] = at < 0 ? [] : this.#pending.splice(at, 1);
    if (!question) return "nothing";
    if (!question.isSignOfLife) return "older";
    const seq = session.seq(room) ?? Infinity;
    return records.some((/** @type {{ seq: number }} */ record) => record.seq > seq) ? "missed" : "nothing";
  }

  /** The server does not answer about a room. @param {string} room */
  failed(room) {
    this.#pending = this.#pending.filter((question) => question.room !== room);
  }

  /** The connection is another. */
  disconnected() {
    this.#pending = [];
  }

  /** @param {{ room: string, [field: string]: any }} question @param {boolean} isSignOfLife */
  #request(question, isSignOfLife) {
    const isSent = this.#send({ type: "history", ...question });
    if (isSent) this.#pending.push({ room: question.room, isSignOfLife });
    return isSent;
  }
}
