// LoginView: the form for the name, the password if the server wants one, and the key.

import { BAD_NAME } from "../model/commands.js";
import { byId, onSubmit, setText } from "./dom.js";
import { FieldError } from "./field-error.js";
import { fitUserName, isToken, isUserName } from "../protocol/names.js";

/** @param {string} user */
export function nameInUse(user) {
  return `The name ${user} is in use. If it is yours, enter its key below.`;
}

export const BAD_KEY = "A key is 32 characters: digits and letters from a to f";

export class LoginView {
  #element = byId("login");
  #name = byId("name");
  #password = byId("password");
  #passwordRow = byId("password-row");
  #error = byId("login-error");
  /** The password that was sent last. */ #sent = "";
  #errors = { "name": new FieldError("name"), "password": new FieldError("password"), "login-key": new FieldError("login-key") };

  /** @param {(user: string, password: string | null, key: string | null) => void} logIn */
  constructor(logIn) {
    onSubmit("login-form", () => {
      this.#clearErrors();
      const user = this.#name.value.trim();
      if (!user) return this.#errors.name.show("Enter the name that others will see");
      if (!isUserName(user)) return this.#errors.name.show(BAD_NAME, fitUserName(user));
      const key = byId("key-row").open ? byId("login-key").value.trim().toLowerCase() : "";
      if (key && !isToken(key)) return this.#errors["login-key"].show(BAD_KEY);
      this.#sent = this.#password.value;
      logIn(user, this.#passwordRow.hidden ? null : this.#password.value, key || null);
    });
  }

  /**
   * @param {string} error
   * @param {{ user?: string, isPasswordAsked?: boolean, field?: "name" | "password" | "login-key" }} [about] `field`: the field of the error.
   */
  show(error, { user, isPasswordAsked, field } = {}) {
    const wasHidden = this.#element.hidden;
    this.#element.hidden = false;
    this.#clearErrors();
    if (user !== undefined) this.#name.value = user;
    if (isPasswordAsked !== undefined) {
      this.#passwordRow.hidden = !isPasswordAsked;
      if (wasHidden || this.#password.value === this.#sent) this.#password.value = "";
    }
    const isTyping = field === "password" && document.activeElement === this.#password && this.#password.value !== "";
    if (field) return this.#errors[field].show(error, null, !isTyping); // another one is being typed
    setText(this.#error, error);
    if (wasHidden || isPasswordAsked !== undefined) this.#name.focus();
  }

  /** Opens the field for the key. */
  askForKey() {
    byId("key-row").open = true;
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

  #clearErrors() {
    setText(this.#error, "");
    for (const error of Object.values(this.#errors)) error.clear();
  }
}
