// The names of rooms in a text as links.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, live, person, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
fake.post("dev", "adam", "a build");

test("the name of a known room in a text is a link to it; #1, #fff and code are text", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/lobby`, "ray");
  fake.received.length = 0;
  fake.post("lobby", "adam", "see #dev, **#Dev** and #lobby: not #1, #fff, `#dev` or a#dev");
  const text = page.locator("#log .message", { hasText: "see #dev" }).locator(".text");
  await until(() => text.locator("a").allTextContents(), (links) => links.length === 3, "for the list of rooms, which was requested");
  assert.deepEqual(await text.locator("a").allTextContents(), ["#dev", "#Dev", "#lobby"]);
  assert.equal(await text.locator("a").first().getAttribute("href"), "/r/dev");
  fake.post("lobby", "adam", "and #abc, #def");
  await page.locator("#log").getByText("and #abc, #def").waitFor();
  assert.equal(fake.received.filter(({ type }) => type === "rooms").length, 1, "the list is asked for once");
  await text.locator("a").nth(1).click();
  await page.locator("#title", { hasText: "#dev" }).waitFor();
  await page.locator("#log").getByText("a build").waitFor();
  await page.goBack();
  await page.locator("#title", { hasText: "#lobby" }).waitFor();
  await live(page);
  assert.deepEqual(context.errors, []);
  await context.close();
});
