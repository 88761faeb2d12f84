// MessageList: shows a window of a room's items, which follows the newest message or stays where the person reads.

import { rowsOf } from "./rows.js";
import { enableActions, updateTabStop } from "./message-actions.js";
import { reconcile } from "./dom.js";
import { enableCopying } from "./copying.js";
import { buildRow, isFolded, versionOf } from "./message.js";

/** Items in the document at once: enough for any screen, few enough to stay fast. */
const WINDOW_ITEMS = 260;

/** Items added when scrolling towards an edge of the window, from this many pixels on. */
const STEP_ITEMS = 100;
const NEAR_EDGE_PX = 800;

/** Pixels from the bottom that still count as the bottom. */
const BOTTOM_PX = 48;

/**
 * @import { Room } from "../model/room.js"
 * @import { Preferences } from "../storage/preferences.js"
 * @import { RowCallbacks } from "./message.js"
 * @typedef {{ from: number, to: number, isFollowing: boolean, anchor: [string, number] | null }} WindowPosition
 *     Indexes of the first item and after the last one; `to` Infinity: to the last one loaded. The anchor is the
 *     key of a row and its distance from the top of the view.
 * @typedef {Omit<RowCallbacks, "toggleFold"> & { loadNewer(): void, scrolled(): void }} MessageListCallbacks
 */

export class MessageList {
  #scroller;
  #log;
  #callbacks;
  #requestOlder;
  #requestNewer;
  /** @type {Room | null} */ #room = null;
  /** @type {WeakMap<object, WindowPosition>} */ #positions = new WeakMap();
  /** @type {WindowPosition} */ #position = followingPosition();
  /** How far the view was scrolled when the anchor was saved. */
  #anchoredAt = 0;
  #me = "";
  /** @type {Preferences | undefined} */ #preferences;
  /** The key of the message that the URL names. @type {string | null} */ #target = null;
  /** Whether all that is loaded is in the document, for paper. */ #isPrinting = false;

  /** @param {HTMLElement} scroller @param {HTMLElement} log @param {MessageListCallbacks} callbacks */
  constructor(scroller, log, callbacks) {
    this.#scroller = scroller;
    this.#log = log;
    this.#callbacks = { ...callbacks, toggleFold: (/** @type {string} */ key, /** @type {string[]} */ keys = [key]) => this.#toggleFold(key, keys), loadOlder: () => this.#loadOlder() };
    this.#requestOlder = callbacks.loadOlder;
    this.#requestNewer = callbacks.loadNewer;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    enableActions(log);
    enableCopying(log);
    addEventListener("beforeprint", () => this.#setPrinting(true));
    addEventListener("afterprint", () => this.#setPrinting(false));
    const sizes = new ResizeObserver(() => this.#undoShift());
    sizes.observe(scroller);
    sizes.observe(log); // the button of a folded message may come after the draw
  }

  /** Whether the newest message is in view. */
  get isFollowing() {
    return this.#position.isFollowing;
  }

  get hasTarget() {
    return this.#target !== null;
  }

  /** @param {Room | null} room @param {string} me @param {Preferences} [preferences] */
  draw(room, me, preferences = this.#preferences) {
    this.#me = me;
    this.#preferences = preferences;
    if (room !== this.#room) this.#switchRoom(room);
    if (!room) return this.#log.replaceChildren();
    if (this.#isPrinting) return this.#drawRows(room);
    if (!this.#position.isFollowing) {
      this.#undoShift();
      this.#saveAnchor();
    }
    this.#fitWindow(room);
    this.#drawRows(room);
    this.#markTarget();
    this.#restoreScroll();
    updateTabStop(this.#log, this.#scroller.getBoundingClientRect().bottom + 1);
    this.#extendWindow();
  }

  /** @param {Room} room */
  #drawRows(room) {
    const rows = this.#isPrinting
      ? rowsOf(room, { from: room.shown.base, to: Infinity }, this.#me, null, this.#preferences).map((row) => (row.kind === "message" ? { ...row, isUnfolded: true } : row))
      : rowsOf(room, this.#position, this.#me, Date.now(), this.#preferences);
    reconcile(this.#log, rows, (row) => ({ key: row.key, version: versionOf(row, this.#callbacks) }), (row) => buildRow(row, this.#callbacks));
  }

  /** Paper gets every loaded message, whole and with its date; the screen then gets back what it showed. @param {boolean} isPrinting */
  #setPrinting(isPrinting) {
    const room = this.#room;
    if (!room || isPrinting === this.#isPrinting) return;
    if (isPrinting && !this.#position.isFollowing) this.#saveAnchor();
    this.#isPrinting = isPrinting;
    this.#drawRows(room);
    if (!isPrinting) this.#restoreScroll();
  }

  /** Scrolls to a message of the room, and marks it as the target. @param {{ index: number, key: string }} location */
  show({ index, key }) {
    const room = this.#room;
    if (!room) return;
    this.#log.replaceChildren(); // no row of it is an anchor now
    const to = index + STEP_ITEMS < room.shown.end ? index + STEP_ITEMS : Infinity;
    this.#position = { from: index - STEP_ITEMS, to, isFollowing: false, anchor: [key, this.#scroller.clientHeight / 3] };
    this.#target = key;
    this.draw(room, this.#me);
    const row = this.#row(key);
    if (row && isFolded(row)) {
      room.unfolded.add(key);
      this.draw(room, this.#me);
    }
    this.#row(key)?.focus({ preventScroll: true }); // so that it is announced
  }

  clearTarget() {
    this.#target = null;
    this.#markTarget();
  }

  jumpToLatest() {
    this.#target = null;
    this.#position = followingPosition();
    this.#room?.closeWindow();
    if (this.#room) this.draw(this.#room, this.#me);
    this.#callbacks.scrolled();
  }

  /**
   * Shows a long message whole or ignored messages, or folds them; the top of the row stays where it is, if that is in view.
   * @param {string} key A row's. @param {string[]} keys What it shows or folds.
   */
  #toggleFold(key, keys) {
    const room = this.#room;
    const row = this.#row(key);
    if (!room || !row) return;
    const above = row.previousElementSibling?.getAttribute("data-key") ?? "";
    const top = row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    for (const each of keys) if (!room.unfolded.delete(each)) room.unfolded.add(each);
    this.#position.isFollowing = false;
    this.draw(room, this.#me);
    const shown = this.#row(key) ? key : above; // folded, ignored messages join those above them
    this.#position.anchor = [shown, Math.max(top, 0)];
    this.#restoreScroll();
    /** @type {HTMLElement | null | undefined} */ (this.#row(shown)?.querySelector(".fold"))?.focus({ preventScroll: true });
    this.#scrolled();
  }

  /** @param {number} pages */
  scrollPages(pages) {
    this.#scroller.scrollBy({ top: pages * this.#scroller.clientHeight * 0.9 });
  }

  /** @param {Room | null} room */
  #switchRoom(room) {
    if (this.#room) this.#positions.set(this.#room, this.#position);
    this.#room = room;
    this.#position = (room && this.#positions.get(room)) ?? followingPosition();
    this.#target = null;
    this.#log.replaceChildren();
  }

  /** Fits the window to items added or dropped since. @param {Room} room */
  #fitWindow(room) {
    const at = this.#position;
    const { shown } = room;
    if (at.from >= shown.end) at.isFollowing = true; // the room was reset, or nothing was shown yet
    if (at.isFollowing) {
      at.from = Math.max(Math.min(at.from, shown.end - STEP_ITEMS), shown.end - WINDOW_ITEMS);
      at.to = Infinity;
      at.isFollowing = !shown.hasNewer;
    }
    at.from = Math.max(at.from, shown.base);
    if (Math.min(at.to, shown.end) - at.from > WINDOW_ITEMS) at.to = at.from + WINDOW_ITEMS;
    shown.firstInView = at.isFollowing ? Infinity : at.from;
  }

  /** Goes on loading after pages that showed nothing. */
  #loadOlder() {
    if (this.#room) this.#room.shown.emptyPages = 0;
    this.draw(this.#room, this.#me);
  }

  #scrolled() {
    if (!this.#room || this.#isPrinting) return;
    if (!this.#position.isFollowing) this.#undoShift();
    this.#position.isFollowing = this.#position.to === Infinity && !this.#room.shown.hasNewer && this.#distanceToBottom() < BOTTOM_PX;
    this.#saveAnchor();
    this.#extendWindow();
    this.#callbacks.scrolled();
  }

  /** Adds items where the view is near an edge of the window. */
  #extendWindow() {
    const room = this.#room;
    const at = this.#position;
    if (!room) return;
    const { shown } = room;
    if (this.#scroller.scrollTop < NEAR_EDGE_PX) {
      if (at.from > shown.base && !(at.isFollowing && shown.end - at.from >= WINDOW_ITEMS)) {
        at.from -= STEP_ITEMS;
        return this.draw(room, this.#me);
      }
      // While the newest messages are still coming, a short list is no reason to load older ones.
      if (at.from <= shown.base && shown.hasOlder && !shown.isLoadingPaused && room.isCaughtUp) this.#requestOlder();
    } else if (at.to < shown.end && this.#distanceToBottom() < NEAR_EDGE_PX) {
      at.to += STEP_ITEMS;
      at.from = Math.max(at.from, at.to - WINDOW_ITEMS);
      if (at.to >= shown.end) at.to = Infinity;
      return this.draw(room, this.#me);
    }
    if (shown.hasNewer && at.to >= shown.end && this.#distanceToBottom() < NEAR_EDGE_PX) this.#requestNewer();
  }

  /** Marks the target, and nothing else. */
  #markTarget() {
    const target = this.#target === null ? null : this.#row(this.#target);
    const old = this.#log.querySelector(".target");
    if (old === target) return;
    old?.classList.remove("target");
    old?.removeAttribute("aria-current");
    target?.classList.add("target");
    target?.setAttribute("aria-current", "location");
    target?.setAttribute("tabindex", "-1");
  }

  /** @param {string} key @returns {HTMLElement | null} */
  #row(key) {
    return this.#log.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #distanceToBottom() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight;
  }

  /**
   * Remembers a row and its position: the same as before while it begins in view, or else one that was in view before,
   * because what comes into view may turn out higher or lower than estimated, and must not move what was read.
   */
  #saveAnchor() {
    const view = this.#scroller.getBoundingClientRect();
    const beginsInView = (/** @type {Element} */ row) => {
      const { top } = row.getBoundingClientRect();
      return top >= view.top && top < view.bottom;
    };
    const old = this.#position.anchor && this.#row(this.#position.anchor[0]);
    const row = old && beginsInView(old) ? old : this.#otherAnchor(beginsInView, view.top);
    if (!row) return;
    this.#position.anchor = [row.getAttribute("data-key") ?? "", row.getBoundingClientRect().top - view.top];
    this.#anchoredAt = this.#scroller.scrollTop;
  }

  /** The row of a message that was in view before; if none begins in view, the one that fills it. @param {(row: Element) => boolean} beginsInView @param {number} top Of the view. */
  #otherAnchor(beginsInView, top) {
    const messages = [...this.#log.querySelectorAll(":scope > .message")];
    const isUp = this.#scroller.scrollTop < this.#anchoredAt;
    const inView = isUp ? messages.findLast(beginsInView) : messages.find(beginsInView);
    return inView ?? messages.find((row) => row.getBoundingClientRect().bottom > top);
  }

  /**
   * Puts the anchor where the person scrolled it. A folded message is laid out when it first comes near the view; if
   * it is not as high as estimated, all below it moves, at any time between two events.
   */
  #undoShift() {
    if (this.#isPrinting) return;
    const { isFollowing, anchor } = this.#position;
    if (!isFollowing && anchor && this.#row(anchor[0])) anchor[1] -= this.#scroller.scrollTop - this.#anchoredAt;
    this.#restoreScroll();
  }

  #restoreScroll() {
    const { isFollowing, anchor } = this.#position;
    if (isFollowing) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    } else if (anchor) {
      const row = this.#row(anchor[0]);
      const top = this.#scroller.getBoundingClientRect().top;
      const moved = row ? row.getBoundingClientRect().top - top - anchor[1] : 0;
      if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved; // not for rounding: it stops a scroll that is under way
    }
    this.#anchoredAt = this.#scroller.scrollTop;
  }
}

/** @returns {WindowPosition} */
function followingPosition() {
  return { from: Infinity, to: Infinity, isFollowing: true, anchor: null };
}
