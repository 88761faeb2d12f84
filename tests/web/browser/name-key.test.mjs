// The key of a name: on another device, and forgotten. Against the built server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, live, person, post, withServer, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

test("the key of a name gives it to another device, and nothing else does", async () => {
  const [one, two] = [await person(browser, { permissions: ["clipboard-read", "clipboard-write"] }), await person(browser)];
  const page = await enter(one, `${server.url}/r/keys`, "kim");
  await post(page, "from here");
  await shows(page, ["from here"]);
  await page.getByRole("button", { name: "Settings" }).click();
  const field = page.getByRole("textbox", { name: "Key", exact: true });
  assert.doesNotMatch(await field.inputValue(), /[0-9a-f]{32}/, "not shown by default");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  const key = await field.inputValue();
  assert.match(key, /^[0-9a-f]{32}$/);
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByText("Key copied").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);

  const other = await two.newPage();
  await other.goto(`${server.url}/r/keys`);
  await other.getByLabel("Your name").fill("kim");
  await other.getByText("I have a key for this name").click();
  const typed = other.getByLabel("Key (page: Settings; terminal: /key)");
  const join = other.getByRole("button", { name: "Join", exact: true });
  await typed.fill("0123");
  await join.click();
  await other.getByText("A key is 32 characters: digits and letters from a to f").waitFor();
  await typed.fill("0".repeat(32));
  await join.click();
  await other.getByText("Wrong key for kim. Copy it again (page: Settings; terminal: /key), or choose another name.").waitFor();
  await typed.fill(` ${key.toUpperCase()} `);
  await join.click();
  await live(other);
  await other.getByRole("button", { name: "Edit “from here”" }).waitFor({ state: "attached" });
  await other.reload();
  await live(other);
  for (const context of [one, two]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("a name in use is told from a wrong key, in the login form and for a change of name, and says where the key is", async () => {
  const [one, two] = [await person(browser), await person(browser)];
  const mine = await enter(one, `${server.url}/r/keys`, "mia");
  const key = await mine.evaluate(() => localStorage.getItem("talk.token.mia"));
  await mine.getByRole("button", { name: "Settings" }).click();
  await mine.getByText("This key makes you the same person on any device").waitFor();
  await mine.getByText("in a terminal, paste it when the console asks").waitFor();

  const other = await two.newPage();
  await other.goto(`${server.url}/r/keys`);
  await other.getByLabel("Your name").fill("mia");
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await other.getByText("The name mia is in use. If it is yours, enter its key below.").waitFor();
  const login = other.getByLabel("Key (page: Settings; terminal: /key)", { exact: true });
  await login.waitFor(); // its field is open
  await login.fill("f".repeat(32));
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await other.getByText("Wrong key for mia. Copy it again (page: Settings; terminal: /key), or choose another name.").waitFor();

  await other.getByLabel("Your name").fill("ned");
  await login.fill("");
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await live(other);
  await other.getByRole("button", { name: "Change", exact: true }).click();
  await other.getByLabel("Your new name").fill("mia");
  await other.getByRole("button", { name: "Change name", exact: true }).click();
  await other.getByText("The name mia is in use. If it is yours, enter its key below.").waitFor();
  const again = other.getByLabel("Key for this name (page: Settings; terminal: /key)");
  await again.fill(`${" ".repeat(20)}${key}${" ".repeat(20)}`);
  await other.getByRole("button", { name: "Change name", exact: true }).click();
  await live(other);
  assert.equal(await other.evaluate(() => localStorage.getItem("talk.token.mia")), key);
  for (const context of [one, two]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

/** The name that the browser continues under. @param {import("playwright-core").Page} page */
const storedName = (page) => page.evaluate(() => localStorage.getItem("talk.user"));

test("a name changed on one device is the name on the other, also on one that was away", async () => {
  const [one, two] = [await person(browser), await person(browser)];
  const page = await enter(one, `${server.url}/r/devices`, "pia");
  await post(page, "as pia");
  await shows(page, ["as pia"]);
  const key = await page.evaluate(() => localStorage.getItem("talk.token.pia"));
  const other = await two.newPage();
  await other.goto(`${server.url}/r/devices`);
  await other.getByLabel("Your name").fill("pia");
  await other.getByText("I have a key for this name").click();
  await other.getByLabel("Key (page: Settings; terminal: /key)").fill(key);
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await live(other);
  await post(page, "/nick pina");
  for (const each of [page, other]) {
    await until(() => storedName(each), (name) => name === "pina");
  }
  await other.close();
  await post(page, "/nick mila");
  await until(() => storedName(page), (name) => name === "mila");
  const again = await two.newPage(); // its browser knows pina only
  await again.goto(`${server.url}/r/devices`);
  await live(again);
  await until(() => storedName(again), (name) => name === "mila");
  assert.equal(await again.evaluate(() => localStorage.getItem("talk.token.mila")), key);
  for (const context of [one, two]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("a key behind /key is answered with where it goes: it is not sent, not recalled and no draft", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/slip`, "sly");
  const wrong = "0123456789abcdef".repeat(2);
  await post(page, "before");
  await shows(page, ["before"]);
  await page.locator("#box").fill(`/key ${wrong}`);
  const stored = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.ok(!(await stored()).includes(wrong), "no draft while it is typed");
  await page.locator("#box").press("Enter");
  await page.locator("#log .note", { hasText: "A key is not entered here" }).waitFor();
  assert.equal(await page.locator("#box").inputValue(), "");
  await page.locator("#box").press("Control+ArrowUp");
  assert.equal(await page.locator("#box").inputValue(), "before");
  await post(page, "after");
  await shows(page, ["before", "after"]);
  assert.ok(!(await stored()).includes(wrong));
  assert.ok(!(await page.locator("body").innerText()).includes(wrong));
  await post(page, "/key");
  await page.locator("#log .note", { hasText: /It makes you sly on any device/ }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("forgetting the key asks again, and returns to login", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/keys`, "leo");
  const beside = await context.newPage();
  await beside.goto(`${server.url}/r/keys`);
  await live(beside);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Forget the key and leave" }).click();
  await page.getByRole("button", { name: "Really?" }).click();
  await page.getByLabel("Your name").waitFor();
  assert.equal(await page.getByLabel("Your name").inputValue(), "");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.doesNotMatch(kept, /talk\.token|"talk\.user"/);
  await until(() => page.url(), (url) => url === `${server.url}/`);
  await beside.getByLabel("Your name").waitFor(); // the other tab has lost the name as well
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the page can be installed: the browser finds nothing wrong with its manifest", async () => {
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(server.url);
  const devtools = await context.newCDPSession(page);
  const { url, errors, data } = await devtools.send("Page.getAppManifest");
  assert.deepEqual([url, errors], [`${server.url}/manifest.webmanifest`, []]);
  const { name, display, icons } = JSON.parse(data);
  assert.deepEqual([name, display], ["Talk", "standalone"]);
  for (const { src, type } of icons) {
    const icon = await page.request.get(new URL(src, server.url).href);
    assert.deepEqual([icon.status(), icon.headers()["content-type"]], [200, type]);
  }
  const manifest = await page.request.get(url);
  assert.equal(manifest.headers()["content-type"], "application/manifest+json");
  for (const scheme of ["light", "dark"]) {
    assert.equal(await page.locator(`meta[name=theme-color][media*=${scheme}]`).count(), 1);
  }
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("after a change of name, one's own messages are one's own: also on another device, and back", async () => {
  const [one, two] = [await person(browser), await person(browser)];
  const page = await enter(one, `${server.url}/r/renamed`, "zoe");
  await post(page, "under the first name");
  await shows(page, ["under the first name"]);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  const key = await page.getByRole("textbox", { name: "Key", exact: true }).inputValue();
  await page.getByRole("button", { name: "Done" }).click();
  await post(page, "/ignore mallory");
  await post(page, "/nick Zola");
  await page.getByText("You are Zola").waitFor();
  await page.getByRole("button", { name: "Edit “under the first name”" }).waitFor({ state: "attached" });
  await post(page, "/edit under the second name");
  await shows(page, ["under the second name edited"]);

  const other = await two.newPage();
  await other.goto(`${server.url}/r/renamed`);
  await other.getByLabel("Your name").fill("zoe");
  await other.getByText("I have a key for this name").click();
  await other.getByLabel("Key (page: Settings; terminal: /key)").fill(key);
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await live(other);
  await other.getByText("You are Zola").waitFor();
  await other.getByRole("button", { name: "Edit “under the second name”" }).waitFor({ state: "attached" });

  await post(other, "/nick zoe");
  await page.getByText("You are zoe").waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog").getByText("mallory").waitFor();
  for (const context of [one, two]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});
