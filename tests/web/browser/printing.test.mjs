// Printing: paper gets the whole conversation that is loaded, with dates, and nothing else of the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
const DAY_MS = 86_400_000;
const LONG = Array.from({ length: 40 }, (_, i) => `row ${i + 1}`).join("\n");
for (let i = 1; i <= 399; i += 1) fake.post("paper", ["ada", "eve"][i % 2], `line ${i}`, { at: Date.now() - (i < 200 ? DAY_MS : 0) });
fake.post("paper", "ada", LONG);
fake.topics.set("paper", `A topic that is wider than any page: ${"release plan ".repeat(15)}`.trim());

/** A page with all 400 messages loaded; the document has only those near the view. */
async function loadAll() {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/paper`, "bob");
  await until(() => messages(page), (all) => all.length === 100);
  await until(async () => {
    await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
    return page.locator("#log").textContent();
  }, (text) => text.includes("This is where #paper begins."), "the oldest message");
  return { context, page };
}

test("all loaded messages are printed whole, with dates, without the side bar and the input box", async () => {
  const { context, page } = await loadAll();
  assert.ok((await messages(page)).length < 400);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const seen = await page.evaluate(() => {
    const isClipped = (element) => element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
    return {
      texts: [...document.querySelectorAll("#log .message .text")].map((text) => text.textContent),
      clipped: [...document.querySelectorAll("#log .text, #topic, #title, #scroller, #conversation, body")].filter(isClipped).map((each) => each.id || each.className),
      days: [...document.querySelectorAll("#log .day")].map((day) => day.textContent),
      shown: ["#rooms", "#members", "#composer", "#state", "#notices", "#open-members", ".actions", ".fold", "#title", "#topic"]
        .filter((selector) => [...document.querySelectorAll(selector)].some((each) => each.checkVisibility())),
      height: document.documentElement.scrollHeight,
    };
  });
  assert.equal(seen.texts.length, 400);
  assert.equal(seen.texts[0], "line 1");
  assert.equal(seen.texts.at(-1), LONG);
  assert.deepEqual(seen.clipped, []);
  const date = (at) => new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" }).format(at);
  assert.deepEqual(seen.days, [date(Date.now() - DAY_MS), date(Date.now())]);
  assert.deepEqual(seen.shown, ["#title", "#topic"]);
  assert.ok(seen.height > 400 * 15, `${seen.height}`);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the browser's own printing makes pages of it, and the screen then shows what it showed", async () => {
  const { context, page } = await loadAll();
  const shown = () => page.evaluate(() => {
    const scroller = document.querySelector("#scroller");
    const top = scroller.getBoundingClientRect().top;
    const first = [...document.querySelectorAll("#log .message")].find((row) => row.getBoundingClientRect().bottom > top);
    return `${document.querySelectorAll("#log .message").length} ${first.querySelector(".text").textContent} ${Math.round(first.getBoundingClientRect().top)}`;
  });
  await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop += 1_500));
  let before = "";
  await until(shown, (now) => now === before || !(before = now), "the view rests");
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  const pages = [...pdf.matchAll(/\/Type\s*\/Page\b/g)].length;
  assert.ok(pages >= 6, `${pages} pages`); // 400 messages of at least 15 px; a page has less than 1,000
  await until(shown, (now) => now === before, before);
  assert.equal(await page.locator("#log .day").last().textContent(), "Today");
  assert.deepEqual(context.errors, []);
  await context.close();
});
