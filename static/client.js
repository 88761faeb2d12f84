// The client: performs what the session asks for, and applies what the server sends to the chat, the storage and the page.

import { notificationFor } from "./model/notification.js";
import { BAD_ROOM } from "./model/commands.js";
import { isFinal, refusalOf, roomRefusal } from "./model/refusals.js";
import { noRoomInPath, roomFromPath, seqFromHash } from "./model/url.js";
import { Connection } from "./protocol/connection.js";
import { askedRoom, fitRoomName, isOfOwners, isPrivate, isUserName, parseStoredRoom, peerOf, roomWith, sameName } from "./protocol/names.js";
import { Session } from "./protocol/session.js";
import { randomId } from "./storage/tabs.js";
import { nameInUse } from "./view/login.js";

/** Characters shown of an address that names no room. */
const MAX_ADDRESS_CHARS = 64;

/**
 * @import { Chat } from "./model/chat.js"
 * @import { HistoryRequests } from "./model/history-requests.js"
 * @import { MemberRequests } from "./model/member-requests.js"
 * @import { People } from "./model/people.js"
 * @import { Refusal } from "./model/refusals.js"
 * @import { Search, SearchResult } from "./model/search.js"
 * @import { Navigation } from "./navigation.js"
 * @import { LogRecord, Message } from "./protocol/messages.js"
 * @import { Refusal as UpgradeRefusal } from "./protocol/connection.js"
 * @import { Rejection, Submission } from "./protocol/outbox.js"
 * @import { Action } from "./protocol/session.js"
 * @import { OutboxStore } from "./storage/outbox-store.js"
 * @import { Preferences } from "./storage/preferences.js"
 * @import { Store } from "./storage/store.js"
 * @import { Tabs } from "./storage/tabs.js"
 * @import { Page } from "./view/page.js"
 * @typedef {{
 *   chat: Chat, preferences: Preferences, store: Store, outboxStore: OutboxStore, tabs: Tabs, search: Search,
 *   historyRequests: HistoryRequests, memberRequests: MemberRequests, people: People, page: Page, navigation: Navigation,
 *   isReading(): boolean, openRoom(room: string, seq?: number): void, openComposer(): void, draw(): void,
 * }} ClientParts What the client works on. `isReading`: whether a message that arrives now is in view.
 */

/** What is said after a refusal. @type {Record<UpgradeRefusal["reason"], string>} */
const REFUSALS = {
  "wrong passwords": "Too many wrong passwords from your network. Try again in a minute.",
  connections: "Too many connections from your network. Try again in a minute.",
};

export class Client {
  /** @type {Session | null} */ session = null;
  /** The server's last error message, which explains a stop. */ lastError = "";
  /** The server's welcome, if it was shown. */ #shownWelcome = "";
  /** Whether the person entered the key that the server is asked to accept. */ #isKeyTyped = false;
  /** Whether it says that no one may have this name now, though no one holds it. */ #isBadName = false;
  /** Why the last attempt was refused. @type {UpgradeRefusal | null} */ #refusal = null;
  /** Whether the rooms are on the screen: after the first welcome, or when the name was used before. */ isChatShown = false;
  /** Whether the room on the screen is only the default one, until the server says which rooms the person is in. */ #isDefaultRoom = false;
  /** The key of the person whom the tab belongs to. @type {string | null} */ #key = null;
  #parts;

  /** @param {ClientParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.connection = new Connection({
      opened: () => {
        // The client chooses the token itself: if the server chose it and the welcome were lost, the name would be locked.
        if (this.session) this.session.token ??= randomId();
        this.#perform(this.session?.opened());
      },
      received: (message) => this.#perform(this.session?.received(message)),
      probe: () => this.session && parts.historyRequests.probe(this.session),
      closed: (code, refusal) => {
        for (const room of parts.chat.rooms.values()) room.disconnected();
        this.#refusal = refusal;
        if (refusal) this.lastError = REFUSALS[refusal.reason];
        this.#perform(this.session?.closed(code, Math.random(), refusal?.waitMs));
      },
      retryDue: () => this.start(),
    });
  }

  // ---- Log in and out ----

  /** Continues under a name that this browser used before. @param {string} user */
  resume(user) {
    this.isChatShown = true;
    this.#parts.page.show();
    this.session = this.#createSession(user);
    const typedKey = this.#parts.store.takeTypedKey();
    this.#isKeyTyped = typedKey !== null;
    this.session.token = typedKey ?? this.session.token;
    this.start();
  }

  /** Continues as another name of the person: from the beginning, because rooms and drafts are kept for each name. @param {string} user @param {string} key */
  switchTo(user, key) {
    this.connection.disconnect();
    this.#parts.store.switchTo(user, key);
    location.reload();
  }

  /** @param {string} user @param {string | null} password @param {string | null} key */
  logIn(user, password, key) {
    const { chat, store, page } = this.#parts;
    const session = this.session ??= this.#createSession(user);
    if (user !== session.user) {
      // A name that no welcome confirmed is not claimed: the session must not ask the server to rename it.
      if (session.token !== store.token(session.user)) session.token = undefined;
      this.rename(user);
      session.token ??= store.token(session.user) ?? undefined;
      this.#saveName(session.user);
      for (const room of session.rooms.filter(isPrivate)) this.#perform(session.forgetRoom(room));
      chat.peers = store.peers(user);
      const { members, others } = store.rooms(user);
      for (const room of others.filter((each) => isPrivate(each) && parseStoredRoom(each) === each)) {
        chat.ensureRoom(room);
        this.join(room);
      }
      session.resumeRooms(members);
      for (const room of members) chat.ensureRoom(room);
    }
    session.token = key ?? session.token;
    this.#isKeyTyped = key !== null;
    session.password = password ?? session.password;
    page.login.setBusy(true);
    this.start();
  }

  /** @param {string} user */
  #createSession(user) {
    const { chat, preferences, store, navigation } = this.#parts;
    chat.me = user;
    this.#key = store.token(user);
    preferences.load(user);
    chat.peers = store.peers(user);
    const { members, others } = store.rooms(user);
    const stored = [...members, ...others].filter((room) => parseStoredRoom(room) === room);
    for (const room of stored) chat.ensureRoom(room);
    const address = roomFromPath(location.pathname);
    const isOpen = address !== null && (chat.rooms.has(address) || mayJoin(user, address));
    const here = isOpen ? chat.resolve(address) : null;
    if (!here) this.#explainAddress(address);
    const rooms = [...new Set([...stored, ...(here ? [here] : [])])].filter((room) => !members.includes(room));
    this.#isDefaultRoom = rooms.length + members.length === 0;
    if (this.#isDefaultRoom) members.push("lobby"); // unless the person is in other rooms
    const shown = [...members, ...rooms];
    for (const room of shown) chat.ensureRoom(room);
    navigation.show(here ?? shown[0] ?? null, false, here ? seqFromHash(location.hash) : null);
    return new Session({ user, token: store.token(user) ?? undefined, agent: "web", rooms, members, follows_rooms: true });
  }

  /** Says why the room that the address names is not on the screen. @param {string | null} room A room of others; null: not a room at all. */
  #explainAddress(room) {
    const typed = noRoomInPath(location.pathname);
    const { page, openRoom } = this.#parts;
    if (room) page.notices.show("address", "Address", "This address is of a private room of other people.");
    if (typed === null) return;
    const fit = fitRoomName(typed);
    const action = fit === null ? null : { label: `Join #${fit}`, act: () => openRoom(fit) };
    const shown = typed.replace(/\p{C}/gu, "").slice(0, MAX_ADDRESS_CHARS);
    page.notices.show("address", "Address", `This address names no room: “${shown}”. ${BAD_ROOM}.`, { action });
  }

  /** Removes the name and its key from this browser, and returns to the login form. */
  forgetMe() {
    this.connection.disconnect();
    this.#parts.store.forget(this.#parts.chat.me);
    location.replace("/");
  }

  // ---- What the person does ----

  /** Connects, if there is no connection. */
  start() {
    this.#perform(this.session?.start());
  }

  /** @param {Submission} submission */
  submit(submission) {
    this.#perform(this.session?.submit(submission));
  }

  /** @param {string} cid */
  resend(cid) {
    this.#perform(this.session?.resend(cid));
  }

  /** @param {string} cid */
  drop(cid) {
    this.#perform(this.session?.drop(cid));
  }

  /** @param {string} user */
  rename(user) {
    this.#perform(this.session?.nick(user));
  }

  /** @param {string} room */
  join(room) {
    this.#perform(this.session?.join(room));
  }

  /** @param {string} room */
  leave(room) {
    this.#perform(this.session?.leave(room));
    this.#removeRoom(room);
    this.#saveRooms();
  }

  get isConnected() {
    return this.session?.state === "live" || this.session?.state === "catching up";
  }

  /** @param {Message} message @returns {boolean} Whether there is a connection to send it over. */
  send(message) {
    return this.isConnected && this.connection.send(message);
  }

  /** Takes over unsent messages of closed tabs: a tab sends its own messages, and another sends them only once it is closed. */
  adoptUnsent() {
    const { chat, outboxStore, tabs } = this.#parts;
    for (const tab of outboxStore.otherTabs(chat.me)) {
      tabs.onceClosed(tab, () => {
        const submissions = outboxStore.adopt(tab, chat.me);
        for (const { room } of submissions) this.join(room);
        this.#perform(this.session?.restore(submissions));
      });
    }
  }

  // ---- What the session asks for ----

  /** @param {Action[]} [actions] */
  #perform(actions = []) {
    const { chat, outboxStore, draw } = this.#parts;
    for (const action of actions) {
      const [[kind, value] = []] = Object.entries(action);
      switch (kind) {
        case "connect": this.#connect(); break;
        case "state": if (value === "live") this.#caughtUp(); break;
        case "retry_in": this.#retryIn(value); break;
        case "send": this.connection.send(value); break;
        case "disconnect": this.connection.disconnect(); break;
        case "resend_in": setTimeout(() => this.#perform(this.session?.resendDue()), value); break;
        case "stopped": this.#stopped(value); break;
        case "record": this.#record(value); break;
        case "reset": this.#reset(value); break;
        case "gap": chat.ensureRoom(value.room).gap(value.first); break;
        case "pending": chat.pending(value, Date.now()); break;
        case "failed": this.#failed(value); break;
        case "stored": chat.stored(value); outboxStore.remove(value.cid); break;
        case "dropped": chat.dropped(value); outboxStore.remove(value); break;
        case "message": this.#received(value); break;
      }
    }
    draw();
  }

  #caughtUp() {
    this.connection.caughtUp();
    this.#saveRooms();
  }

  #connect() {
    const { historyRequests, memberRequests, search, page } = this.#parts;
    historyRequests.disconnected();
    memberRequests.disconnected();
    if (search.disconnected()) page.composer.hint("Search stopped: connection lost. Search again when connected", true);
    this.lastError = "";
    this.connection.connect();
  }

  /** @param {number} ms */
  #retryIn(ms) {
    const { chat, page } = this.#parts;
    const isLockedOut = this.#refusal?.reason === "wrong passwords";
    if (isLockedOut) page.login.setBusy(false); // the password can be corrected meanwhile
    if (isLockedOut && !this.session?.password) {
      // It wants a password, and we have none: an attempt without one would only be refused again.
      this.isChatShown = false;
      page.hide();
      return page.login.show(this.lastError, { user: chat.me, isPasswordAsked: true, field: "password" });
    }
    this.connection.retryIn(ms);
    if (!this.isChatShown) page.login.show(this.lastError || "The server does not answer. Trying again…");
  }

  /** @param {number} code */
  #stopped(code) {
    const { chat, store, page } = this.#parts;
    this.connection.retryAt = null;
    page.login.setBusy(false);
    if (code === 4403) return void (this.lastError ||= "You were removed from this server.");
    if (code === 4409 && this.session) this.session.token = store.token(this.session.user) ?? undefined; // a typed key may be wrong
    this.isChatShown = false;
    page.hide();
    const { text, field } = this.#reasonOf(code);
    page.login.show(text, { user: chat.me, isPasswordAsked: code === 4401, field });
    if (code === 4409 && !this.#isBadName) page.login.askForKey();
  }

  /** Why the server refused this name, and the field of the login form that it is about. @param {number} code @returns {{ text: string, field?: "name" | "password" | "login-key" }} */
  #reasonOf(code) {
    const { me } = this.#parts.chat;
    if (code === 4401) return { text: this.session?.password ? "Wrong password." : "This server needs a password.", field: "password" };
    if (this.#isBadName) return { text: `The server refused the name ${me}: ${this.lastError}`, field: "name" };
    if (code !== 4409) return { text: this.lastError || "The server did not understand this page. Reload the page." };
    if (this.#isKeyTyped) return { text: `Wrong key for ${me}. Copy it again (page: Settings; terminal: /key), or choose another name.`, field: "login-key" };
    return { text: nameInUse(me), field: "name" };
  }

  /** @param {LogRecord} record */
  #record(record) {
    const { chat, page, isReading, openComposer } = this.#parts;
    const wasEditing = chat.room?.editing;
    chat.addRecord(record, chat.room?.name === record.room && isReading());
    if (document.hidden) this.#notify(record);
    if (!wasEditing || chat.room?.editing) return;
    openComposer();
    page.composer.hint("The message you were editing was deleted", true);
  }

  /** @param {LogRecord} record */
  #notify(record) {
    const { chat, preferences, page, openRoom } = this.#parts;
    const notification = notificationFor(record, chat);
    if (!notification) return;
    if (preferences.isOn("sound")) page.notifications.playSound();
    if (preferences.isOn("desktop")) page.notifications.showDesktop(notification, record.room, () => openRoom(record.room, record.seq));
  }

  /** @param {string} room */
  #reset(room) {
    const { chat, openComposer } = this.#parts;
    // In the new log the seqs belong to other messages: drop the edits and deletes of the old ones.
    for (const cid of chat.unsentEdits(room)) this.drop(cid);
    chat.ensureRoom(room).reset();
    if (chat.room?.name === room) openComposer();
  }

  /** @param {{ cid: string } & Rejection} rejection */
  #failed(rejection) {
    const { chat, page } = this.#parts;
    const submission = chat.submission(rejection.cid);
    if (submission && isFinal(rejection.code)) {
      // Once all that the server's message causes is done: it may remove the room.
      queueMicrotask(() => this.#giveBack(refusalOf(submission, rejection, chat.me)));
      return this.drop(rejection.cid);
    }
    chat.failed(rejection);
    if (chat.isEdit(rejection.cid)) page.composer.hint(`Your change was refused: ${rejection.message}`, true);
  }

  /** Says why something was refused for good, and puts its text into the input box to be mended; if that is in use, into the room. @param {Refusal} refusal */
  #giveBack({ room, typed, isForAnyRoom, reason }) {
    const { chat, page, draw } = this.#parts;
    const isHere = isForAnyRoom || chat.room?.name === room;
    if (isHere && (!typed || page.composer.giveBack(typed))) page.composer.hint(reason, true);
    else (chat.rooms.get(room) ?? chat.room)?.note(typed ? `${reason}\n${typed}` : reason);
    draw();
  }

  // ---- What the server sends ----

  /** @param {Message} message */
  #received(message) {
    const { chat, memberRequests, navigation, people } = this.#parts;
    if (message.type === "joined" && message.asked !== undefined) this.#moveKept(askedRoom(message.asked), message.room);
    chat.received(message, Date.now());
    people.received(message);
    if (message.type === "joined" || message.type === "renamed") navigation.updateAddress();
    switch (message.type) {
      case "welcome": return this.#welcomed(message);
      case "joined": return this.#joined(message.room);
      case "membership": return this.#saveRooms();
      case "renamed": return this.session?.user === message.to ? this.#renamed(message.to) : undefined;
      case "left": return this.session?.rooms.includes(message.room) ? undefined : this.#left(message.room);
      case "rooms": return this.#parts.page.composer.suggest();
      case "members": return memberRequests.received(message, chat.rooms.get(message.room)?.members.isPaged ?? null);
      case "history": return this.#historyReceived(message);
      case "found": return this.#searchFinished(this.#parts.search.received(message));
      case "error": return this.#error(message);
    }
  }

  /** The server has told the name of a room that was known by another one. @param {string} from @param {string} to */
  #moveKept(from, to) {
    const { chat, preferences, store, openComposer } = this.#parts;
    if (!isPrivate(from) || !isPrivate(to)) return;
    if (preferences.isMuted(from)) {
      preferences.setMuted(from, false);
      preferences.setMuted(to, true);
    }
    const draft = store.draft(chat.me, from);
    if (!draft || from === to) return;
    store.saveDraft(chat.me, from, "");
    if (!store.draft(chat.me, to)) store.saveDraft(chat.me, to, draft);
    queueMicrotask(openComposer);
  }

  /** @param {Message} message */
  #welcomed({ user, former, limits, motd, server, rooms }) {
    const { chat, page } = this.#parts;
    chat.server = server;
    this.#saveName(user, former ?? []);
    if (rooms) this.#followRooms(rooms);
    page.login.setBusy(false);
    if (!this.isChatShown) page.show();
    page.composer.setLimit(limits?.text ?? Infinity); // measures the input box, which must be on the screen for that
    this.isChatShown = true;
    this.#showWelcome(motd ?? "");
    this.adoptUnsent();
  }

  /** Takes the rooms that the person is in. The room on the screen stays there, unless it is only the default. @param {{ room: string, peer?: string, muted?: boolean }[]} rooms */
  #followRooms(rooms) {
    const { chat, navigation } = this.#parts;
    chat.follow(rooms);
    if (this.#isDefaultRoom && rooms[0]) navigation.show(rooms[0].room, false);
    this.#isDefaultRoom = false;
  }

  /** @param {string} name */
  #joined(name) {
    const { chat, preferences } = this.#parts;
    // What this browser had muted before the server kept it.
    if (preferences.isMuted(name) && this.send({ type: "mute", room: name, muted: true })) chat.setMuted(name, true);
    if (this.session?.state === "live") this.#saveRooms();
  }

  /** The server says that we are no longer in a room: the person has left it on another device, or the server needed the place. @param {string} name */
  #left(name) {
    const { chat, page } = this.#parts;
    const { label } = chat.rooms.get(name) ?? {};
    const isHere = chat.room?.name === name;
    this.#removeRoom(name);
    this.#saveRooms();
    if (isHere) page.composer.hint(isPrivate(name) ? `You are no longer in the room with ${label}` : `You left ${label} on another device`);
  }

  /** Shows the server's welcome until the person closes it, and again once it is another. @param {string} text */
  #showWelcome(text) {
    const { page, store } = this.#parts;
    if (!text || text === this.#shownWelcome || text === store.closedWelcome) return;
    this.#shownWelcome = text;
    page.notices.show("welcome", "Welcome message", text, { hasLinks: true, closed: () => store.saveClosedWelcome(text) });
    page.announcer.say(`Welcome message: ${text}`);
  }

  /** @param {string} user */
  #renamed(user) {
    this.#saveName(user);
    this.#saveRooms();
    this.#parts.page.renameForm.renamed();
  }

  /** @param {Message} message */
  #historyReceived(message) {
    const { chat, historyRequests, navigation, preferences } = this.#parts;
    const { records, first } = message;
    const page = { records, first, edits: message.edits ?? [] };
    const request = historyRequests.received(message);
    const room = chat.rooms.get(message.room);
    const isIgnored = (/** @type {string} */ user) => preferences.isIgnored(user);
    if (!room || !request) return;
    switch (request.purpose) {
      case "probe": {
        const seq = this.session?.seq(message.room) ?? Infinity;
        if (records.some((/** @type {LogRecord} */ record) => record.seq > seq)) this.#perform(this.session?.requestMissing(message.room));
        return;
      }
      case "around": navigation.loaded(request, room, page, isIgnored); break;
      case "older":
        if (request.shown === room) room.addOlder(records, first, chat.me, isIgnored);
        else if (request.shown === room.window) room.addAbove(page, chat.me, isIgnored);
        break;
      case "newer": if (request.shown === room.window) room.addNewer(page, chat.me, isIgnored);
    }
    navigation.locateStep(); // at once: the next page may be needed
  }

  /** @param {SearchResult | null} result */
  #searchFinished(result) {
    if (!result) return;
    const { chat, page } = this.#parts;
    chat.rooms.get(result.room)?.searchFinished(result);
    page.composer.hint("");
    if (chat.room?.name === result.room) page.messages.jumpToLatest();
  }

  /** @param {Message} message */
  #error({ code, message, peer, ...error }) {
    const room = error.room ?? (peer === undefined ? undefined : roomWith(peer));
    const failed = this.#parts.historyRequests.failed(room);
    const isQuestion = (room || code === "bad_message") && this.#parts.memberRequests.refused(room);
    if (isQuestion && code === "bad_message" && failed.length === 0) return; // by an older server, which is asked otherwise
    this.lastError = message;
    this.#isBadName = code === "bad_name";
    const isJoin = Boolean(room) && !this.session?.rooms.includes(room);
    if (isJoin) {
      this.#removeRoom(room, this.#parts.chat.previous);
      this.#saveRooms();
    }
    const reason = roomRefusal({ code, message }, room ?? "", this.#parts.chat.me);
    if (this.session?.state !== "connecting") this.#parts.page.showRefusal({ code, message: reason, room, isJoin });
    this.#parts.navigation.failed(failed, code);
  }

  // ---- Saving the name and the rooms ----

  /** @param {string} user @param {string[]} [former] The other names that the person holds. */
  #saveName(user, former = []) {
    const { chat, outboxStore, preferences, store } = this.#parts;
    const key = this.session?.token ?? null;
    const isSamePerson = key !== null && key === this.#key;
    this.#key = key;
    if (user !== chat.me) outboxStore.rename(chat.me, user);
    if (isSamePerson && !sameName(user, chat.me)) {
      store.rename(chat.me, user);
      preferences.rename(user);
    } else {
      preferences.load(user);
    }
    if (!isSamePerson) chat.ownNames.reset(user);
    chat.ownNames.add(user, ...former);
    chat.me = user;
    store.saveUser(user, key);
  }

  #saveRooms() {
    if (!this.session) return;
    const { chat, store } = this.#parts;
    const { user, rooms, members, wishes } = this.session;
    store.saveRooms(user, members, wishes);
    const known = rooms.flatMap((name) => chat.rooms.get(name) ?? []).filter(({ peer }) => isUserName(peer));
    store.savePeers(user, new Map(known.map(({ name, peer }) => [name, peer ?? ""])));
  }

  /** Removes a room from the list, unless it has unsent messages. @param {string} name @param {string | null} [next] The room to show then; by default the first. */
  #removeRoom(name, next = null) {
    const { chat, navigation } = this.#parts;
    const room = chat.rooms.get(name);
    if (!room || room.unsent.size) return;
    chat.rooms.delete(name);
    if (chat.room === room) navigation.show((next !== null && chat.rooms.has(next) ? next : chat.listed[0]?.name) ?? null, false);
  }
}

/** Whether a user may join a room that an address names: every public one, and their own private rooms. @param {string} user @param {string} room */
function mayJoin(user, room) {
  return !isPrivate(room) || isOfOwners(room) || peerOf(room, user) !== null;
}
