// Appearance: screenshots of each state at each width in both colour schemes, and what can be
// measured: contrast, and nothing that overflows.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { WebSocket } from "ws";
import { FakeServer } from "../fake_server.mjs";
import { enter, launch, live, person, SCREENSHOTS, post, until } from "./harness.mjs";

const HOUR = 3_600_000;
const WIDTHS = [[320, 568], [360, 720], [768, 1024], [1440, 900]];

let browser;
let fake;

before(async () => (browser = await launch()));
after(() => browser?.close());
beforeEach(async () => {
  fake = await FakeServer.start();
  converse();
});
afterEach(() => fake.stop());

function converse() {
  const ago = (hours) => ({ at: Date.now() - hours * HOUR });
  fake.post("lobby", "ada", "Morning. Is the build green again?", ago(26));
  fake.post("lobby", "ada", "I restarted it last night and went to bed", ago(25.99));
  fake.post("lobby", "Grace", "It is: https://ci.example.org/talk/build/4711?view=log", ago(25.9));
  fake.post("lobby", "linus", "finally", ago(25.8));
  fake.post("lobby", "ada", "waves at everybody", { ...ago(3), kind: "me" });
  fake.post("lobby", "Grace", "Shall we look at the reconnect code together? I keep seeing a gap after the laptop sleeps, and I "
    + "would like to know whether it is the client or the proxy in between that forgets to say goodbye.", ago(2));
  fake.post("lobby", "linus", "sure. Paste from my side:\n\n\tfor line in outbox {\n\t\tsend(line)\n\t}\n\nthat is all there is to it", ago(1.9));
  fake.post("lobby", "José", "مرحبا بالجميع، كيف الحال؟", ago(1.5));
  fake.post("lobby", "Ольга", "Всем привет", ago(1.4));
  fake.post("lobby", "Ольга", "Всем превет", ago(1.3));
  fake.post("lobby", "Ольга", "Всем добрый день", { type: "edit", target: 10 });
  fake.post("lobby", "linus", "", { ...ago(1.2), deleted: true });
  fake.post("lobby", "Grace", "> all there is to it\nOne thing: **never** call `send` twice :eyes:\n```\nlet sent = outbox.take();\nsend(sent)\n```", ago(1.1));
  fake.post("lobby", "ada", "Once is what it is about. bob, can you try it with a lid closed?", { ...ago(0.9), reply: 13 });
  fake.topics.set("lobby", "Release on Friday: https://example.org/plan, and nothing else until then");
  fake.post("rust", "ada", "1.95 is out");
  fake.post("gardening", "ada", "tomatoes!");
}

/** A client that is only connected. */
async function attend(user) {
  const socket = new WebSocket(`${fake.url.replace("http", "ws")}/ws`);
  await new Promise((open) => socket.on("open", open));
  socket.send(JSON.stringify({ type: "hello", user, join: [{ room: "lobby" }] }));
  return socket;
}

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of WIDTHS) {
    test(`it looks right: ${colorScheme}, ${width} px`, async () => {
      const context = await person(browser, { viewport: { width, height }, colorScheme, deviceScaleFactor: width < 1000 ? 2 : 1 });
      const page = await context.newPage();
      const picture = async (state) => {
        await page.screenshot({ path: `${SCREENSHOTS}${colorScheme}-${width}-${state}.png`, animations: "disabled" });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${state} is too wide`);
      };
      await page.goto(fake.url);
      await picture("name");
      await page.getByLabel("Your name").fill("bob");
      await page.keyboard.press("Enter");
      await live(page);
      for (const room of ["rust", "gardening", "lobby"]) await post(page, `/join ${room}`);
      await live(page);
      for (const user of ["ada", "Grace", "linus", "José", "Ольга"]) await attend(user);
      await page.locator("#member-count", { hasText: "6" }).waitFor({ state: "attached" });
      await post(page, "/msg Grace see you at noon?");
      await page.locator("#title", { hasText: "Grace" }).waitFor();
      await post(page, "/join lobby");
      fake.post("rust", "ada", "and 1.96 soon");
      fake.post("@bob+grace", "Grace", "yes!");
      await post(page, "I can help with that after lunch");
      fake.post("lobby", "ada", "Perfect. See https://example.org/notes_(draft).");
      fake.instead = ({ type, cid }) => (type === "post" ? { type: "error", code: "storage", cid, message: "the server could not store this message" } : undefined);
      await post(page, "This one the server will refuse");
      await page.locator("[data-state=failed]").waitFor();
      fake.broadcast("lobby", { type: "typing", room: "lobby", user: "Grace" });
      await page.getByText("Grace is typing…").waitFor();
      await picture("talking");
      await page.locator(".message.mine", { hasText: "after lunch" }).hover();
      await page.getByRole("button", { name: "Delete “I can help" }).click();
      await picture("deleting");
      await page.locator("#box").fill("");
      await page.getByRole("button", { name: "Drop" }).click();
      await page.locator("#box").press("ArrowUp");
      await page.locator("#context").waitFor();
      await picture("editing");
      await page.locator("#box").press("Escape");
      await post(page, "/reply 14 Lid closed, **no gap**. Two hours so far");
      await page.locator(".quote", { hasText: "Once is what" }).waitFor();
      await page.locator(".message.mention").hover();
      await page.locator(".message.mention").getByRole("button", { name: "Reply" }).click();
      await page.getByText("Replying to").waitFor();
      await picture("replying");
      await page.locator("#box").press("Escape");
      for (const [open, dialog] of [["Control+k", "room-picker"], ["Shift+?", "shortcuts"]]) {
        if (dialog === "shortcuts") await page.locator("#scroller").focus();
        await page.keyboard.press(open);
        await page.locator(`#${dialog}[open]`).waitFor();
        await picture(dialog);
        await page.keyboard.press("Escape");
      }
      for (const [control, panel] of [["#open-rooms", "rooms"], ["#open-members", "members"]]) {
        if (!(await page.locator(control).isVisible())) continue;
        await page.locator(control).click();
        await page.locator(`#${panel}:popover-open`).waitFor();
        await picture(panel);
        await page.keyboard.press("Escape");
      }
      if (width >= 760) {
        await page.getByRole("button", { name: "Change" }).click();
        await picture("rename");
        await page.keyboard.press("Escape");
      }
      await fake.stop();
      await page.getByText(/^Offline/).waitFor();
      await post(page, "Written while offline, and kept for later");
      await page.locator("[data-state=pending]").waitFor();
      await picture("offline");
      assert.deepEqual(context.errors, []);
      await context.close();
      await fake.listen(fake.port);
    });
  }

  test(`text has the contrast that WCAG AA requires: ${colorScheme}, by the system and by choice`, async () => {
    for (const system of ["light", "dark"]) {
      const context = await person(browser, { colorScheme: system });
      const page = await enter(context, fake.url, "bob");
      if (system !== colorScheme) await choose(page, "Theme", colorScheme);
      assert.equal(await isDark(page), colorScheme === "dark");
      assert.deepEqual(await weakContrasts(page), []);
      await context.close();
    }
  });
}

/** Chooses in the settings. */
async function choose(page, label, value) {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel(label).selectOption(value);
  await page.getByRole("button", { name: "Done" }).click();
}

/** Whether the page, its controls and the browser's own bars are dark. */
async function isDark(page) {
  const found = await page.evaluate(() => {
    const lightness = (/** @type {string} */ colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));
    const bars = [...document.querySelectorAll("meta[name=theme-color]")].filter(({ media }) => matchMedia(media).matches).map(({ content }) => content);
    return [lightness(getComputedStyle(document.body).backgroundColor) < 128, lightness(getComputedStyle(document.querySelector("#composer")).backgroundColor) < 128, ...bars.map((bar) => bar === "#111614")];
  });
  assert.equal(found.length, 3, "one colour for the bars");
  assert.equal(new Set(found).size, 1, `${found}`);
  return found[0];
}

test("a theme is chosen at once, for all tabs, over a reload, and on the login page; then it is the system's again", async () => {
  const context = await person(browser, { colorScheme: "light" });
  const page = await enter(context, fake.url, "tom");
  const other = await context.newPage();
  await other.goto(fake.url);
  await live(other);
  assert.equal(await isDark(other), false);
  await choose(page, "Theme", "dark");
  assert.equal(await isDark(page), true);
  await until(() => isDark(other), (is) => is);
  await page.reload();
  await live(page);
  assert.equal(await isDark(page), true);
  await page.getByRole("button", { name: "Settings" }).click();
  assert.equal(await page.getByLabel("Theme").inputValue(), "dark");
  await page.screenshot({ path: `${SCREENSHOTS}settings-dark.png` });
  await page.getByLabel("Theme").selectOption("");
  assert.equal(await isDark(page), false);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await isDark(page), true, "as the system");
  await page.evaluate(() => localStorage.setItem("talk.theme", "</style>"));
  await page.reload();
  await live(page);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "", "what we did not write is no theme");
  await page.evaluate(() => localStorage.setItem("talk.theme", "light"));
  const login = await context.newPage();
  await page.evaluate(() => localStorage.removeItem("talk.user"));
  await login.emulateMedia({ colorScheme: "dark" });
  await login.goto(fake.url);
  await login.getByLabel("Your name").waitFor();
  assert.equal(await isDark(login), false);
  assert.deepEqual(context.errors, []);
  await context.close();
});

test("a clock is chosen at once, for messages that are shown and for later ones, over a reload", async () => {
  const context = await person(browser, { locale: "en-US" });
  fake.post("hours", "ada", "afternoon", { at: Date.UTC(2026, 0, 2, 15, 4, 5) });
  const page = await enter(context, `${fake.url}/r/hours`, "tim");
  const times = () => page.locator("#log time").evaluateAll((all) => all.map(({ textContent, title }) => [textContent.replace(/\s/g, " "), /(15:04:05|3:04:05\sPM)$/.exec(title)?.[0].replace(/\s/g, " ")]));
  await until(times, (all) => all[0]?.[0] === "03:04 PM");
  await choose(page, "Clock", "24");
  assert.deepEqual(await times(), [["15:04", "15:04:05"]]);
  fake.post("hours", "ada", "midnight", { at: Date.UTC(2026, 0, 3, 0, 5) });
  await until(times, (all) => all[1]?.[0] === "00:05");
  await page.reload();
  await live(page);
  await until(times, (all) => all[1]?.[0] === "00:05" && all[0]?.[0] === "15:04");
  await choose(page, "Clock", "12");
  await until(times, (all) => all[0]?.[0] === "03:04 PM" && all[1]?.[0] === "12:05 AM");
  await choose(page, "Clock", "");
  assert.deepEqual((await times())[0], ["03:04 PM", "3:04:05 PM"]);
  await post(page, "/reply");
  await until(times, (all) => all[2]?.[0] === "Jan 2, 2026, 03:04 PM");
  await choose(page, "Clock", "24");
  assert.equal((await times())[2][0], "Jan 2, 2026, 15:04", "messages that a command lists keep their date");
  assert.deepEqual(context.errors, []);
  await context.close();
});

/** The pairs of colours whose contrast is too low. */
function weakContrasts(page) {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const probe = document.body.appendChild(document.createElement("span"));
    const luminance = (colour) => {
      probe.style.color = colour;
      canvas.fillStyle = getComputedStyle(probe).color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
        const part = byte / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
      const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
      return (light + 0.05) / (dark + 0.05);
    };
    const pairs = [
      ["var(--ink)", "var(--paper)"], ["var(--soft)", "var(--paper)"], ["var(--soft)", "var(--shade)"], ["var(--soft)", "var(--hair)"],
      ["var(--green)", "var(--paper)"], ["var(--green)", "var(--shade)"], ["var(--on-green)", "var(--green)"],
      ["var(--bad)", "var(--paper)"], ["var(--bad)", "var(--bad-tint)"], ["var(--ink)", "var(--bad-tint)"], ["var(--ink)", "var(--tint)"],
      ["var(--soft)", "var(--bad-tint)"], ["var(--soft)", "var(--tint)"], ["var(--amber)", "var(--paper)"], ["var(--soft)", "var(--raise)"],
    ];
    probe.className = "name";
    for (let i = 0; i < 16; i += 1) {
      probe.removeAttribute("style");
      probe.style.setProperty("--hue", String(i * 22.5));
      const colour = getComputedStyle(probe).color;
      for (const ground of ["var(--paper)", "var(--shade)", "var(--bad-tint)", "var(--tint)"]) pairs.push([colour, ground]);
    }
    return pairs.map(([text, ground]) => [text, ground, contrast(text, ground)]).filter(([, , ratio]) => ratio < 4.5);
  });
}
