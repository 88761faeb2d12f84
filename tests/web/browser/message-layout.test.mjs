// Where things are in and around a message: its buttons cover nothing, and code scrolls inside of its row.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, post, SCREENSHOTS, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const LONG = "every line of this text is as wide as the page lets it be, so that it ends where the buttons and the time are shown ".repeat(4);

/** The width and height of a page, and how much larger it is shown: 640 × 400 is a page of 1280 × 800 at 200 %. */
const PAGES = [[1440, 900, 1], [1000, 700, 1], [640, 400, 2], [360, 740, 1], [320, 568, 1]];

/** The boxes of a message, each with its name: rows of text, name, time, buttons, and the button at the end of the list. */
const boxesOf = (row) => row.evaluate((message) => {
  const box = ({ left, top, right, bottom }) => ({ left, top, right, bottom });
  const range = document.createRange();
  range.selectNodeContents(message.querySelector(".text"));
  const named = (name, node) => (node && getComputedStyle(node).opacity === "1" && node.getClientRects().length ? [[name, box(node.getBoundingClientRect())]] : []);
  return {
    text: [...range.getClientRects()].map((each) => ["text", box(each)]),
    header: [...named("name", message.querySelector(".message-header .name")), ...named("time", message.querySelector("time"))],
    actions: named("buttons", message.querySelector(".actions")),
    latest: named("latest", document.querySelector("#latest")),
    scroller: box(document.querySelector("#scroller").getBoundingClientRect()),
  };
});

/** The names of those that overlap one of the others by more than half a pixel. */
const overlaps = (those, others) => those.flatMap(([name, a]) => others.filter(([, b]) => (
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5)).map(([other]) => `${name} covers ${other}`));

for (const [width, height, deviceScaleFactor] of PAGES) {
  for (const locale of ["en-GB", "en-US"]) {
    test(`the buttons of a message cover neither its text nor its time, nor the button at the end: ${width} px, ${locale}`, async () => {
      const context = await person(browser, { viewport: { width, height }, deviceScaleFactor, locale });
      const room = `bar-${width}-${locale.toLowerCase()}`;
      for (let i = 0; i < 30; i += 1) fake.post(room, "ada", `before ${i}`);
      fake.post(room, "Margarethe-von-der-Aue", LONG);
      for (let i = 0; i < 2; i += 1) fake.post(room, "bob", LONG);
      fake.post(room, "ada", LONG);
      for (let i = 0; i < 8; i += 1) fake.post(room, "ada", `after ${i}`);
      const page = await enter(context, `${fake.url}/r/${room}`, "bob");
      await until(() => messages(page), (all) => all.length === 42);
      await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop -= scroller.clientHeight));
      await page.locator("#latest").waitFor();
      for (const at of [30, 31, 32, 33]) {
        const row = page.locator("#log .message").nth(at);
        await row.evaluate((message) => message.scrollIntoView({ block: "center" }));
        await page.locator("#box").hover();
        await row.hover({ position: { x: 60, y: 20 } });
        await row.locator(".actions").waitFor();
        const { text, header, actions, latest } = await boxesOf(row);
        assert.equal(actions.length, 1);
        assert.ok(header.some(([name]) => name === "time"), "the time is shown");
        assert.deepEqual(overlaps(actions, [...text, ...header, ...latest]), [], `message ${at}`);
        assert.deepEqual(overlaps(header, text), [], `message ${at}`);
        assert.ok(actions[0][1].left >= 0 && actions[0][1].right <= width, "all of it is on the page");
      }
      await page.screenshot({ path: `${SCREENSHOTS}buttons-${width}.png` });
      // The last message in view, whose buttons are next to the button at the end.
      await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop -= 0.7 * scroller.clientHeight));
      await page.locator("#latest").waitFor();
      const lowest = await page.locator("#log .message").evaluateAll((all) => {
        const { bottom } = document.querySelector("#scroller").getBoundingClientRect();
        const { left, top } = all.map((row) => row.getBoundingClientRect()).findLast((box) => box.top < bottom - 1);
        return [left + 60, Math.min(top + 3, bottom - 1)];
      });
      await page.mouse.move(...lowest, { steps: 2 });
      await page.locator("#log .message:hover .actions").waitFor();
      const { actions, latest, scroller } = await boxesOf(page.locator("#log .message:hover"));
      assert.equal(latest.length, 1);
      assert.deepEqual(overlaps(latest, [...actions, ["messages", scroller]]), []);
      await context.close();
    });
  }
}

test("the buttons of a message whose beginning is out of view are in view", async () => {
  const context = await person(browser);
  for (let i = 0; i < 3; i += 1) fake.post("high", "ada", "row\n".repeat(60).trim());
  const page = await enter(context, `${fake.url}/r/high`, "bob");
  await page.getByRole("button", { name: "Show all 60 lines" }).nth(1).click();
  const row = page.locator("#log .message.unfolded");
  await row.evaluate((message) => message.scrollIntoView({ block: "center" }));
  await page.locator("#scroller").hover();
  await row.getByRole("button", { name: /^Reply/ }).waitFor();
  const { actions, scroller } = await boxesOf(row);
  assert.ok(actions[0][1].top >= scroller.top && actions[0][1].bottom < scroller.top + 60, JSON.stringify(actions)); // below the day, which stays at the top
  await row.getByRole("button", { name: /^Reply/ }).click();
  await page.getByText("Replying to").waitFor();
  await context.close();
});

test("on a phone a tap shows the buttons and the time, and neither covers the text", async () => {
  const context = await person(browser, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  for (let i = 0; i < 3; i += 1) fake.post("tap", "ada", LONG);
  const page = await enter(context, `${fake.url}/r/tap`, "bob");
  const row = page.locator("#log .message").last();
  await row.locator(".text").tap();
  await row.getByRole("button", { name: /^Reply/ }).waitFor();
  const { text, header, actions } = await boxesOf(row);
  assert.equal(header.length, 1, "the time");
  assert.deepEqual(overlaps([...actions, ...header], text), []);
  await page.screenshot({ path: `${SCREENSHOTS}buttons-phone.png` });
  await context.close();
});

test("long lines of code scroll inside of their row, also with the keyboard; the row keeps its width and its limit", async () => {
  for (const width of [1000, 320]) {
    const context = await person(browser, { viewport: { width, height: 700 } });
    const room = `code-${width}`;
    fake.post(room, "ada", `see:\n\`\`\`\n${"long line ".repeat(60)}\nshort\n\`\`\`\nthat is all`);
    fake.post(room, "ada", `\`\`\`\n${`${"w".repeat(90)}\n`.repeat(19)}\`\`\``);
    const page = await enter(context, `${fake.url}/r/${room}`, "bob");
    await until(() => messages(page), (all) => all.length === 2);
    const code = page.getByRole("group", { name: "Code" });
    assert.equal(await code.first().evaluate((pre) => Math.round(pre.querySelector("code").getBoundingClientRect().height / parseFloat(getComputedStyle(pre.querySelector("code")).lineHeight))), 2, "no line is wrapped");
    assert.ok(await code.first().evaluate((pre) => pre.scrollWidth > pre.clientWidth));
    const sizes = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth, list: document.querySelector("#scroller").scrollWidth - document.querySelector("#scroller").clientWidth,
      rows: [...document.querySelectorAll("#log .message .text")].map((text) => [text.scrollWidth <= text.clientWidth, text.offsetHeight <= 450]),
    }));
    assert.deepEqual(sizes, { page: width, list: 0, rows: [[true, true], [true, true]] });
    await page.locator("#scroller").focus();
    for (let presses = 0; presses < 4 && !await page.locator("pre:focus").count(); presses += 1) await page.keyboard.press("Tab");
    await page.locator("pre:focus").waitFor();
    assert.notEqual(await page.locator("pre:focus").evaluate((pre) => getComputedStyle(pre).outlineStyle), "none");
    await page.keyboard.press("ArrowRight");
    await until(() => code.first().evaluate((pre) => pre.scrollLeft), (left) => left > 0);
    await page.screenshot({ path: `${SCREENSHOTS}code-${width}.png` });
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("the connection state is a word on every page", async () => {
  for (const [width, height] of PAGES) {
    const context = await person(browser, { viewport: { width, height } });
    const page = await enter(context, `${fake.url}/r/word`, "bob");
    await post(page, "/topic a topic that is far too long for the header of any phone, whatever its size may be");
    const state = page.locator("#state");
    assert.equal(await state.textContent(), "live");
    const { font, box } = await state.evaluate((element) => ({ font: parseFloat(getComputedStyle(element).fontSize), box: element.getBoundingClientRect() }));
    assert.ok(font >= 12 && box.width > 30 && box.right <= width, `${width}: ${font} ${box.width}`);
    await context.close();
  }
});
