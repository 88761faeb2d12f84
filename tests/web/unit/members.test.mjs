// Members of a room, and who of them is away.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";

const JOINED = { type: "joined", first: 1, head: 0, since: 0, count: 2, members: ["Ann", "bob"] };

test("a user is away as the server says, under every spelling and after a rename", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ ...JOINED, room: "lobby", away: [{ user: "Ann", text: "lunch" }] }, 0);
  const { members } = chat.rooms.get("lobby");
  assert.deepEqual([members.awayMessage("ANN"), members.awayMessage("bob")], ["lunch", null]);
  chat.received({ type: "renamed", user: "Ann", to: "anna" }, 0);
  assert.deepEqual([members.awayMessage("Ann"), members.awayMessage("anna")], [null, "lunch"]);
  chat.received({ type: "back", room: "lobby", user: "anna" }, 0);
  assert.equal(members.awayMessage("anna"), null);
  chat.received({ type: "presence", room: "lobby", user: "eve", state: "joined", count: 3, away: "" }, 0);
  assert.equal(members.awayMessage("eve"), "");
  chat.received({ type: "presence", room: "lobby", user: "eve", state: "left", count: 2 }, 0);
  assert.equal(members.awayMessage("eve"), null);
});

test("the person is away as the server says, whichever device set it", () => {
  const chat = new Chat();
  chat.me = "bob";
  chat.received({ type: "welcome", away: "tea" }, 0);
  assert.equal(chat.away, "tea");
  chat.received({ ...JOINED, room: "lobby" }, 0);
  chat.received({ type: "back", room: "lobby", user: "Bob" }, 0);
  assert.equal(chat.away, null);
  chat.received({ type: "away", room: "lobby", user: "bob", text: "" }, 0);
  assert.equal(chat.away, "");
  chat.received({ type: "welcome" }, 0);
  assert.equal(chat.away, null);
});

test("/who shows who is away", () => {
  const chat = new Chat();
  chat.ensureRoom("lobby");
  chat.show("lobby");
  chat.expectedReplies.add("members");
  chat.received({ type: "members", room: "lobby", members: ["ann", "bob", "eve"], away: [{ user: "ann", text: "" }, { user: "eve", text: "tea" }] }, 0);
  assert.equal(chat.room.items.at(-1).note, "Here: ann (away), bob, eve (away: tea)");
});
