// Draws docs/side-by-side.png: a real tab and a real terminal in one room, as the README shows them.
//
//   node tests/web/picture.mjs        (needs tmux, Chromium, and both binaries built)

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { until } from "./browser/harness.mjs";
import { Desk } from "./side_by_side.mjs";

const PICTURE = fileURLToPath(new URL("../../docs/side-by-side.png", import.meta.url));

const desk = await Desk.open(2);
try {
  await desk.write("Good morning. Who has the recorder for the tests?");
  await desk.say("me, give me five minutes");
  await desk.say("/me is looking for the cable");
  await desk.write("No hurry. The plan for today is at https://example.org/plan");
  await desk.say("reading it now: looks fine to me");
  await desk.write("Then let us restart the server at noon, nobody will lose a line.");
  await desk.say("and if the line drops while I type?");
  await desk.write("Your lines wait, and go out once when you are back. Try it :)");
  desk.type("hold my coff");
  await until(() => desk.screen(), (seen) => seen.includes("hold my coff"), "the input line");
  writeFileSync(PICTURE, await desk.picture());
} finally {
  await desk.close();
}
