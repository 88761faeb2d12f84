// The lines a person said that are not stored yet, in the order they were said. One is in flight
// at a time, so that no cut can change the order; one that was sent once is in doubt until a
// record or a refusal settles it: it may be stored already.
// May not know: rooms, names, when to send.

/**
 * @typedef {import("../storage/outbox-store.js").Line} Line
 * @typedef {{ line: Line, isInDoubt: boolean }} Entry
 */

export class Queue {
  /** @type {Entry[]} */ #waiting = [];
  /** @type {Line | null} */ #flight = null;
  #isResting = false;
  /** @type {Map<string, Line>} */ #failed = new Map();

  get isBusy() {
    return this.#flight !== null;
  }

  get hasDoubt() {
    return this.#waiting.some((entry) => entry.isInDoubt);
  }

  /** @param {Line} line @param {boolean} isInDoubt It may have been sent before, in an earlier run. */
  push(line, isInDoubt) {
    this.#waiting.push({ line, isInDoubt });
  }

  /** A line refused in an earlier run. @param {Line} line */
  pushFailed(line) {
    this.#failed.set(line.cid, line);
  }

  /** The next line takes off. @returns {Line | null} */
  next() {
    this.#flight = this.#waiting.shift()?.line ?? null;
    return this.#flight;
  }

  /** A record of ours came back. @param {string} room @param {string} cid @returns {boolean} Whether it settled a line. */
  settle(room, cid) {
    const isIt = (/** @type {Line | null | undefined} */ line) => line?.cid === cid && line.room === room;
    if (isIt(this.#flight)) {
      this.#flight = null;
      this.#isResting = false;
      return true;
    }
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter(({ line }) => !isIt(line));
    return this.#waiting.length < before || (isIt(this.#failed.get(cid)) && this.#failed.delete(cid));
  }

  /** @param {string | undefined} cid */
  isInFlight(cid) {
    return this.#flight !== null && this.#flight.cid === cid;
  }

  /** The server wants a rest before the line in flight comes again. */
  rest() {
    this.#isResting = true;
  }

  rested() {
    if (this.#isResting) this.cut();
  }

  /** What was in flight goes back to the head of the queue. */
  cut() {
    if (this.#flight) this.#waiting.unshift({ line: this.#flight, isInDoubt: true });
    this.#flight = null;
    this.#isResting = false;
  }

  /** The line in flight was refused. */
  fail() {
    if (this.#flight) this.#failed.set(this.#flight.cid, this.#flight);
    this.#flight = null;
  }

  /** Every line in doubt fails: nobody can settle it any more. @returns {string[]} Their cids. */
  failDoubt() {
    const doubtful = this.#waiting.filter((entry) => entry.isInDoubt).map(({ line }) => line);
    this.#waiting = this.#waiting.filter((entry) => !entry.isInDoubt);
    for (const line of doubtful) this.#failed.set(line.cid, line);
    return doubtful.map(({ cid }) => cid);
  }

  /** Every edit, delete and answer that waits to go to a room fails: what it means was of another log. @param {string} room */
  failStrays(room) {
    const isOne = (/** @type {Entry} */ { line }) => line.room === room && (line.target ?? line.reply) !== undefined;
    const strays = this.#waiting.filter(isOne).map(({ line }) => line);
    this.#waiting = this.#waiting.filter((entry) => !isOne(entry));
    for (const line of strays) this.#failed.set(line.cid, line);
    return strays.map(({ cid }) => cid);
  }

  /** A failed line waits again, behind all others. @param {string} cid @returns {Line | undefined} */
  resend(cid) {
    const line = this.#failed.get(cid);
    this.#failed.delete(cid);
    if (line) this.push(line, true);
    return line;
  }

  /** Forgets a line that failed or was never sent. @param {string} cid @returns {boolean} */
  drop(cid) {
    const at = this.#waiting.findIndex(({ line, isInDoubt }) => line.cid === cid && !isInDoubt);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0 || this.#failed.delete(cid);
  }
}
