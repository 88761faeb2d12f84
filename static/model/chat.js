// Chat: the rooms of the person, what is unsent and unread in them, and what the server says about rooms and users.

import { awayText } from "./members.js";
import { OwnNames } from "./own-names.js";
import { Room } from "./room.js";
import { memoryStorage } from "../storage/store.js";
import { Preferences } from "../storage/preferences.js";
import { isRecord } from "../protocol/messages.js";
import { MAX_MEMBERSHIPS } from "../protocol/subscriptions.js";
import { askedRoom, isPrivate, isUserName, peerOf, roomWith, sameName } from "../protocol/names.js";

/**
 * @import { LogRecord, Message } from "../protocol/messages.js"
 * @import { Submission } from "../protocol/outbox.js"
 */

/** How long a user is shown as typing: a little longer than the time between two `typing` messages. */
const TYPING_SHOWN_MS = 5_000;

export class Chat {
  me = "";
  ownNames = new OwnNames();
  /** Our away message, if we are away. @type {string | null} */ away = null;
  /** @type {Map<string, Room>} */ rooms = new Map();
  /** The room on the screen. @type {Room | null} */ room = null;
  /** The room that was on the screen before. @type {string | null} */ previous = null;
  /** The public rooms of the server's last list. @type {string[]} */ knownRooms = [];
  /** The rooms that the person has muted on all devices. @type {Set<string>} */ #muted = new Set();
  /** What that list says about them. @type {Map<string, { count: number, topic: string }>} */ roomInfo = new Map();
  /** Whether a text on the screen names a room that is not known: a new list may have it. */ isRoomUnknown = false;
  /** The other people of private rooms, as the server last said, by room. @type {Map<string, string>} */ peers = new Map();
  /** The server's name and version. */ server = "";
  /** Replies that a command requested, which the room will show. @type {Set<string>} */ expectedReplies = new Set();

  constructor(preferences = new Preferences(memoryStorage())) {
    this.preferences = preferences;
  }

  /** The rooms in the order of the list: first the public ones, then the private ones. */
  get listed() {
    const all = [...this.rooms.values()];
    return [...all.filter(({ peer }) => !peer), ...all.filter(({ peer }) => peer)];
  }

  /** The rooms, that on the screen first. */
  get fromHere() {
    return this.room ? [...new Set([this.room, ...this.listed])] : this.listed;
  }

  /** Unread messages in rooms that are not muted. */
  get unread() {
    return this.#unmuted.reduce((sum, { unread }) => sum + unread, 0);
  }

  /** The same without the room on the screen. */
  get unreadElsewhere() {
    return this.#unmuted.reduce((sum, room) => sum + (room === this.room ? 0 : room.unread), 0);
  }

  /** Unread messages in private rooms, and unread mentions. */
  get unreadMentions() {
    return this.#unmuted.reduce((sum, { peer, unread, mentions }) => sum + (peer ? unread : mentions), 0);
  }

  get #unmuted() {
    return [...this.rooms.values()].filter(({ name }) => !this.isMuted(name));
  }

  /** @param {string} name */
  isMuted(name) {
    return this.#muted.has(name) || this.preferences.isMuted(name);
  }

  /** Notes that the server knows a room to be muted, or no longer. What this browser kept of it goes. @param {string} name @param {boolean} isMuted */
  setMuted(name, isMuted) {
    if (isMuted) this.#muted.add(name);
    else this.#muted.delete(name);
    if (this.preferences.isMuted(name)) this.preferences.setMuted(name, false);
  }

  /** Takes the rooms that the person is in, in order; the others come after them. @param {{ room: string, peer?: string, muted?: boolean }[]} all */
  follow(all) {
    const listed = all.slice(0, MAX_MEMBERSHIPS);
    for (const { room, peer } of listed) this.ensureRoom(room).setPeer(peer);
    const first = listed.flatMap(({ room }) => this.rooms.get(room) ?? []);
    this.rooms = new Map([...new Set([...first, ...this.rooms.values()])].map((room) => [room.name, room]));
    this.#muted = new Set(listed.flatMap(({ room, muted }) => muted ? [room] : []));
  }

  get failedCids() {
    return [...this.rooms.values()].flatMap(({ unsent }) => [...unsent.values()]).filter(({ rejection }) => rejection).map(({ submission }) => submission.cid);
  }

  /** The user who last wrote in a private room, or null. */
  get lastDirectSender() {
    const said = this.listed.filter(({ peer }) => peer && !this.preferences.isIgnored(peer)).flatMap(({ peer, items }) => {
      const last = items.findLast((item) => "record" in item && item.record.type === "post" && !sameName(item.record.user, this.me));
      return last && "record" in last ? [{ peer, at: last.record.at }] : [];
    });
    return said.sort((a, b) => a.at - b.at).at(-1)?.peer ?? null;
  }

  /** @param {string} name */
  ensureRoom(name) {
    const room = this.rooms.get(name) ?? new Room(name, this.me, { peer: this.peers.get(name), ownNames: this.ownNames });
    this.rooms.set(name, room);
    return room;
  }

  /** The name of a room, for one that may be another: by the name of the other person, or an old one. @param {string} name */
  resolve(name) {
    const peer = this.rooms.has(name) ? null : peerOf(name, this.me);
    return peer === null ? name : this.privateRoomWith(peer);
  }

  /** The private room with a user: one that is there, or what it is called until the server answers. @param {string} user */
  privateRoomWith(user) {
    const known = [...this.rooms.values()].find(({ peer }) => peer !== null && sameName(peer, user));
    return known?.name ?? roomWith(user);
  }

  /** What stands for a room in a URL: a private one has the name of the other person. @param {string | null} name */
  addressOf(name) {
    const peer = name === null ? null : this.rooms.get(name)?.peer ?? null;
    return peer !== null && isUserName(peer) ? `@${peer}` : name;
  }

  /** The server has told the name of a room that was known by another one. @param {string} from @param {string} to */
  #moveRoom(from, to) {
    const room = this.rooms.get(from);
    if (!room || from === to || !isPrivate(from) || !isPrivate(to)) return;
    const kept = this.rooms.get(to) ?? room;
    for (const [cid, unsent] of room.unsent) kept.unsent.set(cid, { ...unsent, submission: { ...unsent.submission, room: to } });
    kept.name = to;
    this.rooms = new Map([...this.rooms].filter(([name]) => name !== from || kept === room).map(([name, each]) => [name === from ? to : name, each]));
    if (this.room === room) this.room = kept;
    if (this.previous === from) this.previous = to;
  }

  /** @param {string | null} name Null: no room. */
  show(name) {
    if (this.room && this.room.name !== name && !this.room.unread) this.room.hideNewRule();
    if (this.room && this.room.name !== name) this.previous = this.room.name;
    this.room = name ? this.ensureRoom(name) : null;
  }

  /** The room above (-1) or below in the list; `isUnread`: the next one with unread messages. @param {number} by @param {boolean} isUnread */
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
    return [...this.room?.typing ?? []].filter(([user, until]) => until > now && !this.preferences.isIgnored(user)).map(([user]) => user);
  }

  /** Adds the next record of a room; `isSeen`: the newest message is in view. @param {LogRecord} record @param {boolean} isSeen */
  addRecord(record, isSeen) {
    const isQuiet = sameName(record.user, this.me) || this.preferences.isIgnored(record.user);
    this.rooms.get(record.room)?.add(record, isQuiet, isSeen, this.me);
  }

  // ---- Our submissions ----

  /** @param {Submission} submission @param {number} now */
  pending(submission, now) {
    this.ensureRoom(submission.room).unsent.set(submission.cid, { submission, at: now, rejection: null });
  }

  /** @param {{ cid: string, seq: number }} stored */
  stored({ cid, seq }) {
    this.#roomOf(cid)?.stored(cid, seq);
  }

  /** @param {{ cid: string, code: string, message: string }} rejection */
  failed(rejection) {
    const unsent = this.#roomOf(rejection.cid)?.unsent.get(rejection.cid);
    if (unsent) unsent.rejection = rejection;
  }

  /** @param {string} cid */
  dropped(cid) {
    this.#roomOf(cid)?.unsent.delete(cid);
  }

  /** The cids of unsent edits and deletes. @param {string} name */
  unsentEdits(name) {
    return [...this.rooms.get(name)?.unsent.values() ?? []].filter(({ submission }) => submission.target !== undefined).map(({ submission }) => submission.cid);
  }

  /** What is unsent under this cid. @param {string} cid */
  submission(cid) {
    return this.#roomOf(cid)?.unsent.get(cid)?.submission;
  }

  /** Whether a submission is an edit or a delete. @param {string} cid */
  isEdit(cid) {
    return this.#roomOf(cid)?.unsent.get(cid)?.submission.target !== undefined;
  }

  /** @param {string} cid */
  #roomOf(cid) {
    return [...this.rooms.values()].find(({ unsent }) => unsent.has(cid));
  }

  // ---- What the server says about rooms and users ----

  /** @param {Message} message @param {number} now */
  received(message, now) {
    const room = this.rooms.get(message.room);
    switch (message.type) {
      case "membership":
        if (message.state === "joined" && this.rooms.size < MAX_MEMBERSHIPS) this.ensureRoom(message.room);
        if (!this.rooms.has(message.room)) return;
        this.ensureRoom(message.room).setPeer(message.peer);
        if (message.muted || this.#muted.has(message.room)) this.setMuted(message.room, Boolean(message.muted));
        return;
      case "joined":
        if (message.asked !== undefined) this.#moveRoom(askedRoom(message.asked), message.room);
        return this.ensureRoom(message.room).joined(message); // joined by us, or a private room that the server added us to
      case "left": return void this.#muted.delete(message.room); // the server has forgotten it as well
      case "marked": return room?.markedElsewhere(message.seq);
      case "presence": return room?.presence(message, this.me);
      case "typing": return void room?.typing.set(message.user, now + TYPING_SHOWN_MS);
      case "members":
        if (message.state !== undefined) return room?.members.paged(/** @type {any} */ (message)); // never in place of the list
        room?.membersListed(message);
        if (this.expectedReplies.delete("members")) room?.note(this.#memberList(room));
        return;
      case "away": return this.#setAway(message, message.text);
      case "back": return this.#setAway(message, null);
      case "welcome": return void (this.away = message.away ?? null);
      case "rooms":
        for (const { name, peer } of message.rooms) if (isPrivate(name) && isUserName(peer)) this.peers.set(name, peer);
        this.knownRooms = message.rooms.map((/** @type {{ name: string }} */ { name }) => name);
        if (this.expectedReplies.delete("rooms")) this.room?.note("Rooms:", { rooms: this.knownRooms, peers: this.peers });
        this.knownRooms = this.knownRooms.filter((name) => !isPrivate(name)); // no completion for private rooms
        this.roomInfo = new Map(message.rooms.map((/** @type {Message} */ { name, members, topic }) => [name, { count: members, topic: typeof topic === "string" ? topic : "" }]));
        return;
      case "renamed":
        if (this.preferences.isIgnored(message.user)) this.preferences.setIgnored(message.to, true);
        for (const each of this.rooms.values()) each.renamed(message.user, message.to);
        return;
      default:
        // A record of an unknown type only takes its seq.
        if (room && isRecord(message)) room.newest = message.seq;
    }
  }

  /** Whether we are in a public room, or the server's list has it. @param {string} name */
  isKnownRoom(name) {
    const isKnown = this.rooms.has(name) || this.roomInfo.has(name);
    this.isRoomUnknown ||= !isKnown;
    return isKnown;
  }

  /** @param {Message} message @param {string | null} text */
  #setAway({ room, user }, text) {
    this.rooms.get(room)?.members.setAway(user, text);
    if (sameName(user, this.me)) this.away = text; // set here, or on another device of ours
  }

  /** The away message of a member, unless the person ignores the member. @param {Room} room @param {string} user */
  awayMessage({ members }, user) {
    if (sameName(user, this.me)) return this.away;
    return this.preferences.isIgnored(user) ? null : members.awayMessage(user);
  }

  /** `Here: ann, bob (away: lunch)` @param {Room} room */
  #memberList(room) {
    const shown = (room.memberNames ?? []).map((user) => {
      const away = this.awayMessage(room, user);
      return away === null ? user : `${user} (${awayText(away)})`;
    });
    return `Here: ${shown.join(", ")}`;
  }
}
