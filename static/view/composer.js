// The box in which one writes: it grows, completes, remembers, counts, and says what is wrong.
// May know the DOM. May not know: sockets, the protocol, storage, what becomes of what is said.

import { textOf } from "../model/commands.js";
import { Completion, fitted } from "../model/completion.js";
import { Recall } from "../model/input-history.js";
import { byteLength, tidy } from "../text/text.js";
import { byId, make, say } from "./dom.js";

/** What is left is shown from this part of the limit on. */
const NEAR = 1 / 8;

/** The box grows to this many pixels, then it scrolls. */
const TALLEST = 200;

export class ComposerView {
  #box = byId("box");
  #hint = byId("hint");
  #about = byId("about");
  #acts;
  #limit = Infinity;
  #left = Infinity;
  #isEditing = false;
  #room = "";
  #recall = new Recall();
  /** Under way, and how the box stood before the cursor then. @type {{ completion: Completion, before: string } | null} */ #completing = null;

  /** @param {import("./page.js").Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    byId("say").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("cancel").addEventListener("click", () => {
      acts.cancel();
      this.focus();
    });
    this.#box.addEventListener("input", () => {
      this.#recall.settle();
      this.#input();
    });
    this.#box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#pressed(event));
  }

  /**
   * @param {string} room @param {string} text @param {string} label
   * @param {{ isEditing: boolean, quote: import("./rows.js").Quote | null }} about Whether it is a line that stands
   *   already, or which one it answers.
   */
  open(room, text, label, { isEditing, quote }) {
    this.#room = room;
    this.#recall.turn(room);
    this.#box.value = text;
    this.#box.placeholder = label;
    this.#isEditing = isEditing;
    this.#about.hidden = !isEditing && !quote;
    byId("about-what").replaceChildren(...(isEditing ? ["Editing your line"] : quote ? answering(quote) : [])); // anew, so that it is read out
    byId("about-keys").textContent = isEditing ? "Enter saves, Esc cancels" : "Esc cancels";
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
    const room = this.#room;
    if (this.#left < 0) return this.hint(`Not sent: ${bytes(-this.#left)} too many. Shorten it, or make two lines of it`, true);
    this.#put("");
    const why = this.#acts.say(text);
    this.focus();
    if (why) {
      this.#put(text);
      this.hint(why, true);
    } else {
      this.#recall.add(room, text);
    }
  }

  /** @param {string} text */
  #put(text) {
    this.#box.value = text;
    this.#input();
  }

  /** Something else stands in the box. */
  #input() {
    const { value } = this.#box;
    this.hint("");
    this.#changed();
    this.#acts.typed(value);
    if (/(^\/j(oin)? |(^|\s)#)$/i.test(value)) this.#acts.lookAround();
  }

  /** What stands before the cursor. */
  get #before() {
    const { value, selectionStart, selectionEnd } = this.#box;
    return selectionStart === selectionEnd ? value.slice(0, selectionStart) : "";
  }

  get #isCompleting() {
    return this.#completing !== null && this.#completing.before === this.#before;
  }

  /** @returns {boolean} false: there is nothing to complete. */
  #complete() {
    const completion = this.#isCompleting ? this.#completing?.completion : Completion.begin(this.#before, this.#acts.words());
    if (!completion) return false;
    this.#replace(completion, completion.next());
    this.hint(completion.state);
    this.#completing = completion.isOpen ? { completion, before: this.#before } : null;
    return true;
  }

  /** @param {Completion} completion @param {string} word In place of the one that is being completed. */
  #replace({ start }, word) {
    const { value, selectionEnd } = this.#box;
    this.#box.setRangeText(fitted(word, value.slice(selectionEnd)), start, selectionEnd, "end");
    this.#recall.settle();
    this.#input();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // While an input method composes, Enter chooses a word (229: how Safari says so).
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Tab" && isPlain(event)) {
      if (this.#complete()) event.preventDefault(); // else it leaves the box, as Shift+Tab always does
    } else if (event.key === "Escape" && this.#completing && this.#isCompleting) {
      event.stopPropagation();
      this.#replace(this.#completing.completion, this.#completing.completion.typed);
      this.#completing = null;
    } else if (event.key === "Escape" && !this.#about.hidden) {
      event.stopPropagation();
      this.#acts.cancel();
    } else if (event.key === "ArrowUp" && !this.#box.value && !this.#isEditing && isPlain(event)) {
      event.preventDefault();
      this.hint(this.#acts.editLast() ?? "");
    } else if ((event.ctrlKey || event.metaKey) && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const text = this.#recall.step(event.key === "ArrowUp" ? 1 : -1, this.#box.value);
      if (text !== null) this.#put(text);
    }
  }

  #changed() {
    const box = this.#box;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, TALLEST)}px`;
    byId("send").disabled = !box.value.trim();
    this.#left = this.#limit - byteLength(this.#isEditing ? tidy(box.value) : textOf(box.value));
    this.#count();
  }

  /** Near the limit, each byte is counted for the eye; the ear hears only what has changed. */
  #count() {
    const isOver = this.#left < 0;
    const isNear = this.#left < this.#limit * NEAR;
    say(byId("left"), isOver ? `${bytes(-this.#left)} too many` : isNear ? `${bytes(this.#left)} left` : "");
    say(byId("fullness"), isOver ? "Too long to be sent" : isNear ? "The line is almost full" : "");
    byId("left").classList.toggle("bad", isOver);
    this.#box.setAttribute("aria-invalid", String(isOver));
  }
}

/** @param {import("./rows.js").Quote} quote */
function answering({ seq, user, text }) {
  if (user === null) return [`Replying to line ${seq}`];
  return ["Replying to ", make("bdi", {}, user), ": ", make("bdi", { class: "quiet" }, text ?? "deleted")];
}

/** @param {number} count */
function bytes(count) {
  return count === 1 ? "1 byte" : `${count.toLocaleString()} bytes`;
}

/** @param {KeyboardEvent} event */
function isPlain({ altKey, ctrlKey, metaKey, shiftKey }) {
  return !altKey && !ctrlKey && !metaKey && !shiftKey;
}
