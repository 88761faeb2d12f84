// What became of posts: the edits and deletes of a room, by the post they are about, which may be
// older than what is loaded.
// May not know: where anything stands, who said it, the DOM.

/**
 * @typedef {import("../protocol/messages.js").LogRecord} Entry
 * @typedef {{ text: string | null, version: number }} CurrentText What a post says now, null: nothing any
 *   more; and the seq of the record that made it so, 0 for its own.
 */

/** Whether a record has no line of its own, but changes another's. @param {Entry} record */
export function isEdit({ type }) {
  return type === "edit" || type === "delete";
}

export class Edits {
  /** @type {Map<number, CurrentText>} */ #byPost = new Map();

  /**
   * The last of several edits counts, whenever it is heard, and nothing undoes a delete.
   * @param {Entry} change
   */
  apply({ type, seq, target, text, deleted }) {
    const words = { text: type === "delete" || deleted ? null : text, version: seq };
    const last = this.#byPost.get(target);
    if (last?.text === null || (last && words.text !== null && last.version > seq)) return;
    this.#byPost.set(target, words);
  }

  /** @param {Entry} post @returns {CurrentText} */
  current(post) {
    const last = this.#byPost.get(post.seq);
    if (post.deleted) return { text: null, version: last?.version ?? 0 };
    return last ?? { text: post.text, version: 0 };
  }

  /** A record to keep: without the words that its author took back. @param {Entry} record @returns {Entry} */
  withoutDeleted(record) {
    const isGone = record.type === "post" && this.current(record).text === null;
    return isGone ? { ...record, text: "", deleted: true } : record;
  }

  clear() {
    this.#byPost.clear();
  }
}
