// Unread messages, the "New" rule, and the read marker that the server gets.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { ReadMarkerSender } from "../../../static/model/read-marker-sender.js";
import { Room } from "../../../static/model/room.js";
import { rowsOf } from "../../../static/view/rows.js";

const NOON = Date.UTC(2026, 10, 22, 12);

function joined(fields, name = "lobby") {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ type: "joined", room: name, first: 1, members: ["ada", "bob"], count: 2, ...fields }, NOON);
  const room = chat.rooms.get(name);
  const receive = (seq, { isSeen = false, ...rest } = {}) =>
    chat.addRecord({ type: "post", room: name, seq, at: NOON, user: "ada", cid: `c${seq}`, text: `line ${seq}`, ...rest }, isSeen);
  return { chat, room, receive };
}

test("the rule is above the first message of another user beyond the marker, even when all is in view", () => {
  const { room, receive } = joined({ head: 6, since: 0, marked: 3 });
  for (const seq of [1, 2, 3]) receive(seq, { isSeen: true });
  receive(4, { user: "bob", isSeen: true });
  receive(5, { isSeen: true });
  room.markRead(); // a frame drawn meanwhile
  receive(6, { isSeen: true });
  assert.deepEqual([room.newFrom, room.unread], [5, 2], "not read while the rest is arriving");
  room.markRead();
  assert.deepEqual([room.newFrom, room.unread, room.unsentMarker], [5, 0, 6]);
  const kinds = rowsOf(room, { from: 0, to: Infinity }, "bob", NOON).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["note", "day", "message", "message", "message", "message", "new", "message", "message"]);
  receive(7, { isSeen: true });
  assert.deepEqual([room.newFrom, room.unread, room.unsentMarker], [5, 0, 7], "what is in view as it arrives is not new");
});

test("without a read marker nothing is unread, except direct messages", () => {
  const all = joined({ head: 2, since: 0 });
  const two = joined({ head: 2, since: 0 }, "@ada+bob");
  for (const { receive } of [all, two]) for (const seq of [1, 2]) receive(seq);
  assert.deepEqual([all.room.unread, two.room.unread], [0, 2]);
});

test("if the page begins after the marker, what is loaded is unread, and older pages add to it", () => {
  const { room, receive } = joined({ head: 9, since: 7, marked: 4 });
  for (const seq of [8, 9]) receive(seq);
  assert.deepEqual([room.unread, room.hasMoreUnread, room.newFrom], [2, true, 8]);
  room.addOlder([3, 4, 5, 6, 7].map((seq) => ({ type: "post", seq, at: NOON, user: seq === 6 ? "bob" : "ada", text: "x" })), 1, "bob");
  assert.deepEqual([room.unread, room.hasMoreUnread, room.newFrom], [4, false, 5]);
});

test("edits, topics and deleted messages are not unread", () => {
  const { room, receive } = joined({ head: 0, since: 0 });
  receive(1);
  receive(2);
  receive(3, { type: "topic" });
  receive(4, { type: "edit", target: 1 });
  assert.equal(room.unread, 2);
  receive(5, { type: "delete", target: 1 });
  assert.deepEqual([room.unread, room.newFrom], [1, 2]);
});

test("what was read on another device is not unread here", () => {
  const { chat, room, receive } = joined({ head: 0, since: 0, marked: 0 });
  for (const seq of [1, 2, 3]) receive(seq);
  chat.received({ type: "marked", room: "lobby", seq: 2 }, NOON);
  assert.deepEqual([room.unread, room.newFrom], [1, 3]);
  chat.received({ type: "marked", room: "lobby", seq: 1 }, NOON);
  assert.equal(room.unread, 1, "it never moves back");
  chat.received({ type: "marked", room: "lobby", seq: 3 }, NOON);
  assert.deepEqual([room.unread, room.newFrom, room.unsentMarker], [0, null, null]);
});

test("a visible rule stays when another device reads on", () => {
  const { chat, room, receive } = joined({ head: 1, since: 0, marked: 0 });
  receive(1);
  room.markRead();
  chat.received({ type: "marked", room: "lobby", seq: 1 }, NOON);
  assert.equal(room.newFrom, 1);
});

test("a marker sent over a broken connection is sent again, but only if the server does not know it", () => {
  const { chat, room, receive } = joined({ head: 0, since: 0 });
  receive(1, { isSeen: true });
  assert.equal(room.unsentMarker, 1);
  room.markerSent();
  assert.equal(room.unsentMarker, null);
  room.disconnected();
  assert.equal(room.unsentMarker, null, "there is no connection");
  chat.received({ type: "joined", room: "lobby", first: 1, head: 1, since: 1, count: 1, marked: 0 }, NOON);
  assert.equal(room.unsentMarker, 1);
  chat.received({ type: "joined", room: "lobby", first: 1, head: 1, since: 1, count: 1, marked: 1 }, NOON);
  assert.deepEqual([room.unsentMarker, room.unread], [null, 0]);
});

test("it is sent at most every two seconds, at once when the page closes, and kept while offline", (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOON });
  t.after(() => mock.timers.reset());
  const { chat, receive } = joined({ head: 0, since: 0 });
  const sent = [];
  let isOpen = true;
  const marks = new ReadMarkerSender(chat, ({ seq }) => isOpen && sent.push(seq) > 0);
  const read = (seq) => {
    receive(seq, { isSeen: true });
    marks.sendSoon();
  };
  for (const seq of [1, 2, 3]) read(seq);
  assert.deepEqual(sent, [1]);
  mock.timers.tick(1_999);
  assert.deepEqual(sent, [1]);
  mock.timers.tick(1);
  assert.deepEqual(sent, [1, 3]);
  read(4);
  marks.sendNow();
  marks.sendNow();
  assert.deepEqual(sent, [1, 3, 4]);
  isOpen = false;
  mock.timers.tick(5_000);
  read(5);
  isOpen = true;
  marks.sendSoon();
  assert.deepEqual(sent, [1, 3, 4, 5]);
});

test("drawing a room before its join was answered reads nothing", () => {
  const room = new Room("lobby");
  room.markRead();
  room.joined({ first: 1, head: 2, since: 0, members: [], count: 0 });
  for (const seq of [1, 2]) room.add({ type: "post", room: "lobby", seq, at: 0, user: "ada", cid: `c${seq}`, text: "x" }, false, false);
  assert.deepEqual([room.unread, room.newFrom], [0, null], "a new user has nothing unread");
});
