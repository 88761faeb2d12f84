// The server's welcome (`--motd`): in view when one enters, until it is closed, and again once it is another.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { enter, live, person, post, shows, until, withServer } from "./harness.mjs";

const FILE = join(mkdtempSync(join(tmpdir(), "talk-web-")), "motd");
writeFileSync(FILE, "Be kind.\nRules: https://example.org/rules\n");
const { browser, server } = await withServer(["--rate", "0", "--motd", FILE]);

/** Whether the welcome is whole inside the window, with this text. */
const isInView = (page, text) => until(() => page.evaluate(() => {
  const notice = document.querySelector("#notices [data-kind=welcome]");
  const box = notice?.getBoundingClientRect();
  return box && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight ? notice.querySelector("p").textContent : "";
}), (seen) => seen === text, text);

test("the welcome is in view below a full room, has its links, and stays closed over a reload", async () => {
  const filler = await person(browser);
  const other = await enter(filler, `${server.url}/r/busy`, "ada");
  for (let i = 1; i <= 40; i += 1) await post(other, `line ${i}`);
  await until(() => other.locator("#log .message[data-state=stored]").count(), (count) => count === 40);
  const context = await person(browser, { viewport: { width: 1000, height: 500 } });
  const page = await enter(context, `${server.url}/r/busy`, "bob");
  await isInView(page, "Be kind.\nRules: https://example.org/rules");
  assert.equal(await page.locator("#notices a").getAttribute("href"), "https://example.org/rules");
  await page.reload();
  await live(page);
  await isInView(page, "Be kind.\nRules: https://example.org/rules");
  await page.getByRole("button", { name: "Close: Welcome message" }).click();
  assert.equal(await page.locator("#notices section").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), "box");
  await page.reload();
  await live(page);
  assert.equal(await page.locator("#notices section").count(), 0);

  // Another text is another welcome; the same one, after an outage, is not.
  await server.stop();
  writeFileSync(FILE, "Backups run at four.");
  await server.start();
  await isInView(page, "Backups run at four.");
  await post(page, "still here");
  await page.locator("#log .message[data-state=stored]", { hasText: "still here" }).waitFor();
  for (const each of [context, filler]) {
    assert.deepEqual(each.errors, []);
    await each.close();
  }
});

test("a long welcome leaves room for the messages, and the keyboard scrolls it", async (t) => {
  await server.stop();
  writeFileSync(FILE, Array.from({ length: 100 }, (_, i) => `rule ${i + 1}`).join("\n"));
  await server.start();
  t.after(() => writeFileSync(FILE, "Be kind."));
  const context = await person(browser, { viewport: { width: 360, height: 640 } });
  const page = await enter(context, `${server.url}/r/calm`, "cat");
  await post(page, "hello");
  await shows(page, ["hello"]);
  const height = await page.locator("#scroller").evaluate((scroller) => scroller.clientHeight);
  assert.ok(height > 200, `${height}`);
  await page.locator("#notices p").focus();
  await page.keyboard.press("ArrowDown");
  await until(() => page.locator("#notices p").evaluate((text) => text.scrollTop), (top) => top > 0);
  await context.close();
});
