// How far a room has been read: here, on the other devices of the same name, and as the server
// keeps it.
// May not know: what stands in the room, clocks, when the server is told.

export class Marker {
  /** All up to it has been read, wherever; null before the first word of the server. @type {number | null} */ #at = null;
  /** All up to it was seen here. */
  #seen = 0;
  /** What the server knows; null while there is no telling it. @type {number | null} */ #told = null;

  get at() {
    return this.#at ?? 0;
  }

  /** How far was read here and the server does not know yet, or null. */
  get untold() {
    return this.#told !== null && this.#seen > this.#told ? this.#seen : null;
  }

  /** @param {number | null} kept What the server kept. @param {number} start Where one begins who never read here. */
  joined(kept, start) {
    this.#at = Math.max(this.#at ?? 0, kept ?? (this.#at === null ? start : 0));
    this.#told = kept ?? 0;
  }

  /** @param {number} seq */
  read(seq) {
    this.#seen = Math.max(this.#seen, seq);
    this.#at = Math.max(this.at, seq);
  }

  told() {
    this.#told = Math.max(this.#told ?? 0, this.#seen);
  }

  /** It was read so far on another device. @param {number} seq */
  heard(seq) {
    this.#at = Math.max(this.at, seq);
    if (this.#told !== null) this.#told = Math.max(this.#told, seq);
  }

  /** The connection is gone, and maybe what was told last. */
  cut() {
    this.#told = null;
  }
}
