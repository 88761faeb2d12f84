// Search: one request after the other until enough is found, or all is searched.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "../../../static/model/room.js";
import { rowsOf } from "../../../static/view/rows.js";
import { Search } from "../../../static/model/search.js";

const post = (seq, more = {}) => ({ type: "post", room: "lobby", seq, at: 0, user: "ada", cid: `c${seq}`, text: `line ${seq}`, ...more });
const answer = (records, before, more = {}) => ({ type: "found", room: "lobby", text: "lid", records, before, first: 1, ...more });

function searching(isThere = () => true) {
  const asked = [];
  const search = new Search((message) => isThere() && Boolean(asked.push(message)));
  return { asked, search };
}

test("a search goes on until all is searched, and returns the results in order", () => {
  const { asked, search } = searching();
  assert.ok(search.start("lobby", "lid"));
  assert.equal(search.received(answer([post(900), post(950)], 501)), null);
  assert.equal(search.received(answer([], 1, { text: "another" })), null, "no search waits for it");
  const found = search.received(answer([post(3)], 1));
  assert.deepEqual(found.records.map(({ seq }) => seq), [3, 900, 950]);
  assert.ok(found.isComplete);
  assert.deepEqual(asked, [{ type: "search", room: "lobby", text: "lid" }, { type: "search", room: "lobby", text: "lid", before: 501 }]);
  assert.equal(search.received(answer([post(3)], 1)), null, "only one answer counts");
});

test("a search stops at its limit, and does not ask for what retention removed", () => {
  const { asked, search } = searching();
  search.start("lobby", "lid");
  const many = Array.from({ length: 30 }, (_, i) => post(600 + i));
  assert.equal(search.received(answer(many, 501)).isComplete, false);
  search.start("lobby", "lid");
  assert.ok(search.received(answer([], 501, { first: 501 })).isComplete);
  assert.equal(asked.length, 2);
});

test("a disconnect ends a search, and offline there is none", () => {
  let isThere = true;
  const { search } = searching(() => isThere);
  assert.equal(search.disconnected(), false);
  search.start("lobby", "lid");
  assert.equal(search.disconnected(), true);
  assert.equal(search.received(answer([post(1)], 1)), null);
  isThere = false;
  assert.equal(search.start("lobby", "lid"), false);
});

test("results are links in the room, an edit as a link to its message", () => {
  const room = new Room("lobby");
  const show = (found) => {
    room.searchFinished({ room: "lobby", text: "lid", isComplete: true, ...found });
    return rowsOf(room, { from: 0, to: Infinity }, "bob", 0).at(-1);
  };
  const row = show({ records: [post(4, { text: "a **lid**" }), post(9, { type: "edit", target: 7, text: "the lid" })] });
  assert.equal(row.text, "2 messages with “lid”:");
  assert.deepEqual(row.hits.map(({ seq, user, text, words }) => [seq, user, text, words]), [[4, "ada", "a lid", "lid"], [7, "ada", "the lid", "lid"]]);
  assert.deepEqual(row.hits.map(({ at }) => at), [post(4).at, post(9).at], "with their times");
  assert.equal(show({ records: [] }).text, "No messages with “lid”");
  assert.equal(show({ records: [post(1)], isComplete: false }).text, "1 message with “lid”; there may be older ones:");
});
