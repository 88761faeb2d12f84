// The way to a line that an address names, and the addresses themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, roomAt, seqAt } from "../../../static/model/url.js";
import { House } from "../../../static/model/chat.js";
import { seek } from "../../../static/navigation.js";

/** A room of which the lines from `since` to `head` were heard. */
function room({ first = 1, since = 0, head, heard = head }) {
  const house = new House();
  house.me = "bob";
  house.heard({ type: "joined", room: "lobby", first, head, since, members: ["bob"], count: 1 }, 0);
  for (let seq = since + 1; seq <= heard; seq += 1) {
    const change = seq === 7 ? { type: "edit", target: 6 } : { type: "post" };
    house.record({ room: "lobby", seq, at: 0, user: "ada", cid: `c${seq}`, text: `line ${seq}`, ...change }, true);
  }
  return house.rooms.get("lobby");
}

test("an address names a room, or a line in it", () => {
  assert.equal(addressOf("lobby"), "/r/lobby");
  assert.equal(addressOf("@ada+оля", 42), `${encodeURI("/r/@ada+оля")}#42`);
  assert.equal(roomAt("/r/lobby"), "lobby");
  assert.equal(seqAt("#42"), 42);
  for (const hash of ["", "#", "#0", "#-1", "#1.5", "#4x", "#1e9", `#${"9".repeat(16)}`]) assert.equal(seqAt(hash), null, hash);
});

test("a line that was heard is found in its place", () => {
  assert.deepEqual(seek(room({ head: 9 }), 3), { found: { place: 2, key: "seq 3" } });
});

test("one further back is asked for, one that is gone or not there yet is not", () => {
  const back = room({ first: 100, since: 500, head: 510 });
  assert.deepEqual(seek(back, 120), { ask: true });
  assert.match(seek(back, 99).why, /no longer kept/);
  assert.match(seek(back, 511).why, /no line 511 in #lobby yet/);
  assert.match(seek(room({ since: 300_000, head: 300_001 }), 5).why, /too far back/);
});

test("what only changed another line is none", () => {
  assert.match(seek(room({ head: 9 }), 7).why, /changed another/);
});

test("nothing is judged before the room has caught up", () => {
  assert.deepEqual(seek(room({ head: 9, heard: 4 }), 8), { wait: true });
  assert.deepEqual(seek(new House().ensure("lobby"), 1), { wait: true });
});
