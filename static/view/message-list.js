// A room's lines on the screen: a window on them that follows the newest, or stays where one reads.
// May know the DOM, and rows. May not know: sockets, the protocol, storage.

import { rowsOf } from "./rows.js";
import { enableActions, updateTabStop } from "./message-actions.js";
import { reconcile } from "./dom.js";
import { buildRow, versionOf } from "./message.js";

/** Items in the document at once: enough for any screen, few enough to stay quick. */
const WINDOW_ITEMS = 280;

/** Items taken in when one scrolls towards an edge, and this near to it, in pixels. */
const STEP_ITEMS = 100;
const NEAR_EDGE_PX = 800;

/** Pixels from the bottom that still count as being there. */
const BOTTOM_PX = 48;

/**
 * @typedef {{ from: number, to: number, isFollowing: boolean, anchor: [string, number] | null }} Position
 *   Places of the first item and after the last one; Infinity: whatever comes. The anchor is a
 *   row's key and its distance from the top of what is visible.
 * @typedef {import("./message.js").Callbacks & { loadOlder(): void, scrolled(): void }} Callbacks
 */

export class MessageList {
  #scroller;
  #log;
  #callbacks;
  /** @type {import("../model/room.js").Room | null} */ #room = null;
  /** @type {WeakMap<object, Position>} */ #positions = new WeakMap();
  /** @type {Position} */ #position = followingPosition();
  #me = "";
  /** @type {import("../storage/preferences.js").Preferences | undefined} */ #preferences;
  /** The key of the line that the address names. @type {string | null} */ #target = null;

  /** @param {HTMLElement} scroller @param {HTMLElement} log @param {Callbacks} callbacks */
  constructor(scroller, log, callbacks) {
    this.#scroller = scroller;
    this.#log = log;
    this.#callbacks = callbacks;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    enableActions(log);
    new ResizeObserver(() => this.#restoreScroll()).observe(scroller);
  }

  /** Whether the newest line is in view. */
  get isFollowing() {
    return this.#position.isFollowing;
  }

  /** Whether a line is pointed at. */
  get hasTarget() {
    return this.#target !== null;
  }

  /** @param {import("../model/room.js").Room | null} room @param {string} me @param {import("../storage/preferences.js").Preferences} [preferences] */
  draw(room, me, preferences = this.#preferences) {
    this.#me = me;
    this.#preferences = preferences;
    if (room !== this.#room) this.#switchRoom(room);
    if (!room) return this.#log.replaceChildren();
    if (!this.#position.isFollowing) this.#saveAnchor();
    this.#fitWindow(room);
    reconcile(this.#log, rowsOf(room, this.#position, me, Date.now(), preferences), (row) => ({ key: row.key, mark: versionOf(row) }), (row) => buildRow(row, this.#callbacks));
    this.#markTarget();
    this.#restoreScroll();
    updateTabStop(this.#log, this.#scroller.getBoundingClientRect().bottom + 1);
    this.#extendWindow();
  }

  /** Goes to a line of this room, and points at it. @param {{ index: number, key: string }} line */
  show({ index: place, key }) {
    const room = this.#room;
    if (!room) return;
    this.#suppressAnnouncements();
    const to = place + STEP_ITEMS < room.end ? place + STEP_ITEMS : Infinity;
    this.#position = { from: place - STEP_ITEMS, to, isFollowing: false, anchor: [key, this.#scroller.clientHeight / 3] };
    this.#target = key;
    this.draw(room, this.#me);
    this.#row(key)?.focus({ preventScroll: true }); // so that it is read out
  }

  /** Points at no line any more. */
  clearTarget() {
    this.#target = null;
    this.#markTarget();
  }

  jumpToLatest() {
    this.#target = null;
    this.#position = followingPosition();
    if (this.#room) this.draw(this.#room, this.#me);
    this.#callbacks.scrolled();
  }

  /** @param {number} pages */
  scrollPages(pages) {
    this.#scroller.scrollBy({ top: pages * this.#scroller.clientHeight * 0.9 });
  }

  /** @param {import("../model/room.js").Room | null} room */
  #switchRoom(room) {
    if (this.#room) this.#positions.set(this.#room, this.#position);
    this.#room = room;
    this.#position = (room && this.#positions.get(room)) ?? followingPosition();
    this.#target = null;
    this.#suppressAnnouncements();
  }

  /** What is shown anew is not read aloud: only what is said from now on. */
  #suppressAnnouncements() {
    this.#log.setAttribute("aria-live", "off");
    this.#log.replaceChildren();
    requestAnimationFrame(() => this.#log.setAttribute("aria-live", "polite"));
  }

  /** Fits the window to what has come or gone since. @param {import("../model/room.js").Room} room */
  #fitWindow(room) {
    const at = this.#position;
    if (at.from >= room.end) at.isFollowing = true; // another log, or nothing shown yet
    if (at.isFollowing) {
      at.from = Math.max(Math.min(at.from, room.end - STEP_ITEMS), room.end - WINDOW_ITEMS);
      at.to = Infinity;
    }
    at.from = Math.max(at.from, room.base);
    if (Math.min(at.to, room.end) - at.from > WINDOW_ITEMS) at.to = at.from + WINDOW_ITEMS;
    room.firstInView = at.isFollowing ? Infinity : at.from;
  }

  #scrolled() {
    if (!this.#room) return;
    this.#position.isFollowing = this.#position.to === Infinity && this.#distanceToBottom() < BOTTOM_PX;
    this.#saveAnchor();
    this.#extendWindow();
    this.#callbacks.scrolled();
  }

  /** Takes in more where an edge of the window is near. */
  #extendWindow() {
    const room = this.#room;
    const at = this.#position;
    if (!room) return;
    if (this.#scroller.scrollTop < NEAR_EDGE_PX) {
      if (at.from > room.base && !(at.isFollowing && room.end - at.from >= WINDOW_ITEMS)) {
        at.from -= STEP_ITEMS;
        this.draw(room, this.#me);
      } else if (at.from <= room.base && room.hasOlder) {
        this.#callbacks.loadOlder();
      }
    } else if (at.to < room.end && this.#distanceToBottom() < NEAR_EDGE_PX) {
      at.to += STEP_ITEMS;
      at.from = Math.max(at.from, at.to - WINDOW_ITEMS);
      if (at.to >= room.end) at.to = Infinity;
      this.draw(room, this.#me);
    }
  }

  /** Marks the line that the address names, and no other. */
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

  /** Remembers the first row in view and where it stands. */
  #saveAnchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const row of this.#log.children) {
      const box = row.getBoundingClientRect();
      if (box.bottom <= top || !row.classList.contains("message")) continue;
      this.#position.anchor = [row.getAttribute("data-key") ?? "", box.top - top];
      return;
    }
  }

  #restoreScroll() {
    const { isFollowing, anchor } = this.#position;
    if (isFollowing) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
    } else if (anchor) {
      const row = this.#row(anchor[0]);
      const top = this.#scroller.getBoundingClientRect().top;
      if (row) this.#scroller.scrollTop += row.getBoundingClientRect().top - top - anchor[1];
    }
  }
}

/** @returns {Position} */
function followingPosition() {
  return { from: Infinity, to: Infinity, isFollowing: true, anchor: null };
}
