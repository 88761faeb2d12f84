// A room as its person sees it: what was said, who is there, what is still unread.
// May not know: the DOM, sockets, clocks. When something happened comes in by argument.

import { Edits, isEdit } from "./edits.js";
import { ReadMarker } from "./read-marker.js";
import { mentions } from "./mentions.js";
import { Members } from "./members.js";
import { isPrivate, peerOf, sameName } from "../protocol/names.js";

/**
 * @typedef {import("../protocol/messages.js").LogRecord} Entry
 * @typedef {import("../protocol/outbox.js").Submission} Line
 * @typedef {{ submission: Line, at: number, rejection: import("../protocol/outbox.js").Rejection | null }} Unsent
 * @typedef {{ key: string, record: Entry, isQuiet: boolean, isMention: boolean }
 *   | { key: string, at: number, presence: Map<string, "joined" | "left"> }
 *   | { key: string, missing: number }
 *   | { key: string, note: string, rooms?: string[], records?: Entry[] }} Item One thing of a room, in its place.
 *   `isQuiet`: nothing to be read, for it is one's own, or of somebody whom one ignores.
 */

/** Items kept of one room; older ones can be asked for again. */
const MAX_ITEMS = 5_000;

/** Items kept at most, where somebody reads far back. */
const MAX_ITEMS_SCROLLED = 120_000;

export class Room {
  /** The oldest seq that the server keeps. */
  first = 0;
  /** The lowest and the highest seq that were heard, without a hole; null before the first `joined`. */
  /** @type {number | null} */ oldest = null;
  newest = 0;
  /** @type {Item[]} What is shown; edits and deletes are not, they change what is. */ items = [];
  /** The place of items[0] among all: goes down as older items come, up as they are let go. */
  base = 0;
  /** The lowest place that somebody looks at: what stands there is kept. */
  firstInView = Infinity;
  /** @type {Map<string, Unsent>} */ unsent = new Map();
  members = new Members();
  topic = "";
  /** @type {Map<string, number>} Who is typing, and until when to believe it. */ typing = new Map();
  unread = 0;
  /** How many of the unread lines have one's name. */
  mentions = 0;
  /** @type {number | null} The seq under the "new" rule. */ newFrom = null;
  /** @type {{ seq: number, text: string } | null} The line of ours that is being edited, and as what. */ editing = null;
  /** @type {number | null} The line that the next one answers. */ replyingTo = null;
  isLoadingOlder = false;
  /** The head when we joined last: nothing up to it is said right now. */
  #head = 0;
  #readMarker = new ReadMarker();
  #edits = new Edits();
  #keyCount = 0;
  /** @type {Map<number, string>} */ #cids = new Map();

  /** @param {string} name @param {string} [me] Whose room it is, if it is a private one. */
  constructor(name, me = "") {
    this.name = name;
    /** Whom one talks to here, where that is one person. */
    this.peer = isPrivate(name) ? peerOf(name, me) : null;
  }

  /** What a person calls it. */
  get label() {
    return this.peer ?? `#${this.name}`;
  }

  /** Null in a crowd, whose members nobody lists. */
  get memberNames() {
    return this.members.names;
  }

  /** The place after the last item. */
  get end() {
    return this.base + this.items.length;
  }

  get hasOlder() {
    return this.oldest !== null && this.oldest > Math.max(this.first, 1);
  }

  /** Whether all is here that was said before we joined. */
  get isCaughtUp() {
    return this.newest >= this.#head;
  }

  /** Whether a record is said right now, and was not waiting for us. @param {number} seq */
  isLive(seq) {
    return seq > this.#head;
  }

  /** Whether more is unread than was loaded. */
  get hasMoreUnread() {
    return this.unread > 0 && this.hasOlder && (this.oldest ?? 0) > this.#readMarker.at + 1;
  }

  /** @param {import("../protocol/messages.js").Message} message */
  joined({ first, head, since, members, count, away, topic, marked }) {
    this.first = first;
    this.oldest ??= since + 1;
    if (since > this.newest) this.newest = since;
    this.#head = head;
    this.membersListed({ members, count, away });
    this.topic = topic ?? "";
    // Who never read here has nothing to catch up with, unless it was written to them.
    this.#readMarker.joined(marked ?? null, this.peer ? 0 : head);
    this.#recount();
  }

  /** Who is here now. @param {{ [field: string]: any }} message */
  membersListed({ members, count, away }) {
    this.members.replace(members ?? null, count ?? members?.length ?? 0, away ?? []);
    for (const member of members ?? []) this.setPeerSpelling(member);
  }

  /** @param {Entry} record @param {boolean} isQuiet @param {boolean} isSeen Whether the newest line is in view. @param {string} [me] */
  add(record, isQuiet, isSeen, me = "") {
    const { seq, type, user } = record;
    const cid = this.#cids.get(seq);
    this.#cids.delete(seq);
    this.newest = seq;
    this.typing.delete(user);
    this.setPeerSpelling(user);
    if (isEdit(record)) return this.#applyEdit(record);
    if (type === "topic" && seq > this.#head) this.topic = record.text;
    const isMention = !isQuiet && this.isMentionOf(record, me);
    this.items.push({ key: cid ? `cid ${cid}` : `seq ${seq}`, record: this.#edits.withoutDeleted(record), isQuiet, isMention });
    if (isSeen && seq > this.#head) this.markRead();
    else if (this.#isUnread(record, isQuiet)) this.#count(seq, isMention);
    if (this.items.length > MAX_ITEMS) this.#trim();
  }

  /** A page from before the oldest record. @param {Entry[]} records @param {number} first @param {string} me @param {(user: string) => boolean} [isIgnored] */
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
    for (const item of shown) item.isMention = !item.isQuiet && this.isMentionOf(item.record, me); // some answer one another
    this.base -= shown.length;
    this.#recount();
  }

  /** The line is about to come back as a record: it keeps its place on the screen. @param {string} cid @param {number} seq */
  stored(cid, seq) {
    this.unsent.delete(cid);
    this.#cids.set(seq, cid);
  }

  /** The connection is gone, and with it what was only news. */
  disconnected() {
    this.typing.clear();
    this.isLoadingOlder = false;
    this.#readMarker.disconnected();
  }

  /** Another log has taken the place of the one we followed. */
  reset() {
    this.items = [];
    this.base = 0;
    this.oldest = null;
    this.newest = 0;
    this.#readMarker = new ReadMarker();
    this.#edits.clear();
    this.newFrom = null;
    this.editing = this.replyingTo = null;
    this.unread = this.mentions = 0;
    this.note("This room was started afresh; what stood here before is gone.");
  }

  /** @param {number} next The oldest seq there is; all between it and our last one is gone. */
  gap(next) {
    this.items.push({ key: `gap ${next}`, missing: next - this.newest - 1 });
  }

  /** A word of ours to the person alone. @param {string} note @param {{ rooms?: string[], records?: Entry[] }} [about] What it leads to. */
  note(note, about) {
    this.#keyCount += 1;
    this.items.push({ key: `note ${this.#keyCount}`, note, ...about });
  }

  /** @param {import("./search.js").SearchResult} found */
  searchFinished({ text, records, isComplete: isWhole }) {
    const count = records.length === 1 ? "One line has" : `${records.length} lines have`;
    if (records.length === 0) return this.note(`Nothing here has “${text}”`);
    this.note(`${count} “${text}”${isWhole ? "" : ", and older ones may"}:`, { records });
  }

  // ---- What was said, and what became of it ---------------------------------------------------------

  /** What a post says now. @param {Entry} post */
  currentText(post) {
    return this.#edits.current(post);
  }

  /** Whether a post is meant for one above others: it has the name, or answers a line of theirs. @param {Entry} post @param {string} me */
  isMentionOf({ type, text, reply }, me) {
    if (type !== "post") return false;
    return mentions(text, me) || sameName(this.recordAt(reply)?.user ?? "", me);
  }

  /** What a post will say once what is on its way is stored; null: nothing. @param {number} seq */
  textAfterUnsent(seq) {
    const coming = [...this.unsent.values()].findLast(({ submission: line, rejection: refusal }) => line.target === seq && !refusal)?.submission;
    if (coming) return coming.text ?? null;
    const record = this.recordAt(seq);
    return record ? this.currentText(record).text : null;
  }

  /** The last line of a person that stands here and was loaded. @param {string} user */
  lastPostOf(user) {
    for (const item of this.items.toReversed()) {
      if (!("record" in item) || item.record.type !== "post" || !sameName(item.record.user, user)) continue;
      const text = this.textAfterUnsent(item.record.seq);
      if (text !== null) return { seq: item.record.seq, text };
    }
    return null;
  }

  /** Where a record stands, and its row's key. @param {number} seq */
  locate(seq) {
    const at = this.items.findIndex((each) => "record" in each && each.record.seq === seq);
    const item = this.items[at];
    return item ? { index: this.base + at, key: item.key } : null;
  }

  /** What was said under a number, if it is loaded. @param {number} [seq] */
  recordAt(seq) {
    return seq === undefined ? undefined : this.#itemAt(seq)?.record;
  }

  /** @param {number} seq */
  #itemAt(seq) {
    const item = this.items.findLast((each) => "record" in each && each.record.seq === seq);
    return item && "record" in item ? item : undefined;
  }

  /** @param {Entry} change */
  #applyEdit(change) {
    const { target } = change;
    this.#edits.apply(change);
    const item = this.#itemAt(target);
    if (!item) return;
    item.record = this.#edits.withoutDeleted(item.record);
    if (!item.record.deleted) return;
    if (this.editing?.seq === target) this.editing = null;
    this.#recount();
  }

  #trim() {
    const isFull = this.items.length > MAX_ITEMS_SCROLLED;
    const free = isFull ? Infinity : this.firstInView - this.base;
    if (free < MAX_ITEMS / 10) return;
    this.base += this.items.splice(0, MAX_ITEMS / 10).length;
    const first = this.items.find((item) => "record" in item);
    if (first) this.oldest = first.record.seq;
  }

  // ---- What was read --------------------------------------------------------------------------------

  /** All that is here has been seen; while more of what was missed is on its way, nothing was. */
  markRead() {
    if (this.oldest === null || this.newest < this.#head) return;
    this.unread = this.mentions = 0;
    this.#readMarker.read(this.newest);
  }

  /** How far was read and not told yet, or null. */
  get unsentMarker() {
    return this.#readMarker.unsent;
  }

  markerSent() {
    this.#readMarker.sent();
  }

  /** It was read so far on another device. @param {number} seq */
  markedElsewhere(seq) {
    this.#readMarker.readElsewhere(seq);
    this.#recount();
  }

  #recount() {
    if (this.unread === 0 && this.newFrom !== null) return; // read already: the rule stays while one looks
    this.unread = this.mentions = 0;
    this.newFrom = null;
    for (const item of this.items.toReversed()) {
      if (!("record" in item)) continue;
      if (item.record.seq <= this.#readMarker.at) break;
      if (!this.#isUnread(item.record, item.isQuiet)) continue;
      this.unread += 1;
      if (item.isMention) this.mentions += 1;
      this.newFrom = item.record.seq;
    }
  }

  /** @param {number} seq @param {boolean} isMention */
  #count(seq, isMention) {
    if (this.unread === 0) this.newFrom = seq;
    this.unread += 1;
    if (isMention) this.mentions += 1;
  }

  /** @param {Entry} record @param {boolean} isQuiet */
  #isUnread({ type, seq, deleted }, isQuiet) {
    return type === "post" && !isQuiet && !deleted && seq > this.#readMarker.at;
  }

  // ---- Who is here ----------------------------------------------------------------------------------

  /** How the other one writes the name. @param {string} user */
  setPeerSpelling(user) {
    if (this.peer !== null && sameName(user, this.peer)) this.peer = user;
  }

  /**
   * Comings and goings in a row are one item, in which a return undoes a leaving.
   * @param {import("../protocol/messages.js").Message} message @param {string} me @param {number} now
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
    if (this.members.rename(from, to)) this.note(`${from} is now ${to}`);
  }
}
