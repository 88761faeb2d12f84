// What a line says as nodes: text, links, code, emphasis, quotes.
// May know the DOM. May not know: what marks look like, who said it.

import { parseMarkup } from "../text/markup.js";
import { button, copyText, linkNodes, make } from "./dom.js";

/** “Copied” stands this long. */
const COPIED_MS = 2_000;

/** @param {string} line */
export function richText(line) {
  return parseMarkup(line).map(buildNode);
}

/** @param {import("../text/markup.js").Piece} piece @returns {Node | string} */
function buildNode(piece) {
  switch (piece.kind) {
    case "text": return piece.text;
    case "link": return linkNodes([piece])[0] ?? "";
    case "code": return make("code", {}, piece.text);
    case "strong": case "em": return make(piece.kind, {}, ...piece.pieces.map(buildNode));
    case "quote": return make("blockquote", { dir: "auto" }, ...piece.pieces.map(buildNode));
    case "block": return codeBlock(piece.text);
  }
}

/** @param {string} text */
function codeBlock(text) {
  const code = make("code", {}, text);
  let back = 0;
  const taken = button("Copy", async () => {
    const isCopied = await copyText(text);
    if (!isCopied) getSelection()?.selectAllChildren(code);
    taken.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    clearTimeout(back);
    back = setTimeout(() => (taken.textContent = "Copy"), COPIED_MS);
  }, { class: "copy", "aria-live": "polite" });
  return make("div", { class: "block" }, make("pre", { dir: "ltr" }, code), taken);
}
