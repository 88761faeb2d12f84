// Commands: what a person types, parsed into a message or a command. An unknown command is never sent.

import { parseTarget } from "./goto.js";
import { byteLength, nearest, normalize } from "../text/text.js";
import { isUserName, parseRoomName } from "../protocol/names.js";

/**
 * @import { GotoTarget } from "./goto.js"
 * @typedef {{ post: string, kind?: "me" } | { nick: string } | { join: string }
 *   | { msg: string, text: string } | { edit: string | null } | { delete: true } | { topic: string | null }
 *   | { replyDirect: string } | { away: string } | { back: true } | { reply: number, text: string } | { leave: string | null } | { who: true } | { rooms: true } | { help: string }
 *   | { resend: true } | { drop: true } | { reconnect: true } | { key: true } | { version: true }
 *   | { ignore: string, isIgnored: boolean } | { mute: string | null, isMuted: boolean | null }
 *   | { search: string } | { goTo: GotoTarget } | { nothing: true } | { error: string }} Command
 */

/** Each command with its help text. @type {[string, string][]} */
export const COMMANDS = [
  ["/me TEXT", "send an action: * bob waves"],
  ["/edit [TEXT]", "edit your last message; or press ↑ in the empty input box"],
  ["/delete", "delete your last message, for everyone"],
  ["/reply NUMBER TEXT", "reply to message NUMBER (the number is at the end of its link)"],
  ["/msg NAME [TEXT]", "send a direct message, or open the private room"],
  ["/r TEXT", "reply to the newest direct message"],
  ["/topic [TEXT]", "show or set the topic; /topic - removes it"],
  ["/join ROOM", "join, create or switch to a room; @NAME: private room"],
  ["/leave [ROOM]", "leave this room, or ROOM"],
  ["/search WORDS", "search the messages of this room"],
  ["/goto NUMBER|DATE", "go to a message, a day or a time: 1042, 2026-11-27, yesterday, 14:30"],
  ["/rooms", "list the rooms"],
  ["/who", "list the people in this room"],
  ["/away [TEXT]", "set your away message"],
  ["/back", "clear your away message"],
  ["/ignore NAME", "hide messages from NAME; /unignore NAME shows them"],
  ["/mute [ROOM]", "mute or unmute this room, or ROOM"],
  ["/nick NAME", "change your name"],
  ["/resend", "send failed messages again"],
  ["/drop", "discard failed messages"],
  ["/reconnect", "reconnect now"],
  ["/key", "show the key for your name, for another device"],
  ["/version", "show the version of the server"],
  ["/help [COMMAND]", "list the commands, or explain one"],
  ["//text", "send “/text”"],
];

/** Limits of the server. */
const MAX_TOPIC_BYTES = 256;
const MAX_AWAY_BYTES = 256;
const MAX_SEARCH_BYTES = 256;

export const BAD_NAME = "A name is 1 to 24 letters, digits, _ - or .";
export const BAD_ROOM = "A room name is 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit";

/** Commands of the console that the page does in another way. @type {Record<string, string>} */
const PAGE_ALTERNATIVES = {
  history: "Scroll up for older messages",
  show: "Open a long message with the button below it",
  bell: "Choose notifications and sound in the settings",
  quiet: "Hide joins, leaves and renames in the settings",
  timestamp: "Every message has its time; point at it for the date",
  clear: "/clear works in the console only. Press End for the newest message",
  quit: "Close the tab to leave",
};

const NAMES = COMMANDS.map(([usage]) => usage.slice(1).split(" ")[0] ?? "").filter((word) => word !== "/text");

/** Other names for commands. @type {Record<string, string>} */
const ALIASES = {
  w: "msg", m: "msg", whisper: "msg", query: "msg", e: "edit", del: "delete", exit: "quit", q: "quit",
  h: "help", "?": "help", j: "join", part: "leave", close: "leave", list: "rooms", names: "who", name: "nick", lastlog: "search",
};

/** @param {string} typed @returns {Command} */
export function parseCommand(typed) {
  const text = normalize(typed);
  if (!text.trim()) return { nothing: true };
  if (text.startsWith("//")) return { post: text.slice(1) };
  if (!text.startsWith("/")) return { post: text };

  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  const command = resolveAlias(word);
  switch (command) {
    case "help": return { help: rest };
    case "who": return { who: true };
    case "rooms": return { rooms: true };
    case "resend": return { resend: true };
    case "drop": return { drop: true };
    case "reconnect": return { reconnect: true };
    case "key": return { key: true };
    case "version": return { version: true };
    case "r": return rest ? { replyDirect: rest } : { error: "/r needs a text: /r yes" };
    case "reply": return parseReply(rest);
    case "search": return parseSearch(rest);
    case "goto": return parseTarget(rest);
    case "me": return rest ? { post: rest, kind: "me" } : { error: "/me needs a text: /me waves" };
    case "edit": return { edit: rest || null };
    case "delete": return rest ? { error: "/delete deletes your last message, and takes no text" } : { delete: true };
    case "msg": return parseMsg(rest);
    case "topic": return parseTopic(rest);
    case "away": return parseAway(rest);
    case "back": return rest ? { error: "/back takes no text" } : { back: true };
    case "mute": case "unmute": return parseMute(rest, command === "mute" ? null : false);
    case "ignore": case "unignore": return isUserName(rest) ? { ignore: rest, isIgnored: command === "ignore" } : { error: BAD_NAME };
    case "nick": return isUserName(rest) ? { nick: rest } : { error: BAD_NAME };
    case "join": return rest.startsWith("@") ? parseMsg(rest) : parseRoom(rest, (join) => ({ join }));
    case "leave": return rest ? parseRoom(rest, (leave) => ({ leave })) : { leave: null };
    default: return { error: Object.hasOwn(PAGE_ALTERNATIVES, command) ? PAGE_ALTERNATIVES[command] ?? "" : unknownCommand(word) };
  }
}

/** The help text of all commands, or of one; null if there is no such command. @param {string} word */
export function help(word) {
  const name = `/${resolveAlias(word.replace(/^\//, ""))}`;
  const rows = COMMANDS.filter(([usage]) => !word || usage.split(" ")[0] === name);
  return rows.length ? rows.map((row) => row.join(" – ")).join("\n") : null;
}

/** @param {string} word */
export function unknownCommand(word) {
  const near = nearest(word.toLowerCase(), [...NAMES, ...Object.keys(ALIASES).filter((alias) => alias.length > 2)]);
  return `There is no command /${word}. ${near ? `Did you mean /${near}?` : "Try /help."} To send a message that starts with /, type //`;
}

/** @param {string} word */
function resolveAlias(word) {
  const name = word.toLowerCase();
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] ?? name : name;
}

/** The part of a typed text that would be sent as text. @param {string} typed */
export function messageTextOf(typed) {
  const command = parseCommand(typed);
  if ("post" in command) return command.post;
  if ("text" in command) return command.text;
  if ("replyDirect" in command) return command.replyDirect;
  return "edit" in command ? command.edit ?? "" : "";
}

/** @param {string} rest @returns {Command} */
function parseAway(rest) {
  const isFit = byteLength(rest) <= MAX_AWAY_BYTES && !rest.includes("\n");
  return isFit ? { away: rest } : { error: `An away message is one line of up to ${MAX_AWAY_BYTES} bytes` };
}

/** @param {string} rest @returns {Command} */
function parseMsg(rest) {
  const [, name = "", text = ""] = /^@?(\S*)\s*(.*)$/su.exec(rest) ?? [];
  if (!name) return { error: "/msg needs a name: /msg ada hello" };
  return isUserName(name) ? { msg: name, text } : { error: BAD_NAME };
}

/** @param {string} rest @param {boolean | null} isMuted Null: the opposite of now. @returns {Command} */
function parseMute(rest, isMuted) {
  return rest ? parseRoom(rest, (mute) => ({ mute, isMuted })) : { mute: null, isMuted };
}

/** @param {string} rest @returns {Command} */
function parseReply(rest) {
  const [, seq, text] = /^#?([1-9]\d{0,14})\s+(.+)$/su.exec(rest) ?? [];
  return seq && text ? { reply: Number(seq), text } : { error: "/reply needs the number of a message and a text: /reply 1042 yes. Or use the Reply button of the message" };
}

/** @param {string} rest @returns {Command} */
function parseSearch(rest) {
  if (byteLength(rest) > MAX_SEARCH_BYTES) return { error: `The text to search for is longer than ${MAX_SEARCH_BYTES} bytes` };
  return rest ? { search: rest } : { error: "/search needs words: /search red lid" };
}

/** @param {string} rest @returns {Command} */
function parseTopic(rest) {
  const text = rest.replace(/\s+/g, " ");
  if (byteLength(text) > MAX_TOPIC_BYTES) return { error: `A topic has at most ${MAX_TOPIC_BYTES} bytes` };
  return { topic: text === "-" ? "" : text || null };
}

/** @param {string} typed @param {(room: string) => Command} build @returns {Command} */
function parseRoom(typed, build) {
  const name = parseRoomName(typed);
  return name ? build(name) : { error: BAD_ROOM };
}
