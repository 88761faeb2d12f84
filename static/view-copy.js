// Copying a text: by the clipboard where the browser lends it, else as one would by hand.
// May know the DOM. May not know: what is copied.

import { make } from "./view-dom.js";

/** @param {string} text @returns {Promise<boolean>} Whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byHand(text); // a page that came over the network without TLS has no clipboard
  }
}

/** @param {string} text */
function byHand(text) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = /** @type {HTMLTextAreaElement} */ (make("textarea", { class: "unseen", readonly: true, "aria-hidden": "true" }));
  area.value = text;
  (focused?.closest("dialog") ?? document.body).append(area); // outside of an open dialog nothing can be selected
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}
