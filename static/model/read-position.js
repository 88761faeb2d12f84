// ReadPosition: how far the person has read a room, here and on other devices, and what the server knows of it.

export class ReadPosition {
  /** The seq read so far on any device; null before the first `joined`. @type {number | null} */ #at = null;
  /** The seq read so far here. */
  #readHere = 0;
  /** The seq that the server knows; null while disconnected. @type {number | null} */ #onServer = null;

  get at() {
    return this.#at ?? 0;
  }

  /** The seq read here that the server does not know yet, or null. */
  get unsent() {
    return this.#onServer !== null && this.#readHere > this.#onServer ? this.#readHere : null;
  }

  /** @param {number | null} saved The server's read marker. @param {number} start Where to begin if there is none. */
  joined(saved, start) {
    this.#at = Math.max(this.#at ?? 0, saved ?? (this.#at === null ? start : 0));
    this.#onServer = saved ?? 0;
  }

  /** @param {number} seq */
  read(seq) {
    this.#readHere = Math.max(this.#readHere, seq);
    this.#at = Math.max(this.at, seq);
  }

  sent() {
    this.#onServer = Math.max(this.#onServer ?? 0, this.#readHere);
  }

  /** The person read up to this seq on another device. @param {number} seq */
  readElsewhere(seq) {
    this.#at = Math.max(this.at, seq);
    if (this.#onServer !== null) this.#onServer = Math.max(this.#onServer, seq);
  }

  /** The connection is gone, and maybe the last marker sent over it. */
  disconnected() {
    this.#onServer = null;
  }
}
