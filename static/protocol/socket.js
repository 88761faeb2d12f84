// One WebSocket, watched: browsers show no pings, so a silent server is asked for a sign of life.
// May not know: what messages mean, the DOM, when to connect again.

import { decode, encode } from "./messages.js";

/** Time for a connection and the first word that comes over it. */
const CONNECT_MS = 10_000;

/** After this much silence the server is asked something. */
const SILENCE_MS = 25_000;

/** Time to answer it; then the connection counts as lost. */
const ANSWER_MS = 10_000;

/** The same where the browser itself says that there is no network. */
const SOON_MS = 3_000;

/** How often to look: often enough that a machine that slept notices soon. */
const LOOK_MS = 1_000;

/** The close code of a connection that just broke (RFC 6455 §7.4.1). */
const BROKEN = 1006;

export class Socket {
  #socket;
  #timer;
  #heardAt = 0;
  #askedAt = 0;
  #patience = ANSWER_MS;
  #calls;

  /**
   * @param {string} url
   * @param {{ opened(): void, heard(message: import("./messages.js").Message): void,
   *   silent(): void, closed(code: number): void }} calls `silent` should send what must be answered.
   */
  constructor(url, calls) {
    this.#calls = calls;
    this.#socket = new WebSocket(url);
    this.#timer = setTimeout(() => this.abandon(), CONNECT_MS);
    this.#socket.onopen = () => calls.opened();
    this.#socket.onmessage = ({ data }) => {
      if (!this.#heardAt) {
        clearTimeout(this.#timer);
        this.#timer = setInterval(() => this.#look(), LOOK_MS);
      }
      this.#heardAt = Date.now();
      this.#askedAt = 0;
      this.#patience = ANSWER_MS;
      const message = decode(data);
      if (message) calls.heard(message);
    };
    this.#socket.onclose = ({ code }) => this.#end(code);
  }

  /** @param {import("./messages.js").Message} message */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(message));
  }

  /** Asks now: there is reason to doubt. @param {boolean} [isLikely] Whether it is likely to be lost. */
  doubt(isLikely = false) {
    if (isLikely) this.#patience = SOON_MS;
    if (!this.#heardAt || this.#askedAt) return;
    this.#askedAt = Date.now();
    this.#calls.silent();
  }

  /** Gives up without waiting for a peer that may be gone. */
  abandon() {
    this.#socket.close();
    this.#end(BROKEN);
  }

  #look() {
    const now = Date.now();
    if (this.#askedAt && now - this.#askedAt > this.#patience) this.abandon();
    else if (now - this.#heardAt > SILENCE_MS) this.doubt();
  }

  /** @param {number} code */
  #end(code) {
    clearInterval(this.#timer);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#calls.closed(code);
  }
}
