// Navigation: the room on the screen, the message or the time to go to, and loading history around it.

import { roomPath } from "./model/url.js";
import { formatMoment } from "./text/time.js";
import { copyText } from "./view/dom.js";

/**
 * @import { Chat } from "./model/chat.js"
 * @import { HistoryRequests, Request, Start } from "./model/history-requests.js"
 * @import { HistoryPage } from "./model/history-window.js"
 * @import { Room } from "./model/room.js"
 * @import { MessageList } from "./view/message-list.js"
 * @typedef {{ room: string, start: Start, since?: number, isLoaded?: boolean }} Target `isLoaded`: the page that begins there
 *   has come; `since`: then `start` is the first record since this time, which may be an edit.
 * @typedef {{ index: number, key: string, seq: number, isNewest: boolean }} Location `isNewest`: among the newest items.
 * @typedef {{ found: Location } | { load: Start } | { loadNewer: true } | { wait: true } | { reason: string }} Step
 *   `load`: load the page that begins there first; `reason`: there is nothing to show.
 * @typedef {{
 *   chat: Chat, historyRequests: HistoryRequests, messages: MessageList,
 *   hint(text: string, isBad?: boolean): void, openComposer(): void, draw(): void,
 * }} NavigationParts
 */

export class Navigation {
  #parts;
  /** What to go to, until it is on the screen. @type {Target | null} */ #target = null;

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
    this.#setPath(roomPath(chat.addressOf(room), seq), isNewEntry);
    this.#target = room && seq !== null ? { room, start: { seq } } : null;
    if (!this.#target) messages.clearTarget();
    openComposer();
    draw();
  }

  /** The server has told another name of the room on the screen, or the other person has one now. */
  updateAddress() {
    const path = roomPath(this.#parts.chat.addressOf(this.#parts.chat.room?.name ?? null));
    if (location.pathname !== path) this.#setPath(path + location.hash, false);
  }

  /** Goes to the first message of the room on the screen since a time. @param {number} at Unix ms. */
  goToTime(at) {
    const { chat: { room }, draw } = this.#parts;
    this.#target = room && { room: room.name, start: { at } };
    draw();
  }

  /** Goes one step towards the target: shows it, or loads what it needs. */
  locateStep() {
    const { chat: { room }, historyRequests, messages, hint } = this.#parts;
    const target = this.#target;
    if (!target || room?.name !== target.room) return;
    const step = locate(room, target);
    if ("wait" in step) return;
    if ("load" in step) {
      hint("seq" in step.load ? `Loading message #${step.load.seq}…` : `Loading messages of ${formatMoment(step.load.at)}…`);
      return historyRequests.loadAround(room, step.load);
    }
    if ("loadNewer" in step) return historyRequests.loadNewer(room);
    hint("reason" in step ? step.reason : "", "reason" in step);
    this.#target = null;
    if (!("found" in step)) return;
    if (step.found.isNewest) room.closeWindow();
    if (target.since !== undefined || "at" in target.start) this.#setPath(roomPath(this.#parts.chat.addressOf(room.name), step.found.seq), true);
    messages.show(step.found);
  }

  /** The page that the target begins with has come. @param {Request} request @param {Room} room @param {HistoryPage} page @param {(user: string) => boolean} isIgnored */
  loaded(request, room, page, isIgnored) {
    const { chat } = this.#parts;
    const target = this.#target;
    if (!target || target.start !== request.start) return; // the person went elsewhere meanwhile
    target.isLoaded = true;
    const [first] = page.records;
    if (first && "at" in target.start) [target.since, target.start] = [target.start.at, { seq: first.seq }];
    room.openWindow(page, chat.me, isIgnored);
  }

  /** Requests will not be answered. @param {Request[]} requests @param {string} code Why. */
  failed(requests, code) {
    const start = this.#target?.start;
    if (!start || !requests.some((request) => request.start === start)) return;
    this.#target = null;
    if (code === "bad_message" && "at" in start) this.#parts.hint("This server is too old to go to a day or a time. Go to a message by its number, or scroll up", true);
  }

  /** Removes the target from the URL once the person scrolled away from it, so that a reload does not go back to it. */
  scrolled() {
    const { chat: { room }, messages } = this.#parts;
    if (!this.#target && !messages.hasTarget && location.hash) this.#setPath(roomPath(this.#parts.chat.addressOf(room?.name ?? null)), false);
  }

  /** @param {number} seq A message of the room on the screen. */
  async copyLink(seq) {
    const { chat: { room }, hint } = this.#parts;
    if (!room) return;
    const isCopied = await copyText(location.origin + roomPath(this.#parts.chat.addressOf(room.name), seq));
    hint(isCopied ? "Link copied" : "This browser does not allow copying", !isCopied);
  }

  /** @param {string} path @param {boolean} isNewEntry */
  #setPath(path, isNewEntry) {
    if (location.pathname + location.hash !== path) history[isNewEntry ? "pushState" : "replaceState"](null, "", path);
  }
}

/** The next step to a target in this room. @param {Room} room @param {Omit<Target, "room">} target @returns {Step} */
export function locate(room, { start, since, isLoaded = false }) {
  if (room.oldest === null || !room.isCaughtUp) return { wait: true };
  if ("at" in start) return locateTime(room, start, isLoaded);
  return since === undefined ? locateMessage(room, start, isLoaded) : locateFrom(room, start.seq, since);
}

/** @param {Room} room @param {{ seq: number }} start @param {boolean} isLoaded @returns {Step} */
function locateMessage(room, start, isLoaded) {
  const { seq } = start;
  const { newest, first, label } = room;
  if (seq > newest) return { reason: `There is no message #${seq} in ${label} yet: the newest is #${newest}` };
  if (seq < first) return { reason: `Message #${seq} of ${label} is no longer kept` };
  const found = room.locate((record) => record.seq === seq);
  if (found) return { found };
  if (room.isLoaded(seq)) return { reason: `#${seq} in ${label} is an edit or a delete, not a message` };
  return isLoaded ? { reason: `Message #${seq} of ${label} could not be loaded` } : { load: start };
}

/** @param {Room} room @param {{ at: number }} start @param {boolean} isLoaded @returns {Step} */
function locateTime(room, start, isLoaded) {
  const found = isLoaded ? null : room.locateSince(start.at);
  if (found) return { found };
  return found === null ? noneSince(room, start.at) : { load: start };
}

/** The first message from a record on, which may be an edit. @param {Room} room @param {number} seq @param {number} since @returns {Step} */
function locateFrom(room, seq, since) {
  const found = room.locate((record) => record.seq >= seq);
  if (found && (!found.isNewest || room.window === null)) return { found };
  return room.window ? { loadNewer: true } : noneSince(room, since);
}

/** @param {Room} room @param {number} at */
function noneSince({ label }, at) {
  return { reason: `There are no messages in ${label} since ${formatMoment(at)}` };
}
