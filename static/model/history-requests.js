// Looks at the history: for older lines, and, for a sign of life, at what may have been missed.
// May not know: sockets, clocks, the DOM. Messages go out through the `send` that comes in.

/**
 * @typedef {import("../protocol/messages.js").Message} Message
 * @typedef {import("../protocol/session.js").Session} Session
 */

export class Histories {
  /** @type {{ room: string, isSignOfLife: boolean }[]} On their way, in order. */ #asked = [];
  #send;

  /** @param {(message: Message) => boolean} send Says whether it could. */
  constructor(send) {
    this.#send = send;
  }

  /** @param {import("./room.js").Room} room @param {number} [limit] Lines to ask for; the server has a number of its own. */
  older(room, limit) {
    if (room.oldest === null || room.isAskingOlder) return;
    room.isAskingOlder = this.#ask({ room: room.name, before: room.oldest, ...(limit && { limit }) }, false);
  }

  /** Something is asked that also tells whether a record was missed. @param {Session} session */
  signOfLife(session) {
    const room = session.rooms.find((each) => session.seq(each) !== null);
    if (!room) this.#send({ type: "rooms" });
    else this.#ask({ room, after: session.seq(room), limit: 1 }, true);
  }

  /**
   * What an answer is good for: older lines of its room, or news of records that never came.
   * @param {Message} message @param {Session} session @returns {"older" | "missed" | "nothing"}
   */
  answered({ room, records }, session) {
    const at = this.#asked.findIndex((question) => question.room === room);
    const [question] = at < 0 ? [] : this.#asked.splice(at, 1);
    if (!question) return "nothing";
    if (!question.isSignOfLife) return "older";
    const seq = session.seq(room) ?? Infinity;
    return records.some((/** @type {{ seq: number }} */ record) => record.seq > seq) ? "missed" : "nothing";
  }

  /** The server does not answer about a room. @param {string} room */
  refused(room) {
    this.#asked = this.#asked.filter((question) => question.room !== room);
  }

  /** The connection is another. */
  cut() {
    this.#asked = [];
  }

  /** @param {{ room: string, [field: string]: any }} question @param {boolean} isSignOfLife */
  #ask(question, isSignOfLife) {
    const isSent = this.#send({ type: "history", ...question });
    if (isSent) this.#asked.push({ room: question.room, isSignOfLife });
    return isSent;
  }
}
