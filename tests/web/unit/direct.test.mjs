// Private rooms: their names, URLs, labels, and how they are stored.

import assert from "node:assert/strict";
import { test } from "node:test";
import { roomPath, roomFromPath } from "../../../static/model/url.js";
import { Chat } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";
import { memoryStorage, Store } from "../../../static/storage/store.js";
import { peerOf, privateRoom } from "../../../static/protocol/names.js";

test("a private room's name has both users, and gives each the other's", () => {
  assert.equal(privateRoom("Bob", "Alice"), "@alice+bob");
  assert.equal(privateRoom("bob", "BOB"), null);
  assert.equal(peerOf("@alice+bob", "Bob"), "alice");
  assert.equal(peerOf("@alice+bob", "alice"), "bob");
  assert.equal(peerOf("@alice+bob", "carol"), null);
  assert.equal(peerOf("lobby", "bob"), null);
});

test("a URL leads to its room and back, in every script", () => {
  for (const room of ["lobby", "@alice+bob", "@alice+оля", "@a.b+c_d"]) {
    const path = new URL(roomPath(room), "http://host").pathname;
    assert.equal(path, roomPath(room), "as the browser writes it");
    assert.equal(roomFromPath(path), room);
  }
  assert.equal(roomFromPath("/r/%40alice%2Bbob"), "@alice+bob");
  for (const path of ["/", "/r/", "/r/%ff", "/r/@alice", "/r/@alice+alice", "/r/a b", "/x/lobby"]) assert.equal(roomFromPath(path), null, path);
});

test("its label is the peer's name as the peer spells it, and it is listed after the public rooms", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ type: "joined", room: "@alice+bob", first: 1, head: 0, since: 0, count: 2, members: ["Alice", "bob"] }, 0);
  chat.ensureRoom("lobby");
  assert.equal(chat.rooms.get("@alice+bob").label, "Alice");
  assert.deepEqual(chat.listed.map(({ label }) => label), ["#lobby", "Alice"]);
  chat.show("lobby");
  assert.equal(chat.neighbour(1, false), "@alice+bob");
});

test("/rooms labels them so as well, and completion does not offer them", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.show("lobby");
  chat.expectedReplies.add("rooms");
  chat.received({ type: "rooms", rooms: [{ name: "lobby" }, { name: "@alice+bob" }] }, 0);
  const [{ rooms }] = rowsOf(chat.room, { from: 0, to: Infinity }, "bob", 0);
  assert.deepEqual(rooms, [["lobby", "#lobby"], ["@alice+bob", "alice"]]);
  assert.deepEqual(chat.knownRooms, ["lobby"]);
});

test("rooms are stored for a name; those of an older page, of which the server was not told, for the browser", () => {
  const local = memoryStorage();
  local.setItem("talk.rooms", JSON.stringify(["lobby", "old"]));
  const store = new Store(local, memoryStorage());
  assert.deepEqual(store.rooms("bob"), { members: [], others: ["lobby", "old"] });
  store.saveRooms("bob", ["lobby", "@alice+bob"]);
  store.saveRooms("carol", ["lobby", "rust"]);
  assert.deepEqual(store.rooms("Bob"), { members: ["lobby"], others: ["@alice+bob"] });
  assert.deepEqual(store.rooms("carol"), { members: ["lobby", "rust"], others: [] });
  store.forget("carol");
  assert.deepEqual(store.rooms("carol"), { members: [], others: ["lobby", "old"] });
});
