// Where one is: the room on the screen, the line in it that the address names, and the way there.
// May know the address of the page. May not know: sockets, the protocol, what lines say.

import { roomPath } from "./model/url.js";
import { copyText } from "./view/dom.js";

/** How far back one goes page by page for a line: fewer than a room of the page can hold. */
const MAX_DISTANCE = 110_000;

/** Lines asked for at once on the way to one that is far back: a server gives no more. */
const PAGE = 200;

/**
 * @typedef {{ room: string, seq: number, lines?: number }} Target `lines`: how far above what was here.
 * @typedef {{ found: { index: number, key: string } } | { ask: true } | { wait: true } | { why: string }} Step
 *   `ask`: for an older page; `why`: no such line can be shown.
 * @typedef {{
 *   chat: import("./model/chat.js").Chat, historyRequests: import("./model/history-requests.js").HistoryRequests,
 *   log: import("./view/message-list.js").MessageList, hint(words: string, isBad?: boolean): void, openBox(): void, draw(): void,
 * }} Context What is needed on the way.
 */

export class Navigation {
  #context;
  /** The line that the address names, until it is on the screen. @type {Target | null} */ #target = null;

  /** @param {Context} guide */
  constructor(guide) {
    this.#context = guide;
  }

  /** Whether one is on the way to a line. */
  get isLocating() {
    return this.#target !== null;
  }

  /** @param {string | null} room @param {boolean} isNewAddress @param {number | null} [seq] A line of it to go to. */
  show(room, isNewAddress, seq = null) {
    const { chat, log, openBox, draw } = this.#context;
    chat.show(room);
    const address = roomPath(room, seq);
    if (location.pathname + location.hash !== address) history[isNewAddress ? "pushState" : "replaceState"](null, "", address);
    this.#target = room && seq !== null ? { room, seq } : null;
    if (!this.#target) log.clearTarget();
    openBox();
    draw();
  }

  /** A step nearer to the line that the address names. */
  locateStep() {
    const { chat: { room }, historyRequests, log, hint } = this.#context;
    if (!this.#target || room?.name !== this.#target.room) return;
    const { seq } = this.#target;
    const step = locateMessage(room, seq);
    if ("wait" in step) return;
    if ("ask" in step) {
      this.#target.lines ??= room.oldest === null ? 0 : room.oldest - seq;
      hint(`Going back to line ${seq}, ${this.#target.lines.toLocaleString()} lines up…`);
      return historyRequests.loadOlder(room, PAGE);
    }
    hint("why" in step ? step.why : "", "why" in step);
    this.#target = null;
    if ("found" in step) log.show(step.found);
  }

  /** Who went on from the line that the address names is not brought back to it by a reload. */
  scrolled() {
    const { chat: { room }, log } = this.#context;
    if (!this.#target && !log.hasTarget && location.hash) history.replaceState(null, "", roomPath(room?.name ?? null));
  }

  /** @param {number} seq A line of the room on the screen. */
  async copyLink(seq) {
    const { chat: { room }, hint } = this.#context;
    if (!room) return;
    const isCopied = await copyText(location.origin + roomPath(room.name, seq));
    hint(isCopied ? "Link copied" : "This browser does not let the page copy", !isCopied);
  }
}

/** The next step to a line of this room. @param {import("./model/room.js").Room} room @param {number} seq @returns {Step} */
export function locateMessage(room, seq) {
  const { oldest, newest, first, label } = room;
  if (oldest === null || !room.isCaughtUp) return { wait: true };
  if (seq > newest) return { why: `There is no line ${seq} in ${label} yet: the newest is ${newest}` };
  if (seq < first) return { why: `Line ${seq} of ${label} is no longer kept` };
  if (seq >= oldest) {
    const found = room.locate(seq);
    return found ? { found } : { why: `Number ${seq} of ${label} is no line of its own: it changed another` };
  }
  if (oldest - seq > MAX_DISTANCE) return { why: `Line ${seq} of ${label} is too far back to be shown here` };
  return { ask: true };
}
