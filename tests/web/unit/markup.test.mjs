import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMarkup, plainText } from "../../../static/text/markup.js";

/** Pieces in short: `<strong>x</strong>`. */
const brief = (pieces) => pieces.map(({ kind, text, pieces: inner }) => (
  kind === "text" ? text : `<${kind}>${inner ? brief(inner) : text}</${kind}>`)).join("");
const words = (pieces) => pieces.map(({ text, pieces: inner }) => (inner ? words(inner) : text)).join("");
const shown = (line) => brief(parseMarkup(line));
const depth = (pieces) => Math.max(0, ...pieces.map(({ pieces: inner }) => (inner ? 1 + depth(inner) : 0)));

test("code, strong, em and links are parsed, and their marks removed", () => {
  for (const [line, wanted] of [
    ["run `cargo test` **now**, *please*", "run <code>cargo test</code> <strong>now</strong>, <em>please</em>"],
    ["***both***", "<strong><em>both</em></strong>"],
    ["**a *b***", "<strong>a <em>b</em></strong>"],
    ["*a **b***", "<em>a <strong>b</strong></em>"],
    ["**see `x` at http://a.example/b**", "<strong>see <code>x</code> at <link>http://a.example/b</link></strong>"],
    ["*`x`*, (**y**)!", "<em><code>x</code></em>, (<strong>y</strong>)!"],
    ["**重点**是", "<strong>重点</strong>是"],
    ["``a ` b`` and `` ` ``", "<code>a ` b</code> and <code>`</code>"],
    ["`*a* http://b.example`", "<code>*a* http://b.example</code>"],
  ]) assert.equal(shown(line), wanted);
});

test("text that only looks like marks is left as it is", () => {
  for (const line of [
    "snake_case_word __init__ _x_", "2*3*4 = 24", "2 * 3 * 4", "a**b**c", "rm *.js *.ts", "int *p, **q;", "* one\n* two", "/** doc */",
    "SELECT * FROM t", "Жук*ов*а", "é*é*é", "****", "**", "*", "``", "`", "* a *", "** a **", "*a\nb*", "`a\nb`", "**a", "a*", "`a``", "*a_b",
    "> ".trimEnd() + "_<", ">:(", ">>> x", "a > b", "```", "```js\nx", "x ```\ny\n```", "\n\n", "", " ", "__proto__", "<b>&amp;</b>", "~~x~~", "# x", "[a](b)",
  ]) assert.equal(shown(line), line);
});

test("an open mark does not affect the text after it", () => {
  assert.equal(shown("**a *b** c"), "<strong>a *b</strong> c");
  assert.equal(shown("*a *b* c"), "*a <em>b</em> c");
  assert.equal(shown("*a\n*b*"), "*a\n<em>b</em>");
  assert.equal(shown("`a **b** c"), "`a <strong>b</strong> c");
});

test("fenced blocks and quotes are pieces of their own, with all their text", () => {
  for (const [line, wanted] of [
    ["see:\n```\n*a*\n\n  http://b\n```\nso", "see:<block>*a*\n\n  http://b</block>so"],
    ["```rust\nfn\n```", "<block>fn</block>"],
    ["```\n```js\n```", "<block>```js</block>"],
    ["```\n> a\n```\n```\nleft open", "<block>> a</block>```\nleft open"],
    ["> *a*\n> b\n>\nc", "<quote><em>a</em>\nb\n</quote>c"],
    ["> > a\n\n> b", "<quote>> a</quote><quote>b</quote>"],
    ["\n\nx\n\n> a\n\ny", "\n\nx\n<quote>a</quote>\ny"],
  ]) assert.equal(shown(line), wanted, line);
});

test("punctuation and marks after a link are not part of it", () => {
  const links = (line) => parseMarkup(line).flatMap((piece) => piece.pieces ?? piece).filter(({ kind }) => kind === "link").map(({ href }) => href);
  assert.deepEqual(links("*http://a.example/x*, **https://b.example**"), ["http://a.example/x", "https://b.example/"]);
  assert.deepEqual(links("`http://a.example` *javascript:alert(1)* **data:text/html,x**"), []);
  assert.deepEqual(links("http://a.example/\u202e*moc.live*"), ["http://a.example/"]);
});

test("the text of all pieces is the message without marks", () => {
  const bits = ["*", "**", "***", "`", "``", "```", "\n", "\n```\n", "> ", "\n> ", " ", "é", "漢", "👍", "http://a.example/b", "_", ":", "\u202e"];
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let i = 0; i < 5_000; i += 1) {
    const line = Array.from({ length: random(24) }, () => bits[random(bits.length)]).join("");
    const pieces = parseMarkup(line);
    let at = 0;
    let lost = "";
    for (const character of words(pieces)) {
      const found = line.indexOf(character, at);
      assert.ok(found >= 0, `${JSON.stringify(line)} has no ${character} left`);
      lost += line.slice(at, found);
      at = found + character.length;
    }
    assert.match(lost + line.slice(at), /^[*`>\s]*$/, JSON.stringify(line));
    assert.ok(depth(pieces) <= 3, JSON.stringify(line));
  }
});

test("many marks take time in proportion, and make few pieces", () => {
  const count = (pieces) => pieces.reduce((sum, { pieces: inner }) => sum + 1 + count(inner ?? []), 0);
  for (const bit of [
    "*", "**", "***", "`", "``", "* ", " *", "*a", "a*", "*a ", "**a ", "*a* ", "**a *b ", "`a ", "`a``b```c", "> ", "> \n", ">\n", "> a\n\n", "```\n", "```js\n",
    "```\n```\n", "``` ", "\n", "*(", ")*", "a*b**c***", "a*", "*a*b ", "`a", "\u202e*", "👍*", ":", ":a",
  ]) {
    for (const times of [390 / bit.length, 4_096, 16_384 / bit.length]) {
      const { user: before } = process.cpuUsage();
      const pieces = parseMarkup(bit.repeat(times));
      const { user: after } = process.cpuUsage();
      assert.ok(after - before < 1_500_000, `${JSON.stringify(bit)} takes ${after - before} µs`);
      assert.ok(count(pieces) <= 500, `${JSON.stringify(bit)} makes ${count(pieces)} pieces`);
    }
  }
  assert.equal(words(parseMarkup("*".repeat(4_096))), "*".repeat(4_096));
  assert.equal(words(parseMarkup("*a* ".repeat(1_000))), "*a* ".repeat(1_000), "too many marks: unparsed");
});

test("a text of ten million characters is cut", () => {
  assert.equal(words(parseMarkup("y".repeat(10_000_000))).length, 16_385);
});

test("plain text has no marks, and quotes and blocks have rows of their own", () => {
  assert.equal(plainText("> **quoted** `x`\nand :tada: *so* on\n```\ncode\n```\nend"), "quoted x\nand 🎉 so on\ncode\nend");
});
