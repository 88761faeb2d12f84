// Appearance: the theme and the clock that the person chose, in place of those of the system.

import { formatFull, formatMoment, formatTime, setClock } from "../text/time.js";

/** @import { Preferences } from "../storage/preferences.js" */

/** Applies both, also to the messages in the document. @param {Preferences} preferences */
export function applyAppearance(preferences) {
  applyTheme(preferences.choice("theme"));
  setClock(preferences.choice("clock"));
  for (const time of document.querySelectorAll("time")) {
    const at = Date.parse(time.dateTime);
    time.textContent = time.closest(".message") ? formatTime(at) : formatMoment(at);
    time.title = formatFull(at);
  }
}

/** @param {string} theme */
function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  // The colour of the browser's own bars.
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    const scheme = meta.getAttribute("data-scheme") ?? "";
    meta.setAttribute("media", theme === "" ? `(prefers-color-scheme: ${scheme})` : theme === scheme ? "all" : "not all");
  }
}
