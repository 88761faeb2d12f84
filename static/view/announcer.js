// Announcer: what screen readers announce of the room on the screen: each new message at its end, and nothing that a switch
// of rooms or older messages bring in. A region of its own gets these texts: were the list itself a live region, all rows
// inserted into it would be announced, wherever they are.

import { plainText } from "../text/markup.js";
import { truncate } from "../text/text.js";
import { sameName } from "../protocol/names.js";
import { byId, make } from "./dom.js";
import { describeFailure } from "./rows.js";

/**
 * @import { Item, Room } from "../model/room.js"
 * @import { Preferences } from "../storage/preferences.js"
 */

/** More at once, as after an outage, are announced by their number. */
const MAX_AT_ONCE = 5;

/** Characters of one announcement: the listener cannot skip the rest of it. */
const MAX_CHARS = 1_000;

/** Announcements kept in the region: more than come at once. */
const MAX_KEPT = 8;

export class Announcer {
  #region = byId("announcements");
  /** @type {Room | null} */ #room = null;
  /** The items, and the reasons of failures, that were announced or need not be. @type {WeakSet<object>} */ #done = new WeakSet();
  /** The items whose texts are in the region. @type {Map<Item, Element>} */ #kept = new Map();
  #newest = 0;
  /** Whether the room's history is still arriving. */ #isLoading = true;

  /** @param {Room | null} room @param {string} me @param {Preferences} preferences */
  draw(room, me, preferences) {
    if (room !== this.#room) this.#enter(room);
    if (!room) return;
    const isComplete = room.oldest !== null && room.isCaughtUp;
    if (room.newest < this.#newest) [this.#newest, this.#isLoading] = [0, true]; // the room was reset
    if (!isComplete && !this.#isLoading) return; // what was missed comes as a whole
    const items = this.#takeNew(room).filter((item) => !this.#isLoading || "note" in item);
    if (isComplete) [this.#newest, this.#isLoading] = [room.newest, false];
    const shortTextOf = (/** @type {Item} */ item) => truncate(textOf(item, room, me, preferences) ?? "", MAX_CHARS);
    // A text that was deleted or edited is not kept here either.
    for (const [item, element] of this.#kept) if (!element.isConnected || element.textContent !== shortTextOf(item)) this.#remove(item, element);
    const fresh = items.filter(shortTextOf);
    if (fresh.length > MAX_AT_ONCE) this.say(`${fresh.length} new messages`);
    else for (const item of fresh) this.#kept.set(item, this.say(shortTextOf(item)));
    for (const unsent of room.unsent.values()) if (unsent.rejection && !this.#wasDone(unsent.rejection)) this.say(describeFailure(unsent));
  }

  /** @param {string} text @returns {Element} */
  say(text) {
    const element = make("p", {}, truncate(text, MAX_CHARS));
    this.#region.append(element);
    if (this.#region.childElementCount > MAX_KEPT) this.#region.firstElementChild?.remove();
    return element;
  }

  /** @param {Item} item @param {Element} element */
  #remove(item, element) {
    element.remove();
    this.#kept.delete(item);
  }

  /** What a room shows already is not announced. @param {Room | null} room */
  #enter(room) {
    this.#room = room;
    this.#newest = room?.newest ?? 0;
    this.#isLoading = true;
    this.#region.replaceChildren();
    this.#kept.clear();
    for (const item of room?.items ?? []) this.#done.add(item);
    for (const { rejection } of room?.unsent.values() ?? []) if (rejection) this.#done.add(rejection);
  }

  /** The items at the end since the last draw. @param {Room} room */
  #takeNew({ items }) {
    /** @type {Item[]} */
    const fresh = [];
    for (let i = items.length - 1; i >= 0; i -= 1) {
      const item = items[i];
      if (!item || ("record" in item && item.record.seq <= this.#newest) || this.#wasDone(item)) break;
      fresh.push(item);
    }
    return fresh.reverse();
  }

  /** @param {object} what */
  #wasDone(what) {
    const was = this.#done.has(what);
    this.#done.add(what);
    return was;
  }
}

/** @param {Item} item @param {Room} room @param {string} me @param {Preferences} preferences @returns {string | null} */
function textOf(item, room, me, preferences) {
  if ("note" in item) return item.note;
  if (!("record" in item) || sameName(item.record.user, me) || preferences.isIgnored(item.record.user)) return null;
  const { user, type, kind, text, new_owner: isNewOwner } = item.record;
  if (type === "topic") return text ? `${user} set the topic: ${text}` : `${user} removed the topic`;
  const current = room.currentText(item.record).text;
  if (current === null) return null;
  const author = isNewOwner ? `${user} (new owner)` : user;
  return `${item.isMention ? "mentions you: " : ""}${author}${kind === "me" ? "" : ":"} ${plainText(current)}`;
}
