// The commands of the page that the console has as well: by number, and those of one person alone. And what is refused for good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeServer } from "../fake_server.mjs";
import { enter, live, messages, person, post, shows, until, withServer } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

const box = (page) => page.locator("#box");
const hint = (page, hasText) => page.locator("#hint", { hasText }).waitFor();
const refused = (page, hasText) => page.locator("#hint.bad", { hasText }).waitFor();
const leave = async (...contexts) => {
  for (const context of contexts) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
};

test("a number before the text of an edit, and after /delete, is that of a message", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/numbers`, "ann");
  for (const text of ["one", "two", "three"]) await post(page, text);
  await shows(page, ["one", "two", "three"]);
  await post(page, "/edit 1 won");
  await shows(page, ["won edited", "two", "three"]);
  await post(page, "/e #2 too");
  await shows(page, ["won edited", "too edited", "three"]);
  await post(page, "/edit 3");
  await refused(page, "Usage: /edit [NUMBER] TEXT");
  await post(page, "/delete 1");
  await shows(page, ["deleted", "too edited", "three"]);
  await leave(context);
});

test("a change of another's message, and a reply to none, is refused once and can be mended", async () => {
  const [ann, bob] = [await person(browser), await person(browser)];
  const page = await enter(ann, `${server.url}/r/refused`, "ann2");
  const other = await enter(bob, `${server.url}/r/refused`, "bob2");
  await post(other, "mine");
  await shows(page, ["mine"]);
  for (const [typed, why] of [
    ["/edit 1 yours", "You can only edit or delete your own messages"],
    ["/delete 1", "You can only edit or delete your own messages"],
    ["/edit 9999 x", "Not changed: there is no message #9999 in this room, or it is deleted"],
    ["/reply 9999 x", "There is no message #9999"],
  ]) {
    await post(page, typed);
    await refused(page, why);
    assert.equal(await box(page).inputValue(), typed);
    assert.deepEqual(await messages(page), ["mine"]);
    assert.equal(await page.locator(".failure").count(), 0, typed);
  }
  await page.reload();
  await live(page);
  await shows(page, ["mine"]);
  assert.equal(await page.locator(".failure").count(), 0);
  await leave(ann, bob);
});

test("what is refused for good stands in the room if the person writes something else, and is not kept", async () => {
  const fake = await FakeServer.start();
  const context = await person(browser);
  const page = await enter(context, fake.url, "bob");
  let refuse = () => {};
  const asked = new Promise((done) => { refuse = done; });
  fake.instead = ({ type, cid }) => {
    if (type !== "post") return undefined;
    refuse();
    return { type: "error", code: "rate_limited", message: "slowly", retry_ms: 300, cid };
  };
  await post(page, "/me first");
  await asked;
  await box(page).fill("something else");
  fake.instead = ({ type, cid }) => (type === "post" ? { type: "error", code: "too_long", message: "it is too long", cid } : undefined);
  await page.locator("#log .note", { hasText: "Not sent: it is too long" }).waitFor();
  assert.match(await page.locator("#log .note", { hasText: "too long" }).innerText(), /\/me first/);
  assert.equal(await box(page).inputValue(), "something else");
  assert.deepEqual(await messages(page), []);
  assert.equal(await page.locator(".failure").count(), 0);
  await box(page).fill("");
  await page.reload();
  await live(page);
  assert.deepEqual(await messages(page), [], "it is not sent again");
  await leave(context);
  await fake.stop();
});

test("commands that concern only the person do on the page what they do in the console", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/own`, "cat");
  const long = Array.from({ length: 60 }, (_, i) => `row ${i}`).join("\n");
  await post(page, long);
  await until(() => page.locator("#log .message .fold").count(), (count) => count === 1);
  await post(page, "short");
  for (const [typed, said] of [
    ["/ignore", "You ignore no one"], ["/ignore eve", "eve is ignored"], ["/ignore", "You ignore eve"], ["/unignore eve", "eve is no longer ignored"],
    ["/quiet", "Joins and leaves are hidden"], ["/quiet", "Joins and leaves are shown"],
    ["/bell", "Bell: off"], ["/bell mention", "Bell: mentions and direct messages"], ["/bell off", "Bell: off"],
    ["/mute @eve", "eve is muted"], ["/unmute @eve", "eve is no longer muted"],
  ]) {
    await post(page, typed);
    await hint(page, said);
  }
  for (const [typed, why] of [["/unignore eve", "You do not ignore eve"], ["/unmute", "#own is not muted"], ["/leave nowhere", "You are not in #nowhere"], ["/clear", "/clear works in the console only"]]) {
    await post(page, typed);
    await refused(page, why);
  }
  await post(page, "/show 1");
  await page.locator("#log .message.unfolded.target", { hasText: "row 59" }).waitFor();
  await post(page, "/goto #2");
  await page.locator("#log .message.target", { hasText: "short" }).waitFor();
  await post(page, "/reply");
  await page.locator("#log .note a", { hasText: "#2 cat short" }).waitFor();
  await post(page, "/delete 2");
  await until(() => page.locator("#log .note a", { hasText: "#2" }).innerText(), (seen) => !seen.includes("short"), "a deleted text is nowhere");
  await leave(context);
});

test("a hint shows a command as it is typed, and a name as it is spelled", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/hints`, "dan");
  for (const [typed, start] of [["/who\nthere", "/who takes one line"], ["/ignore eve", "eve is ignored"]]) {
    await box(page).fill(typed);
    await box(page).press("Enter");
    await hint(page, start);
    const first = await page.locator("#hint").evaluate((element) => getComputedStyle(element, "::first-letter").textTransform);
    assert.equal(first, "none");
    await box(page).fill("");
  }
  await leave(context);
});
