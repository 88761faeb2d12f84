// Where it all meets: the WebSocket, the timers and what the browser keeps, around the machine of
// session.js. What the machine puts out is done here; what is seen is drawn by view.js.

import { Acts } from "./actions.js";
import { roomAt, seqAt } from "./model/url.js";
import { wordsOf } from "./model/completion.js";
import { Histories } from "./model/history-requests.js";
import { House } from "./model/chat.js";
import { Link } from "./protocol/connection.js";
import { Marks } from "./model/read-marker-sender.js";
import { noticeOf } from "./model/notification.js";
import { Outbox } from "./storage/outbox-store.js";
import { quoted } from "./view/rows.js";
import { Search } from "./model/search.js";
import { Session } from "./protocol/session.js";
import { Store, storageOr } from "./storage/store.js";
import { randomId, Tabs } from "./storage/tabs.js";
import { Taste } from "./storage/preferences.js";
import { View } from "./view/page.js";
import { Visits } from "./navigation.js";
import { isPrivate, otherOf, roomName } from "./protocol/names.js";

const local = storageOr(() => localStorage);
const store = new Store(local, storageOr(() => sessionStorage));
const tabs = new Tabs(navigator.locks);
const outbox = new Outbox(local, tabs.own);
const taste = new Taste(local);
const house = new House(taste);

/** @type {Session | null} */ let session = null;
/** Whether the name is known to be ours, so that the rooms may be shown. */ let isInside = false;
/** The last complaint of the server, which explains a stop. */ let why = "";
let isDrawing = false;

const link = new Link({
  opened: () => {
    // A welcome lost on its way would lock us out of our own name, were its token the only one.
    if (session) session.token ??= randomId();
    perform(session?.opened());
  },
  heard: (message) => perform(session?.heard(message)),
  silent: () => session && histories.signOfLife(session),
  closed: (code) => {
    for (const room of house.rooms.values()) room.cut();
    perform(session?.closed(code, Math.random()));
  },
  waited: () => perform(session?.start()),
});
const histories = new Histories(send);
const search = new Search(send);
const marks = new Marks(house, send);
const acts = new Acts({
  house, store, outbox, send, visit, leave, openBox, draw,
  say: (line) => perform(session?.say(line)),
  resend, drop, retry,
  search: (room, text) => search.begin(room, text),
  rename: (user) => perform(session?.nick(user)),
  toLatest: () => view.log.jumpToLatest(),
  hint: (words, isBad) => view.composer.hint(words, isBad),
});
const view = new View({
  enter, leave,
  visit: (room) => visit(room),
  say: (text) => acts.say(text),
  typed: (text) => acts.typed(text),
  write: (user) => void acts.write(user, ""),
  edit: (seq, text) => {
    acts.edit(seq, text);
    view.composer.focus();
  },
  editLast: () => acts.editLast(),
  cancel: () => acts.cancel(),
  answer: (seq) => {
    acts.answer(seq);
    view.composer.focus();
  },
  goTo: (seq) => visit(house.room?.name ?? "", seq),
  remove: (seq) => {
    acts.remove(seq);
    view.composer.invite(); // the button that had the focus is gone with the line
  },
  rename: (user) => perform(session?.nick(user)),
  retry, resend, drop,
  step: (by, isUnread) => visit(house.neighbour(by, isUnread) ?? ""),
  words: () => wordsOf(house),
  older: () => house.room && histories.older(house.room),
  copyLink: (seq) => void visits.copyLink(seq),
  moved: () => {
    visits.moved();
    draw();
  },
  key: () => session?.token ?? "",
  changed: draw,
  trySound: () => view.notice.sound(),
  forgetMe,
  lookAround: () => void send({ type: "rooms" }),
});
const visits = new Visits({
  house, histories, openBox, draw, log: view.log,
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
      house.ensure(room);
      perform(session.join(room));
    }
  }
  session.token = key ?? session.token;
  session.password = password ?? session.password;
  view.door.busy(true);
  perform(session.start());
}

/** @param {string} user */
function begin(user) {
  const address = roomAt(location.pathname);
  const here = address && isOpenTo(user, address) ? address : null;
  const rooms = [...new Set([...store.rooms(user), ...(here ? [here] : [])])].filter((room) => isOpenTo(user, room));
  if (rooms.length === 0) rooms.push("lobby");
  house.me = user;
  taste.of(user);
  for (const room of rooms) house.ensure(room);
  visits.show(here ?? rooms[0] ?? null, false, here ? seqAt(location.hash) : null);
  return new Session({ user, token: store.token(user) ?? undefined, agent: "web", rooms });
}

/** @param {string} user @param {string} room */
function isOpenTo(user, room) {
  return roomName(room) === room && (!isPrivate(room) || otherOf(room, user) !== null);
}

/** @param {string} typed @param {number | null} [seq] A line of it. @returns {boolean} Whether that can be a room. */
function visit(typed, seq = null) {
  const room = roomName(typed);
  if (!room) return false;
  view.closePanels();
  visits.show(room, true, seq);
  perform(session?.join(room));
  view.composer.invite();
  return true;
}

/** @param {string} room */
function leave(room) {
  if (house.rooms.get(room)?.unsent.size) {
    const { label } = house.ensure(room);
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
  link.hangUp();
  store.forget(house.me);
  location.replace("/");
}

// ---- What the machine wants -----------------------------------------------------------------------

/** @param {import("./protocol/session.js").Output[]} [outputs] */
function perform(outputs = []) {
  for (const output of outputs) {
    const [[kind, value] = []] = Object.entries(output);
    switch (kind) {
      case "connect": connect(); break;
      case "state": if (value === "live") link.recovered(); break;
      case "wait": wait(value); break;
      case "send": link.send(value); break;
      case "hang_up": link.hangUp(); break;
      case "again_in": setTimeout(() => perform(session?.again()), value); break;
      case "stopped": stopped(value); break;
      case "record": record(value); break;
      case "reset": reset(value); break;
      case "gap": house.ensure(value.room).gap(value.first); break;
      case "pending": house.pending(value, Date.now()); break;
      case "failed": failed(value); break;
      case "stored": house.stored(value); outbox.forget(value.cid); break;
      case "dropped": house.dropped(value); outbox.forget(value); break;
      case "notice": heard(value); break;
    }
  }
  draw();
}

/** @param {import("./protocol/messages.js").Entry} entry */
function record(entry) {
  const wasEditing = house.room?.editing;
  house.record(entry, house.room?.name === entry.room && isReading());
  if (document.hidden) notify(entry);
  if (!wasEditing || house.room?.editing) return;
  openBox();
  view.composer.hint("The line you were editing was deleted", true);
}

/** Tells a person who does not look of a line that is meant for them. @param {import("./protocol/messages.js").Entry} entry */
function notify(entry) {
  const notice = noticeOf(entry, house);
  if (!notice) return;
  if (taste.has("sound")) view.notice.sound();
  if (taste.has("desktop")) view.notice.desktop(notice, entry.room, () => visit(entry.room, entry.seq));
}

/** @param {string} room */
function reset(room) {
  // The seqs of the new log are other lines: nothing may be done to them that was meant for the old ones.
  for (const cid of house.changes(room)) perform(session?.drop(cid));
  house.ensure(room).reset();
  if (house.room?.name === room) openBox();
}

/** @param {{ cid: string, code: string, message: string }} refusal */
function failed(refusal) {
  house.failed(refusal);
  if (house.isChange(refusal.cid)) view.composer.hint(`Your change was refused: ${refusal.message}`, true);
}

function connect() {
  histories.cut();
  if (search.cut()) view.composer.hint("The search was interrupted: ask again once the line is back", true);
  why = "";
  link.connect();
}

/** @param {number} ms */
function wait(ms) {
  link.wait(ms);
  if (!isInside) view.door.show("The server does not answer. Trying again…");
}

/** @param {number} code */
function stopped(code) {
  link.retryAt = null;
  view.door.busy(false);
  if (code === 4403) return void (why ||= "You were removed from this server.");
  if (code === 4409 && session) session.token = store.token(session.user) ?? undefined; // a key that was typed may be wrong
  /** @type {Record<number, string>} */
  const reasons = {
    4401: session?.password ? "That is not the password." : "This server asks for a password.",
    4409: `Somebody else is ${house.me} now. Choose another name.`,
  };
  isInside = false;
  view.leaveHouse();
  view.door.show(reasons[code] ?? (why || "The server did not understand this page. Reload it."), {
    user: house.me, isPasswordAsked: code === 4401,
  });
}

// ---- What is heard --------------------------------------------------------------------------------

/** @param {import("./protocol/messages.js").Message} message */
function heard(message) {
  house.heard(message, Date.now());
  switch (message.type) {
    case "welcome": return welcomed(message);
    case "joined": return keepRooms();
    case "renamed": return session?.user === message.to ? goBy(message.to) : undefined;
    case "left": return session?.rooms.includes(message.room) ? undefined : forget(message.room);
    case "history": return answered(message);
    case "found": return found(search.found(message));
    case "error":
      why = message.message;
      histories.refused(message.room);
      if (message.room && !session?.rooms.includes(message.room)) {
        forget(message.room);
        keepRooms();
      }
      if (session?.state !== "connecting") view.composer.hint(message.message, true);
  }
}

/** @param {import("./protocol/messages.js").Message} message */
function welcomed({ user, limits, motd, server }) {
  house.server = server;
  goBy(user);
  view.door.busy(false);
  if (!isInside) view.enterHouse();
  view.composer.limit(limits?.text ?? Infinity); // measures the box, so it has to be on the screen
  if (!isInside && motd) house.room?.note(motd);
  isInside = true;
  inheritLines();
}

/** @param {string} user */
function goBy(user) {
  if (user !== house.me) outbox.rename(house.me, user);
  house.me = user;
  taste.of(user);
  store.keepUser(user, session?.token ?? null);
}

/** @param {import("./protocol/messages.js").Message} message */
function answered(message) {
  const { room, records, first } = message;
  const use = session && histories.answered(message, session);
  if (use === "older") {
    house.rooms.get(room)?.addOlder(records, first, house.me, (user) => taste.isIgnored(user));
    visits.pursue(); // at once: a line far back is hundreds of pages away
  }
  if (use === "missed") perform(session?.missed(room));
}

/** @param {import("./model/search.js").Found | null} found */
function found(found) {
  if (!found) return;
  house.rooms.get(found.room)?.found(found);
  view.composer.hint("");
  if (house.room?.name === found.room) view.log.jumpToLatest();
}

/** A line is sent by the tab that wrote it, and by another only once that one is gone. */
function inheritLines() {
  for (const tab of outbox.otherTabs(house.me)) {
    tabs.outlive(tab, () => {
      const lines = outbox.adopt(tab, house.me);
      for (const { room } of lines) perform(session?.join(room));
      perform(session?.restore(lines));
    });
  }
}

// ---- Rooms and the box -------------------------------------------------------------------------------

/** What was written in this room, to go on with: a line being edited, or one not said yet. */
function openBox() {
  const { room } = house;
  view.composer.open(room?.name ?? "", room?.editing?.text ?? (room ? store.draft(house.me, room.name) : ""),
    room ? `Write to ${room.label}` : "Join a room: /join lobby",
    { isEditing: Boolean(room?.editing), quote: room ? quoted(room, room.answering ?? undefined, taste) : null });
  draw();
}

/** @param {string} name */
function forget(name) {
  const room = house.rooms.get(name);
  // What could not be sent is still somebody's words.
  if (!room || room.unsent.size) return;
  house.rooms.delete(name);
  if (house.room === room) visits.show(house.listed[0]?.name ?? null, false);
}

function keepRooms() {
  if (session) store.keepRooms(session.user, session.rooms);
}

// ---- The smaller helpers --------------------------------------------------------------------------

/** Whether what comes now is seen. */
function isReading() {
  return !document.hidden && view.log.isFollowing && !visits.isSeeking;
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
  const scene = { house, state: session.state, why, retryAt: link.retryAt, lostAt: link.lostAt, typists: house.typists(Date.now()) };
  view.draw(scene);
  if (house.room && isReading()) {
    const { unread } = house.room;
    house.room.read();
    if (unread) view.draw(scene);
  }
  visits.pursue();
  marks.tell();
}

addEventListener("online", () => perform(session?.start()));
addEventListener("offline", () => link.doubt());
addEventListener("storage", (event) => {
  const what = store.told(event, house.me, house.room?.name ?? "");
  if (what === "forgotten") return forgetMe();
  if (what === "draft" && !document.hasFocus() && !house.room?.editing) return openBox();
  inheritLines();
  taste.of(house.me); // another tab may have changed it
  draw();
});
addEventListener("pagehide", () => marks.tellNow());
addEventListener("popstate", () => visit(roomAt(location.pathname) ?? "", seqAt(location.hash)));
document.addEventListener("visibilitychange", () => {
  isDrawing = false; // a frame asked for before may not come while the page is hidden
  if (document.hidden) marks.tellNow();
  else if (session?.state === "offline") perform(session.start());
  draw();
});
setInterval(() => {
  if (link.retryAt !== null || house.room?.typing.size) draw();
}, 1_000);

if (store.user) {
  isInside = true;
  view.enterHouse();
  session = begin(store.user);
  perform(session.start());
} else {
  view.door.show("", { isPasswordAsked: false });
}
