// What a screen reader announces of the messages: each new one, once, and none of the old ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, live, messages, person, post, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
for (let i = 1; i <= 400; i += 1) fake.post("long", ["ada", "eve"][i % 2], `line ${i}`);
for (let i = 1; i <= 10; i += 1) fake.post("other", "ada", `other ${i}`);

/** Collects what is inserted into a live region, as a screen reader would. */
const LISTEN = () => {
  globalThis.announced = [];
  const IMPLIED = { alert: "assertive", status: "polite", log: "polite" };
  const liveOf = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const live = each.getAttribute("aria-live") ?? IMPLIED[each.getAttribute("role")];
      if (live) return live;
    }
    return "off";
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (!(target instanceof Element)) continue; // the document itself
      for (const node of addedNodes) {
        const region = node instanceof Element && node.getAttribute("role") === "alert" ? node : target;
        // The hint and the state of the connection are announced too; they are no messages.
        if (liveOf(region) !== "off" && !region.closest("#state, #hint, .below")) globalThis.announced.push(node.textContent);
      }
    }
  }).observe(document, { childList: true, subtree: true });
};

async function listen(path, name) {
  const context = await person(browser);
  await context.addInitScript(LISTEN);
  const page = await enter(context, `${fake.url}${path}`, name);
  return { context, page };
}

/** What was announced since the last time. */
const announced = (page) => page.evaluate(() => globalThis.announced.splice(0).filter((text) => text.trim()));
const hears = (page, wanted) => {
  const all = [];
  return until(async () => all.push(...await announced(page)) && all, () => JSON.stringify(all) === JSON.stringify(wanted), JSON.stringify(wanted));
};
const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

test("entering, scrolling back, following a link and switching rooms announce no message", async () => {
  const { context, page } = await listen("/r/long", "bob");
  await until(() => messages(page), (all) => all.length === 100);
  for (let loaded = 100; loaded < 250;) {
    await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
    loaded = (await until(() => messages(page), (all) => all.length > loaded)).length;
  }
  await post(page, "/join other");
  await until(() => messages(page), (all) => all.length === 10);
  await page.getByRole("link", { name: "#long" }).click();
  await until(() => messages(page), (all) => all.length > 100);
  await page.evaluate(() => (location.hash = "#20"));
  await page.locator(".message.target", { hasText: "line 20" }).waitFor();
  await frames(page);
  assert.deepEqual(await announced(page), []);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a new message is announced once, wherever the view is, and one's own is not", async () => {
  const { context, page } = await listen("/r/other", "cat");
  await until(() => messages(page), (all) => all.length === 10);
  fake.post("other", "ada", "hello **there**");
  await hears(page, ["ada: hello there"]);
  fake.post("other", "eve", "cat, lunch?");
  fake.post("other", "eve", "waits", { kind: "me" });
  await hears(page, ["mentions you: eve: cat, lunch?", "eve waits"]);
  await post(page, "mine");
  await page.locator("#log .message[data-state=stored]", { hasText: "mine" }).waitFor();
  fake.post("other", "ada", "an edit", { type: "edit", target: 11 });
  await page.locator("#log .message", { hasText: "an edit" }).waitFor();
  await frames(page);
  assert.deepEqual(await announced(page), []);
  assert.equal(await page.locator("#announcements", { hasText: "hello there" }).count(), 0, "what was edited or deleted is not kept in hiding");
  await post(page, "/help nick");
  await hears(page, ["/nick NAME – change your name"]);
  await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  fake.post("other", "ada", "below the view");
  await hears(page, ["ada: below the view"]);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("what was missed while offline is announced, and many messages by their number", async () => {
  const { context, page } = await listen("/r/gap", "dan");
  fake.post("gap", "ada", "before");
  await hears(page, ["ada: before"]);
  await fake.stop();
  await page.locator('#state[data-state="offline"]').waitFor();
  fake.post("gap", "ada", "meanwhile");
  await fake.listen(fake.port);
  await live(page);
  await hears(page, ["ada: meanwhile"]);
  await fake.stop();
  await page.locator('#state[data-state="offline"]').waitFor();
  for (let i = 0; i < 30; i += 1) fake.post("gap", "ada", `more ${i}`);
  await fake.listen(fake.port);
  await live(page);
  await hears(page, ["30 new messages"]);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a message that was refused is announced once, and not again when its room comes back", async (t) => {
  const { context, page } = await listen("/r/other", "fay");
  await until(() => messages(page), (all) => all.length > 10);
  fake.instead = ({ type, cid }) => (type === "post" ? { type: "error", code: "storage", message: "the disk is full", cid } : undefined);
  t.after(() => (fake.instead = () => undefined));
  await post(page, "lost");
  await hears(page, ["Not sent: the disk is full"]);
  await post(page, "/join long");
  await until(() => messages(page), (all) => all.length === 100);
  await page.getByRole("link", { name: "#other" }).click();
  await page.locator("#log .failure").waitFor();
  await frames(page);
  assert.deepEqual(await announced(page), []);
  await context.close();
});
