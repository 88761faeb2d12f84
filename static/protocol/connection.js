// One connection after another: opens it, waits for the next, sends over the one there is.
// May not know: what messages mean, when to connect, the DOM.

import { Socket } from "./socket.js";

/** @typedef {import("./messages.js").Message} Message */

export class Connection {
  /** @type {Socket | null} */ #socket = null;
  /** When it connects again by itself, in Unix ms. @type {number | null} */ retryAt = null;
  /** Since when nothing has been heard from the server, in Unix ms. @type {number | null} */ lostAt = null;
  #timer = 0;
  #handlers;

  /**
   * @param {{ opened(): void, received(message: Message): void, probe(): void, closed(code: number): void,
   *   retryDue(): void }} handlers `silent` should send what must be answered.
   */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  connect() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new Socket(`${scheme}://${location.host}/ws`, {
      ...this.#handlers,
      closed: (code) => {
        this.#socket = null;
        this.#handlers.closed(code);
      },
    });
  }

  /** @param {number} ms */
  retryIn(ms) {
    this.lostAt ??= Date.now();
    this.retryAt = Date.now() + ms;
    this.#timer = setTimeout(() => this.#handlers.retryDue(), ms);
  }

  /** @param {Message} message @returns {boolean} Whether there is anything to send it over. */
  send(message) {
    this.#socket?.send(message);
    return this.#socket !== null;
  }

  /** All is well again. */
  caughtUp() {
    this.retryAt = this.lostAt = null;
  }

  /** There is reason to doubt that the connection lives. */
  probe() {
    this.#socket?.probe(true);
  }

  disconnect() {
    this.#socket?.abort();
  }
}
