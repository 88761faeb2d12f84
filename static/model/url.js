// The URL of a room, or of a message in it, and back: /r/lobby, /r/@bob, /r/lobby#42.

import { parseStoredRoom } from "../protocol/names.js";

/** @param {string | null} room @param {number | null} [seq] A message of it. */
export function roomPath(room, seq = null) {
  return room ? encodeURI(`/r/${room}`) + (seq === null ? "" : `#${seq}`) : "/";
}

/** @param {string} path */
export function roomFromPath(path) {
  if (!path.startsWith("/r/")) return null;
  try {
    return parseStoredRoom(decodeURIComponent(path.slice("/r/".length)));
  } catch {
    return null; // no valid percent encoding
  }
}

/** What stands in a path in place of a room name; null: a room, or nothing. @param {string} path */
export function noRoomInPath(path) {
  const typed = path.replace(/^\/(r\/)?/, "");
  if (!typed || roomFromPath(path)) return null;
  try {
    return decodeURIComponent(typed);
  } catch {
    return typed;
  }
}

/** @param {string} hash */
export function seqFromHash(hash) {
  return /^#[1-9]\d{0,14}$/.test(hash) ? Number(hash.slice(1)) : null;
}
