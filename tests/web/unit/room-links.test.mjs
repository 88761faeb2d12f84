// Which names of rooms in a text are links.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { roomNamesIn, splitRooms } from "../../../static/text/room-links.js";

test("the name of a room in a text stands alone, and is small letters", () => {
  const rooms = (text) => {
    const parts = splitRooms(text);
    assert.equal(parts.map((part) => part.text).join(""), text);
    return parts.flatMap(({ room }) => room ?? []);
  };
  assert.deepEqual(rooms("#dev"), ["dev"]);
  assert.deepEqual(rooms("see #Dev, (#rust-dev) and “#a_1”."), ["dev", "rust-dev", "a_1"]);
  assert.deepEqual(rooms("#dev: #dev's\n#dev"), ["dev", "dev", "dev"]);
  for (const text of ["a#dev", "##dev", "#dev#x", "#dev/x", "/#dev", "&#39;", "#devé", "#-dev", "#", "# dev", `#${"x".repeat(33)}`, "https://x/#dev"]) assert.deepEqual(rooms(text), [], text);
  assert.deepEqual(roomNamesIn("#b #a #b"), ["b", "a"]);
});

test("a room is known if we are in it or the server's list has it; others are remembered as unknown", () => {
  const chat = new Chat();
  for (const name of ["lobby", "rust"]) chat.ensureRoom(name);
  chat.received({ type: "rooms", rooms: [{ name: "dev", members: 2, head: 1 }] }, 0);
  assert.deepEqual(["lobby", "rust", "dev"].map((name) => chat.isKnownRoom(name)), [true, true, true]);
  assert.equal(chat.isRoomUnknown, false);
  assert.equal(chat.isKnownRoom("fff"), false);
  assert.equal(chat.isRoomUnknown, true);
});
