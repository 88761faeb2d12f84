// What can be done to a line: answered, its link copied, and one's own edited and deleted. The buttons are on
// it, where a pointer, a finger and the keyboard reach them. The log is one stop of the Tab key; arrows go on from there.
// May know the DOM. May not know: lines, what becomes of an act.

import { button, make } from "./dom.js";

/** Characters of a line in the name of its button. */
const MAX_LABEL_CHARS = 40;

/** A delete that was asked about is forgotten again after this long. */
const CONFIRM_MS = 5_000;

/**
 * @typedef {{
 *   editMessage(seq: number, text: string): void, deleteMessage(seq: number): void,
 *   replyTo(seq: number): void, copyLink(seq: number): void,
 * }} Callbacks
 */

/** What can be done to lines whose buttons are not made yet. @type {WeakMap<Element, () => HTMLElement>} */
const pendingActions = new WeakMap();

/**
 * Other people's lines get their buttons when somebody comes near: most never need any.
 * @param {HTMLElement} line @param {{ seq: number, text: string, isMine: boolean }} what @param {Callbacks} callbacks
 */
export function offerActions(line, what, callbacks) {
  if (what.isMine) line.append(buildActions(what, callbacks));
  else pendingActions.set(line, () => buildActions(what, callbacks));
}

/** The buttons of a line, made now if they are not there. @param {Element | null | undefined} line */
function ensureActions(line) {
  const there = line?.querySelector(".actions");
  const make = line && pendingActions.get(line);
  if (!there && make) line.append(make());
  return line?.querySelector(".actions") ?? null;
}

/** @param {{ seq: number, text: string, isMine: boolean }} line @param {Callbacks} callbacks */
function buildActions({ seq, text, isMine }, callbacks) {
  const glimpse = text.length > MAX_LABEL_CHARS ? `${text.slice(0, MAX_LABEL_CHARS)}…` : text;
  const edit = button("Edit", () => callbacks.editMessage(seq, text), { class: "edit", tabindex: "-1", "aria-label": `Edit “${glimpse}”` });
  const link = button("Copy link", () => callbacks.copyLink(seq), { class: "link", tabindex: "-1", "aria-label": `Copy link to “${glimpse}”` });
  const reply = button("Reply", () => callbacks.replyTo(seq), { class: "reply", tabindex: "-1", "aria-label": `Reply to “${glimpse}”` });
  return make("div", { class: "actions" }, ...(isMine ? [edit, deleteButton(glimpse, () => callbacks.deleteMessage(seq))] : []), reply, link);
}

/** A button that asks once more before it does what nothing undoes. @param {string} glimpse @param {() => void} act */
function deleteButton(glimpse, act) {
  const label = `Delete “${glimpse}”`;
  const element = button("Delete", () => {}, { class: "delete", tabindex: "-1", "aria-label": label });
  let timer = 0;
  const ask = (/** @type {boolean} */ isAsking) => {
    clearTimeout(timer);
    if (isAsking) timer = setTimeout(() => ask(false), CONFIRM_MS);
    element.classList.toggle("confirming", isAsking);
    element.textContent = isAsking ? "Really delete?" : "Delete";
    element.setAttribute("aria-label", isAsking ? `Really delete “${glimpse}”?` : label);
  };
  element.addEventListener("click", ({ detail }) => {
    if (detail > 1) return; // the second half of a double click is no answer
    if (element.classList.contains("confirming")) act();
    else ask(true);
  });
  element.addEventListener("blur", () => ask(false));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.classList.contains("confirming")) return;
    ask(false);
    event.stopPropagation();
  });
  return element;
}

/** Makes the buttons of a log one stop of the Tab key, and lets a finger bring them up. @param {HTMLElement} log */
export function enableActions(log) {
  log.addEventListener("keydown", (event) => {
    const here = /** @type {HTMLElement} */ (event.target);
    if (!here.matches(".actions button")) return;
    const inLine = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const inLog = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!inLine && !inLog) return;
    event.preventDefault();
    const all = inLine ? [...here.parentElement?.children ?? []] : messagesWithActions(log);
    const at = all.indexOf(/** @type {Element} */ (inLine ? here : here.closest(".message"))) + (inLine ?? inLog ?? 0);
    const next = inLine ? all[(at + all.length) % all.length] : all[at]; // along a line it goes round
    // From line to line it is the same act; where a line has it not, its first.
    const acts = inLine ? null : ensureActions(next);
    const same = inLine ? next : acts?.querySelector(`.${here.classList[0]}`) ?? acts?.firstElementChild;
    /** @type {HTMLElement | null | undefined} */ (same)?.focus();
  });
  log.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && target.matches(".actions button")) setTabStop(log, target);
  });
  log.addEventListener("pointerover", ({ target }) => void ensureActions(target instanceof Element ? target.closest(".message") : null));
  // Where nothing hovers, a tap on a line shows what can be done to it.
  log.addEventListener("click", ({ target }) => {
    const tapped = target instanceof Element && !target.closest("a, button") && target.closest(".message:has(.actions)");
    for (const open of log.querySelectorAll(".message.open")) if (open !== tapped) open.classList.remove("open");
    if (tapped && matchMedia("(hover: none)").matches) tapped.classList.toggle("open");
  });
}

/**
 * The Tab key stops at the last line in view, unless the focus went on to another.
 * @param {HTMLElement} log @param {number} bottom Where the view ends, in pixels from the top of the page.
 */
export function updateTabStop(log, bottom) {
  if (document.activeElement?.closest(".actions")) return;
  const lines = messagesWithActions(log);
  const stop = lines.findLast((line) => line.getBoundingClientRect().bottom <= bottom) ?? lines.at(-1);
  const acts = ensureActions(stop);
  // What nobody is near any more goes again, so that a long log stays light.
  for (const line of lines) if (line !== stop && pendingActions.has(line) && !line.matches(":hover, .open")) line.querySelector(".actions")?.remove();
  if (acts?.firstElementChild) setTabStop(log, acts.firstElementChild);
}

/** The lines to which something can be done. @param {HTMLElement} log */
function messagesWithActions(log) {
  return [...log.querySelectorAll(".message")].filter((line) => pendingActions.has(line) || line.querySelector(".actions"));
}

/** @param {HTMLElement} log @param {Element} stop */
function setTabStop(log, stop) {
  for (const each of log.querySelectorAll(".actions [tabindex='0']")) each.setAttribute("tabindex", "-1");
  stop.setAttribute("tabindex", "0");
}
