// Ignoring a person covers what the person does, under every name; and folding of what many do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { Preferences } from "../../../static/storage/preferences.js";
import { memoryStorage } from "../../../static/storage/store.js";
import { rowsOf } from "../../../static/view/rows.js";

const ALL = { from: 0, to: Infinity };

function chatWith(members, local = memoryStorage()) {
  const chat = new Chat(new Preferences(local));
  chat.me = "bob";
  chat.preferences.load("bob");
  chat.received({ type: "joined", room: "lobby", log: "l", first: 1, head: 0, since: 0, members, count: members.length }, 0);
  chat.show("lobby");
  return chat;
}

const rows = (chat) => rowsOf(chat.room, ALL, "bob", 0, chat.preferences).filter(({ key }) => key !== "beginning");
const renamed = (chat, user, to) => chat.received({ type: "renamed", user, to }, 0);
const presence = (chat, user, state) => chat.received({ type: "presence", room: "lobby", user, state, count: 1 }, 0);

test("nothing of an ignored person is shown: joins, renames, typing, away", () => {
  const chat = chatWith(["ada", "bob", "Eve"]);
  chat.preferences.setIgnored("eve", true);
  chat.received({ type: "typing", room: "lobby", user: "Eve" }, 0);
  chat.received({ type: "away", room: "lobby", user: "Eve", text: "look at me" }, 0);
  assert.deepEqual([chat.typingUsers(1), chat.awayMessage(chat.room, "Eve")], [[], null]);
  chat.received({ type: "members", room: "lobby", members: ["ada", "bob", "Eve"], away: [{ user: "Eve", text: "look at me" }] }, 0);
  presence(chat, "Eve", "left");
  presence(chat, "eve", "joined");
  renamed(chat, "eve", "Eva");
  assert.deepEqual(rows(chat), []);
  renamed(chat, "ada", "Ada_L");
  assert.deepEqual(rows(chat).map(({ renames }) => renames), [[["Ada_L", "ada"]]]);
  chat.expectedReplies.add("members");
  chat.received({ type: "members", room: "lobby", members: ["Eva"], away: [{ user: "Eva", text: "look at me" }] }, 0);
  assert.equal(rows(chat).at(-1).text, "Here: Eva");
});

test("an ignored person stays ignored under a new name, also after a reload", () => {
  const local = memoryStorage();
  const chat = chatWith(["ada", "bob", "eve"], local);
  chat.preferences.setIgnored("EVE", true);
  renamed(chat, "eve", "Eve2");
  renamed(chat, "Eve2", "fay");
  renamed(chat, "ada", "eve");
  const later = chatWith([], local);
  assert.deepEqual(later.preferences.ignored, ["eve", "eve2", "fay"]);
  later.addRecord({ type: "post", room: "lobby", seq: 1, at: 0, user: "Fay", cid: "c", text: "hi bob" }, false);
  assert.deepEqual([later.unread, rows(later).map(({ kind }) => kind)], [0, ["ignored"]]);
});

test("/r does not answer an ignored person", () => {
  const chat = chatWith(["bob"]);
  for (const [room, user, at] of [["@ada+bob", "ada", 1], ["@bob+eve", "eve", 2]]) {
    chat.ensureRoom(room).add({ type: "post", room, seq: 1, at, user, cid: "c", text: "hi" }, false, false, "bob");
  }
  assert.equal(chat.lastDirectSender, "eve");
  chat.preferences.setIgnored("eve", true);
  assert.equal(chat.lastDirectSender, "ada");
});

test("any number of renames between two messages is one row, with the first and the last name of each person", () => {
  const chat = chatWith(["ada", "bob", "eve"]);
  for (let i = 0; i < 1_000; i += 1) renamed(chat, i ? `eve${i - 1}` : "eve", `eve${i}`);
  renamed(chat, "ada", "Ada");
  renamed(chat, "Ada", "ada");
  assert.deepEqual(rows(chat).map(({ kind, renames }) => [kind, renames]), [["presence", [["eve999", "eve"]]]]);
  presence(chat, "fay", "joined");
  renamed(chat, "fay", "gil");
  presence(chat, "eve999", "left");
  assert.deepEqual(rows(chat).map(({ changes, renames }) => [changes, renames]), [[[["gil", "joined"], ["eve", "left"]], []]]);
  presence(chat, "gil", "left");
  presence(chat, "eve", "joined");
  assert.deepEqual(rows(chat), [], "all is as it was");
});

test("hidden joins and leaves hide renames as well", () => {
  const chat = chatWith(["ada", "bob"]);
  renamed(chat, "ada", "ann");
  chat.preferences.set("hideMoves", true);
  assert.deepEqual(rows(chat), []);
});
