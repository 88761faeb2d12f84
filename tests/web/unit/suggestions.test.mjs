// What is suggested while a person types.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { suggestionsFor } from "../../../static/model/suggestions.js";

function chatWith(members = ["adam", "Adele", "bob", "zoe"]) {
  const chat = new Chat();
  chat.me = "bob";
  chat.show("lobby");
  chat.room.joined({ first: 1, head: 0, since: 0, members, count: members?.length ?? 5_000, away: [{ user: "Adele", text: "lunch" }], topic: "all" });
  chat.ensureRoom("@bob+eve");
  chat.ensureRoom("rust").joined({ first: 1, head: 0, since: 0, members: ["bob"], count: 1, topic: "" });
  const rooms = [["lobby", 9, "old"], ["dev", 2, "Release on Friday"], ["devil", 0], ["@bob+eve", 1]];
  chat.received({ type: "rooms", rooms: rooms.map(([name, members, topic]) => ({ name, members, head: 1, topic })) }, 0);
  return chat;
}

/** What is shown: `label | detail`. */
const shown = (before, chat = chatWith()) => suggestionsFor(before, chat)?.list.map(({ label, detail }) => (detail ? `${label} | ${detail}` : label)) ?? null;
const words = (before, chat = chatWith()) => suggestionsFor(before, chat)?.list.map(({ word }) => word) ?? null;

test("people are suggested after @, with their presence", () => {
  assert.deepEqual(shown("@"), ["@adam | here", "@Adele | away: lunch", "@zoe | here", "@eve | not here"]);
  assert.deepEqual(shown("hi @AD"), ["@adam | here", "@Adele | away: lunch"]);
  assert.deepEqual(words("hi @AD"), ["@adam ", "@Adele "]);
  assert.deepEqual(shown("@ad", (() => {
    const chat = chatWith(null);
    chat.addRecord({ type: "post", room: "lobby", seq: 1, at: 1, user: "adam", cid: "c", text: "x" }, false);
    return chat;
  })()), ["@adam"], "in a large room nothing is known of it");
});

test("rooms are suggested after #, with people and topic, also those that we are not in", () => {
  assert.deepEqual(shown("#"), ["#lobby | 4 people · all", "#rust | 1 person", "#dev | 2 people · Release on Friday", "#devil"]);
  assert.deepEqual(words("see #DEV"), ["#dev ", "#devil "]);
  assert.equal(shown("see #@"), null, "no private rooms");
});

test("commands are suggested at the start only, with what they take and do", () => {
  assert.match(shown("/ver").join(), /^\/version \| show the version/);
  assert.match(shown("/jo")[0], /^\/join ROOM \| join/);
  assert.equal(shown("/").length, 8);
  for (const text of ["say /j", "a/b", "/nosuch", "//", "/ ", "one\n/j"]) assert.equal(shown(text), null, text);
  const chat = chatWith();
  chat.room.editing = { seq: 1, text: "" };
  assert.equal(shown("/jo", chat), null, "an edited message is no command");
  assert.equal(shown("/join de", chat), null);
  assert.deepEqual(words("@ze", chat) ?? words("@zo", chat), ["@zoe "]);
});

test("emoji are suggested after two letters, with their picture", () => {
  assert.deepEqual(shown("nice :tad"), ["🎉 :tada:"]);
  assert.deepEqual(words(":+1"), [":+1: "]);
  for (const text of [":", ":t", ":)", ":-)", ":D", ":P", "10:30", "x:ta", ":10", ":tada:", "std::fire", "::fi"]) assert.equal(shown(text), null, text);
});

test("the first word of a command that takes a room or a name gets suggestions as well", () => {
  assert.deepEqual(words("/join de"), ["dev ", "devil "]);
  assert.deepEqual(words("/j #de"), ["#dev ", "#devil "]);
  assert.deepEqual(words("/leave r"), ["rust "], "of the rooms that we are in");
  assert.equal(words("/leave de"), null);
  assert.deepEqual(shown("/leave @"), ["@eve | not here"]);
  assert.deepEqual(words("/msg ad"), ["adam ", "Adele "]);
  assert.deepEqual(words("/ignore z"), ["zoe "]);
  for (const text of ["/join ", "/msg ", "/msg adam z", "/nick ad", "/me ad", "/topic de", "ad", "hi ad"]) assert.equal(shown(text), null, text);
});

test("at most eight are shown, and ten thousand names take a moment", () => {
  const chat = chatWith(Array.from({ length: 10_000 }, (_, i) => `user-${i}`));
  chat.received({ type: "rooms", rooms: Array.from({ length: 10_000 }, (_, i) => ({ name: `room-${i}`, members: i, head: 1 })) }, 0);
  suggestionsFor("@u", chat);
  const begun = performance.now();
  for (const text of ["@", "@u", "@us", "@user-999", "#", "#r", "#room-999", "@nobody"]) assert.ok((suggestionsFor(text, chat)?.list.length ?? 0) <= 8);
  const each = (performance.now() - begun) / 8;
  assert.ok(each < 200, `${each} ms for each`); // 10 ms on a free machine; a square of 10,000 takes seconds
});
