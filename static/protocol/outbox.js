// The lines a person said that are not stored yet, in the order they were said. One is in flight
// at a time, so that no cut can change the order; one that was sent once is in doubt until a
// record or a refusal settles it: it may be stored already.
// May not know: rooms, names, when to send.

/**
 * @typedef {{ type: "post" | "edit" | "delete" | "topic", room: string, cid: string, text?: string,
 *   kind?: string, reply?: number, target?: number }} Submission An action of the person that the server is to store:
 *   `reply` is the seq that a post replies to, `target` the seq that an edit or a delete is about.
 * @typedef {{ code: string, message: string }} Rejection Why the server refused a submission.
 * @typedef {{ submission: Submission, isInDoubt: boolean }} Queued
 */

export class Outbox {
  /** @type {Queued[]} */ #queue = [];
  /** @type {Submission | null} */ #inFlight = null;
  #isRateLimited = false;
  /** @type {Map<string, Submission>} */ #failed = new Map();

  get hasInFlight() {
    return this.#inFlight !== null;
  }

  get hasInDoubt() {
    return this.#queue.some((entry) => entry.isInDoubt);
  }

  /** @param {Submission} submission @param {boolean} isInDoubt It may have been sent before, in an earlier run. */
  push(submission, isInDoubt) {
    this.#queue.push({ submission, isInDoubt });
  }

  /** A submission refused in an earlier run. @param {Submission} submission */
  pushFailed(submission) {
    this.#failed.set(submission.cid, submission);
  }

  /** The next submission takes off. @returns {Submission | null} */
  takeNext() {
    this.#inFlight = this.#queue.shift()?.submission ?? null;
    return this.#inFlight;
  }

  /** A record of ours came back. @param {string} room @param {string} cid @returns {boolean} Whether it settled a submission. */
  acknowledge(room, cid) {
    const isAcknowledged = (/** @type {Submission | null | undefined} */ submission) => submission?.cid === cid && submission.room === room;
    if (isAcknowledged(this.#inFlight)) {
      this.#inFlight = null;
      this.#isRateLimited = false;
      return true;
    }
    const before = this.#queue.length;
    this.#queue = this.#queue.filter(({ submission }) => !isAcknowledged(submission));
    return this.#queue.length < before || (isAcknowledged(this.#failed.get(cid)) && this.#failed.delete(cid));
  }

  /** @param {string | undefined} cid */
  isInFlight(cid) {
    return this.#inFlight !== null && this.#inFlight.cid === cid;
  }

  /** The server wants a rest before the submission in flight comes again. */
  rateLimited() {
    this.#isRateLimited = true;
  }

  resendDue() {
    if (this.#isRateLimited) this.disconnected();
  }

  /** What was in flight goes back to the head of the queue. */
  disconnected() {
    if (this.#inFlight) this.#queue.unshift({ submission: this.#inFlight, isInDoubt: true });
    this.#inFlight = null;
    this.#isRateLimited = false;
  }

  /** The submission in flight was refused. */
  failInFlight() {
    if (this.#inFlight) this.#failed.set(this.#inFlight.cid, this.#inFlight);
    this.#inFlight = null;
  }

  /** Every submission in doubt fails: nobody can settle it any more. @returns {string[]} Their cids. */
  failInDoubt() {
    const inDoubt = this.#queue.filter((entry) => entry.isInDoubt).map(({ submission }) => submission);
    this.#queue = this.#queue.filter((entry) => !entry.isInDoubt);
    for (const submission of inDoubt) this.#failed.set(submission.cid, submission);
    return inDoubt.map(({ cid }) => cid);
  }

  /** Every edit, delete and answer that waits to go to a room fails: what it means was of another log. @param {string} room */
  failTargeted(room) {
    const isTargeted = (/** @type {Queued} */ { submission }) => submission.room === room && (submission.target ?? submission.reply) !== undefined;
    const targeted = this.#queue.filter(isTargeted).map(({ submission }) => submission);
    this.#queue = this.#queue.filter((entry) => !isTargeted(entry));
    for (const submission of targeted) this.#failed.set(submission.cid, submission);
    return targeted.map(({ cid }) => cid);
  }

  /** A failed submission waits again, behind all others. @param {string} cid @returns {Submission | undefined} */
  resend(cid) {
    const submission = this.#failed.get(cid);
    this.#failed.delete(cid);
    if (submission) this.push(submission, true);
    return submission;
  }

  /** Forgets a submission that failed or was never sent. @param {string} cid @returns {boolean} */
  drop(cid) {
    const index = this.#queue.findIndex(({ submission, isInDoubt }) => submission.cid === cid && !isInDoubt);
    if (index >= 0) this.#queue.splice(index, 1);
    return index >= 0 || this.#failed.delete(cid);
  }
}
