// A tab and a terminal in one room, for pictures: a real page, a real console in tmux, drawn side by side.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enter, launch, messages, person, post, Server, until } from "./browser/harness.mjs";

const CONSOLE = fileURLToPath(new URL("../../target/debug/console", import.meta.url));
const [COLUMNS, ROWS] = [58, 18];

const tmux = (...args) => execFileSync("tmux", ["-L", "talk-picture", ...args], { encoding: "utf8" });

export class SideBySide {
  /** @param {number} scale Pixels of the picture for one of the page. */
  static async open(scale) {
    const scene = new SideBySide();
    scene.browser = await launch();
    scene.server = await Server.start(["--rate", "0"]);
    const ada = await person(scene.browser, { viewport: { width: 760, height: 560 }, deviceScaleFactor: scale });
    scene.page = await enter(ada, scene.server.url, "ada");
    await scene.page.mouse.move(1, 1); // away from any message
    const state = mkdtempSync(join(tmpdir(), "talk-picture-"));
    tmux("new-session", "-d", "-s", "talk", "-x", String(COLUMNS), "-y", String(ROWS),
      `env TZ=UTC XDG_STATE_HOME=${state} COLORTERM=truecolor ${CONSOLE} --user bob --server ${scene.server.url}`);
    await until(() => scene.screen(), (seen) => seen.includes("live"), "the console");
    const context = await person(scene.browser, { viewport: { width: 1500, height: 620 }, deviceScaleFactor: scale });
    scene.canvas = await context.newPage();
    await scene.#setUp();
    return scene;
  }

  async #setUp() {
    const xterm = createRequire(import.meta.url).resolve("@xterm/xterm");
    await this.canvas.setContent(`<body style="margin:0;background:#dfe7e3;display:flex;gap:24px;padding:30px 24px">
      <div style="border-radius:10px;overflow:hidden;box-shadow:0 8px 30px #0003;flex:none">
        <img id="tab" style="display:block" width="760" height="560"></div>
      <div style="border-radius:10px;overflow:hidden;box-shadow:0 8px 30px #0003;background:#16191c;padding:12px;flex:none">
        <div id="terminal"></div></div></body>`);
    await this.canvas.addStyleTag({ content: readFileSync(join(xterm, "../../css/xterm.css"), "utf8") });
    await this.canvas.addScriptTag({ content: readFileSync(xterm, "utf8") });
    await this.canvas.evaluate(({ columns, rows }) => {
      const theme = { background: "#16191c", foreground: "#d8dee0", cursor: "#d8dee0" };
      window.terminal = new Terminal({ cols: columns, rows, fontSize: 18, fontFamily: "DejaVu Sans Mono, monospace", theme, lineHeight: 1.28 });
      window.terminal.open(document.getElementById("terminal"));
    }, { columns: COLUMNS, rows: ROWS });
  }

  /** The terminal's screen as text. */
  screen() {
    return tmux("capture-pane", "-p", "-e", "-t", "talk");
  }

  /** Types keys at the terminal, without Enter. @param {string} text */
  type(text) {
    tmux("send-keys", "-t", "talk", "-l", text);
  }

  enter() {
    tmux("send-keys", "-t", "talk", "Enter");
  }

  /** Sends a message at the terminal, and waits for it in the tab. @param {string} text */
  async sendInTerminal(text) {
    this.type(text);
    this.enter();
    await until(() => messages(this.page), (seen) => seen.some((line) => line.includes(text.replace("/me ", ""))), text);
  }

  /** Sends a message in the tab, and waits for it at the terminal. @param {string} text */
  async sendInTab(text) {
    await post(this.page, text);
    await until(() => this.screen(), (seen) => seen.includes(text.slice(0, 30)), text);
  }

  /** Both as they are now, as a PNG. */
  async picture() {
    const tab = (await this.page.screenshot()).toString("base64");
    const [x, y] = tmux("display-message", "-p", "-t", "talk", "#{cursor_x} #{cursor_y}").trim().split(" ").map(Number);
    const text = `\x1b[H\x1b[2J${this.screen().trimEnd().replaceAll("\n", "\r\n")}\x1b[${(y ?? 0) + 1};${(x ?? 0) + 1}H`;
    await this.canvas.evaluate(async ({ tab, text }) => {
      const image = document.getElementById("tab");
      image.src = `data:image/png;base64,${tab}`;
      await Promise.all([image.decode(), new Promise((drawn) => window.terminal.write(text, drawn))]);
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }, { tab, text });
    return this.canvas.screenshot();
  }

  async close() {
    try { tmux("kill-server"); } catch { /* it is gone already */ }
    await this.browser.close();
    await this.server.stop();
  }
}
