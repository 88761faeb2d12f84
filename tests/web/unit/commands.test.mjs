import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS, help, textOf, understand } from "../../../static/model/commands.js";

test("one is away with a reason or without, in one short line", () => {
  assert.deepEqual([understand("/away"), understand("/away for  tea"), understand("/back")], [{ away: "" }, { away: "for  tea" }, { back: true }]);
  for (const typed of [`/away ${"x".repeat(257)}`, "/away two\nlines", "/back now"]) assert.ok("error" in understand(typed), typed);
});

test("what does not start with a slash is said, tidied", () => {
  assert.deepEqual(understand("hello\r\nthere \n"), { say: "hello\nthere" });
  assert.deepEqual(understand("  indented"), { say: "  indented" });
  assert.deepEqual(understand("a / b"), { say: "a / b" });
});

test("nothing is not said", () => {
  for (const typed of ["", " ", "\n\n", "\t"]) assert.deepEqual(understand(typed), { nothing: true });
});

test("two slashes say one", () => {
  assert.deepEqual(understand("//etc/hosts"), { say: "/etc/hosts" });
});

test("an unknown command is an error and never a line", () => {
  for (const typed of ["/mgs bob secret", "/paswd hunter2", "/", "/ x", "/constructor", "/__proto__"]) {
    const act = understand(typed);
    assert.ok("error" in act, typed);
    assert.ok(!("say" in act), typed);
  }
});

test("each command is understood, with its aliases", () => {
  assert.deepEqual(understand("/me  waves  twice"), { say: "waves  twice", kind: "me" });
  assert.deepEqual(understand("/NICK rob"), { nick: "rob" });
  assert.deepEqual(understand("/j #Rust"), { join: "rust" });
  assert.deepEqual(understand("/leave"), { leave: null });
  assert.deepEqual(understand("/part rust"), { leave: "rust" });
  assert.deepEqual(understand("/names"), { who: true });
  assert.deepEqual(understand("/list"), { rooms: true });
  assert.deepEqual(understand("/?"), { help: "" });
  assert.deepEqual(understand("/edit two  words"), { edit: "two  words" });
  assert.deepEqual(understand("/edit"), { edit: null });
  assert.deepEqual(understand("/delete"), { delete: true });
  assert.deepEqual([understand("/r yes  please"), understand("/help join")], [{ answer: true, text: "yes  please" }, { help: "join" }]);
  for (const word of ["resend", "drop", "reconnect", "key", "version"]) assert.deepEqual(understand(`/${word}`), { [word]: true });
  assert.deepEqual(understand("/msg @Ada psst"), { msg: "Ada", text: "psst" });
  for (const word of ["msg", "w", "m", "whisper", "query"]) assert.deepEqual(understand(`/${word} Ada  psst`), { msg: "Ada", text: "psst" });
  assert.deepEqual(understand("/msg Ada"), { msg: "Ada", text: "" });
  assert.deepEqual(understand("/topic tea\nand cake"), { topic: "tea and cake" });
  assert.deepEqual([understand("/mute"), understand("/mute #Rust")], [{ mute: null, is: null }, { mute: "rust", is: null }]);
  assert.deepEqual([understand("/unmute"), understand("/unmute rust")], [{ mute: null, is: false }, { mute: "rust", is: false }]);
  assert.deepEqual([understand("/topic"), understand("/topic -")], [{ topic: null }, { topic: "" }]);
});

test("a command with an unfit argument is an error", () => {
  for (const typed of ["/me", "/r", "/nick", "/nick a b", "/join", "/join a b", "/leave ../x", "/mute ../x", "/msg", "/msg a+b x", "/delete that", `/topic ${"é".repeat(129)}`]) {
    assert.ok("error" in understand(typed), typed);
  }
});

test("what would travel as a text is known before it does", () => {
  for (const [typed, text] of [
    ["hello \n", "hello"], ["//x", "/x"], ["/me waves", "waves"], ["/msg ada psst", "psst"], ["/edit new", "new"], ["/edit", ""], ["/who", ""], ["/jion x", ""], ["", ""],
  ]) assert.equal(textOf(typed), text, typed);
});

test("every word that the console knows is known here, if only to say what a page has instead", () => {
  const table = readFileSync(new URL("../../../console-client/command.rs", import.meta.url), "utf8").split("const TABLE")[1].split("];")[0];
  const words = [...table.matchAll(/&\[((?:"[^"]+",? ?)+)\],\s*"/g)].flatMap(([, names]) => names.match(/[^", ]+/g));
  assert.ok(words.length > 30 && words.includes("whisper"), `${words}`);
  for (const word of words) assert.doesNotMatch(understand(`/${word}`).error ?? "", /There is no command/, word);
  for (const [usage] of COMMANDS.filter(([usage]) => !usage.startsWith("//"))) {
    const [word] = usage.slice(1).split(" ");
    assert.match(help(word), new RegExp(`^/${word}( [^\n]*)? – [^\n]*$`));
  }
  assert.deepEqual([help("w"), help("/j"), help("jion")], [help("msg"), help("join"), null]);
  assert.equal(help("").split("\n").length, COMMANDS.length);
});

test("help lists what is understood", () => {
  for (const [command] of COMMANDS) {
    const typed = command.replace("[TEXT]", "x").replace("TEXT", "x").replace("[ROOM]", "x").replace("ROOM", "x").replace("NAME", "x").replace("NUMBER", "1");
    assert.ok(!("error" in understand(typed)), typed);
  }
});

test("a slip gets the command that was meant", () => {
  const meant = (typed) => /Did you mean (\S+)\?/.exec(understand(typed).error)?.[1] ?? null;
  assert.deepEqual(["/jion x", "/tpic", "/replay 1 x", "/mee", "/lsit"].map(meant), ["/join", "/topic", "/reply", "/me", "/list"]);
  assert.deepEqual(["/etc/passwd", "/xyzzy", "/", "/zq"].map(meant), [null, null, null, null]);
});

test("a line is answered by its number; joining a person is writing to them", () => {
  assert.deepEqual(understand("/reply 12 yes\nno"), { reply: 12, text: "yes\nno" });
  assert.deepEqual(understand("/reply #12 yes"), { reply: 12, text: "yes" });
  for (const typed of ["/reply", "/reply 12", "/reply yes", "/reply 0 x", "/reply 1.5 x", "/reply 9999999999999999 x"]) assert.ok("error" in understand(typed), typed);
  assert.deepEqual(understand("/join @ada"), { msg: "ada", text: "" });
});
