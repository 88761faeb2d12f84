// Private rooms and read markers, between users, tabs and devices.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, live, person, post, withServer, shows, until } from "./harness.mjs";

const { browser, server } = await withServer(["--rate", "0"]);

const title = (page, wanted) => until(() => page.locator("#title").textContent(), (seen) => seen === wanted, wanted);
const direct = (page, name) => page.locator("#direct-list").getByRole("link", { name });
const hide = (page, isHidden) => page.evaluate((hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, isHidden);
/** The rows of a room: its messages and the "New" rule. */
const rows = (page) => page.locator("#log > :is(.message, .new)").evaluateAll((all) => all.map((row) => (
  row.className === "new" ? "New" : row.querySelector(".text").textContent)));
const leave = async (...contexts) => {
  for (const context of contexts) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
};

/** Another browser of the same user. */
async function device(context, url, name) {
  const [held] = (await context.storageState()).origins;
  const other = await person(browser, { storageState: { cookies: [], origins: [held] } });
  const page = await other.newPage();
  await page.goto(url);
  await live(page);
  assert.equal(await page.locator("#me").textContent(), name);
  return page;
}

test("two users talk in private: a third sees nothing, and both still have it after a reload", async () => {
  const people = [await person(browser), await person(browser), await person(browser)];
  const [ada, bob, eve] = [
    await enter(people[0], server.url, "Ada"), await enter(people[1], server.url, "bob"), await enter(people[2], server.url, "eve"),
  ];
  await post(ada, "/msg BOB psst");
  await title(ada, "bob"); // as he spells it himself
  await until(() => new URL(ada.url()).pathname, (path) => path === "/r/@bob", "the address has his name");
  await shows(ada, ["psst"]);
  await direct(bob, "Ada 1 unread").click();
  await title(bob, "Ada");
  await shows(bob, ["psst"]);
  await bob.getByText("Only Ada and you can read this.").waitFor();
  await post(bob, "yes?");
  await shows(ada, ["psst", "yes?"]);
  assert.equal(await eve.locator("#direct").isVisible(), false);
  await eve.goto(`${server.url}/r/@ada+bob`);
  await live(eve);
  await title(eve, "#lobby");
  assert.ok(!(await eve.content()).includes("psst"));
  for (const [page, name] of [[ada, "bob"], [bob, "Ada"]]) {
    await page.reload();
    await live(page);
    await title(page, name);
    await shows(page, ["psst", "yes?"]);
    await page.locator("#room-list").getByRole("link", { name: "#lobby" }).click();
    await title(page, "#lobby");
  }
  await post(bob, "/r and again");
  await title(bob, "Ada");
  await shows(bob, ["psst", "yes?", "and again"]);
  await leave(...people);
});

test("a click on a user opens the private room, which is left like any other", async () => {
  const [gus, hal] = [await person(browser, { viewport: { width: 1200, height: 700 } }), await person(browser)];
  const page = await enter(gus, server.url, "gus");
  await enter(hal, server.url, "hal");
  await page.getByRole("button", { name: "Write to hal" }).click();
  await title(page, "hal");
  await post(page, "hello");
  await shows(page, ["hello"]);
  assert.equal(await page.getByRole("button", { name: "Write to gus" }).count(), 0, "no button for the user itself");
  await post(page, "/msg gus me");
  await page.locator("#hint.bad", { hasText: "That is your own name" }).waitFor();
  await page.locator("#box").fill("");
  await page.getByRole("button", { name: "Leave hal" }).focus();
  await page.keyboard.press("Enter");
  await title(page, "#lobby");
  await page.reload();
  await live(page);
  assert.equal(await page.locator("#direct").isVisible(), false);
  await leave(gus, hal);
});

test("nobody has the name of a direct message: it says so at once, and gives the text back where it was typed", async () => {
  const context = await person(browser);
  const page = await enter(context, `${server.url}/r/den`, "ivo");
  for (const [typed, back] of [["/msg Nobody hello?", "/msg nobody hello?"], ["/msg nobody", ""], ["/join @nobody", ""]]) {
    await post(page, typed);
    await page.locator("#hint.bad", { hasText: /^Nobody is called nobody$/ }).waitFor();
    await title(page, "#den");
    assert.equal(await page.locator("#box").inputValue(), back, "and can be mended");
    assert.equal(await page.locator("#direct").isVisible(), false);
    assert.deepEqual(await messages(page), []);
    await page.locator("#box").fill("");
  }
  await page.reload();
  await live(page);
  await title(page, "#den");
  assert.equal(await page.locator("#hint").textContent(), "", "no error at each load");
  assert.equal(await page.locator("#direct").isVisible(), false);
  await leave(context);
});

test("a direct message to a known user who is absent is stored", async () => {
  const [uma, vic] = [await person(browser), await person(browser)];
  const absent = await enter(uma, server.url, "uma");
  await post(absent, "so that the name stays mine");
  await shows(absent, ["so that the name stays mine"]);
  await absent.close();
  const page = await enter(vic, server.url, "vic");
  await post(page, "/msg uma see you");
  await title(page, "uma");
  await shows(page, ["see you"]);
  await leave(uma, vic);
});

test("a private room stays with its people when one of them changes the name, also while the other is away", async () => {
  const [jan, kim] = [await person(browser), await person(browser)];
  const page = await enter(jan, server.url, "jan");
  const other = await enter(kim, server.url, "kim");
  await post(page, "/msg kim hi");
  await direct(other, "jan 1 unread").waitFor();
  await shows(page, ["hi"]);
  const [, room] = JSON.parse(await page.evaluate(() => localStorage.getItem("talk.members.jan")));
  assert.equal(room, "@jan+kim", "its name does not change, and says nothing any more");
  await post(page, "/nick jane");
  await direct(other, "jane 1 unread").waitFor();
  await title(page, "kim");
  await post(other, "/msg jane who is that?");
  await shows(page, ["hi", "who is that?"]);
  await page.close();
  await post(other, "/nick kimmy");
  await post(other, "/msg jane see you");
  const again = await jan.newPage();
  await again.goto(`${server.url}/r/@kimmy`);
  await live(again);
  await title(again, "kimmy");
  await shows(again, ["hi", "who is that?", "see you"]);
  assert.equal(new URL(again.url()).pathname, "/r/@kimmy");
  await leave(jan, kim);
});

test("messages missed while away are under a rule, and counted in other rooms", async () => {
  const [lea, max] = [await person(browser), await person(browser)];
  const page = await enter(lea, `${server.url}/r/away`, "lea");
  const other = await enter(max, `${server.url}/r/away`, "max");
  await post(other, "one");
  await shows(page, ["one"]);
  await post(page, "two");
  await shows(page, ["one", "two"]);
  await hide(page, true);
  await page.close();
  await post(other, "three");
  await post(other, "four");
  await shows(other, ["one", "two", "three", "four"]);

  const again = await lea.newPage();
  await again.goto(`${server.url}/r/den`);
  await live(again);
  await again.getByRole("link", { name: "#away 2 unread" }).click();
  await until(() => rows(again), (seen) => seen.join() === "one,two,New,three,four");
  await hide(again, true);
  await again.reload();
  await live(again);
  await until(() => rows(again), (seen) => seen.join() === "one,two,three,four", "all of it was read");
  await leave(lea, max);
});

test("what was read on one device is read on the other", async () => {
  const [nia, oto] = [await person(browser), await person(browser)];
  const page = await enter(nia, `${server.url}/r/both`, "nia");
  const other = await enter(oto, `${server.url}/r/both`, "oto");
  await post(page, "here");
  await shows(other, ["here"]);
  const second = await device(nia, `${server.url}/r/elsewhere`, "nia");
  await hide(page, true);
  await post(other, "one");
  await post(other, "two");
  await second.getByRole("link", { name: "#both 2 unread" }).waitFor();
  await until(() => page.title(), (name) => name === "(2) both – Talk");
  await second.getByRole("link", { name: "#both" }).click();
  await until(() => rows(second), (seen) => seen.join() === "here,New,one,two");
  await until(() => page.title(), (name) => name === "both – Talk", "the other device's reading");
  await second.reload();
  await live(second);
  await until(() => rows(second), (seen) => seen.join() === "here,one,two");
  const third = await device(nia, `${server.url}/r/both`, "nia");
  await until(() => rows(third), (seen) => seen.join() === "here,one,two");
  await leave(nia, oto, second.context(), third.context());
});

test("an away message is shown beside the name and in the private room, until /back", async () => {
  const people = [await person(browser), await person(browser)];
  const [ada, bob] = [await enter(people[0], server.url, "Ada2"), await enter(people[1], server.url, "bob2")];
  const beside = (page, name) => page.locator("#members-list li", { hasText: name }).locator(".away");
  await post(bob, "/away gone for tea");
  await bob.getByText("You are away: gone for tea. /back ends it").waitFor();
  await until(() => beside(ada, "bob2").textContent(), (seen) => seen === "away: gone for tea");
  await until(() => beside(bob, "bob2").textContent(), (seen) => seen === "away: gone for tea");
  await post(ada, "/msg bob2 are you there?");
  await until(() => ada.locator("#topic").textContent(), (seen) => seen === "bob2 is away: gone for tea");
  await bob.reload();
  await live(bob);
  await until(() => beside(bob, "bob2").textContent(), (seen) => seen === "away: gone for tea", "after a reload");
  await post(bob, "/back");
  await until(() => ada.locator("#topic").textContent(), (seen) => seen === "", "back");
  await until(() => beside(ada, "bob2").count(), (seen) => seen === 0);
  await leave(...people);
});
