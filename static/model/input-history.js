// What was sent from a room and can be brought back into the box; and what stood in the box before.
// May not know: the DOM, storage. It lasts as long as the page.

/** Lines that are remembered of a room. */
const KEPT_PER_ROOM = 50;

export class InputHistory {
  /** @type {Map<string, string[]>} */ #sent = new Map();
  #room = "";
  #back = 0;
  #draft = "";

  /** One writes in this room now. @param {string} room */
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

  /** What stands in the box now was typed. */
  reset() {
    this.#back = 0;
  }

  /** One further back, or forth to what stood in the box before; null: no further. @param {1 | -1} by @param {string} typed */
  step(by, typed) {
    const here = this.#sent.get(this.#room) ?? [];
    const back = this.#back + by;
    if (back < 0 || back > here.length) return null;
    if (this.#back === 0) this.#draft = typed;
    this.#back = back;
    return back ? here.at(-back) ?? "" : this.#draft;
  }
}
