// Going to any message, day or time: the page loads what is around it, and nothing between it and the newest.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WebSocket } from "ws";
import { FakeServer } from "../fake_server.mjs";
import { enter, live, messages, person, post, until, withServer } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0", "--sync", "interval"]);
const fake = await FakeServer.start();
after(() => fake.stop());

const COUNT = Number(process.env.TALK_WEB_RECORDS ?? 100_000);

/** A client of the server that posts. */
async function writer(room) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
  await new Promise((done) => socket.once("open", done));
  const send = (message) => socket.send(JSON.stringify(message));
  send({ type: "hello", user: "ada", join: [{ room, since: "now" }] });
  let sent = 0;
  /** Posts `line N`, and so on, as fast as the server accepts them. */
  const say = (count) => new Promise((done) => {
    const last = sent + count;
    const more = () => {
      for (const end = Math.min(sent + 500, last); sent < end;) send({ type: "post", room, cid: `c${++sent}`, text: `line ${sent}` });
    };
    socket.on("message", function received(data) {
      const { type, seq } = JSON.parse(data);
      if (type !== "post" || seq !== sent) return;
      if (seq < last) return more();
      socket.off("message", received);
      done();
    });
    more();
  });
  return { say, close: () => socket.close() };
}

/** Waits until the message with this text is in view. */
async function inView(page, text) {
  await until(() => page.evaluate((wanted) => {
    const room = document.querySelector("#scroller").getBoundingClientRect();
    return [...document.querySelectorAll("#log .message")].some((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return row.querySelector(".text").textContent === wanted && top >= room.top && bottom <= room.bottom;
    });
  }, text), (isThere) => isThere, `${text} in view`);
}

/** The numbers of the messages in the document: none may be missing between them. */
async function numbers(page) {
  const all = (await messages(page)).map((text) => Number(/\d+$/.exec(text)?.[0]));
  for (let i = 1; i < all.length; i += 1) assert.equal(all[i], all[i - 1] + 1, `${all}`);
  return all;
}

test("any of 100,000 messages is shown at once, and from there it goes on in both directions", { timeout: 240_000 }, async (t) => {
  const ada = await writer("lobby");
  const filled = performance.now();
  await ada.say(COUNT);
  t.diagnostic(`${COUNT} messages posted in ${((performance.now() - filled) / 1_000).toFixed(1)} s`);
  const context = await person(browser);
  context.setDefaultTimeout(30_000);
  const page = await enter(context, `${server.url}/r/lobby`, "bob");
  await inView(page, `line ${COUNT}`);

  for (const [typed, text] of [["/goto 1", "line 1"], [`/goto #${COUNT / 2}`, `line ${COUNT / 2}`], [`/goto ${COUNT - 10}`, `line ${COUNT - 10}`], ["/goto today", "line 1"], ["/goto 1", "line 1"]]) {
    const start = performance.now();
    await post(page, typed);
    await inView(page, text);
    const ms = performance.now() - start;
    t.diagnostic(`${typed}: ${ms.toFixed(0)} ms`);
    assert.ok(ms < 5_000, `${typed} took ${ms} ms: it loads the messages between`);
  }
  assert.equal((await numbers(page))[0], 1);
  await page.getByText("This is where #lobby begins.").waitFor();

  // Down from there: the messages follow one another, and those that come meanwhile are counted.
  await ada.say(3);
  await page.getByRole("button", { name: "3 new ↓ jump to latest" }).waitFor();
  for (let last = 0; last < 600;) {
    await page.evaluate(() => {
      const scroller = document.querySelector("#scroller");
      scroller.scrollTop += 600;
    });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    last = Math.max(last, (await numbers(page)).at(-1));
  }
  // And up again.
  for (let first = Infinity; first > 1;) {
    await page.evaluate(() => (document.querySelector("#scroller").scrollTop -= 1_500));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    [first] = await numbers(page);
  }
  await page.getByRole("button", { name: "3 new ↓ jump to latest" }).click();
  await inView(page, `line ${COUNT + 3}`);
  assert.equal(await page.locator("#latest").isVisible(), false);
  assert.equal((await numbers(page)).at(-1), COUNT + 3);
  await ada.say(1);
  await inView(page, `line ${COUNT + 4}`);

  // A link does the same, and a reload.
  await page.goto(`${server.url}/r/lobby#777`);
  await page.reload();
  await live(page);
  await inView(page, "line 777");
  ada.close();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("scrolled down to the newest messages, the page follows them again", async () => {
  for (let i = 1; i <= 500; i += 1) fake.post("meet", "ada", `line ${i}`);
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/meet`, "bob");
  await post(page, "/goto 100");
  await inView(page, "line 100");
  fake.post("meet", "ada", "line 501");
  while (await page.locator("#latest").isVisible()) {
    await page.evaluate(() => (document.querySelector("#scroller").scrollTop += 900));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    await numbers(page);
  }
  await inView(page, "line 501");
  fake.post("meet", "ada", "line 502");
  await inView(page, "line 502");
  assert.deepEqual(context.errors, []);
  await context.close();
});

/** Noon of a day, so many days ago. */
const noon = (daysAgo) => {
  const today = new Date();
  return Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() - daysAgo, 12);
};

const isoDay = (daysAgo) => new Date(noon(daysAgo)).toISOString().slice(0, 10);

/** The text of the rule of the day that is at the top of the view. */
const dayAtTop = (page) => page.evaluate(() => {
  const { left, width, top } = document.querySelector("#scroller").getBoundingClientRect();
  return document.elementsFromPoint(left + width / 2, top + 6).find((element) => element.closest(".day"))?.closest(".day").textContent ?? null;
});

for (let day = 20; day >= 1; day -= 1) for (let i = 1; i <= 60; i += 1) fake.post("days", "ada", `day ${day} line ${i}`, { at: noon(day) + i * 60_000 });

test("a day or a time is gone to, and its date stays at the top while the page scrolls", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/days`, "bob");
  await inView(page, "day 1 line 60");
  assert.equal(await dayAtTop(page), "Yesterday");
  await post(page, `/goto ${isoDay(9)}`);
  await inView(page, "day 9 line 1");
  assert.match(page.url(), /\/r\/days#661$/, "the address is that of the message");
  await post(page, `/goto ${isoDay(9)} 12:30`);
  await inView(page, "day 9 line 30");
  const ninth = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" }).format(noon(9));
  const year = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" }).format(noon(9));
  const expected = new Date(noon(9)).getUTCFullYear() === new Date().getUTCFullYear() ? ninth : year;
  assert.equal(await dayAtTop(page), expected);
  await post(page, "/goto yesterday");
  await inView(page, "day 1 line 1");
  await post(page, "/goto 1970-01-05");
  await inView(page, "day 20 line 1");
  await post(page, "/goto today");
  await page.locator("#hint", { hasText: /^There are no messages in #days since / }).waitFor();
  await inView(page, "day 20 line 1");
  await post(page, "/goto soon");
  await page.locator("#hint", { hasText: "Usage: /goto NUMBER|DATE" }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("an old message says what it says now, though the edit is far away", async () => {
  for (let i = 1; i <= 900; i += 1) fake.post("edited", "ada", `line ${i}`);
  fake.rooms.get("edited").records[450] = { ...fake.rooms.get("edited").records[450], type: "edit", target: 3, text: "line 3, corrected" };
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/edited`, "bob");
  await post(page, "/goto 3");
  await page.locator("#log .message", { hasText: "line 3, corrected edited" }).waitFor();
  await context.close();
});

test("a server that knows no times is named as the reason; numbers work there", async () => {
  fake.isNew = false;
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/days`, "bob");
  await post(page, `/goto ${isoDay(9)}`);
  await page.locator("#hint", { hasText: "This server is too old to go to a day or a time" }).waitFor();
  assert.equal(await page.locator("#latest").isVisible(), false);
  await post(page, "/goto 661");
  await inView(page, "day 9 line 1");
  fake.isNew = true;
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a place that is being loaded when the connection breaks is shown once there is another", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/days`, "bob");
  fake.instead = (message) => (message.type === "history" ? null : undefined);
  await post(page, "/goto 100");
  await until(() => fake.received.some(({ type, after: seq }) => type === "history" && seq === 99), (isSent) => isSent);
  fake.instead = () => undefined;
  fake.cut();
  await inView(page, "day 19 line 40");
  await context.close();
});
