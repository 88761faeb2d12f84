// The panel with the people of a room: here and not here, the filter, and lists of ten thousand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, person, SCREENSHOTS, until, withFakeServer } from "./harness.mjs";

const { browser, fake } = await withFakeServer();

/** As many members of a room are here, and as many are not. */
const COUNT = Number(process.env.TALK_WEB_MEMBERS ?? 5_000);
const member = (i) => `member-${String(i).padStart(5, "0")}`;
const absentee = (i) => `resting-${String(i).padStart(5, "0")}`;

/** The names in the document, of who is here or not here. */
const shown = (page, list = "members-list") => page.locator(`#${list} li .name`).allTextContents();
const is = (page, here, absent) => until(async () => [await shown(page), await shown(page, "absent-list")].join(" / "), (seen) => seen === `${here} / ${absent}`, `${here} / ${absent}`);
const heading = (page, name) => page.locator("#members").getByRole("heading", { name, exact: true });
const filter = (page) => page.getByRole("searchbox", { name: "Find a person" });
const wide = { viewport: { width: 1280, height: 800 } };

/** A room with very many people, here and not here. */
function crowd(room, count = COUNT) {
  fake.guests.set(room, Array.from({ length: count }, (_, i) => member(i)));
  fake.absentees.set(room, Array.from({ length: count }, (_, i) => absentee(i)));
  fake.largeRoom = 101;
}

/** The longest tasks of the main thread of the page, in ms: a busy machine makes them longer by the clock. @param {Buffer} trace */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace.toString());
  const threads = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && threads.has(`${pid} ${tid}`));
  const most = (/** @type {string} */ field) => tasks.reduce((all, task) => Math.max(all, (task[field] ?? 0) / 1_000), 0);
  return { clock: most("dur"), cpu: most("tdur") };
}

test("the panel shows who is here and who is not, as people come, go and are renamed", async () => {
  fake.absentees.set("lobby", ["Yves", "zoe"]);
  fake.away.set("ann", "lunch");
  const [mine, theirs] = [await person(browser, wide), await person(browser)];
  const page = await enter(mine, `${fake.url}/r/lobby`, "bob");
  await is(page, "bob", "Yves,zoe");
  const other = await enter(theirs, `${fake.url}/r/lobby`, "ann");
  await is(page, "ann,bob", "Yves,zoe");
  await heading(page, "Here (2)").waitFor();
  await heading(page, "Not here (2)").waitFor();
  await other.close();
  await is(page, "bob", "ann,Yves,zoe");
  const back = await theirs.newPage();
  await back.goto(`${fake.url}/r/lobby`);
  await is(page, "ann,bob", "Yves,zoe");
  await back.locator("#box").fill("/leave");
  await back.keyboard.press("Enter");
  await is(page, "bob", "Yves,zoe");
  fake.broadcast("lobby", { type: "renamed", user: "zoe", to: "chloe" });
  await is(page, "bob", "chloe,Yves");
  assert.equal(fake.received.filter(({ type }) => type === "who").length, 0, "nothing is asked in a small room");
  await page.getByRole("button", { name: "Write to Yves" }).click();
  await page.locator("#title", { hasText: "Yves" }).waitFor();
  assert.equal(await filter(page).isVisible(), false, "no filter for two people");
  assert.deepEqual([...mine.errors, ...theirs.errors], []);
  await Promise.all([mine.close(), theirs.close()]);
});

test("the filter works at once in a small room; Escape clears it, arrows go along the people", async () => {
  fake.guests.set("team", ["Ada", "Alan", "Grace"]);
  fake.absentees.set("team", ["Alonzo", "Barbara"]);
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/team`, "kim");
  await is(page, "Ada,Alan,Grace,kim", "Alonzo,Barbara");
  await filter(page).pressSequentially("@AL");
  await is(page, "Alan", "Alonzo");
  await page.getByRole("status").getByText("2 people").waitFor();
  await heading(page, "Here (4)").waitFor();
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  assert.equal(await focused(), "Write to Alan");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "Write to Alonzo");
  assert.equal(await page.locator("#members-scroller li > button[tabindex='0']").count(), 1, "one stop of the Tab key");
  for (let i = 0; i < 2; i += 1) await page.keyboard.press("ArrowUp");
  assert.equal(await page.evaluate(() => document.activeElement.id), "members-filter");
  await page.keyboard.press("Escape");
  assert.equal(await filter(page).inputValue(), "");
  assert.equal(await page.evaluate(() => document.activeElement.id), "members-filter");
  await is(page, "Ada,Alan,Grace,kim", "Alonzo,Barbara");
  await filter(page).fill("nobody");
  await page.getByRole("status").getByText("No one’s name begins so").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  assert.equal(await focused(), "Write to Barbara");
  await page.keyboard.press("Home");
  assert.equal(await focused(), "Write to Ada");
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: "Ada" }).waitFor();
  await page.goBack();
  await is(page, "Ada,Alan,Grace,kim", "Alonzo,Barbara");
  await filter(page).fill("Gr");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.id), "", "the second Escape leaves the field");
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("of ten thousand members, half of them here, each can be reached, and few rows are in the document", async (t) => {
  crowd("crowd");
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/crowd`, "bob");
  await heading(page, `Here (${(COUNT + 1).toLocaleString("en")})`).waitFor();
  await heading(page, `Not here (${COUNT.toLocaleString("en")})`).waitFor({ state: "attached" });
  const rows = page.locator("#members-scroller li");
  await page.getByRole("button", { name: `Write to ${member(0)}` }).waitFor();
  await browser.startTracing(page, { categories: ["toplevel"] });
  const seen = new Set();
  const scroller = page.locator("#members-scroller");
  let most = 0;
  // Down the page, a screen at a time; where names are still to come, it waits for them.
  for (let at = 0, height = Infinity; at < height; at += 600) {
    const names = await until(async () => {
      const state = await scroller.evaluate((element, top) => {
        element.scrollTop = top;
        const view = element.getBoundingClientRect();
        const inView = [...element.querySelectorAll("li .name")].filter((each) => {
          const { top: from, bottom } = each.getBoundingClientRect();
          return bottom > view.top && from < view.bottom;
        });
        return { names: inView.map((each) => each.textContent), height: element.scrollHeight, rows: element.querySelectorAll("li").length };
      }, at);
      ({ height } = state);
      most = Math.max(most, state.rows);
      return state.names;
    }, ({ length }) => length >= 18, `for the names at ${at} px`);
    for (const name of names) seen.add(name);
  }
  assert.equal(seen.size, 2 * COUNT + 1, "every name was on the screen");
  assert.ok(most <= 400, `${most} rows`);
  assert.ok(await rows.count() <= 400);
  const last = page.locator("#absent-list li").last();
  assert.deepEqual([await last.getAttribute("aria-posinset"), await last.getAttribute("aria-setsize")], [`${COUNT}`, `${COUNT}`]);

  await filter(page).fill("MEMBER-0377");
  await until(() => shown(page), (names) => names.length === 10 && names[0] === member(3_770), "the ten who are here");
  await filter(page).fill(absentee(4_321));
  await is(page, "", absentee(4_321));
  await page.getByRole("status").getByText("1 person", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await until(() => shown(page), (names) => names.includes(member(0)));
  const { clock, cpu } = longestTask(await browser.stopTracing());
  t.diagnostic(`${most} rows at most; the longest task took ${cpu.toFixed(0)} ms of the processor, the longest by the clock ${clock.toFixed(0)} ms`);
  assert.ok(cpu < 200, `${cpu} ms`); // 17 ms on a busy machine
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("one who jumps to the end of a long list gets the pages up to there, also with away messages in it", async () => {
  crowd("jump", 1_000);
  for (let i = 0; i < 1_000; i += 7) fake.away.set(member(i), `back at ${i}`);
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/jump`, "nell");
  await page.getByRole("button", { name: `Write to ${member(0)}` }).waitFor();
  // Rows with an away message are higher: each page that has some moves the end.
  await until(async () => {
    await page.locator("#members-scroller").evaluate((element) => (element.scrollTop = element.scrollHeight));
    return (await shown(page, "absent-list")).at(-1);
  }, (last) => last === absentee(999), "for the end");
  await page.locator("#members-scroller").evaluate((element) => (element.scrollTop = 900 * 28));
  await page.locator("#members-list li .name", { hasText: "member-008" }).first().waitFor();
  // The rows are where the padding above them says: nothing moves when rows are made above the view.
  const [first, top] = await page.evaluate(() => {
    const view = document.getElementById("members-scroller").getBoundingClientRect();
    const row = [...document.querySelectorAll("#members-list li")].find((each) => each.getBoundingClientRect().top > view.top + 100);
    return [row.textContent, row.getBoundingClientRect().top];
  });
  await page.locator("#members-scroller").evaluate((element) => (element.scrollTop -= 600));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const moved = await page.evaluate((text) => [...document.querySelectorAll("#members-list li")].find((each) => each.textContent === text)?.getBoundingClientRect().top, first);
  assert.ok(Math.abs(moved - top - 600) < 2, `${first}: ${top} and then ${moved}`);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("of others who come to a large room the list is not told, and offers to be updated", async () => {
  crowd("hall", 150);
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/hall`, "dora");
  await page.getByRole("button", { name: `Write to ${member(0)}` }).waitFor();
  const update = page.getByRole("button", { name: "Update the list of who is here" });
  assert.equal(await update.isVisible(), false);
  fake.guests.get("hall").push("newcomer");
  fake.broadcast("hall", { type: "presence", room: "hall", count: 152 });
  await update.click();
  await page.getByRole("button", { name: "Write to newcomer" }).waitFor();
  await update.waitFor({ state: "hidden" });
  await heading(page, "Here (152)").waitFor();
  fake.cut();
  await page.locator('#state[data-state="live"]').waitFor();
  await page.getByRole("button", { name: "Write to newcomer" }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("Ctrl+K and @ find a member of a large room who is not here", async () => {
  crowd("plaza", 1_000);
  fake.absentees.get("plaza").push("Umberto");
  fake.guests.get("plaza").push("Ulla");
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/plaza`, "tess");
  const options = (list) => page.locator(`#${list} [role=option]`).allTextContents();
  await page.locator("#box").pressSequentially("hi @um");
  await until(() => options("suggestions"), (all) => all.join() === "@Umberto not here");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#box").inputValue(), "hi @Umberto ");
  await page.locator("#box").fill("");
  await page.locator("#box").pressSequentially("@u");
  await until(() => options("suggestions"), (all) => all.join() === "@Ulla here,@Umberto not here");
  await page.screenshot({ path: `${SCREENSHOTS}members-suggestions.png` });
  await page.locator("#box").fill("");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("resting-00500");
  await until(() => options("picker-list"), (all) => all[0] === `${absentee(500)}direct message`);
  await page.keyboard.press("Enter");
  await page.locator("#title", { hasText: absentee(500) }).waitFor();
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("names of a hostile server are text, and no wider than the panel", async () => {
  crowd("bad", 3);
  fake.guests.set("bad", ["<img src=x onerror=globalThis.harmed=1>", "W".repeat(2_000), "\u202eeve"]);
  fake.absentees.set("bad", ["</ul><script>globalThis.harmed=1</script>", "__proto__"]);
  const context = await person(browser, wide);
  const page = await enter(context, `${fake.url}/r/bad`, "sam");
  await page.locator("#absent-list .name", { hasText: "__proto__" }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
  assert.equal(await page.locator("#members img, #members script").count(), 0);
  assert.ok(await page.locator("#members-scroller").evaluate((element) => element.scrollWidth <= element.clientWidth));
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("the panel fits a phone and a wide page, light and dark", async () => {
  crowd("looks", 5_000);
  fake.guests.get("looks").push("ada", "Grace", "a-name-of-24-characters-");
  fake.away.set("ada", "lunch");
  fake.away.set("a-name-of-24-characters-", "in a meeting about the next meeting");
  fake.guests.set("small", ["ada", "Grace", "a-name-of-24-characters-"]);
  fake.absentees.set("small", ["linus", "Margaret"]);
  for (const [colorScheme, width, height] of [["light", 360, 640], ["dark", 360, 640], ["light", 1280, 720], ["dark", 1280, 720]]) {
    const context = await person(browser, { viewport: { width, height }, colorScheme, hasTouch: width < 760, reducedMotion: "reduce" });
    for (const room of ["looks", "small"]) {
      const page = await (room === "looks" ? enter(context, `${fake.url}/r/looks`, `${colorScheme}-${width}`) : context.newPage());
      if (room === "small") await page.goto(`${fake.url}/r/small`);
      if (width < 760) await page.getByRole("button", { name: "people here" }).tap();
      await page.getByRole("button", { name: "Write to ada" }).waitFor();
      const { panel, overflow, heights } = await page.evaluate(() => ({
        panel: document.getElementById("members").getBoundingClientRect().toJSON(),
        overflow: document.getElementById("members-scroller").scrollWidth - document.getElementById("members-scroller").clientWidth,
        heights: [...document.querySelectorAll("#members li > button")].map((each) => each.getBoundingClientRect().height),
      }));
      assert.ok(panel.left >= 0 && panel.right <= width && overflow <= 0, JSON.stringify({ panel, overflow }));
      assert.ok(Math.min(...heights) >= (width < 760 ? 32 : 24), `${Math.min(...heights)} px`);
      await page.screenshot({ path: `${SCREENSHOTS}members-${room}-${colorScheme}-${width}.png` });
      await page.close();
    }
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});
