// Tells the server what was read: soon, but not at every line.
// May not know: sockets, the DOM. What was read is the rooms' to know.

/** What was read is told at most this often. */
const MARK_INTERVAL_MS = 2_000;

export class ReadMarkerSender {
  #chat;
  #send;
  #timer = 0;
  #sentAt = 0;

  /** @param {import("./chat.js").Chat} chat @param {(message: import("../protocol/messages.js").Message) => boolean} send Says whether it could. */
  constructor(chat, send) {
    this.#chat = chat;
    this.#send = send;
  }

  /** Something may have been read. */
  sendSoon() {
    const wait = this.#sentAt + MARK_INTERVAL_MS - Date.now();
    if (wait <= 0) this.sendNow();
    else this.#timer ||= setTimeout(() => this.sendNow(), wait);
  }

  /** The page may be gone in a moment. */
  sendNow() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const { name, unsentMarker: untold } of this.#chat.rooms.values()) {
      if (untold === null) continue;
      if (!this.#send({ type: "mark", room: name, seq: untold })) return;
      this.#chat.rooms.get(name)?.markerSent();
      this.#sentAt = Date.now();
    }
  }
}
