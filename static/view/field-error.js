// FieldError: the error at a field. It is announced, it describes the field, and it goes once the field changes.

import { button, byId, on } from "./dom.js";

export class FieldError {
  #field;
  #note;

  /** @param {string} id Of the field; its error is `#id-error`, which `index.html` names in `aria-describedby`. */
  constructor(id) {
    this.#field = byId(id);
    this.#note = byId(`${id}-error`);
    on(id, "input", () => this.clear());
  }

  get isShown() {
    return this.#note.childNodes.length > 0;
  }

  /** @param {string} text @param {string | null} [suggestion] What would be accepted: a button puts it into the field. @param {boolean} [takesFocus] */
  show(text, suggestion = null, takesFocus = true) {
    this.#note.replaceChildren(text); // replaced even if equal, so that it is announced
    if (suggestion !== null) this.#note.append(" ", button(`Use ${suggestion}`, () => this.#accept(suggestion)));
    this.#field.setAttribute("aria-invalid", "true");
    if (!takesFocus) return;
    this.#field.focus();
    this.#field.select();
  }

  clear() {
    if (!this.isShown) return;
    this.#note.replaceChildren();
    this.#field.removeAttribute("aria-invalid");
  }

  /** @param {string} suggestion */
  #accept(suggestion) {
    this.#field.value = suggestion;
    this.clear();
    this.#field.focus();
  }
}
