// A room whose newest records are mostly edits and deletes: its messages are still found, and quickly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

/** Edits and deletes, of posts that are loaded and of some that are not. */
function change(room, count, target) {
  for (let i = 1; i <= count; i += 1) fake.post(room, "eve", `changed ${i}`, i % 5 ? { type: "edit", target: target(i) } : { type: "delete", target: target(i) });
}

const asked = (room) => fake.received.filter(({ type, room: of }) => type === "history" && of === room);

test("a first page of 10,000 records, mostly edits and deletes, is shown within seconds", async (t) => {
  for (let i = 1; i <= 4_000; i += 1) fake.post("big", "eve", `line ${i}`);
  change("big", 6_000, (i) => (i % 3_950) + 1);
  for (let i = 1; i <= 50; i += 1) fake.post("big", "ada", `after ${i}`);
  fake.firstPage = 10_000;
  const context = await person(browser);
  const start = performance.now();
  const page = await enter(context, `${fake.url}/r/big`, "bob");
  await until(() => messages(page), (all) => all.at(-1) === "after 50" && all.length >= 100);
  const ms = performance.now() - start;
  fake.firstPage = 100;
  t.diagnostic(`${ms.toFixed(0)} ms, with the start of the page and the login`);
  assert.ok(ms < 15_000, `${ms} ms`);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("pages of edits are skipped until there are messages to show", async () => {
  for (let i = 1; i <= 30; i += 1) fake.post("edited", "ada", `line ${i}`);
  change("edited", 1_500, () => 30);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/edited`, "bob");
  await until(() => messages(page), (all) => all.length === 30);
  assert.ok(asked("edited").length <= 9, `${asked("edited").length} requests`);
  await page.getByText("This is where #edited begins.").waitFor();
  await context.close();
});

test("after ten pages without a message the page asks whether to load more", async () => {
  for (let i = 1; i <= 30; i += 1) fake.post("flooded", "ada", `line ${i}`);
  change("flooded", 4_500, () => 30);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/flooded`, "bob");
  const more = page.getByRole("button", { name: "Load older messages" });
  await more.waitFor();
  assert.equal(asked("flooded").length, 10);
  for (let i = 1; i <= 40; i += 1) fake.post("flooded", "ada", `new ${i}`);
  await until(() => messages(page), (all) => all.length === 40);
  await page.locator("#scroller").evaluate((scroller) => { scroller.scrollTop = 0; });
  await page.getByRole("button", { name: /jump to latest/i }).waitFor();
  assert.equal(asked("flooded").length, 10, "neither a draw nor scrolling asks for more");
  await more.click();
  await until(() => asked("flooded").length, (count) => count === 20);
  await more.click();
  await until(() => messages(page), (all) => all[0] === "line 1" && all.length === 70);
  assert.deepEqual(context.errors, []);
  await context.close();
});
