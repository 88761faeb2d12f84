// Private rooms: their names, their addresses, how they are called and kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, roomAt } from "../../../static/model/url.js";
import { House } from "../../../static/model/chat.js";
import { rowsOf } from "../../../static/view/rows.js";
import { memory, Store } from "../../../static/storage/store.js";
import { otherOf, roomOfTwo } from "../../../static/protocol/names.js";

test("a private room has the two names, and tells each the other's", () => {
  assert.equal(roomOfTwo("Bob", "Alice"), "@alice+bob");
  assert.equal(roomOfTwo("bob", "BOB"), null);
  assert.equal(otherOf("@alice+bob", "Bob"), "alice");
  assert.equal(otherOf("@alice+bob", "alice"), "bob");
  assert.equal(otherOf("@alice+bob", "carol"), null);
  assert.equal(otherOf("lobby", "bob"), null);
});

test("an address leads to its room and back, whatever script it is written in", () => {
  for (const room of ["lobby", "@alice+bob", "@alice+оля", "@a.b+c_d"]) {
    const path = new URL(addressOf(room), "http://host").pathname;
    assert.equal(path, addressOf(room), "as the browser shows it");
    assert.equal(roomAt(path), room);
  }
  assert.equal(roomAt("/r/%40alice%2Bbob"), "@alice+bob");
  for (const path of ["/", "/r/", "/r/%ff", "/r/@alice", "/r/@alice+alice", "/r/a b", "/x/lobby"]) assert.equal(roomAt(path), null, path);
});

test("it is called by the other's name as they write it, and stands after everybody's rooms", () => {
  const house = new House();
  house.me = "bob";
  house.heard({ type: "joined", room: "@alice+bob", first: 1, head: 0, since: 0, count: 2, members: ["Alice", "bob"] }, 0);
  house.ensure("lobby");
  assert.equal(house.rooms.get("@alice+bob").label, "Alice");
  assert.deepEqual(house.listed.map(({ label }) => label), ["#lobby", "Alice"]);
  house.enter("lobby");
  assert.equal(house.neighbour(1, false), "@alice+bob");
});

test("the list of rooms calls them so as well, and they are not offered to be joined by name", () => {
  const house = new House();
  house.me = "bob";
  house.enter("lobby");
  house.awaited.add("rooms");
  house.heard({ type: "rooms", rooms: [{ name: "lobby" }, { name: "@alice+bob" }] }, 0);
  const [{ rooms }] = rowsOf(house.room, { from: 0, to: Infinity }, "bob", 0);
  assert.deepEqual(rooms, [["lobby", "#lobby"], ["@alice+bob", "alice"]]);
  assert.deepEqual(house.known, ["lobby"]);
});

test("private rooms are kept for their name, the others for the browser", () => {
  const store = new Store(memory(), memory());
  store.keepRooms("bob", ["lobby", "@alice+bob"]);
  store.keepRooms("carol", ["lobby", "rust"]);
  assert.deepEqual(store.rooms("Bob"), ["lobby", "rust", "@alice+bob"]);
  assert.deepEqual(store.rooms("carol"), ["lobby", "rust"]);
});
