// Shortcuts: the room picker, the previous and next room, the list of shortcuts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, withFakeServer, live, person, SCREENSHOTS, post, until } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const title = (page, text) => page.locator("#title").getByText(text, { exact: true }).waitFor();
const focused = (page) => page.evaluate(() => document.activeElement.id);

test("Ctrl+K filters rooms and people, arrows and Enter choose, Esc cancels", async () => {
  const [bob, ada] = [await person(browser), await person(browser)];
  const page = await enter(bob, `${fake.url}/r/lobby`, "bob");
  await enter(ada, `${fake.url}/r/lobby`, "ada");
  await post(page, "/join rust");
  await title(page, "#rust");
  await page.locator("#box").fill("half a thought");
  await page.keyboard.press("Control+k");
  assert.equal(await focused(page), "picker-input");
  await page.keyboard.type("!?");
  await page.getByText("No room or person matches").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.locator("#room-picker").waitFor({ state: "hidden" });
  assert.equal(await focused(page), "box");
  assert.equal(await page.locator("#box").inputValue(), "half a thought");

  await page.keyboard.press("Control+k");
  const selected = () => page.locator("#picker-list [aria-selected=true] bdi").textContent();
  await until(selected, (label) => label === "#lobby");
  await page.keyboard.press("ArrowDown");
  assert.equal(await selected(), "ada");
  assert.equal(await page.locator("#picker-input").getAttribute("aria-activedescendant"), "choice-1");
  await page.screenshot({ path: `${SCREENSHOTS}switcher.png`, animations: "disabled" });
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await title(page, "#lobby");
  assert.equal(await focused(page), "box");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("AD");
  await page.keyboard.press("Enter");
  await title(page, "ada");
  await page.getByRole("button", { name: "Go to…" }).click();
  await page.keyboard.type("brand-new");
  await page.getByRole("option", { name: "#brand-new" }).click();
  await title(page, "#brand-new");
  await live(page);
  for (const context of [bob, ada]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("Alt and the arrows go through the rooms", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/one`, "cat");
  await post(page, "/join two");
  await title(page, "#two");
  await page.keyboard.press("Alt+ArrowUp");
  await title(page, "#one");
  await page.keyboard.press("Alt+ArrowDown");
  await title(page, "#two");
  await context.close();
});

test("? outside of the box, or the button, shows the shortcuts and types nothing", async () => {
  const context = await person(browser, { viewport: { width: 320, height: 568 } });
  const page = await enter(context, `${fake.url}/r/sheet`, "dee");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await page.locator("#box").pressSequentially("why?");
  assert.equal(await sheet.isVisible(), false);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await sheet.waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}keys.png`, animations: "disabled" });
  await page.keyboard.type("x");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  assert.equal(await page.locator("#box").inputValue(), "why?");
  await page.getByRole("button", { name: "Rooms" }).click();
  await page.getByRole("button", { name: "Shortcuts" }).click();
  await sheet.waitFor();
  assert.equal(await page.locator("#rooms:popover-open").count(), 0);
  await sheet.getByRole("button", { name: "Close" }).click();
  await sheet.waitFor({ state: "hidden" });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  assert.deepEqual(context.errors, []);
  await context.close();
});
