// The door: a name is asked for here, and a password if the server wants one.
// May know the DOM. May not know: sockets, the protocol, storage.

import { BAD_NAME } from "../model/commands.js";
import { byId, say } from "./dom.js";
import { isToken, isName } from "../protocol/names.js";

export class DoorView {
  #door = byId("door");
  #name = byId("name");
  #password = byId("password");
  #secret = byId("secret");
  #why = byId("why");

  /** @param {import("./page.js").Acts["enter"]} enter */
  constructor(enter) {
    byId("enter").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const user = this.#name.value.trim();
      if (!isName(user)) {
        this.show(user ? BAD_NAME : "Which name shall the others see?");
        this.#name.focus();
        return;
      }
      const key = byId("held").open ? byId("held-key").value.trim().toLowerCase() : "";
      if (key && !isToken(key)) return this.show("A key is 32 digits and letters from a to f");
      enter(user, this.#secret.hidden ? null : this.#password.value, key || null);
    });
    this.#name.addEventListener("input", () => say(this.#why, ""));
  }

  /** @param {string} why @param {{ user?: string, isPasswordAsked?: boolean }} [ask] */
  show(why, { user, isPasswordAsked } = {}) {
    say(this.#why, why);
    if (user !== undefined) this.#name.value = user;
    if (isPasswordAsked !== undefined) this.#secret.hidden = !isPasswordAsked;
    if (!this.#door.hidden && isPasswordAsked === undefined) return;
    this.#door.hidden = false;
    this.#password.value = "";
    const field = isPasswordAsked ? this.#password : this.#name;
    field.focus();
    field.select();
  }

  hide() {
    this.#door.hidden = true;
  }

  /** @param {boolean} isBusy */
  busy(isBusy) {
    byId("go").disabled = isBusy;
    say(byId("go"), isBusy ? "Joining…" : "Join");
  }
}
