// One WebSocket, watched: browsers show no pings, so a silent server is asked for a sign of life.
// May not know: what messages mean, the DOM, when to connect again.

import { decode, encode } from "./messages.js";

/** Time for a connection and the first word that comes over it. */
const CONNECT_TIMEOUT_MS = 10_000;

/** After this much silence the server is asked something. */
const PROBE_AFTER_MS = 25_000;

/** Time to answer it; then the connection counts as lost. */
const ANSWER_TIMEOUT_MS = 10_000;

/** The same where the browser itself says that there is no network. */
const OFFLINE_TIMEOUT_MS = 3_000;

/** How often to look: often enough that a machine that slept notices soon. */
const WATCH_EVERY_MS = 1_000;

/** The close code of a connection that just broke (RFC 6455 §7.4.1). */
const ABNORMAL_CLOSURE = 1006;

export class Socket {
  #socket;
  #timer;
  #receivedAt = 0;
  #probedAt = 0;
  #answerTimeout = ANSWER_TIMEOUT_MS;
  #handlers;

  /**
   * @param {string} url
   * @param {{ opened(): void, received(message: import("./messages.js").Message): void,
   *   probe(): void, closed(code: number): void }} handlers `silent` should send what must be answered.
   */
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

  /** @param {import("./messages.js").Message} message */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(message));
  }

  /** Asks now: there is reason to doubt. @param {boolean} [isLikely] Whether it is likely to be lost. */
  probe(isLikely = false) {
    if (isLikely) this.#answerTimeout = OFFLINE_TIMEOUT_MS;
    if (!this.#receivedAt || this.#probedAt) return;
    this.#probedAt = Date.now();
    this.#handlers.probe();
  }

  /** Gives up without waiting for a peer that may be gone. */
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
