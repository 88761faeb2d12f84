// Everything the page can do, with the keyboard alone: no pointer is moved in here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, live, person, withServer, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

/** Presses Tab until a control has the focus; fails if it is not reached. */
async function tabTo(page, name, key = "Tab") {
  const focused = () => page.evaluate(() => {
    const { id, textContent, ariaLabel } = document.activeElement;
    return [id, (ariaLabel ?? textContent.trim()).slice(0, 40)];
  });
  const seen = [];
  for (let presses = 0; presses < 60; presses += 1) {
    const [id, label] = await focused();
    if (id === name || label === name) return;
    seen.push(id || label);
    await page.keyboard.press(key);
  }
  assert.fail(`${name} was not reached: ${seen.join(", ")}`);
}

const enterKey = (page) => page.keyboard.press("Enter");
async function type(page, text) {
  await page.keyboard.type(text);
  await enterKey(page);
}

/** From the box to the buttons of the last message, then along them. */
async function doTo(page, act) {
  await page.locator("#log .actions").last().waitFor({ state: "attached" });
  for (let presses = 0; presses < 12 && !await page.locator(".actions button:focus").count(); presses += 1) await page.keyboard.press("Shift+Tab");
  for (let presses = 0; presses < 5 && !await page.locator(`.actions .${act}:focus`).count(); presses += 1) await page.keyboard.press("ArrowRight");
  await page.locator(`.actions .${act}:focus`).waitFor();
  await enterKey(page);
}

test("every feature works with the keyboard alone", async () => {
  const [mine, theirs] = [await person(browser, { viewport: { width: 1440, height: 800 }, permissions: ["clipboard-read", "clipboard-write"] }), await person(browser)];
  const other = await enter(theirs, `${server.url}/r/lobby`, "ada");
  const page = await mine.newPage();
  await page.goto(`${server.url}/r/lobby`);
  await type(page, "kay");
  await live(page);

  // Messages: sent, edited in two ways, replied to, linked, deleted.
  await type(page, "one");
  await shows(page, ["one"]);
  await page.keyboard.press("ArrowUp");
  await type(page, "!");
  await shows(page, ["one! edited"]);
  await doTo(page, "edit");
  await type(page, "?");
  await shows(page, ["one!? edited"]);
  await doTo(page, "reply");
  await type(page, "two");
  await page.locator(".quote").waitFor();
  await shows(page, ["one!? edited", "two"]);
  await doTo(page, "link");
  await page.locator("#hint", { hasText: "Link copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/r\/lobby#\d+$/);
  await page.keyboard.press("Escape");
  await tabTo(page, "box");
  await doTo(page, "delete");
  await enterKey(page);
  await shows(page, ["one!? edited", "deleted"]);
  await page.locator("#box:focus").waitFor();

  // Suggestions: a name by arrow and Enter, an emoji by arrow and Tab; then the message is sent.
  await page.keyboard.type("dear @ad");
  await page.getByRole("option", { name: "@ada" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await enterKey(page);
  await page.keyboard.type(":tad");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await enterKey(page);
  await shows(page, ["one!? edited", "deleted", "dear @ada 🎉"]);

  // Rooms: by the field, the picker, the arrows; topic; left by the button.
  await tabTo(page, "join-room");
  await type(page, "garden");
  await page.locator("#title", { hasText: "#garden" }).waitFor();
  await type(page, "/topic tomatoes");
  await page.locator("#topic", { hasText: "tomatoes" }).waitFor();
  await page.keyboard.press("Control+k");
  await type(page, "lob");
  await page.locator("#title", { hasText: "#lobby" }).waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.locator("#title", { hasText: "#garden" }).waitFor();
  await tabTo(page, "Leave #garden");
  await enterKey(page);
  await page.locator("#title", { hasText: "#lobby" }).waitFor();

  // Members: a direct message from the list.
  await tabTo(page, "Write to ada");
  await enterKey(page);
  await page.locator("#title", { hasText: "ada" }).waitFor();
  await type(page, "only you");
  await other.locator("#direct-list", { hasText: "kay" }).waitFor();
  await page.keyboard.press("Alt+ArrowUp");

  // Scrolling: up, and back to the newest by the button.
  for (let i = 1; i <= 60; i += 1) await other.locator("#box").fill(`line ${i}`).then(() => other.keyboard.press("Enter"));
  await page.getByText("line 60", { exact: true }).waitFor();
  await tabTo(page, "scroller", "Shift+Tab");
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("PageUp");
  await page.locator("#latest:not([hidden])").waitFor();
  await page.locator("#scroller:focus").waitFor();
  await tabTo(page, "latest");
  await enterKey(page);
  await until(() => page.evaluate(() => document.querySelector("#latest").hidden), (is) => is);

  // Own name: settings, key, rename.
  await tabTo(page, "open-settings");
  await enterKey(page);
  await tabTo(page, "set-mute");
  await page.keyboard.press("Space");
  await tabTo(page, "key-copy");
  await enterKey(page);
  await page.locator("#key-status", { hasText: "Key copied" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#room-list .secondary", { hasText: "muted" }).waitFor();
  await tabTo(page, "Change");
  await enterKey(page);
  await type(page, "kim");
  await page.locator("#me", { hasText: "kim" }).waitFor();

  // Offline: a message written, retried, and stored.
  await server.stop();
  await page.locator('#state[data-state="offline"]').waitFor();
  await tabTo(page, "box");
  await type(page, "while away");
  await page.locator("[data-state=pending]").waitFor();
  await server.start();
  const isLive = () => page.locator('#state[data-state="live"]').count();
  if (!await isLive() && await page.locator("#retry").isVisible()) await tabTo(page, "retry").then(() => enterKey(page), async (why) => assert.ok(await isLive(), why));
  await live(page);
  await page.locator('.message[data-state="stored"]', { hasText: "while away" }).waitFor();
  await page.locator("#scroller").focus();
  await page.keyboard.press("Shift+?");
  await page.locator("#shortcuts[open]").waitFor();
  await page.keyboard.press("Escape");
  for (const context of [mine, theirs]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});
