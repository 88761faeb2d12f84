// Tells the server what was read: soon, but not at every line.
// May not know: sockets, the DOM. What was read is the rooms' to know.

/** What was read is told at most this often. */
const MARK_MS = 2_000;

export class Marks {
  #house;
  #send;
  #timer = 0;
  #toldAt = 0;

  /** @param {import("./chat.js").House} house @param {(message: import("../protocol/messages.js").Message) => boolean} send Says whether it could. */
  constructor(house, send) {
    this.#house = house;
    this.#send = send;
  }

  /** Something may have been read. */
  tell() {
    const wait = this.#toldAt + MARK_MS - Date.now();
    if (wait <= 0) this.tellNow();
    else this.#timer ||= setTimeout(() => this.tellNow(), wait);
  }

  /** The page may be gone in a moment. */
  tellNow() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const { name, untold } of this.#house.rooms.values()) {
      if (untold === null) continue;
      if (!this.#send({ type: "mark", room: name, seq: untold })) return;
      this.#house.rooms.get(name)?.told();
      this.#toldAt = Date.now();
    }
  }
}
