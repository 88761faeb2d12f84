// Which commands the page knows, and what it shows of them. What each means is in tests/vectors/commands.json.

import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, help, messageTextOf, parseCommand } from "../../../static/model/commands.js";

test("the text that a command would send is known before", () => {
  for (const [typed, text] of [
    ["hello \n", "hello"], ["//x", "/x"], ["/me waves", "waves"], ["/msg ada psst", "psst"], ["/edit new", "new"], ["/edit", ""], ["/who", ""], ["/jion x", ""], ["", ""],
  ]) assert.equal(messageTextOf(typed), text, typed);
});

test("/help explains each command, also one that only the console has", () => {
  for (const [usage] of COMMANDS.filter(([usage]) => !usage.startsWith("//"))) {
    const [word] = usage.slice(1).split(" ");
    assert.match(help(word), new RegExp(`^/${word}( [^\n]*)? – [^\n]*$`));
  }
  assert.deepEqual([help("w"), help("/j"), help("jion")], [help("msg"), help("join"), null]);
  assert.equal(help("quit"), "/quit – Close the tab to leave");
  assert.equal(help("").split("\n").length, COMMANDS.length);
});

test("a wrong argument is answered with the usage, with the command as it is typed", () => {
  assert.equal(parseCommand("/delete it").error, "Usage: /delete [NUMBER]");
  assert.equal(parseCommand("/edit 3").error, "Usage: /edit [NUMBER] TEXT");
  assert.equal(parseCommand("/who x").error, "Usage: /who");
  assert.equal(parseCommand("/who\nx").error, "/who takes one line: nothing was sent. To send it as text, type // at its start");
});

test("/help lists the commands", () => {
  for (const [command] of COMMANDS) {
    const typed = command.replace("|DATE", "").replace(/off\|mention/, "off").replace(/[[\]]/g, "").replace("NUMBER", "1").replace(/TEXT|ROOM|NAME|WORDS|COMMAND/g, "x");
    assert.ok(!("error" in parseCommand(typed)), typed);
  }
});

