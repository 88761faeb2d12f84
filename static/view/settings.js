// The settings: what to hear of and what to hide, the key of one's name, and the way out.
// May know the DOM. May not know: storage, sockets, what a key is good for.

import { button, byId, copy, make, say } from "./dom.js";
import { allowDesktop } from "./notifications.js";

/** What stands for a key that is not to be seen over a shoulder. */
const HIDDEN = "•".repeat(12);

/** @typedef {import("../storage/preferences.js").Switch} Switch */
/** @type {[string, Switch][]} */
const SWITCHES = [["set-moves", "hideMoves"], ["set-sound", "sound"], ["set-desktop", "desktop"]];

export class SettingsView {
  #acts;
  /** @type {import("../model/chat.js").House | null} */ #house = null;

  /** @param {import("./page.js").Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    for (const [id, name] of SWITCHES) byId(id).addEventListener("change", () => this.#turn(id, name));
    byId("set-mute").addEventListener("change", () => {
      if (this.#house?.room) this.#house.taste.mute(this.#house.room.name, byId("set-mute").checked);
      acts.changed();
    });
    byId("key-show").addEventListener("click", () => this.#show(byId("key-show").getAttribute("aria-pressed") !== "true"));
    byId("key-copy").addEventListener("click", async () => {
      const isCopied = await copy(acts.key());
      this.#say(isCopied ? "Key copied" : "This browser does not let the page copy");
    });
    byId("forget").addEventListener("click", () => {
      if (byId("forget").classList.contains("sure")) acts.forgetMe();
      else this.#ask(true);
    });
    byId("forget").addEventListener("blur", () => this.#ask(false));
  }

  /** @param {import("../model/chat.js").House} house */
  open(house) {
    this.#house = house;
    const { room, me, taste } = house;
    for (const [id, name] of SWITCHES) byId(id).checked = taste.has(name);
    // A switch does not say on where the browser has said no since.
    byId("set-desktop").checked &&= globalThis.Notification?.permission === "granted";
    byId("set-mute").checked = room !== null && taste.isMuted(room.name);
    byId("set-mute").disabled = room === null;
    say(byId("set-room"), room?.label ?? "the room");
    say(byId("key-name"), me);
    this.#ignored();
    this.#show(false);
    this.#say("");
    byId("settings").showModal();
  }

  #ignored() {
    const taste = this.#house?.taste;
    const users = taste?.ignored ?? [];
    byId("ignored").hidden = users.length === 0;
    byId("ignored-list").replaceChildren(...users.map((user) => {
      const show = button("Show again", () => {
        taste?.ignore(user, false);
        this.#ignored();
        this.#acts.changed();
        byId("settings-title").focus(); // the button is gone
      }, { class: "plain", "aria-label": `Show again what ${user} writes` });
      return make("li", {}, make("bdi", {}, user), show);
    }));
  }

  /** @param {string} id @param {Switch} name */
  async #turn(id, name) {
    const box = byId(id);
    const why = name === "desktop" && box.checked ? await allowDesktop() : "";
    if (why) box.checked = false;
    this.#say(why);
    this.#house?.taste.turn(name, box.checked);
    if (name === "sound" && box.checked) this.#acts.trySound();
    this.#acts.changed();
  }

  /** @param {boolean} is */
  #show(is) {
    byId("key").value = is ? this.#acts.key() : HIDDEN;
    byId("key-show").setAttribute("aria-pressed", String(is));
  }

  /** @param {boolean} isAsking */
  #ask(isAsking) {
    byId("forget").classList.toggle("sure", isAsking);
    say(byId("forget"), isAsking ? "Really? Without the key the name is lost" : "Forget the key and leave");
  }

  /** @param {string} words */
  #say(words) {
    say(byId("set-why"), words);
  }
}
