// One row of the message list as an element: a message with its buttons, a rule or a note.

import { countRows, isLong } from "../text/markup.js";
import { roomNamesIn } from "../text/room-links.js";
import { hue, splitLinks } from "../text/text.js";
import { formatTime, formatFull, formatIso, formatMoment } from "../text/time.js";
import { setCopied } from "./copying.js";
import { offerActions } from "./message-actions.js";
import { button, colouredName, hiddenText, highlight, linkNodes, make, onFollow } from "./dom.js";
import { richText } from "./rich-text.js";

/** Characters of a folded message from which on its layout takes time: 10 ms for 2,000 combining marks. */
const MIN_SLOW_CHARS = 1_000;

/** What the mark of a new owner means. */
const NEW_OWNER = "name was someone else’s before in this room";

/** Names in one presence summary: more would fill the screen. */
const MAX_NAMES = 20;

/**
 * @import { MessageCallbacks } from "./message-actions.js"
 * @import { Failure, Hit, IgnoredRow, MessageRow, PresenceRow, Quote, Row, TopicRow, UnloadedEditRow } from "./rows.js"
 * @typedef {MessageCallbacks & {
 *   openRoom(room: string): boolean, isRoom(name: string): boolean, openMessage(seq: number): void, toggleFold(key: string, keys?: string[]): void, loadOlder(): void, resend(cid: string): void, drop(cid: string): void,
 * }} RowCallbacks
 */

/** @param {Row} row @param {RowCallbacks} callbacks */
export function buildRow(row, callbacks) {
  switch (row.kind) {
    case "message": return messageRow(row, callbacks);
    case "presence": return make("p", { class: "presence" }, ...presenceNodes(row));
    case "topic": return unsentRow(row, callbacks, colouredName(row.user, hue(row.user)), ...topicNodes(row.text));
    case "edit": return unsentRow(row, callbacks, row.text);
    case "ignored": return ignoredRow(row, callbacks);
  }
  const rule = make("p", { class: row.kind }, make("span", {}, row.text));
  if (row.isPaused) rule.append(button("Load older messages", callbacks.loadOlder, { class: "chip" }));
  for (const found of row.hits ?? []) rule.append(linkToHit(found, callbacks));
  for (const [room, label] of row.rooms ?? []) rule.append(button(label, () => callbacks.openRoom(room), { class: "chip" }));
  return rule;
}

/** What the element of a row depends on: if it changes, the element is built again. @param {Row} row @param {RowCallbacks} callbacks */
export function versionOf(row, callbacks) {
  switch (row.kind) {
    case "message": return [
      row.isFirst, row.state, row.at, row.user, row.isMine, row.isMention, row.isNewOwner, row.version, row.isEditing, row.isUnfolded, row.quote?.user, row.quote?.text, ...roomNamesIn(row.text ?? "").filter(callbacks.isRoom), ...row.failures.map(({ reason }) => reason),
    ].join(" ");
    case "presence": return `${row.changes.join(" ")} ${row.renames.join(" ")}`;
    case "topic": case "edit": return [row.state, ...row.failures.map(({ reason }) => reason)].join(" ");
    case "ignored": return `${row.text} ${row.keys[0]} ${row.isUnfolded}`;
    default: return [row.text, ...(row.hits ?? []).map(({ text }) => text)].join(" ");
  }
}

/** @param {MessageRow} row @param {RowCallbacks} callbacks */
function messageRow(row, callbacks) {
  const author = [colouredName(row.user, hue(row.user)), ...(row.isNewOwner ? [newOwnerMark()] : [])];
  const time = make("time", { datetime: formatIso(row.at), title: formatFull(row.at) }, formatTime(row.at));
  const text = textElement(row, callbacks);
  if (row.isMention) text.prepend(hiddenText("mentions you: "));
  if (row.isAction) {
    text.prepend(...author.flatMap((node) => [node, " "]));
    text.append(" ", time);
  }
  const element = make("div", { class: "message", "data-state": row.state });
  setCopied(element, row);
  for (const [kind, is] of Object.entries({
    first: row.isFirst, action: row.isAction, mine: row.isMine, mention: row.isMention, editing: row.isEditing, deleting: row.isDeleting, unfolded: row.isUnfolded, long: isLong(row.text ?? "") && text.textContent.length > MIN_SLOW_CHARS,
  })) element.classList.toggle(kind, is);
  if (row.quote) element.append(linkToMessage(row.quote, callbacks, "reply to "));
  if (row.isAction) element.append(text);
  else if (row.isFirst) element.append(make("div", { class: "message-header" }, ...author, time), text);
  else element.append(hiddenText(`${row.user}: `), text, time);
  offerFold(text, row, callbacks);
  const { seq, text: now } = row;
  if (seq !== null && now !== null && !row.isDeleting) offerActions(element, { seq, text: now, isMine: row.isMine }, callbacks);
  for (const failure of row.failures) element.append(failureElement(failure, callbacks));
  return element;
}

/** Behind the name of an author who has it from someone else. A title alone is not read out. */
function newOwnerMark() {
  return make("span", { class: "new-owner", title: `This ${NEW_OWNER}` }, "new owner", hiddenText(`: this ${NEW_OWNER}`));
}

/** The note above ignored messages: a button that shows them, and hides them again. @param {IgnoredRow} row @param {RowCallbacks} callbacks */
function ignoredRow({ key, text, keys, isUnfolded }, callbacks) {
  const toggle = button(text, () => callbacks.toggleFold(key, keys), { class: "fold plain", "aria-expanded": String(isUnfolded) });
  toggle.append(make("span", {}, isUnfolded ? ": hide" : ": show"));
  return make("p", { class: "ignored" }, toggle);
}

/** The text of a message, or that it was deleted. @param {MessageRow} row @param {RowCallbacks} callbacks */
function textElement({ text, isEdited, isUnfolded }, callbacks) {
  if (text === null) return make("div", { class: "text deleted" }, "deleted");
  const element = make("div", { class: "text", dir: "auto" }, ...richText(text, isLong(text) && !isUnfolded, callbacks));
  if (isEdited) element.append(" ", make("span", { class: "edited" }, "edited"));
  return element;
}

/** What adds the button to a text that is not long, but may be too high for a narrow page. @type {WeakMap<Element, () => void>} */
const pendingFolds = new WeakMap();

const heights = new ResizeObserver((entries) => {
  for (const { target } of entries.filter((entry) => isCut(entry.target))) {
    heights.unobserve(target);
    pendingFolds.get(target)?.();
  }
});

/** Whether the style sheet cuts a text at its maximal height. @param {Element} text */
function isCut(text) {
  return text.scrollHeight > text.clientHeight && text.clientHeight >= parseFloat(getComputedStyle(text).maxHeight);
}

/** Adds the button that shows a message whole, and folds it again, as soon as it needs one. @param {HTMLElement} element @param {MessageRow} row @param {RowCallbacks} callbacks */
function offerFold(element, { key, text, isUnfolded }, callbacks) {
  if (!text) return;
  const rows = countRows(text);
  const label = isUnfolded ? "Show less" : rows > 1 ? `Show all ${rows.toLocaleString()} lines` : "Show all";
  const add = () => element.after(button(label, () => callbacks.toggleFold(key), { class: "fold plain", "aria-expanded": String(isUnfolded) }));
  if (isUnfolded || isLong(text)) return add();
  pendingFolds.set(element, add);
  heights.observe(element);
}

/** Whether a row of the list hides a part of its message. @param {Element} row */
export function isFolded(row) {
  const text = row.querySelector(".text");
  return row.querySelector('.fold[aria-expanded="false"]') !== null || (text !== null && isCut(text));
}

/** @param {Quote} quote @param {RowCallbacks} callbacks @param {string} [prefix] For screen readers. @param {string} [number] Shown before it, for commands. */
function linkToMessage({ seq, user, text }, callbacks, prefix = "", number = "") {
  const name = user === null ? `message #${seq}` : colouredName(user, hue(user));
  const shown = text ?? (user === null ? "" : "deleted");
  const link = make("a", { href: `#${seq}`, class: "quote" }, hiddenText(prefix), number, name, " ", make("bdi", {}, shown));
  onFollow(link, () => callbacks.openMessage(seq));
  return link;
}

/** A message that a search found or a command lists, with its time and its number. @param {Hit} hit @param {RowCallbacks} callbacks */
function linkToHit(hit, callbacks) {
  const link = linkToMessage(hit, callbacks, "", `#${hit.seq} `);
  if (hit.text !== null) link.lastElementChild?.replaceChildren(...highlight(hit.text, hit.words));
  link.prepend(make("time", { datetime: formatIso(hit.at), title: formatFull(hit.at) }, formatMoment(hit.at)), " ");
  return link;
}

/** @param {string} text */
function topicNodes(text) {
  return text ? [" set the topic: ", make("bdi", { class: "topic" }, ...linkNodes(splitLinks(text)))] : [" removed the topic"];
}

/** A row that may not be stored yet. @param {TopicRow | UnloadedEditRow} row @param {RowCallbacks} callbacks @param {(Node | string)[]} children */
function unsentRow({ state, failures }, callbacks, ...children) {
  const element = make("p", { class: "text" }, ...children);
  return make("div", { class: "note", "data-state": state }, element, ...failures.map((failure) => failureElement(failure, callbacks)));
}

/** @param {Failure} failure @param {RowCallbacks} callbacks */
function failureElement({ what, reason, cid }, callbacks) {
  return make("div", { class: "failure" }, make("span", {}, `${what}: ${reason}`),
    button("Send again", () => callbacks.resend(cid)), button("Drop", () => callbacks.drop(cid)));
}

/** “ada, bob joined · eve left · dan is now known as Daniel”. @param {PresenceRow} row */
function presenceNodes({ changes, renames }) {
  const coloured = (/** @type {string} */ user) => colouredName(user, hue(user));
  const parts = ["joined", "left"].flatMap((what) => {
    const users = changes.filter(([, state]) => state === what).map(([user]) => [coloured(user)]);
    return users.length ? [[...join(users, ", "), ` ${what}`]] : [];
  });
  if (renames.length) parts.push(join(renames.map(([to, from]) => [coloured(from), " is now known as ", coloured(to)]), " · "));
  return join(parts, " · ");
}

/** @param {(Node | string)[][]} parts @param {string} between */
function join(parts, between) {
  const shown = parts.slice(0, MAX_NAMES).flatMap((nodes, i) => (i ? [between, ...nodes] : nodes));
  return parts.length > MAX_NAMES ? [...shown, ` and ${parts.length - MAX_NAMES} more`] : shown;
}
