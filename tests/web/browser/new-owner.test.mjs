// A name that was someone else's before in this room: its new owner's first message has a mark.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, post, shows, until, withFakeServer, withServer } from "./harness.mjs";

const { browser, server } = await withServer();
const { fake } = await withFakeServer();

const MEANING = "This name was someone else’s before in this room";
const marks = (page) => page.evaluate(() => [...document.querySelectorAll("#log .message")].map((row) => row.querySelector(".new-owner")?.title ?? null));

test("everyone sees that a name has a new owner, once, and also after a reload", async () => {
  const [ann, eve] = [await person(browser), await person(browser)];
  const url = `${server.url}/r/passed`;
  const [first, second] = [await enter(ann, url, "ann"), await enter(eve, url, "eve")];
  await post(first, "I am ann");
  await shows(second, ["I am ann"]);
  for (const name of ["one", "two", "three", "four", "five"]) { // the sixth name gives the first back
    await post(first, `/nick ${name}`);
    await until(() => first.locator("#me").textContent(), (me) => me === name);
  }
  await post(second, "/nick Ann");
  await until(() => second.locator("#me").textContent(), (me) => me === "Ann");
  await post(second, "me too");
  await post(second, "I said");
  for (const page of [first, second]) {
    await shows(page, ["I am ann", "me too", "I said"]);
    assert.deepEqual(await marks(page), [null, MEANING, null]);
  }
  await first.reload();
  await shows(first, ["I am ann", "me too", "I said"]);
  assert.deepEqual(await marks(first), [null, MEANING, null]);
  for (const context of [ann, eve]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("the mark is read out, copied and printed, and stays with a deleted message and on a narrow page", async () => {
  fake.post("marks", "ann", "before");
  const context = await person(browser, { permissions: ["clipboard-read", "clipboard-write"], viewport: { width: 320, height: 700 } });
  const page = await enter(context, `${fake.url}/r/marks`, "bob");
  await until(() => messages(page), (seen) => seen.length === 1);
  fake.post("marks", "ann", "hello", { new_owner: true });
  fake.post("marks", "W".repeat(24), "waves", { kind: "me", new_owner: true });
  fake.post("marks", "W".repeat(24), "hello", { new_owner: true });
  await until(() => messages(page), (seen) => seen.length === 4);
  const header = page.locator("#log .message").nth(1).locator(".message-header");
  assert.match(await header.textContent(), /^annnew owner: this name was someone else’s before in this room/);
  await page.locator("#announcements", { hasText: "ann (new owner): hello" }).waitFor({ state: "attached" });
  await page.locator("#announcements", { hasText: "W (new owner) waves" }).waitFor({ state: "attached" });
  assert.ok(await page.evaluate(() => document.querySelector("#scroller").scrollWidth <= document.querySelector("#scroller").clientWidth));
  const isInView = (row) => row.evaluate((mark) => {
    const { left, right } = mark.getBoundingClientRect();
    return left >= 0 && right <= innerWidth;
  });
  for (const mark of await page.locator(".new-owner").all()) assert.ok(await isInView(mark));
  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("#log")));
  await page.keyboard.press("Control+c");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.deepEqual(copied.split("\n").map((line) => line.replace(/^\[\d\d:\d\d\] /, "")), [
    "ann: before", "ann (new owner): hello", `* ${"W".repeat(24)} (new owner) waves`, `${"W".repeat(24)} (new owner): hello`,
  ]);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".new-owner").first().isVisible());
  await page.emulateMedia({});
  fake.post("marks", "ann", "", { deleted: true, new_owner: true });
  await page.locator("#log .message .text.deleted").waitFor();
  assert.deepEqual(await marks(page), [null, MEANING, MEANING, MEANING, MEANING]);
  assert.deepEqual(context.errors, []);
  await context.close();
});
