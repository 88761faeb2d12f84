// What a person does with words: each line typed, each button on a line, as an act of the machine.
// May not know: sockets, timers, what the server says, how anything looks.

import { help, noCommand, understand } from "./model/commands.js";
import { awayFor } from "./model/members.js";
import { randomId } from "./storage/tabs.js";
import { tidy } from "./text/text.js";
import { roomOfTwo, sameName } from "./protocol/names.js";

/** `typing` goes out at most this often. */
const TYPING_MS = 3_000;

/**
 * @typedef {import("./storage/outbox-store.js").Line} Line
 * @typedef {{
 *   house: import("./model/chat.js").House, store: import("./storage/store.js").Store, outbox: import("./storage/outbox-store.js").Outbox,
 *   say(line: Line): void, send(message: import("./protocol/messages.js").Message): boolean, rename(user: string): void,
 *   visit(room: string): boolean, leave(room: string): void, openBox(): void, toLatest(): void,
 *   search(room: string, text: string): boolean, resend(cid: string): void, drop(cid: string): void, retry(): void,
 *   hint(words: string, isBad: boolean): void, draw(): void,
 * }} Desk What the acts are done with. `send` says whether there is a connection.
 */

export class Acts {
  #desk;
  #house;
  #typedAt = 0;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    this.#house = desk.house;
  }

  /** What was typed and sent off. @param {string} typed @returns {string | null} Why nothing comes of it. */
  say(typed) {
    const { room } = this.#house;
    if (room?.editing) return this.#change(room, tidy(typed));
    const act = understand(typed);
    const desk = this.#desk;
    if ("error" in act) return act.error;
    if ("nick" in act) desk.rename(act.nick);
    else if ("join" in act) desk.visit(act.join);
    else if ("ignore" in act) return this.ignore(act.ignore, act.is);
    else if ("msg" in act) return this.write(act.msg, act.text);
    else if ("answer" in act) return this.#writeBack(act.text);
    else if ("away" in act) return this.#setAway(act.away);
    else if ("back" in act) return this.#setAway(null);
    else if ("resend" in act) return this.#failed(desk.resend);
    else if ("drop" in act) return this.#failed(desk.drop);
    else if ("reconnect" in act) desk.retry();
    else if (!room) return "Join a room first: /join lobby";
    else if ("reply" in act) return this.#reply(room, act.reply, act.text);
    else if ("say" in act) this.#say(room, act.say, act.kind, room.answering);
    else if ("mute" in act) return this.#mute(act.mute ?? room.name, act.is);
    else if ("edit" in act) return this.#editLast(room, act.edit);
    else if ("delete" in act) return this.#deleteLast(room);
    else if ("topic" in act) return this.#topic(room, act.topic);
    else if ("leave" in act) desk.leave(act.leave ?? room.name);
    else if ("help" in act) return this.#tell(room, help(act.help), noCommand(act.help));
    else if ("version" in act) return this.#tell(room, this.#house.server && `The server is ${this.#house.server}`, "The server is not reached yet");
    else if ("key" in act) return this.#tell(room, this.#key(), "There is no key yet: the server gives it");
    else if ("search" in act) return this.#search(room, act.search);
    else if ("who" in act) return this.#ask("members", { type: "who", room: room.name });
    else if ("rooms" in act) return this.#ask("rooms", { type: "rooms" });
    desk.draw();
    return null;
  }

  /** What stands in the box. @param {string} text */
  typed(text) {
    const { room } = this.#house;
    if (!room) return;
    if (room.editing) return void (room.editing.text = text);
    this.#desk.store.keepDraft(this.#house.me, room.name, text);
    const isQuiet = !text || text.startsWith("/") || !room.members || Date.now() - this.#typedAt < TYPING_MS;
    if (!isQuiet && this.#desk.send({ type: "typing", room: room.name })) this.#typedAt = Date.now();
  }

  /** Opens the private room with somebody, and says something there. @param {string} user @param {string} text @returns {string | null} */
  write(user, text) {
    const name = roomOfTwo(this.#house.me, user);
    if (!name) return "That is you";
    this.#house.ensure(name).meet(user);
    this.#desk.visit(name);
    if (text) this.#say(this.#house.ensure(name), text);
    return null;
  }

  /** @param {string} user @param {boolean} is @returns {string | null} */
  ignore(user, is) {
    const { house } = this.#desk;
    if (sameName(user, house.me)) return "That is you";
    house.taste.ignore(user, is);
    this.#desk.hint(is ? `What ${user} writes is folded away: /unignore ${user} shows it` : `What ${user} writes is shown`, false);
    this.#desk.draw();
    return null;
  }

  /** @param {string | null} text Why we are away; null: we are back. */
  #setAway(text) {
    const desk = this.#desk;
    if (!desk.send(text === null ? { type: "back" } : { type: "away", text })) return "Not connected: nobody can be told now";
    this.#house.away = text;
    desk.hint(text === null ? "You are back" : `You are ${awayFor(text)}. /back when you are back`, false);
    desk.draw();
    return null;
  }

  /** @param {string} name @param {boolean | null} is Null: whatever it is not now. @returns {string | null} */
  #mute(name, is) {
    const { taste, rooms } = this.#house;
    const label = rooms.get(name)?.label ?? `#${name}`;
    const was = taste.isMuted(name);
    if (is === was) return `${label} is not muted`;
    taste.mute(name, !was);
    this.#desk.hint(was ? `Not muted any more: ${label}` : `Muted: ${label}. /unmute ${name} to hear of it`, false);
    this.#desk.draw();
    return null;
  }

  // ---- Lines that stand already -------------------------------------------------------------------

  /** Takes a line of ours back into the box. @param {number} seq @param {string} text */
  edit(seq, text) {
    const { room } = this.#house;
    if (!room) return;
    room.editing = { seq, text };
    this.#desk.openBox();
  }

  /** @returns {string | null} Why our last line cannot be edited. */
  editLast() {
    const { room } = this.#house;
    return room ? this.#editLast(room, null) : "There is no room";
  }

  /** The line stays as it was, or is not answered. */
  cancel() {
    const { room } = this.#house;
    if (!room) return;
    if (room.editing) room.editing = null;
    else room.answering = null;
    this.#desk.openBox();
  }

  /** The next line answers this one. @param {number} seq */
  answer(seq) {
    const { room } = this.#house;
    if (!room) return;
    room.editing = null;
    room.answering = seq;
    this.#desk.openBox();
  }

  /** @param {number} target */
  remove(target) {
    const { room } = this.#house;
    if (!room) return;
    if (room.editing?.seq === target) this.cancel();
    this.#act({ type: "delete", room: room.name, cid: randomId(), target });
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} text */
  #editLast(room, text) {
    const last = lastLine(room, this.#house.me);
    if (typeof last === "string") return last;
    if (text === null) this.edit(last.seq, last.text);
    else this.#edit(room, last, text);
    return null;
  }

  /** @param {import("./model/room.js").Room} room */
  #deleteLast(room) {
    const last = lastLine(room, this.#house.me);
    if (typeof last === "string") return last;
    this.remove(last.seq);
    return null;
  }

  /** The box, with a line of ours in it, was sent off. @param {import("./model/room.js").Room} room @param {string} text */
  #change(room, text) {
    const { editing } = room;
    if (!text.trim()) return "A line cannot become empty: delete it, or press Esc to keep it";
    if (editing) this.#edit(room, { seq: editing.seq, text: room.textOf(editing.seq) }, text);
    this.cancel();
    return null;
  }

  /** @param {import("./model/room.js").Room} room @param {{ seq: number, text: string | null }} line @param {string} text */
  #edit(room, line, text) {
    if (text !== line.text) this.#act({ type: "edit", room: room.name, cid: randomId(), target: line.seq, text });
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} text */
  #topic(room, text) {
    if (text !== null) this.#act({ type: "topic", room: room.name, cid: randomId(), text });
    else room.note(room.topic ? `The topic of ${room.label}: ${room.topic}` : `${room.label} has no topic: /topic TEXT sets one`);
    this.#desk.toLatest();
    return null;
  }

  // ---- Lines that failed, and what is told to the person alone --------------------------------------

  /** @param {(cid: string) => void} act @returns {string | null} */
  #failed(act) {
    const { refused } = this.#house;
    for (const cid of refused) act(cid);
    return refused.length ? null : "No line has failed";
  }

  /** @param {import("./model/room.js").Room} room @param {number} seq @param {string} text @returns {string | null} */
  #reply(room, seq, text) {
    if (seq > room.newest) return `There is no line ${seq} in ${room.label} yet: the newest is ${room.newest}`;
    this.#say(room, text, undefined, seq);
    return null;
  }

  /** @param {string} text @returns {string | null} */
  #writeBack(text) {
    const { writer } = this.#house;
    return writer ? this.write(writer, text) : "Nobody has written to you alone yet";
  }

  #key() {
    const key = this.#desk.store.token(this.#house.me);
    return key && `The key of ${this.#house.me}, and as good as being ${this.#house.me}: ${key}\n`
      + "In a console, put it in a file and name that with --token-file";
  }

  /** @param {import("./model/room.js").Room} room @param {string | null} words @param {string} otherwise */
  #tell(room, words, otherwise) {
    if (!words) return otherwise;
    room.note(words);
    this.#desk.toLatest();
    return null;
  }

  // ---- The smaller helpers ------------------------------------------------------------------------

  /** @param {import("./model/room.js").Room} room @param {string} text @param {"me"} [kind] @param {number | null} [reply] The line it answers. */
  #say(room, text, kind, reply) {
    room.newFrom = null;
    this.#act({ type: "post", room: room.name, text, cid: randomId(), ...(kind && { kind }), ...(reply && { reply }) });
    if (reply && reply === room.answering) this.cancel();
    this.#desk.toLatest();
  }

  /** @param {Line} line */
  #act(line) {
    const isKept = this.#desk.outbox.keep(line, this.#house.me, Date.now());
    this.#desk.say(line);
    if (!isKept) this.#desk.hint("This browser has no space left to keep unsent lines: leave this page open", true);
  }

  /** @param {import("./model/room.js").Room} room @param {string} text */
  #search({ name }, text) {
    if (!this.#desk.search(name, text)) return "The server cannot be asked while there is no connection";
    this.#desk.hint(`Looking for “${text}”…`, false);
    return null;
  }

  /** Asks what the room shall show. @param {string} answer Its type. @param {import("./protocol/messages.js").Message} question */
  #ask(answer, question) {
    if (!this.#desk.send(question)) return "The server cannot be asked while there is no connection";
    this.#house.awaited.add(answer);
    return null;
  }
}

/** Our last line of a room, as it shall stand; or why there is none. @param {import("./model/room.js").Room} room @param {string} me */
function lastLine(room, me) {
  const isWaiting = [...room.unsent.values()].some(({ line }) => line.type === "post");
  if (isWaiting) return "Your last line is not stored yet: it can be changed once it is";
  return room.lastOf(me) ?? "There is no line of yours here";
}
