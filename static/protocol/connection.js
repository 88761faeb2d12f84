// One connection after another: opens it, waits for the next, sends over the one there is.
// May not know: what messages mean, when to connect, the DOM.

import { Socket } from "./socket.js";

/** @typedef {import("./messages.js").Message} Message */

export class Link {
  /** @type {Socket | null} */ #socket = null;
  /** When it connects again by itself, in Unix ms. @type {number | null} */ retryAt = null;
  /** Since when nothing has been heard from the server, in Unix ms. @type {number | null} */ lostAt = null;
  #timer = 0;
  #calls;

  /**
   * @param {{ opened(): void, heard(message: Message): void, silent(): void, closed(code: number): void,
   *   waited(): void }} calls `silent` should send what must be answered.
   */
  constructor(calls) {
    this.#calls = calls;
  }

  connect() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new Socket(`${scheme}://${location.host}/ws`, {
      ...this.#calls,
      closed: (code) => {
        this.#socket = null;
        this.#calls.closed(code);
      },
    });
  }

  /** @param {number} ms */
  wait(ms) {
    this.lostAt ??= Date.now();
    this.retryAt = Date.now() + ms;
    this.#timer = setTimeout(() => this.#calls.waited(), ms);
  }

  /** @param {Message} message @returns {boolean} Whether there is anything to send it over. */
  send(message) {
    this.#socket?.send(message);
    return this.#socket !== null;
  }

  /** All is well again. */
  recovered() {
    this.retryAt = this.lostAt = null;
  }

  /** There is reason to doubt that the connection lives. */
  doubt() {
    this.#socket?.doubt(true);
  }

  hangUp() {
    this.#socket?.abandon();
  }
}
