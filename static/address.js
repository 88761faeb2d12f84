// The address of a room, and the room of an address: /r/lobby, /r/@ada+bob.
// May not know: rooms, the history of the browser, the DOM.

import { roomName } from "./wire.js";

/** @param {string | null} room */
export function addressOf(room) {
  return room ? encodeURI(`/r/${room}`) : "/";
}

/** @param {string} path @returns {string | null} */
export function roomAt(path) {
  if (!path.startsWith("/r/")) return null;
  try {
    return roomName(decodeURIComponent(path.slice("/r/".length)));
  } catch {
    return null; // its percents stand for no text
  }
}
