// Records docs/side-by-side.webp: a tab and a terminal talk, the server is killed and comes back.
//
//   node tests/web/recording.mjs      (needs tmux, Chromium, img2webp, and both binaries built)
//
// Every frame is what both showed at that moment, for as long as they showed it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { messages, until } from "./browser/harness.mjs";
import { SideBySide } from "./side_by_side.mjs";

const RECORDING = fileURLToPath(new URL("../../docs/side-by-side.webp", import.meta.url));

/** How long the last frame is shown before the loop restarts. */
const LAST_MS = 4_000;

/** Typing speed. */
const KEY_MS = 70;

/** Takes frames until stopped; equal ones become one. */
class Camera {
  /** @type {{ png: Buffer, at: number }[]} */ frames = [];
  #running = true;

  constructor(scene) {
    this.done = this.#run(scene);
  }

  async #run(scene) {
    while (this.#running) {
      const at = Date.now();
      const png = await scene.picture();
      if (!this.frames.at(-1)?.png.equals(png)) this.frames.push({ png, at });
    }
  }

  async stop() {
    this.#running = false;
    await this.done;
  }
}

const scene = await SideBySide.open(1);
const typed = async (/** @type {string} */ text) => {
  for (const key of text) {
    scene.type(key);
    await pause(KEY_MS);
  }
  scene.enter();
};
const written = async (/** @type {string} */ text) => {
  await scene.page.locator("#box").pressSequentially(text, { delay: KEY_MS });
  await scene.page.locator("#box").press("Enter");
};
const inTab = (/** @type {string} */ text) => until(() => messages(scene.page), (seen) => seen.some((line) => line === text), text, 40_000);
const live = async () => {
  await until(() => scene.screen(), (seen) => seen.includes("· live ·"), "the terminal", 40_000);
  await scene.page.locator('#state[data-state="live"]').waitFor({ timeout: 40_000 });
};

try {
  const camera = new Camera(scene);
  await pause(800);
  await written("Good morning. Restarting the server in a minute.");
  await pause(700);
  await typed("go ahead, I keep typing");
  await inTab("go ahead, I keep typing");
  await pause(900);
  await scene.server.stop(); // kill -9
  await scene.page.locator('#state[data-state="offline"]').waitFor();
  await typed("this message waits for the server");
  await written("So does this one.");
  await pause(1_500);
  await scene.server.start();
  await live();
  await inTab("this message waits for the server");
  await until(() => scene.screen(), (seen) => seen.includes("So does this one."), "the terminal");
  await pause(1_200);
  await typed("/me sees each message once, in one order");
  await pause(1_000);
  await camera.stop();

  const folder = mkdtempSync(join(tmpdir(), "talk-recording-"));
  const { frames } = camera;
  const inputs = frames.flatMap(({ png, at }, i) => {
    const file = join(folder, `${String(i).padStart(4, "0")}.png`);
    writeFileSync(file, png);
    const until = frames[i + 1]?.at ?? at + LAST_MS;
    return ["-d", String(Math.max(20, until - at)), file];
  });
  execFileSync("img2webp", ["-loop", "0", "-min_size", "-lossy", "-q", "70", "-m", "4", ...inputs, "-o", RECORDING], { stdio: ["ignore", "ignore", "inherit"] });
  console.log(`${frames.length} frames`);
} finally {
  await scene.close();
}
