// What strangers wrote, made ready to show, and what we write, made fit to send.
// May not know: the DOM. Tokens come out; only a view makes nodes of them.

import { nameKey } from "../protocol/names.js";

/** @typedef {{ text: string, href?: string }} TextPart A piece of a line; with `href`, a link. */

/** Characters of one line that are shown. A server of ours allows 10,000 bytes at most. */
const MAX_SHOWN_CHARS = 16_384;

/** Characters of a link; what is longer stays text. */
const MAX_LINK_CHARS = 2_048;

/**
 * A link ends at white space, quotes, angle brackets, and at what turns or hides the text after
 * it: invisible and direction-changing characters could make it look like another address.
 */
const LINK = /\bhttps?:\/\/[^\s"'`<>\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/giu;

/** As much of a line as is shown. @param {string} line */
export function truncate(line) {
  return line.length > MAX_SHOWN_CHARS ? `${line.slice(0, MAX_SHOWN_CHARS)}…` : line;
}

/**
 * A line as text and links, in order; put together again it is the same line, cut at what is shown.
 * @param {string} line @returns {TextPart[]}
 */
export function splitLinks(line) {
  const shown = truncate(line);
  /** @type {TextPart[]} */
  const list = [];
  let done = 0;
  for (const match of shown.matchAll(LINK)) {
    const text = trimPunctuation(match[0]);
    const href = parseUrl(text);
    if (!href) continue;
    if (match.index > done) list.push({ text: shown.slice(done, match.index) });
    list.push({ text, href });
    done = match.index + text.length;
  }
  if (done < shown.length) list.push({ text: shown.slice(done) });
  return list;
}

/**
 * A text fit to send: line ends as `\n` and none around it, no halves of characters, and a visible
 * mark for each control character, which a server would refuse.
 * @param {string} typed
 */
export function normalize(typed) {
  return typed
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu, "\ufffd")
    .replace(/^\n+|\s+$/g, "");
}

/** Bytes of a text as it travels. @param {string} text */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * The hue of a name, in degrees: one of 16, the same for everybody and in every case (FNV-1a, and
 * a last multiplication, for the lowest bits of FNV hardly mix).
 * @param {string} name
 */
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(nameKey(name))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 28) * 22.5;
}

/** @param {string} text */
function parseUrl(text) {
  if (text.length > MAX_LINK_CHARS) return null;
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * Punctuation after a link is the sentence's; a closing bracket too, unless the link opened it.
 * @param {string} link
 */
function trimPunctuation(link) {
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1] ?? "";
    if (".,;:!?*_~…”’»".includes(last)) continue;
    const opening = { ")": "(", "]": "[", "}": "{" }[last];
    if (!opening || countBefore(link, opening, end) >= countBefore(link, last, end)) break;
  }
  return link.slice(0, end);
}

/** How often `sign` stands before `end`. @param {string} link @param {string} sign @param {number} end */
function countBefore(link, sign, end) {
  return link.slice(0, end).split(sign).length - 1;
}

/** The word that was probably meant: one slip away, or two where it has four letters; else null. @param {string} typed @param {string[]} words */
export function nearest(typed, words) {
  const most = Math.min(2, Math.floor(typed.length / 2));
  const near = words.map((word) => ({ word, slips: editDistance(typed, word) })).filter(({ slips }) => slips <= most);
  return near.sort((a, b) => a.slips - b.slips)[0]?.word ?? null;
}

/** Letters wrong, missing, too many, or swapped with the next. @param {string} a @param {string} b */
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
