import assert from "node:assert/strict";
import { test } from "node:test";
import { EMOJI, replaceEmoji } from "../../../static/text/emoji.js";
import { parseMarkup } from "../../../static/text/markup.js";

test("about sixty names have one emoji each", () => {
  assert.ok(EMOJI.size >= 55 && EMOJI.size <= 80, `${EMOJI.size}`);
  assert.equal(new Set(EMOJI.values()).size, EMOJI.size);
  for (const [name, picture] of EMOJI) {
    assert.match(name, /^[a-z0-9_+-]{1,24}$/);
    assert.match(picture, /^\p{Emoji}\ufe0f?$/u, name);
    assert.equal(replaceEmoji(`:${name}:`), picture);
  }
});

test("a name is an emoji as a word of its own, and text anywhere else", () => {
  assert.equal(replaceEmoji(":+1::tada: (:fire:), 好:heart:。 :x:"), "👍🎉 (🔥), 好❤️。 ❌");
  for (const text of [
    "std::fire::x", "a::fire::b", "12:30:45", "at 10:x:y", ":nobody:", ":FIRE:", ": fire:", ":fire", "fire:", "a:fire:", ":fire:b", "::", ":".repeat(50), ":constructor:", ":__proto__:",
  ]) assert.equal(replaceEmoji(text), text);
});

test("in code and links a name stays text", () => {
  const [text, code, link, block] = [parseMarkup(":fire:"), parseMarkup("`:fire:`"), parseMarkup("http://a.example/:fire:x"), parseMarkup("```\n:fire:\n```")];
  assert.deepEqual([text, code, link, block].map(([piece]) => piece.text), ["🔥", ":fire:", "http://a.example/:fire:x", ":fire:"]);
  assert.equal(parseMarkup("**:fire:**")[0].pieces[0].text, "🔥");
  const many = `${"`:fire:` ".repeat(300)}`;
  assert.equal(parseMarkup(many).map((piece) => piece.text).join(""), many, "too many marks: unparsed");
});
