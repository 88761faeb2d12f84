// RoomPicker: a field that filters, and a list from which arrows and Enter choose (ARIA's combobox with a
// listbox: the focus stays in the field).

import { choices } from "../model/room-choices.js";
import { byId, make, on } from "./dom.js";

/**
 * @import { Chat } from "../model/chat.js"
 * @import { Choice } from "../model/room-choices.js"
 */

export class RoomPicker {
  #dialog = byId("room-picker");
  #field = byId("picker-input");
  #list = byId("picker-list");
  /** @type {Chat | null} */ #chat = null;
  /** @type {Choice[]} */ #choices = [];
  #selected = 0;
  #onChoice;

  /** @param {(choice: Choice) => void} onChoice @param {(typed: string) => void} findPeople Looks for people whose names begin so; then call `refresh`. */
  constructor(onChoice, findPeople) {
    this.#onChoice = onChoice;
    on("picker-input", "input", () => {
      findPeople(this.#field.value);
      this.#filter();
    });
    on("picker-input", "keydown", (event) => this.#keyPressed(event));
    on("picker-list", "click", ({ target }) => {
      const option = target instanceof Element && target.closest("li");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
  }

  /** @param {Chat} chat */
  open(chat) {
    this.#chat = chat;
    this.#field.value = "";
    this.#dialog.showModal();
    this.#filter();
  }

  /** Shows the choices of what is known now. The selected one stays selected. */
  refresh() {
    if (!this.#dialog.open) return;
    const selected = this.#choices[this.#selected];
    this.#filter();
    const at = this.#choices.findIndex(({ label, hint }) => label === selected?.label && hint === selected.hint);
    if (at > 0) this.#select(at);
  }

  #filter() {
    if (!this.#chat) return;
    this.#choices = choices(this.#chat, this.#field.value);
    this.#list.replaceChildren(...this.#choices.map(({ label, hint }, i) => (
      make("li", { role: "option", id: `choice-${i}` }, make("bdi", {}, label), make("span", { class: "secondary" }, hint)))));
    byId("picker-empty").textContent = this.#choices.length ? "" : "No room or person matches";
    this.#select(0);
  }

  /** @param {number} at */
  #select(at) {
    this.#selected = at;
    [...this.#list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = this.#list.children[at];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#field.setAttribute("aria-activedescendant", option.id);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const { length } = this.#choices;
    if (step && length) this.#select((this.#selected + step + length) % length);
    else if (event.key === "Enter") this.#choose(this.#selected);
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #choose(at) {
    const choice = this.#choices[at];
    if (!choice) return;
    this.#dialog.close(); // closing restores the focus, so the choice must come after it
    this.#onChoice(choice);
  }
}
