// What a line says as nodes: text, links, code, emphasis, quotes.
// May know the DOM. May not know: what marks look like, who said it.

import { markup } from "./markup.js";
import { button, linked, make } from "./view-dom.js";

/** “Copied” stands this long. */
const COPIED_MS = 2_000;

/** @param {string} line */
export function written(line) {
  return markup(line).map(node);
}

/** @param {import("./markup.js").Piece} piece @returns {Node | string} */
function node(piece) {
  switch (piece.kind) {
    case "text": return piece.text;
    case "link": return linked([piece])[0] ?? "";
    case "code": return make("code", {}, piece.text);
    case "strong": case "em": return make(piece.kind, {}, ...piece.pieces.map(node));
    case "quote": return make("blockquote", { dir: "auto" }, ...piece.pieces.map(node));
    case "block": return block(piece.text);
  }
}

/** @param {string} text */
function block(text) {
  const code = make("code", {}, text);
  const copy = button("Copy", async () => {
    copy.textContent = await isCopied(code, text) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (copy.textContent = "Copy"), COPIED_MS);
  }, { class: "copy", "aria-live": "polite" });
  return make("div", { class: "block" }, make("pre", { dir: "ltr" }, code), copy);
}

/** Without TLS there is no clipboard: what is selected is copied as by hand. @param {Element} code @param {string} text */
async function isCopied(code, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(code);
    return document.execCommand("copy");
  }
}
