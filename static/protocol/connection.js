// Connection: opens a WebSocket, sends over it, and waits before the next one. The session decides when.

import { Socket } from "./socket.js";

/**
 * @import { Message } from "./messages.js"
 * @import { SocketHandlers } from "./socket.js"
 */

export class Connection {
  /** @type {Socket | null} */ #socket = null;
  /** When it reconnects by itself, in Unix ms. @type {number | null} */ retryAt = null;
  /** Since when the connection is down, in Unix ms. @type {number | null} */ lostAt = null;
  #timer = 0;
  #handlers;

  /** @param {SocketHandlers & { retryDue(): void }} handlers */
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

  /** @param {Message} message @returns {boolean} Whether there is a socket to send it over. */
  send(message) {
    this.#socket?.send(message);
    return this.#socket !== null;
  }

  /** The session is live again. */
  caughtUp() {
    this.retryAt = this.lostAt = null;
  }

  /** Checks whether the connection still works. */
  probe() {
    this.#socket?.probe(true);
  }

  disconnect() {
    this.#socket?.abort();
  }
}
