import assert from "node:assert/strict";
import { test } from "node:test";
import { byteLength, hue, normalize, splitLinks } from "../../../static/text/text.js";

const links = (line) => splitLinks(line).filter(({ href }) => href).map(({ text }) => text);

test("http and https are linked, and nothing else", () => {
  assert.deepEqual(links("see http://a.example/x and HTTPS://b.example?q=1#f"), ["http://a.example/x", "HTTPS://b.example?q=1#f"]);
  for (const line of [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd", "ftp://a",
    "http://", "https://", "http:a", "xhttp://a.example", "https:// a", "http://[", "http://a:99999999/",
  ]) assert.deepEqual(links(line), [], line);
});

test("a quote or a bracket ends a link, so no attribute can be reached through one", () => {
  assert.deepEqual(links("http://a\"onx="), ["http://a"]);
  assert.deepEqual(links("http://a'onx=1 <a href=http://b>"), ["http://a", "http://b"]);
});

test("a character that turns or hides text ends a link", () => {
  for (const sign of ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u00ad"]) {
    assert.deepEqual(links(`http://a.example/${sign}moc.live`), ["http://a.example/"]);
  }
});

test("punctuation after a link is not part of it", () => {
  assert.deepEqual(links("(see http://a.example/b_(c)), or http://d.example/?!"), ["http://a.example/b_(c)", "http://d.example/"]);
  assert.deepEqual(links("“http://a.example…” [http://b.example]."), ["http://a.example", "http://b.example"]);
});

test("a link with a user name, which could look like another host, stays text", () => {
  for (const link of ["https://www.paypal.com@evil.example/", "https://a.example:443@evil.example", "http://:x@evil.example", "https://a.example%2f@evil.example/"]) {
    assert.deepEqual(links(link), [], link);
  }
  assert.deepEqual(links("https://a.example/@ada?to=b@c.example"), ["https://a.example/@ada?to=b@c.example"]);
});

test("all parts joined are the text", () => {
  for (const line of ["", "plain", "http://a", "a http://b c http://d", "<b>&amp;</b>", "x".repeat(4096), "\n\t "]) {
    assert.equal(splitLinks(line).map(({ text }) => text).join(""), line);
  }
});

test("a link of over 2,048 characters stays text, and a text of ten million is cut", () => {
  assert.deepEqual(links(`http://a.example/${"x".repeat(2048)}`), []);
  const [token] = splitLinks("y".repeat(10_000_000));
  assert.equal(token.text.length, 16_385);
});

test("a text of nothing but half-links takes no time", () => {
  const started = performance.now();
  for (const piece of ["http://", "https://a(", "http://a.((((", "https://a)))))"]) splitLinks(piece.repeat(2_000));
  assert.ok(performance.now() - started < 500);
});

test("what is sent has line feeds, no control characters and no unpaired surrogates", () => {
  assert.equal(normalize("\r\n  a\r\nb\rc\td\n\n "), "  a\nb\nc\td");
  assert.equal(normalize("\u001b[31mred\u0000\u007f\u009b"), "\ufffd[31mred\ufffd\ufffd\ufffd");
  assert.equal(normalize("\ud800 and 👋 and \udc00"), "\ufffd and 👋 and \ufffd");
});

test("bytes are counted in UTF-8", () => {
  assert.equal(byteLength("aé👋"), 7);
});

test("a name has one of sixteen hues, the same in any case", () => {
  const hues = new Set(Array.from({ length: 500 }, (_, i) => hue(`user${i}`)));
  assert.equal(hues.size, 16);
  assert.equal(hue("José"), hue("JOSÉ"));
});
