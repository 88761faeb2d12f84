// The unread messages of one room: how many, how many of them are mentions, and which is the first.

import { ReadPosition } from "./read-position.js";

/**
 * @import { LogRecord } from "../protocol/messages.js"
 * @typedef {{ key: string, record: LogRecord, isQuiet: boolean, isMention: boolean }} RecordItem `isQuiet`: never unread,
 *   because the person wrote it or ignores its author.
 */

export class Unread {
  count = 0;
  /** How many of them mention the person. */
  mentions = 0;
  /** The first of them, under the "New" rule; it stays until the person leaves the room or writes. @type {number | null} */ first = null;
  readPosition = new ReadPosition();

  /** Counts a record that just arrived. @param {LogRecord} record @param {boolean} isQuiet @param {boolean} isMention */
  add(record, isQuiet, isMention) {
    if (!this.#isUnread(record, isQuiet)) return;
    if (this.count === 0) this.first = record.seq;
    this.count += 1;
    if (isMention) this.mentions += 1;
  }

  /** All messages up to this seq were in view. @param {number} seq */
  markRead(seq) {
    this.count = this.mentions = 0;
    this.readPosition.read(seq);
  }

  /** Counts again, after the read position or the items changed. @param {(RecordItem | { key: string })[]} items A room's. */
  recount(items) {
    if (this.count === 0 && this.first !== null) return; // all is read, and the person still sees the rule
    this.count = this.mentions = 0;
    this.first = null;
    for (let i = items.length - 1; i >= 0; i -= 1) {
      const item = items[i];
      if (!item || !("record" in item)) continue;
      if (item.record.seq <= this.readPosition.at) break;
      if (!this.#isUnread(item.record, item.isQuiet)) continue;
      this.count += 1;
      if (item.isMention) this.mentions += 1;
      this.first = item.record.seq;
    }
  }

  /** @param {LogRecord} record @param {boolean} isQuiet */
  #isUnread({ type, seq, deleted }, isQuiet) {
    return type === "post" && !isQuiet && !deleted && seq > this.readPosition.at;
  }
}
