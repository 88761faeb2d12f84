// Which commands the page knows, and what it shows of them. What each means is in tests/vectors/commands.json.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS, help, messageTextOf, parseCommand } from "../../../static/model/commands.js";

test("the text that a command would send is known before", () => {
  for (const [typed, text] of [
    ["hello \n", "hello"], ["//x", "/x"], ["/me waves", "waves"], ["/msg ada psst", "psst"], ["/edit new", "new"], ["/edit", ""], ["/who", ""], ["/jion x", ""], ["", ""],
  ]) assert.equal(messageTextOf(typed), text, typed);
});

test("every command of the console is known, if only to say what the page has instead", () => {
  const table = readFileSync(new URL("../../../console-client/command/mod.rs", import.meta.url), "utf8").split("const TABLE")[1].split("];")[0];
  const words = [...table.matchAll(/&\[((?:"[^"]+",? ?)+)\],\s*"/g)].flatMap(([, names]) => names.match(/[^", ]+/g));
  assert.ok(words.length > 30 && words.includes("whisper"), `${words}`);
  for (const word of words) assert.doesNotMatch(parseCommand(`/${word}`).error ?? "", /There is no command/, word);
  for (const [usage] of COMMANDS.filter(([usage]) => !usage.startsWith("//"))) {
    const [word] = usage.slice(1).split(" ");
    assert.match(help(word), new RegExp(`^/${word}( [^\n]*)? – [^\n]*$`));
  }
  assert.deepEqual([help("w"), help("/j"), help("jion")], [help("msg"), help("join"), null]);
  assert.equal(help("").split("\n").length, COMMANDS.length);
});

test("/help lists the commands", () => {
  for (const [command] of COMMANDS) {
    const typed = command.replace("[TEXT]", "x").replace("TEXT", "x").replace("[ROOM]", "x").replace("ROOM", "x").replace("NAME", "x").replace(/NUMBER\S*/, "1");
    assert.ok(!("error" in parseCommand(typed)), typed);
  }
});

