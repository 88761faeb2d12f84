// The members of a room of the real server: a small one, and a large one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { enter, person, until, withServer } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);
const wide = { viewport: { width: 1280, height: 800 } };
const shown = (page, list) => page.locator(`#${list} li .name`).allTextContents();
const is = (page, here, absent) => until(async () => [await shown(page, "members-list"), await shown(page, "absent-list")].join(" / "), (seen) => seen === `${here} / ${absent}`, `${here} / ${absent}`);

/** Someone who joins a room; `close` leaves as a member. */
async function member(user, room) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
  await new Promise((done) => socket.once("open", done));
  socket.send(JSON.stringify({ type: "hello", user, rooms: true, join: [{ room }] }));
  await new Promise((done, fail) => socket.on("message", (data) => {
    const { type, message } = JSON.parse(data);
    if (type === "joined") done();
    if (type === "error") fail(new Error(message));
  }));
  return { send: (message) => socket.send(JSON.stringify(message)), close: () => new Promise((done) => { socket.once("close", done); socket.close(); }) };
}

test("a small room lists who is here and who is not, as people come, go, are renamed and leave", async () => {
  const context = await person(browser, wide);
  const page = await enter(context, `${server.url}/r/small`, "bob");
  const ann = await member("ann", "small");
  await is(page, "ann,bob", "");
  await ann.close();
  await is(page, "bob", "ann");
  const zoe = await member("Zoe", "small");
  zoe.send({ type: "nick", user: "Chloe" });
  await is(page, "bob,Chloe", "ann");
  zoe.send({ type: "leave", room: "small" });
  await is(page, "bob", "ann");
  await page.reload();
  await is(page, "bob", "ann");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a large room lists them by page, finds them by filter, switcher and suggestions", async () => {
  const name = (i) => `user-${String(i).padStart(4, "0")}`;
  const here = await Promise.all(Array.from({ length: 120 }, (_, i) => member(name(i), "large")));
  await Promise.all(Array.from({ length: 260 }, async (_, i) => (await member(name(1_000 + i), "large")).close()));
  const context = await person(browser, wide);
  const page = await enter(context, `${server.url}/r/large`, "kim");
  await page.getByRole("heading", { name: "Here (121)" }).waitFor();
  await page.getByRole("heading", { name: "Not here (260)" }).waitFor();
  await page.getByRole("button", { name: "Write to user-0001" }).waitFor();
  await until(async () => {
    await page.locator("#members-scroller").evaluate((element) => (element.scrollTop = element.scrollHeight));
    return (await shown(page, "absent-list")).at(-1);
  }, (last) => last === name(1_259));
  await page.getByRole("searchbox", { name: "Find a person" }).fill("USER-125");
  await is(page, "", Array.from({ length: 10 }, (_, i) => name(1_250 + i)).join());
  await page.keyboard.press("Escape");
  await page.locator("#box").pressSequentially("@user-01");
  await page.getByRole("option", { name: "@user-0100 here", exact: true }).waitFor();
  await page.locator("#box").fill("");
  await page.locator("#box").pressSequentially("@user-12");
  await page.getByRole("option", { name: "@user-1200 not here", exact: true }).waitFor();
  await page.locator("#box").fill("");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("user-1111");
  await page.locator("#picker-list").getByRole("option", { name: /^user-1111 ?direct message$/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: "user-1111" }).waitFor();
  for (const each of here) await each.close();
  assert.deepEqual(context.errors, []);
  await context.close();
});
