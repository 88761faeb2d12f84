// HistoryWindow: a contiguous range of a room's older records, away from the newest, while the person is there. The
// message list shows it in place of the room's newest items.

/**
 * @import { LogRecord } from "../protocol/messages.js"
 * @import { RecordItem } from "./unread.js"
 * @typedef {{ records: LogRecord[], first: number, edits?: LogRecord[] }} HistoryPage `first`: the oldest seq that the
 *   server keeps; `edits`: those of its posts that come after the page.
 */

/** Items kept: as more are loaded on one side, those on the other are dropped, and can be loaded again. */
const MAX_ITEMS = 5_000;

/** Pages without a record to show, after which older ones are loaded only if the person asks for them. */
export const MAX_EMPTY_PAGES = 10;

export class HistoryWindow {
  /** What is shown, in order. @type {RecordItem[]} */ items = [];
  /** The index of items[0]: falls as older items load, rises as they are dropped. */
  base = 0;
  /** The lowest index on the screen. */
  firstInView = 0;
  isLoadingOlder = false;
  isLoadingNewer = false;
  /** How many pages of records came, one after the other, with none to show. */ emptyPages = 0;
  #room;

  /** @param {{ first: number }} room Knows the oldest seq that the server keeps. @param {number} oldest The seq of the first record that will be added. */
  constructor(room, oldest) {
    this.#room = room;
    /** The lowest seq of the range. */
    this.oldest = oldest;
    /** The highest; none is missing between them. */
    this.newest = oldest - 1;
  }

  /** The index after that of the last item. */
  get end() {
    return this.base + this.items.length;
  }

  get hasOlder() {
    return this.oldest > Math.max(this.#room.first, 1);
  }

  get hasNewer() {
    return true;
  }

  /** Whether the person has to ask for more pages, because many showed nothing. */
  get isLoadingPaused() {
    return this.hasOlder && this.emptyPages >= MAX_EMPTY_PAGES;
  }

  /** Adds a page from before the oldest record. @param {LogRecord[]} records @param {RecordItem[]} items Those of them that are shown. @returns {RecordItem[]} The items dropped at the other end. */
  addOlder(records, items) {
    this.isLoadingOlder = false;
    this.oldest = records[0]?.seq ?? this.oldest;
    this.emptyPages = items.length ? 0 : this.emptyPages + 1;
    this.items.unshift(...items);
    this.base -= items.length;
    if (this.items.length <= MAX_ITEMS) return [];
    const dropped = this.items.splice(MAX_ITEMS);
    this.newest = this.items.at(-1)?.record.seq ?? this.newest;
    return dropped;
  }

  /** Adds a page from after the newest record. @param {LogRecord[]} records @param {RecordItem[]} items Those of them that are shown. @returns {RecordItem[]} The items dropped at the other end. */
  addNewer(records, items) {
    this.isLoadingNewer = false;
    this.newest = records.at(-1)?.seq ?? this.newest;
    this.items.push(...items);
    if (this.items.length <= MAX_ITEMS) return [];
    const dropped = this.items.splice(0, this.items.length - MAX_ITEMS);
    this.base += dropped.length;
    this.oldest = this.items[0]?.record.seq ?? this.oldest;
    return dropped;
  }

  /** The connection is gone, and with it the pages that were requested. */
  disconnected() {
    this.isLoadingOlder = this.isLoadingNewer = false;
  }
}
