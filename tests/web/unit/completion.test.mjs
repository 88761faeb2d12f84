import assert from "node:assert/strict";
import { test } from "node:test";
import { Completion, firstArgument, fitSpacing, candidatesFrom } from "../../../static/model/completion.js";
import { Chat } from "../../../static/model/chat.js";
import { InputHistory } from "../../../static/model/input-history.js";

const WORDS = { names: ["Alice", "bob", "albert"], rooms: ["lobby", "rust", "rust-dev", "tea"], joined: ["lobby", "rust", "rust-dev"] };

/** All candidates, in order; what was typed is the last. */
function offers(before, words = WORDS) {
  const completion = Completion.begin(before, words);
  if (!completion) return [];
  const all = [completion.next()];
  for (let next = completion.next(); next !== all[0]; next = completion.next()) all.push(next);
  return all;
}

test("a name at the start gets a colon, and Tab wraps around", () => {
  assert.deepEqual(offers("al"), ["Alice: ", "albert: ", "al"]);
  assert.deepEqual(offers("hi AL"), ["Alice ", "albert ", "AL"]);
  assert.deepEqual(offers("hi @b"), ["@bob ", "@b"]);
  assert.deepEqual(offers("one\nb"), ["bob ", "b"]);
  assert.deepEqual(offers("/msg a"), ["Alice ", "albert ", "a"]);
});

test("commands, rooms and emoji are completed in their places", () => {
  assert.deepEqual(offers("/jo"), ["/join ", "/jo"]);
  assert.deepEqual(offers("see #R"), ["#rust ", "#rust-dev ", "#R"]);
  assert.deepEqual(offers("/join r"), ["rust ", "rust-dev ", "r"]);
  assert.deepEqual(offers("nice :tad"), [":tada: ", ":tad"]);
  assert.ok(offers(":s").length > 5);
});

test("the first word of a command is what /help says that it takes", () => {
  assert.deepEqual(offers("/join t"), ["tea ", "t"]);
  assert.deepEqual(offers("/leave t"), [], "a room that we are in");
  assert.deepEqual(offers("/mute #l"), ["#lobby ", "#l"]);
  assert.deepEqual(offers("/mute #t"), []);
  assert.deepEqual(offers("/help jo"), ["join ", "jo"]);
  assert.deepEqual(offers("/h /jo"), ["/join ", "/jo"]);
  assert.deepEqual(offers("/join @b"), ["@bob ", "@b"]);
  assert.deepEqual([firstArgument("/join"), firstArgument("/part"), firstArgument("/who"), firstArgument("/nosuch"), firstArgument("join"), firstArgument("/join x")], ["ROOM", "[ROOM]", null, null, null, null]);
});

test("the chosen candidate is announced, and the next one", () => {
  const completion = Completion.begin("al", WORDS);
  const said = [1, 2, 3].map(() => (completion.next(), completion.announcement));
  assert.deepEqual(said, ["Alice, 1 of 2. Tab: albert", "albert, 2 of 2. Tab: al", "al, as you typed it. Tab: Alice"]);
  assert.ok(completion.hasAlternatives);
  const only = Completion.begin(":tad", WORDS);
  only.next();
  assert.deepEqual([only.announcement, only.hasAlternatives, only.typed], ["🎉 :tada:", false, ":tad"]);
});

test("the latest author comes first, then the members, then who has a direct room, and never the person", () => {
  const chat = new Chat();
  chat.me = "me";
  chat.show("lobby");
  chat.room.joined({ first: 1, head: 0, since: 0, members: ["zoe", "amy", "Me"], count: 3 });
  for (const [seq, user] of [[1, "bob"], [2, "me"], [3, "zoe"]]) {
    chat.room.add({ type: "post", room: "lobby", seq, at: 1, user, cid: `c${seq}`, text: "x" }, false, true);
  }
  chat.ensureRoom("rust");
  chat.ensureRoom("@me+zoe");
  chat.ensureRoom("@kim+me");
  chat.knownRooms = ["rust", "tea"];
  assert.deepEqual(candidatesFrom(chat), { names: ["zoe", "bob", "amy", "kim"], rooms: ["lobby", "rust", "tea"], joined: ["lobby", "rust", "@zoe", "@kim"] });
});

test("what was sent from a room is recalled in that room, and then the draft", () => {
  const recall = new InputHistory();
  recall.open("lobby");
  assert.equal(recall.step(1, "draft"), null);
  for (const text of ["one", "two", "one"]) recall.add("lobby", text);
  recall.add("rust", "other");
  const step = (by) => recall.step(by, "draft");
  assert.deepEqual([step(-1), step(1), step(1), step(1), step(-1), step(-1), step(-1)], [null, "one", "two", null, "one", "draft", null]);
  assert.equal(step(1), "one");
  recall.reset();
  assert.equal(recall.step(1, "one, changed"), "one");
  assert.equal(recall.step(-1, "one"), "one, changed");
  recall.open("rust");
  assert.deepEqual([step(1), step(1)], ["other", null]);
  for (let i = 0; i < 200; i += 1) recall.add("rust", `${i}`);
  let count = 0;
  while (step(1) !== null) count += 1;
  assert.equal(count, 50);
});

test("before a space, a completed word gets no second one", () => {
  assert.deepEqual([fitSpacing("bob ", " is here"), fitSpacing("bob ", ""), fitSpacing("bob: ", "hi"), fitSpacing(":tada: ", "\nx")], ["bob", "bob ", "bob: ", ":tada:"]);
});
