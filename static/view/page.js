// The page: door, rooms, people, state, and how its parts are told what to show.
// May know the DOM. May not know: sockets, the protocol, storage.

import { BAD_ROOM } from "../model/commands.js";
import { addressOf } from "../model/url.js";
import { hue, tokens } from "../text/text.js";
import { awayFor } from "../model/members.js";
import { span } from "../text/time.js";
import { ComposerView } from "./composer.js";
import { button, byId, coloured, fill, linked, make, say } from "./dom.js";
import { DoorView } from "./login.js";
import { LogView } from "./message-list.js";
import { NoticeView } from "./notifications.js";
import { SettingsView } from "./settings.js";
import { SwitcherView } from "./room-picker.js";
import { isName, sameName } from "../protocol/names.js";

/**
 * @typedef {import("../model/room.js").Room} Room
 * @typedef {import("../model/chat.js").House} House
 * @typedef {{ house: House, state: import("../protocol/session.js").State, why: string,
 *   retryAt: number | null, lostAt: number | null, typists: string[] }} Scene All that is shown; both moments in Unix ms.
 * @typedef {{
 *   enter(user: string, password: string | null, key: string | null): void, rename(user: string): void,
 *   visit(room: string): boolean, leave(room: string): void, step(by: number, isUnread: boolean): void,
 *   say(text: string): string | null, typed(text: string): void, write(user: string): void,
 *   edit(seq: number, text: string): void, editLast(): string | null, cancel(): void, remove(seq: number): void,
 *   answer(seq: number): void, goTo(seq: number): void, copyLink(seq: number): void,
 *   resend(cid: string): void, drop(cid: string): void,
 *   words(): import("../model/completion.js").Words, older(): void, moved(): void, lookAround(): void, retry(): void,
 *   key(): string, changed(): void, trySound(): void, forgetMe(): void,
 * }} Acts What a person can do. `visit` says whether that can be a room, `say` and `editLast` why nothing comes of it.
 */

/** The time offline is told from this many milliseconds on. */
const WHILE = 3_000;

const TROUBLE = { offline: "Offline.", connecting: "Connecting…", stopped: "Stopped." };

export class View {
  #acts;
  #house = byId("house");
  #switcher;
  #settings;
  /** @type {House | null} */ #shown = null;
  #panels = [byId("rooms"), byId("people")];

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    this.door = new DoorView(acts.enter);
    this.log = new LogView(byId("scroller"), byId("log"), acts);
    this.composer = new ComposerView(acts);
    this.notice = new NoticeView();
    this.#settings = new SettingsView(acts);
    this.#switcher = new SwitcherView((choice) => void ("room" in choice ? acts.visit(choice.room) : acts.write(choice.user)));
    byId("switch").addEventListener("click", () => this.#switch());
    byId("keys-button").addEventListener("click", () => this.#sheet());
    byId("settings-button").addEventListener("click", () => {
      this.closePanels();
      if (this.#shown) this.#settings.open(this.#shown);
    });
    byId("retry").addEventListener("click", acts.retry);
    byId("latest").addEventListener("click", () => this.#latest());
    byId("rename").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const user = byId("new-name").value.trim();
      if (!isName(user)) return;
      byId("rename").hidePopover();
      acts.rename(user);
    });
    byId("room").addEventListener("focus", acts.lookAround);
    byId("join").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const isRoom = acts.visit(byId("room").value);
      if (isRoom) byId("room").value = "";
      else this.composer.hint(BAD_ROOM, true);
    });
    document.addEventListener("keydown", (event) => this.#pressed(event));
    // A panel that was opened over a narrow page stands beside a wide one.
    matchMedia("(min-width: 760px)").addEventListener("change", () => this.closePanels());
  }

  enterHouse() {
    this.door.hide();
    this.#house.hidden = false;
    this.composer.invite();
  }

  leaveHouse() {
    this.#house.hidden = true;
  }

  closePanels() {
    for (const panel of this.#panels) if (panel.matches(":popover-open")) panel.hidePopover();
  }

  /** @param {Scene} scene */
  draw(scene) {
    const { house, typists } = scene;
    this.#shown = house;
    const { room, me, unread } = house;
    const name = room ? `${room.peer ?? room.name} – Talk` : "Talk";
    document.title = document.hidden && unread ? `(${unread}) ${name}` : name;
    this.notice.badge(document.hidden ? unread : 0, document.hidden ? house.calls : 0);
    say(byId("title"), room?.label ?? "No room");
    this.#drawTopic(room ? about(room) : "");
    this.#drawState(scene);
    this.#drawRooms(house);
    this.#drawPeople(room, house);
    this.log.draw(room, me, house.taste);
    say(byId("typing"), typing(typists));
    const isBack = room !== null && !this.log.isFollowing;
    byId("latest").hidden = !isBack;
    if (isBack) say(byId("latest"), room.unread ? `${unreadOf(room)} new ↓ jump to latest` : "Jump to latest ↓");
  }

  /** @param {Scene} scene */
  #drawState({ state, why, retryAt, lostAt }) {
    const isTrouble = state === "offline" || state === "stopped" || (state === "connecting" && retryAt !== null);
    byId("state").dataset.state = state;
    say(byId("state"), state);
    byId("trouble").hidden = !isTrouble;
    if (!isTrouble) return;
    const lasted = Date.now() - (lostAt ?? Date.now());
    const isLong = state === "offline" && lasted >= WHILE;
    say(byId("trouble-what"), why || (isLong ? `Offline for ${span(lasted)}.` : TROUBLE[state]));
    const seconds = Math.max(1, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
    say(byId("trouble-when"), state === "offline" ? `Next try in ${seconds} s. What you write is kept.` : "");
    byId("retry").hidden = state === "connecting";
  }

  /** @param {string} topic */
  #drawTopic(topic) {
    const element = byId("topic");
    if (element.title === topic) return;
    element.title = topic;
    element.replaceChildren(...linked(tokens(topic)));
  }

  /** @param {House} house */
  #drawRooms({ me, listed, room, known, taste, unreadElsewhere }) {
    const draw = (/** @type {string} */ id, /** @type {Room[]} */ rooms) => fill(byId(id), rooms, (each) => ({
      key: each.name, mark: `${each === room} ${unreadOf(each)} ${each.mentions} ${taste.isMuted(each.name)} ${each.label}`,
    }), (each) => this.#roomEntry(each, each === room, taste.isMuted(each.name)));
    draw("room-list", listed.filter(({ peer }) => !peer));
    draw("direct-list", listed.filter(({ peer }) => peer));
    byId("direct").hidden = listed.every(({ peer }) => !peer);
    fill(byId("known"), known, (name) => ({ key: name, mark: "" }), (name) => make("option", { value: name }));
    say(byId("elsewhere"), unreadElsewhere ? String(unreadElsewhere) : "");
    say(byId("me"), me);
    byId("me").style.setProperty("--hue", String(hue(me)));
  }

  /** @param {Room} room @param {boolean} isCurrent @param {boolean} isMuted */
  #roomEntry(room, isCurrent, isMuted) {
    const { name, label } = room;
    const link = make("a", { href: addressOf(name), "aria-current": isCurrent && "page" }, make("bdi", {}, label));
    if (isMuted) link.append(make("span", { class: "quiet" }, "muted"));
    if (room.mentions) link.append(make("span", { class: "call", title: "somebody wrote your name" }, "@", make("span", { class: "unseen" }, ` ${room.mentions} with your name,`)));
    if (room.unread) link.append(make("span", { class: isMuted ? "badge muted" : "badge" }, unreadOf(room), make("span", { class: "unseen" }, " unread")));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#acts.visit(name);
    });
    return make("li", {}, link, button("×", () => this.#acts.leave(name), { class: "plain", "aria-label": `Leave ${label}` }));
  }

  /** @param {Room | null} room @param {House} house */
  #drawPeople(room, { me, away }) {
    const count = room?.people.count ?? 0;
    const why = (/** @type {string} */ name) => sameName(name, me) ? away : room?.people.away(name) ?? null;
    say(byId("count"), String(count));
    say(byId("people-title"), `People · ${count}`);
    const members = room?.members ?? [];
    const rows = room && !room.members ? [""] : members;
    fill(byId("people-list"), rows, (name) => ({ key: name, mark: `${sameName(name, me)} ${why(name)}` }), (name) => {
      if (!name) return make("li", { class: "quiet" }, "Too many to list");
      const shown = coloured(name, hue(name));
      if (sameName(name, me)) return make("li", {}, shown, " ", make("span", { class: "quiet" }, "you"), ...absence(why(name)));
      const write = button("", () => this.#acts.write(name), { class: "plain" });
      write.append(make("span", { class: "unseen" }, "Write to "), shown);
      return make("li", {}, write, ...absence(why(name)));
    });
  }

  #latest() {
    this.log.jumpToLatest();
    this.composer.invite();
  }

  #sheet() {
    this.closePanels();
    byId("keys").showModal();
  }

  #switch() {
    if (!this.#shown) return;
    this.closePanels();
    this.#acts.lookAround();
    this.#switcher.open(this.#shown);
  }

  /** Keys that work wherever the focus is. @param {KeyboardEvent} event */
  #pressed(event) {
    if (this.#house.hidden || event.isComposing || document.querySelector("dialog[open]")) return;
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    const target = /** @type {HTMLElement} */ (event.target);
    const isWriting = /^(INPUT|TEXTAREA)$/.test(target.tagName);
    if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "k") {
      this.#switch();
    } else if (key === "?" && !isWriting) {
      this.#sheet();
    } else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      this.#acts.step(key === "ArrowUp" ? -1 : 1, shiftKey);
    } else if (key === "PageUp" || key === "PageDown") {
      this.log.page(key === "PageUp" ? -1 : 1);
    } else if (key === "End" && !isWriting) {
      this.#latest();
    } else if (key === "Escape" && isWriting) {
      return target.blur();
    } else {
      // Typing anywhere writes in the box; the key itself goes there because it has the focus now.
      if (!isWriting && key.length === 1 && key !== " " && !altKey && !ctrlKey && !metaKey) this.composer.focus();
      return;
    }
    event.preventDefault();
  }
}

/** What a room is about; of a private one, that the other is away. @param {Room} room */
function about({ topic, peer, people }) {
  const why = peer === null ? null : people.away(peer);
  return why === null ? topic : `${peer} is ${awayFor(why)}`;
}

/** Beside a name, that they are away, if they are. @param {string | null} why */
function absence(why) {
  return why === null ? [] : [" ", make("bdi", { class: "quiet absence", title: awayFor(why) }, awayFor(why))];
}

/** @param {Room} room */
function unreadOf({ unread, hasMoreUnread }) {
  return `${unread}${hasMoreUnread ? "+" : ""}`;
}

/** @param {string[]} users */
function typing(users) {
  const [one, two] = users;
  if (users.length > 2) return "Several people are typing…";
  if (two) return `${one} and ${two} are typing…`;
  return one ? `${one} is typing…` : "";
}
