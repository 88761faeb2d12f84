// Actions: what a person does with text. Each command typed and each button on a message becomes a submission or a
// request. A method that can refuse returns why, or null.

import { LocalActions, OFFLINE } from "./local-actions.js";
import { givesKey, help, parseCommand, unknownCommand } from "./model/commands.js";
import { timeOf } from "./model/goto.js";
import { awayText } from "./model/members.js";
import { sameName } from "./protocol/names.js";
import { randomId } from "./storage/tabs.js";
import { normalize } from "./text/text.js";

/** The answer to a `/key` with a key: the person wants to go by it. */
const KEY_ELSEWHERE = "A key is not entered here, and was not sent or kept. Change your name to the one of the key: if it is in use, the form asks for its key";

/** `typing` is sent at most this often. */
const TYPING_SENT_EVERY_MS = 3_000;

/**
 * @import { Client } from "./client.js"
 * @import { Chat } from "./model/chat.js"
 * @import { GotoTarget } from "./model/goto.js"
 * @import { Room } from "./model/room.js"
 * @import { Search } from "./model/search.js"
 * @import { Message } from "./protocol/messages.js"
 * @import { Submission } from "./protocol/outbox.js"
 * @import { OutboxStore } from "./storage/outbox-store.js"
 * @import { Store } from "./storage/store.js"
 * @typedef {{
 *   chat: Chat, client: Client, search: Search, store: Store, outboxStore: OutboxStore,
 *   openRoom(room: string, seq?: number | null): boolean, leaveRoom(room: string): void, openComposer(): void, openMessage(seq: number): void, jumpToLatest(): void, goToTime(at: number): void, playSound(): void,
 *   hint(text: string, isBad: boolean): void, draw(): void,
 * }} ActionsParts
 */

export class Actions {
  #parts;
  #chat;
  #local;
  #typingSentAt = 0;

  /** @param {ActionsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#chat = parts.chat;
    this.#local = new LocalActions(parts);
  }

  /** Executes what was typed: a message or a command. @param {string} typed */
  submitInput(typed) {
    const { room } = this.#chat;
    if (room?.editing) return this.#finishEdit(room, normalize(typed));
    const command = parseCommand(typed);
    const { client, openRoom, draw } = this.#parts;
    const local = this.#local.run(command, room);
    if (local !== undefined) return local;
    if ("error" in command) return command.error;
    if ("nick" in command) client.rename(command.nick);
    else if ("join" in command) openRoom(command.join);
    else if ("msg" in command) return this.openDirect(command.msg, command.text);
    else if ("replyDirect" in command) return this.#replyDirect(command.replyDirect);
    else if ("away" in command) return this.#setAway(command.away);
    else if ("back" in command) return this.#setAway(null);
    else if ("resend" in command) return this.#forEachFailed((cid) => client.resend(cid));
    else if ("drop" in command) return this.#forEachFailed((cid) => client.drop(cid));
    else if ("reconnect" in command) client.start();
    else if (!room) return "You are in no room. Try /join lobby";
    else if ("reply" in command) return this.#reply(room, command.reply, command.text);
    else if ("post" in command) this.#post(room, command.post, command.kind, room.replyingTo);
    else if ("edit" in command) return this.#editCommand(room, command.edit, command.seq ?? null);
    else if ("delete" in command) return this.#deleteCommand(room, command.delete);
    else if ("topic" in command) return this.#topic(room, command.topic);
    else if ("leave" in command) return this.#leave(command.leave === null ? room.name : this.#local.roomNamed(command.leave));
    else if ("help" in command) return this.#note(room, help(command.help), unknownCommand(command.help));
    else if ("version" in command) return this.#note(room, this.#chat.server && `The server is ${this.#chat.server}`, "Not connected yet");
    else if ("key" in command) return this.#note(room, this.#key(), "No key yet: connect first");
    else if ("keyGiven" in command) return this.#note(room, KEY_ELSEWHERE, KEY_ELSEWHERE);
    else if ("search" in command) return this.#search(room, command.search);
    else if ("goTo" in command) this.#goTo(room, command.goTo);
    else if ("who" in command) return this.#request("members", { type: "who", room: room.name });
    else if ("rooms" in command) return this.#request("rooms", { type: "rooms" });
    draw();
    return null;
  }

  /** Mutes a room, or no longer. @param {string} room @param {boolean} isMuted @returns {string | null} Why it was refused, or null. */
  setMuted(room, isMuted) {
    const error = this.#local.setMuted(room, isMuted);
    if (error) this.#parts.hint(error, true);
    return error;
  }

  /** The text of the input box changed. @param {string} text */
  inputChanged(text) {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing) return void (room.editing.text = text);
    this.#parts.store.saveDraft(this.#chat.me, room.name, givesKey(text) ? "" : text);
    const isQuiet = !text || text.startsWith("/") || !room.memberNames || Date.now() - this.#typingSentAt < TYPING_SENT_EVERY_MS;
    if (!isQuiet && this.#parts.client.send({ type: "typing", room: room.name })) this.#typingSentAt = Date.now();
  }

  /** Opens the private room with a user, and posts a text there. @param {string} user @param {string} text */
  openDirect(user, text) {
    if (sameName(user, this.#chat.me)) return "That is your own name";
    const name = this.#chat.privateRoomWith(user);
    this.#chat.ensureRoom(name).setPeerSpelling(user);
    this.#parts.openRoom(name);
    if (text) this.#post(this.#chat.ensureRoom(name), text);
    return null;
  }

  /** @param {string | null} text The away message; null: back. */
  #setAway(text) {
    const { client, hint, draw } = this.#parts;
    if (!client.send(text === null ? { type: "back" } : { type: "away", text })) return OFFLINE;
    this.#chat.away = text;
    hint(text === null ? "You are back" : `You are ${awayText(text)}. /back ends it`, false);
    draw();
    return null;
  }

  // ---- Edit, delete, reply, topic ----

  /** Puts an own message into the input box, to edit it. @param {number} seq @param {string} text */
  edit(seq, text) {
    const { room } = this.#chat;
    if (!room) return;
    room.editing = { seq, text };
    this.#parts.openComposer();
  }

  editLast() {
    const { room } = this.#chat;
    return room ? this.#editCommand(room, null, null) : "You are in no room. Try /join lobby";
  }

  /** Ends the edit or the reply that the input box is in. */
  cancel() {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing) room.editing = null;
    else room.replyingTo = null;
    this.#parts.openComposer();
  }

  /** The next message replies to this one. @param {number} seq */
  replyTo(seq) {
    const { room } = this.#chat;
    if (!room) return;
    room.editing = null;
    room.replyingTo = seq;
    this.#parts.openComposer();
  }

  /** @param {number} target */
  deleteMessage(target) {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing?.seq === target) this.cancel();
    this.#submit({ type: "delete", room: room.name, cid: randomId(), target });
  }

  /** @param {Room} room @param {string | null} text Null: puts the last message into the input box. @param {number | null} seq Null: the last own message. */
  #editCommand(room, text, seq) {
    const post = ownMessage(room, seq, this.#chat.me);
    if (typeof post === "string") return post;
    if (text === null) this.edit(post.seq, post.text ?? "");
    else this.#edit(room, post, text);
    return null;
  }

  /** @param {Room} room @param {number | null} seq Null: the last own message. */
  #deleteCommand(room, seq) {
    const post = ownMessage(room, seq, this.#chat.me);
    if (typeof post === "string") return post;
    this.deleteMessage(post.seq);
    return null;
  }

  /** @param {string} name */
  #leave(name) {
    if (!this.#chat.rooms.has(name)) return `You are not in ${this.#local.labelOf(name)}`;
    this.#parts.leaveRoom(name);
    this.#parts.draw();
    return null;
  }

  /** Submits the edit that the input box holds. @param {Room} room @param {string} text */
  #finishEdit(room, text) {
    const { editing } = room;
    if (!text.trim()) return "A message cannot be empty: delete it, or press Esc to keep it";
    if (editing) this.#edit(room, { seq: editing.seq, text: room.textAfterUnsent(editing.seq) }, text);
    this.cancel();
    return null;
  }

  /** @param {Room} room @param {{ seq: number, text: string | null }} post @param {string} text */
  #edit(room, post, text) {
    if (text !== post.text) this.#submit({ type: "edit", room: room.name, cid: randomId(), target: post.seq, text });
  }

  /** @param {Room} room @param {string | null} text */
  #topic(room, text) {
    if (text !== null) this.#submit({ type: "topic", room: room.name, cid: randomId(), text });
    else room.note(room.topic ? `The topic of ${room.label}: ${room.topic}` : `${room.label} has no topic: /topic TEXT sets one`);
    this.#parts.jumpToLatest();
    return null;
  }

  // ---- Failed messages, and notes that only this person sees ----

  /** @param {(cid: string) => void} callback */
  #forEachFailed(callback) {
    const { failedCids } = this.#chat;
    for (const cid of failedCids) callback(cid);
    return failedCids.length ? null : "No message has failed";
  }

  /** @param {Room} room @param {number} seq @param {string} text */
  #reply(room, seq, text) {
    if (seq > room.newest) return `There is no message #${seq} in ${room.label} yet: the newest is #${room.newest}`;
    this.#post(room, text, undefined, seq);
    return null;
  }

  /** @param {string} text */
  #replyDirect(text) {
    const { lastDirectSender } = this.#chat;
    return lastDirectSender ? this.openDirect(lastDirectSender, text) : "No direct message to reply to yet";
  }

  #key() {
    const key = this.#parts.store.token(this.#chat.me);
    return key && `Key for ${this.#chat.me}: ${key}\n`
      + `It makes you ${this.#chat.me} on any device, and anyone who has it can post as ${this.#chat.me}: keep it secret.\n`
      + "To use it: on another device’s page, “I have a key for this name” below the name; in a terminal, paste it when the console asks, or start it with --key-file FILE";
  }

  /** @param {Room} room @param {string | null} text @param {string} otherwise */
  #note(room, text, otherwise) {
    if (!text) return otherwise;
    room.note(text);
    this.#parts.jumpToLatest();
    return null;
  }

  // ---- Helpers ----

  /** @param {Room} room @param {string} text @param {"me"} [kind] @param {number | null} [reply] The seq it replies to. */
  #post(room, text, kind, reply) {
    room.hideNewRule();
    this.#submit({ type: "post", room: room.name, text, cid: randomId(), ...(kind && { kind }), ...(reply && { reply }) });
    if (reply && reply === room.replyingTo) this.cancel();
    this.#parts.jumpToLatest();
  }

  /** @param {Submission} submission */
  #submit(submission) {
    const isSaved = this.#parts.outboxStore.save(submission, this.#chat.me, Date.now());
    this.#parts.client.submit(submission);
    if (!isSaved) this.#parts.hint("This browser has no space left for unsent messages: keep this page open", true);
  }

  /** @param {Room} room @param {string} text */
  #search({ name }, text) {
    if (!this.#parts.search.start(name, text)) return OFFLINE;
    this.#parts.hint(`Searching for “${text}”…`, false);
    return null;
  }

  /** @param {Room} room @param {GotoTarget} target */
  #goTo({ name }, target) {
    if ("seq" in target) this.#parts.openRoom(name, target.seq);
    else this.#parts.goToTime(timeOf(target, Date.now()));
  }

  /** Sends a request whose reply the room shows. @param {string} replyType @param {Message} request */
  #request(replyType, request) {
    if (!this.#parts.client.send(request)) return OFFLINE;
    this.#chat.expectedReplies.add(replyType);
    return null;
  }
}

/** The last own message of a room, with its text after unsent edits; or why there is none. @param {Room} room @param {string} me */
function lastMessage(room, me) {
  const isWaiting = [...room.unsent.values()].some(({ submission }) => submission.type === "post");
  if (isWaiting) return "Your last message is not stored yet. Try again when it is";
  return room.lastOwnPost(me) ?? "No recent message of yours in this room";
}

/** A message by its number, with its text after unsent edits; or why it cannot be changed. One that is not loaded may be the person's. @param {Room} room @param {number | null} seq Null: the last own message. @param {string} me */
function ownMessage(room, seq, me) {
  if (seq === null) return lastMessage(room, me);
  const record = room.recordAt(seq);
  if (record && !room.isOwn(record.user, me)) return "You can only edit or delete your own messages";
  return { seq, text: room.textAfterUnsent(seq) };
}
