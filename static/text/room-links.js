// Names of rooms in a text: `#dev`. Whether there is such a room, only the chat knows.

import { memoize } from "./text.js";

/** @typedef {{ text: string, room?: string }} RoomPart A part of a text; with `room`, the name of a room as it was typed. */

/** After white space or an opening bracket or quote, and not the beginning of a longer word or of a path. */
const ROOM = /(?<![^\s([{"'“‘«])#([a-z0-9][a-z0-9_-]{0,31})(?![\p{L}\p{N}_/#-])/giu;

/** Splits a text at the names of rooms; joined, the parts are the text. @param {string} text */
export function splitRooms(text) {
  /** @type {RoomPart[]} */
  const parts = [];
  let done = 0;
  for (const { 0: word, 1: name = "", index } of text.matchAll(ROOM)) {
    if (index > done) parts.push({ text: text.slice(done, index) });
    parts.push({ text: word, room: name.toLowerCase() });
    done = index + word.length;
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}

/** The names of rooms in a text, each once, in small letters. */
export const roomNamesIn = memoize((text) => [...new Set(splitRooms(text).flatMap(({ room }) => room ?? []))]);
