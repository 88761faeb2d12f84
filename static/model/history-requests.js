// HistoryRequests: asks for pages of older records; and probes a silent connection, which also shows missing records.

/**
 * @import { Message, Send } from "../protocol/messages.js"
 * @import { Session } from "../protocol/session.js"
 * @import { HistoryWindow } from "./history-window.js"
 * @import { Room } from "./room.js"
 * @typedef {"older" | "newer" | "around" | "probe"} Purpose What a page is for: to show it above or below what is
 *   shown, or in its place; or to see whether records are missing.
 * @typedef {{ seq: number } | { at: number }} Start A message by its number, or the first one since a Unix time in ms.
 * @typedef {{ room: string, purpose: Purpose, shown?: Room | HistoryWindow, start?: Start }} Request `shown`: what the
 *   room showed then; `start`: what the page begins with.
 */

/** Records per page: a server gives no more. */
export const MAX_PAGE = 200;

export class HistoryRequests {
  /** Not answered yet, in order. @type {Request[]} */ #pending = [];
  #send;

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {Room} room */
  loadOlder({ name, shown }) {
    if (shown.oldest === null || shown.isLoadingOlder) return;
    // The server's number, or all it gives after a page that showed nothing.
    // Of a page that is not followed by all newer records, the edits after it are not known.
    const fields = { room: name, before: shown.oldest, ...(shown.emptyPages && { limit: MAX_PAGE }), ...(shown.hasNewer && { edits: true }) };
    shown.isLoadingOlder = this.#request(fields, { purpose: "older", shown });
  }

  /** Loads more of the older records that are shown, below them. @param {Room} room */
  loadNewer({ name, window }) {
    if (!window || window.isLoadingNewer) return;
    window.isLoadingNewer = this.#request({ room: name, after: window.newest, edits: true }, { purpose: "newer", shown: window });
  }

  /** Loads the page that begins with a message or a time, unless that very request is on its way. @param {Room} room @param {Start} start */
  loadAround({ name }, start) {
    if (this.#pending.some((request) => request.start === start)) return;
    this.#request({ room: name, ...("at" in start ? { at: start.at } : { after: start.seq - 1 }), edits: true }, { purpose: "around", start });
  }

  /** Sends a request that the server must answer, and whose answer shows whether records are missing. @param {Session} session */
  probe(session) {
    const room = session.rooms.find((each) => session.seq(each) !== null);
    if (!room) this.#send({ type: "rooms" });
    else this.#request({ room, after: session.seq(room), limit: 1 }, { purpose: "probe" });
  }

  /** The request that a page answers. @param {Message} message @returns {Request | null} */
  received({ room }) {
    const at = this.#pending.findIndex((request) => request.room === room);
    const [request] = at < 0 ? [] : this.#pending.splice(at, 1);
    return request ?? null;
  }

  /** The server refused a request about a room. @param {string} room @returns {Request[]} Those that get no answer any more. */
  failed(room) {
    const failed = this.#pending.filter((request) => request.room === room);
    this.#pending = this.#pending.filter((request) => request.room !== room);
    return failed;
  }

  /** The connection is gone, and with it the replies. */
  disconnected() {
    this.#pending = [];
  }

  /** @param {{ room: string, [field: string]: any }} fields @param {Omit<Request, "room">} request */
  #request(fields, request) {
    const isSent = this.#send({ type: "history", ...fields });
    if (isSent) this.#pending.push({ room: fields.room, ...request });
    return isSent;
  }
}
