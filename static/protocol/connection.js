// Connection: opens a WebSocket, sends over it, and waits before the next one. The session decides when.
// A browser does not show a page how a WebSocket was refused, so after one that never opened the page asks with a GET.

import { Socket } from "./socket.js";

/**
 * @import { Message } from "./messages.js"
 * @import { SocketHandlers } from "./socket.js"
 * @typedef {{ reason: "wrong passwords" | "connections", waitMs: number }} Refusal Of which there were too many from this network;
 *     the least wait before the next attempt, 0 if the server checks at any time.
 * @typedef {Omit<SocketHandlers, "closed"> & { closed(code: number, refusal: Refusal | null): void, retryDue(): void }} ConnectionHandlers
 */

/** Time for the answer to that GET: without one, the server cannot be reached. */
const ASK_TIMEOUT_MS = 3_000;

/** The longest `Retry-After` that counts; that of our server is at most a minute. */
const LONGEST_WAIT_MS = 60_000;

export class Connection {
  /** @type {Socket | null} */ #socket = null;
  /** When it reconnects by itself, in Unix ms. @type {number | null} */ retryAt = null;
  /** Since when the connection is down, in Unix ms. @type {number | null} */ lostAt = null;
  #timer = 0;
  #handlers;

  /** @param {ConnectionHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  connect() {
    clearTimeout(this.#timer);
    let hasOpened = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#socket = new Socket(`${scheme}://${location.host}/ws`, {
      ...this.#handlers,
      opened: () => {
        hasOpened = true;
        this.#handlers.opened();
      },
      closed: (code) => {
        this.#socket = null;
        void this.#closed(code, hasOpened);
      },
    });
  }

  /** @param {number} code @param {boolean} hasOpened */
  async #closed(code, hasOpened) {
    this.#handlers.closed(code, hasOpened ? null : await askRefusal());
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

/** Asks the server why it opened no WebSocket. @returns {Promise<Refusal | null>} */
async function askRefusal() {
  if (!navigator.onLine) return null;
  try {
    const { status, headers } = await fetch("/ws", { cache: "no-store", signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    if (status !== 429) return null;
    if (headers.get("Talk-Refused") !== "wrong-passwords") return { reason: "connections", waitMs: 0 };
    const waitMs = Number(headers.get("Retry-After")) * 1_000 || LONGEST_WAIT_MS;
    return { reason: "wrong passwords", waitMs: Math.min(Math.max(waitMs, 1_000), LONGEST_WAIT_MS) };
  } catch {
    return null;
  }
}
