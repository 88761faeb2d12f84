// Copying: a selection in the list of messages goes to the clipboard as a conversation in plain text, `[04:34] ann: text`,
// without the buttons and the hidden texts between.

import { formatClock, formatIsoDay, isSameDay } from "../text/time.js";
import { richText } from "./rich-text.js";

/**
 * @import { MessageRow } from "./rows.js"
 * @typedef {{ row: MessageRow, text: string }} Part What is selected of a message.
 */

/** The message of each row in the list. @type {WeakMap<Element, MessageRow>} */
const messages = new WeakMap();

/** Parts of a text element that are not said by the author. */
const NOT_SAID = ".visually-hidden, button, time, .name, .new-owner, .edited";

/** What stands on rows of its own. */
const BLOCK = "blockquote, .block";

/** @param {Element} element @param {MessageRow} row */
export function setCopied(element, row) {
  messages.set(element, row);
}

/** @param {HTMLElement} log */
export function enableCopying(log) {
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    const isInField = event.target instanceof Element && event.target.matches("input, textarea");
    if (isInField || !selection?.rangeCount || selection.isCollapsed || !event.clipboardData) return;
    const text = copiedText(log, selection.getRangeAt(0));
    if (text === null) return; // no message: the browser copies as it does
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  });
}

/** The text that a range of the list stands for; null: of no message. @param {HTMLElement} log @param {Range} range */
function copiedText(log, range) {
  if (!range.intersectsNode(log)) return null;
  const parts = [...log.children].flatMap((element) => {
    const row = messages.get(element);
    return row && range.intersectsNode(element) ? partOf(element, row, range) : [];
  });
  const [first] = parts;
  if (!first) return null;
  if (parts.length === 1) return first.text;
  const isOneDay = parts.every(({ row }) => isSameDay(row.at, first.row.at));
  return parts.map(({ row, text }) => {
    const time = isOneDay ? formatClock(row.at) : `${formatIsoDay(row.at)} ${formatClock(row.at)}`;
    const author = row.isNewOwner ? `${row.user} (new owner)` : row.user;
    return row.isAction ? `[${time}] * ${author} ${text}` : `[${time}] ${author}: ${text}`;
  }).join("\n");
}

/** @param {Element} element @param {MessageRow} row @param {Range} range @returns {Part[]} */
function partOf(element, row, range) {
  const shown = element.querySelector(".text");
  if (!shown) return [];
  const all = document.createRange();
  all.selectNodeContents(shown);
  const part = all.cloneRange();
  if (part.compareBoundaryPoints(Range.START_TO_START, range) < 0) part.setStart(range.startContainer, range.startOffset);
  if (part.compareBoundaryPoints(Range.END_TO_END, range) > 0) part.setEnd(range.endContainer, range.endOffset);
  const selected = said(part.cloneContents());
  if (!selected.trim()) return []; // a selection often ends at the beginning of the next message
  if (selected !== said(all.cloneContents())) return [{ row, text: row.isAction ? selected.trimStart() : selected }]; // the name is before an action
  return [{ row, text: row.text === null ? "(deleted)" : wholeText(row.text) }];
}

/** A message as it is shown, but never folded. @param {string} text */
function wholeText(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...richText(text));
  return said(fragment);
}

/** The text of nodes, with quotes and blocks of code on rows of their own. @param {DocumentFragment} fragment */
function said(fragment) {
  for (const each of fragment.querySelectorAll(NOT_SAID)) each.remove();
  for (const block of fragment.querySelectorAll(BLOCK)) {
    const { previousSibling } = block;
    if (!(previousSibling instanceof Element && previousSibling.matches(BLOCK))) block.prepend("\n");
    block.append("\n");
  }
  return (fragment.textContent ?? "").replace(/^\n+|\s+$/g, "");
}
