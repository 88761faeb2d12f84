// Draws docs/side-by-side.png: a real tab and a real terminal in one room, as the README shows them.
//
//   node tests/web/picture.mjs        (wants tmux, Chromium, and both binaries built)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enter, launch, lines, person, say, Server, until } from "./browser/house.mjs";

const CONSOLE = fileURLToPath(new URL("../../target/debug/console", import.meta.url));
const PICTURE = fileURLToPath(new URL("../../docs/side-by-side.png", import.meta.url));
const [COLUMNS, ROWS] = [58, 18];

const tmux = (...args) => execFileSync("tmux", ["-L", "talk-picture", ...args], { encoding: "utf8" });
const screen = () => tmux("capture-pane", "-p", "-e", "-t", "talk");

const browser = await launch();
const server = await Server.start(["--rate", "0"]);
try {
  const ada = await person(browser, { viewport: { width: 760, height: 560 }, deviceScaleFactor: 2 });
  const page = await enter(ada, server.url, "ada");
  const state = mkdtempSync(join(tmpdir(), "talk-picture-"));
  tmux("new-session", "-d", "-s", "talk", "-x", String(COLUMNS), "-y", String(ROWS),
    `env TZ=UTC XDG_STATE_HOME=${state} COLORTERM=truecolor ${CONSOLE} --user bob --server ${server.url}`);
  const type = async (text) => {
    tmux("send-keys", "-t", "talk", "-l", text);
    tmux("send-keys", "-t", "talk", "Enter");
    await until(() => lines(page), (seen) => seen.some((line) => line.includes(text.replace("/me ", ""))), text);
  };
  const write = async (text) => {
    await say(page, text);
    await until(screen, (seen) => seen.includes(text.slice(0, 30)), text);
  };
  await until(screen, (seen) => seen.includes("live"), "the console");
  await write("Good morning. Who has the recorder for the tests?");
  await type("me, give me five minutes");
  await type("/me is looking for the cable");
  await write("No hurry. The plan for today is at https://example.org/plan");
  await type("reading it now: looks fine to me");
  await write("Then let us restart the server at noon, nobody will lose a line.");
  await type("and if the line drops while I type?");
  await write("Your lines wait, and go out once when you are back. Try it :)");
  tmux("send-keys", "-t", "talk", "-l", "hold my coff");
  await until(screen, (seen) => seen.includes("hold my coff"), "the input line");
  const tab = (await page.screenshot()).toString("base64");

  const xterm = createRequire(import.meta.url).resolve("@xterm/xterm");
  const desk = await (await person(browser, { viewport: { width: 1500, height: 620 }, deviceScaleFactor: 2 })).newPage();
  await desk.setContent(`<body style="margin:0;background:#dfe7e3;display:flex;gap:24px;padding:30px 24px">
    <div id="tab" style="border-radius:10px;overflow:hidden;box-shadow:0 8px 30px #0003;flex:none">
      <img style="display:block" width="760" height="560" src="data:image/png;base64,${tab}"></div>
    <div style="border-radius:10px;overflow:hidden;box-shadow:0 8px 30px #0003;background:#16191c;padding:12px;flex:none">
      <div id="terminal"></div></div></body>`);
  await desk.addStyleTag({ content: readFileSync(join(xterm, "../../css/xterm.css"), "utf8") });
  await desk.addScriptTag({ content: readFileSync(xterm, "utf8") });
  await desk.evaluate(({ text, columns, rows }) => new Promise((drawn) => {
    const theme = { background: "#16191c", foreground: "#d8dee0", cursor: "#d8dee0" };
    const terminal = new Terminal({ cols: columns, rows, fontSize: 18, fontFamily: "DejaVu Sans Mono, monospace", theme, lineHeight: 1.28 });
    terminal.open(document.getElementById("terminal"));
    terminal.write(text, drawn);
  }), { text: screen().trimEnd().replaceAll("\n", "\r\n"), columns: COLUMNS, rows: ROWS });
  await desk.screenshot({ path: PICTURE });
} finally {
  try { tmux("kill-server"); } catch { /* it is gone already */ }
  await browser.close();
  await server.stop();
}
