// URLs of messages: they open the room around the message, can be copied, and work with back and forward.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, withFakeServer, live, person, SCREENSHOTS, post, until } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
for (let i = 1; i <= 700; i += 1) fake.post("long", ["ada", "eve"][i % 2], `line ${i}`);

const title = (page, text) => page.locator("#title", { hasText: text }).waitFor();

/** Waits until a message is marked as the target, and in view. */
async function pointed(page, text) {
  await page.locator(".message.target", { has: page.getByText(text, { exact: true }) }).waitFor();
  await until(() => page.evaluate(() => {
    const line = document.querySelector(".message.target").getBoundingClientRect();
    const room = document.querySelector("#scroller").getBoundingClientRect();
    return line.top >= room.top && line.bottom <= room.bottom;
  }), (isInView) => isInView, `${text} in view`);
}

test("the URL of an old message opens the room around it, and marks it, also for screen readers", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/long#123`, "bob");
  await pointed(page, "line 123");
  const line = page.locator(".message.target");
  assert.equal(await line.getAttribute("aria-current"), "location");
  assert.equal(await page.evaluate(() => document.activeElement.classList.contains("target")), true, "a screen reader is there");
  assert.notEqual(await line.evaluate((element) => getComputedStyle(element, "::before").content), "none", "a mark beside the colour");
  assert.equal(await page.locator(".target").count(), 1);
  for (const near of ["line 122", "line 124"]) await page.getByText(near, { exact: true }).waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}address.png`, animations: "disabled" });
  const questions = fake.received.filter(({ type }) => type === "history");
  assert.ok(questions.length <= 4, `in few questions: ${JSON.stringify(questions)}`);

  // Over a reload; then it scrolls on.
  await page.reload();
  await live(page);
  await pointed(page, "line 123");
  await page.getByRole("button", { name: /[Jj]ump to latest/ }).click();
  await until(() => page.url(), (url) => url === `${fake.url}/r/long`, "an address without the line");
  assert.equal(await page.locator(".target").count(), 0);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("back and forward go between messages and rooms", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/long`, "bob");
  await page.evaluate(() => (location.hash = "#650"));
  await pointed(page, "line 650");
  await post(page, "/join other");
  await title(page, "#other");
  await page.goBack();
  await pointed(page, "line 650");
  await page.goBack();
  await until(() => page.locator(".target").count(), (count) => count === 0);
  await title(page, "#long");
  await page.goForward();
  await pointed(page, "line 650");
  await page.goForward();
  await title(page, "#other");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the URL of a missing message says so, and the room is shown as usual", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/long#99999`, "bob");
  await page.locator("#hint", { hasText: "There is no message #99999 in #long yet" }).waitFor();
  await page.getByText("line 700", { exact: true }).waitFor();
  assert.equal(await page.locator("#latest").isVisible(), false);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("messages stay unread while the person looks at an older one", async () => {
  const context = await person(browser);
  fake.marks.set("mia long", 690);
  const page = await enter(context, `${fake.url}/r/long#200`, "mia");
  await pointed(page, "line 200");
  await page.getByRole("button", { name: "10 new ↓ jump to latest" }).waitFor();
  await context.close();
});

test("the link of any message is copied by its button", async () => {
  const context = await person(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const page = await enter(context, `${fake.url}/r/long`, "bob");
  await page.getByText("line 700", { exact: true }).hover();
  await page.getByRole("button", { name: "Copy link to “line 700”" }).click();
  await page.locator("#hint", { hasText: "Link copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${fake.url}/r/long#700`);
  // Without the clipboard API the page copies by selecting.
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
  await page.getByText("line 699", { exact: true }).hover();
  await page.getByRole("button", { name: "Copy link to “line 699”" }).click();
  await page.locator("#box").press("ControlOrMeta+v");
  assert.equal(await page.locator("#box").inputValue(), `${fake.url}/r/long#699`);
  await page.goto(link);
  await live(page);
  await pointed(page, "line 700");
  assert.deepEqual(context.errors, []);
  await context.close();
});
