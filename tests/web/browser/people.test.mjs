// People: the list of a large room, and messages to a person who is not connected.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, person, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const title = (page, text) => until(() => page.locator("#title").textContent(), (seen) => seen === text, text);

for (const whoWithState of ["whole", "refuses"]) test(`a large room of an earlier server lists its people on request, and again when others have come (${whoWithState})`, async (t) => {
  fake.largeRoom = 151;
  fake.whoWithState = whoWithState;
  fake.guests.set("crowd", Array.from({ length: 150 }, (_, i) => `guest-${i + 1}`));
  fake.absentees.set("crowd", ["never"]);
  t.after(() => Object.assign(fake, { largeRoom: Infinity, whoWithState: "page" }));
  const context = await person(browser, { viewport: { width: 1280, height: 800 } });
  const page = await enter(context, `${fake.url}/r/crowd`, "bob");
  await page.getByRole("button", { name: "Show all 151 people" }).click();
  await until(() => page.locator("#members-list li").count(), (count) => count === 151);
  assert.equal(await page.getByRole("button", { name: /^Show all/ }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Write to guest-77" }).isVisible(), true);
  assert.equal(await page.locator("#log .note", { hasText: "Here:" }).count(), 0, "the list is where it was asked for");
  assert.equal(await page.getByRole("heading", { name: "Here (151)" }).isVisible(), true);
  assert.equal(await page.locator("#absent-people").isVisible(), false, "the server does not say who is not here");
  assert.equal(await page.locator("#hint").textContent(), "", "no refusal is shown");
  fake.guests.get("crowd").push("guest-151");
  fake.broadcast("crowd", { type: "presence", room: "crowd", count: 152 });
  await page.getByRole("button", { name: "Show all 152 people" }).click();
  await page.getByRole("button", { name: "Write to guest-151" }).waitFor();
  await fake.stop();
  await page.locator('#state[data-state="offline"]').waitFor();
  await fake.listen(fake.port);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("Ctrl+K offers a message to a person who is not connected, before a public room of that name", async () => {
  fake.post("lobby", "Nora", "see you tomorrow");
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/lobby`, "bob");
  const options = () => page.locator("#picker-list [role=option]").allTextContents();
  await page.locator("#log .message", { hasText: "see you" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("uma");
  await until(options, (all) => all.join() === "Message umadirect message,#umajoin or create");
  await page.keyboard.press("Enter");
  await title(page, "uma");
  assert.equal(new URL(page.url()).pathname, "/r/@uma");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("nor"); // known, because she wrote here
  await until(options, (all) => all[0] === "Noradirect message");
  await page.locator("#picker-input").fill("design review");
  await until(options, (all) => all.join() === "#design-reviewjoin or create");
  await page.keyboard.press("Enter");
  await title(page, "#design-review");
  assert.deepEqual(context.errors, []);
  await context.close();
});
