// Suggestions while a person types: by keyboard, mouse and touch.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, messages, person, post, SCREENSHOTS, shows, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();
for (const [user, text] of [["adam", "first"], ["adele", "second"]]) fake.post("lobby", user, text);
fake.post("dev", "adam", "a build");
fake.topics.set("lobby", `Release on Friday ${"and more ".repeat(20)}`);

/** The page with the lobby, of a person with this name. */
async function lobby(name, options = {}) {
  const context = await person(browser, options);
  const page = await enter(context, `${fake.url}/r/lobby`, name);
  await page.getByText("second", { exact: true }).waitFor();
  const box = page.locator("#box");
  return {
    context, page, box,
    options: () => page.getByRole("option").evaluateAll((all) => all.map((each) => each.textContent)),
    chosen: () => page.evaluate(() => document.getElementById(document.getElementById("box").getAttribute("aria-activedescendant"))?.textContent ?? null),
    isOpen: () => page.locator("#suggestions").isVisible(),
    async done() {
      assert.deepEqual(context.errors, []);
      await context.close();
    },
  };
}

test("with the keyboard: arrows choose, Enter and Tab take, Esc closes, and Enter alone sends", async () => {
  const { page, box, options, chosen, isOpen, done } = await lobby("kim");
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
    return box.inputValue();
  };
  await box.pressSequentially("hi @ad");
  assert.deepEqual(await options(), ["@adele not here", "@adam not here"]);
  assert.equal(await chosen(), null, "nothing is chosen at first");
  assert.equal(await press("ArrowDown"), "hi @ad", "choosing changes no text");
  assert.equal(await chosen(), "@adele not here");
  await press("ArrowDown", "ArrowDown");
  assert.equal(await chosen(), "@adele not here", "round and round");
  await press("ArrowUp");
  assert.equal(await chosen(), "@adam not here");
  assert.equal(await press("Enter"), "hi @adam ");
  assert.equal(await isOpen(), false);
  assert.equal(await box.getAttribute("aria-activedescendant"), null);
  assert.deepEqual(await messages(page), ["first", "second"], "nothing was sent");

  await box.fill("");
  await box.pressSequentially("@ad");
  await press("ArrowUp");
  assert.equal(await press("Tab"), "@adam ", "the last one");
  await box.pressSequentially("and @ad");
  assert.equal(await press("Tab"), "@adam and @adele ", "Tab with nothing chosen completes, as before");
  assert.equal(await isOpen(), false);
  assert.equal(await press("Tab"), "@adam and @adam ");
  assert.equal(await press("Escape"), "@adam and @ad");
  assert.equal(await isOpen(), false, "what was given up is not suggested again");

  await box.fill("");
  await box.pressSequentially("so @ad");
  assert.equal(await press("Escape"), "so @ad");
  assert.equal(await isOpen(), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), "box", "Esc closed the list only");
  await page.keyboard.type("a");
  assert.equal(await isOpen(), false, "it stays closed for this word");
  await page.keyboard.type(" @ad");
  assert.equal(await isOpen(), true);
  assert.equal(await press("Enter"), "", "with nothing chosen, Enter sends");
  await shows(page, ["first", "second", "so @ada @ad"]);
  assert.equal(await isOpen(), false);
  await done();
});

test("what is no mark opens nothing, and moving away closes", async () => {
  const { page, box, isOpen, done } = await lobby("liz");
  for (const text of [":)", ":-)", ":D", "10:30", "a/b", "x@adam", "1 # 2", "#1", "#fff", "see /join", "std::fire", "//join"]) {
    await box.fill("");
    await box.pressSequentially(text);
    assert.equal(await isOpen(), false, text);
  }
  await box.fill("");
  await box.pressSequentially("one @ad");
  assert.equal(await isOpen(), true);
  await page.keyboard.press("Home");
  await until(isOpen, (is) => !is, "after the cursor left the word");
  await page.keyboard.press("End");
  await page.keyboard.type("a");
  assert.equal(await isOpen(), true);
  await page.locator("#scroller").click({ position: { x: 200, y: 5 } });
  await until(isOpen, (is) => !is, "after the focus left the box");
  await done();
});

test("commands say what they take and do, rooms their people and topic, emoji show their picture", async () => {
  const { page, box, options, done } = await lobby("moe");
  await box.pressSequentially("/jo");
  assert.match((await options())[0], /^\/join ROOM .*join/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await box.inputValue(), "/join ");
  await page.keyboard.type("de");
  await until(options, ([first]) => first === "#dev" || first === "dev", "for a room that we are not in");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await box.inputValue(), "/join dev ");
  await box.fill("");
  await box.pressSequentially("#");
  const rooms = await until(options, (all) => all.length === 2, "for the server's list of rooms");
  assert.match(rooms[0], /^#lobby 1 person · Release on Friday/);
  assert.equal(rooms[1], "#dev");
  await box.fill("");
  await box.pressSequentially("nice :tad");
  assert.deepEqual(await options(), ["🎉 :tada:"]);
  await done();
});

test("Esc closes the list, then ends an edit; an edited message is no command", async () => {
  const { page, box, isOpen, done } = await lobby("ned");
  await post(page, "mine @x");
  await page.locator('.message.mine[data-state="stored"]').waitFor();
  await page.keyboard.press("ArrowUp");
  await page.locator("#context:not([hidden])").waitFor();
  await box.pressSequentially(" @ad");
  assert.equal(await isOpen(), true);
  await page.keyboard.press("Escape");
  assert.equal(await isOpen(), false);
  assert.equal(await page.locator("#context").isVisible(), true, "the edit goes on");
  await box.fill("");
  await box.pressSequentially("/jo");
  assert.equal(await isOpen(), false);
  await page.keyboard.press("Escape");
  await page.locator("#context").waitFor({ state: "hidden" });
  await done();
});

test("a click and a tap take a suggestion, and the focus stays in the box", async () => {
  for (const hasTouch of [false, true]) {
    const { page, box, isOpen, done } = await lobby(hasTouch ? "tom" : "mia", { hasTouch });
    await box.pressSequentially("ask @ad");
    const option = page.getByRole("option", { name: "@adam" });
    await (hasTouch ? option.tap() : option.click());
    assert.equal(await box.inputValue(), "ask @adam ");
    assert.equal(await isOpen(), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), "box");
    await page.keyboard.type("now");
    assert.equal(await box.inputValue(), "ask @adam now");
    await done();
  }
});

test("the list fits a narrow page and a low one, light and dark, and is of one row for each suggestion", async () => {
  for (const [colorScheme, width, height] of [["light", 360, 640], ["dark", 360, 640], ["dark", 640, 360], ["light", 1280, 720]]) {
    const { page, box, done } = await lobby(`${colorScheme}-${width}`, { viewport: { width, height }, colorScheme });
    for (const text of ["/", "#"]) {
      await box.fill("");
      await box.pressSequentially(text);
      await page.getByRole("option").first().waitFor();
      const { list, header, rows, overflow } = await page.evaluate(() => {
        const rect = (element) => element.getBoundingClientRect().toJSON();
        const element = document.getElementById("suggestions");
        return { list: rect(element), header: rect(document.querySelector("#conversation header")), rows: [...element.children].map((each) => rect(each).height), overflow: element.scrollWidth - element.clientWidth };
      });
      assert.ok(list.left >= 0 && list.right <= width && list.top >= header.bottom, JSON.stringify({ list, header, width }));
      assert.ok(overflow <= 0, "no row is wider than the list");
      assert.ok(Math.max(...rows) < 48, `${rows}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await page.screenshot({ path: `${SCREENSHOTS}suggestions-${colorScheme}-${width}-${text === "/" ? "commands" : "rooms"}.png` });
    }
    await box.fill("");
    await box.pressSequentially("/");
    for (let i = 0; i < 8; i += 1) await page.keyboard.press("ArrowDown");
    const isInView = await page.evaluate(() => {
      const [list, option] = [document.getElementById("suggestions"), document.querySelector("#suggestions [aria-selected=true]")].map((each) => each.getBoundingClientRect());
      return option.top >= list.top - 1 && option.bottom <= list.bottom + 1;
    });
    assert.ok(isInView, "the chosen one is scrolled into view");
    await done();
  }
});

test("a screen reader hears the chosen suggestion as the active descendant, and nothing else", async () => {
  const { page, box, done } = await lobby("sue");
  const state = () => box.evaluate((element) => ["aria-autocomplete", "aria-haspopup", "aria-controls", "aria-activedescendant"].map((name) => element.getAttribute(name)));
  assert.deepEqual(await state(), ["list", "listbox", "suggestions", null]);
  await box.pressSequentially("@ad");
  assert.equal(await page.locator("#suggestions").getAttribute("role"), "listbox");
  assert.equal(await page.locator('#suggestions [aria-selected="true"]').count(), 0);
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await state(), ["list", "listbox", "suggestions", "suggestion-0"]);
  assert.equal(await page.locator("#suggestion-0").getAttribute("aria-selected"), "true");
  assert.equal(await page.locator("#hint").textContent(), "", "no live region");
  await done();
});

test("topics and names of others are text in the list", async () => {
  const { page, box, options, done } = await lobby("zed");
  fake.instead = (message) => message.type === "rooms" ? { type: "rooms", rooms: [{ name: "dev", head: 1, members: 2, topic: "<img src=x onerror=globalThis.harmed=1>" }] } : undefined;
  await box.pressSequentially("#d");
  await until(options, ([first]) => first === "#dev 2 people · <img src=x onerror=globalThis.harmed=1>", "for the topic");
  assert.equal(await page.locator("#suggestions img").count(), 0);
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
  fake.instead = () => undefined;
  await done();
});
