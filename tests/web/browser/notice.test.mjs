// What calls a person, on the page and beside it, and how they keep it quiet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Fake } from "../fake.mjs";
import { enter, launch, live, person, PICTURES, say, until } from "./house.mjs";

let browser;
let fake;

before(async () => {
  browser = await launch();
  fake = await Fake.start();
});
after(async () => {
  await browser?.close();
  await fake?.stop();
});

const title = (page, text) => page.locator("#title").getByText(text, { exact: true }).waitFor();
const hint = (page, text) => page.locator("#hint", { hasText: text }).waitFor();
const hide = (page, isHidden) => page.evaluate((hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, isHidden);

test("a line with one's name stands out, also without colour, and its room is marked", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/quiet`, "bob");
  await say(page, "/join work");
  await title(page, "#work");
  fake.say("work", "ada", "Bob, the build is red");
  fake.say("work", "ada", "bobby tables is not meant");
  await page.locator(".line.mention", { hasText: "the build is red" }).waitFor();
  await page.getByText("bobby tables").waitFor();
  assert.equal(await page.locator(".line.mention").count(), 1);
  assert.equal(await page.locator(".line.mention .text").textContent(), "calls you: Bob, the build is red");
  assert.notEqual(await page.locator(".line.mention").evaluate((line) => getComputedStyle(line, "::before").content), "none");
  fake.say("quiet", "ada", "and bob?");
  fake.say("quiet", "ada", "nothing");
  await page.getByRole("link", { name: "#quiet @ 1 with your name, 2 unread" }).waitFor();
  await page.screenshot({ path: `${PICTURES}mention.png`, animations: "disabled" });
  await page.getByRole("link", { name: "#quiet" }).click();
  await page.locator("#room-list .call").waitFor({ state: "detached" });
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a muted room is not counted in the title, over a reload too", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/loud`, "mia");
  await say(page, "/mute");
  await hint(page, "#loud is muted");
  await page.reload();
  await live(page);
  await page.getByRole("link", { name: "#loud muted" }).waitFor();
  await hide(page, true);
  fake.say("loud", "ada", "mia!");
  await page.getByRole("link", { name: /1 unread/ }).waitFor({ state: "attached" });
  assert.equal(await page.title(), "loud – Talk");
  await hide(page, false);
  await say(page, "/mute");
  await hint(page, "not muted any more");
  await hide(page, true);
  fake.say("loud", "ada", "mia?");
  await until(() => page.title(), (now) => now === "(1) loud – Talk");
  await context.close();
});

test("what somebody ignored writes folds to a quiet row, and unfolds", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/fold`, "ivy");
  await say(page, "/ignore ivy");
  await hint(page, "That is you");
  await page.locator("#box").fill("");
  fake.say("fold", "eve", "one");
  await say(page, "/ignore Eve");
  await page.locator(".ignored", { hasText: "A line of somebody you ignore" }).waitFor();
  fake.say("fold", "eve", "two");
  await page.locator(".ignored", { hasText: "2 lines of people you ignore" }).waitFor();
  assert.equal(await page.locator(".line").count(), 0);
  await page.reload();
  await live(page);
  await page.locator(".ignored").waitFor();
  await say(page, "/unignore eve");
  await page.locator(".line", { hasText: "two" }).waitFor();
  assert.equal(await page.locator(".ignored").count(), 0);
  assert.deepEqual(context.errors, []);
  await context.close();
});
