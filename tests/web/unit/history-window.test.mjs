// Older records that are shown in place of the newest: loaded around a place, in both directions, until they meet the newest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HistoryRequests } from "../../../static/model/history-requests.js";
import { Room } from "../../../static/model/room.js";
import { locate } from "../../../static/navigation.js";
import { rowsOf } from "../../../static/view/rows.js";

const NOON = Date.UTC(2026, 10, 22, 12);

const post = (seq, fields = {}) => ({ type: "post", room: "lobby", seq, at: NOON + seq * 60_000, user: seq % 2 ? "ada" : "eve", cid: `c${seq}`, text: `line ${seq}`, ...fields });
const page = (from, to, more = {}) => ({ records: Array.from({ length: to - from + 1 }, (_, i) => post(from + i)), first: 1, ...more });

/** A room of 100,000 messages, of which the newest 100 are loaded. */
function longRoom() {
  const room = new Room("lobby");
  room.joined({ first: 1, head: 100_000, since: 99_900, members: ["ada", "bob"], count: 2 });
  for (let seq = 99_901; seq <= 100_000; seq += 1) room.add(post(seq), false, false, "bob");
  return room;
}

const seqs = ({ items }) => items.map((item) => item.record.seq);
const shown = (room) => rowsOf(room, { from: -Infinity, to: Infinity }, "bob", NOON).filter(({ kind }) => kind === "message").map(({ seq }) => seq);

test("a page of old messages is shown in place of the newest, which go on growing", () => {
  const room = longRoom();
  room.openWindow(page(501, 600), "bob");
  assert.deepEqual([shown(room).at(0), shown(room).at(-1)], [501, 600]);
  assert.deepEqual([room.shown.hasOlder, room.shown.hasNewer], [true, true]);
  room.add(post(100_001), false, false, "bob");
  assert.equal(room.unread, 1, "it is counted");
  assert.equal(shown(room).at(-1), 600, "and waits");
  room.closeWindow();
  assert.deepEqual([shown(room).at(0), shown(room).at(-1), room.unread], [99_901, 100_001, 1]);
});

test("it grows at both ends, and nothing is missing or twice", () => {
  const room = longRoom();
  room.openWindow(page(501, 600), "bob");
  const at = room.locate(({ seq }) => seq === 550);
  room.addAbove(page(401, 510), "bob");
  assert.deepEqual(room.locate(({ seq }) => seq === 550), at, "indexes stay");
  room.addNewer(page(599, 700), "bob");
  assert.deepEqual(seqs(room.shown), Array.from({ length: 300 }, (_, i) => 401 + i));
  room.addAbove(page(1, 400), "bob");
  assert.equal(room.shown.hasOlder, false);
  assert.equal(rowsOf(room, { from: -Infinity, to: Infinity }, "bob", NOON)[0].text, "This is where #lobby begins.");
});

test("once it reaches the newest messages, they are one, at the same indexes, and unread ones are counted once", () => {
  const room = longRoom();
  room.openWindow(page(99_701, 99_800), "bob");
  room.add(post(100_001), false, false, "bob");
  const at = room.locate(({ seq }) => seq === 99_750);
  room.addNewer(page(99_801, 99_950), "bob");
  assert.equal(room.window, null);
  assert.deepEqual(seqs(room), Array.from({ length: 301 }, (_, i) => 99_701 + i));
  assert.deepEqual(room.locate(({ seq }) => seq === 99_750), { ...at, isNewest: true });
  assert.deepEqual([room.unread, room.oldest, room.shown.hasNewer], [1, 99_701, false]);
});

test("a page that reaches the newest messages is added to them", () => {
  const room = longRoom();
  const at = room.locate(({ seq }) => seq === 99_950);
  room.openWindow(page(99_850, 99_949), "bob");
  assert.equal(room.window, null);
  assert.deepEqual([seqs(room)[0], seqs(room).length], [99_850, 151]);
  assert.deepEqual(room.locate(({ seq }) => seq === 99_950), at, "indexes stay");
});

test("it keeps 5,000 messages: as it grows at one end, it forgets at the other", () => {
  const room = longRoom();
  room.openWindow(page(50_001, 50_100), "bob");
  for (let to = 50_000; to > 44_000; to -= 200) room.addAbove(page(to - 199, to), "bob");
  assert.equal(room.shown.items.length, 5_000);
  assert.deepEqual([room.shown.oldest, room.shown.newest], [44_001, 49_000]);
  assert.equal(room.recordAt(50_050), undefined, "it is forgotten");
  for (let from = 49_001; from < 55_000; from += 200) room.addNewer(page(from, from + 199), "bob");
  assert.deepEqual([room.shown.items.length, room.shown.oldest, room.shown.newest], [5_000, 50_001, 55_000]);
  assert.equal(room.shown.end - room.shown.base, 5_000);
  room.closeWindow();
  assert.deepEqual([room.recordAt(52_000), room.recordAt(99_950)?.seq], [undefined, 99_950]);
});

test("a text that was edited long after it says what it says now, and a later edit or delete arrives", () => {
  const room = longRoom();
  const edit = (seq, target, text) => ({ type: "edit", room: "lobby", seq, at: NOON, user: "ada", cid: `e${seq}`, target, text });
  room.openWindow(page(1, 100, { edits: [edit(5_000, 3, "newer")] }), "bob");
  const text = (seq) => rowsOf(room, { from: 0, to: Infinity }, "bob", NOON).find((row) => row.seq === seq).text;
  assert.deepEqual([text(3), text(4)], ["newer", "line 4"]);
  room.add(edit(100_001, 3, "newest"), false, false, "bob");
  room.add({ type: "delete", room: "lobby", seq: 100_002, at: NOON, user: "eve", cid: "d", target: 4 }, false, false, "bob");
  assert.deepEqual([text(3), text(4)], ["newest", null]);
});

test("replies to messages there quote them", () => {
  const room = longRoom();
  room.openWindow(page(1, 100), "bob");
  room.addNewer({ records: [post(101, { reply: 7 })], first: 1 }, "bob");
  assert.deepEqual(rowsOf(room, { from: 0, to: Infinity }, "bob", NOON).at(-1).quote, { seq: 7, user: "ada", text: "line 7" });
});

test("unsent messages stand under the newest only", () => {
  const room = longRoom();
  room.unsent.set("c", { submission: { type: "post", room: "lobby", cid: "c", text: "mine" }, at: NOON, rejection: null });
  assert.equal(shown(room).at(-1), null);
  room.openWindow(page(501, 600), "bob");
  assert.equal(shown(room).at(-1), 600);
});

test("a reset forgets the old messages as well", () => {
  const room = longRoom();
  room.openWindow(page(501, 600), "bob");
  room.reset();
  assert.deepEqual([room.window, room.recordAt(550)], [null, undefined]);
});

test("pages are asked for at both ends, one at a time, with the edits that come after them", () => {
  const sent = [];
  const requests = new HistoryRequests((message) => sent.push(message) > 0);
  const room = longRoom();
  const start = { seq: 501 };
  requests.loadAround(room, start);
  requests.loadAround(room, start);
  assert.equal(requests.received({ type: "history", room: "lobby" })?.purpose, "around");
  room.openWindow(page(501, 600), "bob");
  requests.loadOlder(room);
  requests.loadOlder(room);
  requests.loadNewer(room);
  requests.loadNewer(room);
  assert.deepEqual(sent, [
    { type: "history", room: "lobby", after: 500, edits: true }, { type: "history", room: "lobby", before: 501, edits: true },
    { type: "history", room: "lobby", after: 600, edits: true },
  ]);
  assert.deepEqual([requests.received({ type: "history", room: "lobby" }), requests.received({ type: "history", room: "lobby" })].map(({ purpose, shown: of }) => [purpose, of === room.window]), [["older", true], ["newer", true]]);
  room.disconnected();
  requests.disconnected();
  requests.loadNewer(room);
  assert.equal(sent.length, 4, "again, over the next connection");
});

// ---- The way to a time ----

const toTime = (room, at, seq) => locate(room, seq ? { start: { seq }, since: at, isLoaded: true } : { start: { at } });

test("a time among the newest messages needs no question, an older one does, a later one has no messages", () => {
  const room = longRoom();
  assert.equal(toTime(room, NOON + 99_950 * 60_000).found.seq, 99_950);
  assert.equal(toTime(room, NOON + 99_950 * 60_000 - 1).found.seq, 99_950);
  assert.deepEqual(toTime(room, NOON + 99_901 * 60_000), { load: { at: NOON + 99_901 * 60_000 } }, "one before may be of the same time");
  assert.deepEqual(toTime(room, NOON), { load: { at: NOON } });
  assert.match(toTime(room, NOON + 100_001 * 60_000).reason, /no messages in #lobby since/);
});

test("a room that is loaded whole begins with the first message of a time before it", () => {
  const room = new Room("lobby");
  room.joined({ first: 1, head: 2, since: 0, members: [], count: 0 });
  for (const seq of [1, 2]) room.add(post(seq), false, false, "bob");
  assert.equal(toTime(room, 0).found.seq, 1);
});

test("where a time begins with edits, the first message after them is gone to", () => {
  const room = longRoom();
  const edits = [501, 502].map((seq) => ({ type: "edit", room: "lobby", seq, at: NOON, user: "ada", cid: "e", target: 1, text: "x" }));
  room.openWindow({ records: edits, first: 1 }, "bob");
  assert.deepEqual(toTime(room, NOON, 501), { loadNewer: true });
  room.addNewer(page(503, 600), "bob");
  assert.equal(toTime(room, NOON, 501).found.seq, 503);
});
