// ReadMarkerSender: sends the rooms' read markers to the server, soon but not for every message.

/**
 * @import { Send } from "../protocol/messages.js"
 * @import { Chat } from "./chat.js"
 */

/** Read markers are sent at most this often. */
const MARK_INTERVAL_MS = 2_000;

export class ReadMarkerSender {
  #chat;
  #send;
  #timer = 0;
  #sentAt = 0;

  /** @param {Chat} chat @param {Send} send */
  constructor(chat, send) {
    this.#chat = chat;
    this.#send = send;
  }

  /** Call it when something may have been read. */
  sendSoon() {
    const wait = this.#sentAt + MARK_INTERVAL_MS - Date.now();
    if (wait <= 0) this.sendNow();
    else this.#timer ||= setTimeout(() => this.sendNow(), wait);
  }

  /** Call it when the page may be closed at any moment. */
  sendNow() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const { name, unsentMarker } of this.#chat.rooms.values()) {
      if (unsentMarker === null) continue;
      if (!this.#send({ type: "mark", room: name, seq: unsentMarker })) return;
      this.#chat.rooms.get(name)?.markerSent();
      this.#sentAt = Date.now();
    }
  }
}
