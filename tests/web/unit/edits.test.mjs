// Edits, deletes and topics of a room, in whatever order they arrive.

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

test("an edited message shows its last text, and the edit has no row", () => {
  const { chat, room } = joined(0);
  for (const each of [post(1), post(2), edit(3, 1, "one"), edit(4, 1, "won"), post(5)]) chat.addRecord(each, true);
  assert.deepEqual(lines(room), ["won edited", "line 2", "line 5"]);
  assert.equal(room.newest, 5);
});

test("edits received before their message apply once it is loaded, the last one in any order", () => {
  const { chat, room } = joined(9);
  chat.addRecord(edit(10, 2, "latest"), true);
  room.addOlder([post(2), edit(3, 2, "earlier"), post(4), remove(5, 4)], 1, "bob");
  assert.deepEqual(lines(room), ["latest edited", ""]);
  assert.equal(room.oldest, 2);
  assert.ok(room.hasOlder, "records that are not shown count as well");
});

test("a deleted message keeps its row, and its text is nowhere", () => {
  const { chat, room } = joined(0);
  for (const each of [post(1, { text: "secret" }), edit(2, 1, "secret too"), post(3), remove(4, 1)]) chat.addRecord(each, true);
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "message").map(({ text }) => text), [null, "line 3"]);
  chat.addRecord(edit(5, 1, "undead"), true);
  assert.deepEqual(lines(room)[0], "");
  assert.ok(!JSON.stringify([room.items, rows(room), room.currentText(post(1))]).includes("secret"));
});

test("records that arrive as deleted are shown as deleted", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1, { text: "", deleted: true }), true);
  chat.addRecord({ ...edit(2, 1, ""), deleted: true }, true);
  assert.deepEqual(lines(room), [""]);
});

test("a page of edits only leads to the next page, and a flood of edits leaves the messages on the screen", () => {
  const { chat, room } = joined(500);
  for (let seq = 501; seq <= 900; seq += 1) chat.addRecord(edit(seq, 7, `v${seq}`), true);
  assert.equal(room.items.length, 0);
  assert.ok(room.hasOlder);
  room.addOlder(Array.from({ length: 100 }, (_, i) => edit(401 + i, 7, "x")), 1, "bob");
  assert.deepEqual([room.oldest, room.hasOlder], [401, true]);
});

test("an unsent edit is shown as pending, refused with its reason, and dropped without a trace", () => {
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

test("between stored and its record, an edit never shows the old text", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "won" }, NOON);
  chat.stored({ cid: "e1", seq: 2 });
  chat.addRecord({ ...edit(2, 1, "won"), cid: "e1" }, true);
  assert.deepEqual(lines(room), ["won edited"]);
});

test("an unsent delete leaves the message until it is stored", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  chat.pending({ type: "delete", room: "lobby", cid: "d1", target: 1 }, NOON);
  const row = rows(room).at(-1);
  assert.deepEqual([row.text, row.state, row.isDeleting], ["line 1", "pending", true]);
  assert.equal(room.lastOwnPost("bob"), null, "and cannot be edited any more");
});

test("an unsent edit of a message that is not loaded has a row at the end until it is", () => {
  const { chat, room } = joined(9);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 3, text: "won" }, NOON);
  assert.deepEqual(rows(room).map(({ kind }) => kind), ["edit"]);
  room.addOlder([post(3)], 1, "bob");
  assert.deepEqual(lines(room), ["won edited pending"]);
  assert.ok(!rows(room).some(({ kind }) => kind === "edit"));
});

test("the last own message that is not deleted is the one to edit", () => {
  const { chat, room } = joined(0);
  assert.equal(room.lastOwnPost("bob"), null);
  for (const each of [post(1), post(2), { ...post(3), user: "ada" }, remove(4, 2), edit(5, 1, "won")]) chat.addRecord(each, true);
  assert.deepEqual(room.lastOwnPost("BOB"), { seq: 1, text: "won" });
});

test("editing ends when the message is deleted elsewhere", () => {
  const { chat, room } = joined(0);
  chat.addRecord(post(1), true);
  room.editing = { seq: 1, text: "wo" };
  chat.addRecord(remove(2, 1), true);
  assert.equal(room.editing, null);
});

test("a topic is set by a live record, but not by an old one", () => {
  const { chat, room } = joined(0, 3);
  room.joined({ first: 1, head: 3, since: 0, count: 0, topic: "cake" });
  chat.addRecord(record("topic", 1, { text: "tea" }), true);
  assert.equal(room.topic, "cake");
  for (const each of [post(2), post(3), record("topic", 4, { text: "rest" })]) chat.addRecord(each, true);
  assert.equal(room.topic, "rest");
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "topic").map(({ user, text }) => [user, text]), [["bob", "tea"], ["bob", "rest"]]);
});

test("an unsent topic, and a refused one, are shown at the end", () => {
  const { chat, room } = joined(0);
  chat.pending({ type: "topic", room: "lobby", cid: "t1", text: "tea" }, NOON);
  assert.deepEqual([rows(room).at(-1).kind, rows(room).at(-1).state], ["topic", "pending"]);
  chat.failed({ cid: "t1", code: "forbidden", message: "no" });
  assert.deepEqual(rows(room).at(-1).failures, [{ cid: "t1", what: "Topic not set", reason: "no" }]);
  assert.ok(!chat.isEdit("t1"));
});

test("the unsent edits of a room are known, to be dropped when it is reset", () => {
  const { chat } = joined(0);
  chat.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "x" }, NOON);
  chat.pending({ type: "post", room: "lobby", cid: "p1", text: "x" }, NOON);
  assert.deepEqual(chat.unsentEdits("lobby"), ["e1"]);
  assert.deepEqual(chat.unsentEdits("elsewhere"), []);
});

test("records of a later version in the history are not shown and do no harm", () => {
  const { chat, room } = joined(9, 10);
  room.addOlder([{ type: "aurora", seq: 8 }, post(9)], 1, "bob");
  chat.received(record("aurora", 10), NOON);
  assert.deepEqual(lines(room), ["line 9"]);
  room.markRead();
  assert.equal(room.unsentMarker, 10);
});
