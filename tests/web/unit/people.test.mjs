// The people of a room: who is here, who is not, the filter, and pages of a large room.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { candidatesFrom } from "../../../static/model/completion.js";
import { ASK_AFTER_TYPING_MS, MemberRequests } from "../../../static/model/member-requests.js";
import { People } from "../../../static/model/people.js";
import { choices } from "../../../static/model/room-choices.js";
import { nameTyped, suggestionsFor } from "../../../static/model/suggestions.js";

const JOINED = { type: "joined", room: "lobby", first: 1, head: 0, since: 0 };

/** A room, its panel, and what was asked of the server. */
function joined(fields) {
  const chat = new Chat();
  chat.me = "bob";
  const sent = [];
  let [isOnline, changes] = [true, 0];
  const requests = new MemberRequests((message) => isOnline && sent.push(message) > 0, () => (changes += 1));
  const people = new People(requests, () => {});
  const receive = (message) => {
    chat.received(message, 0);
    people.received(message);
    if (message.type === "members") requests.received(message, chat.rooms.get(message.room)?.members.isPaged ?? null);
    people.show(chat.room);
  };
  chat.show("lobby");
  receive({ ...JOINED, ...fields });
  return {
    chat, people, requests, sent, receive, members: chat.room.members, changes: () => changes,
    setOnline: (is) => (isOnline = is), names: (state) => people.section(state).names,
    presence: (user, state, rest = {}) => receive({ type: "presence", room: "lobby", user, state, ...rest }),
  };
}

const small = () => joined({ members: ["Ann", "bob"], count: 2, absent: 2, absent_members: ["dan", "Eve"] });
const large = () => joined({ count: 1_000, absent: 3_000 });
const page = (state, members, fields = {}) => ({ type: "members", room: "lobby", state, members, here: 1_000, absent: 3_000, ...fields });

test("a member who comes is here, one who goes is not here, and one who leaves is in no list", () => {
  const { names, presence, receive, people } = small();
  assert.deepEqual([names("here"), names("absent")], [["Ann", "bob"], ["dan", "Eve"]]);
  presence("Eve", "joined", { count: 3 });
  assert.deepEqual([names("here"), names("absent")], [["Ann", "bob", "Eve"], ["dan"]]);
  presence("Ann", "left", { count: 2, member: true });
  assert.deepEqual([names("here"), names("absent")], [["bob", "Eve"], ["Ann", "dan"]]);
  presence("Eve", "left", { count: 1 });
  assert.deepEqual([names("here"), names("absent")], [["bob"], ["Ann", "dan"]]);
  receive({ type: "renamed", user: "Ann", to: "zoe" });
  assert.deepEqual(names("absent"), ["dan", "zoe"]);
  assert.deepEqual(["here", "absent"].map((state) => people.section(state).count), [1, 2]);
});

test("in a small room the filter works at once, for the beginning of names, and asks nothing", () => {
  const { names, people, sent } = small();
  for (const [typed, here, absent] of [["e", [], ["Eve"]], ["@AN", ["Ann"], []], [" d ", [], ["dan"]], ["n", [], []], ["x y", [], []], ["", ["Ann", "bob"], ["dan", "Eve"]]]) {
    people.setFilter(typed);
    assert.deepEqual([names("here"), names("absent")], [here, absent], typed);
  }
  for (const state of ["here", "absent"]) people.need(state, 100);
  assert.deepEqual(sent, []);
});

test("of a large room, each list is asked for a page at a time, as far as it is in view", () => {
  const { names, people, sent, receive } = large();
  assert.deepEqual([people.section("here").unloaded, people.section("absent").unloaded], [1_000, 3_000]);
  people.need("here", 20);
  people.need("here", 20);
  assert.deepEqual(sent, [{ type: "who", room: "lobby", state: "here", limit: 200 }], "once until it is answered");
  assert.equal(people.section("here").isLoading, true);
  const all = Array.from({ length: 1_000 }, (_, i) => `user-${1_000 + i}`);
  receive(page("here", all.slice(0, 200), { more: true, away: [{ user: "user-1003", text: "tea" }] }));
  people.need("here", 20);
  assert.equal(sent.length, 1, "enough for the view");
  people.need("here", 199);
  assert.deepEqual(sent[1], { type: "who", room: "lobby", state: "here", after: "user-1199", limit: 200 });
  for (let from = 200; from < 1_000; from += 200) {
    receive(page("here", all.slice(from, from + 200), { after: all[from - 1], ...(from < 800 && { more: true }) }));
    people.need("here", names("here").length);
  }
  assert.deepEqual(names("here"), all);
  assert.equal(sent.length, 5, "not after the last page");
  assert.deepEqual([people.section("here").unloaded, people.section("absent").unloaded], [0, 3_000]);
});

test("pages never replace the list, and tell how many there are", () => {
  const { chat, members, people, receive } = joined({ members: ["ann", "bob"], count: 2, absent: 500, away: [{ user: "ann", text: "tea" }] });
  people.need("absent", 0);
  receive(page("absent", ["x1", "x2"], { here: 2, absent: 501, more: true }));
  assert.deepEqual([members.names, members.count, members.absentCount], [["ann", "bob"], 2, 501]);
  assert.equal(chat.awayMessage(chat.room, "ann"), "tea");
  receive(page("here", ["ann", "bob"], { here: 2, absent: 501 }));
  assert.equal(chat.awayMessage(chat.room, "ann"), null, "back, as the page says");
});

test("a filter asks a large room once nothing was typed for a moment; answers for another one are dropped", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { names, people, sent, receive } = large();
  people.need("here", 20);
  receive(page("here", ["adam", "adele", "zoe"], { more: true }));
  sent.length = 0;
  for (const typed of ["z", "zo", "zoe"]) {
    people.setFilter(typed);
    people.need("here", 20);
    mock.timers.tick(ASK_AFTER_TYPING_MS - 1);
  }
  assert.deepEqual(sent, []);
  assert.deepEqual(names("here"), ["zoe"], "those who are known, meanwhile");
  mock.timers.tick(1);
  people.need("here", 20);
  assert.deepEqual(sent, [{ type: "who", room: "lobby", state: "here", prefix: "zoe", limit: 200 }]);
  people.setFilter("a");
  receive(page("here", ["zoe", "zoe2"], { prefix: "zoe" }));
  assert.deepEqual(names("here"), ["adam", "adele"], "too late");
  mock.timers.tick(ASK_AFTER_TYPING_MS);
  people.need("here", 20);
  receive(page("here", ["aaron", "adam", "adele"], { prefix: "a" }));
  assert.deepEqual(names("here"), ["aaron", "adam", "adele"]);
  people.setFilter("");
  assert.deepEqual(names("here"), ["adam", "adele", "zoe"], "the pages from before");
  people.setFilter("no name");
  mock.timers.tick(ASK_AFTER_TYPING_MS);
  people.need("here", 20);
  assert.equal(sent.length, 2, "what no name begins with is not asked for");
  mock.timers.reset();
});

test("a list that is loaded whole is filtered without a question", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { names, people, sent, receive } = large();
  people.need("absent", 20);
  receive(page("absent", ["adam", "zoe"]));
  people.setFilter("z");
  mock.timers.tick(ASK_AFTER_TYPING_MS);
  people.need("absent", 20);
  assert.deepEqual([names("absent"), sent.length], [["zoe"], 1]);
  mock.timers.reset();
});

test("in a large room no list of a join is kept up to date, so none is taken for all", () => {
  const { people, sent, names, receive } = joined({ count: 1_000, absent: 1, absent_members: ["dan"] });
  people.need("absent", 0);
  assert.deepEqual([names("absent"), sent.length], [["dan"], 1], "it is shown until the server answers");
  receive(page("absent", ["eve"], { absent: 1 }));
  assert.deepEqual(names("absent"), ["eve"]);
});

test("a list that is old offers to be loaded again, and so does one that was refused", () => {
  const { people, sent, receive, presence, requests } = large();
  people.need("here", 20);
  receive(page("here", ["adam", "zoe"], { more: true }));
  assert.equal(people.section("here").canUpdate, false);
  presence(undefined, undefined, { count: 1_001 });
  assert.equal(people.section("here").canUpdate, true);
  people.update("here");
  people.need("here", 20);
  receive(page("here", ["adam", "eve"], { more: true, here: 1_001 }));
  assert.deepEqual([people.section("here").canUpdate, people.section("here").names], [false, ["adam", "eve"]]);
  people.need("absent", 20);
  assert.equal(requests.refused("lobby"), true);
  people.need("absent", 20);
  assert.equal(sent.length, 3, "not again by itself");
  assert.equal(people.section("absent").canUpdate, true);
  people.update("absent");
  people.need("absent", 20);
  assert.equal(sent.length, 4);
});

test("renames and moves change the pages that were sent, and only these", () => {
  const { names, people, receive, presence } = joined({ members: ["bob", "kim"], count: 2, absent: 500 });
  people.need("absent", 0);
  receive(page("absent", ["ann", "dan", "max"], { here: 2, absent: 500, more: true }));
  receive({ type: "renamed", user: "ann", to: "eve" });
  assert.deepEqual(names("absent"), ["dan", "eve", "max"]);
  presence("kim", "left", { count: 1, member: true });
  assert.deepEqual(names("absent"), ["dan", "eve", "kim", "max"]);
  presence("zed", "joined", { count: 2 });
  presence("zed", "left", { count: 1, member: true });
  assert.deepEqual(names("absent"), ["dan", "eve", "kim", "max"], "on a page that was not sent yet");
  presence("dan", "joined", { count: 2 });
  assert.deepEqual([names("here"), names("absent")], [["bob", "dan"], ["eve", "kim", "max"]]);
});

test("a room that is joined again, and another room, begin anew", () => {
  const { chat, names, people, sent, receive, requests } = large();
  people.need("here", 20);
  receive(page("here", ["adam"], { more: true }));
  requests.disconnected();
  receive({ ...JOINED, count: 1_000, absent: 3_000 });
  assert.deepEqual(names("here"), []);
  people.need("here", 20);
  assert.equal(sent.length, 2);
  people.setFilter("z");
  chat.show("dev");
  people.show(chat.room);
  assert.deepEqual([people.filter, names("here")], ["", []]);
  receive(page("here", ["late"]));
  assert.deepEqual(names("here"), []);
});

test("a server that does not know pages sends the whole list, or refuses and is asked for it", () => {
  const whole = joined({ count: 3 });
  assert.deepEqual([whole.people.section("here").onRequest, whole.people.section("absent").onRequest], [3, 0]);
  whole.people.need("here", 20);
  assert.deepEqual(whole.sent, [], "not by itself");
  assert.equal(whole.people.request(), true);
  whole.receive({ type: "members", room: "lobby", members: ["ann", "bob", "eve"] });
  assert.deepEqual([whole.names("here"), whole.sent.length], [["ann", "bob", "eve"], 1]);
  whole.presence(undefined, undefined, { count: 4 });
  assert.deepEqual([whole.people.section("here").onRequest, whole.names("here").length], [4, 3], "as it was");
  whole.people.request();
  assert.deepEqual(whole.sent[1], { type: "who", room: "lobby" });

  const refuses = joined({ count: 3 });
  refuses.people.request();
  refuses.requests.refused("lobby");
  assert.deepEqual(refuses.sent, [{ type: "who", room: "lobby", state: "here", limit: 200 }, { type: "who", room: "lobby" }]);
  refuses.receive({ type: "members", room: "lobby", members: ["ann", "bob", "eve"] });
  assert.deepEqual(refuses.names("here"), ["ann", "bob", "eve"]);
  refuses.setOnline(false);
  assert.equal(refuses.people.request(), false);
});

test("a server that repeats names or ends no list makes no endless list", () => {
  const { names, people, sent, receive } = large();
  people.need("here", 0);
  receive(page("here", ["a", "a", "b"], { more: true }));
  people.need("here", 2);
  receive(page("here", ["b", "a"], { after: "b", more: true }));
  people.need("here", 2);
  assert.deepEqual([names("here"), sent.length], [["a", "b"], 2]);
});

test("@ suggests all members: those of a small room are known, of a large one the server is asked", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const shown = (before, chat) => suggestionsFor(before, chat)?.list.map(({ label, detail }) => `${label} | ${detail}`) ?? [];
  assert.deepEqual(shown("@", small().chat), ["@Ann | here", "@dan | not here", "@Eve | not here"]);
  const { chat, requests, sent, receive, changes } = large();
  const type = (before) => {
    requests.find([chat.room], nameTyped(before, chat));
    mock.timers.tick(ASK_AFTER_TYPING_MS);
  };
  for (const before of ["@", "hi", "#de", "@x y", "/nick de"]) type(before);
  assert.deepEqual(sent, []);
  type("hi @de");
  assert.deepEqual(sent.map(({ state, prefix }) => [state, prefix]), [["here", "de"], ["absent", "de"]]);
  receive(page("here", ["debbie"], { prefix: "de", more: true }));
  receive(page("absent", ["Dexter"], { prefix: "de" }));
  assert.equal(changes(), 2);
  assert.deepEqual(shown("hi @de", chat), ["@debbie | here", "@Dexter | not here"]);
  assert.deepEqual(candidatesFrom(chat).names, ["debbie", "Dexter"]);
  sent.length = 0;
  type("hi @dex");
  assert.deepEqual(sent.map(({ state, prefix }) => [state, prefix]), [["here", "dex"]], "all who are not here are known");
  type("hi @q");
  receive(page("here", ["dexy"], { prefix: "dex" }));
  assert.deepEqual(shown("@dexy", chat), [], "dropped: it was for another word");
  mock.timers.reset();
});

test("the switcher offers people who are not here, and asks only some large rooms", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  assert.deepEqual(choices(small().chat, "ev")[0], { user: "Eve", label: "Eve", hint: "direct message" });
  const { chat, requests, sent, receive } = large();
  for (let i = 0; i < 20; i += 1) receive({ ...JOINED, room: `room-${i}`, count: 500, absent: 500 });
  requests.find(chat.fromHere, "uma");
  mock.timers.tick(ASK_AFTER_TYPING_MS);
  assert.equal(sent.length, 8);
  assert.deepEqual(sent[0], { type: "who", room: "lobby", state: "here", prefix: "uma", limit: 20 });
  receive(page("absent", ["Umar"], { prefix: "uma" }));
  assert.deepEqual(choices(chat, "uma")[0], { user: "Umar", label: "Umar", hint: "direct message" });
  requests.disconnected();
  requests.find(chat.fromHere, "umar");
  requests.disconnected();
  mock.timers.tick(ASK_AFTER_TYPING_MS);
  assert.equal(sent.length, 8);
  mock.timers.reset();
});
