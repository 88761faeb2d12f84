// Long messages are folded: 20 rows at most are shown, until the person asks for the rest. No text makes a draw slow.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, SCREENSHOTS, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const LINES = Array.from({ length: 60 }, (_, i) => `row ${i + 1} of what a person has pasted`).join("\n");

/** The least of some runs, because the machine may be busy with others: milliseconds from an event to the end of the next frame. */
const drawMs = (page, times = 8) => page.evaluate(async (count) => {
  let least = Infinity;
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    document.querySelector("#scroller").dispatchEvent(new Event("scroll")); // draws, as any message that arrives does
    await new Promise((next) => requestAnimationFrame(next)); // the page has drawn in a frame callback before this one
    document.querySelector("#log").getBoundingClientRect();
    least = Math.min(least, performance.now() - start);
    await new Promise((next) => setTimeout(next));
  }
  return least;
}, times);

const fold = (page, name) => page.locator("#log").getByRole("button", { name, exact: true });

test("a message of over 20 rows is folded; a button shows it whole, and folds it again", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/long`, "bob");
  fake.post("long", "ada", LINES);
  fake.post("long", "ada", "short");
  await fold(page, "Show all 60 lines").waitFor();
  const height = () => page.locator("#log .message").first().evaluate((row) => row.offsetHeight);
  assert.ok(await height() < 540, `${await height()}`);
  assert.match((await messages(page))[0], /row 20 of what a person has pasted…$/);
  const button = fold(page, "Show all 60 lines");
  assert.equal(await button.getAttribute("aria-expanded"), "false");
  await page.screenshot({ path: `${SCREENSHOTS}long-folded.png` });
  const topBefore = await page.locator("#log .message").first().evaluate((row) => row.getBoundingClientRect().top);
  await button.focus();
  await page.keyboard.press("Enter");
  await fold(page, "Show less").waitFor();
  assert.equal((await messages(page))[0], LINES);
  assert.ok(await height() > 1_300);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Show less", "the focus stays on the button");
  const topAfter = await page.locator("#log .message").first().evaluate((row) => row.getBoundingClientRect().top);
  assert.ok(Math.abs(topAfter - topBefore) <= 2, `the text grows downwards: ${topBefore} ${topAfter}`);
  fake.post("long", "eve", "another");
  await until(() => messages(page), (all) => all.length === 3);
  assert.equal((await messages(page))[0], LINES, "it stays whole while others write");
  await fold(page, "Show less").press("Space");
  await fold(page, "Show all 60 lines").waitFor();
  assert.ok(await height() < 540);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("one endless row, empty rows and very wide characters are folded as well", async () => {
  const context = await person(browser, { viewport: { width: 360, height: 640 } });
  const page = await enter(context, `${fake.url}/r/wide`, "bob");
  for (const text of ["w".repeat(4_000), `${"\n".repeat(4_000)}x`, `${"W".repeat(20)} `.repeat(30), "word ".repeat(300), "\u0e47\n".repeat(21)]) fake.post("wide", "eve", text);
  fake.post("wide", "eve", `above\n${"\n".repeat(100)}below`);
  fake.post("wide", "eve", `twenty rows${"\nrow".repeat(19)}`); // fits
  fake.post("wide", "eve", "`code` and `Z\u0301\u0335`");
  await until(() => messages(page), (all) => all.length === 8);
  await until(() => page.locator("#log .fold").count(), (count) => count === 6);
  const found = await page.locator("#log .message .text").evaluateAll((all) => all.map((text) => [text.offsetHeight <= 450, text.textContent.length]));
  assert.ok(found.every(([fits]) => fits), JSON.stringify(found));
  assert.equal((await messages(page)).at(-3), "above\n\nbelow…");
  await fold(page, "Show all").first().click();
  await until(() => messages(page), (all) => all[0] === "w".repeat(4_000));
  await page.getByRole("button", { name: /Jump to latest/ }).click();
  await page.setViewportSize({ width: 1_400, height: 800 });
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("markup in a folded message stays markup, and its block is copied whole", async () => {
  const context = await person(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const page = await enter(context, `${fake.url}/r/block`, "bob");
  fake.post("block", "ada", `**strong**\n\`\`\`\n${LINES}\n\`\`\`\n> quoted`);
  await fold(page, "Show all 64 lines").waitFor();
  assert.equal(await page.locator("#log strong").textContent(), "strong");
  assert.match(await page.locator("#log pre").textContent(), /^row 1 [^]*row 1[5-9] of what a person has pasted$/);
  assert.equal(await page.locator("#log blockquote").count(), 0);
  await fold(page, "Copy").click();
  await fold(page, "Copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), LINES);
  await context.close();
});

test("the link of a folded message shows it whole", async () => {
  const context = await person(browser);
  fake.post("linked", "ada", LINES);
  for (let i = 0; i < 40; i += 1) fake.post("linked", "ada", `line ${i}`);
  const page = await enter(context, `${fake.url}/r/linked`, "bob");
  await page.goto(`${fake.url}/r/linked#1`);
  await page.locator("#log .message.target.unfolded").waitFor();
  await fold(page, "Show less").waitFor();
  assert.equal((await messages(page))[0], LINES);
  await context.close();
});

for (const [what, post, reply] of [
  ["links that end with brackets, and replies to them", `http://x${")".repeat(4_088)}`, "x"], ["empty rows", `${"\n".repeat(4_000)}x`],
  ["rows", "a\n".repeat(2_000)], ["marks and mentions", "**a** ".repeat(66) + "bob".repeat(1_200)], ["links", "http://a.example/(b) ".repeat(190)],
  ["combining marks", `Z${"\u0335\u0489\u0301".repeat(680)}`],
]) {
  test(`260 hostile messages are drawn in at most 50 ms: ${what}`, async (t) => {
    const context = await person(browser);
    const room = what.split(" ")[0];
    for (let i = 0; i < 300; i += 1) fake.post(room, "eve", reply && i % 70 ? reply : post, reply && i % 70 ? { reply: i - (i % 70) + 1 } : {});
    const page = await enter(context, `${fake.url}/r/${room}`, `bob${room}`);
    const start = performance.now();
    await until(async () => {
      await page.evaluate(() => { document.querySelector("#scroller").scrollTop = 0; });
      return page.locator("#log .message").count();
    }, (count) => count >= 260, room);
    const loaded = performance.now() - start;
    const ms = await drawMs(page);
    t.diagnostic(`a draw ${ms.toFixed(1)} ms, the older ones loaded in ${loaded.toFixed(0)} ms`);
    assert.ok(ms <= 50, `${ms} ms`);
    assert.ok(loaded <= 4_000, `${loaded} ms`);
    assert.deepEqual(context.errors, []);
    await context.close();
  });
}
