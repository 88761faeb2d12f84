// One room as the person sees it: its records and notes, its members, what is unsent and what is unread.

import { isPrivate, isUserName, peerOf, sameName } from "../protocol/names.js";
import { Edits, isEdit } from "./edits.js";
import { HistoryWindow, MAX_EMPTY_PAGES } from "./history-window.js";
import { Members } from "./members.js";
import { mentions } from "./mentions.js";
import { OwnNames } from "./own-names.js";
import { Unread } from "./unread.js";

/**
 * @import { LogRecord, Message } from "../protocol/messages.js"
 * @import { Rejection, Submission } from "../protocol/outbox.js"
 * @import { HistoryPage } from "./history-window.js"
 * @import { SearchResult } from "./search.js"
 * @import { RecordItem } from "./unread.js"
 * @typedef {{ submission: Submission, at: number, rejection: Rejection | null }} Unsent
 * @typedef {RecordItem
 *   | { key: string, presence: Map<string, "joined" | "left">, renames: Map<string, string> }
 *   | { key: string, missing: number }
 *   | { key: string, note: string, rooms?: string[], peers?: Map<string, string>, records?: LogRecord[], words?: string }} Item One thing that the room
 *   shows. `renames`: the name before, by the name now; `records`: found by a search for `words`.
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
  /** Whether to say, once its readable messages are shown, that the rest is damaged on the server. */ #isDamageUnsaid = false;
  #isDamageSaid = false;
  /** Who is typing, and until when to show it. @type {Map<string, number>} */ typing = new Map();
  /** The own message that is being edited, and its new text. @type {{ seq: number, text: string } | null} */ editing = null;
  /** The seq that the next message replies to. @type {number | null} */ replyingTo = null;
  /** Older records, away from the newest ones, while the person is there. @type {HistoryWindow | null} */ window = null;
  isLoadingOlder = false;
  /** How many pages of older records came, one after the other, with none to show. */ emptyPages = 0;
  /** The keys of long messages that are shown whole. @type {Set<string>} */ unfolded = new Set();
  /** The loaded records by seq. @type {Map<number, RecordItem>} */ #bySeq = new Map();
  /** The head at the last join: records up to it are history, later ones are live. */
  #head = 0;
  #unread = new Unread();
  /** Whether `#unread` has to be counted again: once before it is shown, not for each of many deletes. */ #isUnreadStale = false;
  #edits = new Edits();
  #keyCount = 0;
  #ownNames;
  /** The cids of stored submissions whose records are to come, by seq. @type {Map<number, string>} */ #cids = new Map();

  /**
   * @param {string} name @param {string} [me] Needed for a private room.
   * @param {{ peer?: string, ownNames?: OwnNames }} [known] The other person of a private room, as the page has stored
   *   it; and the names that the person has or had.
   */
  constructor(name, me = "", { peer, ownNames = new OwnNames() } = {}) {
    this.name = name;
    this.#ownNames = ownNames;
    /** The other person of a private room, else null. */
    this.peer = isPrivate(name) ? peer ?? peerOf(name, me) ?? name : null;
  }

  /** Whether a record under this name is the person's own. @param {string} user @param {string} me */
  isOwn(user, me) {
    return sameName(user, me) || this.#ownNames.has(user);
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

  /** Whether the person has to ask for more pages, because many showed nothing: edits can fill any number of them. */
  get isLoadingPaused() {
    return this.hasOlder && this.emptyPages >= MAX_EMPTY_PAGES;
  }

  get hasOlder() {
    return this.oldest !== null && this.oldest > Math.max(this.first, 1);
  }

  /** The items here are followed by no others that would have to be loaded. */
  get hasNewer() {
    return false;
  }

  /** What the message list shows: older records, or the newest. @returns {Room | HistoryWindow} */
  get shown() {
    return this.window ?? this;
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
  joined({ first, head, since, members, count, away, absent_members, absent, topic, marked, damaged, peer }) {
    this.setPeer(peer);
    this.first = first;
    this.oldest ??= since + 1;
    if (since > this.newest) this.newest = since;
    this.#head = head;
    this.membersListed({ members, count, away });
    this.members.joined(absent_members ?? undefined, absent ?? undefined);
    this.topic = topic ?? "";
    // Without a read marker nothing is unread, except in a private room.
    this.#unread.readPosition.joined(marked ?? null, this.peer ? 0 : head);
    this.#unread.recount(this.items);
    this.#isDamageUnsaid = Boolean(damaged) && !this.#isDamageSaid;
    this.#noteDamage();
  }

  /** Says below the last readable message that the server cannot read what follows. */
  #noteDamage() {
    if (!this.#isDamageUnsaid || !this.isCaughtUp) return;
    [this.#isDamageUnsaid, this.#isDamageSaid] = [false, true];
    this.note(`This room is damaged on the server after message ${this.#head}: what follows cannot be read, and nothing new is stored until the server’s operator repairs it.`);
  }

  /** @param {LogRecord} record @param {boolean} isQuiet @param {boolean} isSeen Whether the newest message is in view. @param {string} [me] */
  add(record, isQuiet, isSeen, me = "") {
    const { seq, type, user } = record;
    const cid = this.#cids.get(seq);
    this.#cids.delete(seq);
    this.newest = seq;
    this.typing.delete(user);
    this.setPeerSpelling(user);
    if (isEdit(record)) {
      this.#applyEdit(record);
      return this.#noteDamage();
    }
    if (type === "topic" && this.isLive(seq)) this.topic = record.text;
    const isMention = !isQuiet && this.isMentionOf(record, me);
    const item = { key: cid ? `cid ${cid}` : `seq ${seq}`, record: this.#edits.withoutDeleted(record), isQuiet, isMention };
    this.items.push(item);
    this.#bySeq.set(seq, item);
    if (isSeen && this.isLive(seq)) this.markRead();
    else this.#unread.add(record, isQuiet, isMention);
    if (this.items.length > MAX_ITEMS) this.#trim();
    this.#noteDamage();
  }

  /** Adds a page from before the oldest record. @param {LogRecord[]} records @param {number} first @param {string} me @param {(user: string) => boolean} [isIgnored] */
  addOlder(records, first, me, isIgnored = () => false) {
    this.first = first;
    this.isLoadingOlder = false;
    const older = records.filter(({ seq }) => this.oldest === null || seq < this.oldest);
    if (older.length === 0) this.first = this.oldest ?? first;
    else this.oldest = older[0]?.seq ?? null;
    const shown = this.#itemsOf(older, me, isIgnored);
    this.emptyPages = shown.some(({ record }) => !isIgnored(record.user)) ? 0 : this.emptyPages + 1;
    this.items.unshift(...shown);
    this.base -= shown.length;
    this.#unread.recount(this.items);
  }

  /** The items of loaded records, whose edits are applied. @param {LogRecord[]} records @param {string} me @param {(user: string) => boolean} isIgnored */
  #itemsOf(records, me, isIgnored) {
    for (const record of records) if (isEdit(record)) this.#applyEdit(record);
    const items = records.filter(({ type }) => type === "post" || type === "topic").map((record) => {
      const isQuiet = this.isOwn(record.user, me) || isIgnored(record.user);
      const item = { key: `seq ${record.seq}`, record: this.#edits.withoutDeleted(record), isQuiet, isMention: false };
      this.#bySeq.set(record.seq, item);
      return item;
    });
    for (const item of items) item.isMention = !item.isQuiet && this.isMentionOf(item.record, me); // some reply to others of the page
    return items;
  }

  // ---- Older records, away from the newest ----

  /**
   * Shows a page of old records in place of the newest, which stay as they are and go on growing. A page that reaches
   * them is added to them.
   * @param {HistoryPage} page @param {string} me @param {(user: string) => boolean} [isIgnored]
   */
  openWindow(page, me, isIgnored = () => false) {
    this.closeWindow();
    this.first = page.first;
    const { oldest } = this;
    const [first] = page.records;
    if (oldest === null || !first || first.seq >= oldest) return;
    if ((page.records.at(-1)?.seq ?? 0) + 1 >= oldest) return this.addOlder(page.records, page.first, me, isIgnored);
    this.window = new HistoryWindow(this, first.seq);
    this.firstInView = Infinity;
    this.addNewer(page, me, isIgnored);
  }

  /** Adds a page to the older records that are shown, above them. @param {HistoryPage} page @param {string} me @param {(user: string) => boolean} [isIgnored] */
  addAbove(page, me, isIgnored = () => false) {
    const { window } = this;
    if (!window) return;
    this.first = page.first;
    const records = page.records.filter(({ seq }) => seq < window.oldest);
    if (records.length === 0) this.first = window.oldest;
    this.#applyLaterEdits(page);
    this.#forget(window.addOlder(records, this.#itemsOf(records, me, isIgnored)));
  }

  /** Adds a page below them; once they reach the newest records, they are one. @param {HistoryPage} page @param {string} me @param {(user: string) => boolean} [isIgnored] */
  addNewer(page, me, isIgnored = () => false) {
    const { window, oldest } = this;
    if (!window || oldest === null) return;
    const records = page.records.filter(({ seq }) => seq > window.newest && seq < oldest);
    this.#applyLaterEdits(page);
    this.#forget(window.addNewer(records, this.#itemsOf(records, me, isIgnored)));
    const reachesNewest = records.length === 0 || window.newest + 1 >= oldest;
    if (!reachesNewest) return;
    // The indexes of the window stay, because the list shows it; those of the newest items move.
    this.items.unshift(...window.items);
    this.base = window.base;
    this.oldest = window.oldest;
    this.emptyPages = window.emptyPages;
    this.window = null;
    this.#unread.recount(this.items);
  }

  /** Goes back to the newest records. */
  closeWindow() {
    if (this.window) this.#forget(this.window.items);
    this.window = null;
  }

  /** @param {HistoryPage} page */
  #applyLaterEdits({ edits }) {
    for (const edit of edits ?? []) if (isEdit(edit)) this.#applyEdit(edit);
  }

  /** @param {Item[]} items Items that are no longer loaded. */
  #forget(items) {
    for (const item of items) if ("record" in item && this.#bySeq.get(item.record.seq) === item) this.#bySeq.delete(item.record.seq);
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
    this.window?.disconnected();
    this.#unread.readPosition.disconnected();
  }

  /** The room has another log now, or lost records of this one: forgets all that is shown. */
  reset() {
    this.items = [];
    this.window = null;
    this.#bySeq.clear();
    this.unfolded.clear();
    this.emptyPages = 0;
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

  /** Shows a text to this person only. @param {string} note @param {{ rooms?: string[], peers?: Map<string, string>, records?: LogRecord[], words?: string }} [links] */
  note(note, links) {
    this.#keyCount += 1;
    this.items.push({ key: `note ${this.#keyCount}`, note, ...links });
  }

  /** @param {SearchResult} result */
  searchFinished({ text, records, isComplete }) {
    const count = records.length === 1 ? "1 message with" : `${records.length} messages with`;
    if (records.length === 0) return this.note(`No messages with “${text}”`);
    this.note(`${count} “${text}”${isComplete ? "" : "; there may be older ones"}:`, { records, words: text });
  }

  // ---- Posts and their edits ----

  /** @param {LogRecord} post */
  currentText(post) {
    return this.#edits.current(post);
  }

  /** Whether a post has the person's name in it, or replies to one of the person's. @param {LogRecord} post @param {string} me */
  isMentionOf({ type, text, reply }, me) {
    if (type !== "post") return false;
    return mentions(text, me) || this.isOwn(this.recordAt(reply)?.user ?? "", me);
  }

  /** What a post will say once the unsent edits are stored; null: deleted. @param {number} seq */
  textAfterUnsent(seq) {
    const edit = [...this.unsent.values()].findLast(({ submission, rejection }) => submission.target === seq && !rejection)?.submission;
    if (edit) return edit.text ?? null;
    const record = this.recordAt(seq);
    return record ? this.currentText(record).text : null;
  }

  /** The person's newest loaded post that is not deleted. @param {string} me */
  lastOwnPost(me) {
    for (const item of this.items.toReversed()) {
      if (!("record" in item) || item.record.type !== "post" || !this.isOwn(item.record.user, me)) continue;
      const text = this.textAfterUnsent(item.record.seq);
      if (text !== null) return { seq: item.record.seq, text };
    }
    return null;
  }

  /** The newest loaded posts that are not deleted, as they read now, oldest first. @param {number} count @param {(user: string) => boolean} isIgnored @returns {LogRecord[]} */
  newestPosts(count, isIgnored) {
    const posts = [];
    for (let i = this.items.length - 1; i >= 0 && posts.length < count; i -= 1) {
      const item = this.items[i];
      if (!item || !("record" in item) || item.record.type !== "post" || isIgnored(item.record.user)) continue;
      const { text } = this.currentText(item.record);
      if (text !== null) posts.unshift({ ...item.record, text });
    }
    return posts;
  }

  /** Whether a record is loaded: one that is not shown itself, too. @param {number} seq */
  isLoaded(seq) {
    return [this.shown, this].some(({ oldest, newest }) => oldest !== null && seq >= oldest && seq <= newest);
  }

  /**
   * The first message of a time (Unix ms) or later, if that can be said without loading; null: all are older;
   * undefined: one that is not loaded may be meant.
   * @param {number} at
   */
  locateSince(at) {
    const records = this.items.flatMap((item) => ("record" in item ? [item.record] : []));
    if ((records.at(-1)?.at ?? 0) < at) return records.length || !this.hasOlder ? null : undefined;
    const first = records.find((record) => record.at >= at);
    const isFirstOfAll = first === records[0] && this.hasOlder;
    return first && !isFirstOfAll ? this.#locateIn(this, (record) => record === first) : undefined;
  }

  /** The first loaded record that is meant, of those that the list shows, or else of the newest. @param {(record: LogRecord) => boolean} isMeant */
  locate(isMeant) {
    return this.#locateIn(this.shown, isMeant) ?? this.#locateIn(this, isMeant);
  }

  /** The index of a record, and the key of its row. @param {Room | HistoryWindow} range @param {(record: LogRecord) => boolean} isMeant */
  #locateIn(range, isMeant) {
    const at = range.items.findIndex((each) => "record" in each && isMeant(each.record));
    const item = range.items[at];
    return item && "record" in item ? { index: range.base + at, key: item.key, seq: item.record.seq, isNewest: range === this } : null;
  }

  /** @param {number} [seq] */
  recordAt(seq) {
    return seq === undefined ? undefined : this.#bySeq.get(seq)?.record;
  }

  /** @param {LogRecord} edit An edit or a delete. */
  #applyEdit(edit) {
    const { target } = edit;
    this.#edits.apply(edit);
    const item = this.#bySeq.get(target);
    if (!item) return;
    item.record = this.#edits.withoutDeleted(item.record);
    if (!item.record.deleted) return;
    if (this.editing?.seq === target) this.editing = null;
    this.#isUnreadStale = true;
  }

  #trim() {
    const isFull = this.items.length > MAX_ITEMS_SCROLLED;
    const free = isFull ? Infinity : this.firstInView - this.base;
    if (free < MAX_ITEMS / 10) return;
    const dropped = this.items.splice(0, MAX_ITEMS / 10);
    this.#forget(dropped);
    this.base += dropped.length;
    const first = this.items.find((item) => "record" in item);
    if (first) this.oldest = first.record.seq;
  }

  // ---- Unread messages ----

  get unread() {
    return this.#counted.count;
  }

  get mentions() {
    return this.#counted.mentions;
  }

  /** The seq of the first message under the "New" rule. */
  get newFrom() {
    return this.#counted.first;
  }

  get #counted() {
    if (this.#isUnreadStale) this.#unread.recount(this.items);
    this.#isUnreadStale = false;
    return this.#unread;
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

  /** The server says who the other person of a private room is now. @param {unknown} peer */
  setPeer(peer) {
    if (this.peer !== null && typeof peer === "string" && isUserName(peer)) this.peer = peer;
  }

  /** Spells the name of the peer as the peer does: the room's name has it in lower case. @param {string} user */
  setPeerSpelling(user) {
    if (this.peer !== null && sameName(user, this.peer)) this.peer = user;
  }

  /** @param {Message} message @param {string} me */
  presence({ user, state, count, away, member }, me) {
    this.members.count = count;
    if (!user || (state !== "joined" && state !== "left")) return;
    this.setPeerSpelling(user);
    this.members.update(user, state, Boolean(member));
    this.members.setAway(user, away ?? null);
    if (state === "left") this.typing.delete(user);
    if (!sameName(user, me)) this.#summarize(user, state);
  }

  /** @param {string} from @param {string} to */
  renamed(from, to) {
    this.typing.delete(from);
    if (this.peer !== null && sameName(this.peer, from)) this.peer = to;
    if (this.members.rename(from, to)) this.#summarize(from, "renamed", to);
  }

  /**
   * Successive joins, leaves and renames become one item, a presence summary. In it a return cancels a leave, and of
   * the renames of a user only the first and the last name are left.
   * @param {string} user @param {"joined" | "left" | "renamed"} what @param {string} [to] The new name.
   */
  #summarize(user, what, to = user) {
    let last = this.items.at(-1);
    if (!last || !("presence" in last)) {
      this.#keyCount += 1;
      last = { key: `presence ${this.#keyCount}`, presence: new Map(), renames: new Map() };
      this.items.push(last);
    }
    const { presence, renames } = last;
    const name = renames.get(user) ?? user; // the user's name when the summary began
    const before = presence.get(name);
    renames.delete(user);
    if (what !== "renamed") {
      if (before && before !== what) presence.delete(name);
      else presence.set(name, what);
    } else if (before === "joined") {
      presence.delete(name);
      presence.set(to, before);
    } else if (name !== to) {
      renames.set(to, name);
    }
    if (presence.size + renames.size === 0) this.items.pop();
  }
}
