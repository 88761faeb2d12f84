// What the page and the console do alike, held to the tables of tests/vectors.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS, parseCommand } from "../../../static/model/commands.js";

const table = (name) => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url)));

/** Compares what `actual` makes of each case with what the table says of the page. */
function check(name, actual) {
  for (const each of table(name).cases) {
    const expected = each.page ?? each.both;
    if (expected !== undefined) assert.deepEqual(actual(each), expected, `${each.about}: ${JSON.stringify(each)}`);
  }
}

/** What a typed text means, in the words of the table. */
function meaning({ typed }) {
  const parsed = parseCommand(typed);
  const fields = Object.entries(parsed);
  const [[key, value] = []] = fields;
  const optional = (field, given = value) => (given === null || given === "" ? {} : { [field]: given });
  switch (key) {
    case "post": return parsed.kind ? { post: value, me: true } : parsed;
    case "nothing": return parsed;
    case "error": return refusal(value);
    case "nick": return { command: "nick", name: value };
    case "join": return { command: "join", room: value };
    case "leave": return { command: "leave", ...optional("room") };
    case "msg": return { command: "msg", name: value, ...optional("text", parsed.text) };
    case "replyDirect": return { command: "r", text: value };
    case "reply": return { command: "reply", seq: value, text: parsed.text };
    case "edit": return value === null ? { command: "edit last" } : { command: "edit", text: value };
    case "topic": return { command: "topic", ...(value === null ? {} : { text: value }) };
    case "away": return { command: "away", text: value };
    case "help": return { command: "help", ...optional("about", value.replace(/^\//, "")) };
    case "search": return { command: "search", words: value };
    case "ignore": return { command: parsed.is ? "ignore" : "unignore", name: value };
    case "mute": return { command: parsed.is === null ? "mute" : "unmute", ...optional("room") };
    default: return { command: key };
  }
}

/** An unknown command and the suggestion, what the page has instead of a command, or a wrong argument. */
function refusal(sentence) {
  const [, word, hint] = /^There is no command \/(\S*)\. (.*)$/su.exec(sentence) ?? [];
  if (word !== undefined) return { unknown: word, suggestion: /^Did you mean \/(\S+)\?/.exec(hint)?.[1] ?? null };
  return INSTEAD.test(sentence) ? { instead: sentence } : { refused: true };
}

const INSTEAD = /^(Scroll|Open|Choose|Hide|Every message|\/clear works|Close)/;

test("a typed text means what the table says", () => check("commands", meaning));

test("every command is in the table", () => {
  const typed = table("commands").cases.map((each) => each.typed.split(/\s/)[0]);
  for (const [usage] of COMMANDS.filter(([usage]) => !usage.startsWith("//"))) assert.ok(typed.includes(usage.split(" ")[0]), usage);
});
