// Replies: by the button, the keyboard, a command; the quote is shown and leads to its message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, live, person, post, withServer, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

const line = (page, text) => page.locator("#log .message", { has: page.locator(".text", { hasText: text }) });
const quotes = (page) => page.locator("#log .quote").evaluateAll((all) => all.map(({ textContent }) => textContent));

test("the Reply button replies, and mentions the author", async () => {
  const [ours, theirs] = [await person(browser), await person(browser)];
  const ada = await enter(ours, `${server.url}/r/ask`, "ada");
  const bob = await enter(theirs, `${server.url}/r/ask`, "bob");
  await post(ada, "who has the **key**?");
  await post(ada, "and where is it?");
  await bob.locator("#box").fill("I have");
  await line(bob, "who has the key?").hover();
  await line(bob, "who has the key?").getByRole("button", { name: "Reply" }).click();
  await bob.locator("#context", { hasText: "Replying to ada: who has the key?" }).waitFor();
  assert.equal(await bob.locator("#box").inputValue(), "I have", "what was typed stays");
  await bob.keyboard.press("Enter");
  await bob.locator("#context").waitFor({ state: "hidden" });
  for (const [page, prefix] of [[ada, "mentions you: "], [bob, ""]]) {
    await shows(page, ["who has the key?", "and where is it?", `${prefix}I have`]);
    assert.deepEqual(await quotes(page), ["reply to ada who has the key?"]);
  }
  await ada.locator(".message.mention", { hasText: "I have" }).waitFor();
  assert.equal(await bob.locator(".message.mention").count(), 0);
  await post(bob, "but not here");
  await shows(ada, ["who has the key?", "and where is it?", "mentions you: I have", "but not here"]);
  assert.equal((await quotes(ada)).length, 1, "one answer, one quote");

  await ada.locator(".quote").click();
  await ada.locator(".message.target", { hasText: "who has the key?" }).waitFor();
  assert.match(ada.url(), /\/r\/ask#1$/);
  await ada.goBack();
  await until(() => ada.url(), (url) => url.endsWith("/r/ask"));
  await ada.reload();
  await live(ada);
  await until(() => quotes(ada), ([quote]) => quote === "reply to ada who has the key?");
  assert.deepEqual([...ours.errors, ...theirs.errors], []);
  await ours.close();
  await theirs.close();
});

test("with the keyboard: from the box to a message, and Esc cancels", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/hands`, "kim");
  await post(page, "one");
  await post(page, "two");
  await shows(page, ["one", "two"]);
  await page.locator("#box").focus();
  await page.keyboard.press("Shift+Tab");
  for (let presses = 0; presses < 12 && !await page.locator(".actions button:focus").count(); presses += 1) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ArrowUp");
  while (!await page.locator(".actions .reply:focus").count()) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.locator("#context", { hasText: "Replying to kim: one" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#context").waitFor({ state: "hidden" });
  await post(page, "three");
  await post(page, "/reply 2 to two");
  await post(page, "/reply 99 to nobody");
  await page.locator("#hint.bad", { hasText: "There is no message #99" }).waitFor();
  assert.equal(await page.locator("#box").inputValue(), "/reply 99 to nobody");
  await shows(page, ["one", "two", "three", "to two"]);
  assert.deepEqual(await quotes(page), ["reply to kim two"]);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a reply survives offline, an edit and the delete of what it replied to", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/through`, "una");
  await post(page, "the question");
  await shows(page, ["the question"]);
  await server.stop();
  await page.locator('#state[data-state="offline"]').waitFor();
  await post(page, "/reply 1 the answer");
  await shows(page, ["the question", "pending: the answer"]);
  assert.deepEqual(await quotes(page), ["reply to una the question"]);
  await server.start();
  await live(page);
  await shows(page, ["the question", "the answer"]);
  assert.deepEqual(await quotes(page), ["reply to una the question"]);
  await post(page, "/edit the last answer");
  await shows(page, ["the question", "the last answer edited"]);
  assert.deepEqual(await quotes(page), ["reply to una the question"]);
  await line(page, "the question").hover();
  await line(page, "the question").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Really delete" }).click();
  await until(() => quotes(page), ([quote]) => quote === "reply to una deleted");
  assert.deepEqual(await messages(page), ["deleted", "the last answer edited"]);
  assert.deepEqual(context.errors, []);
  await context.close();
});
