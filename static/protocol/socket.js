// Socket: one WebSocket with a timeout. Browsers do not show pings, so after silence it asks for an answer.

import { decode, encode } from "./messages.js";

/**
 * @import { Message } from "./messages.js"
 * @typedef {{ opened(): void, received(message: Message): void, probe(): void, closed(code: number): void }} SocketHandlers
 *     `probe` sends a request that the server must answer.
 */

/** Time to connect and receive the first message. */
const CONNECT_TIMEOUT_MS = 10_000;

/** After this much silence it sends a probe. */
const PROBE_AFTER_MS = 25_000;

/** Time to answer the probe; then the connection counts as lost. */
const ANSWER_TIMEOUT_MS = 10_000;

/** The same when the browser reports that there is no network. */
const OFFLINE_TIMEOUT_MS = 3_000;

/** How often to check: often enough to notice soon that the computer slept. */
const WATCH_EVERY_MS = 1_000;

/** The close code of a broken connection (RFC 6455 §7.4.1). */
const ABNORMAL_CLOSURE = 1006;

export class Socket {
  #socket;
  #timer;
  #receivedAt = 0;
  #probedAt = 0;
  #answerTimeout = ANSWER_TIMEOUT_MS;
  #handlers;

  /** @param {string} url @param {SocketHandlers} handlers */
  constructor(url, handlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocket(url);
    this.#timer = setTimeout(() => this.abort(), CONNECT_TIMEOUT_MS);
    this.#socket.onopen = () => handlers.opened();
    this.#socket.onmessage = ({ data }) => {
      if (!this.#receivedAt) {
        clearTimeout(this.#timer);
        this.#timer = setInterval(() => this.#watch(), WATCH_EVERY_MS);
      }
      this.#receivedAt = Date.now();
      this.#probedAt = 0;
      this.#answerTimeout = ANSWER_TIMEOUT_MS;
      const message = decode(data);
      if (message) handlers.received(message);
    };
    this.#socket.onclose = ({ code }) => this.#closed(code);
  }

  /** @param {Message} message */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(message));
  }

  /** Sends a probe now. @param {boolean} [isLikelyLost] Then the answer must come sooner. */
  probe(isLikelyLost = false) {
    if (isLikelyLost) this.#answerTimeout = OFFLINE_TIMEOUT_MS;
    if (!this.#receivedAt || this.#probedAt) return;
    this.#probedAt = Date.now();
    this.#handlers.probe();
  }

  /** Closes without waiting for the peer, which may be gone. */
  abort() {
    this.#socket.close();
    this.#closed(ABNORMAL_CLOSURE);
  }

  #watch() {
    const now = Date.now();
    if (this.#probedAt && now - this.#probedAt > this.#answerTimeout) this.abort();
    else if (now - this.#receivedAt > PROBE_AFTER_MS) this.probe();
  }

  /** @param {number} code */
  #closed(code) {
    clearInterval(this.#timer);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#handlers.closed(code);
  }
}
