// Two consoles and two tabs in one room: all show the same messages once, in one order.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { enter, messages, live, person, post, withServer, until } from "./harness.mjs";

const BINARY = process.env.TALK_CONSOLE_BIN ?? fileURLToPath(new URL("../../../target/debug/console", import.meta.url));

/** A console with pipes as input and output. */
class Console {
  constructor(url, user) {
    this.lines = [];
    this.child = spawn(BINARY, ["--user", user, "--server", url], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, XDG_STATE_HOME: mkdtempSync(join(tmpdir(), "talk-console-")) },
    });
    createInterface({ input: this.child.stdout }).on("line", (line) => this.lines.push(line));
  }

  post(text) {
    this.child.stdin.write(`${text}\n`);
  }

  /** The texts, without time and name: `23:59 bob text`. Notes about the room begin with `--`. */
  texts() {
    const said = this.lines.filter((line) => /^\d\d:\d\d [^-]/.test(line));
    return said.map((line) => line.split(" ").slice(2).join(" "));
  }

  /** Ends its input; resolves to its exit code once everything is stored. */
  end() {
    const code = new Promise((done) => this.child.once("exit", done));
    this.child.stdin.end();
    return code;
  }
}

const { browser, server } = await withServer(["--rate", "0"]);

test("two tabs and two consoles show the same messages once and in one order", async () => {
  const people = [await person(browser), await person(browser)];
  const tabs = [await enter(people[0], server.url, "tab-one"), await enter(people[1], server.url, "tab-two")];
  const consoles = [new Console(server.url, "console-one"), new Console(server.url, "console-two")];
  for (const [n, terminal] of consoles.entries()) {
    terminal.post(`console ${n} is here`);
    await until(() => messages(tabs[0]), (seen) => seen.includes(`console ${n} is here`));
  }

  const talk = (n) => Promise.all([
    post(tabs[0], `tab one says ${n}`),
    post(tabs[1], `tab two says ${n}`),
    consoles[0].post(`console one says ${n}`),
    consoles[1].post(`console two says ${n}`),
  ]);
  for (let n = 0; n < 10; n += 1) await talk(n);

  const all = await until(() => messages(tabs[0]), (seen) => seen.length === 42 && !seen.some((line) => line.startsWith("pending")));
  assert.equal(new Set(all).size, 42, "each once");
  await until(() => messages(tabs[1]), (seen) => JSON.stringify(seen) === JSON.stringify(all), "the other tab");
  for (const terminal of consoles) {
    // A console in a script shows what was posted since it joined, from its own first message on.
    const first = all.indexOf(terminal.texts()[0]);
    assert.ok(first === 0 || first === 1, terminal.texts()[0]);
    const rest = JSON.stringify(all.slice(first));
    await until(() => terminal.texts(), (seen) => JSON.stringify(seen) === rest, "a console");
  }
  assert.deepEqual(await Promise.all(consoles.map((terminal) => terminal.end())), [0, 0]);
  for (const context of people) {
    assert.deepEqual(context.errors, []);
    await context.close();
  }
});

test("when the server is restarted, a tab and a console resume by themselves", async () => {
  const context = await person(browser);
  const tab = await enter(context, server.url, "tab-three");
  const terminal = new Console(server.url, "console-three");
  terminal.post("before");
  await until(() => messages(tab), (seen) => seen.includes("before"));
  await server.stop();
  await tab.locator('#state[data-state="offline"]').waitFor();
  await post(tab, "said by the tab while it was away");
  terminal.post("said by the console while it was away");
  await server.start();
  await live(tab);
  const said = ["said by the tab while it was away", "said by the console while it was away"];
  const both = (seen) => said.every((text) => seen.filter((line) => line === text).length === 1);
  await until(() => messages(tab), both, "the tab", 40_000);
  await until(() => terminal.texts(), both, "the console", 40_000);
  assert.deepEqual((await messages(tab)).filter((line) => line === "before"), ["before"], "what was said before is kept");
  assert.equal(await terminal.end(), 0);
  await context.close();
});
