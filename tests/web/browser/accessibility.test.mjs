// Accessibility: axe-core finds nothing wrong in any state of the page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { enter, withFakeServer, person, post } from "./harness.mjs";

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

const { browser, fake } = await withFakeServer();
for (const [user, text] of [["ada", "morning"], ["ada", "bob: see https://example.org"], ["bob", "hello"], ["eve", "later"], ["eve", "row\n".repeat(40).trim()]]) fake.post("lobby", user, text);
fake.guests.set("lobby", ["ada"]);
fake.away.set("ada", "lunch");
fake.absentees.set("lobby", ["eve", "nora"]);
fake.topics.set("lobby", "Release on Friday: https://example.org/plan");

/** Every violated rule, and where. */
const violations = (page) => page.evaluate(async () => {
  const found = await globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`));
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1440]) {
    test(`axe finds nothing: ${colorScheme}, ${width} px`, async () => {
      const context = await person(browser, { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce" });
      const first = await context.newPage();
      await first.goto(fake.url);
      await first.evaluate(AXE);
      assert.deepEqual(await violations(first), [], "login");
      await first.getByLabel("Your name").fill("has space");
      await first.keyboard.press("Enter");
      await first.getByRole("button", { name: "Use has_space" }).waitFor();
      assert.deepEqual(await violations(first), [], "login, with an error");
      await first.close();
      const page = await enter(context, `${fake.url}/r/lobby#2`, "bob");
      await page.locator(".message.target").waitFor();
      await page.evaluate(AXE);
      const check = async (state) => assert.deepEqual(await violations(page), [], state);
      await page.getByRole("button", { name: "Show all 40 lines" }).waitFor();
      await check("talking");
      await page.keyboard.press("Control+k");
      await page.locator("#room-picker[open]").waitFor();
      await check("the switcher");
      await page.keyboard.type("lob");
      await page.getByRole("option", { name: "#lobby" }).waitFor();
      await check("the switcher, with choices");
      await page.keyboard.press("Escape");
      await page.locator("#box").focus();
      for (const text of ["/", "@", "#", ":sm"]) {
        await page.locator("#box").fill("");
        await page.keyboard.type(text);
        await page.getByRole("option").first().waitFor();
        await page.keyboard.press("ArrowDown");
        await check(`suggestions after ${text}`);
      }
      await page.locator("#box").fill("");
      await page.locator("#scroller").focus();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await check("the keys");
      await page.keyboard.press("Escape");
      await page.locator("#open-settings").evaluate((button) => button.click());
      await page.getByRole("dialog", { name: "Settings" }).waitFor();
      await check("the settings");
      await page.keyboard.press("Escape");
      if (width < 760) {
        await page.getByRole("button", { name: "Rooms" }).click();
        await check("the rooms");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "people here" }).click();
        await page.getByRole("button", { name: "Write to nora" }).waitFor();
        await check("the people");
        await page.keyboard.press("Escape");
      }
      if (width < 760) await page.getByRole("button", { name: "Rooms" }).click();
      await page.getByRole("button", { name: "Change", exact: true }).click();
      await page.getByLabel("Your new name").fill("has space");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Use has_space" }).waitFor();
      await check("the form for another name, with an error");
      await page.goto(`${fake.url}/r/design%20review`);
      await page.getByRole("button", { name: "Join #design-review" }).waitFor();
      await page.evaluate(AXE);
      await check("a notice");
      await post(page, "/msg eve psst");
      await page.locator("#title", { hasText: "eve" }).waitFor();
      await check("a private room");
      await context.close();
    });
  }
}
