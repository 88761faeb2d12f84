// Where it all meets: the WebSocket, the timers and what the browser keeps, around the machine of
// session.js. What the machine puts out is done here; what is seen is drawn by view.js.

import { Actions } from "./actions.js";
import { roomFromPath, seqFromHash } from "./model/url.js";
import { candidatesFrom } from "./model/completion.js";
import { HistoryRequests } from "./model/history-requests.js";
import { Chat } from "./model/chat.js";
import { Connection } from "./protocol/connection.js";
import { ReadMarkerSender } from "./model/read-marker-sender.js";
import { notificationFor } from "./model/notification.js";
import { OutboxStore } from "./storage/outbox-store.js";
import { quoteOf } from "./view/rows.js";
import { Search } from "./model/search.js";
import { Session } from "./protocol/session.js";
import { Store, openStorage } from "./storage/store.js";
import { randomId, Tabs } from "./storage/tabs.js";
import { Preferences } from "./storage/preferences.js";
import { Page } from "./view/page.js";
import { Navigation } from "./navigation.js";
import { isPrivate, peerOf, parseRoomName } from "./protocol/names.js";

const local = openStorage(() => localStorage);
const store = new Store(local, openStorage(() => sessionStorage));
const tabs = new Tabs(navigator.locks);
const outbox = new OutboxStore(local, tabs.id);
const preferences = new Preferences(local);
const chat = new Chat(preferences);

/** @type {Session | null} */ let session = null;
/** Whether the name is known to be ours, so that the rooms may be shown. */ let isInside = false;
/** The last complaint of the server, which explains a stop. */ let why = "";
let isDrawing = false;

const link = new Connection({
  opened: () => {
    // A welcome lost on its way would lock us out of our own name, were its token the only one.
    if (session) session.token ??= randomId();
    perform(session?.opened());
  },
  received: (message) => perform(session?.received(message)),
  probe: () => session && historyRequests.probe(session),
  closed: (code) => {
    for (const room of chat.rooms.values()) room.disconnected();
    perform(session?.closed(code, Math.random()));
  },
  retryDue: () => perform(session?.start()),
});
const historyRequests = new HistoryRequests(send);
const search = new Search(send);
const marks = new ReadMarkerSender(chat, send);
const acts = new Actions({
  chat, store, outbox, send, visit, leave, openBox, draw,
  submit: (line) => perform(session?.submit(line)),
  resend, drop, retry,
  search: (room, text) => search.start(room, text),
  rename: (user) => perform(session?.nick(user)),
  jumpToLatest: () => view.messages.jumpToLatest(),
  hint: (words, isBad) => view.composer.hint(words, isBad),
});
const view = new Page({
  logIn: enter, leaveRoom: leave,
  openRoom: (room) => visit(room),
  submitInput: (text) => acts.submitInput(text),
  inputChanged: (text) => acts.inputChanged(text),
  openDirect: (user) => void acts.openDirect(user, ""),
  editMessage: (seq, text) => {
    acts.edit(seq, text);
    view.composer.focus();
  },
  editLast: () => acts.editLast(),
  cancelContext: () => acts.cancel(),
  replyTo: (seq) => {
    acts.replyTo(seq);
    view.composer.focus();
  },
  openMessage: (seq) => visit(chat.room?.name ?? "", seq),
  deleteMessage: (seq) => {
    acts.deleteMessage(seq);
    view.composer.focusUnlessTouch(); // the button that had the focus is gone with the line
  },
  rename: (user) => perform(session?.nick(user)),
  retry, resend, drop,
  openNeighbour: (by, isUnread) => visit(chat.neighbour(by, isUnread) ?? ""),
  completions: () => candidatesFrom(chat),
  loadOlder: () => chat.room && historyRequests.loadOlder(chat.room),
  copyLink: (seq) => void navigation.copyLink(seq),
  scrolled: () => {
    navigation.scrolled();
    draw();
  },
  key: () => session?.token ?? "",
  preferencesChanged: draw,
  playSound: () => view.notifications.playSound(),
  forgetMe,
  requestRooms: () => void send({ type: "rooms" }),
});
const navigation = new Navigation({
  chat, historyRequests, openBox, draw, log: view.messages,
  hint: (words, isBad) => view.composer.hint(words, isBad),
});

// ---- What a person does ---------------------------------------------------------------------------

/** @param {string} user @param {string | null} password @param {string | null} key */
function enter(user, password, key) {
  session ??= begin(user);
  if (user !== session.user) {
    // What no welcome has confirmed holds nothing: the other name is not to be asked for first.
    if (session.token !== store.token(session.user)) session.token = undefined;
    perform(session.nick(user));
    session.token ??= store.token(session.user) ?? undefined;
    goBy(session.user);
    for (const room of session.rooms.filter((each) => !isOpenTo(user, each))) perform(session.leave(room));
    for (const room of store.rooms(user).filter((each) => isPrivate(each) && isOpenTo(user, each))) {
      chat.ensureRoom(room);
      perform(session.join(room));
    }
  }
  session.token = key ?? session.token;
  session.password = password ?? session.password;
  view.login.setBusy(true);
  perform(session.start());
}

/** @param {string} user */
function begin(user) {
  const address = roomFromPath(location.pathname);
  const here = address && isOpenTo(user, address) ? address : null;
  const rooms = [...new Set([...store.rooms(user), ...(here ? [here] : [])])].filter((room) => isOpenTo(user, room));
  if (rooms.length === 0) rooms.push("lobby");
  chat.me = user;
  preferences.load(user);
  for (const room of rooms) chat.ensureRoom(room);
  navigation.show(here ?? rooms[0] ?? null, false, here ? seqFromHash(location.hash) : null);
  return new Session({ user, token: store.token(user) ?? undefined, agent: "web", rooms });
}

/** @param {string} user @param {string} room */
function isOpenTo(user, room) {
  return parseRoomName(room) === room && (!isPrivate(room) || peerOf(room, user) !== null);
}

/** @param {string} typed @param {number | null} [seq] A line of it. @returns {boolean} Whether that can be a room. */
function visit(typed, seq = null) {
  const room = parseRoomName(typed);
  if (!room) return false;
  view.closePanels();
  navigation.show(room, true, seq);
  perform(session?.join(room));
  view.composer.focusUnlessTouch();
  return true;
}

/** @param {string} room */
function leave(room) {
  if (chat.rooms.get(room)?.unsent.size) {
    const { label } = chat.ensureRoom(room);
    return view.composer.hint(`${label} has lines that are not sent yet: drop them, or wait until they are`, true);
  }
  perform(session?.leave(room));
  forget(room);
  keepRooms();
}

function retry() {
  perform(session?.start());
}

/** @param {string} cid */
function resend(cid) {
  perform(session?.resend(cid));
}

/** @param {string} cid */
function drop(cid) {
  perform(session?.drop(cid));
}

/** Forgets who one was here, and begins anew at the door. */
function forgetMe() {
  link.disconnect();
  store.forget(chat.me);
  location.replace("/");
}

// ---- What the machine wants -----------------------------------------------------------------------

/** @param {import("./protocol/session.js").Action[]} [outputs] */
function perform(outputs = []) {
  for (const output of outputs) {
    const [[kind, value] = []] = Object.entries(output);
    switch (kind) {
      case "connect": connect(); break;
      case "state": if (value === "live") link.caughtUp(); break;
      case "retry_in": wait(value); break;
      case "send": link.send(value); break;
      case "disconnect": link.disconnect(); break;
      case "resend_in": setTimeout(() => perform(session?.resendDue()), value); break;
      case "stopped": stopped(value); break;
      case "record": record(value); break;
      case "reset": reset(value); break;
      case "gap": chat.ensureRoom(value.room).gap(value.first); break;
      case "pending": chat.pending(value, Date.now()); break;
      case "failed": failed(value); break;
      case "stored": chat.stored(value); outbox.remove(value.cid); break;
      case "dropped": chat.dropped(value); outbox.remove(value); break;
      case "message": received(value); break;
    }
  }
  draw();
}

/** @param {import("./protocol/messages.js").LogRecord} entry */
function record(entry) {
  const wasEditing = chat.room?.editing;
  chat.addRecord(entry, chat.room?.name === entry.room && isReading());
  if (document.hidden) notify(entry);
  if (!wasEditing || chat.room?.editing) return;
  openBox();
  view.composer.hint("The line you were editing was deleted", true);
}

/** Tells a person who does not look of a line that is meant for them. @param {import("./protocol/messages.js").LogRecord} entry */
function notify(entry) {
  const notice = notificationFor(entry, chat);
  if (!notice) return;
  if (preferences.isOn("sound")) view.notifications.playSound();
  if (preferences.isOn("desktop")) view.notifications.showDesktop(notice, entry.room, () => visit(entry.room, entry.seq));
}

/** @param {string} room */
function reset(room) {
  // The seqs of the new log are other lines: nothing may be done to them that was meant for the old ones.
  for (const cid of chat.unsentEdits(room)) perform(session?.drop(cid));
  chat.ensureRoom(room).reset();
  if (chat.room?.name === room) openBox();
}

/** @param {{ cid: string, code: string, message: string }} refusal */
function failed(refusal) {
  chat.failed(refusal);
  if (chat.isEdit(refusal.cid)) view.composer.hint(`Your change was refused: ${refusal.message}`, true);
}

function connect() {
  historyRequests.disconnected();
  if (search.disconnected()) view.composer.hint("The search was interrupted: ask again once the line is back", true);
  why = "";
  link.connect();
}

/** @param {number} ms */
function wait(ms) {
  link.retryIn(ms);
  if (!isInside) view.login.show("The server does not answer. Trying again…");
}

/** @param {number} code */
function stopped(code) {
  link.retryAt = null;
  view.login.setBusy(false);
  if (code === 4403) return void (why ||= "You were removed from this server.");
  if (code === 4409 && session) session.token = store.token(session.user) ?? undefined; // a key that was typed may be wrong
  /** @type {Record<number, string>} */
  const reasons = {
    4401: session?.password ? "That is not the password." : "This server asks for a password.",
    4409: `Somebody else is ${chat.me} now. Choose another name.`,
  };
  isInside = false;
  view.hide();
  view.login.show(reasons[code] ?? (why || "The server did not understand this page. Reload it."), {
    user: chat.me, isPasswordAsked: code === 4401,
  });
}

// ---- What is heard --------------------------------------------------------------------------------

/** @param {import("./protocol/messages.js").Message} message */
function received(message) {
  chat.received(message, Date.now());
  switch (message.type) {
    case "welcome": return welcomed(message);
    case "joined": return keepRooms();
    case "renamed": return session?.user === message.to ? goBy(message.to) : undefined;
    case "left": return session?.rooms.includes(message.room) ? undefined : forget(message.room);
    case "history": return answered(message);
    case "found": return found(search.received(message));
    case "error":
      why = message.message;
      historyRequests.failed(message.room);
      if (message.room && !session?.rooms.includes(message.room)) {
        forget(message.room);
        keepRooms();
      }
      if (session?.state !== "connecting") view.composer.hint(message.message, true);
  }
}

/** @param {import("./protocol/messages.js").Message} message */
function welcomed({ user, limits, motd, server }) {
  chat.server = server;
  goBy(user);
  view.login.setBusy(false);
  if (!isInside) view.show();
  view.composer.setLimit(limits?.text ?? Infinity); // measures the box, so it has to be on the screen
  if (!isInside && motd) chat.room?.note(motd);
  isInside = true;
  inheritLines();
}

/** @param {string} user */
function goBy(user) {
  if (user !== chat.me) outbox.rename(chat.me, user);
  chat.me = user;
  preferences.load(user);
  store.saveUser(user, session?.token ?? null);
}

/** @param {import("./protocol/messages.js").Message} message */
function answered(message) {
  const { room, records, first } = message;
  const use = session && historyRequests.received(message, session);
  if (use === "older") {
    chat.rooms.get(room)?.addOlder(records, first, chat.me, (user) => preferences.isIgnored(user));
    navigation.locateStep(); // at once: a line far back is hundreds of pages away
  }
  if (use === "missed") perform(session?.requestMissing(room));
}

/** @param {import("./model/search.js").SearchResult | null} found */
function found(found) {
  if (!found) return;
  chat.rooms.get(found.room)?.searchFinished(found);
  view.composer.hint("");
  if (chat.room?.name === found.room) view.messages.jumpToLatest();
}

/** A line is sent by the tab that wrote it, and by another only once that one is gone. */
function inheritLines() {
  for (const tab of outbox.otherTabs(chat.me)) {
    tabs.onceClosed(tab, () => {
      const lines = outbox.adopt(tab, chat.me);
      for (const { room } of lines) perform(session?.join(room));
      perform(session?.restore(lines));
    });
  }
}

// ---- Rooms and the box -------------------------------------------------------------------------------

/** What was written in this room, to go on with: a line being edited, or one not said yet. */
function openBox() {
  const { room } = chat;
  view.composer.open(room?.name ?? "", room?.editing?.text ?? (room ? store.draft(chat.me, room.name) : ""),
    room ? `Write to ${room.label}` : "Join a room: /join lobby",
    { isEditing: Boolean(room?.editing), quote: room ? quoteOf(room, room.replyingTo ?? undefined, preferences) : null });
  draw();
}

/** @param {string} name */
function forget(name) {
  const room = chat.rooms.get(name);
  // What could not be sent is still somebody's words.
  if (!room || room.unsent.size) return;
  chat.rooms.delete(name);
  if (chat.room === room) navigation.show(chat.listed[0]?.name ?? null, false);
}

function keepRooms() {
  if (session) store.saveRooms(session.user, session.rooms);
}

// ---- The smaller helpers --------------------------------------------------------------------------

/** Whether what comes now is seen. */
function isReading() {
  return !document.hidden && view.messages.isFollowing && !navigation.isLocating;
}

/** @param {import("./protocol/messages.js").Message} message @returns {boolean} Whether it could be sent. */
function send(message) {
  return (session?.state === "live" || session?.state === "catching up") && link.send(message);
}

/** Draws once, soon, however often it is asked to. A hidden page gets no animation frames. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  (document.hidden ? setTimeout : requestAnimationFrame)(drawNow);
}

function drawNow() {
  isDrawing = false;
  if (!session) return;
  const scene = { chat, state: session.state, reason: why, retryAt: link.retryAt, lostAt: link.lostAt, typingUsers: chat.typingUsers(Date.now()) };
  view.draw(scene);
  if (chat.room && isReading()) {
    const { unread } = chat.room;
    chat.room.markRead();
    if (unread) view.draw(scene);
  }
  navigation.locateStep();
  marks.sendSoon();
}

addEventListener("online", () => perform(session?.start()));
addEventListener("offline", () => link.probe());
addEventListener("storage", (event) => {
  const what = store.changeOf(event, chat.me, chat.room?.name ?? "");
  if (what === "forgotten") return forgetMe();
  if (what === "draft" && !document.hasFocus() && !chat.room?.editing) return openBox();
  inheritLines();
  preferences.load(chat.me); // another tab may have changed it
  draw();
});
addEventListener("pagehide", () => marks.sendNow());
addEventListener("popstate", () => visit(roomFromPath(location.pathname) ?? "", seqFromHash(location.hash)));
document.addEventListener("visibilitychange", () => {
  isDrawing = false; // a frame asked for before may not come while the page is hidden
  if (document.hidden) marks.sendNow();
  else if (session?.state === "offline") perform(session.start());
  draw();
});
setInterval(() => {
  if (link.retryAt !== null || chat.room?.typing.size) draw();
}, 1_000);

if (store.user) {
  isInside = true;
  view.show();
  session = begin(store.user);
  perform(session.start());
} else {
  view.login.show("", { isPasswordAsked: false });
}
