import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, encode, isRecord } from "../../../static/protocol/messages.js";
import { isUserName, nameKey, parseRoomName, sameName } from "../../../static/protocol/names.js";

/** The cases that hold the Rust side as well. */
const vectors = (name) => JSON.parse(readFileSync(new URL(`../../vectors/wire/${name}.json`, import.meta.url))).cases;

const POST = { type: "post", room: "lobby", seq: 1, at: 0, user: "ada", cid: "c", text: "hi" };

test("decoding gives what was encoded", () => {
  assert.deepEqual(decode(encode(POST)), POST);
});

test("what does not match the protocol is no message", () => {
  const invalid = [
    "", "{", "null", "7", "[]", "\"post\"", "{}", "{\"type\":7}", "{\"type\":null}", new ArrayBuffer(3), undefined,
    "[".repeat(60_000), `"${"x".repeat(17 * 1024 * 1024)}"`,
  ];
  for (const text of invalid) assert.equal(decode(text), null);
});

test("a message with a field missing or of the wrong type is no message", () => {
  for (const field of Object.keys(POST)) {
    assert.equal(decode(encode({ ...POST, [field]: undefined })), null, `${field} missing`);
    assert.equal(decode(encode({ ...POST, [field]: { toString: "x" } })), null, `${field} an object`);
  }
  for (const seq of [-1, 1.5, "1", 2 ** 53, 1e999, null]) assert.equal(decode(encode({ ...POST, seq })), null, `seq ${seq}`);
  assert.equal(decode("{\"type\":\"history\",\"room\":\"lobby\",\"first\":1,\"records\":[{\"seq\":1}]}"), null);
  assert.equal(decode("{\"type\":\"joined\",\"room\":\"lobby\",\"members\":\"ada\"}"), null);
});

test("a page of a list of members says which list it is of, and how many there are", () => {
  const page = { type: "members", room: "lobby", state: "absent", members: ["ada"], here: 3, absent: 1 };
  assert.deepEqual(decode(encode({ ...page, prefix: "a", after: "aa", more: true })).members, ["ada"]);
  assert.deepEqual(decode(encode({ type: "members", room: "lobby", members: [] })).members, []);
  for (const bad of [{ state: "gone" }, { state: null }, { here: undefined }, { absent: -1 }, { prefix: 1 }, { after: [] }, { more: "true" }, { members: [1] }]) {
    assert.equal(decode(encode({ ...page, ...bad })), null, JSON.stringify(bad));
  }
  const joined = { type: "joined", room: "lobby", log: "l", first: 1, head: 0, since: 0, count: 1 };
  assert.notEqual(decode(encode({ ...joined, absent: 2, absent_members: ["ada", "eve"] })), null);
  for (const bad of [{ absent: "2" }, { absent: 1, absent_members: "ada" }]) assert.equal(decode(encode({ ...joined, ...bad })), null);
  assert.equal(decode(encode({ type: "presence", room: "lobby", user: "ada", state: "left", count: 1, member: "yes" })), null);
});

test("a post may name the record it replies to, by a number", () => {
  assert.equal(decode(encode({ ...POST, reply: 7 })).reply, 7);
  for (const reply of ["7", -1, 1.5, 2 ** 53, [7]]) assert.equal(decode(encode({ ...POST, reply })), null, `${reply}`);
});

test("fields and types of a later version are accepted", () => {
  assert.deepEqual(decode(encode({ ...POST, colour: "red" })).colour, "red");
  assert.equal(decode("{\"type\":\"aurora\"}").type, "aurora");
  assert.equal(decode("{\"type\":\"__proto__\"}").type, "__proto__");
  assert.equal(isRecord({ type: "poll", room: "lobby", seq: 1, at: 2, user: "ada", cid: "c" }), true);
  assert.equal(isRecord({ type: "aurora", room: "lobby" }), false);
});

test("a name is letters, digits, and _ - . of any script", () => {
  for (const name of ["bob", "José", "Ольга", "小明", "a.b-c_d9", "x".repeat(24)]) assert.ok(isUserName(name), name);
  for (const name of ["", " ", "a b", "x".repeat(25), "a\u200bb", "\u202enimda", "<img>", "a\n", null]) assert.ok(!isUserName(name), name);
});

test("a typed room name may have a # and capitals, and nothing else", () => {
  assert.equal(parseRoomName(" #Rust-2_x "), "rust-2_x");
  for (const name of ["", "#", "-a", "_a", "a b", "../x", "a/b", "é", "x".repeat(33), "%2e"]) assert.equal(parseRoomName(name), null, name);
});

test("names that differ only in case are the same", () => {
  assert.ok(sameName("Ольга", "ольга"));
  assert.ok(!sameName("bob", "rob"));
});

test("every message that Rust accepts is accepted, and none that it refuses", () => {
  for (const { text, ok } of vectors("replies")) {
    if (text.includes("\"type\":\"left\",\"type\"")) continue; // JSON.parse takes the last of two keys
    assert.equal(decode(text) !== null, Boolean(ok), text);
  }
});

test("every name that the server accepts is valid, and compared as there", () => {
  for (const { text, ok, key } of vectors("names")) {
    if (ok) assert.ok(isUserName(text), text);
    if (key) assert.equal(nameKey(text), key);
  }
});

test("every room name that the server accepts is valid, and no other", () => {
  const fit = /^[a-z0-9][a-z0-9_-]{0,31}$/;
  for (const { text, ok, name } of vectors("rooms")) {
    const meant = parseRoomName(text);
    if (ok) assert.equal(meant, name);
    else assert.ok(meant === null || fit.test(meant), text);
  }
});
