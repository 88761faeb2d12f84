// Message actions: the buttons on a message, to reply, copy its link, edit and delete. Pointer, finger and
// keyboard reach them. All buttons of the list are one stop of the Tab key; arrow keys go on from there.

import { truncate } from "../text/text.js";
import { button, make } from "./dom.js";

/** Characters of a message in the labels of its buttons. */
const MAX_LABEL_CHARS = 40;

/** How long a delete waits to be confirmed. */
const CONFIRM_MS = 5_000;

/**
 * @typedef {{
 *   editMessage(seq: number, text: string): void, deleteMessage(seq: number): void,
 *   replyTo(seq: number): void, copyLink(seq: number): void,
 * }} MessageCallbacks
 * @typedef {{ seq: number, text: string, isMine: boolean }} ActionTarget A stored message, with its present text.
 */

/** Messages whose buttons are not made yet, and how to make them. @type {WeakMap<Element, () => HTMLElement>} */
const pendingActions = new WeakMap();

/**
 * Other users' messages get their buttons only when the pointer or the focus comes near: most never need them.
 * @param {HTMLElement} element @param {ActionTarget} message @param {MessageCallbacks} callbacks
 */
export function offerActions(element, message, callbacks) {
  if (message.isMine) element.append(buildActions(message, callbacks));
  else pendingActions.set(element, () => buildActions(message, callbacks));
}

/** The buttons of a message; makes them if necessary. @param {Element | null | undefined} message */
function ensureActions(message) {
  const there = message?.querySelector(".actions");
  const make = message && pendingActions.get(message);
  if (!there && make) message.append(make());
  return message?.querySelector(".actions") ?? null;
}

/** The bar, in a space as high as the message, in which it stays in view. @param {ActionTarget} message @param {MessageCallbacks} callbacks */
function buildActions({ seq, text, isMine }, callbacks) {
  const excerpt = truncate(text, MAX_LABEL_CHARS);
  const actions = make("div", { class: "actions" });
  if (isMine) {
    actions.append(actionButton("edit", "Edit", `Edit “${excerpt}”`, () => callbacks.editMessage(seq, text)));
    actions.append(deleteButton(excerpt, () => callbacks.deleteMessage(seq)));
  }
  actions.append(actionButton("reply", "Reply", `Reply to “${excerpt}”`, () => callbacks.replyTo(seq)));
  actions.append(actionButton("link", "Copy link", `Copy link to “${excerpt}”`, () => callbacks.copyLink(seq)));
  return make("div", { class: "actions-space" }, actions);
}

/** @param {string} name @param {string} text @param {string} label For screen readers. @param {() => void} act */
function actionButton(name, text, label, act) {
  return button(text, act, { class: name, tabindex: "-1", "aria-label": label });
}

/** A button that asks again before it does what cannot be undone. @param {string} excerpt @param {() => void} act */
function deleteButton(excerpt, act) {
  const label = `Delete “${excerpt}”`;
  const element = actionButton("delete", "Delete", label, () => {});
  let timer = 0;
  const setConfirming = (/** @type {boolean} */ isConfirming) => {
    clearTimeout(timer);
    if (isConfirming) timer = setTimeout(() => setConfirming(false), CONFIRM_MS);
    element.classList.toggle("confirming", isConfirming);
    element.textContent = isConfirming ? "Really delete?" : "Delete";
    element.setAttribute("aria-label", isConfirming ? `Really delete “${excerpt}”?` : label);
  };
  element.addEventListener("click", ({ detail }) => {
    if (detail > 1) return; // the second half of a double click does not confirm
    if (element.classList.contains("confirming")) act();
    else setConfirming(true);
  });
  element.addEventListener("blur", () => setConfirming(false));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.classList.contains("confirming")) return;
    setConfirming(false);
    event.stopPropagation();
  });
  return element;
}

/** Makes the buttons of a list one stop of the Tab key, and shows them on a tap. @param {HTMLElement} log */
export function enableActions(log) {
  log.addEventListener("keydown", (event) => {
    const here = /** @type {HTMLElement} */ (event.target);
    if (!here.matches(".actions button")) return;
    const alongMessage = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const alongList = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!alongMessage && !alongList) return;
    event.preventDefault();
    const all = alongMessage ? [...here.parentElement?.children ?? []] : messagesWithActions(log);
    const at = all.indexOf(/** @type {Element} */ (alongMessage ? here : here.closest(".message"))) + (alongMessage ?? alongList ?? 0);
    const next = alongMessage ? all[(at + all.length) % all.length] : all[at]; // within a message, the arrows wrap around
    // The same button of the other message, or its first.
    const actions = alongMessage ? null : ensureActions(next);
    const same = alongMessage ? next : actions?.querySelector(`.${here.classList[0]}`) ?? actions?.firstElementChild;
    /** @type {HTMLElement | null | undefined} */ (same)?.focus();
  });
  log.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && target.matches(".actions button")) setTabStop(log, target);
  });
  log.addEventListener("pointerover", ({ target }) => void ensureActions(target instanceof Element ? target.closest(".message") : null));
  // Without a pointer that hovers, a tap on a message shows its buttons.
  log.addEventListener("click", ({ target }) => {
    const tapped = target instanceof Element && !target.closest("a, button") && target.closest(".message:has(.actions)");
    for (const open of log.querySelectorAll(".message.open")) if (open !== tapped) open.classList.remove("open");
    if (tapped && matchMedia("(hover: none)").matches) tapped.classList.toggle("open");
  });
}

/**
 * The Tab key stops at the last message in view, unless the focus is on another.
 * @param {HTMLElement} log @param {number} bottom The lower edge of the view, in pixels from the top of the page.
 */
export function updateTabStop(log, bottom) {
  if (document.activeElement?.closest(".actions")) return;
  const messages = messagesWithActions(log);
  const stop = messages.findLast((message) => message.getBoundingClientRect().bottom <= bottom) ?? messages.at(-1);
  const actions = ensureActions(stop);
  // Removes buttons that are not in use, so that a long list stays light.
  for (const message of messages) if (message !== stop && pendingActions.has(message) && !message.matches(":hover, .open")) message.querySelector(".actions-space")?.remove();
  if (actions?.firstElementChild) setTabStop(log, actions.firstElementChild);
}

/** The messages that have buttons, or will get them. @param {HTMLElement} log */
function messagesWithActions(log) {
  return [...log.querySelectorAll(".message")].filter((message) => pendingActions.has(message) || message.querySelector(".actions"));
}

/** @param {HTMLElement} log @param {Element} stop */
function setTabStop(log, stop) {
  for (const each of log.querySelectorAll(".actions [tabindex='0']")) each.setAttribute("tabindex", "-1");
  stop.setAttribute("tabindex", "0");
}
