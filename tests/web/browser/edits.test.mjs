// Edits, deletes and topics: between two users, over a reload, offline.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeServer } from "../fake_server.mjs";
import { enter, messages, live, person, post, withServer, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

const box = (page) => page.locator("#box");
const deleted = (page) => page.locator("#log .deleted").count();
const leave = async (...contexts) => {
  for (const context of contexts) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
};

test("the up arrow edits the last message, Enter saves it for all, Esc cancels", async () => {
  const [ann, bea] = [await person(browser), await person(browser)];
  const page = await enter(ann, `${server.url}/r/edit`, "ann");
  const other = await enter(bea, `${server.url}/r/edit`, "bea");
  await post(page, "one");
  await post(page, "tow");
  await shows(other, ["one", "tow"]);
  await post(other, "three");
  await shows(page, ["one", "tow", "three"]);
  await box(page).press("ArrowUp");
  assert.equal(await box(page).inputValue(), "tow");
  await page.locator(".message.editing", { hasText: "tow" }).waitFor();
  assert.equal(await page.locator("#box-label").textContent(), "Edit your message");
  await box(page).press("Escape");
  assert.equal(await box(page).inputValue(), "");
  await page.locator("#context").waitFor({ state: "hidden" });
  await page.locator(".message.editing").waitFor({ state: "detached" });

  await box(page).press("ArrowUp");
  await box(page).fill("/two, with a slash");
  await box(page).press("Enter");
  for (const each of [page, other]) await shows(each, ["one", "/two, with a slash edited", "three"]);
  assert.equal(await box(page).inputValue(), "");
  await page.reload();
  await live(page);
  await shows(page, ["one", "/two, with a slash edited", "three"]);
  await box(other).press("ArrowUp");
  assert.equal(await box(other).inputValue(), "three", "one's own, not the newest");
  await leave(ann, bea);
});

test("a draft comes back after an edit, and an edit is no draft", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/draft`, "dee");
  await post(page, "one");
  await shows(page, ["one"]);
  await box(page).fill("half a thought");
  await page.locator(".message").hover();
  await page.getByRole("button", { name: "Edit “one”" }).click();
  await box(page).fill("won");
  await post(page, "won");
  await shows(page, ["won edited"]);
  assert.equal(await box(page).inputValue(), "half a thought");
  await box(page).fill("");
  await box(page).press("ArrowUp");
  await page.getByLabel("Join or create a room").fill("elsewhere");
  await page.keyboard.press("Enter");
  await until(() => page.locator("#title").textContent(), (title) => title === "#elsewhere");
  assert.equal(await box(page).inputValue(), "");
  await page.getByRole("link", { name: "#draft" }).click();
  assert.equal(await box(page).inputValue(), "won", "the edit goes on where it was left");
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await box(page).inputValue(), "");
  await leave(context);
});

test("a delete asks again, removes the text for all, and is not undone by a reload", async () => {
  const [cat, dan] = [await person(browser), await person(browser)];
  const page = await enter(cat, `${server.url}/r/gone`, "cat");
  const other = await enter(dan, `${server.url}/r/gone`, "dan");
  await post(page, "kept");
  await post(page, "a hushed word");
  await shows(other, ["kept", "a hushed word"]);
  await post(page, "/edit another hushed word");
  await shows(other, ["kept", "another hushed word edited"]);
  assert.equal(await other.locator(".actions .edit, .actions .delete").count(), 0, "only on lines of one's own");
  await page.locator(".message", { hasText: "hushed" }).hover();
  await page.getByRole("button", { name: "Delete “another hushed word”" }).click();
  await shows(page, ["kept", "another hushed word edited"]);
  await page.getByRole("button", { name: "Really delete “another hushed word”?" }).click();
  for (const each of [page, other]) {
    await shows(each, ["kept", "deleted"]);
    assert.equal(await deleted(each), 1);
    assert.ok(!(await each.content()).includes("hushed"));
  }
  await other.reload();
  await live(other);
  await shows(other, ["kept", "deleted"]);
  assert.ok(!(await other.content()).includes("hushed"));
  await box(page).press("ArrowUp");
  assert.equal(await box(page).inputValue(), "kept", "the last that stands");
  await box(page).press("Escape");
  await post(page, "/delete");
  for (const each of [page, other]) await shows(each, ["deleted", "deleted"]);
  await post(page, "/delete");
  await page.locator("#hint", { hasText: "No recent message of yours in this room" }).waitFor();
  await leave(cat, dan);
});

test("the buttons on messages are one stop of the Tab key, and arrows go from message to message", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/arrows`, "kay");
  for (const text of ["one", "two", "three"]) await post(page, text);
  await shows(page, ["one", "two", "three"]);
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.locator("#scroller").focus();
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Edit “three”");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "Delete “two”");
  assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement.parentElement).opacity), "1");
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "Really delete “two”?");
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "Delete “two”");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await shows(page, ["one", "deleted", "three"]);
  await until(() => page.evaluate(() => document.activeElement.id), (id) => id === "box", "the box, for the button is gone");
  await leave(context);
});

test("a tap shows the buttons of a message", async () => {
  const context = await person(browser, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  const page = await enter(context, `${server.url}/r/touch`, "tia");
  await post(page, "one");
  await post(page, "two");
  await shows(page, ["one", "two"]);
  const opacity = (n) => page.locator(".actions").nth(n).evaluate((acts) => getComputedStyle(acts).opacity);
  await page.locator(".message .text").nth(1).tap();
  await until(() => opacity(1), (it) => it === "1");
  await page.getByRole("button", { name: "Edit “two”" }).tap();
  await post(page, "too");
  await shows(page, ["one", "too edited"]);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await leave(context);
});

test("a topic is shown in the header and in the room, also to users who join later", async () => {
  const [eve, fay] = [await person(browser), await person(browser)];
  const page = await enter(eve, `${server.url}/r/topic`, "eve");
  await post(page, "/topic");
  await page.locator("#log .note", { hasText: "#topic has no topic" }).waitFor();
  await post(page, "/topic tea & https://example.org/cake");
  await page.locator("#log .note", { hasText: "eve set the topic: tea & https://example.org/cake" }).waitFor();
  const other = await enter(fay, `${server.url}/r/topic`, "fay");
  await until(() => other.locator("#topic").textContent(), (topic) => topic === "tea & https://example.org/cake");
  assert.equal(await other.locator("#topic a").getAttribute("href"), "https://example.org/cake");
  await post(other, "/topic");
  await other.locator("#log .note", { hasText: "The topic of #topic: tea" }).waitFor();
  await post(other, "/topic -");
  await page.locator("#log .note", { hasText: "fay removed the topic" }).waitFor();
  await until(() => page.locator("#topic").textContent(), (topic) => topic === "");
  await leave(eve, fay);
});

test("edits of older messages apply when those are loaded later", async () => {
  const fake = await FakeServer.start();
  for (let i = 1; i <= 250; i += 1) fake.post("long", "ada", `line ${i}`);
  fake.post("long", "ada", "the first", { type: "edit", target: 1 });
  fake.room("long").records[1].text = "";
  fake.room("long").records[1].deleted = true;
  fake.post("long", "ada", undefined, { type: "delete", target: 2 });
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/long`, "bob");
  await until(() => messages(page), (seen) => seen.at(-1) === "line 250", "no line for the changes");
  for (let i = 0; i < 100; i += 1) {
    if ((await messages(page))[0] === "the first edited") break;
    await page.evaluate(() => { document.querySelector("#scroller").scrollTop = 0; });
    await new Promise((next) => setTimeout(next, 30));
  }
  assert.deepEqual((await messages(page)).slice(0, 3), ["the first edited", "deleted", "line 3"]);
  await leave(context);
  await fake.stop();
});

test("an offline edit survives a reload, is shown as pending, and is stored once and in order", async () => {
  const fake = await FakeServer.start();
  const context = await person(browser);
  const page = await enter(context, fake.url, "bob");
  await post(page, "one");
  await post(page, "two");
  await shows(page, ["one", "two"]);
  await fake.stop();
  await page.getByText(/^Offline/).waitFor();
  await post(page, "/edit too");
  await shows(page, ["one", "pending: too edited"]);
  await page.locator(".message").first().hover();
  await page.getByRole("button", { name: "Delete “one”" }).click();
  await page.getByRole("button", { name: "Really delete “one”?" }).click();
  await shows(page, ["pending: one", "pending: too edited"]);
  await post(page, "/topic rest");
  await page.locator("#log .note[data-state=pending]", { hasText: "bob set the topic: rest" }).waitFor();
  await fake.listen(fake.port);
  fake.instead = ({ target }) => (target ? null : undefined);
  await page.reload();
  await shows(page, ["pending: one", "pending: too edited"]);
  await page.locator("#log .note[data-state=pending]", { hasText: "bob set the topic: rest" }).waitFor();
  fake.instead = () => undefined;
  fake.cut();
  await shows(page, ["deleted", "too edited"]);
  await until(() => page.locator("#topic").textContent(), (topic) => topic === "rest");
  assert.deepEqual(fake.room("lobby").records.map(({ type }) => type), ["post", "post", "edit", "delete", "topic"]);
  await page.reload();
  await live(page);
  await shows(page, ["deleted", "too edited"]);
  assert.equal(fake.room("lobby").records.length, 5);
  await leave(context);
  await fake.stop();
});

test("a refused edit shows the reason at its message, and is sent again or dropped", async () => {
  const fake = await FakeServer.start();
  const context = await person(browser);
  const page = await enter(context, fake.url, "bob");
  await post(page, "one");
  await shows(page, ["one"]);
  fake.instead = ({ type, cid }) => (type === "edit" ? { type: "error", code: "storage", message: "the disk is full", cid } : undefined);
  await post(page, "/edit won");
  await shows(page, ["failed: one"]);
  await page.locator("#log").getByText("Not changed to “won”: the disk is full").waitFor();
  await page.locator("#hint.bad", { hasText: "Your change was refused" }).waitFor();
  await page.getByRole("button", { name: "Drop" }).click();
  await shows(page, ["one"]);
  await post(page, "/edit won");
  await shows(page, ["failed: one"]);
  fake.instead = () => undefined;
  await page.getByRole("button", { name: "Send again" }).click();
  await shows(page, ["won edited"]);
  await leave(context);
  await fake.stop();
});

test("editing ends when the message is deleted elsewhere", async () => {
  const fake = await FakeServer.start();
  const context = await person(browser);
  const page = await enter(context, fake.url, "bob");
  await post(page, "one");
  await shows(page, ["one"]);
  await box(page).press("ArrowUp");
  await box(page).fill("one more word");
  fake.post("lobby", "bob", undefined, { type: "delete", target: 1 });
  await page.locator("#hint.bad", { hasText: "The message you were editing was deleted" }).waitFor();
  assert.equal(await box(page).inputValue(), "");
  await shows(page, ["deleted"]);
  await leave(context);
  await fake.stop();
});
