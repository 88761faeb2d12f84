// Text: prepares what other users wrote for the screen, and what the person wrote for the server.

import { nameKey } from "../protocol/names.js";

/** @typedef {{ text: string, href?: string }} TextPart A part of a text; with `href`, a link. */

/** Characters of one text that are shown. Our server allows 10,000 bytes at most. */
const MAX_SHOWN_CHARS = 16_384;

/** A longer link stays text. */
const MAX_LINK_CHARS = 2_048;

/**
 * An address on the web, or a mail address. The first ends at white space, quotes, angle brackets, and invisible or
 * direction-changing characters, which could make it look like another address. A mail address is a word of its own,
 * and not the beginning of `git@host.example:path`. Its parts have maximal lengths (RFC 5321, 4.5.3.1; RFC 1035, 2.3.4),
 * and it does not begin inside a word: so the time is proportional to the length.
 */
const LINK = new RegExp([
  /(?:\bhttps?:\/\/|(?<![\p{L}\p{N}_@/.:\\-])www\.)[^\s"'`<>\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/u,
  /(?<![\p{L}\p{M}\p{N}_.+@/:-])(?:mailto:)?[a-z0-9][\w.+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}(?![\p{L}\p{M}\p{N}_@/-]|\.[\p{L}\p{N}_-]|:\S)/u,
].map(({ source }) => source).join("|"), "giu");

/** Results that `memoize` keeps: more than one draw needs. */
const MAX_KEPT = 1_000;

/**
 * Keeps the results of a function of a text, so that no draw computes them again.
 * @template Result @param {(text: string) => Result} compute
 */
export function memoize(compute) {
  /** @type {Map<string, Result>} */
  const kept = new Map();
  return (/** @type {string} */ text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(text, result);
    return result;
  };
}

/** The beginning of a text; what is cut off shows as an ellipsis. @param {string} text @param {number} [most] Characters. */
export function truncate(text, most = MAX_SHOWN_CHARS) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * Splits a text into text and links, in order; joined, they are the text as it is shown.
 * @param {string} text @returns {TextPart[]}
 */
export function splitLinks(text) {
  const shown = truncate(text);
  /** @type {TextPart[]} */
  const list = [];
  let done = 0;
  for (const match of shown.matchAll(LINK)) {
    if (match[0].length > MAX_LINK_CHARS) continue;
    const link = trimPunctuation(match[0]);
    const href = hrefOf(link);
    if (!href) continue;
    if (match.index > done) list.push({ text: shown.slice(done, match.index) });
    list.push({ text: link, href });
    done = match.index + link.length;
  }
  if (done < shown.length) list.push({ text: shown.slice(done) });
  return list;
}

/**
 * Prepares a text for the server: line ends as `\n` and none around it, and U+FFFD in place of
 * unpaired surrogates and control characters, which a server would refuse.
 * @param {string} typed
 */
export function normalize(typed) {
  return typed
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu, "\ufffd")
    .replace(/^\n+/, "").trimEnd(); // not `\s+$`: it takes the square of the length
}

/** The length of a text in UTF-8. @param {string} text */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * The hue of a name, in degrees: one of 16, the same for every user and in every case (FNV-1a, and
 * a last multiplication, because the lowest bits of FNV hardly mix).
 * @param {string} name
 */
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(nameKey(name))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 28) * 22.5;
}

/** Where a link leads, or null. @param {string} link */
function hrefOf(link) {
  if (/^www\./i.test(link)) return /^www\.[^./:?#]+\.[^./:?#]/i.test(link) ? parseUrl(`https://${link}`) : null;
  if (/^https?:/i.test(link)) return parseUrl(link);
  return /^[!-~]+@[!-~]+$/.test(link) ? `mailto:${link.replace(/^mailto:/i, "")}` : null; // `i` and `u` together also match `ſ` and `K`
}

/**
 * The address of a link. A link with a user name is not one: `https://www.paypal.com@evil.example/` leads to evil.example.
 * @param {string} text
 */
function parseUrl(text) {
  try {
    const { protocol, username, password, href } = new URL(text);
    return /^https?:$/.test(protocol) && !username && !password ? href : null;
  } catch {
    return null;
  }
}

/** @type {Record<string, string>} */
const OPENING = { ")": "(", "]": "[", "}": "{" };

/**
 * Cuts punctuation that ends the sentence, not the link; a closing bracket too, unless the link opened it.
 * @param {string} link
 */
function trimPunctuation(link) {
  /** @type {Record<string, number>} */
  const counts = {}; // of each character before `end`: counted once, so that a tail of brackets takes no longer than any other
  for (const each of link) counts[each] = (counts[each] ?? 0) + 1;
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1] ?? "";
    const opening = OPENING[last];
    if (!".,;:!?*_~\\…”’»".includes(last) && (!opening || (counts[opening] ?? 0) >= (counts[last] ?? 0))) break;
    counts[last] = (counts[last] ?? 0) - 1;
  }
  return link.slice(0, end);
}

/** The word that was probably meant: one that starts so, one mistake away, or two from four letters on; else null. @param {string} typed @param {string[]} words */
export function nearest(typed, words) {
  const most = Math.min(2, Math.floor(typed.length / 2));
  const distance = (/** @type {string} */ word) => {
    if (word.startsWith(typed)) return 1;
    return Math.abs(word.length - typed.length) <= most ? editDistance(typed, word) : Infinity;
  };
  const closest = words.map((word) => ({ word, distance: distance(word) })).filter((each) => each.distance <= most);
  return closest.sort((a, b) => a.distance - b.distance)[0]?.word ?? null;
}

/** Characters wrong, missing, extra, or swapped with the next. @param {string} a @param {string} b */
function editDistance(a, b) {
  /** @type {number[][]} */
  const cost = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (/** @type {number} */ i, /** @type {number} */ j) => cost[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    cost[i] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + Number(a[i - 1] !== b[j - 1]), isSwap ? at(i - 2, j - 2) + 1 : Infinity);
      cost[i]?.push(least);
    }
  }
  return at(a.length, b.length);
}
