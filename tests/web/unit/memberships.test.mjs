// The rooms of the person, which the server lists: their order, which are muted, and how many.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";

const names = (chat) => chat.listed.map(({ name }) => name);

test("the rooms are in the order of the server, and the one on the screen stays", () => {
  const chat = new Chat();
  chat.me = "bob";
  for (const room of ["ops", "new"]) chat.ensureRoom(room);
  chat.show("ops");
  const { room } = chat;
  chat.follow([{ room: "dev" }, { room: "ops", muted: true }, { room: "attic" }]);
  assert.deepEqual(names(chat), ["dev", "ops", "attic", "new"]);
  assert.equal(chat.room, room);
  assert.equal(chat.rooms.get("ops"), room);
  assert.deepEqual(["ops", "dev"].map((name) => chat.isMuted(name)), [true, false]);
  chat.follow([{ room: "ops" }]);
  assert.equal(chat.isMuted("ops"), false);
});

test("a mute of another device, and one that this browser had kept", () => {
  const chat = new Chat();
  chat.ensureRoom("dev");
  chat.received({ type: "membership", room: "dev", state: "joined", muted: true }, 0);
  assert.equal(chat.isMuted("dev"), true);
  chat.received({ type: "membership", room: "dev", state: "joined" }, 0);
  assert.equal(chat.isMuted("dev"), false);
  chat.preferences.setMuted("dev", true);
  assert.equal(chat.isMuted("dev"), true, "the server does not know yet");
  chat.setMuted("dev", true);
  assert.equal(chat.preferences.isMuted("dev"), false);
  chat.setMuted("dev", false);
  assert.equal(chat.isMuted("dev"), false);
  chat.received({ type: "membership", room: "ops", state: "joined" }, 0);
  assert.deepEqual(names(chat), ["dev", "ops"]);
  chat.setMuted("ops", true);
  chat.received({ type: "left", room: "ops" }, 0);
  assert.equal(chat.isMuted("ops"), false, "it is joined anew without");
});

test("a private room has the name of the other person before it is joined", () => {
  const chat = new Chat();
  chat.me = "bob";
  const digest = "@-+00112233445566778899aabbccddeeff";
  chat.follow([{ room: "@alice+bob", peer: "Kim", muted: true }, { room: "dev" }, { room: digest, peer: "Ann" }]);
  assert.deepEqual(chat.listed.map(({ label }) => label), ["#dev", "Kim", "Ann"]);
  assert.equal(chat.isMuted("@alice+bob"), true);
  assert.equal(chat.privateRoomWith("ann"), digest);
  chat.received({ type: "membership", room: "@bob+x", peer: "Xenia", state: "joined", muted: true }, 0);
  assert.equal(chat.rooms.get("@bob+x").label, "Xenia");
  chat.received({ type: "membership", room: "@bob+x", peer: "<b>", state: "joined" }, 0);
  assert.equal(chat.rooms.get("@bob+x").label, "Xenia", "that is no name");
  assert.equal(chat.rooms.get("dev").peer, null);
});

test("a server that lists rooms without end fills no memory", () => {
  const chat = new Chat();
  chat.follow(Array.from({ length: 5_000 }, (_, n) => ({ room: `r${n}` })));
  for (let n = 0; n < 5_000; n += 1) chat.received({ type: "membership", room: `m${n}`, state: "joined", muted: true }, 0);
  assert.equal(chat.rooms.size, 1_000);
});
