// What a person does with words: each line typed, each button on a line, as an act of the machine.
// May not know: sockets, timers, what the server says, how anything looks.

import { help, unknownCommand, parseCommand } from "./model/commands.js";
import { awayText } from "./model/members.js";
import { randomId } from "./storage/tabs.js";
import { normalize } from "./text/text.js";
import { privateRoom, sameName } from "./protocol/names.js";

/** `typing` goes out at most this often. */
const TYPING_SENT_EVERY_MS = 3_000;

/**
 * @typedef {import("./storage/outbox-store.js").Submission} Line
 * @typedef {{
 *   chat: import("./model/chat.js").Chat, store: import("./storage/store.js").Store, outbox: import("./storage/outbox-store.js").OutboxStore,
 *   submit(line: Line): void, send(message: import("./protocol/messages.js").Message): boolean, rename(user: string): void,
 *   visit(room: string): boolean, leave(room: string): void, openBox(): void, jumpToLatest(): void,
 *   search(room: string, text: string): boolean, resend(cid: string): void, drop(cid: string): void, retry(): void,
 *   hint(words: string, isBad: boolean): void, draw(): void,
 * }} Context What the acts are done with. `send` says whether there is a connection.
 */

export class Actions {
  #context;
  #chat;
  #typingSentAt = 0;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#chat = context.chat;
  }

  /** What was typed and sent off. @param {string} typed @returns {string | null} Why nothing comes of it. */
  submitInput(typed) {
    const { room } = this.#chat;
    if (room?.editing) return this.#finishEdit(room, normalize(typed));
    const act = parseCommand(typed);
    const desk = this.#context;
    if ("error" in act) return act.error;
    if ("nick" in act) desk.rename(act.nick);
    else if ("join" in act) desk.visit(act.join);
    else if ("ignore" in act) return this.ignore(act.ignore, act.is);
    else if ("msg" in act) return this.openDirect(act.msg, act.text);
    else if ("answer" in act) return this.#replyDirect(act.text);
    else if ("away" in act) return this.#setAway(act.away);
    else if ("back" in act) return this.#setAway(null);
    else if ("resend" in act) return this.#forEachFailed(desk.resend);
    else if ("drop" in act) return this.#forEachFailed(desk.drop);
    else if ("reconnect" in act) desk.retry();
    else if (!room) return "Join a room first: /join lobby";
    else if ("reply" in act) return this.#reply(room, act.reply, act.text);
    else if ("say" in act) this.#post(room, act.say, act.kind, room.replyingTo);
    else if ("mute" in act) return this.#mute(act.mute ?? room.name, act.is);
    else if ("edit" in act) return this.#editLast(room, act.edit);
    else if ("delete" in act) return this.#deleteLast(room);
    else if ("topic" in act) return this.#topic(room, act.topic);
    else if ("leave" in act) desk.leave(act.leave ?? room.name);
    else if ("help" in act) return this.#note(room, help(act.help), unknownCommand(act.help));
    else if ("version" in act) return this.#note(room, this.#chat.server && `The server is ${this.#chat.server}`, "The server is not reached yet");
    else if ("key" in act) return this.#note(room, this.#key(), "There is no key yet: the server gives it");
    else if ("search" in act) return this.#search(room, act.search);
    else if ("who" in act) return this.#request("members", { type: "who", room: room.name });
    else if ("rooms" in act) return this.#request("rooms", { type: "rooms" });
    desk.draw();
    return null;
  }

  /** What stands in the box. @param {string} text */
  inputChanged(text) {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing) return void (room.editing.text = text);
    this.#context.store.saveDraft(this.#chat.me, room.name, text);
    const isQuiet = !text || text.startsWith("/") || !room.memberNames || Date.now() - this.#typingSentAt < TYPING_SENT_EVERY_MS;
    if (!isQuiet && this.#context.send({ type: "typing", room: room.name })) this.#typingSentAt = Date.now();
  }

  /** Opens the private room with somebody, and says something there. @param {string} user @param {string} text @returns {string | null} */
  openDirect(user, text) {
    const name = privateRoom(this.#chat.me, user);
    if (!name) return "That is you";
    this.#chat.ensureRoom(name).setPeerSpelling(user);
    this.#context.visit(name);
    if (text) this.#post(this.#chat.ensureRoom(name), text);
    return null;
  }

  /** @param {string} user @param {boolean} is @returns {string | null} */
  ignore(user, is) {
    const { chat } = this.#context;
    if (sameName(user, chat.me)) return "That is you";
    chat.preferences.setIgnored(user, is);
    this.#context.hint(is ? `What ${user} writes is folded away: /unignore ${user} shows it` : `What ${user} writes is shown`, false);
    this.#context.draw();
    return null;
  }

  /** @param {string | null} text Why we are away; null: we are back. */
  #setAway(text) {
    const desk = this.#context;
    if (!desk.send(text === null ? { type: "back" } : { type: "away", text })) return "Not connected: nobody can be told now";
    this.#chat.away = text;
    desk.hint(text === null ? "You are back" : `You are ${awayText(text)}. /back when you are back`, false);
    desk.draw();
    return null;
  }

  /** @param {string} name @param {boolean | null} is Null: whatever it is not now. @returns {string | null} */
  #mute(name, is) {
    const { preferences, rooms } = this.#chat;
    const label = rooms.get(name)?.label ?? `#${name}`;
    const was = preferences.isMuted(name);
    if (is === was) return `${label} is not muted`;
    preferences.setMuted(name, !was);
    this.#context.hint(was ? `Not muted any more: ${label}` : `Muted: ${label}. /unmute ${name} to hear of it`, false);
    this.#context.draw();
    return null;
  }

  // ---- Lines that stand already -------------------------------------------------------------------

  /** Takes a line of ours back into the box. @param {number} seq @param {string} text */
  edit(seq, text) {
    const { room } = this.#chat;
    if (!room) return;
    room.editing = { seq, text };
    this.#context.openBox();
  }

  /** @returns {string | null} Why our last line cannot be edited. */
  editLast() {
    const { room } = this.#chat;
    return room ? this.#editLast(room, null) : "There is no room";
  }

  /** The line stays as it was, or is not answered. */
  cancel() {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing) room.editing = null;
    else room.replyingTo = null;
    this.#context.openBox();
  }

  /** The next line answers this one. @param {number} seq */
  replyTo(seq) {
    const { room } = this.#chat;
    if (!room) return;
    room.editing = null;
    room.replyingTo = seq;
    this.#context.openBox();
  }

  /** @param {number} target */
  deleteMessage(target) {
    const { room } = this.#chat;
    if (!room) return;
    if (room.editing?.seq === target) this.cancel();
    this.#submit({ type: "delete", room: room.name, cid: randomId(), target });
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} text */
  #editLast(room, text) {
    const last = lastMessage(room, this.#chat.me);
    if (typeof last === "string") return last;
    if (text === null) this.edit(last.seq, last.text);
    else this.#edit(room, last, text);
    return null;
  }

  /** @param {import("./model/room.js").Room} room */
  #deleteLast(room) {
    const last = lastMessage(room, this.#chat.me);
    if (typeof last === "string") return last;
    this.deleteMessage(last.seq);
    return null;
  }

  /** The box, with a line of ours in it, was sent off. @param {import("./model/room.js").Room} room @param {string} text */
  #finishEdit(room, text) {
    const { editing } = room;
    if (!text.trim()) return "A line cannot become empty: delete it, or press Esc to keep it";
    if (editing) this.#edit(room, { seq: editing.seq, text: room.textAfterUnsent(editing.seq) }, text);
    this.cancel();
    return null;
  }

  /** @param {import("./model/room.js").Room} room @param {{ seq: number, text: string | null }} line @param {string} text */
  #edit(room, line, text) {
    if (text !== line.text) this.#submit({ type: "edit", room: room.name, cid: randomId(), target: line.seq, text });
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} text */
  #topic(room, text) {
    if (text !== null) this.#submit({ type: "topic", room: room.name, cid: randomId(), text });
    else room.note(room.topic ? `The topic of ${room.label}: ${room.topic}` : `${room.label} has no topic: /topic TEXT sets one`);
    this.#context.jumpToLatest();
    return null;
  }

  // ---- Lines that failed, and what is told to the person alone --------------------------------------

  /** @param {(cid: string) => void} act @returns {string | null} */
  #forEachFailed(act) {
    const { failedCids: refused } = this.#chat;
    for (const cid of refused) act(cid);
    return refused.length ? null : "No line has failed";
  }

  /** @param {import("./model/room.js").Room} room @param {number} seq @param {string} text @returns {string | null} */
  #reply(room, seq, text) {
    if (seq > room.newest) return `There is no line ${seq} in ${room.label} yet: the newest is ${room.newest}`;
    this.#post(room, text, undefined, seq);
    return null;
  }

  /** @param {string} text @returns {string | null} */
  #replyDirect(text) {
    const { lastDirectSender: writer } = this.#chat;
    return writer ? this.openDirect(writer, text) : "Nobody has written to you alone yet";
  }

  #key() {
    const key = this.#context.store.token(this.#chat.me);
    return key && `The key of ${this.#chat.me}, and as good as being ${this.#chat.me}: ${key}\n`
      + "In a console, put it in a file and name that with --token-file";
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} words @param {string} otherwise */
  #note(room, words, otherwise) {
    if (!words) return otherwise;
    room.note(words);
    this.#context.jumpToLatest();
    return null;
  }

  // ---- The smaller helpers ------------------------------------------------------------------------

  /** @param {import("./model/room.js").Room} room @param {string} text @param {"me"} [kind] @param {number | null} [reply] The line it answers. */
  #post(room, text, kind, reply) {
    room.newFrom = null;
    this.#submit({ type: "post", room: room.name, text, cid: randomId(), ...(kind && { kind }), ...(reply && { reply }) });
    if (reply && reply === room.replyingTo) this.cancel();
    this.#context.jumpToLatest();
  }

  /** @param {Line} line */
  #submit(line) {
    const isKept = this.#context.outbox.save(line, this.#chat.me, Date.now());
    this.#context.submit(line);
    if (!isKept) this.#context.hint("This browser has no space left to keep unsent lines: leave this page open", true);
  }

  /** @param {import("./model/room.js").Room} room @param {string} text */
  #search({ name }, text) {
    if (!this.#context.search(name, text)) return "The server cannot be asked while there is no connection";
    this.#context.hint(`Looking for “${text}”…`, false);
    return null;
  }

  /** Asks what the room shall show. @param {string} answer Its type. @param {import("./protocol/messages.js").Message} question */
  #request(answer, question) {
    if (!this.#context.send(question)) return "The server cannot be asked while there is no connection";
    this.#chat.expectedReplies.add(answer);
    return null;
  }
}

/** Our last line of a room, as it shall stand; or why there is none. @param {import("./model/room.js").Room} room @param {string} me */
function lastMessage(room, me) {
  const isWaiting = [...room.unsent.values()].some(({ submission: line }) => line.type === "post");
  if (isWaiting) return "Your last line is not stored yet: it can be changed once it is";
  return room.lastPostOf(me) ?? "There is no line of yours here";
}
