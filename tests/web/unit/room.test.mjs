import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { OwnNames } from "../../../static/model/own-names.js";
import { Room } from "../../../static/model/room.js";
import { rowsOf } from "../../../static/view/rows.js";
import { formatDuration } from "../../../static/text/time.js";

const NOON = Date.UTC(2026, 10, 22, 12);
const ALL = { from: 0, to: Infinity };

const post = (seq, user, text = `line ${seq}`, at = NOON + seq * 1000) =>
  ({ type: "post", room: "lobby", seq, at, user, cid: `c${seq}`, text });

function lobby(...records) {
  const room = new Room("lobby");
  room.joined({ first: 1, head: 0, since: (records[0]?.seq ?? 1) - 1, members: ["ada", "bob"], count: 2 });
  for (const record of records) room.add(record, record.user === "bob", true);
  return room;
}

const kinds = (room, window = ALL) => rowsOf(room, window, "bob", NOON).map((row) => row.kind);

test("successive messages of one author are under one name", () => {
  const room = lobby(post(1, "ada"), post(2, "ada"), post(3, "bob"), post(4, "ada"), { ...post(5, "ada"), at: NOON + 600_000 });
  const lines = rowsOf(room, ALL, "bob", NOON).filter((row) => row.kind === "message");
  assert.deepEqual(lines.map((row) => row.isFirst), [true, false, true, true, true]);
  assert.deepEqual(lines.map((row) => row.isMine), [false, false, true, false, false]);
});

test("a new owner of a name has the name and the mark above the first message, also once it is deleted", () => {
  const room = lobby(post(1, "ada"), { ...post(2, "ada"), new_owner: true }, post(3, "ada"));
  const lines = () => rowsOf(room, ALL, "bob", NOON).filter((row) => row.kind === "message");
  assert.deepEqual(lines().map((row) => [row.isFirst, row.isNewOwner]), [[true, false], [true, true], [false, false]]);
  room.add({ ...post(4, "ada"), type: "delete", target: 2 }, false, false);
  assert.deepEqual(lines().map((row) => [row.text, row.isNewOwner]).slice(0, 2), [["line 1", false], [null, true]]);
});

test("a new day gets a rule", () => {
  const room = lobby(post(1, "ada", "x", NOON - 3 * 86_400_000), post(2, "ada", "x", NOON - 86_400_000), post(3, "ada", "x", NOON));
  const days = rowsOf(room, ALL, "bob", NOON).filter((row) => row.kind === "day").map((row) => row.text);
  assert.equal(days.length, 3);
  assert.deepEqual(days.slice(1), ["Yesterday", "Today"]);
});

test("a time beyond the calendar is shown as well", () => {
  assert.deepEqual(kinds(lobby(post(1, "eve", "x", Number.MAX_SAFE_INTEGER))), ["note", "day", "message"]);
});

test("unread messages are counted and get a rule, old ones do not", () => {
  const room = new Room("lobby");
  room.joined({ first: 1, head: 2, since: 0, members: [], count: 0 });
  for (const seq of [1, 2, 3, 4]) room.add(post(seq, "ada"), false, false);
  assert.equal(room.unread, 2);
  assert.deepEqual(kinds(room), ["note", "day", "message", "message", "new", "message", "message"]);
});

test("a room that is damaged on the server says so once, below its last readable message", () => {
  const room = new Room("lobby");
  const join = { first: 1, head: 2, since: 0, members: [], count: 0, damaged: true };
  room.joined(join);
  for (const seq of [1, 2]) room.add(post(seq, "ada"), false, false);
  room.joined({ ...join, since: 2 });
  const notes = room.items.filter((item) => item.note);
  assert.equal(room.items.at(-1), notes[0]);
  assert.equal(notes.length, 1);
  assert.match(notes[0].note, /damaged on the server after message 2/);
});

test("older pages are added in front, once", () => {
  const room = lobby(post(11, "ada"), post(12, "ada"));
  assert.ok(room.hasOlder);
  room.addOlder([post(9, "ada"), post(10, "ada"), post(11, "ada")], 9, "bob");
  assert.deepEqual(room.items.map((item) => item.record.seq), [9, 10, 11, 12]);
  assert.equal(room.base, -2);
  assert.ok(!room.hasOlder);
  assert.equal(rowsOf(room, { from: -2, to: Infinity }, "bob", NOON)[0].kind, "gap", "earlier messages are no longer kept");
});

test("an empty page ends the loading of older messages", () => {
  const room = lobby(post(11, "ada"));
  room.addOlder([], 1, "bob");
  assert.ok(!room.hasOlder);
});

test("a gap is shown, with how many are missing", () => {
  const room = lobby(post(1, "ada"));
  room.gap(50);
  room.joined({ first: 50, head: 49, since: 49, members: [], count: 0 });
  room.add(post(50, "ada"), false, true);
  const gap = rowsOf(room, ALL, "bob", NOON).find((row) => row.kind === "gap");
  assert.match(gap.text, /^48 messages are missing/);
});

test("a leave and a return cancel out, and successive joins and leaves are one row", () => {
  const room = lobby(post(1, "ada"));
  const presence = (user, state) => room.presence({ user, state, count: 2 }, "bob", NOON);
  presence("eve", "joined");
  presence("ada", "left");
  presence("bob", "joined");
  assert.deepEqual(kinds(room), ["note", "day", "message", "presence"]);
  assert.deepEqual(room.memberNames, ["bob", "eve"]);
  presence("eve", "left");
  presence("ada", "joined");
  assert.deepEqual(kinds(room), ["note", "day", "message"]);
});

test("an unsent message is shown at the end, is refused there, and becomes a record under the same key", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.ensureRoom("lobby").joined({ first: 1, head: 0, since: 0, members: ["bob"], count: 1 });
  chat.pending({ type: "post", room: "lobby", text: "hi", cid: "c1" }, NOON);
  const key = () => rowsOf(chat.ensureRoom("lobby"), ALL, "bob", NOON).findLast((row) => row.kind === "message");
  assert.equal(key().state, "pending");
  chat.failed({ cid: "c1", code: "storage", message: "no" });
  assert.deepEqual([key().state, key().failures], ["failed", [{ cid: "c1", what: "Not sent", reason: "no" }]]);
  chat.pending({ type: "post", room: "lobby", text: "hi", cid: "c1" }, NOON);
  const before = key().key;
  chat.stored({ cid: "c1", seq: 1 });
  chat.addRecord({ ...post(1, "bob"), cid: "c1" }, true);
  assert.deepEqual([key().state, key().key], ["stored", before]);
});

test("a room keeps 5,000 items at most, and dropped ones can be loaded again", () => {
  const room = lobby();
  for (let seq = 1; seq <= 12_000; seq += 1) room.add(post(seq, "ada"), false, true);
  assert.ok(room.items.length <= 5_000);
  assert.equal(room.base + room.items.length, 12_000);
  assert.ok(room.hasOlder);
});

test("items in view are kept, up to a limit", () => {
  const room = lobby();
  for (let seq = 1; seq <= 4_000; seq += 1) room.add(post(seq, "ada"), false, false);
  room.firstInView = 100;
  for (let seq = 4_001; seq <= 9_000; seq += 1) room.add(post(seq, "ada"), false, false);
  assert.deepEqual([room.base, room.items[100].record.seq], [0, 101]);
  room.firstInView = Infinity;
  for (let seq = 9_001; seq <= 9_010; seq += 1) room.add(post(seq, "ada"), false, false);
  assert.ok(room.items.length <= 5_000);
  room.firstInView = room.base;
  for (let seq = 9_011; seq <= 140_000; seq += 1) room.add(post(seq, "ada"), false, false);
  assert.ok(room.items.length <= 120_000);
});

test("a reply shows what it replies to, as far as that is loaded", () => {
  const room = lobby(post(5, "ada", "**what** now?"), { ...post(6, "bob", "go on"), reply: 5 }, { ...post(7, "ada"), reply: 2 }, { ...post(8, "ada"), reply: 6 });
  const quotes = () => rowsOf(room, ALL, "bob", NOON).filter((row) => row.kind === "message").map(({ quote }) => quote);
  assert.deepEqual(quotes(), [
    null, { seq: 5, user: "ada", text: "what now?" }, { seq: 2, user: null, text: null }, { seq: 6, user: "bob", text: "go on" },
  ]);
  room.add({ type: "edit", room: "lobby", seq: 9, at: NOON, user: "ada", cid: "e", target: 5, text: "what next?" }, false, true);
  room.add({ type: "delete", room: "lobby", seq: 10, at: NOON, user: "bob", cid: "d", target: 6 }, true, true);
  assert.deepEqual(quotes(), [
    null, null, { seq: 2, user: null, text: null }, { seq: 6, user: "bob", text: null },
  ], "a deleted line answers nothing any more");
  room.addOlder([post(2, "eve", "first")], 1, "bob");
  assert.deepEqual(quotes().at(-2), { seq: 2, user: "eve", text: "first" });
});

test("a reply starts a group of its own", () => {
  const room = lobby(post(1, "ada"), { ...post(2, "ada"), reply: 1 }, post(3, "ada"));
  assert.deepEqual(rowsOf(room, ALL, "bob", NOON).filter((row) => row.kind === "message").map((row) => row.isFirst), [true, true, false]);
});

test("an unsent reply shows what it replies to", () => {
  const room = lobby(post(1, "ada", "ready?"));
  room.unsent.set("c", { submission: { type: "post", room: "lobby", cid: "c", text: "yes", reply: 1 }, at: NOON, rejection: null });
  assert.deepEqual(rowsOf(room, ALL, "bob", NOON).at(-1).quote, { seq: 1, user: "ada", text: "ready?" });
});

test("a duration is shown in one unit", () => {
  const shown = [-5, 999, 12_400, 59_999, 60_000, 3_599_000, 7_300_000, 47 * 3_600_000, 50 * 3_600_000].map(formatDuration);
  assert.deepEqual(shown, ["0 s", "0 s", "12 s", "59 s", "1 min", "59 min", "2 h", "47 h", "2 days"]);
});

test("messages under a former name are one's own: to edit, and to be replied to", () => {
  const names = new OwnNames();
  names.add("bob", "Rob");
  const room = new Room("lobby", "bob", { ownNames: names });
  room.joined({ first: 1, head: 0, since: 0, members: ["bob"], count: 1 });
  room.add(post(1, "rob"), true, true);
  assert.deepEqual(rowsOf(room, ALL, "bob", NOON).filter(({ kind }) => kind === "message").map(({ isMine }) => isMine), [true]);
  assert.deepEqual([room.isOwn("ROB", "bob"), room.isOwn("eve", "bob")], [true, false]);
  assert.deepEqual(room.lastOwnPost("bob"), { seq: 1, text: "line 1" });
  assert.equal(room.isMentionOf({ ...post(2, "eve", "why?"), reply: 1 }, "bob"), true, "a reply to it is for the person");
  names.reset("bob");
  assert.equal(room.lastOwnPost("bob"), null, "the name is another person's now");
});
