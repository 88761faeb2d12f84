// What one writes with, and how it is shown: marks, and what the box completes, remembers, counts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, launch, person, PICTURES, say, Server, until } from "./house.mjs";

const WORDS = [
  "run `cargo test --test it` **before** you push, *please*: snake_case and 2*3*4 stay",
  "> who restarts the server?\n> it is noon\nI do:\n```sh\nfor host in one two; do\n\tssh \"$host\" restart\ndone\n```\nthat is **all** :tada:",
];

let browser;
let server;

before(async () => {
  browser = await launch();
  server = await Server.start(["--rate", "0"]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const colorScheme of ["light", "dark"]) {
  test(`marks are shown as what they mean, and stay in an edit: ${colorScheme}`, async () => {
    const context = await person(browser, { viewport: { width: 320, height: 640 }, colorScheme, deviceScaleFactor: 2 });
    const page = await enter(context, `${server.url}/r/${colorScheme}`, colorScheme);
    for (const text of WORDS) await say(page, text);
    const line = page.locator("#log .line[data-state=stored]");
    await until(() => line.count(), (count) => count === 2);
    const parts = (nth, tag) => line.nth(nth).locator(`.text ${tag}`).allTextContents();
    assert.deepEqual(await parts(0, "code"), ["cargo test --test it"]);
    assert.deepEqual([await parts(0, "strong"), await parts(0, "em")], [["before"], ["please"]]);
    assert.match(await line.first().textContent(), /snake_case and 2\*3\*4 stay/);
    assert.deepEqual(await parts(1, "blockquote"), ["who restarts the server?\nit is noon"]);
    assert.deepEqual(await parts(1, "pre"), ["for host in one two; do\n\tssh \"$host\" restart\ndone"]);
    assert.match(await line.nth(1).textContent(), /that is all 🎉/);
    await page.screenshot({ path: `${PICTURES}${colorScheme}-320-marks.png` });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.locator("#box").press("ArrowUp");
    assert.equal(await page.locator("#box").inputValue(), WORDS[1], "with its marks");
    assert.deepEqual(context.errors, []);
    await context.close();
  });
}

test("a block of code is copied by its button, with the keyboard, also where there is no clipboard for pages", async () => {
  const context = await person(browser);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await enter(context, `${server.url}/r/copy`, "cora");
  await say(page, "```\none  *two*\n\tthree\n```");
  const copy = page.locator("#log").getByRole("button", { name: "Copy" });
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
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await pasted(), "one  *two*\n\tthree");
  assert.deepEqual(context.errors, []);
  await context.close();
});
