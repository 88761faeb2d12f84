// RenameForm: the form for another name. It stays open until the server has answered, and shows why the name was refused.

import { BAD_NAME } from "../model/commands.js";
import { byId, on, onSubmit, setText } from "./dom.js";
import { FieldError } from "./field-error.js";
import { BAD_KEY, nameInUse } from "./login.js";
import { fitUserName, isToken, isUserName } from "../protocol/names.js";

/**
 * @typedef {{ rename(user: string): boolean, switchTo(user: string, key: string): void }} RenameCallbacks
 *     `rename` returns whether there is a server to answer. `switchTo` continues under another name of the person, which the key proves.
 */

export class RenameForm {
  #form = byId("rename");
  #name = byId("new-name");
  #key = byId("new-name-key");
  #nameError = new FieldError("new-name");
  #keyError = new FieldError("new-name-key");
  /** The name that the server was asked for. @type {string | null} */ #requested = null;
  /** A name in use, whose key may be entered. */ #taken = "";

  /** @param {RenameCallbacks} callbacks @param {(text: string) => void} hint */
  constructor(callbacks, hint) {
    onSubmit("rename", () => this.#submit(callbacks, hint));
    on("new-name", "input", () => this.#setTaken(""));
    on("rename", "toggle", () => {
      if (this.#form.matches(":popover-open")) return;
      this.#setRequested(null);
      this.#setTaken("");
      this.#nameError.clear();
      this.#name.value = "";
    });
  }

  /** The server refused a name. Returns whether the form asked for it, and shows why not. @param {{ code: string, message: string }} error */
  refused({ code, message }) {
    const user = this.#requested;
    if (user === null) return false;
    this.#setRequested(null);
    if (code === "name_taken") this.#setTaken(user);
    this.#nameError.show(code === "name_taken" ? nameInUse(user) : message);
    return true;
  }

  /** The person has another name now. */
  renamed() {
    if (this.#requested !== null) this.#close();
  }

  /** @param {RenameCallbacks} callbacks @param {(text: string) => void} hint */
  #submit({ rename, switchTo }, hint) {
    const user = this.#name.value.trim();
    if (!user) return this.#nameError.show("Enter your new name");
    if (!isUserName(user)) return this.#nameError.show(BAD_NAME, fitUserName(user));
    const key = this.#key.value.trim().toLowerCase();
    if (this.#taken === user && key) return isToken(key) ? switchTo(user, key) : this.#keyError.show(BAD_KEY);
    this.#nameError.clear();
    this.#setRequested(user);
    if (rename(user)) return;
    this.#close();
    hint(`You are offline. Your name changes to ${user} once you are connected`);
  }

  #close() {
    if (this.#form.matches(":popover-open")) this.#form.hidePopover();
  }

  /** @param {string} user */
  #setTaken(user) {
    this.#taken = user;
    byId("new-name-key-row").hidden = !user;
    this.#key.value = "";
    this.#keyError.clear();
  }

  /** @param {string | null} user */
  #setRequested(user) {
    this.#requested = user;
    byId("rename-submit").disabled = user !== null;
    setText(byId("rename-submit"), user === null ? "Change name" : "Changing…");
  }
}
