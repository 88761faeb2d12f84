// A room's lines on the screen: a window on them that follows the newest, or stays where one reads.
// May know the DOM, and rows. May not know: sockets, the protocol, storage.

import { rowsOf } from "./rows.js";
import { reachable, settleStop } from "./message-actions.js";
import { fill } from "./dom.js";
import { build, mark } from "./message.js";

/** Items in the document at once: enough for any screen, few enough to stay quick. */
const WINDOW = 280;

/** Items taken in when one scrolls towards an edge, and this near to it, in pixels. */
const STEP = 100;
const NEAR = 800;

/** Pixels from the bottom that still count as being there. */
const BOTTOM = 48;

/**
 * @typedef {{ from: number, to: number, isFollowing: boolean, anchor: [string, number] | null }} Position
 *   Places of the first item and after the last one; Infinity: whatever comes. The anchor is a
 *   row's key and its distance from the top of what is visible.
 */

export class LogView {
  #scroller;
  #log;
  #acts;
  /** @type {import("../model/room.js").Room | null} */ #room = null;
  /** @type {WeakMap<object, Position>} */ #positions = new WeakMap();
  /** @type {Position} */ #at = latest();
  #me = "";
  /** @type {import("../storage/preferences.js").Taste | undefined} */ #taste;
  /** The key of the line that the address names. @type {string | null} */ #target = null;

  /** @param {HTMLElement} scroller @param {HTMLElement} log @param {import("./page.js").Acts} acts */
  constructor(scroller, log, acts) {
    this.#scroller = scroller;
    this.#log = log;
    this.#acts = acts;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    reachable(log);
    new ResizeObserver(() => this.#keepPlace()).observe(scroller);
  }

  /** Whether the newest line is in view. */
  get isFollowing() {
    return this.#at.isFollowing;
  }

  /** Whether a line is pointed at. */
  get isPointing() {
    return this.#target !== null;
  }

  /** @param {import("../model/room.js").Room | null} room @param {string} me @param {import("../storage/preferences.js").Taste} [taste] */
  draw(room, me, taste = this.#taste) {
    this.#me = me;
    this.#taste = taste;
    if (room !== this.#room) this.#change(room);
    if (!room) return this.#log.replaceChildren();
    if (!this.#at.isFollowing) this.#anchor();
    this.#slide(room);
    fill(this.#log, rowsOf(room, this.#at, me, Date.now(), taste), (row) => ({ key: row.key, mark: mark(row) }), (row) => build(row, this.#acts));
    this.#point();
    this.#keepPlace();
    settleStop(this.#log, this.#scroller.getBoundingClientRect().bottom + 1);
    this.#reach();
  }

  /** Goes to a line of this room, and points at it. @param {{ place: number, key: string }} line */
  show({ place, key }) {
    const room = this.#room;
    if (!room) return;
    this.#silence();
    const to = place + STEP < room.end ? place + STEP : Infinity;
    this.#at = { from: place - STEP, to, isFollowing: false, anchor: [key, this.#scroller.clientHeight / 3] };
    this.#target = key;
    this.draw(room, this.#me);
    this.#row(key)?.focus({ preventScroll: true }); // so that it is read out
  }

  /** Points at no line any more. */
  unpoint() {
    this.#target = null;
    this.#point();
  }

  jumpToLatest() {
    this.#target = null;
    this.#at = latest();
    if (this.#room) this.draw(this.#room, this.#me);
    this.#acts.moved();
  }

  /** @param {number} pages */
  page(pages) {
    this.#scroller.scrollBy({ top: pages * this.#scroller.clientHeight * 0.9 });
  }

  /** @param {import("../model/room.js").Room | null} room */
  #change(room) {
    if (this.#room) this.#positions.set(this.#room, this.#at);
    this.#room = room;
    this.#at = (room && this.#positions.get(room)) ?? latest();
    this.#target = null;
    this.#silence();
  }

  /** What is shown anew is not read aloud: only what is said from now on. */
  #silence() {
    this.#log.setAttribute("aria-live", "off");
    this.#log.replaceChildren();
    requestAnimationFrame(() => this.#log.setAttribute("aria-live", "polite"));
  }

  /** Fits the window to what has come or gone since. @param {import("../model/room.js").Room} room */
  #slide(room) {
    const at = this.#at;
    if (at.from >= room.end) at.isFollowing = true; // another log, or nothing shown yet
    if (at.isFollowing) {
      at.from = Math.max(Math.min(at.from, room.end - STEP), room.end - WINDOW);
      at.to = Infinity;
    }
    at.from = Math.max(at.from, room.base);
    if (Math.min(at.to, room.end) - at.from > WINDOW) at.to = at.from + WINDOW;
    room.inUse = at.isFollowing ? Infinity : at.from;
  }

  #scrolled() {
    if (!this.#room) return;
    this.#at.isFollowing = this.#at.to === Infinity && this.#below() < BOTTOM;
    this.#anchor();
    this.#reach();
    this.#acts.moved();
  }

  /** Takes in more where an edge of the window is near. */
  #reach() {
    const room = this.#room;
    const at = this.#at;
    if (!room) return;
    if (this.#scroller.scrollTop < NEAR) {
      if (at.from > room.base && !(at.isFollowing && room.end - at.from >= WINDOW)) {
        at.from -= STEP;
        this.draw(room, this.#me);
      } else if (at.from <= room.base && room.hasOlder) {
        this.#acts.older();
      }
    } else if (at.to < room.end && this.#below() < NEAR) {
      at.to += STEP;
      at.from = Math.max(at.from, at.to - WINDOW);
      if (at.to >= room.end) at.to = Infinity;
      this.draw(room, this.#me);
    }
  }

  /** Marks the line that the address names, and no other. */
  #point() {
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

  #below() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight;
  }

  /** Remembers the first row in view and where it stands. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const row of this.#log.children) {
      const box = row.getBoundingClientRect();
      if (box.bottom <= top || !row.classList.contains("line")) continue;
      this.#at.anchor = [row.getAttribute("data-key") ?? "", box.top - top];
      return;
    }
  }

  #keepPlace() {
    const { isFollowing, anchor } = this.#at;
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
function latest() {
  return { from: Infinity, to: Infinity, isFollowing: true, anchor: null };
}
