// Page: the root view: header, rooms, members, connection state, shortcuts. It draws the other views.

import { BAD_NAME, BAD_ROOM } from "../model/commands.js";
import { roomPath } from "../model/url.js";
import { hue, splitLinks } from "../text/text.js";
import { awayText } from "../model/members.js";
import { formatDuration } from "../text/time.js";
import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { button, byId, hiddenText, linkNodes, make, on, onFollow, onSubmit, reconcile, setText } from "./dom.js";
import { FieldError } from "./field-error.js";
import { LoginView } from "./login.js";
import { MessageList } from "./message-list.js";
import { Notices } from "./notices.js";
import { Notifications } from "./notifications.js";
import { PeopleView } from "./people.js";
import { RenameForm } from "./rename.js";
import { SettingsView } from "./settings.js";
import { RoomPicker } from "./room-picker.js";
import { fitRoomName, fitUserName, isUserName, parseRoomName } from "../protocol/names.js";

/**
 * @import { Chat } from "../model/chat.js"
 * @import { People } from "../model/people.js"
 * @import { Room } from "../model/room.js"
 * @import { State } from "../protocol/session.js"
 * @import { ComposerCallbacks } from "./composer.js"
 * @import { MessageListCallbacks } from "./message-list.js"
 * @import { PeopleCallbacks } from "./people.js"
 * @import { RenameCallbacks } from "./rename.js"
 * @import { SettingsCallbacks } from "./settings.js"
 * @typedef {{ chat: Chat, people: People, state: State, reason: string,
 *     retryAt: number | null, lostAt: number | null, typingUsers: string[] }} PageState All that is shown; both times in Unix ms.
 * @typedef {MessageListCallbacks & ComposerCallbacks & SettingsCallbacks & RenameCallbacks & PeopleCallbacks & {
 *   logIn(user: string, password: string | null, key: string | null): void, retry(): void, findPeople(typed: string): void,
 *   leaveRoom(room: string): void, openNeighbour(by: number, isUnread: boolean): void,
 * }} PageCallbacks What a person can do. `openRoom` returns whether that can be a room; `openDirect`, why not, or null.
 */

/** From this long on, the banner says for how long the page is offline. */
const SHOW_DURATION_AFTER_MS = 3_000;

const STATE_TEXT = { offline: "Offline.", connecting: "Connecting…", stopped: "Stopped." };

export class Page {
  #callbacks;
  #element = byId("app");
  #roomPicker;
  #settings;
  #people;
  /** @type {Chat | null} */ #chat = null;
  /** The list in the document. @type {string[]} */ #knownRooms = [];
  #joinError = new FieldError("join-room");
  /** The room that the field for rooms asked for last. */ #joining = "";
  #panels = [byId("rooms"), byId("members")];

  /** @param {PageCallbacks} callbacks */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    this.login = new LoginView(callbacks.logIn);
    this.messages = new MessageList(byId("scroller"), byId("log"), callbacks);
    this.composer = new Composer(callbacks);
    this.notifications = new Notifications();
    this.announcer = new Announcer();
    this.notices = new Notices(() => this.composer.focusUnlessTouch());
    this.renameForm = new RenameForm(callbacks, (text) => this.composer.hint(text));
    this.#settings = new SettingsView(callbacks);
    this.#people = new PeopleView(callbacks);
    this.#roomPicker = new RoomPicker((choice) => void ("room" in choice ? callbacks.openRoom(choice.room) : callbacks.openDirect(choice.user)), callbacks.findPeople);
    on("open-picker", "click", () => this.#openRoomPicker());
    on("open-shortcuts", "click", () => this.#showShortcuts());
    on("open-settings", "click", () => {
      this.closePanels();
      if (this.#chat) this.#settings.open(this.#chat);
    });
    on("retry", "click", callbacks.retry);
    on("latest", "click", () => this.#jumpToLatest());
    on("join-room", "focus", callbacks.requestRooms);
    onSubmit("join", () => this.#joinRoom(byId("join-room").value.trim()));
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    // On a wide page the panels are not popovers.
    matchMedia("(min-width: 760px)").addEventListener("change", () => this.closePanels());
  }

  show() {
    this.login.hide();
    this.#element.hidden = false;
    this.composer.focusUnlessTouch();
  }

  hide() {
    this.#element.hidden = true;
  }

  /** The server refused a request that was no submission. @param {{ code: string, message: string, room?: string, isJoin: boolean }} error */
  showRefusal({ code, message, room, isJoin }) {
    const field = byId("join-room");
    if (isJoin && room === this.#joining && field.checkVisibility()) {
      field.value = room;
      this.#joinError.show(message, null, false);
    } else if (room || !this.renameForm.refused({ code, message })) {
      this.composer.hint(message, true);
    }
  }

  /** More people are known than when the choices were made that are on the screen. */
  peopleFound() {
    this.composer.suggest();
    this.#roomPicker.refresh();
  }

  closePanels() {
    for (const panel of this.#panels) if (panel.matches(":popover-open")) panel.hidePopover();
  }

  /** @param {PageState} pageState */
  draw(pageState) {
    const { chat, people, typingUsers } = pageState;
    this.#chat = chat;
    const { room, me, unread } = chat;
    const name = room ? `${room.peer ?? room.name} – Talk` : "Talk";
    document.title = unread ? `(${unread}) ${name}` : name; // also in view: in other rooms, or below what the person reads
    this.notifications.setBadge(document.hidden ? unread : 0, document.hidden ? chat.unreadMentions : 0);
    setText(byId("title"), room?.label ?? "No room");
    this.#drawTopic(room ? headerText(room, chat) : "");
    this.#drawState(pageState);
    this.#drawRooms(chat);
    this.messages.draw(room, me, chat.preferences);
    this.announcer.draw(room, me, chat.preferences);
    this.#people.draw(room, chat, people);
    setText(byId("typing"), typingText(typingUsers));
    const isScrolledBack = room !== null && !this.messages.isFollowing;
    byId("latest").hidden = !isScrolledBack;
    if (isScrolledBack) setText(byId("latest"), room.unread ? `${unreadText(room)} new ↓ jump to latest` : "Jump to latest ↓");
  }

  /** @param {PageState} pageState */
  #drawState({ state, reason, retryAt, lostAt }) {
    const isProblem = state === "offline" || state === "stopped" || (state === "connecting" && retryAt !== null);
    byId("state").dataset.state = state;
    setText(byId("state"), state);
    byId("problem").hidden = !isProblem;
    if (!isProblem) return;
    const duration = Date.now() - (lostAt ?? Date.now());
    const isLong = state === "offline" && duration >= SHOW_DURATION_AFTER_MS;
    setText(byId("problem-text"), reason || (isLong ? `Offline for ${formatDuration(duration)}.` : STATE_TEXT[state]));
    const seconds = Math.max(1, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
    setText(byId("problem-retry"), state === "offline" ? `Next try in ${seconds} s. Messages that you write are kept.` : "");
    byId("retry").hidden = state === "connecting";
  }

  /** @param {string} topic */
  #drawTopic(topic) {
    const element = byId("topic");
    if (element.title === topic) return;
    element.title = topic;
    element.replaceChildren(...linkNodes(splitLinks(topic)));
  }

  /** @param {Chat} chat */
  #drawRooms(chat) {
    const { me, listed, room, knownRooms, unreadElsewhere } = chat;
    const draw = (/** @type {string} */ id, /** @type {Room[]} */ rooms) => reconcile(byId(id), rooms, (each) => ({
      key: each.name, version: `${each === room} ${unreadText(each)} ${each.mentions} ${chat.isMuted(each.name)} ${each.label}`,
    }), (each) => this.#roomEntry(each, each === room, chat.isMuted(each.name)));
    draw("room-list", listed.filter(({ peer }) => !peer));
    draw("direct-list", listed.filter(({ peer }) => peer));
    byId("direct").hidden = listed.every(({ peer }) => !peer);
    if (knownRooms !== this.#knownRooms) byId("known-rooms").replaceChildren(...knownRooms.map((name) => make("option", { value: name })));
    this.#knownRooms = knownRooms;
    setText(byId("unread-elsewhere"), unreadElsewhere ? String(unreadElsewhere) : "");
    setText(byId("me"), me);
    byId("me").style.setProperty("--hue", String(hue(me)));
  }

  /** @param {Room} room @param {boolean} isCurrent @param {boolean} isMuted */
  #roomEntry(room, isCurrent, isMuted) {
    const { name, label, peer } = room;
    const link = make("a", { href: roomPath(isUserName(peer) ? `@${peer}` : name), "aria-current": isCurrent && "page" }, make("bdi", {}, label));
    if (isMuted) link.append(make("span", { class: "secondary" }, "muted"));
    if (room.mentions) link.append(make("span", { class: "mentions", title: "unread mentions" }, "@", hiddenText(` ${room.mentions} mention${room.mentions === 1 ? "" : "s"},`)));
    if (room.unread) link.append(make("span", { class: isMuted ? "badge muted" : "badge" }, unreadText(room), hiddenText(" unread")));
    onFollow(link, () => this.#callbacks.openRoom(name));
    return make("li", {}, link, button("×", () => this.#callbacks.leaveRoom(name), { class: "plain", "aria-label": `Leave ${label}` }));
  }

  /** Joins or creates a room, or with `@` opens the private room with a person. @param {string} typed */
  #joinRoom(typed) {
    const field = byId("join-room");
    const isPerson = typed.startsWith("@") && !parseRoomName(typed);
    const user = typed.replace(/^@/, "");
    if (!typed) return this.#joinError.show("Enter the name of a room");
    if (isPerson && !isUserName(user)) return this.#joinError.show(BAD_NAME, fitUserName(user) && `@${fitUserName(user)}`);
    this.#joining = parseRoomName(typed) ?? "";
    const error = isPerson ? this.#callbacks.openDirect(user) : this.#callbacks.openRoom(typed) ? null : BAD_ROOM;
    if (error) this.#joinError.show(error, isPerson ? null : fitRoomName(typed));
    else field.value = "";
  }

  #jumpToLatest() {
    this.messages.jumpToLatest();
    this.composer.focusUnlessTouch();
  }

  #showShortcuts() {
    this.closePanels();
    byId("shortcuts").showModal();
  }

  #openRoomPicker() {
    if (!this.#chat) return;
    this.closePanels();
    this.#callbacks.requestRooms();
    this.#roomPicker.open(this.#chat);
  }

  /** Shortcuts that work wherever the focus is. @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (this.#element.hidden || event.isComposing || document.querySelector("dialog[open]")) return;
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    const target = /** @type {HTMLElement} */ (event.target);
    const isWriting = /^(INPUT|TEXTAREA)$/.test(target.tagName);
    if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "k") {
      this.#openRoomPicker();
    } else if (key === "?" && !isWriting) {
      this.#showShortcuts();
    } else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      this.#callbacks.openNeighbour(key === "ArrowUp" ? -1 : 1, shiftKey);
    } else if (key === "PageUp" || key === "PageDown") {
      this.messages.scrollPages(key === "PageUp" ? -1 : 1);
    } else if (key === "End" && !isWriting) {
      this.#jumpToLatest();
    } else if (key === "Escape" && isWriting) {
      return target.blur();
    } else {
      // Typing anywhere goes to the input box: the key event follows the focus.
      if (!isWriting && key.length === 1 && key !== " " && !altKey && !ctrlKey && !metaKey) this.composer.focus();
      return;
    }
    event.preventDefault();
  }
}

/** The topic of a room; in a private room, that the peer is away. @param {Room} room @param {Chat} chat */
function headerText(room, chat) {
  const away = room.peer === null ? null : chat.awayMessage(room, room.peer);
  return away === null ? room.topic : `${room.peer} is ${awayText(away)}`;
}

/** @param {Room} room */
function unreadText({ unread, hasMoreUnread }) {
  return `${unread}${hasMoreUnread ? "+" : ""}`;
}

/** @param {string[]} users */
function typingText(users) {
  const [one, two] = users;
  if (users.length > 2) return "Several people are typing…";
  if (two) return `${one} and ${two} are typing…`;
  return one ? `${one} is typing…` : "";
}
