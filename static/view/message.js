// One row of a log as an element: a line with what can be done to it, a rule, a note.
// May know the DOM, and rows. May not know: where the row stands, what becomes of an act.

import { hue, tokens } from "../text/text.js";
import { clock, full, iso } from "../text/time.js";
import { offer } from "./message-actions.js";
import { button, coloured, linked, make } from "./dom.js";
import { written } from "./rich-text.js";

/**
 * @typedef {import("./rows.js").LineRow} LineRow
 * @typedef {import("./page.js").Acts} Acts
 */

/** @param {import("./rows.js").Row} row @param {Acts} acts @returns {HTMLElement} */
export function build(row, acts) {
  switch (row.kind) {
    case "line": return line(row, acts);
    case "moves": return make("p", { class: "moves" }, ...moved(row.moves));
    case "topic": return unstored(row, acts, coloured(row.user, hue(row.user)), ...topic(row.text));
    case "late": return unstored(row, acts, row.text);
  }
  const rule = make("p", { class: row.kind }, make("span", {}, row.text));
  for (const found of row.lines ?? []) rule.append(pointer(found, acts));
  for (const [room, label] of row.rooms ?? []) rule.append(button(label, () => acts.visit(room), { class: "chip" }));
  return rule;
}

/** What of a row can change while it stands. @param {import("./rows.js").Row} row */
export function mark(row) {
  switch (row.kind) {
    case "line": return [
      row.isFirst, row.state, row.at, row.user, row.isMine, row.isMention, row.version, row.isEditing, row.quote?.user, row.quote?.text, ...row.failures.map(({ why }) => why),
    ].join(" ");
    case "moves": return row.moves.join(" ");
    case "topic": case "late": return [row.state, ...row.failures.map(({ why }) => why)].join(" ");
    default: return row.text;
  }
}

/** @param {LineRow} row @param {Acts} acts */
function line(row, acts) {
  const name = coloured(row.user, hue(row.user));
  const time = make("time", { datetime: iso(row.at), title: full(row.at) }, clock(row.at));
  const text = words(row);
  if (row.isMention) text.prepend(make("span", { class: "unseen" }, "calls you: "));
  if (row.isAction) {
    text.prepend(name, " ");
    text.append(" ", time);
  }
  const line = make("div", { class: "line", "data-state": row.state, "aria-live": row.isMine ? "off" : undefined });
  for (const [kind, is] of Object.entries({
    first: row.isFirst, action: row.isAction, mine: row.isMine, mention: row.isMention, editing: row.isEditing, going: row.isGoing,
  })) line.classList.toggle(kind, is);
  if (row.quote) line.append(pointer(row.quote, acts, "answers "));
  if (row.isAction) line.append(text);
  else if (row.isFirst) line.append(make("div", { class: "who" }, name, time), text);
  else line.append(make("span", { class: "unseen" }, `${row.user}: `), text, time);
  const { seq, text: now } = row;
  if (seq !== null && now !== null && !row.isGoing) offer(line, { seq, text: now, isMine: row.isMine }, acts);
  for (const failure of row.failures) line.append(failed(failure, acts));
  return line;
}

/** What a line says, or that it says nothing any more. @param {LineRow} row */
function words({ text, isEdited }) {
  if (text === null) return make("div", { class: "text gone" }, "deleted");
  const element = make("div", { class: "text", dir: "auto" }, ...written(text));
  if (isEdited) element.append(" ", make("span", { class: "edited" }, "edited"));
  return element;
}

/** A line elsewhere, and the way to it. @param {import("./rows.js").Quote} quote @param {Acts} acts @param {string} [why] For who does not see it. */
function pointer({ seq, user, text }, acts, why = "") {
  const name = user === null ? `line ${seq}` : coloured(user, hue(user));
  const words = text ?? (user === null ? "" : "deleted");
  const link = make("a", { href: `#${seq}`, class: "quote" }, make("span", { class: "unseen" }, why), name, " ", make("bdi", {}, words));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    acts.goTo(seq);
  });
  return link;
}

/** @param {string} text */
function topic(text) {
  return text ? [" set the topic: ", make("bdi", { class: "topic" }, ...linked(tokens(text)))] : [" took the topic away"];
}

/** A row that may not be stored yet. @param {import("./rows.js").TopicRow | import("./rows.js").LateRow} row @param {Acts} acts @param {(Node | string)[]} children */
function unstored({ state, failures }, acts, ...children) {
  const words = make("p", { class: "text" }, ...children);
  return make("div", { class: "note", "data-state": state }, words, ...failures.map((failure) => failed(failure, acts)));
}

/** @param {import("./rows.js").Failure} failure @param {Acts} acts */
function failed({ what, why, cid }, acts) {
  return make("div", { class: "fate", role: "alert" }, make("span", {}, `${what}: ${why}`),
    button("Send again", () => acts.resend(cid)), button("Drop", () => acts.drop(cid)));
}

/** “ada, bob joined · eve left”. @param {[string, string][]} moves */
function moved(moves) {
  return ["joined", "left"].flatMap((what) => {
    const users = moves.filter(([, state]) => state === what).map(([user]) => coloured(user, hue(user)));
    if (users.length === 0) return [];
    const isSecond = what === "left" && users.length < moves.length;
    return [isSecond ? " · " : "", ...users.flatMap((user, i) => (i ? [", ", user] : [user])), ` ${what}`];
  });
}
