import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS, help, messageTextOf, parseCommand } from "../../../static/model/commands.js";

test("/away takes a message or none, on one short line", () => {
  assert.deepEqual([parseCommand("/away"), parseCommand("/away for  tea"), parseCommand("/back")], [{ away: "" }, { away: "for  tea" }, { back: true }]);
  for (const typed of [`/away ${"x".repeat(257)}`, "/away two\nlines", "/back now"]) assert.ok("error" in parseCommand(typed), typed);
});

test("a text without a slash is a message, normalized", () => {
  assert.deepEqual(parseCommand("hello\r\nthere \n"), { post: "hello\nthere" });
  assert.deepEqual(parseCommand("  indented"), { post: "  indented" });
  assert.deepEqual(parseCommand("a / b"), { post: "a / b" });
});

test("an empty text is not sent", () => {
  for (const typed of ["", " ", "\n\n", "\t"]) assert.deepEqual(parseCommand(typed), { nothing: true });
});

test("two slashes send one", () => {
  assert.deepEqual(parseCommand("//etc/hosts"), { post: "/etc/hosts" });
});

test("an unknown command is an error and never a message", () => {
  for (const typed of ["/mgs bob secret", "/paswd hunter2", "/", "/ x", "/constructor", "/__proto__"]) {
    const act = parseCommand(typed);
    assert.ok("error" in act, typed);
    assert.ok(!("post" in act), typed);
  }
});

test("each command is parsed, with its aliases", () => {
  assert.deepEqual(parseCommand("/me  waves  twice"), { post: "waves  twice", kind: "me" });
  assert.deepEqual(parseCommand("/NICK rob"), { nick: "rob" });
  assert.deepEqual(parseCommand("/j #Rust"), { join: "rust" });
  assert.deepEqual(parseCommand("/leave"), { leave: null });
  assert.deepEqual(parseCommand("/part rust"), { leave: "rust" });
  assert.deepEqual(parseCommand("/names"), { who: true });
  assert.deepEqual(parseCommand("/list"), { rooms: true });
  assert.deepEqual(parseCommand("/?"), { help: "" });
  assert.deepEqual(parseCommand("/edit two  words"), { edit: "two  words" });
  assert.deepEqual(parseCommand("/edit"), { edit: null });
  assert.deepEqual(parseCommand("/delete"), { delete: true });
  assert.deepEqual([parseCommand("/r yes  please"), parseCommand("/help join")], [{ replyDirect: "yes  please" }, { help: "join" }]);
  for (const word of ["resend", "drop", "reconnect", "key", "version"]) assert.deepEqual(parseCommand(`/${word}`), { [word]: true });
  assert.deepEqual(parseCommand("/msg @Ada psst"), { msg: "Ada", text: "psst" });
  for (const word of ["msg", "w", "m", "whisper", "query"]) assert.deepEqual(parseCommand(`/${word} Ada  psst`), { msg: "Ada", text: "psst" });
  assert.deepEqual(parseCommand("/msg Ada"), { msg: "Ada", text: "" });
  assert.deepEqual(parseCommand("/topic tea\nand cake"), { topic: "tea and cake" });
  assert.deepEqual([parseCommand("/mute"), parseCommand("/mute #Rust")], [{ mute: null, isMuted: null }, { mute: "rust", isMuted: null }]);
  assert.deepEqual([parseCommand("/unmute"), parseCommand("/unmute rust")], [{ mute: null, isMuted: false }, { mute: "rust", isMuted: false }]);
  assert.deepEqual([parseCommand("/topic"), parseCommand("/topic -")], [{ topic: null }, { topic: "" }]);
});

test("a command with a wrong argument is an error", () => {
  for (const typed of ["/me", "/r", "/nick", "/nick a b", "/join", "/join a b", "/leave ../x", "/mute ../x", "/msg", "/msg a+b x", "/delete that", `/topic ${"é".repeat(129)}`]) {
    assert.ok("error" in parseCommand(typed), typed);
  }
});

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
    const typed = command.replace("[TEXT]", "x").replace("TEXT", "x").replace("[ROOM]", "x").replace("ROOM", "x").replace("NAME", "x").replace("NUMBER", "1");
    assert.ok(!("error" in parseCommand(typed)), typed);
  }
});

test("a typo gets a suggestion", () => {
  const meant = (typed) => /Did you mean (\S+)\?/.exec(parseCommand(typed).error)?.[1] ?? null;
  assert.deepEqual(["/jion x", "/tpic", "/replay 1 x", "/mee", "/lsit"].map(meant), ["/join", "/topic", "/reply", "/me", "/list"]);
  assert.deepEqual(["/etc/passwd", "/xyzzy", "/", "/zq"].map(meant), [null, null, null, null]);
});

test("/reply takes a number; /join with a name opens a private room", () => {
  assert.deepEqual(parseCommand("/reply 12 yes\nno"), { reply: 12, text: "yes\nno" });
  assert.deepEqual(parseCommand("/reply #12 yes"), { reply: 12, text: "yes" });
  for (const typed of ["/reply", "/reply 12", "/reply yes", "/reply 0 x", "/reply 1.5 x", "/reply 9999999999999999 x"]) assert.ok("error" in parseCommand(typed), typed);
  assert.deepEqual(parseCommand("/join @ada"), { msg: "ada", text: "" });
});
