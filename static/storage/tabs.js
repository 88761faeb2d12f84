// Which tabs of this browser live: each holds a lock for as long as it does, so whoever is given
// another's lock knows that it is gone.
// May not know: what a tab's lines are. Locks come in by argument.

export class Tabs {
  #locks;
  /** @type {Set<string>} */ #watched = new Set();

  /** @param {LockManager | undefined} locks Absent where a page came over the network without TLS. */
  constructor(locks) {
    this.#locks = locks;
    this.id = randomId();
    locks?.request(lockName(this.id), () => new Promise(() => {}));
  }

  /**
   * Calls `inherit` once a tab is gone: at once where locks are not to be had. Then several tabs may
   * inherit the same lines, which the cids make harmless.
   * @param {string} tab @param {() => void} callback
   */
  onceClosed(tab, callback) {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    if (this.#locks) this.#locks.request(lockName(tab), callback);
    else callback();
  }
}

/** 16 random bytes in hex: a cid, or a tab's id. */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} tab */
function lockName(tab) {
  return `talk.tab.${tab}`;
}
