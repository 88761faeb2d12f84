// Draws docs/side-by-side.png: a real tab and a real terminal in one room, as the README shows them.
//
//   node tests/web/picture.mjs        (needs tmux, Chromium, and both binaries built)

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "./browser/harness.mjs";
import { SideBySide } from "./side_by_side.mjs";

const PICTURE = fileURLToPath(new URL("../../docs/side-by-side.png", import.meta.url));

const scene = await SideBySide.open(2);
try {
  await scene.sendInTab("Good morning. Who has the recorder for the tests?");
  await scene.sendInTerminal("me, give me five minutes");
  await scene.sendInTerminal("/me is looking for the cable");
  await scene.sendInTab("No hurry. The plan for today is at https://example.org/plan");
  await scene.sendInTerminal("reading it now: looks fine to me");
  await scene.sendInTab("Then let us restart the server at noon, no message will be lost.");
  await scene.sendInTerminal("and if the connection drops while I type?");
  await scene.sendInTab("Your messages wait, and are sent once when you are back. Try it :)");
  scene.type("hold my coff");
  await until(() => scene.screen(), (seen) => seen.includes("hold my coff"), "the input line");
  writeFileSync(PICTURE, await scene.picture());
} finally {
  await scene.close();
}
