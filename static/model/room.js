// One room as the person sees it: its records and notes, its members, what is unsent and what is unread.

import { isPrivate, peerOf, sameName } from "../protocol/names.js";
import { Edits, isEdit } from "./edits.js";
import { Members } from "./members.js";
import { mentions } from "./mentions.js";
import { Unread } from "./unread.js";

/**
 * @import { LogRecord, Message } from "../protocol/messages.js"
 * @import { Rejection, Submission } from "../protocol/outbox.js"
 * @import { SearchResult } from "./search.js"
 * @import { RecordItem } from "./unread.js"
 * @typedef {{ submission: Submission, at: number, rejection: Rejection | null }} Unsent
 * @typedef {RecordItem
 *   | { key: string, at: number, presence: Map<string, "joined" | "left"> }
 *   | { key: string, missing: number }
 *   | { key: string, note: string, rooms?: string[], records?: LogRecord[] }} Item One thing that the room shows.
 */

/** Items kept of one room; older ones can be loaded again. */
const MAX_ITEMS = 5_000;

/** Items kept at most while the person is scrolled far back. */
const MAX_ITEMS_SCROLLED = 120_000;

export class Room {
  /** The oldest seq that the server keeps. */
  first = 0;
  /** The lowest seq received; none is missing up to `newest`. Null before the first `joined`. @type {number | null} */ oldest = null;
  newest = 0;
  /** What is shown, in order. Edits and deletes have no item: they change one. @type {Item[]} */ items = [];
  /** The index of items[0] among all items ever: falls as older items load, rises as they are dropped. */
  base = 0;
  /** The lowest index on the screen: items from here on are kept. */
  firstInView = Infinity;
  /** @type {Map<string, Unsent>} */ unsent = new Map();
  members = new Members();
  topic = "";
  /** Who is typing, and until when to show it. @type {Map<string, number>} */ typing = new Map();
  /** The own message that is being edited, and its new text. @type {{ seq: number, text: string } | null} */ editing = null;
  /** The seq that the next message replies to. @type {number | null} */ replyingTo = null;
  isLoadingOlder = false;
  /** The head at the last join: records up to it are history, later ones are live. */
  #head = 0;
  #unread = new Unread();
  #edits = new Edits();
  #keyCount = 0;
  /** The cids of stored submissions whose records are to come, by seq. @type {Map<number, string>} */ #cids = new Map();

  /** @param {string} name @param {string} [me] Needed for a private room. */
  constructor(name, me = "") {
    this.name = name;
    /** The other person of a private room, else null. */
    this.peer = isPrivate(name) ? peerOf(name, me) : null;
  }

  /** The room's name on the screen. */
  get label() {
    return this.peer ?? `#${this.name}`;
  }

  /** Null in a large room, for which the server sends no list. */
  get memberNames() {
    return this.members.names;
  }

  /** The index after that of the last item. */
  get end() {
    return this.base + this.items.length;
  }

  get hasOlder() {
    return this.oldest !== null && this.oldest > Math.max(this.first, 1);
  }

  /** Whether all records up to the head at the last join have arrived. */
  get isCaughtUp() {
    return this.newest >= this.#head;
  }

  /** Whether a record was posted after the last join. @param {number} seq */
  isLive(seq) {
    return seq > this.#head;
  }

  /** @param {Message} message */
  joined({ first, head, since, members, count, away, topic, marked }) {
    this.first = first;
    this.oldest ??= since + 1;
    if (since > this.newest) this.newest = since;
    this.#head = head;
    this.membersListed({ members, count, away });
    this.topic = topic ?? "";
    // Without a read marker nothing is unread, except in a private room.
    this.#unread.readPosition.joined(marked ?? null, this.peer ? 0 : head);
    this.#unread.recount(this.items);
  }

  /** @param {LogRecord} record @param {boolean} isQuiet @param {boolean} isSeen Whether the newest message is in view. @param {string} [me] */
  add(record, isQuiet, isSeen, me = "") {
    const { seq, type, user } = record;
    const cid = this.#cids.get(seq);
    this.#cids.delete(seq);
    this.newest = seq;
    this.typing.delete(user);
    this.setPeerSpelling(user);
    if (isEdit(record)) return this.#applyEdit(record);
    if (type === "topic" && this.isLive(seq)) this.topic = record.text;
    const isMention = !isQuiet && this.isMentionOf(record, me);
    this.items.push({ key: cid ? `cid ${cid}` : `seq ${seq}`, record: this.#edits.withoutDeleted(record), isQuiet, isMention });
    if (isSeen && this.isLive(seq)) this.markRead();
    else this.#unread.add(record, isQuiet, isMention);
    if (this.items.length > MAX_ITEMS) this.#trim();
  }

  /** Adds a page from before the oldest record. @param {LogRecord[]} records @param {number} first @param {string} me @param {(user: string) => boolean} [isIgnored] */
  addOlder(records, first, me, isIgnored = () => false) {
    this.first = first;
    this.isLoadingOlder = false;
    const older = records.filter(({ seq }) => this.oldest === null || seq < this.oldest);
    if (older.length === 0) this.first = this.oldest ?? first;
    else this.oldest = older[0]?.seq ?? null;
    for (const record of older) if (isEdit(record)) this.#applyEdit(record);
    const shown = older.filter(({ type }) => type === "post" || type === "topic").map((record) => {
      const isQuiet = sameName(record.user, me) || isIgnored(record.user);
      return { key: `seq ${record.seq}`, record: this.#edits.withoutDeleted(record), isQuiet, isMention: false };
    });
    this.items.unshift(...shown);
    for (const item of shown) item.isMention = !item.isQuiet && this.isMentionOf(item.record, me); // some reply to others of the page
    this.base -= shown.length;
    this.#unread.recount(this.items);
  }

  /** The record of a submission will follow: it keeps the submission's row on the screen. @param {string} cid @param {number} seq */
  stored(cid, seq) {
    this.unsent.delete(cid);
    this.#cids.set(seq, cid);
  }

  /** Forgets what holds only while connected. */
  disconnected() {
    this.typing.clear();
    this.isLoadingOlder = false;
    this.#unread.readPosition.disconnected();
  }

  /** The room has another log now, or lost records of this one: forgets all that is shown. */
  reset() {
    this.items = [];
    this.base = 0;
    this.oldest = null;
    this.newest = 0;
    this.#unread = new Unread();
    this.#edits.clear();
    this.editing = this.replyingTo = null;
    this.note("This room was reset: the server no longer has all messages that were shown here. Its newest follow.");
  }

  /** Shows that retention removed records. @param {number} next The oldest seq that the server still keeps. */
  gap(next) {
    this.items.push({ key: `gap ${next}`, missing: next - this.newest - 1 });
  }

  /** Shows a text to this person only. @param {string} note @param {{ rooms?: string[], records?: LogRecord[] }} [links] */
  note(note, links) {
    this.#keyCount += 1;
    this.items.push({ key: `note ${this.#keyCount}`, note, ...links });
  }

  /** @param {SearchResult} result */
  searchFinished({ text, records, isComplete }) {
    const count = records.length === 1 ? "1 message with" : `${records.length} messages with`;
    if (records.length === 0) return this.note(`No messages with “${text}”`);
    this.note(`${count} “${text}”${isComplete ? "" : "; there may be older ones"}:`, { records });
  }

  // ---- Posts and their edits ----

  /** @param {LogRecord} post */
  currentText(post) {
    return this.#edits.current(post);
  }

  /** Whether a post has the person's name in it, or replies to one of the person's. @param {LogRecord} post @param {string} me */
  isMentionOf({ type, text, reply }, me) {
    if (type !== "post") return false;
    return mentions(text, me) || sameName(this.recordAt(reply)?.user ?? "", me);
  }

  /** What a post will say once the unsent edits are stored; null: deleted. @param {number} seq */
  textAfterUnsent(seq) {
    const edit = [...this.unsent.values()].findLast(({ submission, rejection }) => submission.target === seq && !rejection)?.submission;
    if (edit) return edit.text ?? null;
    const record = this.recordAt(seq);
    return record ? this.currentText(record).text : null;
  }

  /** The newest loaded post of a user that is not deleted. @param {string} user */
  lastPostOf(user) {
    for (const item of this.items.toReversed()) {
      if (!("record" in item) || item.record.type !== "post" || !sameName(item.record.user, user)) continue;
      const text = this.textAfterUnsent(item.record.seq);
      if (text !== null) return { seq: item.record.seq, text };
    }
    return null;
  }

  /** The index of a record, and the key of its row. @param {number} seq */
  locate(seq) {
    const at = this.items.findIndex((each) => "record" in each && each.record.seq === seq);
    const item = this.items[at];
    return item ? { index: this.base + at, key: item.key } : null;
  }

  /** @param {number} [seq] */
  recordAt(seq) {
    return seq === undefined ? undefined : this.#itemAt(seq)?.record;
  }

  /** @param {number} seq */
  #itemAt(seq) {
    const item = this.items.findLast((each) => "record" in each && each.record.seq === seq);
    return item && "record" in item ? item : undefined;
  }

  /** @param {LogRecord} edit An edit or a delete. */
  #applyEdit(edit) {
    const { target } = edit;
    this.#edits.apply(edit);
    const item = this.#itemAt(target);
    if (!item) return;
    item.record = this.#edits.withoutDeleted(item.record);
    if (!item.record.deleted) return;
    if (this.editing?.seq === target) this.editing = null;
    this.#unread.recount(this.items);
  }

  #trim() {
    const isFull = this.items.length > MAX_ITEMS_SCROLLED;
    const free = isFull ? Infinity : this.firstInView - this.base;
    if (free < MAX_ITEMS / 10) return;
    this.base += this.items.splice(0, MAX_ITEMS / 10).length;
    const first = this.items.find((item) => "record" in item);
    if (first) this.oldest = first.record.seq;
  }

  // ---- Unread messages ----

  get unread() {
    return this.#unread.count;
  }

  get mentions() {
    return this.#unread.mentions;
  }

  /** The seq of the first message under the "New" rule. */
  get newFrom() {
    return this.#unread.first;
  }

  hideNewRule() {
    this.#unread.first = null;
  }

  /** Whether messages that are not loaded are unread as well. */
  get hasMoreUnread() {
    return this.unread > 0 && this.hasOlder && (this.oldest ?? 0) > this.#unread.readPosition.at + 1;
  }

  /** Marks all as read, unless missed messages are still arriving. */
  markRead() {
    if (this.oldest !== null && this.isCaughtUp) this.#unread.markRead(this.newest);
  }

  /** The read marker that the server does not have yet, or null. */
  get unsentMarker() {
    return this.#unread.readPosition.unsent;
  }

  markerSent() {
    this.#unread.readPosition.sent();
  }

  /** The person read up to this seq on another device. @param {number} seq */
  markedElsewhere(seq) {
    this.#unread.readPosition.readElsewhere(seq);
    this.#unread.recount(this.items);
  }

  // ---- Members ----

  /** Replaces the members. @param {{ [field: string]: any }} message */
  membersListed({ members, count, away }) {
    this.members.replace(members ?? null, count ?? members?.length ?? 0, away ?? []);
    for (const member of members ?? []) this.setPeerSpelling(member);
  }

  /** Spells the name of the peer as the peer does: the room's name has it in lower case. @param {string} user */
  setPeerSpelling(user) {
    if (this.peer !== null && sameName(user, this.peer)) this.peer = user;
  }

  /**
   * Successive joins and leaves become one item, a presence summary, in which a return cancels a leave.
   * @param {Message} message @param {string} me @param {number} now
   */
  presence({ user, state, count, away }, me, now) {
    this.members.count = count;
    if (!user || (state !== "joined" && state !== "left")) return;
    this.setPeerSpelling(user);
    this.members.update(user, state);
    this.members.setAway(user, away ?? null);
    if (state === "left") this.typing.delete(user);
    if (sameName(user, me)) return;

    const last = this.items.at(-1);
    if (!last || !("presence" in last)) {
      this.#keyCount += 1;
      this.items.push({ key: `presence ${this.#keyCount}`, at: now, presence: new Map([[user, state]]) });
      return;
    }
    const before = last.presence.get(user);
    if (before && before !== state) last.presence.delete(user);
    else last.presence.set(user, state);
    if (last.presence.size === 0) this.items.pop();
  }

  /** @param {string} from @param {string} to */
  renamed(from, to) {
    if (this.members.rename(from, to)) this.note(`${from} is now known as ${to}`);
  }
}
