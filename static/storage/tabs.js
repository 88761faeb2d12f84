// Tabs: which tabs of this browser are open. Each holds a lock as long as it is open, so a tab that gets
// another's lock knows that it was closed.

export class Tabs {
  #locks;
  /** @type {Set<string>} */ #watched = new Set();

  /** @param {LockManager | undefined} locks Undefined on a page from the network without TLS. */
  constructor(locks) {
    this.#locks = locks;
    this.id = randomId();
    locks?.request(lockName(this.id), () => new Promise(() => {}));
  }

  /**
   * Calls `callback` once a tab is closed, or at once where there are no locks. Then several tabs may adopt
   * the same submissions; their cids keep the server from storing them twice.
   * @param {string} tab @param {() => void} callback
   */
  onceClosed(tab, callback) {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    if (this.#locks) this.#locks.request(lockName(tab), callback);
    else callback();
  }
}

/** 16 random bytes in hex, for a cid or the id of a tab. */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} tab */
function lockName(tab) {
  return `talk.tab.${tab}`;
}
