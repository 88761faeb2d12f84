// What edits, deletes and topics make of a room, whenever they are heard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";

const NOON = Date.UTC(2026, 10, 22, 12);
const ALL = { from: -Infinity, to: Infinity };

const record = (type, seq, fields = {}) =>
  ({ type, room: "lobby", seq, at: NOON + seq * 1000, user: "bob", cid: `c${seq}`, ...fields });
const post = (seq, fields = {}) => record("post", seq, { text: `line ${seq}`, ...fields });
const edit = (seq, target, text) => record("edit", seq, { target, text });
const remove = (seq, target) => record("delete", seq, { target });

function joined(since, head = since) {
  const chat = new Chat();
  chat.me = "bob";
  const room = chat.ensureRoom("lobby");
  room.joined({ first: 1, head, since, members: ["ada", "bob"], count: 2 });
  return { chat, room };
}

const rows = (room) => rowsOf(room, ALL, "bob", NOON);
const lines = (room) => rows(room).filter(({ kind }) => kind === "message")
  .map(({ text, isEdited, state }) => [text, isEdited ? "edited" : "", state === "stored" ? "" : state].filter((v) => v !== "").join(" "));

test("an edited line shows its last words in its place, and no line of its own", () => {
  const { chat, room } = joined(0);
  for (const each of [post(1), post(2), edit(3, 1, "one"), edit(4, 1, "won"), post(5)]) chat.addRecord(each, true);
  assert.deepEqual(lines(room), ["won edited", "line 2", "line 5"]);
  assert.equal(room.newest, 5);
});

test("edits heard before their line are its words once it is loaded, the last of them whatever the order", () => {
  const { chat, room } = joined(9);
  chat.addRecord(edit(10, 2, "latest"), true);
  room.addOlder([post(2), edit(3, 2, "earlier"), post(4), remove(5, 4)], 1, "bob");
  assert.deepEqual(lines(room), ["latest edited", ""]);
  assert.equal(room.oldest, 2);
  assert.ok(room.hasOlder, "what is not shown counts all the same");
});

test("a deleted line keeps its place, and its words are nowhere", () => {
  const { chat, room } = joined(0);
  for (const each of [post(1, { text: "secret" }), edit(2, 1, "secret too"), post(3), remove(4, 1)]) chat.addRecord(each, true);
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "message").map(({ text }) => text), [null, "line 3"]);
  chat.addRecord(edit(5, 1, "undead"), true);
  assert.deepEqual(lines(room)[0], "");
  assert.ok(!JSON.stringify([room.items, rows(room), room.currentText(post(1))]).includes("secret"));
});

test("a line whose delete was heard first is never kept with its words", () => {
  const { chat, room } = joined(9);
  chat.addRecord(remove(10, 2), true);
  room.addOlder([post(2, { text: "secret" })], 1, "bob");
  assert.ok(!JSON.stringify(room.items).includes("secret"));
  assert.deepEqual(lines(room), [""]);
});

test("records that come as deleted are shown so", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1, { text: "", deleted: true }), true);
  chat.addRecord({ ...edit(2, 1, ""), deleted: true }, true);
  assert.deepEqual(lines(room), [""]);
});

test("a page of nothing but changes asks on, and a flood of them leaves the lines on the screen", () => {
  const { chat, room } = joined(500);
  for (let seq = 501; seq <= 900; seq += 1) chat.addRecord(edit(seq, 7, `v${seq}`), true);
  assert.equal(room.items.length, 0);
  assert.ok(room.hasOlder);
  room.addOlder(Array.from({ length: 100 }, (_, i) => edit(401 + i, 7, "x")), 1, "bob");
  assert.deepEqual([room.oldest, room.hasOlder], [401, true]);
});

test("an edit on its way is shown as pending, refused with its reason, and dropped without a trace", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  const line = { type: "edit", room: "lobby", cid: "e1", target: 1, text: "won" };
  chat.pending(line, NOON);
  assert.deepEqual(lines(room), ["won edited pending"]);
  assert.equal(room.textAfterUnsent(1), "won");
  chat.failed({ cid: "e1", code: "forbidden", message: "it is not yours" });
  assert.deepEqual(lines(room), ["line 1 failed"]);
  assert.deepEqual(rows(room).at(-1).failures, [{ cid: "e1", what: "Not changed to “won”", reason: "it is not yours" }]);
  assert.ok(chat.isEdit("e1"));
  chat.pending(line, NOON);
  assert.deepEqual(lines(room), ["won edited pending"], "sent again");
  chat.dropped("e1");
  assert.deepEqual(lines(room), ["line 1"]);
});

test("an edit that was stored shows no moment of the old words", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "won" }, NOON);
  chat.stored({ cid: "e1", seq: 2 });
  chat.addRecord({ ...edit(2, 1, "won"), cid: "e1" }, true);
  assert.deepEqual(lines(room), ["won edited"]);
});

test("a delete on its way leaves the line until it is stored", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  chat.pending({ type: "delete", room: "lobby", cid: "d1", target: 1 }, NOON);
  const row = rows(room).at(-1);
  assert.deepEqual([row.text, row.state, row.isDeleting], ["line 1", "pending", true]);
  assert.equal(room.lastPostOf("bob"), null, "and it is not edited any more");
});

test("a change of a line that is not loaded waits at the end until it is", () => {
  const { chat, room } = joined(9);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 3, text: "won" }, NOON);
  assert.deepEqual(rows(room).map(({ kind }) => kind), ["edit"]);
  room.addOlder([post(3)], 1, "bob");
  assert.deepEqual(lines(room), ["won edited pending"]);
  assert.ok(!rows(room).some(({ kind }) => kind === "edit"));
});

test("the last line of ours that stands is the one to edit", () => {
  const { chat, room } = joined(0);
  assert.equal(room.lastPostOf("bob"), null);
  for (const each of [post(1), post(2), { ...post(3), user: "ada" }, remove(4, 2), edit(5, 1, "won")]) chat.addRecord(each, true);
  assert.deepEqual(room.lastPostOf("BOB"), { seq: 1, text: "won" });
});

test("editing a line ends when it is deleted elsewhere", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  room.editing = { seq: 1, text: "wo" };
  chat.addRecord(remove(2, 1), true);
  assert.equal(room.editing, null);
});

test("a topic is the room's from its record on, but not from one of old", () => {
  const { chat, room } = joined(0, 3);
  room.joined({ first: 1, head: 3, since: 0, count: 0, topic: "cake" });
  chat.addRecord(record("topic", 1, { text: "tea" }), true);
  assert.equal(room.topic, "cake");
  for (const each of [post(2), post(3), record("topic", 4, { text: "rest" })]) chat.addRecord(each, true);
  assert.equal(room.topic, "rest");
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "topic").map(({ user, text }) => [user, text]), [["bob", "tea"], ["bob", "rest"]]);
});

test("a topic on its way, and one refused, stand at the end", () => {
  const { chat, room } = joined(0);
  chat.pending({ type: "topic", room: "lobby", cid: "t1", text: "tea" }, NOON);
  assert.deepEqual([rows(room).at(-1).kind, rows(room).at(-1).state], ["topic", "pending"]);
  chat.failed({ cid: "t1", code: "forbidden", message: "no" });
  assert.deepEqual(rows(room).at(-1).failures, [{ cid: "t1", what: "Topic not set", reason: "no" }]);
  assert.ok(!chat.isEdit("t1"));
});

test("what was to be done to a log that is gone is known, so that it can be dropped", () => {
  const { chat } = joined(0);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "x" }, NOON);
  chat.pending({ type: "post", room: "lobby", cid: "p1", text: "x" }, NOON);
  assert.deepEqual(chat.unsentEdits("lobby"), ["e1"]);
  assert.deepEqual(chat.unsentEdits("elsewhere"), []);
});

test("records of a later version in the history leave no trace and do no harm", () => {
  const { chat, room } = joined(9, 10);
  room.addOlder([{ type: "aurora", seq: 8 }, post(9)], 1, "bob");
  chat.received(record("aurora", 10), NOON);
  assert.deepEqual(lines(room), ["line 9"]);
  room.markRead();
  assert.equal(room.unsentMarker, 10);
});
