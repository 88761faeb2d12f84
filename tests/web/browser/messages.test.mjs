// Two users and the built server: what everyone does in the first ten minutes.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { enter, messages, live, person, post, withServer, Server, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);


test("a person logs in and writes with the keyboard alone", async () => {
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(`${server.url}/r/keys`);
  await page.keyboard.type("kay");
  await page.keyboard.press("Enter");
  await live(page);
  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await shows(page, ["first line\nsecond line"]);
  // Tab reaches every control, leaves the box, and the focus is visible.
  const seen = new Set();
  for (let i = 0; i < 18; i += 1) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => {
      const { id, tagName, textContent } = document.activeElement;
      const { outlineStyle } = getComputedStyle(document.activeElement);
      return `${id || tagName + textContent}${outlineStyle === "none" && tagName !== "TEXTAREA" && tagName !== "BODY" ? " unseen" : ""}`;
    }));
  }
  for (const control of ["A#keys", "join-room", "scroller", "box"]) assert.ok(seen.has(control), `${control} in ${[...seen]}`);
  assert.ok(![...seen].some((control) => control.endsWith("unseen")), [...seen].join(", "));
  await page.keyboard.press("Escape");
  await page.locator("h1#title").click();
  await page.keyboard.type("typed anywhere");
  await page.keyboard.press("Enter");
  await shows(page, ["first line\nsecond line", "typed anywhere"]);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("two users' tabs show the same messages once and in one order", async () => {
  const [ann, bea] = [await person(browser), await person(browser)];
  const url = `${server.url}/r/both`;
  const pages = [await enter(ann, url, "ann"), await enter(bea, url, "bea")];
  const again = await ann.newPage();
  await again.goto(url);
  await live(again);
  pages.push(again);
  for (let i = 0; i < 20; i += 1) {
    await Promise.all(pages.map((page, who) => post(page, `${who}.${i}`)));
  }
  const first = await until(() => messages(pages[0]), (seen) => seen.length === 60 && !seen.some((line) => line.includes(":")));
  assert.equal(new Set(first).size, 60);
  for (const page of pages) await shows(page, first);
  for (const who of [0, 1, 2]) {
    assert.deepEqual(first.filter((line) => line.startsWith(`${who}.`)), Array.from({ length: 20 }, (_, i) => `${who}.${i}`));
  }
  for (const context of [ann, bea]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("joins, typing, /me, renames and leaves are shown to others", async () => {
  const [cat, dan] = [await person(browser), await person(browser)];
  const url = `${server.url}/r/people`;
  const page = await enter(cat, url, "cat");
  const other = await enter(dan, url, "dan");
  await page.locator("#log .presence", { hasText: "dan joined" }).waitFor();
  await until(() => page.locator("#member-count").textContent(), (count) => count === "2");
  await other.locator("#box").pressSequentially("h");
  await page.getByText("dan is typing…").waitFor();
  await post(other, "/me waves");
  await page.locator("#log .message.action", { hasText: "dan waves" }).waitFor();
  await post(other, "/nick Daniel");
  await page.getByText("dan is now known as Daniel").waitFor();
  await until(() => other.locator("#me").textContent(), (me) => me === "Daniel");
  await post(other, "me again");
  await page.locator("#log .message .name", { hasText: "Daniel" }).waitFor();
  await post(page, "/who");
  await page.locator("#log .note", { hasText: "Here: cat, Daniel" }).waitFor();
  await dan.close();
  await page.locator("#log .presence", { hasText: "Daniel left" }).waitFor();
  assert.deepEqual(cat.errors, []);
  await cat.close();
});

test("a name is changed in a form, and a taken one is refused with a reason", async () => {
  const [eve, fay] = [await person(browser), await person(browser)];
  const page = await enter(eve, server.url, "eve");
  await enter(fay, server.url, "fay");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("Your new name").fill("FAY");
  await page.getByRole("button", { name: "Change name" }).click();
  await page.locator("#new-name-error", { hasText: "The name FAY is in use." }).waitFor();
  assert.equal(await page.locator("#me").textContent(), "eve");
  const third = await (await person(browser)).newPage();
  await third.goto(server.url);
  await third.getByLabel("Your name").fill("eve");
  await third.keyboard.press("Enter");
  await third.getByText("The name eve is in use. If it is yours, enter its key below.").waitFor();
  await third.getByLabel("Your name").fill("_Eve");
  await third.keyboard.press("Enter");
  await third.getByText("The server refused the name _Eve: this name looks like one that is in use").waitFor();
  await third.getByLabel("Your name").fill("eva");
  await third.keyboard.press("Enter");
  await live(third);
  for (const context of [eve, fay, third.context()]) await context.close();
});

test("rooms are joined, counted, walked through, and left", async () => {
  const [gus, hal] = [await person(browser), await person(browser)];
  const page = await enter(gus, server.url, "gus");
  const other = await enter(hal, `${server.url}/r/den`, "hal");
  await page.getByLabel("Join or create a room").fill("#Den");
  await page.keyboard.press("Enter");
  await live(page);
  assert.equal(new URL(page.url()).pathname, "/r/den");
  await page.getByRole("link", { name: "#lobby" }).click();
  await post(other, "are you there?");
  await page.getByRole("link", { name: "#den 1 unread" }).waitFor();
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await shows(page, ["are you there?"]);
  await page.locator("#log .new").waitFor();
  await page.getByRole("link", { name: "#den", exact: true }).waitFor();
  await page.goBack();
  await until(() => page.locator("#title").textContent(), (title) => title === "#lobby");
  await page.locator("#box").fill("a draft for the lobby");
  await page.getByRole("link", { name: "#den" }).click();
  assert.equal(await page.locator("#box").inputValue(), "");
  await post(page, "/join lobby");
  assert.equal(await page.locator("#box").inputValue(), "a draft for the lobby");
  await post(page, "/rooms");
  await page.locator("#log").getByRole("button", { name: "#den" }).click();
  await page.locator("#box").press("Control+ArrowUp");
  assert.equal(await page.locator("#box").inputValue(), "/join lobby", "what was said in this room comes back");
  await post(page, "/leave");
  await until(() => page.locator("#title").textContent(), (title) => title === "#lobby");
  assert.equal(await page.getByRole("link", { name: "#den" }).count(), 0);
  await page.reload();
  await live(page);
  assert.equal(await page.getByRole("link", { name: "#den" }).count(), 0, "left for good");
  for (const context of [gus, hal]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("an unknown command is reported, and not sent", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/cmd`, "ida");
  await post(page, "/paswd hunter2");
  await page.locator("#hint.bad", { hasText: "There is no command /paswd" }).waitFor();
  assert.equal(await page.locator("#box").inputValue(), "/paswd hunter2", "and can be mended");
  await post(page, "//shrug");
  await post(page, "/help");
  await page.locator("#log .note", { hasText: "/nick NAME" }).waitFor();
  await post(page, "/help w");
  await page.locator("#log .note", { hasText: /^\/msg NAME/ }).waitFor();
  await post(page, "/version");
  await page.locator("#log .note", { hasText: "The server is talk/" }).waitFor();
  await post(page, "/key");
  await page.locator("#log .note", { hasText: /Key for ida: [0-9a-f]{32}/ }).waitFor();
  for (const [typed, why] of [["/quit", "Close the tab"], ["/r yes", "No direct message to reply to"], ["/resend", "No message has failed"], ["/help jion", "no command /jion"]]) {
    await post(page, typed);
    await page.locator("#hint.bad", { hasText: why }).waitFor();
  }
  await shows(page, ["/shrug"]);
  await context.close();
});

test("when the server is killed nothing typed is lost, and all of it is stored once", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/kill`, "jan");
  await post(page, "before");
  await shows(page, ["before"]);
  await server.stop();
  await page.getByText(/^Offline/).waitFor();
  await post(page, "one");
  await post(page, "two");
  await shows(page, ["before", "pending: one", "pending: two"]);
  await server.start();
  await live(page);
  await shows(page, ["before", "one", "two"]);
  await context.close();
});

test("login handles a refused name, and the server's password", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "talk-web-")), "password");
  writeFileSync(file, "open sesame\n");
  const guarded = await Server.start(["--password-file", file]);
  t.after(() => guarded.stop());
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(guarded.url);
  await page.getByLabel("Your name").fill("system");
  await page.keyboard.press("Enter");
  await page.locator("#name-error", { hasText: "that name is reserved" }).waitFor();
  await page.getByLabel("Your name").fill("kim");
  await page.keyboard.press("Enter");
  await page.getByText("This server needs a password.").waitFor();
  await page.getByLabel("Password").fill("open sesame");
  await page.keyboard.press("Enter");
  await live(page);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the right password is not called wrong after too many wrong ones", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "talk-web-")), "password");
  writeFileSync(file, "open sesame\n");
  const guarded = await Server.start(["--password-file", file, "--max-per-address", "64", "--limit", "wrong-passwords=1"]);
  t.after(() => guarded.stop());
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(guarded.url);
  await page.getByLabel("Your name").fill("kim");
  await page.keyboard.press("Enter");
  await page.getByText("This server needs a password.").waitFor();
  await page.getByLabel("Password").fill("guess");
  await page.keyboard.press("Enter");
  await page.getByText("Wrong password.").waitFor();
  await page.getByLabel("Password").fill("open sesame");
  await page.keyboard.press("Enter");
  const said = "Too many wrong passwords from your network. Try again in a minute.";
  await page.locator("#login-error", { hasText: said }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("two tabs of one user share a draft", async () => {
  const context = await person(browser);
  const focus = (page, is) => page.evaluate((has) => (document.hasFocus = () => has), is); // here every tab believes that it has the focus
  const one = await enter(context, `${server.url}/r/shared`, "sam");
  const two = await context.newPage();
  await two.goto(`${server.url}/r/shared`);
  await live(two);
  await focus(two, false);
  await one.locator("#box").pressSequentially("half a thought");
  await until(() => two.locator("#box").inputValue(), (text) => text === "half a thought");
  await two.close();
  const three = await context.newPage();
  await three.goto(`${server.url}/r/shared`);
  await live(three);
  assert.equal(await three.locator("#box").inputValue(), "half a thought", "a closed tab takes nothing with it");
  await focus(one, false);
  await three.locator("#box").press("Enter");
  await shows(one, ["half a thought"]);
  await until(() => one.locator("#box").inputValue(), (text) => text === "", "so that it is not said twice");
  assert.deepEqual(context.errors, []);
  await context.close();
});
