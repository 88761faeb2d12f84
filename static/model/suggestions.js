// Suggestions: what Tab would complete, shown while a person types. They open only after `@`, `#`, `:` with two letters
// and a `/` that starts the text, and in the first word of a command that takes a room or a name.

import { Completion, candidatesFrom, firstArgument, lastWord } from "./completion.js";
import { COMMANDS } from "./commands.js";
import { awayText } from "./members.js";
import { EMOJI } from "../text/emoji.js";
import { isUserName } from "../protocol/names.js";

/**
 * @import { Chat } from "./chat.js"
 * @typedef {{ word: string, label: string, detail: string }} Suggestion `word` replaces what was typed; `detail` is
 *     what is known about it.
 * @typedef {{ start: number, list: Suggestion[] }} Suggestions `start`: where the typed word starts.
 */

/** Suggestions shown at once: who types one more letter finds the others. */
const MAX_SUGGESTIONS = 8;

/** What Tab would complete at the end of `before`, the text left of the cursor; null: nothing to suggest. @param {string} before @param {Chat} chat @returns {Suggestions | null} */
export function suggestionsFor(before, chat) {
  const { start, typed, line } = lastWord(before);
  const isEditing = Boolean(chat.room?.editing); // the text of a message is no command
  const kind = kindOf(typed, isEditing ? "edit" : line);
  if (!kind || (isEditing && kind === "command")) return null;
  const words = Completion.begin(before, candidatesFrom(chat))?.first(MAX_SUGGESTIONS);
  if (!words) return null;
  const describe = { command: describeCommand, room: (/** @type {string} */ label) => describeRoom(label, chat), emoji: describeEmoji, person: personIn(chat) }[kind];
  return { start, list: words.map((word) => ({ word, ...describe(word.trim()) })) };
}

/** The beginning of a person's name at the end of `before`; "": none. @param {string} before @param {Chat} chat */
export function nameTyped(before, chat) {
  const { typed, line } = lastWord(before);
  const name = kindOf(typed, chat.room?.editing ? "edit" : line) === "person" ? typed.replace(/^@/, "") : "";
  return isUserName(name) ? name : "";
}

/** What the last word of a text is the beginning of. @param {string} typed @param {string} line What is before it. */
function kindOf(typed, line) {
  if (typed.startsWith("/") && !line) return "command";
  if (typed.startsWith("@")) return "person";
  if (typed.startsWith("#")) return "room";
  if (/^:[a-z+-][a-z0-9_+-]+$/i.test(typed)) return "emoji";
  const argument = typed && line !== "/nick" && firstArgument(line);
  if (argument === "ROOM" || argument === "[ROOM]") return "room";
  return argument === "NAME" ? "person" : null;
}

/** @param {string} label */
function describeCommand(label) {
  const [usage = label, detail = ""] = COMMANDS.find(([each]) => each.split(" ")[0] === label) ?? [];
  return { label: usage, detail };
}

/** @param {string} label */
function describeEmoji(label) {
  return { label: `${EMOJI.get(label.slice(1, -1)) ?? ""} ${label}`, detail: "" };
}

/** How many people are in a room, and its topic, as far as they are known. @param {string} label @param {Chat} chat */
function describeRoom(label, { rooms, roomInfo }) {
  const name = label.replace(/^#/, "");
  const room = rooms.get(name);
  const { count, topic } = room ? { count: room.members.count, topic: room.topic } : roomInfo.get(name) ?? { count: 0, topic: "" };
  const people = count ? [count === 1 ? "1 person" : `${count.toLocaleString()} people`] : [];
  return { label, detail: [...people, ...topic ? [topic] : []].join(" · ") };
}

/** @param {Chat} chat @returns {(label: string) => { label: string, detail: string }} */
function personIn(chat) {
  const { room } = chat;
  const presenceOf = room?.members.lookUp();
  return (label) => {
    const user = label.replace(/^@/, "");
    const away = room && chat.awayMessage(room, user);
    const presence = { here: "here", absent: "not here", unknown: "" }[presenceOf?.(user) ?? "unknown"];
    return { label, detail: away === null ? presence : awayText(away) };
  };
}
