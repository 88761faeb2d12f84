// Where it all meets: the WebSocket, the timers and what the browser keeps, around the machine of
// session.js. What the machine puts out is done here; what is seen is drawn by view.js.

import { COMMANDS, understand } from "./commands.js";
import { House } from "./house.js";
import { Outbox } from "./outbox.js";
import { Session } from "./session.js";
import { Socket } from "./socket.js";
import { Store, storageOr } from "./store.js";
import { randomId, Tabs } from "./tabs.js";
import { View } from "./view.js";
import { roomName } from "./wire.js";

/** `typing` goes out at most this often. */
const TYPING_MS = 3_000;

const local = storageOr(() => localStorage);
const store = new Store(local, storageOr(() => sessionStorage));
const tabs = new Tabs(navigator.locks);
const outbox = new Outbox(local, tabs.own);
const house = new House();

/** @type {Session | null} */ let session = null;
/** @type {Socket | null} */ let socket = null;
/** @type {{ room: string, isSignOfLife: boolean }[]} Histories on their way. */ let asked = [];
/** Whether the name is known to be ours, so that the rooms may be shown. */ let isInside = false;
/** The last complaint of the server, which explains a stop. */ let why = "";
/** @type {number | null} */ let retryAt = null;
let retryTimer = 0;
let typedAt = 0;
let isDrawing = false;

const view = new View({
  enter, visit, leave, typed,
  say: understood,
  rename: (user) => perform(session?.nick(user)),
  retry: () => perform(session?.start()),
  resend: (cid) => perform(session?.resend(cid)),
  drop: (cid) => perform(session?.drop(cid)),
  step: (by, isUnread) => visit(house.neighbour(by, isUnread) ?? ""),
  older: askOlder,
  moved: draw,
  lookAround: () => void send({ type: "rooms" }),
});

// ---- What a person does ---------------------------------------------------------------------------

/** @param {string} user @param {string | null} password */
function enter(user, password) {
  session ??= begin(user);
  if (user !== session.user) {
    // What no welcome has confirmed holds nothing: the other name is not to be asked for first.
    if (session.token !== store.token(session.user)) session.token = undefined;
    perform(session.nick(user));
    session.token ??= store.token(session.user) ?? undefined;
    goBy(session.user);
  }
  session.password = password ?? session.password;
  view.door.busy(true);
  perform(session.start());
}

/** @param {string} user */
function begin(user) {
  const here = roomOfAddress();
  const rooms = [...new Set([...store.rooms, ...(here ? [here] : [])])].filter(roomName);
  if (rooms.length === 0) rooms.push("lobby");
  house.me = user;
  for (const room of rooms) house.ensure(room);
  show(here ?? rooms[0] ?? null, false);
  return new Session({ user, token: store.token(user) ?? undefined, agent: "web", rooms });
}

/** @param {string} typed @returns {boolean} Whether that can be a room. */
function visit(typed) {
  const room = roomName(typed);
  if (!room) return false;
  view.closePanels();
  show(room, true);
  perform(session?.join(room));
  view.composer.invite();
  return true;
}

/** @param {string} room */
function leave(room) {
  if (house.rooms.get(room)?.unsent.size) {
    return view.composer.hint(`#${room} has lines that are not sent yet: drop them, or wait until they are`, true);
  }
  perform(session?.leave(room));
  forget(room);
}

/** What was typed and sent off. @param {string} typed @returns {string | null} Why nothing comes of it. */
function understood(typed) {
  const act = understand(typed);
  const { room } = house;
  if ("error" in act) return act.error;
  if ("nick" in act) perform(session?.nick(act.nick));
  else if ("join" in act) visit(act.join);
  else if (!room) return "Join a room first: /join lobby";
  else if ("say" in act) sayLine(room.name, act.say, act.kind);
  else if ("leave" in act) leave(act.leave ?? room.name);
  else if ("help" in act) room.note(COMMANDS.map((command) => command.join(" – ")).join("\n"));
  else if ("who" in act) return ask("members", { type: "who", room: room.name });
  else if ("rooms" in act) return ask("rooms", { type: "rooms" });
  draw();
  return null;
}

/** Asks what the room shall show. @param {string} answer Its type. @param {import("./wire.js").Message} question */
function ask(answer, question) {
  if (!send(question)) return "The server cannot be asked while there is no connection";
  house.awaited.add(answer);
  return null;
}

/** @param {string} room @param {string} text @param {"me"} [kind] */
function sayLine(room, text, kind) {
  /** @type {import("./outbox.js").Line} */
  const line = { type: "post", room, text, cid: randomId(), ...(kind && { kind }) };
  const isKept = outbox.keep(line, house.me, Date.now());
  house.ensure(room).newFrom = null;
  perform(session?.say(line));
  view.log.jumpToLatest();
  if (!isKept) view.composer.hint("This browser has no space left to keep unsent lines: leave this page open", true);
}

/** @param {string} text */
function typed(text) {
  const { room } = house;
  if (!room) return;
  store.keepDraft(room.name, text);
  const isQuiet = !text || text.startsWith("/") || !room.members || Date.now() - typedAt < TYPING_MS;
  if (!isQuiet && send({ type: "typing", room: room.name })) typedAt = Date.now();
}

function askOlder() {
  const { room } = house;
  const before = room?.oldest?.seq;
  if (!room || !before || room.isAskingOlder) return;
  room.isAskingOlder = send({ type: "history", room: room.name, before });
  if (room.isAskingOlder) asked.push({ room: room.name, isSignOfLife: false });
}

// ---- What the machine wants -----------------------------------------------------------------------

/** @param {import("./session.js").Output[]} [outputs] */
function perform(outputs = []) {
  for (const output of outputs) {
    const [[kind, value] = []] = Object.entries(output);
    switch (kind) {
      case "connect": connect(); break;
      case "state": if (value === "live") retryAt = null; break;
      case "wait": wait(value); break;
      case "send": socket?.send(value); break;
      case "hang_up": socket?.abandon(); break;
      case "again_in": setTimeout(() => perform(session?.again()), value); break;
      case "stopped": stopped(value); break;
      case "record": house.record(value, house.room?.name === value.room && isReading()); break;
      case "reset": house.ensure(value).reset(); break;
      case "gap": house.ensure(value.room).gap(value.first); break;
      case "pending": house.pending(value, Date.now()); break;
      case "failed": house.failed(value); break;
      case "stored": house.stored(value); outbox.forget(value.cid); break;
      case "dropped": house.dropped(value); outbox.forget(value); break;
      case "notice": heard(value); break;
    }
  }
  draw();
}

function connect() {
  clearTimeout(retryTimer);
  asked = [];
  why = "";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new Socket(`${scheme}://${location.host}/ws`, {
    opened: () => {
      // A welcome lost on its way would lock us out of our own name, were its token the only one.
      if (session) session.token ??= randomId();
      perform(session?.opened());
    },
    heard: (message) => perform(session?.heard(message)),
    silent: askSignOfLife,
    closed: (code) => {
      socket = null;
      for (const room of house.rooms.values()) room.cut();
      perform(session?.closed(code, Math.random()));
    },
  });
}

/** @param {number} ms */
function wait(ms) {
  retryAt = Date.now() + ms;
  retryTimer = setTimeout(() => perform(session?.start()), ms);
  if (!isInside) view.door.show("The server does not answer. Trying again…");
}

/** @param {number} code */
function stopped(code) {
  retryAt = null;
  view.door.busy(false);
  if (code === 4403) return void (why ||= "You were removed from this server.");
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

/** @param {import("./wire.js").Message} message */
function heard(message) {
  house.heard(message, Date.now());
  switch (message.type) {
    case "welcome": return welcomed(message);
    case "joined": return store.keepRooms(session?.rooms ?? []);
    case "renamed": return session?.user === message.to ? goBy(message.to) : undefined;
    case "left": return session?.rooms.includes(message.room) ? undefined : forget(message.room);
    case "history": return answered(message);
    case "error":
      why = message.message;
      asked = asked.filter(({ room }) => room !== message.room);
      if (message.room && !session?.rooms.includes(message.room)) forget(message.room);
      if (session?.state !== "connecting") view.composer.hint(message.message, true);
  }
}

/** @param {import("./wire.js").Message} message */
function welcomed({ user, limits, motd }) {
  goBy(user);
  view.composer.limit(limits?.text ?? Infinity);
  view.door.busy(false);
  if (!isInside) view.enterHouse();
  if (!isInside && motd) house.room?.note(motd);
  isInside = true;
  inheritLines();
}

/** @param {string} user */
function goBy(user) {
  if (user !== house.me) outbox.rename(house.me, user);
  house.me = user;
  store.keepUser(user, session?.token ?? null);
}

/** @param {import("./wire.js").Message} message */
function answered({ room, records, first }) {
  const at = asked.findIndex((question) => question.room === room);
  const [question] = at < 0 ? [] : asked.splice(at, 1);
  if (!question?.isSignOfLife) return question && house.rooms.get(room)?.addOlder(records, first);
  const seq = session?.seq(room) ?? Infinity;
  if (records.some((/** @type {{ seq: number }} */ record) => record.seq > seq)) perform(session?.missed(room));
}

/** Silence is suspicious: something is asked that also tells whether a record was missed. */
function askSignOfLife() {
  const room = session?.rooms.find((each) => session?.seq(each) !== null);
  if (!room) send({ type: "rooms" });
  else if (send({ type: "history", room, after: session?.seq(room), limit: 1 })) asked.push({ room, isSignOfLife: true });
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

// ---- Rooms and addresses --------------------------------------------------------------------------

/** @param {string | null} room @param {boolean} isNewAddress */
function show(room, isNewAddress) {
  house.enter(room);
  const address = room ? `/r/${room}` : "/";
  if (location.pathname !== address) history[isNewAddress ? "pushState" : "replaceState"](null, "", address);
  view.composer.open(room ? store.draft(room) : "", room ? `Write to #${room}` : "Join a room: /join lobby");
  draw();
}

/** @param {string} room */
function forget(room) {
  if (!house.rooms.delete(room)) return;
  store.keepRooms(session?.rooms ?? []);
  if (house.room?.name === room) show([...house.rooms.keys()][0] ?? null, false);
}

function roomOfAddress() {
  return location.pathname.startsWith("/r/") ? roomName(location.pathname.slice(3)) : null;
}

// ---- The smaller helpers --------------------------------------------------------------------------

/** Whether what comes now is seen. */
function isReading() {
  return !document.hidden && view.log.isFollowing;
}

/** @param {import("./wire.js").Message} message @returns {boolean} Whether it could be sent. */
function send(message) {
  const canSend = socket !== null && (session?.state === "live" || session?.state === "catching up");
  if (canSend) socket?.send(message);
  return canSend;
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
  if (house.room && isReading()) house.room.unread = 0;
  view.draw({ house, state: session.state, why, retryAt, typists: house.typists(Date.now()) });
}

addEventListener("online", () => perform(session?.start()));
addEventListener("offline", () => socket?.doubt());
addEventListener("storage", inheritLines);
addEventListener("popstate", () => visit(roomOfAddress() ?? ""));
document.addEventListener("visibilitychange", () => {
  isDrawing = false; // a frame asked for before may not come while the page is hidden
  if (!document.hidden && session?.state === "offline") perform(session.start());
  draw();
});
setInterval(() => {
  if (retryAt !== null || house.room?.typing.size) draw();
}, 1_000);

if (store.user) {
  isInside = true;
  view.enterHouse();
  session = begin(store.user);
  perform(session.start());
} else {
  view.door.show("", { isPasswordAsked: false });
}
