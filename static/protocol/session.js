// Session: the client's state machine: offline → connecting → catching up → live. The console runs the same
// one in Rust (src/client/session/), and tests/vectors/session/ holds both to one behaviour. Input comes in
// as a call, and each call returns the actions to perform, in order. No I/O, no clock, no randomness.

import { Subscriptions } from "./subscriptions.js";
import { Outbox } from "./outbox.js";
import { isKnownRecord, isRecord } from "./messages.js";
import { roomWith, sameName } from "./names.js";

/**
 * @import { Message } from "./messages.js"
 * @import { Rejection, Submission } from "./outbox.js"
 * @typedef {"offline" | "connecting" | "catching up" | "live" | "stopped"} State
 * @typedef {{ [kind: string]: any }} Action One thing to do or to show; its only key is its kind.
 */

/** Backoff before reconnecting: doubles from the first to the longest. */
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;

/** Wait before sending again where `rate_limited` names no time. */
const RESEND_WAIT_MS = 1_000;

/** Closes a connection that keeps records from us (RFC 6455 §7.4.1). */
const PROTOCOL_ERROR = 1002;

/** Names that the server keeps for one person. */
const NAMES_PER_OWNER = 5;

/** Close codes after which reconnecting is useless or rude: the person has to act. */
const FINAL_CODES = new Set([4400, 4401, 4403, 4409]);
const NAME_TAKEN = 4409;

export class Session {
  /** @type {State} */ #state = "offline";
  /** How far the current connection got. @type {"disconnected" | "hello sent" | "welcomed"} */ #link = "disconnected";
  #followsRooms;
  #subscriptions;
  #outbox = new Outbox();
  /** The wanted name. @type {{ user: string, isRequested: boolean, next: string | null } | null} */ #rename = null;
  /** Names that were ours before, the newest last: records under them may be ours. @type {string[]} */ #formerNames = [];
  #attempts = 0;
  #closeCode = 0;
  /** @type {Action[]} */ #actions = [];

  /**
   * @param {{ user: string, token?: string, password?: string, agent?: string, rooms: string[], follows_rooms?: boolean, members?: string[] }} identity
   *     `follows_rooms`: it is in the rooms that the person is a member of, on all devices. `members`: those of them that it
   *     knows: it joins them if that is still so, or if the person has no rooms.
   */
  constructor({ user, token, password, agent, rooms, follows_rooms = false, members = [] }) {
    this.user = user;
    this.token = token;
    this.password = password;
    this.agent = agent;
    this.#followsRooms = follows_rooms;
    this.#subscriptions = new Subscriptions(rooms);
    this.resumeRooms(members);
  }

  /** Adds rooms that the person was a member of when this browser knew last. @param {string[]} rooms */
  resumeRooms(rooms) {
    for (const room of rooms) this.#subscriptions.addMember(room);
  }

  get state() {
    return this.#state;
  }

  /** The subscribed rooms, in order. */
  get rooms() {
    return this.#subscriptions.rooms;
  }

  /** The rooms that the server keeps for the person. */
  get members() {
    return this.#subscriptions.members;
  }

  /** Private rooms that the person has asked for, and the server has not said yet that they are theirs. */
  get wishes() {
    return this.#subscriptions.wishes;
  }

  /** The highest seq shown of a room, or null. @param {string} room */
  seq(room) {
    return this.#subscriptions.seq(room);
  }

  // ---- Input: each call returns the actions that follow ----

  /** The person wants a connection, or the backoff is over. */
  start() {
    if (this.#state === "offline" || this.#state === "stopped") {
      this.#setState("connecting");
      this.#actions.push({ connect: true });
    }
    return this.#takeActions();
  }

  /** The WebSocket is open. */
  opened() {
    if (this.#state !== "connecting" || this.#link !== "disconnected") return [];
    this.#link = "hello sent";
    const { user, token, password, agent } = this;
    const join = this.rooms.map((room) => this.#subscriptions.requestJoin(room));
    this.#send({
      type: "hello", user,
      ...(token && { token }), ...(password && { password }), ...(agent && { agent }), ...(this.#followsRooms && { rooms: true }), ...(join.length && { join }),
    });
    return this.#takeActions();
  }

  /** @param {Message} message */
  received(message) {
    if (this.#link !== "disconnected") this.#receive(message);
    return this.#takeActions();
  }

  /**
   * The WebSocket is closed; 1006 if the connection broke.
   * @param {number} code @param {number} jitter In [0, 1). @param {number} leastWait The least ms before the next attempt, if the server named them.
   */
  closed(code, jitter, leastWait = 0) {
    if (this.#state === "offline" || this.#state === "stopped") return [];
    this.#link = "disconnected";
    this.#closeCode = code;
    this.#subscriptions.disconnected();
    this.#outbox.disconnected();
    if (this.#rename) this.#rename = { user: this.#rename.next ?? this.#rename.user, isRequested: false, next: null };
    if (FINAL_CODES.has(code)) {
      this.#setState("stopped");
      this.#actions.push({ stopped: code });
    } else {
      this.#setState("offline");
      const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** this.#attempts, LONGEST_BACKOFF_MS);
      this.#actions.push({ retry_in: Math.max(leastWait, Math.round(backoff * (1 - jitter / 2))) });
      this.#attempts += 1;
    }
    return this.#takeActions();
  }

  /** @param {Submission} submission */
  submit(submission) {
    this.#outbox.push(submission, false);
    this.#actions.push({ pending: submission });
    return this.#takeActions();
  }

  /**
   * Adds submissions of an earlier run; one that `failed` there is not sent by itself.
   * @param {(Submission & { failed?: Rejection })[]} submissions
   */
  restore(submissions) {
    for (const { failed, ...submission } of submissions) {
      this.#actions.push({ pending: submission });
      if (failed) {
        this.#outbox.pushFailed(submission);
        this.#actions.push({ failed: { cid: submission.cid, ...failed } });
      } else {
        this.#outbox.push(submission, true);
      }
    }
    return this.#takeActions();
  }

  /** The wait that a rate limit demanded is over. */
  resendDue() {
    this.#outbox.resendDue();
    return this.#takeActions();
  }

  /** Sends a failed submission again. @param {string} cid */
  resend(cid) {
    const submission = this.#outbox.resend(cid);
    if (submission) this.#actions.push({ pending: submission });
    return this.#takeActions();
  }

  /** Gives up a submission that failed or was never sent. @param {string} cid */
  drop(cid) {
    if (this.#outbox.drop(cid)) this.#actions.push({ dropped: cid });
    return this.#takeActions();
  }

  /** @param {string} room */
  join(room) {
    if (this.#subscriptions.add(room) && this.#link !== "disconnected") this.#requestJoin(room);
    return this.#takeActions();
  }

  /** @param {string} room */
  leave(room) {
    if (!this.#subscriptions.remove(room)) return [];
    if (this.#followsRooms) this.#subscriptions.noteLeaving(room);
    if (this.#link === "disconnected") this.#emitMessage({ type: "left", room });
    else this.#send({ type: "leave", room });
    return this.#takeActions();
  }

  /** Forgets a room of the person whose name we had before: they have not left it. @param {string} room */
  forgetRoom(room) {
    if (this.#subscriptions.remove(room)) this.#emitMessage({ type: "left", room });
    return this.#takeActions();
  }

  /** @param {string} user */
  nick(user) {
    const isLost = this.#state === "stopped" && this.#closeCode === NAME_TAKEN;
    const isUnclaimed = this.#link === "disconnected" && !this.token && !this.#outbox.hasInDoubt;
    if (isLost || isUnclaimed) {
      // No claim to rename: the next hello just uses the other name.
      this.user = user;
      this.token = undefined;
      this.#formerNames = []; // another person's, from now on
      this.#rename = null;
      const message = "it was sent under a name that is no longer yours, and may have been stored";
      for (const cid of this.#outbox.failInDoubt()) this.#actions.push({ failed: { cid, code: "name_taken", message } });
    } else {
      this.#outbox.markBeforeRename();
      if (this.#rename?.isRequested) this.#rename.next = user;
      else this.#rename = { user, isRequested: false, next: null };
    }
    return this.#takeActions();
  }

  /** Joins a room again after its history showed records that never arrived. @param {string} room */
  requestMissing(room) {
    if (this.#link === "welcomed" && !this.#subscriptions.isJoining(room)) this.#requestJoin(room);
    return this.#takeActions();
  }

  // ---- Messages of the server ----

  /** @param {Message} message */
  #receive(message) {
    switch (message.type) {
      case "welcome":
        this.#link = "welcomed";
        this.#setName(message.user);
        this.token = message.token ?? this.token;
        return this.#emitMessage(this.#followsRooms && message.rooms ? this.#follow(message) : message);
      case "membership":
        if (this.#followsRooms && message.state === "joined") {
          this.#joinListed(message.room);
          if (!this.rooms.includes(message.room)) return;
        }
        return this.#emitMessage(message);
      case "joined": return this.#joined(message);
      case "renamed":
        if (message.token || sameName(message.user, this.user)) this.#renamed(message);
        return this.#emitMessage(message);
      case "left":
        this.#subscriptions.left(message.room);
        return this.#emitMessage(message);
      case "error": return this.#error(message);
      default: return isRecord(message) ? this.#record(message) : this.#emitMessage(message);
    }
  }

  /**
   * Joins the rooms that the person has joined on other devices, and leaves those that they have left here while there was no
   * connection.
   * @param {Message} welcome @returns {Message} The same with the rooms that we are in: of very many some are not joined.
   */
  #follow(welcome) {
    const listed = welcome.rooms.map((/** @type {Message} */ { room }) => room);
    for (const room of this.#subscriptions.follow(listed)) this.#send({ type: "leave", room });
    for (const room of listed) this.#joinListed(room);
    this.#subscriptions.follow(listed);
    const ours = new Set(this.rooms);
    return { ...welcome, rooms: welcome.rooms.filter((/** @type {Message} */ { room }) => ours.has(room)) };
  }

  /** @param {string} room */
  #joinListed(room) {
    if (this.#subscriptions.isListedAnew(room)) this.#requestJoin(room);
  }

  /** @param {Message} message */
  #joined(message) {
    const { room, first } = message;
    const from = this.#subscriptions.resolve(message);
    if (from !== null) this.#outbox.moveRoom(from, room);
    const result = this.#subscriptions.joined(message);
    if (result === "not requested") return;
    if (result === "reset") this.#reset(room);
    if (result === "gap") this.#actions.push({ gap: { room, first } });
    this.#emitMessage(message);
  }

  /** Reports that the room has another log or history, and fails what was about records of the old one. @param {string} room */
  #reset(room) {
    this.#actions.push({ reset: room });
    const message = "the room was reset, and the message it refers to is gone";
    for (const cid of this.#outbox.failTargeted(room)) this.#actions.push({ failed: { cid, code: "no_such_record", message } });
  }

  /** @param {Message} record */
  #record(record) {
    const { room, seq, user, cid } = record;
    const order = this.#subscriptions.advance(record);
    switch (order) {
      case "missing": return this.#requestJoin(room, this.#subscriptions.seq(room));
      case "still missing": return void this.#actions.push({ disconnect: PROTOCOL_ERROR });
      case "awaiting missing": return;
    }
    const isOurs = [this.user, ...this.#formerNames].some((name) => sameName(user, name));
    if (isOurs && this.#outbox.acknowledge(room, cid)) this.#actions.push({ stored: { cid, seq } });
    // A record of an unknown type takes its seq as well, or all later ones would seem to follow missing records.
    if (order === "next") this.#actions.push(isKnownRecord(record) ? { record } : { message: record });
  }

  /** @param {Message} message */
  #renamed({ user, to, token }) {
    this.#setName(to);
    if (token || !sameName(user, to)) this.token = token; // the old token does not own another name
    if (this.#rename?.isRequested) this.#finishRename();
  }

  /** Takes over a name that the server has given us, perhaps that of our other devices. What we have sent under the former one is still ours. @param {string} user */
  #setName(user) {
    const former = this.user;
    this.user = user;
    if (sameName(former, user)) return;
    const others = this.#formerNames.filter((name) => !sameName(name, former) && !sameName(name, user));
    this.#formerNames = [...others, former].slice(-NAMES_PER_OWNER);
  }

  /** @param {Message} message */
  #error(message) {
    const { code, cid, retry_ms } = message;
    const room = message.room ?? (message.peer === undefined ? undefined : roomWith(message.peer));
    if (!this.#outbox.isInFlight(cid)) {
      if (room && this.#subscriptions.isJoining(room)) this.#joinRefused(room, message);
      else if (!room && !cid && this.#rename?.isRequested) this.#finishRename();
      this.#emitMessage(message);
    } else if (code === "rate_limited") {
      this.#outbox.rateLimited();
      this.#actions.push({ resend_in: retry_ms ?? RESEND_WAIT_MS });
    } else {
      this.#outbox.failInFlight();
      this.#actions.push({ failed: { cid, code, message: message.message } });
    }
  }

  /** Outside the room each of its submissions would be refused anyway, with a reason that says less. @param {string} room @param {Message} error */
  #joinRefused(room, { code, message }) {
    this.#subscriptions.remove(room);
    for (const cid of this.#outbox.failRoom(room)) this.#actions.push({ failed: { cid, code, message } });
  }

  // ---- Actions ----

  /** Updates the state, sends what may be sent now, and returns all actions. */
  #takeActions() {
    if (this.#link === "welcomed") {
      if (this.#subscriptions.isCaughtUp) this.#attempts = 0;
      this.#setState(this.#subscriptions.isCaughtUp ? "live" : "catching up");
    }
    if (this.#state === "live" && !this.#outbox.hasInFlight && !this.#rename?.isRequested) this.#sendNext();
    const out = this.#actions;
    this.#actions = [];
    return out;
  }

  /** Sends a rename after every submission that was made before the person asked for it, and before the next. */
  #sendNext() {
    if (this.#rename && !this.#outbox.hasBeforeRename) {
      this.#rename.isRequested = true;
      return this.#send({ type: "nick", user: this.#rename.user });
    }
    const submission = this.#outbox.takeNext();
    if (submission) this.#send({ ...submission });
  }

  #finishRename() {
    this.#rename = this.#rename?.next ? { user: this.#rename.next, isRequested: false, next: null } : null;
  }

  /** @param {string} room @param {number | null} [missingAfter] */
  #requestJoin(room, missingAfter) {
    this.#send({ type: "join", ...this.#subscriptions.requestJoin(room, missingAfter) });
  }

  /** @param {State} state */
  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#actions.push({ state });
  }

  /** @param {Message} message */
  #send(message) {
    this.#actions.push({ send: message });
  }

  /** @param {Message} message */
  #emitMessage(message) {
    this.#actions.push({ message });
  }
}
