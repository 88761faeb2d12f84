// Mentions, muted rooms, ignored users, notifications and sound.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, launch, withFakeServer, live, person, SCREENSHOTS, post, until } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const title = (page, text) => page.locator("#title").getByText(text, { exact: true }).waitFor();
const hint = (page, text) => page.locator("#hint", { hasText: text }).waitFor();
const hide = (page, isHidden) => page.evaluate((hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, isHidden);

test("a mention is highlighted, also without colour, and its room is marked", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/quiet`, "bob");
  await post(page, "/join work");
  await title(page, "#work");
  fake.post("work", "ada", "Bob, the build is red");
  fake.post("work", "ada", "bobby tables is not meant");
  await page.locator(".message.mention", { hasText: "the build is red" }).waitFor();
  await page.locator(".message", { hasText: "bobby tables" }).waitFor();
  assert.equal(await page.locator(".message.mention").count(), 1);
  assert.equal(await page.locator(".message.mention .text").textContent(), "mentions you: Bob, the build is red");
  assert.notEqual(await page.locator(".message.mention").evaluate((line) => getComputedStyle(line, "::before").content), "none");
  fake.post("quiet", "ada", "and bob?");
  fake.post("quiet", "ada", "nothing");
  await page.getByRole("link", { name: "#quiet @ 1 mention, 2 unread" }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}mention.png`, animations: "disabled" });
  await page.getByRole("link", { name: "#quiet" }).click();
  await page.locator("#room-list .mentions").waitFor({ state: "detached" });
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a muted room is not counted in the title, over a reload too", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/loud`, "mia");
  await post(page, "/mute");
  await hint(page, "#loud is muted");
  await page.reload();
  await live(page);
  await page.getByRole("link", { name: "#loud muted" }).waitFor();
  await hide(page, true);
  fake.post("loud", "ada", "mia!");
  await page.getByRole("link", { name: /1 unread/ }).waitFor({ state: "attached" });
  assert.equal(await page.title(), "loud – Talk");
  await hide(page, false);
  await post(page, "/unmute");
  await hint(page, "is no longer muted");
  await hide(page, true);
  fake.post("loud", "ada", "mia?");
  await until(() => page.title(), (now) => now === "(1) loud – Talk");
  await context.close();
});

test("ignored messages are shown by the button in their place, and hidden again", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/peek`, "ivo");
  await post(page, "/ignore eve");
  await hint(page, "eve is ignored");
  fake.post("peek", "ada", "before");
  for (const text of ["one, ivo", "two"]) fake.post("peek", "eve", text);
  fake.post("peek", "ada", "between");
  fake.post("peek", "eve", "three");
  const note = (name) => page.locator("#log").getByRole("button", { name, exact: true });
  const texts = () => page.locator("#log .message .text").allTextContents();
  const show = note("2 messages from people you ignore: show");
  await show.waitFor();
  await note("A message from a person you ignore: show").waitFor();
  assert.equal(await show.getAttribute("aria-expanded"), "false");
  await show.press("Enter");
  const hideAgain = note("2 messages from people you ignore: hide");
  await hideAgain.and(page.locator(":focus")).waitFor();
  assert.equal(await hideAgain.getAttribute("aria-expanded"), "true");
  assert.deepEqual(await texts(), ["before", "one, ivo", "two", "between"]);
  assert.equal(await page.locator(".message.mention").count(), 0, "what an ignored person says is no mention");
  fake.post("peek", "eve", "four");
  await note("2 messages from people you ignore: show").waitFor();
  assert.deepEqual(await texts(), ["before", "one, ivo", "two", "between"], "later ones are not shown, and these stay");
  await hideAgain.press("Space");
  await until(texts, (all) => all.join() === "before,between");
  await note("2 messages from people you ignore: show").first().and(page.locator(":focus")).waitFor();
  // All in a row: shown in two parts, and one note again once hidden.
  await note("2 messages from people you ignore: show").last().click();
  await until(texts, (all) => all.join() === "before,between,three,four");
  fake.post("peek", "eve", "five");
  await note("A message from a person you ignore: show").click();
  await note("3 messages from people you ignore: hide").click();
  await until(texts, (all) => all.join() === "before,between");
  assert.equal(await page.locator(".ignored").count(), 2);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the title counts unread messages of all rooms, also while the page is in view", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/here`, "tia");
  await post(page, "/join there");
  await title(page, "#there");
  fake.post("there", "ada", "read at once");
  await page.getByText("read at once", { exact: true }).waitFor();
  assert.equal(await page.title(), "there – Talk");
  fake.post("here", "ada", "not read");
  fake.post("here", "ada", "tia, not read either");
  await until(() => page.title(), (now) => now === "(2) there – Talk");
  await page.getByRole("link", { name: "#here" }).click();
  await until(() => page.title(), (now) => now === "here – Talk");
  await context.close();
});

test("messages of an ignored user fold to one row, and unfold", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/fold`, "ivy");
  await post(page, "/ignore ivy");
  await hint(page, "That is your own name");
  await page.locator("#box").fill("");
  fake.post("fold", "eve", "one");
  await post(page, "/ignore Eve");
  await page.locator(".ignored", { hasText: "A message from a person you ignore" }).waitFor();
  fake.post("fold", "eve", "two");
  await page.locator(".ignored", { hasText: "2 messages from people you ignore" }).waitFor();
  assert.equal(await page.locator(".message").count(), 0);
  await page.reload();
  await live(page);
  await page.locator(".ignored").waitFor();
  await post(page, "/unignore eve");
  await page.locator(".message", { hasText: "two" }).waitFor();
  assert.equal(await page.locator(".ignored").count(), 0);
  assert.deepEqual(context.errors, []);
  await context.close();
});

/** Replaces what a headless browser lacks: counts notifications and sounds, and permission requests. */
const STAND_INS = (answer) => {
  globalThis.asked = 0;
  globalThis.notes = [];
  globalThis.tones = 0;
  globalThis.Notification = class {
    static permission = "default";
    static requestPermission() {
      globalThis.asked += 1;
      return Promise.resolve((Notification.permission = answer));
    }
    constructor(title, { body, tag }) {
      globalThis.notes.push({ title, body, tag });
      globalThis.note = this;
    }
    close() {}
  };
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...at) {
    globalThis.tones += 1;
    return start.apply(this, at);
  };
};

async function withStandIns(name, answer) {
  const context = await person(browser);
  await context.addInitScript(STAND_INS, answer);
  return { context, page: await enter(context, `${fake.url}/r/${name}`, name) };
}

const noticed = (page) => page.evaluate(() => ({ asked: globalThis.asked, notes: globalThis.notes, tones: globalThis.tones }));

test("by default nothing is shown or played, and no permission is requested", async () => {
  const { context, page } = await withStandIns("una", "granted");
  await hide(page, true);
  fake.post("una", "ada", "una!");
  await until(() => page.title(), (now) => now.startsWith("(1)"));
  assert.deepEqual(await noticed(page), { asked: 0, notes: [], tones: 0 });
  await context.close();
});

test("by choice, mentions and direct messages notify while the page is hidden, and nothing else does", async () => {
  const { context, page } = await withStandIns("nia", "granted");
  await post(page, "/join still");
  await title(page, "#still");
  await post(page, "/mute");
  await hint(page, "#still is muted");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.screenshot({ path: `${SCREENSHOTS}settings.png`, animations: "disabled" });
  await page.getByLabel("Notify me").check();
  await page.getByLabel("Play a sound").check();
  await until(() => noticed(page), ({ asked, tones }) => asked === 1 && tones === 2, "asked once, heard once");
  await page.getByRole("button", { name: "Done" }).click();
  fake.post("nia", "ada", "nia, seen");
  await page.getByRole("link", { name: /1 mention/ }).waitFor();
  await hide(page, true);
  fake.post("still", "ada", "nia, in a muted room");
  fake.post("nia", "ada", "not for her");
  fake.post("nia", "ada", "Nia: for her");
  await until(() => page.title(), (now) => now.startsWith("(3)"));
  assert.deepEqual((await noticed(page)).notes, [{ title: "ada in #nia", body: "Nia: for her", tag: "nia" }]);
  assert.equal((await noticed(page)).tones, 4);
  assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /^data:image\/svg\+xml,.*%3E2%3C/);
  await page.evaluate(() => globalThis.note.onclick());
  await title(page, "#nia");
  await page.locator(".message.target", { hasText: "for her" }).waitFor();
  await hide(page, false);
  await until(() => page.locator("link[rel=icon]").getAttribute("href"), (href) => href === "/icon.svg");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("if the browser refuses, the switch goes back and says why", async () => {
  const { context, page } = await withStandIns("noa", "denied");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Notify me").click();
  await page.getByText("The browser blocks notifications of this page").waitFor();
  assert.equal(await page.getByLabel("Notify me").isChecked(), false);
  await context.close();
});

test("a page on plain http says that browsers notify only on https or localhost", async (t) => {
  const elsewhere = await launch(["--host-resolver-rules=MAP talk.test 127.0.0.1"]);
  t.after(() => elsewhere.close());
  const context = await person(elsewhere);
  const page = await enter(context, `http://talk.test:${fake.port}/r/plain`, "pat");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByText("Browsers show notifications only for pages on https or localhost. This page is on plain http").waitFor();
  assert.equal(await page.getByLabel("Notify me").isDisabled(), true);
  await page.getByLabel("Play a sound").check(); // this works everywhere
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByText("Key copied").waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the settings mute, hide joins and leaves, and unignore users", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/set`, "sue");
  await post(page, "/ignore eve");
  await hint(page, "eve is ignored");
  fake.post("set", "eve", "hello");
  fake.broadcast("set", { type: "presence", room: "set", user: "zed", state: "joined", count: 2 });
  await page.locator(".presence", { hasText: "zed joined" }).waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Mute #set").check();
  await page.getByLabel("Hide joins, leaves and renames").check();
  await page.getByRole("button", { name: "Show messages from eve again" }).click();
  await page.keyboard.press("Escape");
  await page.locator(".presence").waitFor({ state: "detached" });
  await page.locator(".message", { hasText: "hello" }).waitFor();
  await page.getByRole("link", { name: "#set muted" }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});
