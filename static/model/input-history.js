// InputHistory: what was sent from each room and can be recalled into the input box, while the page is open.

/** Texts kept of a room. */
const KEPT_PER_ROOM = 50;

export class InputHistory {
  /** @type {Map<string, string[]>} */ #sent = new Map();
  #room = "";
  #back = 0;
  #draft = "";

  /** The input box is for this room now. @param {string} room */
  open(room) {
    this.#room = room;
    this.#back = 0;
  }

  /** @param {string} room @param {string} text */
  add(room, text) {
    const others = (this.#sent.get(room) ?? []).filter((said) => said !== text);
    this.#sent.set(room, [...others, text].slice(-KEPT_PER_ROOM));
    this.#back = 0;
  }

  /** The person typed: recall starts again from there. */
  reset() {
    this.#back = 0;
  }

  /** One further back, or forward to what was typed before; null at the end. @param {1 | -1} by @param {string} typed */
  step(by, typed) {
    const here = this.#sent.get(this.#room) ?? [];
    const back = this.#back + by;
    if (back < 0 || back > here.length) return null;
    if (this.#back === 0) this.#draft = typed;
    this.#back = back;
    return back ? here.at(-back) ?? "" : this.#draft;
  }
}
