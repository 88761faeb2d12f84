// The rooms of a person: the same in every tab and every console of one key, with their mutes and unread messages.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import WebSocket from "ws";
import { enter, live, messages, person, post, until, withServer } from "./harness.mjs";

const BINARY = process.env.TALK_CONSOLE_BIN ?? fileURLToPath(new URL("../../../target/debug/console", import.meta.url));

/** Pages, consoles and a server start here side by side, perhaps on a busy machine. */
const PATIENCE_MS = 30_000;

const { browser, server } = await withServer(["--rate", "0", "--limit", "new-rooms=200"]);

/** A console on a terminal, which script(1) makes: one between pipes is no member of a room. */
class Console {
  #printed = "";

  constructor(user, key) {
    const state = mkdtempSync(join(tmpdir(), "talk-console-"));
    writeFileSync(join(state, "key"), key);
    const command = `${BINARY} --user ${user} --server ${server.url} --token-file ${join(state, "key")}`;
    this.child = spawn("script", ["-qfec", `stty rows 30 cols 120; ${command}`, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, TERM: "xterm", TALK_ROOM: "", XDG_STATE_HOME: state },
    });
    this.child.stdout.setEncoding("utf8").on("data", (chunk) => { this.#printed += chunk; });
  }

  type(keys) {
    this.child.stdin.write(keys);
  }

  /** Waits for a text among what is printed from now on, or was since the last wait. */
  async shows(text) {
    await until(() => this.#plain(), (seen) => seen.includes(text), `for ${text} in the console`, PATIENCE_MS);
    this.#printed = "";
  }

  /** The status line, painted anew. */
  async status() {
    this.#printed = "";
    this.type("\x0c"); // Ctrl-L
    const isStatus = (line) => /^\[.*\].* · live/.test(line);
    const lines = await until(() => this.#plain().split(/[\r\n]+/), (seen) => seen.some(isStatus), "for the status line", PATIENCE_MS);
    return lines.findLast(isStatus);
  }

  #plain() {
    return this.#printed.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[=>]/g, "");
  }

  async quit() {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.type("/quit\r");
    await gone;
  }
}

/** The rooms in a page's list, in order: `dev 1 unread`, `ops muted`. */
const listOf = (page) => page.locator("#room-list a").evaluateAll((links) => links.map((link) => link.innerText.replace(/\s+/g, " ").trim().replace(/^#/, "")));
/** The same of the people in the list of private rooms. */
const talksOf = (page) => page.locator("#direct-list a").evaluateAll((links) => links.map((link) => link.innerText.replace(/\s+/g, " ").trim()));
const talks = (page, ...wanted) => until(() => talksOf(page), (seen) => JSON.stringify(seen) === JSON.stringify(wanted), JSON.stringify(wanted), PATIENCE_MS);
const lists = (page, ...wanted) => until(() => listOf(page), (seen) => JSON.stringify(seen) === JSON.stringify(wanted), JSON.stringify(wanted), PATIENCE_MS);
const title = (page, text) => page.locator("#title", { hasText: text }).waitFor();
const keyOf = (page, user) => page.evaluate((name) => localStorage.getItem(`talk.token.${name}`), user);

async function patient() {
  const context = await person(browser);
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** Another device of a person: what its storage holds, and its page at a path. */
async function device(user, key, path = "/", stored = {}) {
  const context = await patient();
  const items = Object.entries({ "talk.user": user, [`talk.token.${user}`]: key, ...stored });
  await context.addInitScript((all) => {
    if (location.protocol === "about:") return;
    if (!sessionStorage.getItem("filled")) for (const [name, value] of all) localStorage.setItem(name, value);
    sessionStorage.setItem("filled", "1");
  }, items);
  const page = await context.newPage();
  await page.goto(server.url + path);
  await live(page);
  return page;
}

/** How far a person has read a room, as the server knows. */
async function markIn(room, user, token) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
  await new Promise((opened) => socket.once("open", opened));
  socket.send(JSON.stringify({ type: "hello", user, token, presence: false, join: [{ room, since: "now" }] }));
  const mark = await new Promise((found) => socket.on("message", (text) => {
    const { type, marked } = JSON.parse(text);
    if (type === "joined") found(marked);
  }));
  socket.terminate();
  return mark;
}

/** The rooms that the server lists for a person. */
async function listed(user, token) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`);
  await new Promise((opened) => socket.once("open", opened));
  socket.send(JSON.stringify({ type: "hello", user, token, presence: false, rooms: true }));
  const welcome = await new Promise((received) => socket.once("message", received));
  socket.terminate();
  return JSON.parse(welcome).rooms.map(({ room, peer, muted }) => room + (peer ? ` ${peer}` : "") + (muted ? "!" : ""));
}

test("two tabs and two consoles of one key share rooms, mutes and unread messages, over a kill of the server", async () => {
  const context = await patient();
  const tab = await enter(context, server.url, "pat");
  const key = await keyOf(tab, "pat");
  const other = await device("pat", key);
  const one = new Console("pat", key);
  await one.shows("· live");
  await post(tab, "/join dev");
  await title(tab, "#dev");
  await one.shows("you joined #dev on another device");
  await lists(other, "lobby", "dev");
  one.type("/join ops\r");
  await one.shows("now in #ops");
  for (const page of [tab, other]) await lists(page, "lobby", "dev", "ops");
  const two = new Console("pat", key);
  await two.shows("· live");
  assert.match(await two.status(), /^\[lobby\]/);

  await post(tab, "/mute");
  await lists(other, "lobby", "dev muted", "ops");
  two.type("/unmute dev\r");
  await two.shows("#dev is no longer muted");
  for (const page of [tab, other]) await lists(page, "lobby", "dev", "ops");
  await post(other, "/mute ops");
  await lists(tab, "lobby", "dev", "ops muted");

  one.type("\x1b1"); // Alt-1
  await one.shows("now in #lobby");
  const ann = await enter(await patient(), `${server.url}/r/dev`, "ann");
  await post(tab, "/join lobby");
  await title(tab, "#lobby");
  await post(ann, "has anyone seen this?");
  for (const page of [tab, other]) await lists(page, "lobby", "dev 1 unread", "ops muted");
  for (const terminal of [one, two]) assert.match(await until(() => terminal.status(), (seen) => seen.includes("new in"), "", PATIENCE_MS), /new in #dev/);
  await other.getByRole("link", { name: "#dev" }).click();
  await until(() => messages(other), (seen) => seen.includes("has anyone seen this?"), "", PATIENCE_MS);
  await lists(tab, "lobby", "dev", "ops muted");
  for (const terminal of [one, two]) await until(() => terminal.status(), (seen) => !seen.includes("new in"), "", PATIENCE_MS);

  await server.stop();
  await server.start();
  await Promise.all([tab, other, ann].map((page) => page.locator('#state[data-state="live"]').waitFor({ timeout: 40_000 })));
  for (const page of [tab, other]) await lists(page, "lobby", "dev", "ops muted");
  await title(tab, "#lobby");
  await title(other, "#dev");
  await other.getByRole("link", { name: "#lobby" }).click();
  await post(ann, "and now?");
  await lists(tab, "lobby", "dev 1 unread", "ops muted");
  // A kill in the same moment may lose how far she has read; her devices then say it again within two seconds.
  await until(() => markIn("dev", "pat", key), (mark) => mark === 1, "that the server knows how far pat has read", PATIENCE_MS);
  const third = await device("pat", key);
  await lists(third, "lobby", "dev 1 unread", "ops muted");
  await until(() => two.status(), (seen) => seen.includes("new in #dev"), "the console is back", 40_000);

  await other.getByRole("link", { name: "#dev" }).click();
  await lists(tab, "lobby", "dev", "ops muted");
  two.type("/part dev\r");
  await two.shows("you left #dev");
  await title(other, "#lobby");
  await other.locator("#hint", { hasText: "You left #dev on another device" }).waitFor();
  for (const page of [tab, other, third]) await lists(page, "lobby", "ops muted");
  await tab.getByRole("button", { name: "Leave #ops" }).click();
  await one.shows("you left #ops");
  await lists(other, "lobby");
  assert.deepEqual(await listed("pat", key), ["lobby"]);
  for (const page of [tab, other, third, ann]) {
    assert.deepEqual(page.context().errors, []);
    await page.context().close();
  }
  await Promise.all([one.quit(), two.quit()]);
});

test("two tabs and a console of one key share private rooms, their mutes and unread messages, over a change of name and a kill of the server", async () => {
  const tab = await enter(await patient(), server.url, "una");
  const key = await keyOf(tab, "una");
  const other = await device("una", key);
  const ada = await enter(await patient(), server.url, "ada");
  const cid = await enter(await patient(), server.url, "cid");
  await post(tab, "/msg ada are you there?");
  await title(tab, "ada");
  await post(tab, "/msg cid and you?");
  await title(tab, "cid");
  for (const page of [tab, other]) await talks(page, "ada", "cid");
  const one = new Console("una", key);
  await one.shows("· live");
  assert.match(await one.status(), /^\[lobby\]/);
  await post(tab, "/join lobby");
  await title(tab, "#lobby");

  await post(ada, "/msg una yes");
  for (const page of [tab, other]) await talks(page, "ada 1 unread", "cid");
  assert.match(await until(() => one.status(), (seen) => seen.includes("new in"), "", PATIENCE_MS), /new in @ada/);
  one.type("/mute @cid\r");
  await one.shows("@cid is muted");
  for (const page of [tab, other]) await talks(page, "ada 1 unread", "cid muted");
  await post(ada, "/nick adele");
  for (const page of [tab, other]) await talks(page, "adele 1 unread", "cid muted");
  await one.quit();
  await other.close();
  await until(() => listed("una", key), (seen) => JSON.stringify(seen) === '["lobby","@ada+una adele","@cid+una cid!"]', "", PATIENCE_MS);

  await server.stop();
  await server.start();
  await Promise.all([tab, ada, cid].map((page) => page.locator('#state[data-state="live"]').waitFor({ timeout: 40_000 })));
  await talks(tab, "adele 1 unread", "cid muted");
  const third = await device("una", key);
  await talks(third, "adele 1 unread", "cid muted");
  const two = new Console("una", key);
  await until(() => two.status(), (seen) => seen.includes("new in @adele"), "the console knows what is unread", 40_000);
  await third.getByRole("link", { name: "adele" }).click();
  await until(() => messages(third), (seen) => seen.includes("yes"), "", PATIENCE_MS);
  await talks(tab, "adele", "cid muted");
  await until(() => two.status(), (seen) => !seen.includes("new in"), "", PATIENCE_MS);

  await tab.getByRole("button", { name: "Leave cid" }).click();
  for (const page of [tab, third]) await talks(page, "adele");
  two.type("/part @adele\r");
  for (const page of [tab, third]) await talks(page);
  await tab.reload();
  await live(tab);
  await talks(tab);
  assert.deepEqual(await listed("una", key), ["lobby"]);
  await post(cid, "/msg una I am back");
  for (const page of [tab, third]) await talks(page, "cid 1 unread");
  assert.deepEqual(await listed("una", key), ["lobby"], "it is not read yet");
  await third.getByRole("link", { name: "cid" }).click();
  await until(() => listed("una", key), (seen) => JSON.stringify(seen) === '["lobby","@cid+una cid"]', "", PATIENCE_MS);
  await third.reload();
  await live(third);
  await talks(third, "cid");
  for (const page of [tab, third, ada, cid]) {
    assert.deepEqual(page.context().errors, []);
    await page.context().close();
  }
  await other.context().close();
  await two.quit();
});

test("the private rooms and their mutes that an older page kept are told to the server once", async () => {
  const ivo = await enter(await patient(), server.url, "ivo");
  const key = "00112233445566778899aabbccddeeff";
  const stored = { "talk.members.zed": JSON.stringify(["lobby"]), "talk.private.zed": JSON.stringify(["@ivo+zed"]), "talk.muted.zed": JSON.stringify(["@ivo+zed"]) };
  const page = await device("zed", key, "/", stored);
  await talks(page, "ivo muted");
  await until(() => listed("zed", key), (seen) => seen.toSorted().join() === "@ivo+zed ivo!,lobby", "", PATIENCE_MS);
  await until(() => page.evaluate(() => ["muted", "private"].map((name) => localStorage.getItem(`talk.${name}.zed`))), (seen) => seen.every((each) => each === "[]"), "", PATIENCE_MS);
  const other = await device("zed", key);
  await talks(other, "ivo muted");
  await page.goto("about:blank");
  await other.getByRole("button", { name: "Leave ivo" }).click();
  await talks(other);
  await page.goto(server.url);
  await live(page);
  await talks(page);
  // A mute of a room that this browser knew by the other person only.
  const third = await device("zack", "ff".repeat(16), "/r/@ivo", { "talk.muted.zack": JSON.stringify(["@ivo"]) });
  await talks(third, "ivo muted");
  await until(() => listed("zack", "ff".repeat(16)), (seen) => seen.join() === "@ivo+zack ivo!", "", PATIENCE_MS);
  for (const each of [page, other, third, ivo]) await each.context().close();
});

test("what an older page kept in this browser is told to the server the first time, and nothing is lost", async () => {
  const key = "0123456789abcdef0123456789abcdef";
  const stored = { "talk.rooms": JSON.stringify(["zebra", "lobby", "apple"]), "talk.muted.zoe": JSON.stringify(["lobby", "@ada+zoe"]) };
  const page = await device("zoe", key, "/", stored);
  await lists(page, "zebra", "lobby muted", "apple");
  await until(() => listed("zoe", key), (seen) => JSON.stringify(seen) === '["zebra","lobby!","apple"]', "", PATIENCE_MS);
  assert.equal(await page.evaluate(() => localStorage.getItem("talk.muted.zoe")), '["@ada+zoe"]');
  const other = await device("zoe", key, "/", { "talk.rooms": JSON.stringify(["lobby", "pear"]) });
  await lists(other, "zebra", "lobby muted", "apple", "pear");
  await lists(page, "zebra", "lobby muted", "apple", "pear");
  // From now on the server's list counts: what is left elsewhere while the page is closed does not come back.
  await page.goto("about:blank");
  await other.getByRole("button", { name: "Leave #zebra" }).click();
  await lists(other, "lobby muted", "apple", "pear");
  await page.goto(server.url);
  await live(page);
  await lists(page, "lobby muted", "apple", "pear");
  assert.deepEqual(await listed("zoe", key), ["lobby!", "apple", "pear"]);
  for (const each of [page, other]) await each.context().close();
});

test("a device without rooms of its own opens the rooms of the person, and not the lobby", async () => {
  const context = await patient();
  const tab = await enter(context, `${server.url}/r/garden`, "gil");
  const key = await keyOf(tab, "gil");
  const other = await device("gil", key);
  await title(other, "#garden");
  await lists(other, "garden");
  assert.deepEqual(await listed("gil", key), ["garden"]);
  await context.close();
  await other.context().close();
});

test("fifty rooms come back at once and in order, and the page stays in the room of its address", async () => {
  const key = "fedcba9876543210fedcba9876543210";
  const names = Array.from({ length: 50 }, (_, n) => `r${(n * 7) % 50}`);
  const first = await device("max", key, "/r/r21", { "talk.rooms": JSON.stringify(names) });
  await lists(first, ...names);
  await title(first, "#r21");
  const control = Date.now();
  const single = await device("moe", "0".repeat(32)); // one room, on this machine at this moment
  const alone = Date.now() - control;
  const started = Date.now();
  const second = await device("max", key, "/r/r21");
  const titles = [];
  await until(async () => titles.push(await second.locator("#title").innerText()) && listOf(second), (seen) => seen.length === 50, "", PATIENCE_MS);
  const took = Date.now() - started;
  assert.ok(took < 4 * alone + 3_000, `${took} ms with fifty rooms, ${alone} ms with one`);
  assert.deepEqual([...new Set(titles)], ["#r21"]);
  await lists(second, ...names);
  await second.reload();
  await live(second);
  await lists(second, ...names);
  await title(second, "#r21");
  for (const page of [first, second, single]) await page.context().close();
});
