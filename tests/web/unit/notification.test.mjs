// What calls a person, and what they do not want to hear of: mentions, muted rooms, ignored people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { mentions } from "../../../static/model/mentions.js";
import { notificationFor } from "../../../static/model/notification.js";
import { rowsOf } from "../../../static/view/rows.js";
import { memoryStorage } from "../../../static/storage/store.js";
import { Preferences } from "../../../static/storage/preferences.js";

function joined(preferences = new Preferences(memoryStorage())) {
  const chat = new Chat(preferences);
  chat.me = "bob";
  preferences.load("bob");
  for (const room of ["lobby", "rust"]) chat.received({ type: "joined", room, first: 1, head: 0, since: 0, members: ["bob"], count: 1 }, 0);
  let seq = { lobby: 0, rust: 0 };
  const hear = (user, text, room = "lobby") => {
    seq[room] += 1;
    chat.addRecord({ type: "post", room, seq: seq[room], at: 0, user, cid: `${room}${seq[room]}`, text }, false);
  };
  const rows = () => rowsOf(chat.rooms.get("lobby"), { from: 0, to: Infinity }, "bob", 0, preferences)
    .filter(({ kind }) => ["message", "ignored", "presence"].includes(kind)).map(({ kind, text }) => (kind === "presence" ? "presence" : text));
  return { chat, preferences, hear, rows };
}

test("a name calls where it is a word of its own, in any case", () => {
  for (const text of ["bob", "BOB: hi", "hello, Bob!", "(bob)", "@bob", "bob's", "ask bob.", "bob...", "a bob", "x\nbob"]) assert.ok(mentions(text, "bob"), text);
  for (const text of ["", "bobby", "abob", "bob-cat", "x.bob", "bob_", "bob.org", "bób", "b ob"]) assert.ok(!mentions(text, "bob"), text);
  assert.ok(mentions("привет, ОЛЯ!", "Оля"));
  assert.ok(mentions("a.b is here", "a.b"));
  assert.ok(!mentions("axb is here", "a.b"), "a point is a point");
  assert.ok(!mentions("anything", ""));
});

test("a room counts its unread mentions; one's own lines and read ones are none", () => {
  const { chat, hear } = joined();
  hear("ada", "bob?");
  hear("ada", "nobody");
  hear("bob", "bob is me");
  const room = chat.rooms.get("lobby");
  assert.deepEqual([room.unread, room.mentions, chat.unreadMentions], [2, 1, 1]);
  const line = rowsOf(room, { from: 0, to: Infinity }, "bob", 0).filter(({ kind }) => kind === "message").map(({ isMention }) => isMention);
  assert.deepEqual(line, [true, false, false]);
  room.markRead();
  assert.deepEqual([room.mentions, chat.unreadMentions], [0, 0]);
});

test("a muted room is in no sum, and counts for itself", () => {
  const { chat, preferences, hear } = joined();
  preferences.setMuted("rust", true);
  hear("ada", "bob!", "rust");
  hear("ada", "hello");
  assert.deepEqual([chat.unread, chat.unreadElsewhere, chat.unreadMentions, chat.rooms.get("rust").unread], [1, 1, 0, 1]);
  preferences.setMuted("rust", false);
  assert.deepEqual([chat.unread, chat.unreadMentions], [2, 1]);
});

test("the lines of who is ignored fold to one row, count for nothing, and come back", () => {
  const { chat, preferences, hear, rows } = joined();
  hear("ada", "one");
  preferences.setIgnored("EVE", true);
  hear("eve", "bob, bob, bob");
  hear("Eve", "again");
  hear("ada", "two");
  hear("eve", "more");
  assert.deepEqual(rows(), ["one", "2 lines of people you ignore", "two", "A line of somebody you ignore"]);
  assert.deepEqual([chat.unread, chat.unreadMentions], [2, 0]);
  preferences.setIgnored("eve", false);
  assert.deepEqual(rows(), ["one", "bob, bob, bob", "again", "two", "more"]);
});

test("comings and goings can be left out", () => {
  const { chat, preferences, hear, rows } = joined();
  hear("ada", "one");
  chat.received({ type: "presence", room: "lobby", user: "zed", state: "joined", count: 2 }, 0);
  assert.deepEqual(rows(), ["one", "presence"]);
  preferences.set("hideMoves", true);
  assert.deepEqual(rows(), ["one"]);
});

test("what one does not want is kept per name, and what is not ours does no harm", () => {
  const storage = memoryStorage();
  const preferences = new Preferences(storage);
  preferences.load("bob");
  preferences.setIgnored("eve", true);
  preferences.setMuted("rust", true);
  const again = new Preferences(storage);
  again.load("Bob");
  assert.deepEqual([again.ignored, again.isMuted("rust")], [["eve"], true]);
  again.load("kim");
  assert.deepEqual([again.ignored, again.isMuted("rust")], [[], false]);
  storage.setItem("talk.ignored.kim", "{not json");
  again.load("kim");
  assert.equal(again.isIgnored("eve"), false);
});

test("a notice is for live lines with one's name and for private ones, not for what is muted, ignored, old or one's own", () => {
  const { chat, preferences } = joined();
  chat.received({ type: "joined", room: "@ada+bob", first: 1, head: 5, since: 0, members: ["ada", "bob"], count: 2 }, 0);
  const line = (fields) => notificationFor({ type: "post", room: "lobby", seq: 9, at: 0, user: "ada", cid: "c", text: "hi bob", ...fields }, chat);
  assert.deepEqual(line({}), { title: "ada in #lobby", body: "hi bob" });
  assert.deepEqual(line({ room: "@ada+bob", text: "psst" }), { title: "ada", body: "psst" });
  assert.equal(line({ text: "x bob".repeat(100) + " bob" }).body.length, 200);
  for (const quiet of [{ text: "hi" }, { user: "Bob" }, { type: "edit" }, { deleted: true }, { room: "@ada+bob", seq: 5 }, { room: "elsewhere" }]) {
    assert.equal(line(quiet), null, JSON.stringify(quiet));
  }
  preferences.setIgnored("ada", true);
  assert.equal(line({}), null);
  preferences.setIgnored("ada", false);
  preferences.setMuted("lobby", true);
  assert.equal(line({}), null);
});

test("who is answered is called", () => {
  const { chat, hear } = joined();
  hear("bob", "who is here?");
  hear("ada", "nobody else");
  const answer = { type: "post", room: "lobby", seq: 3, at: 0, user: "eve", cid: "x", text: "me", reply: 1 };
  assert.equal(notificationFor(answer, chat).title, "eve in #lobby");
  assert.equal(notificationFor({ ...answer, reply: 2 }, chat), null);
  chat.addRecord(answer, false);
  assert.deepEqual([chat.rooms.get("lobby").unread, chat.rooms.get("lobby").mentions], [2, 1]);
  const older = [{ ...answer, seq: 1, user: "bob", reply: undefined }, { ...answer, seq: 2 }].map((each) => ({ ...each, room: "late" }));
  chat.received({ type: "joined", room: "late", first: 1, head: 3, since: 2, marked: 0, members: ["bob"], count: 1 }, 0);
  chat.rooms.get("late").addOlder(older.map((each) => ({ ...each, reply: each.reply && 1 })), 1, "bob");
  assert.equal(chat.rooms.get("late").mentions, 1, "also where both came in one page");
});
