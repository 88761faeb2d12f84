// Harness of the browser tests: Chromium, pages that report every error, the server, and ways to wait.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { FakeServer } from "../fake_server.mjs";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const BINARY = process.env.TALK_SERVER_BIN ?? fileURLToPath(new URL("../../../target/debug/server", import.meta.url));

/** Where screenshots go. */
export const SCREENSHOTS = fileURLToPath(new URL("../../out/web/", import.meta.url));
mkdirSync(SCREENSHOTS, { recursive: true });

export function launch(flags = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...flags] });
}

/** A browser with its own storage. Its pages are tabs; `errors` collects their errors. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(10_000);
  context.errors = [];
  // A violation of the page's own policy is an error as well, reported or not.
  await context.addInitScript(() => addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    console.error(`the policy forbids: ${violatedDirective} ${blockedURI}`)));
  context.on("weberror", (error) => context.errors.push(String(error.error())));
  context.on("console", (message) => {
    // After a WebSocket that never opened the page asks at its address why: 426 if there is no reason any more.
    const isNoServer = /WebSocket connection to|ERR_(CONNECTION_|INTERNET_DISCONNECTED|EMPTY_RESPONSE)|status of 4(26|29)/.test(message.text());
    if (message.type() === "error" && !isNoServer) context.errors.push(message.text());
  });
  return context;
}

/** A browser and the built server for all tests of a file. */
export async function withServer(flags = []) {
  const [browser, server] = await Promise.all([launch(), Server.start(flags)]);
  after(() => Promise.all([browser.close(), server.stop()]));
  return { browser, server };
}

/** A browser and a fake server that a test controls. */
export async function withFakeServer() {
  const [browser, fake] = await Promise.all([launch(), FakeServer.start()]);
  after(() => Promise.all([browser.close(), fake.stop()]));
  return { browser, fake };
}

/** Opens a tab and logs in. */
export async function enter(context, url, name) {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await live(page);
  return page;
}

export function live(page) {
  return page.locator('#state[data-state="live"]').waitFor();
}

export async function post(page, text) {
  await page.locator("#box").fill(text);
  await page.locator("#box").press("Enter");
}

/** The messages on a page, oldest first, each with its state if it is not stored. */
export function messages(page) {
  return page.locator("#log .message").evaluateAll((rows) => rows.map((row) => {
    const { state } = row.dataset;
    return (state === "stored" ? "" : `${state}: `) + row.querySelector(".text").textContent;
  }));
}

/** Waits until `isRight` accepts what `look` returns; fails with the last value. */
export async function until(look, isRight, what = "", ms = 10_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`waited in vain ${what}: ${JSON.stringify(seen)?.slice(0, 500)}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

/** The built server on its own port; `stop` kills it, `start` restarts it on that port and its data. */
export class Server {
  static async start(flags = []) {
    const server = new Server();
    server.flags = flags;
    server.bind = "127.0.0.1:0";
    await server.start();
    return server;
  }

  async start() {
    this.data ??= mkdtempSync(join(tmpdir(), "talk-web-"));
    this.child = spawn(BINARY, ["--bind", this.bind, "--data", this.data, "--max-per-address", "0", ...this.flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.url = await new Promise((found, failed) => {
      let said = "";
      this.child.on("error", failed);
      this.child.on("exit", (code) => failed(new Error(`${BINARY} ended with ${code}: ${said}`)));
      this.child.stdout.on("data", (chunk) => {
        said += chunk;
        const match = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
        if (match) found(match[0]);
      });
    });
    this.bind = this.url.slice("http://".length);
  }

  async stop() {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGKILL");
    await gone;
  }
}

/** Waits until the room shows these messages, and no others. */
export const shows = (page, wanted) =>
  until(() => messages(page), (seen) => JSON.stringify(seen) === JSON.stringify(wanted), JSON.stringify(wanted));
