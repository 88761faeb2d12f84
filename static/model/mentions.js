// Mentions: whether a text has a name in it.

import { isUserName } from "../protocol/names.js";
import { memoize } from "../text/text.js";

/**
 * Whether a text has a name as a word of its own, in any case. A dot or a dash ends the word, unless it
 * joins it to another: "bob-cat" and "bob.org" do not mention bob.
 * @param {string} text @param {string} name
 */
export function mentions(text, name) {
  if (!isUserName(name)) return false;
  if (name !== last.name) {
    const word = pattern(name);
    last = { name, isIn: memoize((text) => word.test(text)) };
  }
  return last.isIn(text);
}

/** The last name: nearly every call has the same. */
let last = { name: "", isIn: (/** @type {string} */ _text) => false };

/** @param {string} name Of letters, digits, `_`, `-` and `.`, as all names are. */
function pattern(name) {
  const letter = "[\\p{L}\\p{M}\\p{N}_]";
  const word = name.replaceAll(".", "\\.");
  return new RegExp(`${word}(?<!${letter}[.-]?${word})(?![.-]?${letter})`, "iu"); // the name first: it is seldom there
}
