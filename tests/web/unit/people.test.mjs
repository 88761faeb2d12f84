// Who is here, and who of them is away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { House } from "../../../static/model/chat.js";

const JOINED = { type: "joined", first: 1, head: 0, since: 0, count: 2, members: ["Ann", "bob"] };

test("who is away is known as the server says it, and by every spelling and new name", () => {
  const house = new House();
  house.me = "bob";
  house.heard({ ...JOINED, room: "lobby", away: [{ user: "Ann", text: "lunch" }] }, 0);
  const { people } = house.rooms.get("lobby");
  assert.deepEqual([people.away("ANN"), people.away("bob")], ["lunch", null]);
  house.heard({ type: "renamed", user: "Ann", to: "anna" }, 0);
  assert.deepEqual([people.away("Ann"), people.away("anna")], [null, "lunch"]);
  house.heard({ type: "back", room: "lobby", user: "anna" }, 0);
  assert.equal(people.away("anna"), null);
  house.heard({ type: "presence", room: "lobby", user: "eve", state: "joined", count: 3, away: "" }, 0);
  assert.equal(people.away("eve"), "");
  house.heard({ type: "presence", room: "lobby", user: "eve", state: "left", count: 2 }, 0);
  assert.equal(people.away("eve"), null);
});

test("one is away oneself as the server says it, whatever device said so", () => {
  const house = new House();
  house.me = "bob";
  house.heard({ type: "welcome", away: "tea" }, 0);
  assert.equal(house.away, "tea");
  house.heard({ ...JOINED, room: "lobby" }, 0);
  house.heard({ type: "back", room: "lobby", user: "Bob" }, 0);
  assert.equal(house.away, null);
  house.heard({ type: "away", room: "lobby", user: "bob", text: "" }, 0);
  assert.equal(house.away, "");
  house.heard({ type: "welcome" }, 0);
  assert.equal(house.away, null);
});

test("what /who answers says who is away", () => {
  const house = new House();
  house.ensure("lobby");
  house.enter("lobby");
  house.awaited.add("members");
  house.heard({ type: "members", room: "lobby", members: ["ann", "bob", "eve"], away: [{ user: "ann", text: "" }, { user: "eve", text: "tea" }] }, 0);
  assert.equal(house.room.items.at(-1).note, "Here: ann (away), bob, eve (away: tea)");
});
