// MemberRequests: asks for pages of the lists of members, and finds members by the beginning of their names.

/**
 * @import { Message, Send } from "../protocol/messages.js"
 * @import { Presence } from "./members.js"
 * @import { Room } from "./room.js"
 * @typedef {{ room: string, state: Presence, prefix?: string, after?: string, limit: number }} Question
 * @typedef {(page: Message | null) => void} TakePage Gets the answer; null: the server refused.
 */

/** How long to wait for the next letter before asking for names that begin with those typed: most people type faster. */
export const ASK_AFTER_TYPING_MS = 250;

/** Names of a room and a state that are asked for while a name is typed: more than are suggested at once. */
const MAX_FOUND = 20;

/** Rooms that are asked while a name is typed, two questions each: the server answers 20 at once and then 20 a second. */
const MAX_ROOMS_ASKED = 4;

export class MemberRequests {
  /** Not answered yet, in order. @type {{ question: Question, take: TakePage }[]} */ #pending = [];
  #send;
  #changed;
  /** The rooms, and the beginning of the names, that are being looked for. */ #wanted = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {Send} send @param {() => void} changed More people were found. */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
  }

  /** @param {Question} question @param {TakePage} take @returns {boolean} Whether there is a connection to ask over. */
  ask(question, take) {
    const isSent = this.#send({ type: "who", ...question });
    if (isSent) this.#pending.push({ question, take });
    return isSent;
  }

  /** Asks an older server for the whole list of who is here. @param {string} room @returns {boolean} Whether there is a connection. */
  askAll(room) {
    return this.#send({ type: "who", room });
  }

  /**
   * Finds members whose names begin so, also those who are not here. Those of small rooms are known; of large ones the
   * server is asked, once nothing was typed for a moment.
   * @param {Room[]} rooms @param {string} prefix
   */
  find(rooms, prefix) {
    const wanted = [prefix, ...rooms.map(({ name }) => name)].join(" ");
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    clearTimeout(this.#timer);
    if (!prefix) return;
    this.#timer = setTimeout(() => {
      const large = rooms.filter(({ members }) => members.isPaged && !(members.isFound("here", prefix) && members.isFound("absent", prefix)));
      for (const room of large.slice(0, MAX_ROOMS_ASKED)) for (const state of /** @type {const} */ (["here", "absent"])) this.#findIn(room, state, prefix);
    }, ASK_AFTER_TYPING_MS);
  }

  /** @param {Room} room @param {Presence} state @param {string} prefix */
  #findIn({ name, members }, state, prefix) {
    if (members.isFound(state, prefix)) return;
    const [wanted, { joins }] = [this.#wanted, members];
    this.ask({ room: name, state, prefix, limit: MAX_FOUND }, (page) => {
      if (!page || wanted !== this.#wanted || joins !== members.joins) return;
      members.setFound(state, { prefix, names: page.members, isComplete: !page.more });
      this.#changed();
    });
  }

  /** Passes an answer to where it was asked for. @param {Message} message @param {boolean | null} isPaged Whether the room's server is known to answer questions for a page. */
  received(message, isPaged) {
    // The answer of a server that does not know such questions is the whole list, which the room has got already.
    if (message.state === undefined) return void (!isPaged && this.refused(message.room));
    const at = this.#pending.findIndex(({ question }) => question.room === message.room && question.state === message.state
      && question.prefix === (message.prefix ?? undefined) && question.after === (message.after ?? undefined));
    const [request] = at < 0 ? [] : this.#pending.splice(at, 1);
    request?.take(message);
  }

  /** The server refused what may have been a question. @param {string | undefined} room @returns {boolean} Whether one was not answered. */
  refused(room) {
    const refused = this.#pending.filter(({ question }) => room === undefined || question.room === room);
    this.#pending = this.#pending.filter((request) => !refused.includes(request));
    for (const { take } of refused) take(null);
    return refused.length > 0;
  }

  /** The connection is gone, and with it the answers. */
  disconnected() {
    this.#pending = [];
    this.#wanted = "";
    clearTimeout(this.#timer);
  }
}
