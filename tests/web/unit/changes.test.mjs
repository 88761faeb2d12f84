// What edits, deletes and topics make of a room, whenever they are heard.

import assert from "node:assert/strict";
import { test } from "node:test";
import { House } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";

const NOON = Date.UTC(2026, 10, 22, 12);
const ALL = { from: -Infinity, to: Infinity };

const record = (type, seq, fields = {}) =>
  ({ type, room: "lobby", seq, at: NOON + seq * 1000, user: "bob", cid: `c${seq}`, ...fields });
const post = (seq, fields = {}) => record("post", seq, { text: `line ${seq}`, ...fields });
const edit = (seq, target, text) => record("edit", seq, { target, text });
const remove = (seq, target) => record("delete", seq, { target });

function joined(since, head = since) {
  const house = new House();
  house.me = "bob";
  const room = house.ensure("lobby");
  room.joined({ first: 1, head, since, members: ["ada", "bob"], count: 2 });
  return { house, room };
}

const rows = (room) => rowsOf(room, ALL, "bob", NOON);
const lines = (room) => rows(room).filter(({ kind }) => kind === "line")
  .map(({ text, isEdited, state }) => [text, isEdited ? "edited" : "", state === "stored" ? "" : state].filter((v) => v !== "").join(" "));

test("an edited line shows its last words in its place, and no line of its own", () => {
  const { house, room } = joined(0);
  for (const each of [post(1), post(2), edit(3, 1, "one"), edit(4, 1, "won"), post(5)]) house.record(each, true);
  assert.deepEqual(lines(room), ["won edited", "line 2", "line 5"]);
  assert.equal(room.newest, 5);
});

test("edits heard before their line are its words once it is loaded, the last of them whatever the order", () => {
  const { house, room } = joined(9);
  house.record(edit(10, 2, "latest"), true);
  room.addOlder([post(2), edit(3, 2, "earlier"), post(4), remove(5, 4)], 1, "bob");
  assert.deepEqual(lines(room), ["latest edited", ""]);
  assert.equal(room.oldest, 2);
  assert.ok(room.hasOlder, "what is not shown counts all the same");
});

test("a deleted line keeps its place, and its words are nowhere", () => {
  const { house, room } = joined(0);
  for (const each of [post(1, { text: "secret" }), edit(2, 1, "secret too"), post(3), remove(4, 1)]) house.record(each, true);
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "line").map(({ text }) => text), [null, "line 3"]);
  house.record(edit(5, 1, "undead"), true);
  assert.deepEqual(lines(room)[0], "");
  assert.ok(!JSON.stringify([room.items, rows(room), room.words(post(1))]).includes("secret"));
});

test("a line whose delete was heard first is never kept with its words", () => {
  const { house, room } = joined(9);
  house.record(remove(10, 2), true);
  room.addOlder([post(2, { text: "secret" })], 1, "bob");
  assert.ok(!JSON.stringify(room.items).includes("secret"));
  assert.deepEqual(lines(room), [""]);
});

test("records that come as deleted are shown so", () => {
  const { house, room } = joined(0);
  house.record(post(1, { text: "", deleted: true }), true);
  house.record({ ...edit(2, 1, ""), deleted: true }, true);
  assert.deepEqual(lines(room), [""]);
});

test("a page of nothing but changes asks on, and a flood of them leaves the lines on the screen", () => {
  const { house, room } = joined(500);
  for (let seq = 501; seq <= 900; seq += 1) house.record(edit(seq, 7, `v${seq}`), true);
  assert.equal(room.items.length, 0);
  assert.ok(room.hasOlder);
  room.addOlder(Array.from({ length: 100 }, (_, i) => edit(401 + i, 7, "x")), 1, "bob");
  assert.deepEqual([room.oldest, room.hasOlder], [401, true]);
});

test("an edit on its way is shown as pending, refused with its reason, and dropped without a trace", () => {
  const { house, room } = joined(0);
  house.record(post(1), true);
  const line = { type: "edit", room: "lobby", cid: "e1", target: 1, text: "won" };
  house.pending(line, NOON);
  assert.deepEqual(lines(room), ["won edited pending"]);
  assert.equal(room.textOf(1), "won");
  house.failed({ cid: "e1", code: "forbidden", message: "it is not yours" });
  assert.deepEqual(lines(room), ["line 1 failed"]);
  assert.deepEqual(rows(room).at(-1).failures, [{ cid: "e1", what: "Not changed to “won”", why: "it is not yours" }]);
  assert.ok(house.isChange("e1"));
  house.pending(line, NOON);
  assert.deepEqual(lines(room), ["won edited pending"], "sent again");
  house.dropped("e1");
  assert.deepEqual(lines(room), ["line 1"]);
});

test("an edit that was stored shows no moment of the old words", () => {
  const { house, room } = joined(0);
  house.record(post(1), true);
  house.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "won" }, NOON);
  house.stored({ cid: "e1", seq: 2 });
  house.record({ ...edit(2, 1, "won"), cid: "e1" }, true);
  assert.deepEqual(lines(room), ["won edited"]);
});

test("a delete on its way leaves the line until it is stored", () => {
  const { house, room } = joined(0);
  house.record(post(1), true);
  house.pending({ type: "delete", room: "lobby", cid: "d1", target: 1 }, NOON);
  const row = rows(room).at(-1);
  assert.deepEqual([row.text, row.state, row.isGoing], ["line 1", "pending", true]);
  assert.equal(room.lastOf("bob"), null, "and it is not edited any more");
});

test("a change of a line that is not loaded waits at the end until it is", () => {
  const { house, room } = joined(9);
  house.pending({ type: "edit", room: "lobby", cid: "e1", target: 3, text: "won" }, NOON);
  assert.deepEqual(rows(room).map(({ kind }) => kind), ["late"]);
  room.addOlder([post(3)], 1, "bob");
  assert.deepEqual(lines(room), ["won edited pending"]);
  assert.ok(!rows(room).some(({ kind }) => kind === "late"));
});

test("the last line of ours that stands is the one to edit", () => {
  const { house, room } = joined(0);
  assert.equal(room.lastOf("bob"), null);
  for (const each of [post(1), post(2), { ...post(3), user: "ada" }, remove(4, 2), edit(5, 1, "won")]) house.record(each, true);
  assert.deepEqual(room.lastOf("BOB"), { seq: 1, text: "won" });
});

test("editing a line ends when it is deleted elsewhere", () => {
  const { house, room } = joined(0);
  house.record(post(1), true);
  room.editing = { seq: 1, text: "wo" };
  house.record(remove(2, 1), true);
  assert.equal(room.editing, null);
});

test("a topic is the room's from its record on, but not from one of old", () => {
  const { house, room } = joined(0, 3);
  room.joined({ first: 1, head: 3, since: 0, count: 0, topic: "cake" });
  house.record(record("topic", 1, { text: "tea" }), true);
  assert.equal(room.topic, "cake");
  for (const each of [post(2), post(3), record("topic", 4, { text: "rest" })]) house.record(each, true);
  assert.equal(room.topic, "rest");
  assert.deepEqual(rows(room).filter(({ kind }) => kind === "topic").map(({ user, text }) => [user, text]), [["bob", "tea"], ["bob", "rest"]]);
});

test("a topic on its way, and one refused, stand at the end", () => {
  const { house, room } = joined(0);
  house.pending({ type: "topic", room: "lobby", cid: "t1", text: "tea" }, NOON);
  assert.deepEqual([rows(room).at(-1).kind, rows(room).at(-1).state], ["topic", "pending"]);
  house.failed({ cid: "t1", code: "forbidden", message: "no" });
  assert.deepEqual(rows(room).at(-1).failures, [{ cid: "t1", what: "Topic not set", why: "no" }]);
  assert.ok(!house.isChange("t1"));
});

test("what was to be done to a log that is gone is known, so that it can be dropped", () => {
  const { house } = joined(0);
  house.pending({ type: "edit", room: "lobby", cid: "e1", target: 1, text: "x" }, NOON);
  house.pending({ type: "post", room: "lobby", cid: "p1", text: "x" }, NOON);
  assert.deepEqual(house.changes("lobby"), ["e1"]);
  assert.deepEqual(house.changes("elsewhere"), []);
});

test("records of a later version in the history leave no trace and do no harm", () => {
  const { house, room } = joined(9, 10);
  room.addOlder([{ type: "aurora", seq: 8 }, post(9)], 1, "bob");
  house.heard(record("aurora", 10), NOON);
  assert.deepEqual(lines(room), ["line 9"]);
  room.read();
  assert.equal(room.untold, 10);
});
