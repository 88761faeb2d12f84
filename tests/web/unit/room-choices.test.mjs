// The choices of the room picker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { choices } from "../../../static/model/room-choices.js";

function chat() {
  const chat = new Chat();
  chat.me = "bob";
  for (const room of ["lobby", "rust", "trust", "@ada+bob"]) {
    chat.received({ type: "joined", room, first: 1, head: 0, since: 0, members: ["ada", "bob", "Rudi"], count: 3 }, 0);
  }
  chat.knownRooms = ["lobby", "gardening"];
  chat.show("lobby");
  chat.addRecord({ room: "trust", seq: 1, at: 0, type: "post", user: "ada", cid: "c", text: "x" }, false);
  return chat;
}

const labels = (typed) => choices(chat(), typed).map(({ label }) => label);

test("with nothing typed: unread rooms first, not the current room, each person once", () => {
  assert.deepEqual(labels(""), ["#trust", "#rust", "ada", "Rudi", "#gardening"]);
});

test("a match at the start comes before one inside, in any case; a new room is offered last", () => {
  assert.deepEqual(labels("RU"), ["#rust", "Rudi", "#trust", "Message RU", "#ru"]);
  assert.deepEqual(labels("#rust"), ["#rust", "#trust"]);
});

test("each choice has its label and its hint", () => {
  assert.deepEqual(choices(chat(), "rudi")[0], { user: "Rudi", label: "Rudi", hint: "direct message" });
  assert.deepEqual(choices(chat(), "trust")[0], { room: "trust", label: "#trust", hint: "1 unread" });
  assert.deepEqual(choices(chat(), "gard")[0], { room: "gardening", label: "#gardening", hint: "join" });
  assert.deepEqual(choices(chat(), "ada")[0], { room: "@ada+bob", label: "ada", hint: "" });
  assert.deepEqual(choices(chat(), "no such!"), [{ room: "no-such", label: "#no-such", hint: "join or create" }]);
  assert.deepEqual(choices(chat(), "!"), []);
});

test("a person whom nobody knows comes before a room of that name; # asks for rooms, @ for people", () => {
  assert.deepEqual(choices(chat(), "uma"), [
    { user: "uma", label: "Message uma", hint: "direct message" }, { room: "uma", label: "#uma", hint: "join or create" },
  ]);
  assert.deepEqual(labels("#uma"), ["#uma"]);
  assert.deepEqual(labels("@uma"), ["Message uma"]);
  assert.deepEqual(labels("@ru"), ["Rudi", "Message ru"]);
  assert.deepEqual(labels("bob"), ["#bob"], "not oneself");
  assert.deepEqual(labels("оля"), ["Message оля"], "a name that no room can have");
  assert.deepEqual(labels("Rudi"), ["Rudi", "#rudi"], "known already");
});
