// Where one is: the room on the screen, the line in it that the address names, and the way there.
// May know the address of the page. May not know: sockets, the protocol, what lines say.

import { addressOf } from "./model/url.js";
import { copy } from "./view/dom.js";

/** How far back one goes page by page for a line: fewer than a room of the page can hold. */
const FARTHEST = 110_000;

/** Lines asked for at once on the way to one that is far back: a server gives no more. */
const PAGE = 200;

/**
 * @typedef {{ room: string, seq: number, lines?: number }} Sought `lines`: how far above what was here.
 * @typedef {{ found: { place: number, key: string } } | { ask: true } | { wait: true } | { why: string }} Step
 *   `ask`: for an older page; `why`: no such line can be shown.
 * @typedef {{
 *   house: import("./model/chat.js").House, histories: import("./model/history-requests.js").Histories,
 *   log: import("./view/message-list.js").LogView, hint(words: string, isBad?: boolean): void, openBox(): void, draw(): void,
 * }} Guide What is needed on the way.
 */

export class Visits {
  #guide;
  /** The line that the address names, until it is on the screen. @type {Sought | null} */ #sought = null;

  /** @param {Guide} guide */
  constructor(guide) {
    this.#guide = guide;
  }

  /** Whether one is on the way to a line. */
  get isSeeking() {
    return this.#sought !== null;
  }

  /** @param {string | null} room @param {boolean} isNewAddress @param {number | null} [seq] A line of it to go to. */
  show(room, isNewAddress, seq = null) {
    const { house, log, openBox, draw } = this.#guide;
    house.enter(room);
    const address = addressOf(room, seq);
    if (location.pathname + location.hash !== address) history[isNewAddress ? "pushState" : "replaceState"](null, "", address);
    this.#sought = room && seq !== null ? { room, seq } : null;
    if (!this.#sought) log.unpoint();
    openBox();
    draw();
  }

  /** A step nearer to the line that the address names. */
  pursue() {
    const { house: { room }, histories, log, hint } = this.#guide;
    if (!this.#sought || room?.name !== this.#sought.room) return;
    const { seq } = this.#sought;
    const step = seek(room, seq);
    if ("wait" in step) return;
    if ("ask" in step) {
      this.#sought.lines ??= room.oldest === null ? 0 : room.oldest - seq;
      hint(`Going back to line ${seq}, ${this.#sought.lines.toLocaleString()} lines up…`);
      return histories.older(room, PAGE);
    }
    hint("why" in step ? step.why : "", "why" in step);
    this.#sought = null;
    if ("found" in step) log.show(step.found);
  }

  /** Who went on from the line that the address names is not brought back to it by a reload. */
  moved() {
    const { house: { room }, log } = this.#guide;
    if (!this.#sought && !log.isPointing && location.hash) history.replaceState(null, "", addressOf(room?.name ?? null));
  }

  /** @param {number} seq A line of the room on the screen. */
  async copyLink(seq) {
    const { house: { room }, hint } = this.#guide;
    if (!room) return;
    const isCopied = await copy(location.origin + addressOf(room.name, seq));
    hint(isCopied ? "Link copied" : "This browser does not let the page copy", !isCopied);
  }
}

/** The next step to a line of this room. @param {import("./model/room.js").Room} room @param {number} seq @returns {Step} */
export function seek(room, seq) {
  const { oldest, newest, first, label } = room;
  if (oldest === null || !room.isCaughtUp) return { wait: true };
  if (seq > newest) return { why: `There is no line ${seq} in ${label} yet: the newest is ${newest}` };
  if (seq < first) return { why: `Line ${seq} of ${label} is no longer kept` };
  if (seq >= oldest) {
    const found = room.placeOf(seq);
    return found ? { found } : { why: `Number ${seq} of ${label} is no line of its own: it changed another` };
  }
  if (oldest - seq > FARTHEST) return { why: `Line ${seq} of ${label} is too far back to be shown here` };
  return { ask: true };
}
