// Private rooms: their names, their addresses, how they are called and kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { roomPath, roomFromPath } from "../../../static/model/url.js";
import { Chat } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";
import { memoryStorage, Store } from "../../../static/storage/store.js";
import { peerOf, privateRoom } from "../../../static/protocol/names.js";

test("a private room has the two names, and tells each the other's", () => {
  assert.equal(privateRoom("Bob", "Alice"), "@alice+bob");
  assert.equal(privateRoom("bob", "BOB"), null);
  assert.equal(peerOf("@alice+bob", "Bob"), "alice");
  assert.equal(peerOf("@alice+bob", "alice"), "bob");
  assert.equal(peerOf("@alice+bob", "carol"), null);
  assert.equal(peerOf("lobby", "bob"), null);
});

test("an address leads to its room and back, whatever script it is written in", () => {
  for (const room of ["lobby", "@alice+bob", "@alice+оля", "@a.b+c_d"]) {
    const path = new URL(roomPath(room), "http://host").pathname;
    assert.equal(path, roomPath(room), "as the browser shows it");
    assert.equal(roomFromPath(path), room);
  }
  assert.equal(roomFromPath("/r/%40alice%2Bbob"), "@alice+bob");
  for (const path of ["/", "/r/", "/r/%ff", "/r/@alice", "/r/@alice+alice", "/r/a b", "/x/lobby"]) assert.equal(roomFromPath(path), null, path);
});

test("it is called by the other's name as they write it, and stands after everybody's rooms", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ type: "joined", room: "@alice+bob", first: 1, head: 0, since: 0, count: 2, members: ["Alice", "bob"] }, 0);
  chat.ensureRoom("lobby");
  assert.equal(chat.rooms.get("@alice+bob").label, "Alice");
  assert.deepEqual(chat.listed.map(({ label }) => label), ["#lobby", "Alice"]);
  chat.show("lobby");
  assert.equal(chat.neighbour(1, false), "@alice+bob");
});

test("the list of rooms calls them so as well, and they are not offered to be joined by name", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.show("lobby");
  chat.expectedReplies.add("rooms");
  chat.received({ type: "rooms", rooms: [{ name: "lobby" }, { name: "@alice+bob" }] }, 0);
  const [{ rooms }] = rowsOf(chat.room, { from: 0, to: Infinity }, "bob", 0);
  assert.deepEqual(rooms, [["lobby", "#lobby"], ["@alice+bob", "alice"]]);
  assert.deepEqual(chat.knownRooms, ["lobby"]);
});

test("private rooms are kept for their name, the others for the browser", () => {
  const store = new Store(memoryStorage(), memoryStorage());
  store.saveRooms("bob", ["lobby", "@alice+bob"]);
  store.saveRooms("carol", ["lobby", "rust"]);
  assert.deepEqual(store.rooms("Bob"), ["lobby", "rust", "@alice+bob"]);
  assert.deepEqual(store.rooms("carol"), ["lobby", "rust"]);
});
