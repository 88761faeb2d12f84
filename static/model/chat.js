// The rooms of a person, and what becomes of them as the machine and the server speak.
// May not know: the DOM, sockets, storage, clocks. When something happened comes in by argument.

import { awayText } from "./members.js";
import { Room } from "./room.js";
import { memoryStorage } from "../storage/store.js";
import { Preferences } from "../storage/preferences.js";
import { isRecord } from "../protocol/messages.js";
import { isPrivate, sameName } from "../protocol/names.js";

/** Who is typing is believed this long: a little more than the time between two signs of it. */
const TYPING_SHOWN_MS = 5_000;

export class Chat {
  me = "";
  /** @type {string | null} Why we are away, if we are. */ away = null;
  /** @type {Map<string, Room>} */ rooms = new Map();
  /** @type {Room | null} The one on the screen. */ room = null;
  /** @type {string[]} Rooms that the server told of. */ knownRooms = [];
  /** As it names itself and its version. */ server = "";
  /** Answers that were asked for by a command, so that the room shows them. @type {Set<string>} */ expectedReplies = new Set();

  /** What the person does not want to see or hear. @type {Preferences} */ preferences;

  constructor(preferences = new Preferences(memoryStorage())) {
    this.preferences = preferences;
  }

  /** As they stand in the list: everybody's, then those of two. */
  get listed() {
    const all = [...this.rooms.values()];
    return [...all.filter(({ peer }) => !peer), ...all.filter(({ peer }) => peer)];
  }

  /** What is unread, in rooms that are not muted. */
  get unread() {
    return this.#unmuted.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** The same of other rooms than the one on the screen. */
  get unreadElsewhere() {
    return this.#unmuted.reduce((sum, room) => sum + (room === this.room ? 0 : room.unread), 0);
  }

  /** Unread lines that are meant for one alone, or have one's name. */
  get unreadMentions() {
    return this.#unmuted.reduce((sum, { peer, unread, mentions }) => sum + (peer ? unread : mentions), 0);
  }

  get #unmuted() {
    return [...this.rooms.values()].filter(({ name }) => !this.preferences.isMuted(name));
  }

  /** Lines, or what was asked to be done to them, that were refused: cids. */
  get failedCids() {
    return [...this.rooms.values()].flatMap(({ unsent }) => [...unsent.values()]).filter(({ rejection: refusal }) => refusal).map(({ submission: line }) => line.cid);
  }

  /** Who wrote last to us alone, or null. */
  get lastDirectSender() {
    const said = this.listed.filter(({ peer }) => peer).flatMap(({ peer, items }) => {
      const last = items.findLast((item) => "record" in item && item.record.type === "post" && !sameName(item.record.user, this.me));
      return last && "record" in last ? [{ peer, at: last.record.at }] : [];
    });
    return said.sort((a, b) => a.at - b.at).at(-1)?.peer ?? null;
  }

  /** @param {string} name */
  ensureRoom(name) {
    const room = this.rooms.get(name) ?? new Room(name, this.me);
    this.rooms.set(name, room);
    return room;
  }

  /** Shows a room, or none. @param {string | null} name */
  show(name) {
    if (this.room && this.room.name !== name && !this.room.unread) this.room.hideNewRule();
    this.room = name ? this.ensureRoom(name) : null;
  }

  /** The room above (-1) or below; `isUnread`: the next with something unread. @param {number} by @param {boolean} isUnread */
  neighbour(by, isUnread) {
    const all = this.listed;
    const here = this.room ? all.indexOf(this.room) : 0;
    for (let i = 1; i < all.length; i += 1) {
      const room = all.at((here + by * i) % all.length);
      if (room && (room.unread || !isUnread)) return room.name;
    }
    return null;
  }

  /** @param {number} now */
  typingUsers(now) {
    return [...this.room?.typing ?? []].filter(([, until]) => until > now).map(([user]) => user);
  }

  /** The next record of a room; `isSeen`: its newest line is in view. @param {import("../protocol/messages.js").LogRecord} record @param {boolean} isSeen */
  addRecord(record, isSeen) {
    const isQuiet = sameName(record.user, this.me) || this.preferences.isIgnored(record.user);
    this.rooms.get(record.room)?.add(record, isQuiet, isSeen, this.me);
  }

  // ---- Lines of ours ------------------------------------------------------------------------------

  /** @param {import("../protocol/outbox.js").Submission} line @param {number} now */
  pending(line, now) {
    this.ensureRoom(line.room).unsent.set(line.cid, { submission: line, at: now, rejection: null });
  }

  /** @param {{ cid: string, seq: number }} stored */
  stored({ cid, seq }) {
    this.#roomOf(cid)?.stored(cid, seq);
  }

  /** @param {{ cid: string, code: string, message: string }} refusal */
  failed(refusal) {
    const unsent = this.#roomOf(refusal.cid)?.unsent.get(refusal.cid);
    if (unsent) unsent.rejection = refusal;
  }

  /** @param {string} cid */
  dropped(cid) {
    this.#roomOf(cid)?.unsent.delete(cid);
  }

  /** What was asked to be done to lines of a room, and is not done: cids. @param {string} name */
  unsentEdits(name) {
    return [...this.rooms.get(name)?.unsent.values() ?? []].filter(({ submission: line }) => line.target !== undefined).map(({ submission: line }) => line.cid);
  }

  /** Whether it is something to be done to a line. @param {string} cid */
  isEdit(cid) {
    return this.#roomOf(cid)?.unsent.get(cid)?.submission.target !== undefined;
  }

  /** @param {string} cid */
  #roomOf(cid) {
    return [...this.rooms.values()].find(({ unsent }) => unsent.has(cid));
  }

  // ---- What the server says of rooms and people ---------------------------------------------------

  /** @param {import("../protocol/messages.js").Message} message @param {number} now */
  received(message, now) {
    const room = this.rooms.get(message.room);
    switch (message.type) {
      case "joined": return this.ensureRoom(message.room).joined(message); // asked for, or brought into a private one
      case "marked": return room?.markedElsewhere(message.seq);
      case "presence": return room?.presence(message, this.me, now);
      case "typing": return void room?.typing.set(message.user, now + TYPING_SHOWN_MS);
      case "members":
        room?.membersListed(message);
        if (this.expectedReplies.delete("members")) room?.note(here(room.members));
        return;
      case "away": return this.#setAway(message, message.text);
      case "back": return this.#setAway(message, null);
      case "welcome": return void (this.away = message.away ?? null);
      case "rooms":
        this.knownRooms = message.rooms.map((/** @type {{ name: string }} */ { name }) => name);
        if (this.expectedReplies.delete("rooms")) this.room?.note("Rooms:", { rooms: this.knownRooms });
        this.knownRooms = this.knownRooms.filter((name) => !isPrivate(name)); // those are not joined by typing their names
        return;
      case "renamed":
        for (const each of this.rooms.values()) each.renamed(message.user, message.to);
        return;
      default:
        // Of a later version: it takes its place, and that is all.
        if (room && isRecord(message)) room.newest = message.seq;
    }
  }

  /** @param {import("../protocol/messages.js").Message} message @param {string | null} text */
  #setAway({ room, user }, text) {
    this.rooms.get(room)?.members.setAway(user, text);
    if (sameName(user, this.me)) this.away = text; // said here, or on another device of ours
  }
}

/** `Here: ann, bob (away: lunch)` @param {import("./members.js").Members} people */
function here(people) {
  const shown = (people.names ?? []).map((user) => {
    const why = people.awayMessage(user);
    return why === null ? user : `${user} (${awayText(why)})`;
  });
  return `Here: ${shown.join(", ")}`;
}
