// Mentions, muted rooms, ignored users, and which messages are worth a notification.

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
  const receive = (user, text, room = "lobby") => {
    seq[room] += 1;
    chat.addRecord({ type: "post", room, seq: seq[room], at: 0, user, cid: `${room}${seq[room]}`, text }, false);
  };
  const rows = () => rowsOf(chat.rooms.get("lobby"), { from: 0, to: Infinity }, "bob", 0, preferences)
    .filter(({ kind }) => ["message", "ignored", "presence"].includes(kind)).map(({ kind, text }) => (kind === "presence" ? "presence" : text));
  return { chat, preferences, receive, rows };
}

test("an empty text mentions nothing, and without a name nothing is a mention", () => {
  assert.ok(!mentions("", "bob"));
  assert.ok(!mentions("anything", ""));
});

test("a room counts its unread mentions; own and read messages do not count", () => {
  const { chat, receive } = joined();
  receive("ada", "bob?");
  receive("ada", "nobody");
  receive("bob", "bob is me");
  const room = chat.rooms.get("lobby");
  assert.deepEqual([room.unread, room.mentions, chat.unreadMentions], [2, 1, 1]);
  const line = rowsOf(room, { from: 0, to: Infinity }, "bob", 0).filter(({ kind }) => kind === "message").map(({ isMention }) => isMention);
  assert.deepEqual(line, [true, false, false]);
  room.markRead();
  assert.deepEqual([room.mentions, chat.unreadMentions], [0, 0]);
});

test("a muted room has its own count, but is in no sum", () => {
  const { chat, preferences, receive } = joined();
  preferences.setMuted("rust", true);
  receive("ada", "bob!", "rust");
  receive("ada", "hello");
  assert.deepEqual([chat.unread, chat.unreadElsewhere, chat.unreadMentions, chat.rooms.get("rust").unread], [1, 1, 0, 1]);
  preferences.setMuted("rust", false);
  assert.deepEqual([chat.unread, chat.unreadMentions], [2, 1]);
});

test("messages of an ignored user fold to one row, do not count, and come back", () => {
  const { chat, preferences, receive, rows } = joined();
  receive("ada", "one");
  preferences.setIgnored("EVE", true);
  receive("eve", "bob, bob, bob");
  receive("Eve", "again");
  receive("ada", "two");
  receive("eve", "more");
  assert.deepEqual(rows(), ["one", "2 messages from people you ignore", "two", "A message from a person you ignore"]);
  assert.deepEqual([chat.unread, chat.unreadMentions], [2, 0]);
  preferences.setIgnored("eve", false);
  assert.deepEqual(rows(), ["one", "bob, bob, bob", "again", "two", "more"]);
});

test("joins and leaves can be hidden", () => {
  const { chat, preferences, receive, rows } = joined();
  receive("ada", "one");
  chat.received({ type: "presence", room: "lobby", user: "zed", state: "joined", count: 2 }, 0);
  assert.deepEqual(rows(), ["one", "presence"]);
  preferences.set("hideMoves", true);
  assert.deepEqual(rows(), ["one"]);
});

test("preferences are stored per name, and foreign data in the storage does no harm", () => {
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

test("a notification is for live mentions and direct messages, not for muted, ignored, old or own ones", () => {
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

test("a reply mentions the author of the message", () => {
  const { chat, receive } = joined();
  receive("bob", "who is here?");
  receive("ada", "nobody else");
  const answer = { type: "post", room: "lobby", seq: 3, at: 0, user: "eve", cid: "x", text: "me", reply: 1 };
  assert.equal(notificationFor(answer, chat).title, "eve in #lobby");
  assert.equal(notificationFor({ ...answer, reply: 2 }, chat), null);
  chat.addRecord(answer, false);
  assert.deepEqual([chat.rooms.get("lobby").unread, chat.rooms.get("lobby").mentions], [2, 1]);
  const older = [{ ...answer, seq: 1, user: "bob", reply: undefined }, { ...answer, seq: 2 }].map((each) => ({ ...each, room: "late" }));
  chat.received({ type: "joined", room: "late", first: 1, head: 3, since: 2, marked: 0, members: ["bob"], count: 1 }, 0);
  chat.rooms.get("late").addOlder(older.map((each) => ({ ...each, reply: each.reply && 1 })), 1, "bob");
  assert.equal(chat.rooms.get("late").mentions, 1, "also if both arrived in one page");
});
