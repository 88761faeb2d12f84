import assert from "node:assert/strict";
import { test } from "node:test";
import { OutboxStore } from "../../../static/storage/outbox-store.js";
import { memoryStorage, Store } from "../../../static/storage/store.js";

const submission = (cid, text = cid) => ({ type: "post", room: "lobby", text, cid });

test("another tab adopts the messages of a closed one, in order", () => {
  const storage = memoryStorage();
  const closed = new OutboxStore(storage, "t1");
  closed.save(submission("b"), "bob", 1000);
  closed.save({ ...submission("a"), kind: "me" }, "bob", 1000);
  closed.save(submission("c"), "bob", 10); // the clock went back
  const other = new OutboxStore(storage, "t2");
  assert.deepEqual(other.otherTabs("Bob"), ["t1"]);
  assert.deepEqual(other.adopt("t1", "bob"), [submission("b"), { ...submission("a"), kind: "me" }, submission("c")]);
  assert.deepEqual(other.otherTabs("bob"), [], "they are its own now");
  assert.deepEqual(new OutboxStore(storage, "t3").adopt("t1", "bob"), [], "and no other tab's");
});

test("a message is saved with what it replies to", () => {
  const storage = memoryStorage();
  const answer = { ...submission("a"), reply: 7 };
  new OutboxStore(storage, "t1").save(answer, "bob", 1);
  assert.deepEqual(new OutboxStore(storage, "t2").adopt("t1", "bob"), [answer]);
});

test("two tabs save and remove without touching each other's messages", () => {
  const storage = memoryStorage();
  const one = new OutboxStore(storage, "t1");
  const two = new OutboxStore(storage, "t2");
  one.save(submission("a"), "bob", 1);
  two.save(submission("b"), "bob", 2);
  one.remove("a");
  assert.deepEqual(one.adopt("t2", "bob"), [submission("b")]);
});

test("messages belong to the name they were submitted under, until it is changed", () => {
  const storage = memoryStorage();
  const outbox = new OutboxStore(storage, "t1");
  outbox.save(submission("a"), "bob", 1);
  new OutboxStore(storage, "t2").save(submission("b"), "bob", 2);
  outbox.rename("bob", "rob");
  const other = new OutboxStore(storage, "t3");
  assert.deepEqual(other.otherTabs("rob"), ["t1"]);
  assert.deepEqual(other.otherTabs("bob"), ["t2"]);
});

test("foreign data in the storage is left alone", () => {
  const storage = memoryStorage();
  for (const [key, value] of [
    ["talk.line.x", "{"], ["talk.line.y", "null"], ["talk.line.z", "{\"cid\":\"z\"}"], ["other", "1"],
    ["talk.line.q", JSON.stringify({ line: submission("not q"), user: "bob", tab: "t0", order: 1 })],
  ]) storage.setItem(key, value);
  const outbox = new OutboxStore(storage, "t1");
  assert.deepEqual(outbox.otherTabs("bob"), []);
  assert.equal(storage.length, 5);
});

test("a full storage is reported", () => {
  const storage = { ...memoryStorage(), setItem() { throw new Error("QuotaExceededError"); } };
  assert.equal(new OutboxStore(storage, "t1").save(submission("a"), "bob", 1), false);
});

test("drafts are saved by name and room, for all tabs, and removed with the name", () => {
  const local = memoryStorage();
  const store = new Store(local, memoryStorage());
  store.saveDraft("Bob", "lobby", "half a");
  assert.deepEqual([store.draft("bob", "lobby"), store.draft("bob", "rust"), store.draft("ada", "lobby")], ["half a", "", ""]);
  assert.equal(new Store(local, memoryStorage()).draft("bob", "lobby"), "half a");
  store.saveDraft("ada", "lobby", "hers");
  store.forget("bob");
  assert.deepEqual([store.draft("bob", "lobby"), store.draft("ada", "lobby")], ["", "hers"]);
});

test("changes of another tab are told apart", () => {
  const local = memoryStorage();
  const seen = [];
  local.setItem = (key, newValue) => seen.push({ key, newValue });
  local.removeItem = (key) => seen.push({ key, newValue: null });
  const store = new Store(local, memoryStorage());
  store.saveUser("bob", "t");
  store.saveDraft("bob", "lobby", "x");
  store.saveDraft("bob", "rust", "x");
  store.forget("bob");
  assert.deepEqual(seen.map((event) => store.changeOf(event, "BOB", "lobby")), ["other", "other", "draft", "other", "other", "forgotten", "other", "other", "other"]);
});
