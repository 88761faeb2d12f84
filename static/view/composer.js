// Composer: the input box. It grows with its text, suggests and completes words, recalls what was sent, and counts bytes.

import { givesKey, messageTextOf } from "../model/commands.js";
import { Completion, fitSpacing } from "../model/completion.js";
import { InputHistory } from "../model/input-history.js";
import { byteLength, normalize } from "../text/text.js";
import { byId, make, on, onSubmit, setText } from "./dom.js";
import { SuggestionList } from "./suggestions.js";

/** From this part of the limit on, it shows how many bytes are left. */
const NEAR_LIMIT = 1 / 8;

/** Beyond this height the box scrolls. */
const MAX_HEIGHT_PX = 200;

/**
 * @import { Candidates } from "../model/completion.js"
 * @import { Suggestions } from "../model/suggestions.js"
 * @import { Quote } from "./rows.js"
 * @typedef {{
 *   submitInput(text: string): string | null, inputChanged(text: string): void, editLast(): string | null,
 *   cancelContext(): void, completions(): Candidates, suggestions(before: string): Suggestions | null, requestRooms(): void,
 * }} ComposerCallbacks `submitInput` and `editLast` return why nothing was done, or null.
 */

export class Composer {
  #box = byId("box");
  #hint = byId("hint");
  #contextBar = byId("context");
  #callbacks;
  #limit = Infinity;
  #bytesLeft = Infinity;
  #isEditing = false;
  #room = "";
  #history = new InputHistory();
  /** Whether the person typed what the box holds last: nothing is suggested for what was completed or recalled. */ #isTyped = false;
  #suggestions;
  /** The completion in progress, and the text before the cursor then. @type {{ completion: Completion, before: string } | null} */ #completing = null;

  /** @param {ComposerCallbacks} callbacks */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    this.#suggestions = new SuggestionList((start, { word }) => this.#replace(start, word));
    onSubmit("composer", () => this.#submit());
    on("cancel", "click", () => {
      callbacks.cancelContext();
      this.focus();
    });
    on("box", "input", () => {
      this.#history.reset();
      this.#isTyped = true;
      this.#inputChanged();
    });
    on("box", "keydown", (event) => this.#keyPressed(event));
    document.addEventListener("selectionchange", () => {
      if (this.#suggestions.isOpen) this.suggest();
    });
  }

  /**
   * @param {string} room @param {string} text @param {string} label
   * @param {{ isEditing: boolean, quote: Quote | null }} context Whether a message is being edited,
   *     or which one it replies to.
   */
  open(room, text, label, { isEditing, quote }) {
    this.#room = room;
    this.#history.open(room);
    this.#box.value = text;
    this.#isTyped = false;
    this.#suggestions.close();
    this.#box.placeholder = label;
    this.#isEditing = isEditing;
    this.#contextBar.hidden = !isEditing && !quote;
    byId("context-text").replaceChildren(...(isEditing ? ["Editing your message"] : quote ? replyContext(quote) : [])); // replaced even if equal, so that it is announced
    byId("context-keys").textContent = isEditing ? "Enter saves, Esc cancels" : "Esc cancels";
    setText(byId("box-label"), isEditing ? "Edit your message" : label);
    byId("send").setAttribute("aria-label", isEditing ? "Save" : "Send");
    this.hint("");
    this.#layout();
  }

  /** The server's limit. @param {number} bytes */
  setLimit(bytes) {
    this.#limit = bytes;
    this.#layout();
  }

  focus() {
    this.#box.focus();
  }

  /** Takes the focus, except on a touch screen, where a keyboard would cover half of the page. */
  focusUnlessTouch() {
    if (!matchMedia("(pointer: coarse)").matches) this.focus();
  }

  /** Shows what may follow at the cursor, while the person types. */
  suggest() {
    const isTyping = this.#isTyped && document.activeElement === this.#box;
    this.#suggestions.show(isTyping ? this.#callbacks.suggestions(this.#beforeCursor) : null);
  }

  /** @param {string} hint @param {boolean} [isBad] */
  hint(hint, isBad = false) {
    setText(this.#hint, hint);
    this.#hint.classList.toggle("bad", isBad);
  }

  /** Puts back a text that was refused. @param {string} text @returns {boolean} false: the person is writing another. */
  giveBack(text) {
    if (this.#box.value || this.#isEditing) return false;
    this.#setInput(text);
    return true;
  }

  #submit() {
    const text = this.#box.value;
    const room = this.#room;
    if (this.#bytesLeft < 0) return this.hint(`Not sent: ${formatBytes(-this.#bytesLeft)} too many. Shorten it, or split it into two messages`, true);
    this.#setInput("");
    const error = this.#callbacks.submitInput(text);
    this.focus();
    if (error) {
      this.#setInput(text);
      this.hint(error, true);
    } else if (!givesKey(text)) {
      this.#history.add(room, text);
    }
  }

  /** @param {string} text */
  #setInput(text) {
    this.#box.value = text;
    this.#isTyped = false;
    this.#inputChanged();
  }

  #inputChanged() {
    const { value } = this.#box;
    this.hint("");
    this.#layout();
    this.#callbacks.inputChanged(value);
    if (/(^\/j(oin)? |(^|\s)#)$/i.test(value)) this.#callbacks.requestRooms();
    this.suggest();
  }

  get #beforeCursor() {
    const { value, selectionStart, selectionEnd } = this.#box;
    return selectionStart === selectionEnd ? value.slice(0, selectionStart) : "";
  }

  get #isCompleting() {
    return this.#completing !== null && this.#completing.before === this.#beforeCursor;
  }

  /** @returns {boolean} false: nothing to complete. */
  #complete() {
    const completion = this.#isCompleting ? this.#completing?.completion : Completion.begin(this.#beforeCursor, this.#callbacks.completions());
    if (!completion) return false;
    this.#replace(completion.start, completion.next());
    this.hint(completion.announcement);
    this.#completing = completion.hasAlternatives ? { completion, before: this.#beforeCursor } : null;
    return true;
  }

  /** Replaces the word before the cursor by a whole one. @param {number} start @param {string} word */
  #replace(start, word) {
    const { value, selectionEnd } = this.#box;
    this.#box.setRangeText(fitSpacing(word, value.slice(selectionEnd)), start, selectionEnd, "end");
    this.#history.reset();
    this.#isTyped = false;
    this.#inputChanged();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    // While an input method composes, Enter chooses a word. Safari then reports key code 229.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.#suggestions.keyPressed(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Tab" && hasNoModifier(event)) {
      if (this.#complete()) event.preventDefault(); // else Tab leaves the box, like Shift+Tab
    } else if (event.key === "Escape" && this.#completing && this.#isCompleting) {
      event.stopPropagation();
      this.#replace(this.#completing.completion.start, this.#completing.completion.typed);
      this.#completing = null;
    } else if (event.key === "Escape" && !this.#contextBar.hidden) {
      event.stopPropagation();
      this.#callbacks.cancelContext();
    } else if (event.key === "ArrowUp" && !this.#box.value && !this.#isEditing && hasNoModifier(event)) {
      event.preventDefault();
      this.hint(this.#callbacks.editLast() ?? "");
    } else if ((event.ctrlKey || event.metaKey) && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const text = this.#history.step(event.key === "ArrowUp" ? 1 : -1, this.#box.value);
      if (text !== null) this.#setInput(text);
    }
  }

  #layout() {
    const box = this.#box;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, MAX_HEIGHT_PX)}px`;
    byId("send").disabled = !box.value.trim();
    this.#bytesLeft = this.#limit - byteLength(this.#isEditing ? normalize(box.value) : messageTextOf(box.value));
    this.#showBytesLeft();
  }

  /** Near the limit it shows every change; a screen reader announces only the state. */
  #showBytesLeft() {
    const isOver = this.#bytesLeft < 0;
    const isNear = this.#bytesLeft < this.#limit * NEAR_LIMIT;
    setText(byId("bytes-left"), isOver ? `${formatBytes(-this.#bytesLeft)} too many` : isNear ? `${formatBytes(this.#bytesLeft)} left` : "");
    setText(byId("length-status"), isOver ? "Too long to send" : isNear ? "Near the length limit" : "");
    byId("bytes-left").classList.toggle("bad", isOver);
    this.#box.setAttribute("aria-invalid", String(isOver));
  }
}

/** @param {Quote} quote */
function replyContext({ seq, user, text }) {
  if (user === null) return [`Replying to message #${seq}`];
  return ["Replying to ", make("bdi", {}, user), ": ", make("bdi", { class: "secondary" }, text ?? "deleted")];
}

/** @param {number} count */
function formatBytes(count) {
  return count === 1 ? "1 byte" : `${count.toLocaleString()} bytes`;
}

/** @param {KeyboardEvent} event */
function hasNoModifier({ altKey, ctrlKey, metaKey, shiftKey }) {
  return !altKey && !ctrlKey && !metaKey && !shiftKey;
}
