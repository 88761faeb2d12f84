// Wiring: builds the parts of the page, connects them, and passes on the events of the browser.

import { Actions } from "./actions.js";
import { Client } from "./client.js";
import { OFFLINE } from "./local-actions.js";
import { Chat } from "./model/chat.js";
import { candidatesFrom } from "./model/completion.js";
import { HistoryRequests } from "./model/history-requests.js";
import { MemberRequests } from "./model/member-requests.js";
import { People } from "./model/people.js";
import { ReadMarkerSender } from "./model/read-marker-sender.js";
import { Search } from "./model/search.js";
import { nameTyped, suggestionsFor } from "./model/suggestions.js";
import { roomFromPath, seqFromHash } from "./model/url.js";
import { Navigation } from "./navigation.js";
import { isUserName, parseStoredRoom } from "./protocol/names.js";
import { OutboxStore } from "./storage/outbox-store.js";
import { Preferences } from "./storage/preferences.js";
import { openStorage, Store } from "./storage/store.js";
import { Tabs } from "./storage/tabs.js";
import { applyAppearance } from "./view/appearance.js";
import { Page } from "./view/page.js";
import { quoteOf } from "./view/rows.js";

/** @import { Send } from "./protocol/messages.js" */

/** For a text that names a room, the list of rooms is asked for at most this often. */
const LOOK_UP_EVERY_MS = 5 * 60_000;

const local = openStorage(() => localStorage);
const store = new Store(local, openStorage(() => sessionStorage));
const tabs = new Tabs(navigator.locks);
const outboxStore = new OutboxStore(local, tabs.id);
const preferences = new Preferences(local);
applyAppearance(preferences);
const chat = new Chat(preferences);
/** @type {Send} */ const send = (message) => client.send(message);
const historyRequests = new HistoryRequests(send);
const memberRequests = new MemberRequests(send, () => page.peopleFound());
const people = new People(memberRequests, draw);
const search = new Search(send);
const readMarkers = new ReadMarkerSender(chat, send);

/** @type {Page} */
const page = new Page({
  logIn: (user, password, key) => client.logIn(user, password, key),
  rename: (user) => {
    client.rename(user);
    return client.isConnected;
  },
  switchTo: (user, key) => client.switchTo(user, key),
  retry: () => client.start(),
  resend: (cid) => client.resend(cid),
  drop: (cid) => client.drop(cid),
  key: () => client.session?.token ?? "",
  forgetMe: () => client.forgetMe(),
  openRoom: (room) => openRoom(room),
  leaveRoom,
  openNeighbour: (by, isUnread) => openRoom(chat.neighbour(by, isUnread) ?? ""),
  openMessage: (seq) => openRoom(chat.room?.name ?? "", seq),
  requestRooms,
  requestMembers: () => {
    if (!people.request()) hint(OFFLINE, true);
  },
  findPeople: (typed) => {
    const name = typed.trim().replace(/^@/, "");
    memberRequests.find(chat.fromHere, isUserName(name) ? name : "");
  },
  loadOlder: () => chat.room && historyRequests.loadOlder(chat.room),
  loadNewer: () => chat.room && historyRequests.loadNewer(chat.room),
  copyLink: (seq) => void navigation.copyLink(seq),
  scrolled: () => {
    navigation.scrolled();
    draw();
  },
  submitInput: (text) => actions.submitInput(text),
  inputChanged: (text) => actions.inputChanged(text),
  openDirect: (user) => actions.openDirect(user, ""),
  editLast: () => actions.editLast(),
  cancelContext: () => actions.cancel(),
  editMessage: (seq, text) => {
    actions.edit(seq, text);
    page.composer.focus();
  },
  replyTo: (seq) => {
    actions.replyTo(seq);
    page.composer.focus();
  },
  deleteMessage: (seq) => {
    actions.deleteMessage(seq);
    page.composer.focusUnlessTouch(); // the button that had the focus is gone
  },
  completions: () => candidatesFrom(chat),
  suggestions: (before) => {
    memberRequests.find(chat.room ? [chat.room] : [], nameTyped(before, chat));
    return suggestionsFor(before, chat);
  },
  isRoom: (name) => chat.isKnownRoom(name),
  setMuted: (room, isMuted) => actions.setMuted(room, isMuted),
  preferencesChanged: () => {
    applyAppearance(preferences);
    draw();
  },
  playSound: () => page.notifications.playSound(),
});
const hint = (/** @type {string} */ text, isBad = false) => page.composer.hint(text, isBad);
const navigation = new Navigation({ chat, historyRequests, messages: page.messages, hint, openComposer, draw });
/** @type {Client} */
const client = new Client({
  chat, preferences, store, outboxStore, tabs, search, historyRequests, memberRequests, people, page, navigation, isReading, openRoom, openComposer, draw,
});
const actions = new Actions({
  chat, store, outboxStore, client, search, openRoom, leaveRoom, openComposer, hint, draw,
  openMessage: (seq) => void openRoom(chat.room?.name ?? "", seq),
  jumpToLatest: () => page.messages.jumpToLatest(),
  playSound: () => page.notifications.playSound(),
  goToTime: (at) => navigation.goToTime(at),
});

// ---- Rooms and the input box ----

/** @param {string} typed @param {number | null} [seq] A message of it to go to. @returns {boolean} Whether that can be a room. */
function openRoom(typed, seq = null) {
  const name = parseStoredRoom(typed);
  if (!name) return false;
  const room = chat.resolve(name);
  page.closePanels();
  navigation.show(room, true, seq);
  client.join(room);
  page.composer.focusUnlessTouch();
  return true;
}

/** When the server's list of rooms was asked for. */
let roomsRequestedAt = -Infinity;

function requestRooms() {
  if (send({ type: "rooms" })) roomsRequestedAt = Date.now();
}

/** Asks for the list if a text names a room that may be new. Not in a large room, where one text would make all clients ask. */
function lookUpRooms() {
  const isWanted = chat.isRoomUnknown && chat.room?.memberNames;
  if (isWanted && Date.now() - roomsRequestedAt >= LOOK_UP_EVERY_MS) requestRooms();
  chat.isRoomUnknown = false;
}

/** @param {string} room */
function leaveRoom(room) {
  if (!chat.rooms.get(room)?.unsent.size) return client.leave(room);
  const { label } = chat.ensureRoom(room);
  hint(`${label} has unsent messages: wait until they are sent, or drop them`, true);
}

/** Fills the input box for the room on the screen: with the message being edited, or the draft. */
function openComposer() {
  const { room } = chat;
  page.composer.open(room?.name ?? "", room?.editing?.text ?? (room ? store.draft(chat.me, room.name) : ""),
    room ? `Write to ${room.label}` : "Join a room: /join lobby",
    { isEditing: Boolean(room?.editing), quote: room ? quoteOf(room, room.replyingTo ?? undefined, preferences) : null });
  draw();
}

// ---- Drawing ----

let isDrawing = false;

/** Draws once, soon, however often it is called. A hidden page gets no animation frames, so it uses a timer. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  (document.hidden ? setTimeout : requestAnimationFrame)(drawNow);
}

function drawNow() {
  isDrawing = false;
  const { session, connection: { retryAt, lostAt } } = client;
  if (!session) return;
  const state = { chat, people, state: session.state, reason: client.lastError, retryAt, lostAt, typingUsers: chat.typingUsers(Date.now()) };
  page.draw(state);
  if (chat.room && isReading()) {
    const { unread } = chat.room;
    chat.room.markRead();
    if (unread) page.draw(state);
  }
  navigation.locateStep();
  readMarkers.sendSoon();
  lookUpRooms();
}

/** Whether a message that arrives now is in view. */
function isReading() {
  return !document.hidden && page.messages.isFollowing && !navigation.isLocating;
}

// ---- Events of the browser ----

addEventListener("online", () => client.start());
addEventListener("offline", () => client.connection.probe());
addEventListener("storage", (event) => {
  applyAppearance(preferences);
  const change = store.changeOf(event, chat.me, chat.room?.name ?? "");
  if (change === "forgotten") return client.forgetMe();
  if (change === "draft" && !document.hasFocus() && !chat.room?.editing) return openComposer();
  client.adoptUnsent();
  preferences.load(chat.me); // another tab may have changed them
  draw();
});
addEventListener("pagehide", () => readMarkers.sendNow());
addEventListener("popstate", () => openRoom(roomFromPath(location.pathname) ?? "", seqFromHash(location.hash)));
document.addEventListener("visibilitychange", () => {
  isDrawing = false; // a frame requested before may not come while the page is hidden
  if (document.hidden) readMarkers.sendNow();
  else if (client.session?.state === "offline") client.start();
  draw();
});
setInterval(() => {
  if (client.connection.retryAt !== null || chat.room?.typing.size) draw();
}, 1_000);

if (store.user) client.resume(store.user);
else page.login.show("", { isPasswordAsked: false });
