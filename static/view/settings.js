// SettingsView: the settings dialog: preferences, ignored users, the key of the name, and how to leave.

import { button, byId, copyText, make, on, setText } from "./dom.js";
import { noNotifications, requestDesktopPermission } from "./notifications.js";

/** Shown in place of the key, so that it cannot be read over a shoulder. */
const HIDDEN_KEY = "•".repeat(12);

/**
 * @import { Chat } from "../model/chat.js"
 * @import { Choice, Switch } from "../storage/preferences.js"
 * @typedef {{ preferencesChanged(): void, key(): string, forgetMe(): void, playSound(): void, setMuted(room: string, isMuted: boolean): string | null }} SettingsCallbacks
 */
/** @type {[string, Switch][]} */
const SWITCHES = [["set-presence", "hideMoves"], ["set-sound", "sound"], ["set-desktop", "desktop"]];

/** @type {Choice[]} */
const CHOICE_NAMES = ["theme", "clock"];

export class SettingsView {
  #callbacks;
  /** @type {Chat | null} */ #chat = null;

  /** @param {SettingsCallbacks} callbacks */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    for (const [id, name] of SWITCHES) on(id, "change", () => this.#setSwitch(id, name));
    for (const name of CHOICE_NAMES) {
      on(`set-${name}`, "change", () => {
        this.#chat?.preferences.choose(name, byId(`set-${name}`).value);
        callbacks.preferencesChanged();
      });
    }
    on("set-mute", "change", () => {
      const { room } = this.#chat ?? {};
      const error = room && callbacks.setMuted(room.name, byId("set-mute").checked);
      if (error) byId("set-mute").checked = !byId("set-mute").checked;
      callbacks.preferencesChanged();
    });
    on("key-show", "click", () => this.#showKey(byId("key-show").getAttribute("aria-pressed") !== "true"));
    on("key-copy", "click", async () => {
      const isCopied = await copyText(callbacks.key());
      if (!isCopied) this.#showKey(true);
      setText(byId("key-status"), isCopied ? "Key copied" : "This browser does not allow copying. Copy the key yourself");
    });
    on("forget", "click", () => {
      if (byId("forget").classList.contains("confirming")) callbacks.forgetMe();
      else this.#confirmForget(true);
    });
    on("forget", "blur", () => this.#confirmForget(false));
  }

  /** @param {Chat} chat */
  open(chat) {
    this.#chat = chat;
    const { room, me, preferences } = chat;
    for (const [id, name] of SWITCHES) byId(id).checked = preferences.isOn(name);
    for (const name of CHOICE_NAMES) byId(`set-${name}`).value = preferences.choice(name);
    // The browser may have withdrawn the permission since.
    byId("set-desktop").checked &&= globalThis.Notification?.permission === "granted";
    byId("set-mute").checked = room !== null && chat.isMuted(room.name);
    byId("set-mute").disabled = room === null;
    setText(byId("set-room"), room?.label ?? "the room");
    setText(byId("key-name"), me);
    this.#drawIgnored();
    this.#showKey(false);
    setText(byId("key-status"), "");
    setText(byId("set-desktop-error"), noNotifications());
    byId("set-desktop").disabled = noNotifications() !== "";
    byId("settings").showModal();
  }

  #drawIgnored() {
    const preferences = this.#chat?.preferences;
    const users = preferences?.ignored ?? [];
    byId("ignored").hidden = users.length === 0;
    byId("ignored-list").replaceChildren(...users.map((user) => {
      const show = button("Show again", () => {
        preferences?.setIgnored(user, false);
        this.#drawIgnored();
        this.#callbacks.preferencesChanged();
        byId("settings-title").focus(); // the button is gone
      }, { class: "plain", "aria-label": `Show messages from ${user} again` });
      return make("li", {}, make("bdi", {}, user), show);
    }));
  }

  /** @param {string} id @param {Switch} name */
  async #setSwitch(id, name) {
    const box = byId(id);
    const error = name === "desktop" && box.checked ? await requestDesktopPermission() : "";
    if (error) box.checked = false;
    if (name === "desktop") setText(byId("set-desktop-error"), error);
    this.#chat?.preferences.set(name, box.checked);
    if (name === "sound" && box.checked) this.#callbacks.playSound();
    this.#callbacks.preferencesChanged();
  }

  /** @param {boolean} isVisible */
  #showKey(isVisible) {
    byId("key").value = isVisible ? this.#callbacks.key() : HIDDEN_KEY;
    byId("key-show").setAttribute("aria-pressed", String(isVisible));
  }

  /** @param {boolean} isAsking */
  #confirmForget(isAsking) {
    byId("forget").classList.toggle("confirming", isAsking);
    setText(byId("forget"), isAsking ? "Really? Without the key the name is lost" : "Forget the key and leave");
  }
}
