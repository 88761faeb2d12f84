// Scrolling: the view follows the newest message until the person scrolls up; then nothing moves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, withFakeServer, messages, person, until } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

/** The position of the first message in view, and how far the page is scrolled. */
const view = (page) => page.evaluate(() => {
  const scroller = document.querySelector("#scroller");
  const { top } = scroller.getBoundingClientRect();
  const first = [...document.querySelectorAll("#log .message")].find((row) => row.getBoundingClientRect().bottom > top);
  return {
    text: first?.querySelector(".text").textContent,
    at: Math.round((first?.getBoundingClientRect().top ?? 0) - top),
    below: Math.round(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight),
    rows: document.querySelectorAll("#log > *").length,
  };
});

const wheel = async (page, by) => {
  await page.locator("#scroller").hover();
  await page.mouse.wheel(0, by);
};

function fill(room, count) {
  for (let i = 1; i <= count; i += 1) {
    fake.post(room, ["ada", "eve", "zed"][Math.floor(i / 3) % 3], `line ${i}${i % 7 ? "" : " and more".repeat(40)}`);
  }
}

test("the view follows the newest message, and stays where the person scrolled", async () => {
  fill("read", 90);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/read`, "bob");
  await until(() => view(page), ({ below }) => below === 0);
  assert.equal(await page.locator("#log .new").count(), 0, "who comes for the first time has missed nothing");
  fill("read", 5);
  await until(() => view(page), ({ below, rows }) => below === 0 && rows > 95);
  await wheel(page, -900);
  const before = await until(() => view(page), ({ below }) => below > 800);
  fill("read", 12);
  await page.getByRole("button", { name: "12 new ↓ jump to latest" }).waitFor();
  const after = await view(page);
  assert.deepEqual([after.text, after.at], [before.text, before.at]);
  await page.setViewportSize({ width: 700, height: 600 });
  await until(() => view(page), ({ text }) => text === before.text);
  await page.locator("#log .new").waitFor();
  await page.getByRole("button", { name: /jump to latest/ }).click();
  await until(() => view(page), ({ below }) => below === 0);
  await page.locator("#latest").waitFor({ state: "hidden" });
  assert.deepEqual(context.errors, []);
  await context.close();
});

for (const [room, what, addition] of [
  ["old", "older pages load above without a jump, down to the beginning", () => ""],
  ["folded", "the same where half of the messages are folded, and higher or lower than estimated", (i) => (i % 2 ? "" : "\n".repeat(i % 3 ? 300 : 30) + "x ".repeat(i % 5 ? 10 : 1_500))],
]) test(what, async () => {
  for (let i = 1; i <= 450; i += 1) fake.post(room, ["ada", "eve", "zed"][Math.floor(i / 3) % 3], `line ${i}${i % 7 ? "" : " and more".repeat(40)}${addition(i)}`);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/${room}`, "bob");
  await until(() => view(page), ({ below, rows }) => below === 0 && rows > 100);
  await wheel(page, -1_500);
  await until(() => view(page), ({ below }) => below > 500);
  // Whatever loads above, the message in view moves only as far as the wheel moves it.
  for (let i = 0; i < 400; i += 1) {
    const before = await view(page);
    if (before.text === "line 1") break;
    await page.evaluate(() => {
      const scroller = document.querySelector("#scroller");
      const row = [...document.querySelectorAll("#log .message")].find((each) => each.getBoundingClientRect().bottom > scroller.getBoundingClientRect().top);
      globalThis.read = row.dataset.key;
      globalThis.readTop = row.getBoundingClientRect().top;
      globalThis.scrolled = scroller.scrollTop;
      scroller.scrollTop -= 400;
      globalThis.scrolled -= scroller.scrollTop;
    });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30))));
    const off = await page.evaluate(() => {
      const row = document.querySelector(`[data-key="${globalThis.read}"]`);
      return row ? Math.abs(row.getBoundingClientRect().top - globalThis.readTop - globalThis.scrolled) : 0;
    });
    assert.ok(off <= 2, `jumped by ${off} px`);
  }
  await page.getByText(`This is where #${room} begins.`).waitFor();
  assert.ok((await view(page)).rows < 500);
  await page.getByRole("button", { name: /[Jj]ump to latest/ }).click();
  await until(() => view(page), ({ below }) => below === 0);
  assert.equal((await messages(page)).at(-1).startsWith("line 450"), true);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("what was in view stays where it was scrolled, though a row above it, now in view too, turns out higher or lower", async () => {
  fill("late", 200);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/late`, "bob");
  await until(() => view(page), ({ below, rows }) => below === 0 && rows > 95);
  await wheel(page, -1_500);
  await until(() => view(page), ({ below }) => below > 500);
  for (const change of [45, -15, 90]) {
    for (const place of [0, 1, 3]) {
      const off = await page.evaluate(async ([height, skipped]) => {
        const scroller = document.querySelector("#scroller");
        const { top } = scroller.getBoundingClientRect();
        const firstInView = () => [...document.querySelectorAll("#log .message")].find((row) => row.getBoundingClientRect().bottom > top);
        const read = firstInView();
        const before = read.getBoundingClientRect().top;
        scroller.scrollTop -= 250;
        let late = firstInView();
        for (let i = 0; i < skipped; i += 1) late = late.nextElementSibling;
        if (!(late.compareDocumentPosition(read) & Node.DOCUMENT_POSITION_FOLLOWING)) throw new Error("no row above the one that was read");
        await new Promise((done) => requestAnimationFrame(done)); // the scroll event
        late.style.height = `${late.offsetHeight + height}px`;
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return read.getBoundingClientRect().top - before - 250;
      }, [change, place]);
      assert.ok(Math.abs(off) <= 1, `moved by ${off} px when row ${place} of the view grew by ${change} px`);
    }
  }
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a hundred thousand messages leave the page light and responsive", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/flood`, "bob");
  for (let i = 0; i < 100; i += 1) {
    fill("flood", 1_000);
    await new Promise((next) => setImmediate(next));
  }
  const { length } = fake.room("flood").records;
  await until(() => page.locator("#log .message").last().getAttribute("data-key"), (key) => key === `seq ${length}`, "the last line", 150_000);
  await until(() => page.evaluate(() => document.querySelectorAll("*").length), (count) => count <= 1_500);
  await page.locator("#box").fill("still alive");
  await page.locator("#box").press("Enter");
  await until(() => messages(page), (all) => all.at(-1) === "still alive");
  await context.close();
});

test("a hidden page counts unread messages in its title", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/title`, "bob");
  assert.equal(await page.title(), "title – Talk");
  const hide = (isHidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
  await hide(true);
  fill("title", 3);
  await until(() => page.title(), (title) => title === "(3) title – Talk");
  await hide(false);
  await until(() => page.title(), (title) => title === "title – Talk");
  await page.locator("#log .new").waitFor();
  await context.close();
});
