// A room as its person sees it: what was said, who is there, what is still unread.
// May not know: the DOM, sockets, clocks. When something happened comes in by argument.

import { sameName } from "./wire.js";

/**
 * @typedef {import("./wire.js").Entry} Entry
 * @typedef {import("./outbox.js").Line} Line
 * @typedef {{ line: Line, at: number, refusal: import("./outbox.js").Refusal | null }} Unsent
 * @typedef {{ key: string, record: Entry }
 *   | { key: string, at: number, moves: Map<string, "joined" | "left"> }
 *   | { key: string, missing: number }
 *   | { key: string, note: string, rooms?: string[] }} Item One thing of a room, in its place.
 */

/** Items kept of one room; older ones can be asked for again. */
const KEPT = 5_000;

export class Room {
  /** The oldest kept seq, and the head when this room was first joined: nothing up to it is news. */
  first = 0;
  /** @type {number | null} */ firstHead = null;
  /** @type {Item[]} */ items = [];
  /** The place of items[0] among all: goes down as older items come, up as they are let go. */
  base = 0;
  /** @type {Map<string, Unsent>} */ unsent = new Map();
  /** @type {string[] | null} Null in a crowd, whose members nobody lists. */ members = null;
  count = 0;
  /** @type {Map<string, number>} Who is typing, and until when to believe it. */ typing = new Map();
  unread = 0;
  /** @type {number | null} The seq under the "new" rule. */ newFrom = null;
  isAskingOlder = false;
  #notes = 0;
  /** @type {Map<number, string>} */ #cids = new Map();

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** The place after the last item. */
  get end() {
    return this.base + this.items.length;
  }

  /** @returns {Entry | undefined} */
  get oldest() {
    return this.items.find((item) => "record" in item)?.record;
  }

  get hasOlder() {
    const { oldest } = this;
    return oldest !== undefined && oldest.seq > Math.max(this.first, 1);
  }

  /** @param {import("./wire.js").Message} message */
  joined({ first, head, members, count }) {
    this.first = first;
    this.firstHead ??= head;
    this.members = members ?? null;
    this.count = count;
  }

  /** @param {string[]} members */
  listed(members) {
    this.members = members;
    this.count = members.length;
  }

  /** @param {Entry} record @param {boolean} isNews Whether it is somebody else's and nobody looked. */
  add(record, isNews) {
    const cid = this.#cids.get(record.seq);
    this.#cids.delete(record.seq);
    this.items.push({ key: cid ? `cid ${cid}` : `seq ${record.seq}`, record });
    this.typing.delete(record.user);
    if (isNews && record.seq > (this.firstHead ?? 0)) {
      if (this.unread === 0) this.newFrom = record.seq;
      this.unread += 1;
    }
    if (this.items.length > KEPT) this.base += this.items.splice(0, KEPT / 10).length;
  }

  /** A page from before the oldest record. @param {Entry[]} records @param {number} first */
  addOlder(records, first) {
    this.first = first;
    this.isAskingOlder = false;
    const { oldest } = this;
    const older = records.filter((record) => !oldest || record.seq < oldest.seq);
    if (older.length === 0 && oldest) this.first = oldest.seq;
    this.items.unshift(...older.map((record) => ({ key: `seq ${record.seq}`, record })));
    this.base -= older.length;
  }

  /** The line is about to come back as a record: it keeps its place on the screen. @param {string} cid @param {number} seq */
  stored(cid, seq) {
    this.unsent.delete(cid);
    this.#cids.set(seq, cid);
  }

  /** The connection is gone, and with it what was only news. */
  cut() {
    this.typing.clear();
    this.isAskingOlder = false;
  }

  /** Another log has taken the place of the one we followed. */
  reset() {
    this.items = [];
    this.base = 0;
    this.firstHead = null;
    this.newFrom = null;
    this.unread = 0;
    this.note("This room was started afresh; what stood here before is gone.");
  }

  /** @param {number} next The oldest seq there is; all between it and our last one is gone. */
  gap(next) {
    const last = this.items.findLast((item) => "record" in item)?.record;
    this.items.push({ key: `gap ${next}`, missing: last ? next - last.seq - 1 : next - 1 });
  }

  /** A word of ours to the person alone. @param {string} note @param {string[]} [rooms] */
  note(note, rooms) {
    this.#notes += 1;
    this.items.push({ key: `note ${this.#notes}`, note, rooms });
  }

  /**
   * Comings and goings in a row are one item, in which a return undoes a leaving.
   * @param {import("./wire.js").Message} message @param {string} me @param {number} now
   */
  presence({ user, state, count }, me, now) {
    this.count = count;
    if (!user || (state !== "joined" && state !== "left")) return;
    this.#member(user, state);
    if (state === "left") this.typing.delete(user);
    if (sameName(user, me)) return;

    const last = this.items.at(-1);
    if (!last || !("moves" in last)) {
      this.#notes += 1;
      this.items.push({ key: `moves ${this.#notes}`, at: now, moves: new Map([[user, state]]) });
      return;
    }
    const before = last.moves.get(user);
    if (before && before !== state) last.moves.delete(user);
    else last.moves.set(user, state);
    if (last.moves.size === 0) this.items.pop();
  }

  /** @param {string} from @param {string} to */
  renamed(from, to) {
    if (!this.members?.includes(from)) return;
    this.#member(from, "left");
    this.#member(to, "joined");
    this.note(`${from} is now ${to}`);
  }

  /** @param {string} user @param {"joined" | "left"} state */
  #member(user, state) {
    if (!this.members) return;
    const others = this.members.filter((member) => member !== user);
    this.members = state === "left" ? others : [...others, user].sort((a, b) => a.localeCompare(b));
  }
}
