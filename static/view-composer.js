// The box in which one writes: it grows, remembers, counts, and says what is wrong.
// May know the DOM. May not know: sockets, the protocol, storage, what becomes of what is said.

import { byteLength } from "./text.js";
import { byId, say } from "./view-dom.js";

/** Lines that Ctrl+↑ brings back. */
const REMEMBERED = 50;

/** The box grows to this many pixels, then it scrolls. */
const TALLEST = 200;

export class ComposerView {
  #box = byId("box");
  #hint = byId("hint");
  #editing = byId("editing");
  #acts;
  #limit = Infinity;
  #isEditing = false;
  /** @type {string[]} */ #said = [];
  #back = 0;

  /** @param {import("./view.js").Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    byId("say").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("cancel").addEventListener("click", () => {
      acts.cancelEdit();
      this.focus();
    });
    this.#box.addEventListener("input", () => {
      this.hint("");
      this.#changed();
      acts.typed(this.#box.value);
    });
    this.#box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
  }

  /** @param {string} text @param {string} label @param {boolean} isEditing Whether it is a line that stands already. */
  open(text, label, isEditing) {
    this.#box.value = text;
    this.#box.placeholder = label;
    this.#isEditing = isEditing;
    this.#editing.hidden = !isEditing;
    say(byId("editing-what"), isEditing ? "Editing your line" : ""); // anew each time, so that it is read out
    say(byId("box-label"), isEditing ? "Edit your line" : label);
    byId("send").setAttribute("aria-label", isEditing ? "Save" : "Send");
    this.hint("");
    this.#changed();
  }

  /** Bytes that the server takes. @param {number} bytes */
  limit(bytes) {
    this.#limit = bytes;
    this.#changed();
  }

  focus() {
    this.#box.focus();
  }

  /** Takes the focus where that does not bring up a keyboard over half the page. */
  invite() {
    if (!matchMedia("(pointer: coarse)").matches) this.focus();
  }

  /** @param {string} hint @param {boolean} [isBad] */
  hint(hint, isBad = false) {
    say(this.#hint, hint);
    this.#hint.classList.toggle("bad", isBad);
  }

  #submit() {
    const text = this.#box.value;
    if (byteLength(text) > this.#limit) return;
    this.#put("");
    const why = this.#acts.say(text);
    this.focus();
    if (why) {
      this.#put(text);
      this.hint(why, true);
    } else {
      this.#said = [...this.#said.filter((said) => said !== text), text].slice(-REMEMBERED);
      this.#back = 0;
    }
  }

  /** @param {string} text As if it had been typed. */
  #put(text) {
    this.#box.value = text;
    this.#box.dispatchEvent(new Event("input"));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // While an input method composes, Enter chooses a word (229: how Safari says so).
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape" && this.#isEditing) {
      event.stopPropagation();
      this.#acts.cancelEdit();
    } else if (event.key === "ArrowUp" && !this.#box.value && !this.#isEditing && isPlain(event)) {
      event.preventDefault();
      this.hint(this.#acts.editLast() ?? "");
    } else if ((event.ctrlKey || event.metaKey) && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.#back = Math.max(0, Math.min(this.#back + (event.key === "ArrowUp" ? 1 : -1), this.#said.length));
      this.#put(this.#back ? this.#said.at(-this.#back) ?? "" : "");
    }
  }

  #changed() {
    const box = this.#box;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, TALLEST)}px`;
    const bytes = byteLength(box.value);
    const isOver = bytes > this.#limit;
    if (isOver) this.hint(`${bytes.toLocaleString()} bytes: at most ${this.#limit.toLocaleString()} fit into one line`, true);
    byId("send").disabled = isOver || !box.value.trim();
  }
}

/** @param {KeyboardEvent} event */
function isPlain({ altKey, ctrlKey, metaKey, shiftKey }) {
  return !altKey && !ctrlKey && !metaKey && !shiftKey;
}
