// Navigation: the room on the screen, the message that the URL names, and loading history until it is found.

import { MAX_PAGE } from "./model/history-requests.js";
import { roomPath } from "./model/url.js";
import { copyText } from "./view/dom.js";

/** The most records to go back, page by page, for one message: fewer than a room of the page can hold. */
const MAX_DISTANCE = 110_000;

/**
 * @import { Chat } from "./model/chat.js"
 * @import { HistoryRequests } from "./model/history-requests.js"
 * @import { Room } from "./model/room.js"
 * @import { MessageList } from "./view/message-list.js"
 * @typedef {{ room: string, seq: number, distance?: number }} Target `distance`: how many records above the oldest loaded one.
 * @typedef {{ found: { index: number, key: string } } | { loadOlder: true } | { wait: true } | { reason: string }} Step
 *   `loadOlder`: load an older page first; `reason`: the message cannot be shown.
 * @typedef {{
 *   chat: Chat, historyRequests: HistoryRequests, messages: MessageList,
 *   hint(text: string, isBad?: boolean): void, openComposer(): void, draw(): void,
 * }} NavigationParts
 */

export class Navigation {
  #parts;
  /** The message that the URL names, until it is on the screen. @type {Target | null} */ #target = null;

  /** @param {NavigationParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Whether the target is not on the screen yet. */
  get isLocating() {
    return this.#target !== null;
  }

  /** @param {string | null} room @param {boolean} isNewEntry Whether the browser's history gets an entry. @param {number | null} [seq] A message of it to go to. */
  show(room, isNewEntry, seq = null) {
    const { chat, messages, openComposer, draw } = this.#parts;
    chat.show(room);
    const path = roomPath(room, seq);
    if (location.pathname + location.hash !== path) history[isNewEntry ? "pushState" : "replaceState"](null, "", path);
    this.#target = room && seq !== null ? { room, seq } : null;
    if (!this.#target) messages.clearTarget();
    openComposer();
    draw();
  }

  /** Goes one step towards the target: shows it, or loads an older page. */
  locateStep() {
    const { chat: { room }, historyRequests, messages, hint } = this.#parts;
    if (!this.#target || room?.name !== this.#target.room) return;
    const { seq } = this.#target;
    const step = locateMessage(room, seq);
    if ("wait" in step) return;
    if ("loadOlder" in step) {
      this.#target.distance ??= room.oldest === null ? 0 : room.oldest - seq;
      hint(`Loading message #${seq}, ${this.#target.distance.toLocaleString()} messages back…`);
      return historyRequests.loadOlder(room, MAX_PAGE);
    }
    hint("reason" in step ? step.reason : "", "reason" in step);
    this.#target = null;
    if ("found" in step) messages.show(step.found);
  }

  /** Removes the target from the URL once the person scrolled away from it, so that a reload does not go back to it. */
  scrolled() {
    const { chat: { room }, messages } = this.#parts;
    if (!this.#target && !messages.hasTarget && location.hash) history.replaceState(null, "", roomPath(room?.name ?? null));
  }

  /** @param {number} seq A message of the room on the screen. */
  async copyLink(seq) {
    const { chat: { room }, hint } = this.#parts;
    if (!room) return;
    const isCopied = await copyText(location.origin + roomPath(room.name, seq));
    hint(isCopied ? "Link copied" : "This browser does not allow copying", !isCopied);
  }
}

/** The next step to a message of this room. @param {Room} room @param {number} seq @returns {Step} */
export function locateMessage(room, seq) {
  const { oldest, newest, first, label } = room;
  if (oldest === null || !room.isCaughtUp) return { wait: true };
  if (seq > newest) return { reason: `There is no message #${seq} in ${label} yet: the newest is #${newest}` };
  if (seq < first) return { reason: `Message #${seq} of ${label} is no longer kept` };
  if (seq >= oldest) {
    const found = room.locate(seq);
    return found ? { found } : { reason: `#${seq} in ${label} is an edit or a delete, not a message` };
  }
  if (oldest - seq > MAX_DISTANCE) return { reason: `Message #${seq} of ${label} is too far back to show` };
  return { loadOlder: true };
}
