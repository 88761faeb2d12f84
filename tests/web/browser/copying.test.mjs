// Copying messages: a conversation in plain text, without the buttons and hidden texts between.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, withFakeServer, person, until } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
const at = (hour, minute, day = 28) => ({ at: Date.UTC(2026, 10, day, hour, minute) });
const ROWS = Array.from({ length: 30 }, (_, i) => `row ${i + 1}`).join("\n");

/** Opens a room, and counts its messages. */
async function open(room, count) {
  const context = await person(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const page = await enter(context, `${fake.url}/r/${room}`, "bob");
  await until(() => page.locator("#log .message").count(), (seen) => seen === count);
  await page.evaluate(() => navigator.clipboard.writeText("nothing was copied"));
  return { context, page };
}

/** Selects from a character of one message to a character of another (-1: its end), as a mouse would, and presses Ctrl+C. */
async function copy(page, [first, start], [last, end]) {
  await page.evaluate(([[first, start], [last, end]]) => {
    const texts = document.querySelectorAll("#log .message .text");
    const nodes = (of) => {
      const walker = document.createTreeWalker(of, NodeFilter.SHOW_TEXT);
      const all = [];
      while (walker.nextNode()) all.push(walker.currentNode);
      return all.filter((node) => !node.parentElement.closest(".visually-hidden"));
    };
    const [from, to] = [nodes(texts[first])[0], nodes(texts[last]).at(end < 0 ? -1 : 0)];
    document.querySelector("#scroller").focus();
    getSelection().setBaseAndExtent(from, start, to, end < 0 ? to.data.length : end);
  }, [[first, start], [last, end]]);
  await page.keyboard.press("Control+c");
  return page.evaluate(() => navigator.clipboard.readText());
}

for (const [user, text, extra] of [
  ["ann", "shall we move **today**?", at(4, 34)],
  ["ann", "the DB migration\nfirst", at(4, 34)],
  ["bob", "yes, 16:00", at(4, 35)],
  ["ann", "bob: see `x = 1`", at(4, 36)],
  ["ann", "waves", { ...at(4, 37), kind: "me" }],
  ["eve", ROWS, at(4, 38)],
  ["zed", "ok", { ...at(4, 39), reply: 1 }],
]) fake.post("talk", user, text, extra);

test("several messages are copied as a conversation: time, name, text, one a line, a folded one whole", async () => {
  const { context, page } = await open("talk", 7);
  assert.equal(await copy(page, [0, 0], [6, -1]), [
    "[04:34] ann: shall we move today?", "[04:34] ann: the DB migration\nfirst", "[04:35] bob: yes, 16:00", "[04:36] ann: bob: see x = 1",
    "[04:37] * ann waves", `[04:38] eve: ${ROWS}`, "[04:39] zed: ok",
  ].join("\n"));
  const types = await page.evaluate(async () => (await navigator.clipboard.read()).flatMap((item) => [...item.types]));
  assert.deepEqual(types, ["text/plain"], "and nothing else is in the clipboard");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a selection made with the mouse is copied the same way", async () => {
  const { context, page } = await open("talk", 7);
  await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  const [from, to] = await Promise.all([1, 3].map((i) => page.locator("#log .message .text").nth(i).boundingBox()));
  await page.mouse.move(from.x + 1, from.y + 5);
  await page.mouse.down();
  await page.mouse.move(to.x + 40, to.y + 10, { steps: 5 });
  await page.mouse.move(to.x + to.width - 5, to.y + to.height - 4, { steps: 5 });
  await page.mouse.up();
  await page.keyboard.press("Control+c");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "[04:34] ann: the DB migration\nfirst\n[04:35] bob: yes, 16:00\n[04:36] ann: bob: see x = 1");
  await context.close();
});

test("of the first and the last message their selected part is copied", async () => {
  const { context, page } = await open("talk", 7);
  assert.equal(await copy(page, [1, 4], [2, 3]), "[04:34] ann: DB migration\nfirst\n[04:35] bob: yes");
  assert.equal(await copy(page, [4, 0], [5, 5]), `[04:37] * ann waves\n[04:38] eve: row 1`);
  await context.close();
});

test("within one message the text alone is copied", async () => {
  const { context, page } = await open("talk", 7);
  assert.equal(await copy(page, [1, 4], [1, 6]), "DB");
  assert.equal(await copy(page, [2, 0], [2, -1]), "yes, 16:00");
  await page.locator("#log .message .text").nth(2).click({ clickCount: 3, position: { x: 20, y: 8 } });
  await page.keyboard.press("Control+c");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "yes, 16:00", "chosen by three clicks, which reach into the next message");
  await context.close();
});

test("quotes and blocks of code keep their rows, and messages of several days have their dates", async () => {
  fake.post("days", "ann", "> said\nand\n```\nif x:\n    y\n```\n> again\ndone", at(23, 59, 27));
  fake.post("days", "bob", "good morning", at(8, 5));
  const { context, page } = await open("days", 2);
  assert.equal(await copy(page, [0, 0], [1, -1]), "[2026-11-27 23:59] ann: said\nand\nif x:\n    y\nagain\ndone\n[2026-11-28 08:05] bob: good morning");
  await context.close();
});

test("what is selected in the input box is copied as it is", async () => {
  const { context, page } = await open("talk", 7);
  await page.locator("#box").fill("a draft");
  await page.locator("#box").selectText();
  await page.keyboard.press("Control+c");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "a draft");
  await context.close();
});
