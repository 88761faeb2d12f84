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
    ["~~old~~ **~~x~~** ~~*y* z~~", "<del>old</del> <strong><del>x</del></strong> <del><em>y</em> z</del>"],
    ["**重点**是", "<strong>重点</strong>是"],
    ["``a ` b`` and `` ` ``", "<code>a ` b</code> and <code>`</code>"],
    ["`*a* http://b.example`", "<code>*a* http://b.example</code>"],
  ]) assert.equal(shown(line), wanted);
});

test("text that only looks like marks is left as it is", () => {
  for (const line of [
    "snake_case_word __init__ _x_", "2*3*4 = 24", "2 * 3 * 4", "a**b**c", "rm *.js *.ts", "int *p, **q;", "* one\n* two", "/** doc */",
    "SELECT * FROM t", "Жук*ов*а", "é*é*é", "****", "**", "*", "``", "`", "* a *", "** a **", "*a\nb*", "`a\nb`", "**a", "a*", "`a``", "*a_b",
    "> ".trimEnd() + "_<", ">:(", ">>> x", "a > b", "```", "```js\nx", "x ```\ny\n```", "\n\n", "", " ", "__proto__", "<b>&amp;</b>", "# x", "[a](b)",
    "- one\n- two\n1. three", "~x~", "~~~x~~~", "~~ x ~~", "a~~b~~c", "~~", "~~~~", "~/x",
    "¯\\_(ツ)_/¯", "C:\\_x\\~y", "\\\\server\\share", "\\d+\\.\\w", "\\", "a\\", "\\>x", "\\n",
  ]) assert.equal(shown(line), line);
});

test("a backslash before a mark makes it text; all other backslashes stay", () => {
  for (const [line, wanted] of [
    ["\\*not em\\* *em*", "*not em* <em>em</em>"],
    ["\\**a*", "*<em>a</em>"],
    ["*a\\*b*", "<em>a*b</em>"],
    ["\\~~a~~ \\`b\\` \\``c`", "~~a~~ `b` `<code>c</code>"],
    ["`C:\\` is `\\*`", "<code>C:\\</code> is <code>\\*</code>"],
    ["\\\\*a* \\\\`b` \\\\\\*c*", "\\<em>a</em> \\<code>b</code> \\*c*"],
    ["\\> no quote\n> a\\*b", "> no quote<quote>a*b</quote>"],
    ["\\d and C:\\x: *now*", "\\d and C:\\x: <em>now</em>"],
    ["\\*www.example.org\\*", "*<link>www.example.org</link>*"],
    ["\\```\nx\n\\```", "```\nx\n```"],
  ]) assert.equal(shown(line), wanted, line);
});

test("addresses of sites and of mail become links to what they say, and to nothing else", () => {
  const links = (line) => parseMarkup(line).filter(({ kind }) => kind === "link").map(({ text, href }) => [text, href]);
  for (const [line, ...wanted] of [
    ["see www.example.org/a_(b), or WWW.Example.org:8080.", ["www.example.org/a_(b)", "https://www.example.org/a_(b)"], ["WWW.Example.org:8080", "https://www.example.org:8080/"]],
    ["(bob.o-neil+x@mail.example.org) *b@c.de*", ["bob.o-neil+x@mail.example.org", "mailto:bob.o-neil+x@mail.example.org"]],
    ["mailto:bob@example.org?", ["mailto:bob@example.org", "mailto:bob@example.org"]],
    ["ask bob@example.org: now", ["bob@example.org", "mailto:bob@example.org"]],
    ["https://a.example/@bob@b.example x@www.c.de", ["https://a.example/@bob@b.example", "https://a.example/@bob@b.example"], ["x@www.c.de", "mailto:x@www.c.de"]],
  ]) assert.deepEqual(links(line), wanted, line);
  for (const line of [
    "www. www.a www..b www.a. wwww.a.b xwww.a.b ftp://www.a.b //www.a.b a.www.b.c www.paypal.com@evil.example/", "https://www.paypal.com@evil.example/ http://bob@evil.example",
    "git@github.com:a/b.git x@host.example:~/x", "bob@localhost bob@a.b @a.example bob@ @bob a@@b.de a@b.de@c.de b@c.de/f", "javascript:alert@x.example xmailto:a@b.de", "a%0abcc:x@b.de", "a@b.de\u0301", "боб@пример.рф",
    "a@ex\u212aample.org a@b.\u017fe", `${"a".repeat(65)}@b.de`, "`b@c.de` `www.a.de`",
  ]) assert.deepEqual(links(line), [], line);
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
  const bits = ["*", "**", "***", "~~", "~", "\\", "www.a.de/", "b@c.de", "`", "``", "```", "\n", "\n```\n", "> ", "\n> ", " ", "é", "漢", "👍", "http://a.example/b", "_", ":", "\u202e"];
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
    assert.match(lost + line.slice(at), /^[*`~\\>\s]*$/, JSON.stringify(line));
    assert.ok(depth(pieces) <= 4, JSON.stringify(line));
  }
});

test("many marks take time in proportion, and make few pieces", () => {
  const count = (pieces) => pieces.reduce((sum, { pieces: inner }) => sum + 1 + count(inner ?? []), 0);
  for (const bit of [
    "*", "**", "***", "`", "``", "* ", " *", "*a", "a*", "*a ", "**a ", "*a* ", "**a *b ", "`a ", "`a``b```c", "> ", "> \n", ">\n", "> a\n\n", "```\n", "```js\n",
    "```\n```\n", "``` ", "\n", "*(", ")*", "a*b**c***", "a*", "*a*b ", "`a", "\u202e*", "👍*", ":", ":a", "~~", "~~a", "~~a~~ ", "**a ~~b *c ", "\\", "\\*", "\\\\`", "\\`a`",
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
