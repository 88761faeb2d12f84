// Faults made by the fake server: refusals, disconnects, silence, wrong messages.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { FakeServer } from "../fake_server.mjs";
import { enter, launch, messages, live, person, post, shows, until } from "./harness.mjs";

let browser;
let fake;
let context;

before(async () => (browser = await launch()));
after(() => browser?.close());
beforeEach(async () => {
  fake = await FakeServer.start();
  context = await person(browser);
});
afterEach(async () => {
  await context.close();
  await fake.stop();
  assert.deepEqual(context.errors, []);
});

const refusal = (code, cid, extra = {}) => ({ type: "error", code, message: `refused: ${code}`, cid, ...extra });

test("a refused message turns red with its reason, and is sent again or dropped", async () => {
  fake.instead = ({ type, cid }) => (type === "post" ? refusal("storage", cid) : undefined);
  const page = await enter(context, fake.url, "bob");
  await post(page, "one");
  await post(page, "two");
  await shows(page, ["failed: one", "failed: two"]);
  await page.getByText("Not sent: refused: storage").first().waitFor();
  fake.instead = () => undefined;
  await page.getByRole("button", { name: "Send again" }).first().click();
  await shows(page, ["one", "failed: two"]);
  await page.getByRole("button", { name: "Drop" }).click();
  await shows(page, ["one"]);
  assert.equal(fake.room("lobby").records.length, 1);
  fake.instead = ({ type, cid }) => (type === "post" ? refusal("storage", cid) : undefined);
  for (const text of ["three", "four"]) await post(page, text);
  await shows(page, ["one", "failed: three", "failed: four"]);
  fake.instead = ({ type, cid, text }) => (type === "post" && text === "four" ? refusal("storage", cid) : undefined);
  await post(page, "/resend");
  await shows(page, ["one", "three", "failed: four"]);
  await post(page, "/drop");
  await shows(page, ["one", "three"]);
  await page.reload();
  await live(page);
  await shows(page, ["one", "three"]);
});

test("what is typed offline survives a reload, and is sent once and in order", async () => {
  const page = await enter(context, fake.url, "bob");
  await fake.stop();
  await page.getByText(/^Offline/).waitFor();
  for (const text of ["one", "two", "three"]) await post(page, text);
  await page.locator("#box").fill("a draft");
  await shows(page, ["pending: one", "pending: two", "pending: three"]);
  // Serve the page, but no WebSocket yet.
  await fake.listen(fake.port);
  fake.instead = () => null;
  await page.reload();
  fake.instead = () => undefined;
  fake.cut();
  await shows(page, ["one", "two", "three"]);
  assert.deepEqual(fake.room("lobby").records.map(({ text }) => text), ["one", "two", "three"]);
  assert.equal(await page.locator("#box").inputValue(), "a draft");
  await page.reload();
  await live(page);
  await shows(page, ["one", "two", "three"]);
  assert.equal(fake.room("lobby").records.length, 3);
});

test("a message whose record was lost is sent again and stored once", async () => {
  const page = await enter(context, fake.url, "bob");
  fake.instead = (message, { socket }) => {
    if (message.type !== "post") return undefined;
    fake.instead = () => undefined;
    fake.room("lobby").records.push({ ...message, seq: 1, at: Date.now(), user: "bob" });
    socket.terminate();
    return null;
  };
  await post(page, "once");
  await post(page, "then");
  await shows(page, ["once", "then"]);
  assert.equal(fake.room("lobby").records.length, 2);
});

test("another tab adopts the unsent messages of a closed one, and open tabs keep their own", async () => {
  const page = await enter(context, fake.url, "bob");
  const other = await context.newPage();
  await other.goto(fake.url);
  await live(other);
  await fake.stop();
  await other.getByText(/^Offline/).waitFor();
  await page.getByText(/^Offline/).waitFor();
  await post(page, "mine");
  await post(other, "left behind");
  await shows(other, ["pending: left behind"]);
  await shows(page, ["pending: mine"]);
  await other.close();
  await fake.listen(fake.port);
  const texts = await until(() => fake.room("lobby").records.map(({ text }) => text), (all) => all.length === 2);
  assert.deepEqual(texts.sort(), ["left behind", "mine"]);
  await until(() => messages(page), (seen) => seen.length === 2);
});

test("a rate limit is waited out, in order and without a message to the person", async () => {
  const page = await enter(context, fake.url, "bob");
  let refusals = 2;
  fake.instead = ({ type, cid }) => (type === "post" && refusals-- > 0 ? refusal("rate_limited", cid, { retry_ms: 50 }) : undefined);
  for (const text of ["one", "two", "three"]) await post(page, text);
  await shows(page, ["one", "two", "three"]);
  assert.equal(fake.posts.length, 5);
});

test("a taken name and a missing password are requested at login", async () => {
  fake.tokens.set("bob", "another user's");
  fake.password = "sesame";
  const page = await context.newPage();
  await page.goto(fake.url);
  await page.getByLabel("Your name").fill("a b");
  await page.keyboard.press("Enter");
  await page.getByText("A name is 1 to 24 letters").waitFor();
  await page.getByLabel("Your name").fill("bob");
  await page.keyboard.press("Enter");
  await page.getByText("This server needs a password.").waitFor();
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("Wrong password.").waitFor();
  await page.getByLabel("Password").fill("sesame");
  await page.keyboard.press("Enter");
  await page.getByText("The name bob is in use.").waitFor();
  await page.getByLabel("Your name").fill("rob");
  await page.keyboard.press("Enter");
  await live(page);
  assert.equal(await page.locator("#me").textContent(), "rob");
  fake.cut();
  await page.locator("#state:not([data-state=live])").waitFor();
  await live(page); // the password is remembered for the session
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes("sesame"));
});

test("after too many wrong passwords the page says so, also for the right one, and enters once it may", async () => {
  const said = "Too many wrong passwords from your network. Try again in a minute.";
  fake.password = "open-sesame-7";
  fake.lockedOutFor = 60;
  const page = await context.newPage();
  await page.goto(fake.url);
  await page.getByLabel("Your name").fill("bob");
  await page.keyboard.press("Enter");
  await page.locator("#login-form", { hasText: said }).waitFor();
  const password = page.getByLabel("Password");
  await password.pressSequentially("open-sesame");
  await page.evaluate(() => dispatchEvent(new Event("online"))); // it asks again meanwhile
  await password.pressSequentially("-7");
  assert.equal(await password.inputValue(), "open-sesame-7", "what is typed stays");
  fake.lockedOutFor = 1;
  await password.press("Enter");
  await page.locator("#login-submit:not(:disabled)").waitFor();
  await page.locator("#login-form", { hasText: said }).waitFor();
  fake.lockedOutFor = null;
  await live(page);
  assert.deepEqual(fake.received.map(({ type }) => type).filter((type) => type !== "hello" && type !== "rooms"), []);
  fake.lockedOutFor = 1;
  fake.cut();
  await page.locator("#problem-text", { hasText: said }).waitFor();
  fake.lockedOutFor = null;
  await live(page);
  fake.lockedOutFor = 60;
  await page.reload();
  await page.getByLabel("Password").waitFor(); // and no box that would send it to a room
  assert.ok(await page.locator("#box").isHidden());
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!kept.includes("sesame"), kept);
});

test("login waits for a server that is not there at first", async () => {
  const page = await context.newPage();
  await page.goto(fake.url);
  await fake.stop();
  await page.getByLabel("Your name").fill("bob");
  await page.keyboard.press("Enter");
  await page.getByText("The server does not answer.").waitFor();
  await fake.listen(fake.port);
  await live(page);
});

test("a removed user sees the reason, and reconnects only on request", async () => {
  const page = await enter(context, fake.url, "bob");
  for (const { socket } of fake.clients) socket.close(4403, "kicked");
  await page.getByText("You were removed from this server.").waitFor();
  assert.equal(fake.clients.size, 0);
  await page.getByRole("button", { name: "Try now" }).click();
  await live(page);
});

test("after 25 s of silence the page sends a probe, and leaves a server that stays silent", async () => {
  await context.clock.install();
  const page = await enter(context, fake.url, "bob");
  fake.post("lobby", "ada", "hello");
  await shows(page, ["hello"]);
  fake.received.length = 0;
  await context.clock.runFor(27_000);
  await until(() => fake.received.length, (count) => count === 1);
  assert.deepEqual(fake.received[0], { type: "history", room: "lobby", after: 1, limit: 1 });
  fake.isMute = true;
  await context.clock.runFor(27_000);
  assert.equal(await page.locator("#state").textContent(), "live");
  await context.clock.runFor(11_000);
  await until(() => page.locator("#state").textContent(), (state) => state !== "live");
  fake.isMute = false; // messages sent meanwhile stay unanswered
  await context.clock.runFor(12_000);
  await live(page);
});

test("a probe finds missing records, which are then requested", async () => {
  await context.clock.install();
  const page = await enter(context, fake.url, "bob");
  fake.post("lobby", "ada", "one");
  await shows(page, ["one"]);
  const { records } = fake.room("lobby");
  records.push({ ...records[0], seq: 2, cid: "lost-2", text: "lost" }, { ...records[0], seq: 3, cid: "lost-3", text: "lost too" });
  await context.clock.runFor(27_000);
  await shows(page, ["one", "lost", "lost too"]);
});

test("a hostile server's frames are ignored or trigger a rejoin, and records after missing ones are never shown", async () => {
  const page = await enter(context, fake.url, "bob");
  fake.post("lobby", "ada", "one");
  await shows(page, ["one"]);
  for (const words of [
    "not json", "[]", "null", "{\"type\":\"aurora\",\"x\":1}", "{\"type\":\"post\"}",
    "{\"type\":\"__proto__\",\"room\":\"lobby\"}", "{\"type\":\"joined\",\"room\":\"lobby\",\"members\":7}",
    JSON.stringify({ type: "post", room: "elsewhere", seq: 2, at: 1, user: "eve", cid: "e", text: "not asked for" }),
    JSON.stringify({ type: "rooms", rooms: [{ name: "<img>", head: 1, members: 1 }] }),
    JSON.stringify({ type: "history", room: "lobby", first: 1, records: [] }),
  ]) fake.broadcast("lobby", words);
  for (const { socket } of fake.clients) socket.send(Buffer.from([1, 2, 3]));
  fake.broadcast("lobby", { ...fake.room("lobby").records[0] }); // a repeat
  fake.received.length = 0;
  const jump = { type: "post", room: "lobby", seq: 9, at: 1, user: "eve", cid: "e9", text: "after missing records" };
  fake.broadcast("lobby", jump);
  await until(() => fake.received, ([first]) => first?.type === "join" && first.since === 1);
  await shows(page, ["one"]);
  fake.broadcast("lobby", jump); // still missing after an answered join: the page does not trust the connection
  await until(() => fake.received.filter(({ type }) => type === "hello").length, (hellos) => hellos === 1);
  await live(page);
  fake.post("lobby", "ada", `${"z".repeat(1_000_000)}`);
  fake.post("lobby", "ada", "still here");
  await until(() => messages(page), (seen) => seen.length === 3 && seen[1].length === 2_001 && seen[2] === "still here");
});

test("a reset log is reported, and shown from its beginning", async () => {
  for (let i = 0; i < 90; i += 1) fake.post("lobby", "ada", `old ${i}`);
  const page = await enter(context, fake.url, "bob");
  for (let i = 0; i < 250; i += 1) fake.post("lobby", "ada", `old too ${i}`);
  await until(() => messages(page), (all) => all.at(-1) === "old too 249");
  fake.rooms.set("lobby", { log: "log-lobby-2", records: [] });
  fake.post("lobby", "ada", "new");
  fake.cut();
  await shows(page, ["new"]);
  await page.locator("#log").getByText("This room was reset").waitFor();
});

test("a log restored from a backup is reported and shown as it is, also when others are ahead", async () => {
  for (let i = 1; i <= 5; i += 1) fake.post("lobby", "ada", `kept ${i}`);
  const backup = [...fake.room("lobby").records];
  const page = await enter(context, fake.url, "bob");
  for (let i = 6; i <= 10; i += 1) fake.post("lobby", "ada", `lost ${i}`);
  await until(() => messages(page), (all) => all.at(-1) === "lost 10");
  const { port } = fake;
  await fake.stop();
  fake.rooms.set("lobby", { log: fake.room("lobby").log, records: backup });
  for (let i = 6; i <= 12; i += 1) fake.post("lobby", "eve", `anew ${i}`, { cid: `anew-${i}` });
  await fake.listen(port);
  await page.locator("#log").getByText("This room was reset").waitFor();
  await until(() => messages(page), (all) => all.at(-1) === "anew 12");
  assert.deepEqual(await messages(page), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((i) => `${i > 5 ? "anew" : "kept"} ${i}`));
});

test("the page reconnects as soon as the browser reports that it is online", async () => {
  const page = await enter(context, fake.url, "bob");
  await fake.stop();
  await page.getByText(/^Offline/).waitFor();
  await context.clock.install(); // from here on no timer runs by itself
  await fake.listen(fake.port);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await live(page);
});

test("a lost network is noticed, and what was written meanwhile is sent once when it is back", async () => {
  const page = await enter(context, `${fake.url}/r/air`, "bob");
  await post(page, "before");
  await shows(page, ["before"]);
  await context.setOffline(true);
  await post(page, "in the tunnel");
  await page.getByText(/^Offline/).waitFor();
  await post(page, "still in it");
  await shows(page, ["before", "pending: in the tunnel", "pending: still in it"]);
  await context.setOffline(false);
  await live(page);
  await shows(page, ["before", "in the tunnel", "still in it"]);
  assert.deepEqual(fake.room("air").records.map(({ text }) => text), ["before", "in the tunnel", "still in it"]);
});

test("the offline banner shows for how long, and when the next try is", async () => {
  const page = await enter(context, fake.url, "bob");
  await fake.stop();
  await page.getByText(/^Offline for \d+ s\.$/).waitFor();
  await page.getByText(/^Next try in \d+ s\. Messages that you write are kept\.$/).waitFor();
  await fake.listen(fake.port);
  await page.getByRole("button", { name: "Try now" }).click();
  await live(page);
  await page.locator("#problem").waitFor({ state: "hidden" });
  await fake.stop();
  await page.getByText("Offline.", { exact: true }).waitFor(); // counted from the start of this outage
  await fake.listen(fake.port);
});

test("a room with unsent messages is not left, and another tab that adopts them joins the room", async () => {
  const page = await enter(context, `${fake.url}/r/den`, "bob");
  const other = await context.newPage();
  await other.goto(fake.url);
  await live(other);
  await post(other, "/leave den");
  await other.getByRole("link", { name: "#den" }).waitFor({ state: "detached" });
  await fake.stop();
  await page.getByText(/^Offline/).waitFor();
  await post(page, "kept");
  await post(page, "/leave");
  await page.locator("#hint.bad", { hasText: "#den has unsent messages" }).waitFor();
  await page.close();
  await fake.listen(fake.port);
  await until(() => fake.room("den").records.map(({ text }) => text), (texts) => texts.join() === "kept");
});

test("a lost first welcome does not lock the name", async () => {
  fake.instead = ({ type, user, token }) => {
    if (type !== "hello" || fake.tokens.has(user)) return undefined;
    fake.tokens.set(user, token ?? "the server's own"); // claimed, but the connection breaks before the welcome
    fake.cut();
    return null;
  };
  const page = await enter(context, fake.url, "una");
  await post(page, "it is me");
  await shows(page, ["it is me"]);
});
