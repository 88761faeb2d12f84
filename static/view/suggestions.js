// SuggestionList: a list above the input box, from which arrows, Enter, Tab, a pointer and a finger choose. The focus
// stays in the box, and nothing is chosen at first: Enter sends, as if the list were not there.

import { byId, make, on } from "./dom.js";

/** @import { Suggestion, Suggestions } from "../model/suggestions.js" */

export class SuggestionList {
  #box = byId("box");
  #element = byId("suggestions");
  /** @type {Suggestions | null} */ #shown = null;
  #chosen = -1;
  /** Where the word starts for which the person closed the list; it stays closed for that word. */ #dismissed = -1;
  #onTake;

  /** @param {(start: number, suggestion: Suggestion) => void} onTake */
  constructor(onTake) {
    this.#onTake = onTake;
    on("suggestions", "mousedown", (event) => event.preventDefault()); // the focus stays in the box
    on("suggestions", "click", ({ target }) => {
      const option = target instanceof Element && target.closest("li");
      if (option) this.#take([...this.#element.children].indexOf(option));
    });
    on("box", "blur", () => this.close());
  }

  get isOpen() {
    return this.#shown !== null;
  }

  /** Shows what may follow; null: nothing. What was chosen stays chosen if it is still there. @param {Suggestions | null} suggestions */
  show(suggestions) {
    if (suggestions?.start !== this.#dismissed) this.#dismissed = -1;
    if (!suggestions || this.#dismissed >= 0) return this.close();
    const chosen = this.#shown?.start === suggestions.start ? this.#shown.list[this.#chosen]?.word : undefined;
    this.#shown = suggestions;
    this.#element.hidden = false;
    this.#element.replaceChildren(...suggestions.list.map(({ label, detail }, i) => make("li", { role: "option", id: `suggestion-${i}` },
      make("bdi", {}, label), ...detail ? [" ", make("bdi", { class: "secondary" }, detail)] : [])));
    this.#choose(suggestions.list.findIndex(({ word }) => word === chosen));
  }

  close() {
    this.#shown = null;
    this.#chosen = -1;
    this.#element.hidden = true;
    this.#element.replaceChildren();
    this.#box.removeAttribute("aria-activedescendant");
  }

  /** Takes a key of the box, if it is for the list. @param {KeyboardEvent} event @returns {boolean} */
  keyPressed({ key, altKey, ctrlKey, metaKey, shiftKey }) {
    if (!this.#shown || altKey || ctrlKey || metaKey || shiftKey) return false;
    const count = this.#shown.list.length;
    if (key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
    else if (key === "ArrowUp") this.#choose((Math.max(this.#chosen, 0) + count - 1) % count);
    else if (key === "Escape") this.#dismiss();
    else if ((key === "Enter" || key === "Tab") && this.#chosen >= 0) this.#take(this.#chosen);
    else return false;
    return true;
  }

  /** Closes the list, until the person begins another word. */
  #dismiss() {
    this.#dismissed = this.#shown?.start ?? -1;
    this.close();
  }

  /** @param {number} at -1: none. */
  #choose(at) {
    this.#chosen = at;
    [...this.#element.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = this.#element.children[at];
    if (!option) return this.#box.removeAttribute("aria-activedescendant");
    option.scrollIntoView({ block: "nearest" });
    this.#box.setAttribute("aria-activedescendant", option.id);
  }

  /** @param {number} at */
  #take(at) {
    const suggestion = this.#shown?.list[at];
    if (!this.#shown || !suggestion) return;
    const { start } = this.#shown;
    this.close();
    this.#onTake(start, suggestion);
  }
}
