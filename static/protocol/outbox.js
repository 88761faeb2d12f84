// Outbox: the submissions that are not stored yet, in order. One is in flight at a time, so that a
// disconnect cannot change the order. A submission that was sent once is in doubt, because it may be
// stored already, until a record or an error resolves it.

/**
 * @typedef {{ type: "post" | "edit" | "delete" | "topic", room: string, cid: string, text?: string,
 *   kind?: string, reply?: number, target?: number }} Submission An action of the person that the server is to store:
 *   `reply` is the seq that a post replies to, `target` the seq that an edit or a delete is about.
 * @typedef {{ code: string, message: string }} Rejection Why the server refused a submission.
 * @typedef {{ submission: Submission, isInDoubt: boolean, isBeforeRename?: boolean }} Queued
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

  /** What waits now is sent under the old name: the person asks for another. */
  markBeforeRename() {
    for (const entry of this.#queue) entry.isBeforeRename = true;
  }

  /** Whether a waiting submission belongs to the old name: it was made before the person asked for another, or was sent already. */
  get hasBeforeRename() {
    return this.#queue.some((entry) => entry.isBeforeRename || entry.isInDoubt);
  }

  /** @param {Submission} submission @param {boolean} isInDoubt Whether it may have been sent in an earlier run. */
  push(submission, isInDoubt) {
    this.#queue.push({ submission, isInDoubt });
  }

  /** Adds a submission that was refused in an earlier run. @param {Submission} submission */
  pushFailed(submission) {
    this.#failed.set(submission.cid, submission);
  }

  /** Puts the next submission in flight. */
  takeNext() {
    this.#inFlight = this.#queue.shift()?.submission ?? null;
    return this.#inFlight;
  }

  /** A record with our cid arrived. @param {string} room @param {string} cid @returns {boolean} Whether it was for a submission. */
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

  /** The server asked to wait before the submission in flight is sent again. */
  rateLimited() {
    this.#isRateLimited = true;
  }

  resendDue() {
    if (this.#isRateLimited) this.disconnected();
  }

  /** Puts the submission in flight back at the head of the queue, in doubt. */
  disconnected() {
    if (this.#inFlight) this.#queue.unshift({ submission: this.#inFlight, isInDoubt: true });
    this.#inFlight = null;
    this.#isRateLimited = false;
  }

  /** The server refused the submission in flight. */
  failInFlight() {
    if (this.#inFlight) this.#failed.set(this.#inFlight.cid, this.#inFlight);
    this.#inFlight = null;
  }

  /** Fails every submission in doubt: nothing can resolve them any more. Returns their cids. */
  failInDoubt() {
    return this.#failWhere(({ isInDoubt }) => isInDoubt);
  }

  /** Fails the queued edits, deletes and replies of a room: their seqs belonged to another log. Returns their cids. @param {string} room */
  failTargeted(room) {
    return this.#failWhere(({ submission }) => submission.room === room && (submission.target ?? submission.reply) !== undefined);
  }

  /** Fails the queued submissions of a room: the server refused to let us in. Returns their cids. @param {string} room */
  failRoom(room) {
    return this.#failWhere(({ submission }) => submission.room === room);
  }

  /** The server has told the name of a room that was known by another one: what waits for it goes there. @param {string} from @param {string} to */
  moveRoom(from, to) {
    const moved = (/** @type {Submission} */ submission) => (submission.room === from ? { ...submission, room: to } : submission);
    this.#inFlight &&= moved(this.#inFlight);
    for (const entry of this.#queue) entry.submission = moved(entry.submission);
    for (const [cid, submission] of this.#failed) this.#failed.set(cid, moved(submission));
  }

  /** @param {(entry: Queued) => boolean} isOne */
  #failWhere(isOne) {
    const failed = this.#queue.filter(isOne).map(({ submission }) => submission);
    this.#queue = this.#queue.filter((entry) => !isOne(entry));
    for (const submission of failed) this.#failed.set(submission.cid, submission);
    return failed.map(({ cid }) => cid);
  }

  /** Queues a failed submission again, behind the others. @param {string} cid */
  resend(cid) {
    const submission = this.#failed.get(cid);
    this.#failed.delete(cid);
    if (submission) this.push(submission, true);
    return submission;
  }

  /** Forgets a submission that failed or was never sent. @param {string} cid */
  drop(cid) {
    const index = this.#queue.findIndex(({ submission, isInDoubt }) => submission.cid === cid && !isInDoubt);
    if (index >= 0) this.#queue.splice(index, 1);
    return index >= 0 || this.#failed.delete(cid);
  }
}
