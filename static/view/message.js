// One row of a log as an element: a line with what can be done to it, a rule, a note.
// May know the DOM, and rows. May not know: where the row stands, what becomes of an act.

import { hue, splitLinks } from "../text/text.js";
import { formatTime, formatFull, formatIso } from "../text/time.js";
import { offerActions } from "./message-actions.js";
import { button, colouredName, linkNodes, make } from "./dom.js";
import { richText } from "./rich-text.js";

/**
 * @typedef {import("./rows.js").MessageRow} LineRow
 * @typedef {import("./message-actions.js").Callbacks & {
 *   openRoom(room: string): boolean, openMessage(seq: number): void, resend(cid: string): void, drop(cid: string): void,
 * }} Callbacks
 */

/** @param {import("./rows.js").Row} row @param {Callbacks} callbacks @returns {HTMLElement} */
export function buildRow(row, callbacks) {
  switch (row.kind) {
    case "message": return messageRow(row, callbacks);
    case "presence": return make("p", { class: "presence" }, ...presenceNodes(row.changes));
    case "topic": return unsentRow(row, callbacks, colouredName(row.user, hue(row.user)), ...topicNodes(row.text));
    case "edit": return unsentRow(row, callbacks, row.text);
  }
  const rule = make("p", { class: row.kind }, make("span", {}, row.text));
  for (const found of row.hits ?? []) rule.append(linkToMessage(found, callbacks));
  for (const [room, label] of row.rooms ?? []) rule.append(button(label, () => callbacks.openRoom(room), { class: "chip" }));
  return rule;
}

/** What of a row can change while it stands. @param {import("./rows.js").Row} row */
export function versionOf(row) {
  switch (row.kind) {
    case "message": return [
      row.isFirst, row.state, row.at, row.user, row.isMine, row.isMention, row.version, row.isEditing, row.quote?.user, row.quote?.text, ...row.failures.map(({ reason: why }) => why),
    ].join(" ");
    case "presence": return row.changes.join(" ");
    case "topic": case "edit": return [row.state, ...row.failures.map(({ reason: why }) => why)].join(" ");
    default: return row.text;
  }
}

/** @param {LineRow} row @param {Callbacks} callbacks */
function messageRow(row, callbacks) {
  const name = colouredName(row.user, hue(row.user));
  const time = make("time", { datetime: formatIso(row.at), title: formatFull(row.at) }, formatTime(row.at));
  const text = textElement(row);
  if (row.isMention) text.prepend(make("span", { class: "visually-hidden" }, "calls you: "));
  if (row.isAction) {
    text.prepend(name, " ");
    text.append(" ", time);
  }
  const line = make("div", { class: "message", "data-state": row.state, "aria-live": row.isMine ? "off" : undefined });
  for (const [kind, is] of Object.entries({
    first: row.isFirst, action: row.isAction, mine: row.isMine, mention: row.isMention, editing: row.isEditing, deleting: row.isDeleting,
  })) line.classList.toggle(kind, is);
  if (row.quote) line.append(linkToMessage(row.quote, callbacks, "answers "));
  if (row.isAction) line.append(text);
  else if (row.isFirst) line.append(make("div", { class: "message-header" }, name, time), text);
  else line.append(make("span", { class: "visually-hidden" }, `${row.user}: `), text, time);
  const { seq, text: now } = row;
  if (seq !== null && now !== null && !row.isDeleting) offerActions(line, { seq, text: now, isMine: row.isMine }, callbacks);
  for (const failure of row.failures) line.append(failureElement(failure, callbacks));
  return line;
}

/** What a line says, or that it says nothing any more. @param {LineRow} row */
function textElement({ text, isEdited }) {
  if (text === null) return make("div", { class: "text deleted" }, "deleted");
  const element = make("div", { class: "text", dir: "auto" }, ...richText(text));
  if (isEdited) element.append(" ", make("span", { class: "edited" }, "edited"));
  return element;
}

/** A line elsewhere, and the way to it. @param {import("./rows.js").Quote} quote @param {Callbacks} callbacks @param {string} [why] For who does not see it. */
function linkToMessage({ seq, user, text }, callbacks, why = "") {
  const name = user === null ? `line ${seq}` : colouredName(user, hue(user));
  const words = text ?? (user === null ? "" : "deleted");
  const link = make("a", { href: `#${seq}`, class: "quote" }, make("span", { class: "visually-hidden" }, why), name, " ", make("bdi", {}, words));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    callbacks.openMessage(seq);
  });
  return link;
}

/** @param {string} text */
function topicNodes(text) {
  return text ? [" set the topic: ", make("bdi", { class: "topic" }, ...linkNodes(splitLinks(text)))] : [" took the topic away"];
}

/** A row that may not be stored yet. @param {import("./rows.js").TopicRow | import("./rows.js").UnloadedEditRow} row @param {Callbacks} callbacks @param {(Node | string)[]} children */
function unsentRow({ state, failures }, callbacks, ...children) {
  const words = make("p", { class: "text" }, ...children);
  return make("div", { class: "note", "data-state": state }, words, ...failures.map((failure) => failureElement(failure, callbacks)));
}

/** @param {import("./rows.js").Failure} failure @param {Callbacks} callbacks */
function failureElement({ what, reason: why, cid }, callbacks) {
  return make("div", { class: "failure", role: "alert" }, make("span", {}, `${what}: ${why}`),
    button("Send again", () => callbacks.resend(cid)), button("Drop", () => callbacks.drop(cid)));
}

/** “ada, bob joined · eve left”. @param {[string, string][]} changes */
function presenceNodes(changes) {
  return ["joined", "left"].flatMap((what) => {
    const users = changes.filter(([, state]) => state === what).map(([user]) => colouredName(user, hue(user)));
    if (users.length === 0) return [];
    const isSecond = what === "left" && users.length < changes.length;
    return [isSecond ? " · " : "", ...users.flatMap((user, i) => (i ? [", ", user] : [user])), ` ${what}`];
  });
}
