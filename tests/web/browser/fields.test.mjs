// Errors stand at the field that they are about, offer what would be accepted, and go when the field is mended.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, live, person, Server, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

const title = (page, text) => until(() => page.locator("#title").textContent(), (seen) => seen === text, text);

/** The error that a field has, as a screen reader finds it; null: none. */
const errorOf = (field) => field.evaluate((input) => {
  const note = document.getElementById(input.getAttribute("aria-describedby"));
  const isShown = note.checkVisibility() && note.textContent !== "";
  if (isShown !== (input.getAttribute("aria-invalid") === "true")) return "the error and aria-invalid disagree";
  return isShown ? note.textContent : null;
});
const hasError = (field, wanted) => until(() => errorOf(field), (seen) => wanted.test(seen ?? ""), String(wanted));
const isMended = async (field) => assert.equal(await errorOf(field), null);

test("the login form explains a name at its field, and offers one that is accepted", async () => {
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(fake.url);
  const name = page.getByLabel("Your name");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await hasError(name, /^Enter the name that others will see/);
  await name.fill("has space");
  await isMended(name);
  await page.keyboard.press("Enter");
  await hasError(name, /^A name is 1 to 24 letters/);
  await page.getByRole("button", { name: "Use has_space" }).click();
  assert.equal(await name.inputValue(), "has_space");
  await isMended(name);
  await page.keyboard.press("Enter");
  await live(page);
  assert.equal(await page.locator("#me").textContent(), "has_space");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a name in use asks for its key, and a wrong key has its own sentence at its own field", async () => {
  const [first, second] = [await person(browser), await person(browser)];
  const owner = await enter(first, `${fake.url}/r/mine`, "kit");
  const key = await owner.evaluate(() => localStorage.getItem("talk.token.kit"));
  const page = await second.newPage();
  await page.goto(`${fake.url}/r/mine`);
  fake.tokens.set("kit", key);
  const [name, typed] = [page.getByLabel("Your name"), page.getByLabel("Key (page: Settings; terminal: /key)")];
  await name.fill("kit");
  await page.keyboard.press("Enter");
  await hasError(name, /^The name kit is in use. If it is yours, enter its key below.$/);
  await typed.fill("0123"); // its field is open
  await page.keyboard.press("Enter");
  await hasError(typed, /^A key is 32 characters/);
  await isMended(name);
  await typed.fill("0".repeat(32));
  await isMended(typed);
  await page.keyboard.press("Enter");
  await hasError(typed, /^Wrong key for kit. Copy it again \(page: Settings; terminal: \/key\), or choose another name.$/);
  await isMended(name);
  await typed.fill(key);
  await page.keyboard.press("Enter");
  await live(page);
  fake.tokens.clear();
  for (const context of [first, second]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("a missing and a wrong password stand at the field for the password", async (t) => {
  fake.password = "sesame";
  t.after(() => (fake.password = null));
  const context = await person(browser);
  const page = await context.newPage();
  await page.goto(fake.url);
  await page.getByLabel("Your name").fill("pam");
  await page.keyboard.press("Enter");
  const password = page.getByLabel("Server password");
  await hasError(password, /^This server needs a password.$/);
  await password.fill("wrong");
  await isMended(password);
  await page.keyboard.press("Enter");
  await hasError(password, /^Wrong password.$/);
  await context.close();
});

test("the form for another name explains each refusal where it was typed, and takes the key of a name of yours", async (t) => {
  const server = await Server.start(["--rate", "0"]);
  t.after(() => server.stop());
  const [one, other] = [await person(browser), await person(browser)];
  const page = await enter(one, `${server.url}/r/names`, "lea");
  const second = await enter(other, `${server.url}/r/names`, "max");
  const key = await second.evaluate(() => localStorage.getItem("talk.token.max"));
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const [name, submit] = [page.getByLabel("Your new name"), page.getByRole("button", { name: "Change name" })];
  await name.fill("has space");
  await submit.click();
  await hasError(name, /^A name is 1 to 24 letters/);
  await page.getByRole("button", { name: "Use has_space" }).click();
  await isMended(name);
  await name.fill("system");
  await submit.click();
  await hasError(name, /reserved/);
  await name.fill("MAX");
  await isMended(name);
  await submit.click();
  await hasError(name, /^The name MAX is in use. If it is yours, enter its key below.$/);
  assert.equal(await page.locator("#hint").textContent(), "", "and nowhere else");
  const typed = page.getByLabel("Key for this name");
  await typed.fill("00");
  await submit.click();
  await hasError(typed, /^A key is 32 characters/);
  await typed.fill(key);
  await submit.click();
  await until(() => page.locator("#me").textContent(), (me) => me === "MAX");
  await live(page);

  // A name that is free closes the form, and nothing is left of the errors.
  await page.getByRole("button", { name: "Change", exact: true }).click();
  assert.equal(await typed.isVisible(), false);
  await name.fill("maxine");
  await page.keyboard.press("Enter");
  await until(() => page.locator("#me").textContent(), (me) => me === "maxine");
  await name.waitFor({ state: "hidden" });
  for (const context of [one, other]) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("with a wrong key for another name, the login form says so", async (t) => {
  const server = await Server.start(["--rate", "0"]);
  t.after(() => server.stop());
  const [one, other] = [await person(browser), await person(browser)];
  const page = await enter(one, `${server.url}/r/names`, "lea");
  await enter(other, `${server.url}/r/names`, "max");
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await page.getByLabel("Your new name").fill("max");
  await page.keyboard.press("Enter");
  await page.getByLabel("Key for this name").fill("0".repeat(32));
  await page.keyboard.press("Enter");
  const typed = page.getByLabel("Key (page: Settings; terminal: /key)");
  await typed.waitFor();
  await hasError(typed, /^Wrong key for max. Copy it again \(page: Settings; terminal: \/key\), or choose another name.$/);
  await page.getByLabel("Your name").fill("lea"); // the way back is open
  await typed.fill("");
  await page.keyboard.press("Enter");
  await live(page);
  assert.equal(await page.locator("#me").textContent(), "lea");
  for (const context of [one, other]) await context.close();
});

test("the field for rooms explains a name that is none, offers one that is, and shows a refusal", async (t) => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/lobby`, "ron");
  const field = page.getByLabel("Join or create a room");
  await field.fill("design review");
  await page.keyboard.press("Enter");
  await hasError(field, /^A room name is 1 to 32 of a-z/);
  assert.equal(await page.locator("#hint").textContent(), "", "and nowhere else");
  await page.getByRole("button", { name: "Use design-review" }).click();
  await isMended(field);
  await page.keyboard.press("Enter");
  await title(page, "#design-review");
  assert.equal(await field.inputValue(), "");
  await field.fill("проект");
  await page.keyboard.press("Enter");
  await hasError(field, /^A room name is 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit$/);
  await field.fill("@uma");
  await page.keyboard.press("Enter");
  await title(page, "uma");
  await field.fill("@ron");
  await page.keyboard.press("Enter");
  await hasError(field, /^That is your own name$/);
  fake.instead = ({ type, room }) => (type === "join" && room === "full" ? { type: "error", code: "forbidden", message: "you are in as many rooms as you may be", room } : undefined);
  t.after(() => (fake.instead = () => undefined));
  await field.fill("full");
  await page.keyboard.press("Enter");
  await hasError(field, /as many rooms/);
  assert.equal(await field.inputValue(), "full");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("an address that names no room says so, and offers the room that was meant", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/design%20review`, "ron");
  await page.getByText("This address names no room: “design review”.").waitFor();
  await title(page, "#lobby");
  await page.getByRole("button", { name: "Join #design-review" }).click();
  await title(page, "#design-review");
  assert.equal(await page.locator("#notices > *").count(), 0);
  await page.goto(`${fake.url}/r/${encodeURIComponent("https://evil.example/\u202e")}`);
  await page.getByText("This address names no room: “https://evil.example/”.").waitFor();
  assert.equal(await page.locator("#notices a").count(), 0, "what an address says is no link");
  await page.goto(`${fake.url}/r/@ada+eve`);
  await page.getByText("This address is of a private room of other people.").waitFor();
  await page.getByRole("button", { name: "Close: Address" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "box");
  await page.goto(`${fake.url}/r/design-review`);
  await live(page);
  assert.equal(await page.locator("#notices > *").count(), 0);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a command that names no room or no name offers one", async () => {
  const context = await person(browser);
  const page = await enter(context, `${fake.url}/r/lobby`, "ron");
  await page.locator("#box").fill("/join design review");
  await page.keyboard.press("Enter");
  await page.locator("#hint.bad", { hasText: "Try design-review" }).waitFor();
  await page.locator("#box").fill("/nick has space");
  await page.keyboard.press("Enter");
  await page.locator("#hint.bad", { hasText: "Try /nick has_space" }).waitFor();
  await context.close();
});

test("a key that cannot be copied is shown, and the reason stands below it", async () => {
  const context = await person(browser);
  await context.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"));
    document.execCommand = () => false;
  });
  const page = await enter(context, `${fake.url}/r/lobby`, "ron");
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.locator(".key + #key-status", { hasText: "This browser does not allow copying. Copy the key yourself" }).waitFor();
  assert.match(await page.locator("#key").inputValue(), /^[0-9a-f]{32}$/);
  await context.close();
});
