// The client's half of the promise: offline → connecting → catching up → live. The console runs the
// same machine in Rust (src/client/session.rs); tests/vectors/session/ holds both to one behaviour.
// May not know: sockets, clocks, chance, storage, the DOM. What happened comes in as a call, what
// is to be done goes out as a list, in order.

import { Places } from "./subscriptions.js";
import { Queue } from "./outbox.js";
import { isKnownRecord, isRecord } from "./messages.js";
import { sameName } from "./names.js";

/**
 * @typedef {import("./messages.js").Message} Message
 * @typedef {import("../storage/outbox-store.js").Line} Line
 * @typedef {"offline" | "connecting" | "catching up" | "live" | "stopped"} State
 * @typedef {{ [kind: string]: any }} Output One thing to do or to show; its one key says which.
 */

/** Waits before connecting again: doubling from the first to the longest, in ms. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** The rest before a line comes again where `rate_limited` names none, in ms. */
const REST = 1_000;

/** The close code for a server that keeps records from us (RFC 6455 §7.4.1). */
const DISTRUST = 1002;

/** Closes after which coming back by itself would be useless or rude: the person must act. */
const FINAL = new Set([4400, 4401, 4403, 4409]);
const NAME_TAKEN = 4409;

export class Session {
  /** @type {State} */ #state = "offline";
  /** @type {"down" | "greeting" | "welcome"} How far the present connection has come. */ #standing = "down";
  #places;
  #queue = new Queue();
  /** @type {{ user: string, isAsked: boolean, next: string | null } | null} A name wanted. */ #nick = null;
  #attempts = 0;
  #closed = 0;
  /** @type {Output[]} */ #out = [];

  /** @param {{ user: string, token?: string, password?: string, agent?: string, rooms: string[] }} identity */
  constructor({ user, token, password, agent, rooms }) {
    this.user = user;
    this.token = token;
    this.password = password;
    this.agent = agent;
    this.#places = new Places(rooms);
  }

  get state() {
    return this.#state;
  }

  /** The rooms asked for, in order. */
  get rooms() {
    return this.#places.rooms;
  }

  /** The highest seq shown of a room, or null. @param {string} room */
  seq(room) {
    return this.#places.seq(room);
  }

  // ---- What happens: each call returns what follows from it ---------------------------------------

  /** The person wants to be connected, or a wait is over. */
  start() {
    if (this.#state === "offline" || this.#state === "stopped") {
      this.#enter("connecting");
      this.#out.push({ connect: true });
    }
    return this.#followed();
  }

  /** The WebSocket is open. */
  opened() {
    if (this.#state !== "connecting" || this.#standing !== "down") return [];
    this.#standing = "greeting";
    const { user, token, password, agent } = this;
    const join = this.rooms.map((room) => this.#places.ask(room));
    this.#send({
      type: "hello", user,
      ...(token && { token }), ...(password && { password }), ...(agent && { agent }), ...(join.length && { join }),
    });
    return this.#followed();
  }

  /** @param {Message} message */
  heard(message) {
    if (this.#standing !== "down") this.#hear(message);
    return this.#followed();
  }

  /** The WebSocket is gone; 1006 if it just broke. @param {number} code @param {number} chance In [0, 1). */
  closed(code, chance) {
    if (this.#state === "offline" || this.#state === "stopped") return [];
    this.#standing = "down";
    this.#closed = code;
    this.#places.cut();
    this.#queue.cut();
    if (this.#nick) this.#nick = { user: this.#nick.next ?? this.#nick.user, isAsked: false, next: null };
    if (FINAL.has(code)) {
      this.#enter("stopped");
      this.#out.push({ stopped: code });
    } else {
      this.#enter("offline");
      const wait = Math.min(FIRST_WAIT * 2 ** this.#attempts, LONGEST_WAIT);
      this.#out.push({ wait: Math.round(wait * (1 - chance / 2)) });
      this.#attempts += 1;
    }
    return this.#followed();
  }

  /** @param {Line} line */
  say(line) {
    this.#queue.push(line, false);
    this.#out.push({ pending: line });
    return this.#followed();
  }

  /**
   * Lines kept from an earlier run; one that `failed` in it waits for a word.
   * @param {(Line & { failed?: import("../storage/outbox-store.js").Refusal })[]} lines
   */
  restore(lines) {
    for (const { failed, ...line } of lines) {
      this.#out.push({ pending: line });
      if (failed) {
        this.#queue.pushFailed(line);
        this.#out.push({ failed: { cid: line.cid, ...failed } });
      } else {
        this.#queue.push(line, true);
      }
    }
    return this.#followed();
  }

  /** The rest that a rate limit asked for is over. */
  again() {
    this.#queue.rested();
    return this.#followed();
  }

  /** A failed line shall be sent again. @param {string} cid */
  resend(cid) {
    const line = this.#queue.resend(cid);
    if (line) this.#out.push({ pending: line });
    return this.#followed();
  }

  /** A line that failed, or was never sent, is given up. @param {string} cid */
  drop(cid) {
    if (this.#queue.drop(cid)) this.#out.push({ dropped: cid });
    return this.#followed();
  }

  /** @param {string} room */
  join(room) {
    if (this.#places.add(room) && this.#standing !== "down") this.#ask(room);
    return this.#followed();
  }

  /** @param {string} room */
  leave(room) {
    if (!this.#places.forget(room)) return [];
    if (this.#standing === "down") this.#notice({ type: "left", room });
    else this.#send({ type: "leave", room });
    return this.#followed();
  }

  /** @param {string} user */
  nick(user) {
    const isLost = this.#state === "stopped" && this.#closed === NAME_TAKEN;
    const isUnclaimed = this.#standing === "down" && !this.token && !this.#queue.hasDoubt;
    if (isLost || isUnclaimed) {
      // Nothing is held that could be renamed: the next hello simply says another name.
      this.user = user;
      this.token = undefined;
      this.#nick = null;
      const message = "it was sent under a name that is gone, and may have been stored";
      for (const cid of this.#queue.failDoubt()) this.#out.push({ failed: { cid, code: "name_taken", message } });
    } else if (this.#nick?.isAsked) {
      this.#nick.next = user;
    } else {
      this.#nick = { user, isAsked: false, next: null };
    }
    return this.#followed();
  }

  /** A look at the history showed records that never came. @param {string} room */
  missed(room) {
    if (this.#standing === "welcome" && !this.#places.isAsked(room)) this.#ask(room);
    return this.#followed();
  }

  // ---- What the server says -----------------------------------------------------------------------

  /** @param {Message} message */
  #hear(message) {
    switch (message.type) {
      case "welcome":
        this.#standing = "welcome";
        this.user = message.user;
        this.token = message.token ?? this.token;
        return this.#notice(message);
      case "joined": return this.#joined(message);
      case "renamed":
        if (message.token || sameName(message.user, this.user)) this.#renamed(message);
        return this.#notice(message);
      case "left":
        // A room asked for again since is not the one that was left.
        if (!this.#places.isAsked(message.room)) this.#places.forget(message.room);
        return this.#notice(message);
      case "error": return this.#error(message);
      default: return isRecord(message) ? this.#record(message) : this.#notice(message);
    }
  }

  /** @param {Message} message */
  #joined(message) {
    const { room, first } = message;
    const fit = this.#places.join(message);
    if (fit === "unasked") return;
    if (fit === "reset") this.#reset(room);
    if (fit === "gap") this.#out.push({ gap: { room, first } });
    this.#notice(message);
  }

  /** What was shown is of another log, and so is what edits, deletes and answers meant. @param {string} room */
  #reset(room) {
    this.#out.push({ reset: room });
    const message = "the room has begun anew, and the line it was about is gone";
    for (const cid of this.#queue.failStrays(room)) this.#out.push({ failed: { cid, code: "no_such_record", message } });
  }

  /** @param {Message} record */
  #record(record) {
    const { room, seq, user, cid } = record;
    const verdict = this.#places.place(room, seq);
    if (verdict === "hole") this.#ask(room, this.#places.seq(room));
    if (verdict === "hole stays") this.#out.push({ hang_up: DISTRUST });
    if (verdict.startsWith("hole")) return;
    if (sameName(user, this.user) && this.#queue.settle(room, cid)) this.#out.push({ stored: { cid, seq } });
    // A record of a later version takes its place, or all after it would seem to follow a hole.
    if (verdict === "next") this.#out.push(isKnownRecord(record) ? { record } : { notice: record });
  }

  /** @param {Message} message */
  #renamed({ user, to, token }) {
    this.user = to;
    if (token || !sameName(user, to)) this.token = token; // the old one does not hold another name
    if (this.#nick?.isAsked) this.#answerNick();
  }

  /** @param {Message} message */
  #error(message) {
    const { code, cid, room, retry_ms } = message;
    if (!this.#queue.isInFlight(cid)) {
      if (room && this.#places.isAsked(room)) this.#places.forget(room);
      else if (!room && !cid && this.#nick?.isAsked) this.#answerNick();
      this.#notice(message);
    } else if (code === "rate_limited") {
      this.#queue.rest();
      this.#out.push({ again_in: retry_ms ?? REST });
    } else {
      this.#queue.fail();
      this.#out.push({ failed: { cid, code, message: message.message } });
    }
  }

  // ---- What follows -------------------------------------------------------------------------------

  /** Everything to do now, after working out whether all is shown and what may be sent. */
  #followed() {
    if (this.#standing === "welcome") {
      if (this.#places.isCaughtUp) this.#attempts = 0;
      this.#enter(this.#places.isCaughtUp ? "live" : "catching up");
    }
    if (this.#state === "live" && !this.#queue.isBusy && !this.#nick?.isAsked) this.#sendNext();
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** A new name before the next line, but behind every line that was sent under the old one. */
  #sendNext() {
    if (this.#nick && !this.#queue.hasDoubt) {
      this.#nick.isAsked = true;
      return this.#send({ type: "nick", user: this.#nick.user });
    }
    const line = this.#queue.next();
    if (line) this.#send({ ...line });
  }

  #answerNick() {
    this.#nick = this.#nick?.next ? { user: this.#nick.next, isAsked: false, next: null } : null;
  }

  /** @param {string} room @param {number | null} [hole] */
  #ask(room, hole) {
    this.#send({ type: "join", ...this.#places.ask(room, hole) });
  }

  /** @param {State} state */
  #enter(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#out.push({ state });
  }

  /** @param {Message} message */
  #send(message) {
    this.#out.push({ send: message });
  }

  /** @param {Message} message */
  #notice(message) {
    this.#out.push({ notice: message });
  }
}
