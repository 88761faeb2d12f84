// The address of a room, or of a line in it, and back: /r/lobby, /r/@ada+bob, /r/lobby#42.
// May not know: rooms, the history of the browser, the DOM.

import { parseRoomName } from "../protocol/names.js";

/** @param {string | null} room @param {number | null} [seq] A line of it. */
export function roomPath(room, seq = null) {
  return room ? encodeURI(`/r/${room}`) + (seq === null ? "" : `#${seq}`) : "/";
}

/** @param {string} path @returns {string | null} */
export function roomFromPath(path) {
  if (!path.startsWith("/r/")) return null;
  try {
    return parseRoomName(decodeURIComponent(path.slice("/r/".length)));
  } catch {
    return null; // its percents stand for no text
  }
}

/** The line that the end of an address names. @param {string} hash @returns {number | null} */
export function seqFromHash(hash) {
  return /^#[1-9]\d{0,14}$/.test(hash) ? Number(hash.slice(1)) : null;
}
