// The composer: markup, completion, input history, and the byte counter.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { enter, person, SCREENSHOTS, post, withServer, Server, until } from "./harness.mjs";

const WORDS = [
  "run `cargo test --test it` **before** you push, *please*: snake_case and 2*3*4 stay",
  "> who restarts the server?\n> it is noon\nI do:\n```sh\nfor host in one two; do\n\tssh \"$host\" restart\ndone\n```\nthat is **all** :tada:",
];

const { browser, server } = await withServer(["--rate", "0"]);

for (const colorScheme of ["light", "dark"]) {
  test(`markup is rendered, and is source text in an edit: ${colorScheme}`, async () => {
    const context = await person(browser, { viewport: { width: 320, height: 640 }, colorScheme, deviceScaleFactor: 2 });
    const page = await enter(context, `${server.url}/r/${colorScheme}`, colorScheme);
    for (const text of WORDS) await post(page, text);
    const line = page.locator("#log .message[data-state=stored]");
    await until(() => line.count(), (count) => count === 2);
    const parts = (nth, tag) => line.nth(nth).locator(`.text ${tag}`).allTextContents();
    assert.deepEqual(await parts(0, "code"), ["cargo test --test it"]);
    assert.deepEqual([await parts(0, "strong"), await parts(0, "em")], [["before"], ["please"]]);
    assert.match(await line.first().textContent(), /snake_case and 2\*3\*4 stay/);
    assert.deepEqual(await parts(1, "blockquote"), ["who restarts the server?\nit is noon"]);
    assert.deepEqual(await parts(1, "pre"), ["for host in one two; do\n\tssh \"$host\" restart\ndone"]);
    assert.match(await line.nth(1).textContent(), /that is all 🎉/);
    await page.screenshot({ path: `${SCREENSHOTS}${colorScheme}-320-marks.png` });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.locator("#box").press("ArrowUp");
    assert.equal(await page.locator("#box").inputValue(), WORDS[1], "with its marks");
    assert.deepEqual(context.errors, []);
    await context.close();
  });
}

test("a code block is copied by its button, with the keyboard, and without the clipboard API", async () => {
  const context = await person(browser);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await enter(context, `${server.url}/r/copy`, "cora");
  await post(page, "```\none  *two*\n\tthree\n```");
  await page.locator('.message[data-state="stored"]').waitFor(); // its row is built again then
  const copy = page.locator("#log").getByRole("button", { name: "Copy", exact: true });
  const pasted = () => page.evaluate(() => navigator.clipboard.readText());
  await copy.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await pasted(), "one  *two*\n\tthree");
  await page.evaluate(() => {
    navigator.clipboard.writeText("");
    navigator.clipboard.writeText = undefined;
  });
  await copy.click();
  await until(pasted, (text) => text === "one  *two*\n\tthree", "for what was copied");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("Tab completes the latest author, rooms, commands and emoji, and leaves the box where nothing matches", async () => {
  const [context, others] = [await person(browser), await person(browser)];
  const page = await enter(context, `${server.url}/r/tabs`, "tess");
  for (const [user, text] of [["adam", "first"], ["adele", "second"]]) {
    const other = await enter(others, `${server.url}/r/tabs`, user);
    await post(other, text);
    await page.locator("#log .message", { hasText: text }).waitFor();
    await other.evaluate(() => { localStorage.clear(); sessionStorage.clear(); });
    await other.close();
  }
  const box = page.locator("#box");
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
    return box.inputValue();
  };
  const focused = () => page.evaluate(() => document.activeElement.id);
  await box.fill("ad");
  assert.equal(await press("Tab"), "adele: ");
  assert.equal(await page.locator("#hint").textContent(), "adele, 1 of 2. Tab: adam");
  assert.equal(await press("Tab"), "adam: ");
  assert.equal(await press("Escape"), "ad");
  assert.equal(await focused(), "box", "what was closed is the completion");
  await press("Tab");
  await page.keyboard.type("look, ada");
  assert.equal(await press("Tab"), "adele: look, adam ");
  await box.fill("so :tad");
  assert.equal(await press("Tab"), "so :tada: ");
  assert.equal(await page.locator("#hint").textContent(), "🎉 :tada:");
  assert.equal(await press("Enter"), "");
  await page.locator("#log .message", { hasText: "so 🎉" }).waitFor();
  await box.fill("/jo");
  assert.equal(await press("Tab"), "/join ");
  await page.keyboard.type("ta");
  assert.equal(await press("Tab"), "/join tabs ");
  await press("Tab");
  assert.notEqual(await focused(), "box", "nothing fits after a space");
  await box.fill("ad");
  await press("Shift+Tab");
  assert.notEqual(await focused(), "box", "Shift+Tab goes backwards, whatever fits");
  assert.equal(await box.inputValue(), "ad");
  for (const each of [context, others]) {
    assert.deepEqual(each.errors, []);
    await each.close();
  }
});

test("Ctrl and the arrows recall what was sent, and then the draft", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/back`, "rec");
  for (const text of ["one", "two"]) await post(page, text);
  const box = page.locator("#box");
  await box.fill("a draft");
  const seen = [];
  for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"]) {
    await box.press(`Control+${key}`);
    seen.push(await box.inputValue());
  }
  assert.deepEqual(seen, ["two", "one", "one", "two", "a draft", "a draft"]);
  await post(page, "/join elsewhere");
  await until(() => page.locator("#title").textContent(), (title) => title === "#elsewhere");
  await box.press("Control+ArrowUp");
  assert.equal(await box.inputValue(), "", "another room has nothing of it");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("near the limit bytes are counted in UTF-8, and a longer message is refused with a reason and kept", async (t) => {
  const small = await Server.start(["--max-text", "100"]);
  t.after(() => small.stop());
  for (const colorScheme of ["light", "dark"]) {
    const context = await person(browser, { viewport: { width: 320, height: 640 }, colorScheme, deviceScaleFactor: 2 });
    const page = await enter(context, small.url, colorScheme);
    const box = page.locator("#box");
    const counter = () => page.locator("#bytes-left").textContent();
    await box.fill("é".repeat(43));
    assert.equal(await counter(), "");
    await box.fill("é".repeat(44));
    assert.equal(await counter(), "12 bytes left");
    assert.equal(await page.locator("#length-status").textContent(), "Near the length limit");
    await box.fill("é".repeat(50));
    assert.equal(await counter(), "0 bytes left");
    await box.fill(`/me ${"é".repeat(50)}`);
    assert.equal(await counter(), "0 bytes left", "the command does not travel");
    await box.fill("é".repeat(50) + "a");
    assert.equal(await counter(), "1 byte too many");
    assert.equal(await page.locator("#length-status").textContent(), "Too long to send");
    assert.equal(await box.getAttribute("aria-invalid"), "true");
    await box.press("Enter");
    await page.locator("#hint.bad", { hasText: "Not sent: 1 byte too many." }).waitFor();
    assert.equal((await box.inputValue()).length, 51);
    await page.screenshot({ path: `${SCREENSHOTS}${colorScheme}-320-full.png` });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await box.press("Backspace");
    assert.equal(await page.locator("#hint").textContent(), "");
    await box.press("Enter");
    await page.locator("#log .message", { hasText: "é".repeat(50) }).last().waitFor();
    assert.equal(await counter(), "");
    assert.equal(await page.locator("#length-status").textContent(), "");
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("a search finds messages, and each result leads to its message", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/lost`, "sue");
  for (let i = 1; i <= 60; i += 1) await post(page, i === 3 ? "the *red* lid <b>here</b>" : `hay ${i}`);
  await page.getByText("hay 60", { exact: true }).waitFor();
  await post(page, "/search");
  await page.locator("#hint.bad", { hasText: "Usage: /search WORDS" }).waitFor();
  await post(page, "/search RED* LID");
  await page.locator("#log").getByText("1 message with “RED* LID”:").waitFor();
  await page.locator(".note .quote", { hasText: "sue the red lid <b>here</b>" }).click();
  await page.locator(".message.target", { hasText: "the red lid" }).waitFor();
  await post(page, "/search needle");
  await page.locator("#log").getByText("No messages with “needle”").waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});
