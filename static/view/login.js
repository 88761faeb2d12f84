// LoginView: the form for the name, the password if the server wants one, and the key.

import { BAD_NAME } from "../model/commands.js";
import { byId, onSubmit, setText } from "./dom.js";
import { isToken, isUserName } from "../protocol/names.js";

export class LoginView {
  #element = byId("login");
  #name = byId("name");
  #password = byId("password");
  #passwordRow = byId("password-row");
  #error = byId("login-error");
  /** The password that was sent last. */ #sent = "";

  /** @param {(user: string, password: string | null, key: string | null) => void} logIn */
  constructor(logIn) {
    onSubmit("login-form", () => {
      const user = this.#name.value.trim();
      if (!isUserName(user)) {
        this.show(user ? BAD_NAME : "Enter the name that others will see");
        this.#name.focus();
        return;
      }
      const key = byId("key-row").open ? byId("login-key").value.trim().toLowerCase() : "";
      if (key && !isToken(key)) return this.show("A key is 32 characters: digits and letters from a to f");
      this.#sent = this.#password.value;
      logIn(user, this.#passwordRow.hidden ? null : this.#password.value, key || null);
    });
    this.#name.addEventListener("input", () => setText(this.#error, ""));
  }

  /** @param {string} error @param {{ user?: string, isPasswordAsked?: boolean }} [ask] */
  show(error, { user, isPasswordAsked } = {}) {
    setText(this.#error, error);
    if (user !== undefined) this.#name.value = user;
    if (isPasswordAsked !== undefined) this.#passwordRow.hidden = !isPasswordAsked;
    if (!this.#element.hidden && isPasswordAsked === undefined) return;
    if (this.#element.hidden || this.#password.value === this.#sent) this.#password.value = "";
    this.#element.hidden = false;
    const field = isPasswordAsked ? this.#password : this.#name;
    if (field === this.#password && document.activeElement === field) return; // another one is being typed
    field.focus();
    field.select();
  }

  hide() {
    this.#element.hidden = true;
    this.#password.value = this.#sent = "";
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    byId("login-submit").disabled = isBusy;
    setText(byId("login-submit"), isBusy ? "Joining…" : "Join");
  }
}
