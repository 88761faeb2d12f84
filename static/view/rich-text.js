// Rich text: a message's markup as nodes: text, links, rooms, code, emphasis, quotes.

import { roomPath } from "../model/url.js";
import { beginning, parseMarkup } from "../text/markup.js";
import { splitRooms } from "../text/room-links.js";
import { button, copyText, linkNodes, make, onFollow } from "./dom.js";

/**
 * @import { Piece } from "../text/markup.js"
 * @typedef {{ isRoom(name: string): boolean, openRoom(name: string): boolean }} RoomLinks Only the name of a room that is
 *     known becomes a link: `#1` and the colour `#fff` stay text.
 */

/** How long “Copied” is shown. */
const COPIED_MS = 2_000;

/** @type {RoomLinks} */
const NO_ROOMS = { isRoom: () => false, openRoom: () => false };

/** @param {string} text @param {boolean} [isFolded] Whether to show its beginning only. @param {RoomLinks} [links] */
export function richText(text, isFolded = false, links = NO_ROOMS) {
  const pieces = parseMarkup(text);
  return isFolded ? [...buildNodes(beginning(pieces), links), "…"] : buildNodes(pieces, links);
}

/** @param {Piece[]} pieces @param {RoomLinks} links @returns {(Node | string)[]} */
function buildNodes(pieces, links) {
  return pieces.flatMap((piece) => {
    switch (piece.kind) {
      case "text": return roomNodes(piece.text, links);
      case "link": return linkNodes([piece]);
      case "code": return [make("code", {}, piece.text)];
      case "strong": case "em": case "del": return [make(piece.kind, {}, ...buildNodes(piece.pieces, links))];
      case "quote": return [make("blockquote", { dir: "auto" }, ...buildNodes(piece.pieces, links))];
      case "block": return [codeBlock(piece.text, piece.whole)];
    }
  });
}

/** A text, in which the names of known rooms are links. @param {string} text @param {RoomLinks} links */
function roomNodes(text, { isRoom, openRoom }) {
  return splitRooms(text).map(({ text, room }) => {
    if (!room || !isRoom(room)) return text;
    const link = make("a", { href: roomPath(room), class: "room" }, text);
    onFollow(link, () => openRoom(room));
    return link;
  });
}

/** @param {string} text @param {string} [whole] What the button copies. */
function codeBlock(text, whole = text) {
  const code = make("code", {}, text);
  let back = 0;
  const copyButton = button("Copy", async () => {
    const isCopied = await copyText(whole);
    if (!isCopied) getSelection()?.selectAllChildren(code);
    copyButton.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    clearTimeout(back);
    back = setTimeout(() => (copyButton.textContent = "Copy"), COPIED_MS);
  }, { class: "copy", "aria-live": "polite" });
  return make("div", { class: "block" }, make("pre", { dir: "ltr", tabindex: "0", role: "group", "aria-label": "Code" }, code), copyButton);
}
