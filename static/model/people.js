// People: what the panel of a room shows: its members, here and not here, of whom a filter may leave some. Of a large room
// it has the pages that were scrolled into view.

import { compareNames, isUserName, nameKey } from "../protocol/names.js";
import { ASK_AFTER_TYPING_MS } from "./member-requests.js";
import { without, withName } from "./members.js";

/**
 * @import { Message } from "../protocol/messages.js"
 * @import { MemberRequests, Question } from "./member-requests.js"
 * @import { Presence } from "./members.js"
 * @import { Room } from "./room.js"
 * @typedef {{ names: string[], count: number, unloaded: number, isLoading: boolean, canUpdate: boolean, onRequest: number }} PeopleSection
 *     `count`: all of them, also while a filter is set; `unloaded`: how many will follow, at least; `canUpdate`: the
 *     list is not as it is now; `onRequest`: how many an older server lists if it is asked, else 0.
 */

/** Names of a page. */
const PAGE_NAMES = 200;

/** Names kept of one list. */
const MAX_NAMES = 100_000;

/** The next page is asked for when this many names are left below those in view. */
const NEAR_END = 60;

/** The part of a list of members that the server has sent: of all, or of those whose names begin with a prefix. */
class MemberList {
  /** In order. A change makes another array. @type {string[]} */ names = [];
  hasMore = true;
  isLoading = false;
  /** Whether the server refused the next page: it is asked for again only on request. */ isStopped = false;
  isAnswered = false;
  /** How many there were in all when the last page was sent. */ count = 0;

  /** @param {string} room @param {Presence} state @param {string} prefix */
  constructor(room, state, prefix) {
    this.room = room;
    this.state = state;
    this.prefix = prefix;
  }

  /** What asks for the next page. @returns {Question} */
  get question() {
    const after = this.names.at(-1);
    return { room: this.room, state: this.state, ...(this.prefix && { prefix: this.prefix }), ...(after !== undefined && { after }), limit: PAGE_NAMES };
  }

  /** @param {Message} page */
  add(page) {
    const before = this.names.length;
    this.names = [...new Set([...this.names, ...page.members])];
    this.hasMore = page.more === true && this.names.length > before && this.names.length < MAX_NAMES;
    this.count = page[this.state];
    this.isAnswered = true;
  }

  /** Adds a name, unless it belongs to a page that was not sent yet. @param {string} name */
  insert(name) {
    this.count += 1;
    const isWithin = !this.hasMore || (this.names.length > 0 && compareNames(name, this.names.at(-1) ?? "") < 0);
    if (this.isAnswered && isWithin && beginsWith(name, this.prefix)) this.names = withName(this.names, name);
  }

  /** @param {string} name */
  remove(name) {
    if (this.names.includes(name)) this.count -= 1;
    this.names = without(this.names, name);
  }
}

export class People {
  /** The beginning of the names to show, as it was typed. */ filter = "";
  #requests;
  #changed;
  /** @type {Room | null} */ #room = null;
  #joins = 0;
  /** The lists of a large room: with the prefix "", and with that of the filter. @type {MemberList[]} */ #lists = [];
  /** Whether the filter waits for the next letter. */ #isTyping = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** The last result of the filter, by state. @type {Map<Presence, { names: string[], prefix: string, matching: string[] }>} */ #filtered = new Map();

  /** @param {MemberRequests} requests @param {() => void} changed There is something else to show. */
  constructor(requests, changed) {
    this.#requests = requests;
    this.#changed = changed;
  }

  /** The room on the screen. What was asked of another, or before it was joined again, goes. @param {Room | null} room */
  show(room) {
    if (room !== this.#room) this.setFilter("");
    if (room !== this.#room || room?.members.joins !== this.#joins) this.#lists = [];
    this.#room = room;
    this.#joins = room?.members.joins ?? 0;
  }

  /** @param {string} typed */
  setFilter(typed) {
    this.filter = typed;
    this.#lists = this.#lists.filter(({ prefix, isLoading }) => prefix === "" || (prefix === this.#prefix && !isLoading));
    clearTimeout(this.#timer);
    this.#isTyping = this.#prefix !== "";
    if (this.#isTyping) this.#timer = setTimeout(() => this.#typingPaused(), ASK_AFTER_TYPING_MS);
    this.#changed();
  }

  #typingPaused() {
    this.#isTyping = false;
    this.#changed();
  }

  get #prefix() {
    return this.filter.trim().replace(/^@/, "");
  }

  /** @param {Presence} state @returns {PeopleSection} */
  section(state) {
    const section = { names: /** @type {string[]} */ ([]), count: 0, unloaded: 0, isLoading: false, canUpdate: false, onRequest: 0 };
    const { members } = this.#room ?? {};
    if (!members) return section;
    section.count = members.countOf(state);
    const known = members.known(state);
    if (known) return { ...section, names: this.#matching(state, known) };
    if (!members.isPaged) {
      return { ...section, names: this.#matching(state, members.listed(state)), onRequest: state === "here" ? section.count : 0 };
    }
    const all = this.#listOf(state, "");
    const list = this.#shownList(state);
    // Until the server has answered, those who are known of the list.
    const names = list.prefix === this.#prefix && list.isAnswered ? list.names : this.#matching(state, all.isAnswered ? all.names : members.listed(state));
    const isOld = all.isAnswered && (all.hasMore ? all.count : all.names.length) !== section.count;
    return {
      ...section, names, isLoading: list.isLoading || (list.hasMore && this.#isTyping), canUpdate: isOld || list.isStopped,
      unloaded: !list.hasMore ? 0 : this.#prefix ? Number(list.isAnswered) : Math.max(0, section.count - names.length),
    };
  }

  /** Those of a list whose names begin as the filter says. @param {Presence} state @param {string[]} names */
  #matching(state, names) {
    const prefix = this.#prefix;
    if (!prefix) return names;
    const last = this.#filtered.get(state);
    if (last?.names === names && last.prefix === prefix) return last.matching;
    const matching = names.filter((name) => beginsWith(name, prefix));
    this.#filtered.set(state, { names, prefix, matching });
    return matching;
  }

  /** The list that is shown: with the filter, the one that has all whose names begin so. @param {Presence} state */
  #shownList(state) {
    const all = this.#listOf(state, "");
    const prefix = this.#prefix;
    return prefix && all.hasMore && isUserName(prefix) ? this.#listOf(state, prefix) : all;
  }

  /** @param {Presence} state @param {string} prefix */
  #listOf(state, prefix) {
    const known = this.#lists.find((list) => list.state === state && list.prefix === prefix);
    if (known) return known;
    const list = new MemberList(this.#room?.name ?? "", state, prefix);
    this.#lists.push(list);
    return list;
  }

  /** The first `count` names are in view, or soon will be: asks for more, if there are. @param {Presence} state @param {number} count */
  need(state, count) {
    const { members } = this.#room ?? {};
    if (!members?.isPaged || members.known(state) || (this.#prefix && !isUserName(this.#prefix))) return;
    const list = this.#shownList(state);
    if (!list.hasMore || list.isLoading || list.isStopped || (list.prefix && this.#isTyping)) return;
    if (list.isAnswered && count + NEAR_END < list.names.length) return;
    list.isLoading = this.#requests.ask(list.question, (page) => {
      list.isLoading = false;
      if (page) list.add(page);
      else list.isStopped = true;
      this.#changed();
    });
  }

  /** Asks for a list again from its beginning. @param {Presence} state */
  update(state) {
    this.#lists = this.#lists.filter((list) => list.state !== state);
    this.#changed();
  }

  /**
   * Asks an older server, which may not answer questions for a page, for all who are here.
   * @returns {boolean} Whether there is a connection to ask over.
   */
  request() {
    const { name = "", members } = this.#room ?? {};
    if (members?.isPaged === false) return this.#requests.askAll(name);
    const list = this.#listOf("here", "");
    return this.#requests.ask(list.question, (page) => {
      if (page) list.add(page);
      else if (members) members.isPaged = false;
      if (!page && !members?.known("here")) this.#requests.askAll(name);
      this.#changed();
    });
  }

  /** Someone came or went, or has another name. @param {Message} message */
  received({ type, room, user, to, state, member }) {
    if (type === "renamed") {
      for (const list of this.#lists.filter(({ names }) => names.includes(user))) {
        list.remove(user);
        list.insert(to);
      }
    } else if (type === "presence" && room === this.#room?.name && user) {
      for (const list of this.#lists) {
        if (list.state === (state === "joined" ? "here" : "absent") && (state === "joined" || member)) list.insert(user);
        else list.remove(user);
      }
    }
  }
}

/** @param {string} name @param {string} prefix */
function beginsWith(name, prefix) {
  return nameKey(name).startsWith(nameKey(prefix));
}
