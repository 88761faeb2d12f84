// PeopleView: the panel with the people of a room: who is here, who is not, and a field that filters them. Of a long list
// only the rows near the view are in the document; padding stands for the others.

import { awayText } from "../model/members.js";
import { sameName } from "../protocol/names.js";
import { hue } from "../text/text.js";
import { button, byId, colouredName, hiddenText, make, on, reconcile, setText } from "./dom.js";

/**
 * @import { Chat } from "../model/chat.js"
 * @import { Presence } from "../model/members.js"
 * @import { People, PeopleSection } from "../model/people.js"
 * @import { Room } from "../model/room.js"
 * @typedef {{ openDirect(user: string): string | null, requestMembers(): void }} PeopleCallbacks
 * @typedef {{ name: string, isMe: boolean, away: string | null, onRequest: number }} PersonRow Without a name: a button
 *     that asks an older server for the list.
 */

/** A list of up to this many rows is whole in the document. */
const MAX_ROWS = 200;

/** Rows kept above and below the view of a longer list, and rows left of them at which others are made. */
const ROWS_AROUND = 40;
const ROWS_LEFT = 10;

/** Pixels of a row, without and with an away message, until one was measured. */
const ROW_PX = 28;
const AWAY_ROW_PX = 46;

export class PeopleView {
  #callbacks;
  #scroller = byId("members-scroller");
  #filter = byId("members-filter");
  /** @type {People | null} */ #people = null;
  /** @type {Chat | null} */ #chat = null;
  /** @type {{ [state in Presence]: PeopleList }} */ #lists;
  /** The person whose row the Tab key stops at. */ #current = "";
  /** The room, and the filter. */ #shown = "";

  /** @param {PeopleCallbacks} callbacks */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    const build = (/** @type {PersonRow} */ row) => this.#build(row);
    this.#lists = { here: new PeopleList("members-list", build), absent: new PeopleList("absent-list", build) };
    for (const state of /** @type {const} */ (["here", "absent"])) {
      on(`${state}-update`, "click", () => {
        this.#people?.update(state);
        byId(`${state}-title`).focus({ preventScroll: true }); // the button goes
      });
    }
    on("members-filter", "input", () => this.#people?.setFilter(this.#filter.value));
    on("members-filter", "keydown", (event) => this.#filterKey(event));
    on("members-scroller", "keydown", (event) => this.#rowKey(event));
    on("members-scroller", "focusin", ({ target }) => {
      this.#current = target instanceof Element && target.closest("li")?.getAttribute("data-key") || this.#current;
      this.#setTabStop();
    });
    this.#scroller.addEventListener("scroll", () => this.#drawRows(), { passive: true });
    new ResizeObserver(() => this.#drawRows()).observe(this.#scroller); // also when the panel opens
  }

  /** @param {Room | null} room @param {Chat} chat @param {People} people */
  draw(room, chat, people) {
    this.#people = people;
    this.#chat = chat;
    people.show(room);
    const isFilterSet = people.filter.trim() !== "";
    byId("members-find").hidden = room === null || room.peer !== null;
    if (this.#filter.value !== people.filter) this.#filter.value = people.filter;
    const shown = `${room?.name} ${people.filter}`;
    if (this.#shown !== shown) this.#scroller.scrollTop = 0;
    this.#shown = shown;
    setText(byId("member-count"), (room?.members.count ?? 0).toLocaleString());
    const sections = this.#sections();
    for (const [state, title, section] of /** @type {const} */ ([["here", "Here", sections.here], ["absent", "Not here", sections.absent]])) {
      byId(`${state}-people`).hidden = state === "absent" && section.count === 0;
      setText(byId(`${state}-title`), `${title} (${section.count.toLocaleString()})`);
      byId(`${state}-loading`).hidden = !section.isLoading || isFilterSet;
      byId(`${state}-update`).hidden = !section.canUpdate || section.isLoading;
    }
    setText(byId("members-status"), isFilterSet ? foundText(sections) : "");
    this.#drawRows();
  }

  /** @returns {{ [state in Presence]: PeopleSection }} */
  #sections() {
    const people = /** @type {People} */ (this.#people);
    return { here: people.section("here"), absent: people.section("absent") };
  }

  /** Draws the rows in view, and asks for those that are missing there. */
  #drawRows() {
    const [people, chat] = [this.#people, this.#chat];
    if (!people || !chat) return;
    const { room, me, preferences } = chat;
    const { awayVersion = 0 } = room?.members ?? {};
    const awayMessage = (/** @type {string} */ name) => (room ? chat.awayMessage(room, name) : null);
    const view = this.#scroller.getBoundingClientRect();
    const sections = this.#sections();
    for (const state of /** @type {const} */ (["here", "absent"])) {
      const list = this.#lists[state];
      const isAwayPossible = state === "here" && room !== null && (chat.away !== null || room.members.hasAway);
      list.setNames(sections[state], isAwayPossible ? awayMessage : () => null, `${me} ${isAwayPossible} ${awayVersion} ${chat.away} ${preferences.ignored}`);
      const end = list.draw(view, (name) => sameName(name, me));
      if (view.height > 0 && end !== null) people.need(state, end);
    }
    this.#setTabStop();
  }

  /** @param {PersonRow} row */
  #build({ name, isMe, away, onRequest }) {
    if (!name) return make("li", {}, button(`Show all ${onRequest.toLocaleString()} people`, this.#callbacks.requestMembers, { class: "plain" }));
    const shown = colouredName(name, hue(name));
    const note = away === null ? [] : [make("bdi", { class: "secondary away", title: awayText(away) }, awayText(away))];
    const attributes = { class: away !== null && "is-away" };
    if (isMe) return make("li", attributes, shown, " ", make("span", { class: "secondary" }, "you"), ...note);
    const write = button("", () => this.#callbacks.openDirect(name), { class: "plain" });
    write.append(hiddenText("Write to "), shown);
    return make("li", attributes, write, ...note);
  }

  // ---- Keys ----

  /** All rows are one stop of the Tab key; arrow keys go on from there. */
  #setTabStop() {
    const buttons = [...this.#scroller.querySelectorAll("li > button")];
    const isCurrent = (/** @type {Element} */ each) => each.parentElement?.getAttribute("data-key") === this.#current;
    const stop = buttons.find(isCurrent) ?? buttons[0];
    for (const each of buttons) if ((each.tabIndex === 0) !== (each === stop)) each.tabIndex = each === stop ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #filterKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape" && this.#filter.value) this.#people?.setFilter(this.#filter.value = "");
    else if (event.key === "ArrowDown") {
      this.#drawRows(); // what was typed a moment ago may not be drawn yet
      this.#go("here", -1, 1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event */
  #rowKey(event) {
    const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event;
    const row = target instanceof Element ? target.closest("li") : null;
    if (!row || altKey || ctrlKey || metaKey || shiftKey) return;
    const state = row.parentElement?.id === "absent-list" ? "absent" : "here";
    const at = this.#lists[state].indexOf(row.getAttribute("data-key") ?? "");
    if (key === "ArrowDown") this.#go(state, at, 1);
    else if (key === "ArrowUp") this.#go(state, at, -1);
    else if (key === "Home") this.#go("here", -1, 1);
    else if (key === "End") this.#go("absent", this.#lists.absent.length, -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the focus to the next row with a button. @param {Presence} state @param {number} at @param {1 | -1} by @returns {void} */
  #go(state, at, by) {
    const { me } = this.#chat ?? {};
    const list = this.#lists[state];
    const next = at + by;
    const name = list.nameAt(next);
    if (name === undefined) {
      if (by === 1 && state === "here") this.#go("absent", -1, 1);
      else if (by === -1 && state === "absent") this.#go("here", this.#lists.here.length, -1);
      else if (by === -1 && this.#people?.filter) this.#filter.focus();
      return;
    }
    if (sameName(name, me ?? "")) return this.#go(state, next, by);
    list.scrollTo(next, this.#scroller);
    this.#drawRows();
    /** @type {HTMLElement | null | undefined} */ (list.rowOf(name)?.querySelector("button"))?.focus();
  }
}

/** One of the two lists: its names, and the rows of it that are in the document. */
class PeopleList {
  #element;
  #build;
  /** @type {string[]} */ #names = [];
  #unloaded = 0;
  #onRequest = 0;
  /** @type {(name: string) => string | null} */ #awayMessage = () => null;
  /** What the indexes below were made for. */ #awayKey = "";
  /** The indexes of the rows with an away message. @type {number[]} */ #away = [];
  #from = 0;
  #to = 0;
  #height = { row: ROW_PX, away: AWAY_ROW_PX };
  /** What is in the document. @type {unknown[]} */ #drawn = [];

  /** @param {string} id @param {(row: PersonRow) => HTMLElement} build */
  constructor(id, build) {
    this.#element = byId(id);
    this.#build = build;
  }

  get length() {
    return this.#names.length;
  }

  /** @param {number} at */
  nameAt(at) {
    return this.#names[at];
  }

  /** @param {string} name */
  indexOf(name) {
    return this.#names.indexOf(name);
  }

  /** @param {string} name @returns {Element | undefined} */
  rowOf(name) {
    return [...this.#element.children].find((row) => row.getAttribute("data-key") === name);
  }

  /** @param {PeopleSection} section @param {(name: string) => string | null} awayMessage @param {string} awayKey Another for each change of these. */
  setNames({ names, unloaded, onRequest }, awayMessage, awayKey) {
    this.#unloaded = unloaded;
    this.#onRequest = onRequest === names.length ? 0 : onRequest;
    this.#awayMessage = awayMessage;
    if (names === this.#names && awayKey === this.#awayKey) return;
    this.#names = names;
    this.#awayKey = awayKey;
    this.#away = names.flatMap((name, at) => (awayMessage(name) === null ? [] : at));
  }

  /**
   * Draws the rows near the view. Returns the index after the last one in view, of those that are not loaded as well;
   * null: none is in view.
   * @param {DOMRect} view @param {(name: string) => boolean} isMe
   */
  draw(view, isMe) {
    const { top } = this.#element.getBoundingClientRect();
    const count = this.#names.length + this.#unloaded;
    const [first, last] = [this.#indexAt(view.top - top), this.#indexAt(view.bottom - top) + 1];
    const loaded = this.#names.length;
    if (loaded <= MAX_ROWS) [this.#from, this.#to] = [0, loaded];
    else if (this.#to > loaded || first - ROWS_LEFT < this.#from && this.#from > 0 || last + ROWS_LEFT > this.#to && this.#to < loaded || this.#to === 0) {
      this.#from = Math.max(0, Math.min(first, loaded) - ROWS_AROUND);
      this.#to = Math.min(loaded, this.#from + MAX_ROWS, Math.max(last, this.#from) + ROWS_AROUND);
    }
    const drawn = [this.#names, this.#from, this.#to, this.#unloaded, this.#onRequest, this.#awayKey];
    if (drawn.some((each, i) => each !== this.#drawn[i])) this.#drawRows(count, isMe);
    this.#drawn = drawn;
    const isInView = count > 0 && top < view.bottom && top + this.#top(count) > view.top;
    return isInView ? Math.min(last, count) : null;
  }

  /** @param {number} count Of all, those that are not loaded as well. @param {(name: string) => boolean} isMe */
  #drawRows(count, isMe) {
    const rows = this.#names.slice(this.#from, this.#to).map((name) => ({ name, isMe: isMe(name), away: this.#awayMessage(name), onRequest: 0 }));
    if (this.#onRequest) rows.push({ name: "", isMe: false, away: null, onRequest: this.#onRequest });
    reconcile(this.#element, rows, ({ name, isMe: isOwn, away, onRequest }) => ({ key: name, version: `${isOwn} ${away} ${onRequest}` }), this.#build);
    this.#measure();
    const { style } = this.#element;
    style.paddingTop = `${this.#top(this.#from)}px`;
    style.paddingBottom = `${this.#top(count) - this.#top(this.#to)}px`;
    const total = count - this.#names.length > 1 || !this.#unloaded ? count : -1;
    [...this.#element.children].forEach((row, i) => {
      row.setAttribute("aria-posinset", String(this.#from + i + 1));
      row.setAttribute("aria-setsize", String(total));
    });
  }

  /** How high rows are is known once one of each kind was drawn. */
  #measure() {
    for (const [kind, wanted] of /** @type {const} */ ([["row", "li:not(.is-away)"], ["away", "li.is-away"]])) {
      const { height = 0 } = this.#element.querySelector(wanted)?.getBoundingClientRect() ?? {};
      if (height > 0) this.#height[kind] = height;
    }
  }

  /** Pixels above a row. @param {number} index */
  #top(index) {
    const { row, away } = this.#height;
    return index * row + countBelow(this.#away, index) * (away - row);
  }

  /** The row at so many pixels. @param {number} y */
  #indexAt(y) {
    let [low, high] = [0, this.#names.length + this.#unloaded];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Scrolls so that a row is in view. @param {number} index @param {HTMLElement} scroller */
  scrollTo(index, scroller) {
    const view = scroller.getBoundingClientRect();
    const { top } = this.#element.getBoundingClientRect();
    const above = top + this.#top(index) - view.top - 2 * this.#height.row; // below the heading
    const below = top + this.#top(index + 1) - view.bottom;
    if (above < 0) scroller.scrollTop += above;
    else if (below > 0) scroller.scrollTop += below;
  }
}

/** How many of sorted numbers are less than a limit. @param {number[]} numbers @param {number} limit */
function countBelow(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {{ [state in Presence]: PeopleSection }} sections */
function foundText({ here, absent }) {
  const count = here.names.length + absent.names.length;
  const isMore = here.unloaded + absent.unloaded > 0;
  if (count === 0) return here.isLoading || absent.isLoading ? "Looking…" : "No one’s name begins so";
  return `${count === 1 && !isMore ? "1 person" : `${count.toLocaleString()}${isMore ? " or more" : ""} people`}`;
}
