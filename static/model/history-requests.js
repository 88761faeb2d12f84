// HistoryRequests: asks for older records; and probes a silent connection, which also shows missing records.

/**
 * @import { Message, Send } from "../protocol/messages.js"
 * @import { Session } from "../protocol/session.js"
 * @import { Room } from "./room.js"
 */

/** Records per page: a server gives no more. */
export const MAX_PAGE = 200;

export class HistoryRequests {
  /** Not answered yet, in order. @type {{ room: string, isProbe: boolean }[]} */ #pending = [];
  #send;

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {Room} room @param {number} [limit] How many records; by default the server's number, or all it gives after a page that showed nothing. */
  loadOlder(room, limit = room.emptyPages ? MAX_PAGE : undefined) {
    if (room.oldest === null || room.isLoadingOlder) return;
    room.isLoadingOlder = this.#request({ room: room.name, before: room.oldest, ...(limit && { limit }) }, false);
  }

  /** Sends a request that the server must answer, and whose answer shows whether records are missing. @param {Session} session */
  probe(session) {
    const room = session.rooms.find((each) => session.seq(each) !== null);
    if (!room) this.#send({ type: "rooms" });
    else this.#request({ room, after: session.seq(room), limit: 1 }, true);
  }

  /**
   * What a reply is for: older records of its room, or a probe that found missing records.
   * @param {Message} message @param {Session} session @returns {"older" | "missing" | "nothing"}
   */
  received({ room, records }, session) {
    const at = this.#pending.findIndex((request) => request.room === room);
    const [request] = at < 0 ? [] : this.#pending.splice(at, 1);
    if (!request) return "nothing";
    if (!request.isProbe) return "older";
    const seq = session.seq(room) ?? Infinity;
    return records.some((/** @type {{ seq: number }} */ record) => record.seq > seq) ? "missing" : "nothing";
  }

  /** The server refused a request about a room. @param {string} room */
  failed(room) {
    this.#pending = this.#pending.filter((request) => request.room !== room);
  }

  /** The connection is gone, and with it the replies. */
  disconnected() {
    this.#pending = [];
  }

  /** @param {{ room: string, [field: string]: any }} fields @param {boolean} isProbe */
  #request(fields, isProbe) {
    const isSent = this.#send({ type: "history", ...fields });
    if (isSent) this.#pending.push({ room: fields.room, isProbe });
    return isSent;
  }
}
