// Whether a line calls somebody by name.
// May not know: rooms, the DOM.

/**
 * Whether a name stands in a text as a word of its own, in any case. A point or a dash ends the
 * word, unless it joins it to another: in "bob-cat" and "bob.org" nobody calls bob.
 * @param {string} text @param {string} name
 */
export function mentions(text, name) {
  if (!name) return false;
  if (name !== last.name) last = { name, pattern: pattern(name) };
  return last.pattern.test(text);
}

/** Nearly always the same one. */
let last = { name: "", pattern: /^/ };

/** @param {string} name Of letters, digits, `_`, `-` and `.`, as all names are. */
function pattern(name) {
  const letter = "[\\p{L}\\p{M}\\p{N}_]";
  return new RegExp(`(?<!${letter}[.-]?)${name.replaceAll(".", "\\.")}(?![.-]?${letter})`, "iu");
}
