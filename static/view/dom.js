// DOM helpers of the views. Text becomes text nodes, and nothing else.

/** @import { TextPart } from "../text/text.js" */

/** @param {string} id @returns {any} An element of index.html. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/**
 * Calls `handler` at each event of an element of index.html.
 * @template {keyof HTMLElementEventMap} Type
 * @param {string} id @param {Type} type @param {(event: HTMLElementEventMap[Type]) => void} handler
 */
export function on(id, type, handler) {
  byId(id).addEventListener(type, handler);
}

/** Calls `act` in place of sending a form. @param {string} id @param {() => void} act */
export function onSubmit(id, act) {
  on(id, "submit", (event) => {
    event.preventDefault();
    act();
  });
}

/** Calls `act` in place of following a link, unless a key asks for a new tab or window. @param {HTMLElement} link @param {() => void} act */
export function onFollow(link, act) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act();
  });
}

/**
 * @param {string} tag @param {Record<string, string | boolean | undefined>} attributes
 * @param {...(Node | string)} children Strings become text nodes.
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** @param {string} label @param {() => void} act @param {Record<string, string>} [attributes] */
export function button(label, act, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", act);
  return element;
}

/** Text for screen readers only. @param {string} text */
export function hiddenText(text) {
  return make("span", { class: "visually-hidden" }, text);
}

/** A name in its colour; `bdi` keeps its direction from the text around it. @param {string} name @param {number} hue */
export function colouredName(name, hue) {
  const element = make("bdi", { class: "name", title: name }, name);
  element.style.setProperty("--hue", String(hue));
  return element;
}

/** @param {TextPart[]} parts */
export function linkNodes(parts) {
  return parts.map(({ text, href }) => (href ? make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text));
}

/** A text in which `words` are marked wherever they are, in upper or lower case. @param {string} text @param {string} words @returns {(Node | string)[]} */
export function highlight(text, words) {
  const [lower, wanted] = [text.toLowerCase(), words.toLowerCase()];
  if (!wanted || lower.length !== text.length) return [text]; // the lower case of a few letters is longer: no place is known then
  /** @type {(Node | string)[]} */
  const parts = [];
  let done = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, done)) {
    parts.push(text.slice(done, at), make("mark", {}, text.slice(at, at + wanted.length)));
    done = at + wanted.length;
  }
  return [...parts, text.slice(done)];
}

/** Sets a text if it is new, so that nothing is announced twice. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` match `rows`, in order. A node stays as long as the key and the version of
 * its row; `build` makes the others. The focus stays with its row.
 * @template Row @param {Element} parent @param {Row[]} rows
 * @param {(row: Row) => { key: string, version: string }} identity @param {(row: Row) => HTMLElement} build
 */
export function reconcile(parent, rows, identity, build) {
  const old = new Map([...parent.children].map((node) => [node.getAttribute("data-key"), node]));
  const wanted = rows.map((row) => ({ row, ...identity(row) }));
  const keys = new Set(wanted.map(({ key }) => key));
  for (const [key, node] of old) if (!keys.has(key ?? "")) node.remove(); // first, or the others would be moved before them, and lose the focus
  let next = parent.firstElementChild;
  for (const { row, key, version } of wanted) {
    let node = old.get(key);
    old.delete(key);
    if (node?.getAttribute("data-version") !== version) {
      const fresh = build(row);
      fresh.setAttribute("data-key", key);
      fresh.setAttribute("data-version", version);
      const hadFocus = node?.contains(document.activeElement);
      if (node === next) next = node?.nextElementSibling ?? null;
      node?.replaceWith(fresh);
      node = fresh;
      if (hadFocus) /** @type {HTMLElement | null} */ (fresh.querySelector("a, button"))?.focus();
    }
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/** Copies a text with the clipboard API, or else by selecting it. @param {string} text @returns {Promise<boolean>} Whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // a page from the network without TLS has no clipboard
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = /** @type {HTMLTextAreaElement} */ (make("textarea", { class: "visually-hidden", readonly: true, "aria-hidden": "true" }));
  area.value = text;
  (focused?.closest("dialog") ?? document.body).append(area); // while a dialog is open, only its content can be selected
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}
