// OutboxStore: unsent submissions in localStorage, so that no reload and no closed tab loses them. Each has a
// key of its own, so that tabs do not overwrite each other, and the id of the tab that sends it. Browsers keep
// one storage per origin, so it holds the submissions to one server.

import { keysOf } from "./store.js";
import { sameName } from "../protocol/names.js";

/**
 * @import { Submission } from "../protocol/outbox.js"
 * @typedef {{ line: Submission, user: string, tab: string, order: number }} SavedSubmission The stored format.
 */

const PREFIX = "talk.line.";

export class OutboxStore {
  #storage;
  #tab;
  #last = 0;

  /** @param {Storage} storage @param {string} tab The id of this tab. */
  constructor(storage, tab) {
    this.#storage = storage;
    this.#tab = tab;
  }

  /**
   * Saves a submission; `now` (Unix ms) gives its place among those of other tabs.
   * @param {Submission} submission @param {string} user @param {number} now @returns {boolean} false: no space
   */
  save(submission, user, now) {
    this.#last = Math.max(this.#last + 1, now);
    return this.#write({ line: submission, user, tab: this.#tab, order: this.#last });
  }

  /** The submission is stored or dropped. @param {string} cid */
  remove(cid) {
    this.#storage.removeItem(PREFIX + cid);
  }

  /** This tab has another name now: its submissions follow. @param {string} from @param {string} to */
  rename(from, to) {
    for (const saved of this.#all(from)) {
      if (saved.tab === this.#tab) this.#write({ ...saved, user: to });
    }
  }

  /** The other tabs that have submissions under a name. @param {string} user */
  otherTabs(user) {
    return [...new Set(this.#all(user).map((saved) => saved.tab))].filter((tab) => tab !== this.#tab);
  }

  /**
   * Takes over the submissions of a closed tab, in order.
   * @param {string} tab @param {string} user @returns {Submission[]}
   */
  adopt(tab, user) {
    const adopted = this.#all(user).filter((saved) => saved.tab === tab);
    for (const saved of adopted) this.#write({ ...saved, tab: this.#tab });
    return adopted.map(({ line }) => line);
  }

  /** @param {string} user @returns {SavedSubmission[]} */
  #all(user) {
    const saved = keysOf(this.#storage).flatMap((key) => this.#read(key) ?? []);
    return saved.filter((one) => sameName(one.user, user)).sort((a, b) => a.order - b.order);
  }

  /** @param {string} key @returns {SavedSubmission | null} */
  #read(key) {
    if (!key.startsWith(PREFIX)) return null;
    try {
      const saved = JSON.parse(this.#storage.getItem(key) ?? "null");
      const { line, user, tab, order } = saved;
      const whole = [line.type, line.room, line.cid, user, tab].every((v) => typeof v === "string");
      return whole && key === PREFIX + line.cid && Number.isFinite(order) ? saved : null;
    } catch {
      return null; // not written by us
    }
  }

  /** @param {SavedSubmission} saved */
  #write(saved) {
    try {
      this.#storage.setItem(PREFIX + saved.line.cid, JSON.stringify(saved));
      return true;
    } catch {
      return false; // the browser's quota
    }
  }
}
