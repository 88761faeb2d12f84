// How far a room has been read: here, on the other devices of the same name, and as the server
// keeps it.
// May not know: what stands in the room, clocks, when the server is told.

export class ReadMarker {
  /** All up to it has been read, wherever; null before the first word of the server. @type {number | null} */ #at = null;
  /** All up to it was seen here. */
  #readHere = 0;
  /** What the server knows; null while there is no telling it. @type {number | null} */ #onServer = null;

  get at() {
    return this.#at ?? 0;
  }

  /** How far was read here and the server does not know yet, or null. */
  get unsent() {
    return this.#onServer !== null && this.#readHere > this.#onServer ? this.#readHere : null;
  }

  /** @param {number | null} kept What the server kept. @param {number} start Where one begins who never read here. */
  joined(kept, start) {
    this.#at = Math.max(this.#at ?? 0, kept ?? (this.#at === null ? start : 0));
    this.#onServer = kept ?? 0;
  }

  /** @param {number} seq */
  read(seq) {
    this.#readHere = Math.max(this.#readHere, seq);
    this.#at = Math.max(this.at, seq);
  }

  sent() {
    this.#onServer = Math.max(this.#onServer ?? 0, this.#readHere);
  }

  /** It was read so far on another device. @param {number} seq */
  readElsewhere(seq) {
    this.#at = Math.max(this.at, seq);
    if (this.#onServer !== null) this.#onServer = Math.max(this.#onServer, seq);
  }

  /** The connection is gone, and maybe what was told last. */
  disconnected() {
    this.#onServer = null;
  }
}
