// Private rooms: their names, URLs, labels, and how they are stored.

import assert from "node:assert/strict";
import { test } from "node:test";
import { roomPath, roomFromPath } from "../../../static/model/url.js";
import { Chat } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";
import { memoryStorage, Store } from "../../../static/storage/store.js";
import { isRoomName, parseRoomName, parseStoredRoom, peerOf, privateRoom, roomWith, wantedPeer } from "../../../static/protocol/names.js";

const OWNERS = "@-+00112233445566778899aabbccddeeff";

test("a private room's name has both users, and gives each the other's", () => {
  assert.equal(privateRoom("Bob", "Alice"), "@alice+bob");
  assert.equal(privateRoom("bob", "BOB"), null);
  assert.equal(peerOf("@alice+bob", "Bob"), "alice");
  assert.equal(peerOf("@alice+bob", "alice"), "bob");
  assert.equal(peerOf("@alice+bob", "carol"), null);
  assert.equal(peerOf("lobby", "bob"), null);
});

test("a private room has an opaque name, or for the page that of the other person", () => {
  assert.deepEqual([isRoomName(OWNERS), parseRoomName(OWNERS), wantedPeer(OWNERS), peerOf(OWNERS, "bob")], [true, OWNERS, null, null]);
  assert.equal(roomWith("Zoë"), "@zoë");
  assert.deepEqual([isRoomName("@zoë"), parseRoomName("@zoë"), parseStoredRoom("@ZOË"), wantedPeer("@zoë")], [false, null, "@zoë", "zoë"]);
  for (const text of ["@", "@a b", "@0+", `@${"a".repeat(25)}`]) assert.equal(parseStoredRoom(text), null, text);
});

test("once the server has told the room's name, what was begun under the person's name is there", () => {
  const chat = new Chat();
  chat.me = "bob";
  assert.equal(chat.resolve("@alice+bob"), "@alice", "an old link");
  chat.show("lobby");
  chat.show("@alice");
  chat.pending({ type: "post", room: "@alice", cid: "c1", text: "hi" }, 0);
  assert.equal(chat.addressOf("@alice"), "@alice");
  chat.received({ type: "joined", room: OWNERS, peer: "Alice", asked: "ALICE", first: 1, head: 0, since: 0, count: 1, members: ["bob"] }, 0);
  assert.deepEqual([...chat.rooms.keys()], ["lobby", OWNERS]);
  assert.deepEqual([chat.room.name, chat.room.label, chat.submission("c1").room], [OWNERS, "Alice", OWNERS]);
  assert.deepEqual([chat.resolve("@alice"), chat.privateRoomWith("ALICE"), chat.addressOf(OWNERS)], [OWNERS, OWNERS, "@Alice"]);
  chat.received({ type: "renamed", user: "alice", to: "Alicia" }, 0);
  assert.deepEqual([chat.room.label, chat.addressOf(OWNERS), chat.resolve("@alice")], ["Alicia", "@Alicia", "@alice"]);
  chat.pending({ type: "post", room: "@alicia", cid: "c2", text: "hi" }, 0);
  chat.received({ type: "joined", room: OWNERS, peer: "Alicia", asked: "alicia", first: 1, head: 0, since: 0, count: 1, members: ["bob"] }, 0);
  assert.deepEqual([[...chat.rooms.keys()], chat.submission("c2").room], [["lobby", OWNERS], OWNERS], "the same room twice is one");
});

test("a hostile server cannot move a private text to a public room, nor show what is no name", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.show("@alice");
  const joined = { type: "joined", first: 1, head: 0, since: 0, count: 1, members: [] };
  chat.received({ ...joined, room: "lobby", asked: "alice", peer: "alice" }, 0);
  assert.deepEqual([chat.rooms.get("lobby").peer, chat.room.name], [null, "@alice"]);
  chat.received({ ...joined, room: OWNERS, peer: "a\u202e\u0007" }, 0);
  assert.equal(chat.rooms.get(OWNERS).label, OWNERS);
  chat.received({ ...joined, room: OWNERS, peer: "eve" }, 0);
  chat.received({ ...joined, room: OWNERS, peer: "mallory" }, 0);
  assert.equal(chat.rooms.get(OWNERS).label, "mallory", "one room, with the name that came last");
});

test("a URL leads to its room and back, in every script", () => {
  for (const room of ["lobby", "@alice", "@оля", OWNERS, "@alice+bob", "@alice+оля", "@a.b+c_d"]) {
    const path = new URL(roomPath(room), "http://host").pathname;
    assert.equal(path, roomPath(room), "as the browser writes it");
    assert.equal(roomFromPath(path), room);
  }
  assert.equal(roomFromPath("/r/%40alice%2Bbob"), "@alice+bob");
  for (const path of ["/", "/r/", "/r/%ff", "/r/@", "/r/@a b", "/r/@alice+alice", "/r/a b", "/x/lobby"]) assert.equal(roomFromPath(path), null, path);
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

test("who the other people are is stored with the rooms", () => {
  const store = new Store(memoryStorage(), memoryStorage());
  store.savePeers("bob", new Map([[OWNERS, "Alice"]]));
  const chat = new Chat();
  [chat.me, chat.peers] = ["bob", store.peers("BOB")];
  assert.equal(chat.ensureRoom(OWNERS).label, "Alice");
  assert.equal(store.peers("carol").size, 0);
  store.forget("bob");
  assert.equal(store.peers("bob").size, 0);
});

test("rooms are stored for a name; those of an older page, of which the server was not told, for the browser", () => {
  const local = memoryStorage();
  local.setItem("talk.rooms", JSON.stringify(["lobby", "old"]));
  const store = new Store(local, memoryStorage());
  assert.deepEqual(store.rooms("bob"), { members: [], others: ["lobby", "old"] });
  store.saveRooms("bob", ["lobby", "@alice+bob"], ["@ann"]);
  store.saveRooms("carol", ["lobby", "rust"]);
  assert.deepEqual(store.rooms("Bob"), { members: ["lobby", "@alice+bob"], others: ["@ann"] });
  assert.deepEqual(store.rooms("carol"), { members: ["lobby", "rust"], others: [] });
  store.forget("carol");
  assert.deepEqual(store.rooms("carol"), { members: [], others: ["lobby", "old"] });
});
