// Unsent lines, kept so that neither a reload nor a closed tab loses them: one key per line, so
// that tabs never overwrite each other, and in each the tab that wrote it and sends it.
// May not know: sockets, clocks, the DOM, or whether a tab is alive. Storage comes in by argument;
// it is a server's own, because browsers keep one per origin.

import { keysOf } from "./store.js";
import { sameName } from "../protocol/names.js";

/**
 * @typedef {import("../protocol/outbox.js").Submission} Submission
 * @typedef {{ line: Submission, user: string, tab: string, order: number }} SavedSubmission
 */

const PREFIX = "talk.line.";

export class OutboxStore {
  #storage;
  #tab;
  #last = 0;

  /** @param {Storage} storage @param {string} tab This tab's own id. */
  constructor(storage, tab) {
    this.#storage = storage;
    this.#tab = tab;
  }

  /**
   * Keeps a line; `now` (Unix ms) gives its place among those of other tabs.
   * @param {Submission} line @param {string} user @param {number} now @returns {boolean} false: no space
   */
  save(line, user, now) {
    this.#last = Math.max(this.#last + 1, now);
    return this.#write({ line, user, tab: this.#tab, order: this.#last });
  }

  /** The line is stored, or was dropped. @param {string} cid */
  remove(cid) {
    this.#storage.removeItem(PREFIX + cid);
  }

  /** This tab goes on under another name, and so do its lines. @param {string} from @param {string} to */
  rename(from, to) {
    for (const kept of this.#all(from)) {
      if (kept.tab === this.#tab) this.#write({ ...kept, user: to });
    }
  }

  /** The tabs, this one left out, that have lines under this name. @param {string} user */
  otherTabs(user) {
    return [...new Set(this.#all(user).map((kept) => kept.tab))].filter((tab) => tab !== this.#tab);
  }

  /**
   * Makes the lines of a tab that is gone ours, in the order they were said.
   * @param {string} tab @param {string} user @returns {Submission[]}
   */
  adopt(tab, user) {
    const orphans = this.#all(user).filter((kept) => kept.tab === tab);
    for (const kept of orphans) this.#write({ ...kept, tab: this.#tab });
    return orphans.map(({ line }) => line);
  }

  /** @param {string} user @returns {SavedSubmission[]} */
  #all(user) {
    const kept = keysOf(this.#storage).flatMap((key) => this.#read(key) ?? []);
    return kept.filter((one) => sameName(one.user, user)).sort((a, b) => a.order - b.order);
  }

  /** @param {string} key @returns {SavedSubmission | null} */
  #read(key) {
    if (!key.startsWith(PREFIX)) return null;
    try {
      const kept = JSON.parse(this.#storage.getItem(key) ?? "null");
      const { line, user, tab, order } = kept;
      const whole = [line.type, line.room, line.cid, user, tab].every((v) => typeof v === "string");
      return whole && key === PREFIX + line.cid && Number.isFinite(order) ? kept : null;
    } catch {
      return null; // not written by us
    }
  }

  /** @param {SavedSubmission} kept */
  #write(kept) {
    try {
      this.#storage.setItem(PREFIX + kept.line.cid, JSON.stringify(kept));
      return true;
    } catch {
      return false; // the browser's quota
    }
  }
}
