// Rich text: a message's markup as nodes: text, links, code, emphasis, quotes.

import { beginning, parseMarkup } from "../text/markup.js";
import { button, copyText, linkNodes, make } from "./dom.js";

/** @import { Piece } from "../text/markup.js" */

/** How long “Copied” is shown. */
const COPIED_MS = 2_000;

/** @param {string} text @param {boolean} [isFolded] Whether to show its beginning only. */
export function richText(text, isFolded = false) {
  const pieces = parseMarkup(text);
  return isFolded ? [...beginning(pieces).map(buildNode), "…"] : pieces.map(buildNode);
}

/** @param {Piece} piece @returns {Node | string} */
function buildNode(piece) {
  switch (piece.kind) {
    case "text": return piece.text;
    case "link": return linkNodes([piece])[0] ?? "";
    case "code": return make("code", {}, piece.text);
    case "strong": case "em": case "del": return make(piece.kind, {}, ...piece.pieces.map(buildNode));
    case "quote": return make("blockquote", { dir: "auto" }, ...piece.pieces.map(buildNode));
    case "block": return codeBlock(piece.text, piece.whole);
  }
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
