// Edits: the edits and deletes of a room, by the post that they change, which may not be loaded.

/**
 * @import { LogRecord } from "../protocol/messages.js"
 * @typedef {{ text: string | null, version: number }} CurrentText What a post says now, null if it was deleted;
 *     and the seq of the record that says so, 0 for the post itself.
 */

/** Whether a record changes a post, and is not shown itself. @param {LogRecord} record */
export function isEdit({ type }) {
  return type === "edit" || type === "delete";
}

export class Edits {
  /** @type {Map<number, CurrentText>} */ #byPost = new Map();

  /**
   * The edit with the highest seq wins, in whatever order they arrive, and a delete is final.
   * @param {LogRecord} edit An edit or a delete.
   */
  apply({ type, seq, target, text, deleted }) {
    const current = { text: type === "delete" || deleted ? null : text, version: seq };
    const last = this.#byPost.get(target);
    if (last?.text === null || (last && current.text !== null && last.version > seq)) return;
    this.#byPost.set(target, current);
  }

  /** @param {LogRecord} post @returns {CurrentText} */
  current(post) {
    const last = this.#byPost.get(post.seq);
    if (post.deleted) return { text: null, version: last?.version ?? 0 };
    return last ?? { text: post.text, version: 0 };
  }

  /** The record to show: a deleted post has no text. @param {LogRecord} record @returns {LogRecord} */
  withoutDeleted(record) {
    const isDeleted = record.type === "post" && this.current(record).text === null;
    return isDeleted ? { ...record, text: "", deleted: true } : record;
  }

  clear() {
    this.#byPost.clear();
  }
}
