// URLs, and the way to the message that one names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { roomPath, roomFromPath, seqFromHash } from "../../../static/model/url.js";
import { Chat } from "../../../static/model/chat.js";
import { locate } from "../../../static/navigation.js";

/** A room with the messages from `since` to `head` loaded. */
function room({ first = 1, since = 0, head, received = head }) {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ type: "joined", room: "lobby", first, head, since, members: ["bob"], count: 1 }, 0);
  for (let seq = since + 1; seq <= received; seq += 1) {
    const change = seq === 7 ? { type: "edit", target: 6 } : { type: "post" };
    chat.addRecord({ room: "lobby", seq, at: 0, user: "ada", cid: `c${seq}`, text: `line ${seq}`, ...change }, true);
  }
  return chat.rooms.get("lobby");
}

test("a URL names a room, or a message in it", () => {
  assert.equal(roomPath("lobby"), "/r/lobby");
  assert.equal(roomPath("@ada+оля", 42), `${encodeURI("/r/@ada+оля")}#42`);
  assert.equal(roomFromPath("/r/lobby"), "lobby");
  assert.equal(seqFromHash("#42"), 42);
  for (const hash of ["", "#", "#0", "#-1", "#1.5", "#4x", "#1e9", `#${"9".repeat(16)}`]) assert.equal(seqFromHash(hash), null, hash);
});

const locateMessage = (/** @type {any} */ where, /** @type {number} */ seq, isLoaded = false) => locate(where, { start: { seq }, isLoaded });

test("a loaded message is found by its seq", () => {
  assert.deepEqual(locateMessage(room({ head: 9 }), 3), { found: { index: 2, key: "seq 3", seq: 3, isNewest: true } });
});

test("an older message is requested, one that is gone or does not exist yet is not", () => {
  const back = room({ first: 100, since: 500, head: 510 });
  assert.deepEqual(locateMessage(back, 120), { load: { seq: 120 } });
  assert.match(locateMessage(back, 120, true).reason, /could not be loaded/);
  assert.match(locateMessage(back, 99).reason, /no longer kept/);
  assert.match(locateMessage(back, 511).reason, /no message #511 in #lobby yet/);
  assert.deepEqual(locateMessage(room({ since: 300_000, head: 300_001 }), 5), { load: { seq: 5 } }, "however far back");
});

test("an edit is not a message", () => {
  assert.match(locateMessage(room({ head: 9 }), 7).reason, /is an edit or a delete, not a message/);
});

test("before the room has caught up the answer is to wait", () => {
  assert.deepEqual(locateMessage(room({ head: 9, received: 4 }), 8), { wait: true });
  assert.deepEqual(locateMessage(new Chat().ensureRoom("lobby"), 1), { wait: true });
});
