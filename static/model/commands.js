// Commands: what a person types, parsed into a message or a command. An unknown command is never sent.
// The console has the same commands; tests/vectors/commands.json holds both to one table.

import { parseMoment } from "./goto.js";
import { byteLength, nearest, normalize } from "../text/text.js";
import { fitRoomName, fitUserName, isUserName, parseRoomName } from "../protocol/names.js";

/**
 * @import { GotoTarget } from "./goto.js"
 * @typedef {{ post: string, kind?: "me" } | { nick: string } | { join: string }
 *   | { msg: string, text: string } | { edit: string | null, seq?: number } | { delete: number | null } | { topic: string | null }
 *   | { replyDirect: string } | { away: string } | { back: true } | { reply: number, text: string } | { newest: true }
 *   | { leave: string | null } | { who: true } | { rooms: true } | { help: string }
 *   | { resend: true } | { drop: true } | { reconnect: true } | { key: true } | { keyGiven: true } | { version: true }
 *   | { goTo: GotoTarget } | { show: number } | { quiet: true } | { bell: "off" | "mention" | null }
 *   | { ignore: string, isIgnored: boolean } | { ignored: true } | { mute: string | null, isMuted: boolean | null }
 *   | { search: string } | { nothing: true } | { error: string }} Command `edit` without a `seq`, `delete: null`: the last own
 *   message. A room to leave or mute may be `@NAME`: the private room with NAME.
 */

/** Each command with its help text, in the order of `/help`. @type {[string, string][]} */
export const COMMANDS = [
  ["/me TEXT", "send an action: * bob waves"],
  ["/msg NAME [TEXT]", "send a direct message, or open the private room"],
  ["/r TEXT", "reply to the newest direct message"],
  ["/reply [NUMBER TEXT]", "reply to message NUMBER; alone: list numbers"],
  ["/edit [NUMBER] TEXT", "edit your last message, or NUMBER; alone: in the input box"],
  ["/delete [NUMBER]", "delete your last message, or NUMBER, for everyone"],
  ["/topic [TEXT]", "show or set the topic; /topic - removes it"],
  ["/join ROOM", "join, create or switch to a room; @NAME: private room"],
  ["/leave [ROOM]", "leave this room, or ROOM, on all devices"],
  ["/who", "list the people in this room"],
  ["/rooms", "list the rooms"],
  ["/nick NAME", "change your name"],
  ["/away [TEXT]", "set your away message"],
  ["/back", "clear your away message"],
  ["/search WORDS", "search the messages of this room"],
  ["/goto NUMBER|DATE", "go to a message, a day or a time: 2026-11-27 14:30"],
  ["/show NUMBER", "show all lines of a long message"],
  ["/ignore [NAME]", "hide messages from NAME; alone: list ignored names"],
  ["/unignore NAME", "show messages from NAME again"],
  ["/mute [ROOM]", "mute or unmute this room, or ROOM"],
  ["/unmute [ROOM]", "unmute this room, or ROOM"],
  ["/quiet", "hide joins and leaves; again: show them"],
  ["/bell [off|mention]", "when a sound plays: never, or for mentions"],
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

/** What the page says of a command that only the console has. @type {Record<string, string>} */
const INSTEAD = {
  history: "Scroll up for older messages, or go to one: /goto NUMBER",
  timestamp: "Every message has its time; point at it for the date",
  clear: "/clear works in the console only. Press End for the newest message",
  quit: "Close the tab to leave",
};

/** Other names for commands. @type {Record<string, string>} */
export const ALIASES = {
  m: "msg", w: "msg", whisper: "msg", query: "msg", e: "edit", del: "delete", j: "join", part: "leave", close: "leave", names: "who",
  list: "rooms", name: "nick", lastlog: "search", h: "help", "?": "help", exit: "quit", q: "quit",
};

/** Commands whose text may have several lines: of any other, a paste runs nothing. `/key` refuses whatever follows it. */
const WITH_LINES = ["me", "msg", "r", "reply", "edit", "key"];

const USAGES = new Map(COMMANDS.map(([usage]) => [usage.slice(1).split(" ")[0] ?? "", usage]));

/** The names that are suggested. An alias of one or two letters is not: nearly any word is near one. */
const NAMES = [...USAGES.keys(), ...Object.keys(INSTEAD)].filter((name) => name !== "/text")
  .flatMap((name) => [name, ...Object.keys(ALIASES).filter((alias) => ALIASES[alias] === name && alias.length > 2)]);

/** @param {string} typed @returns {Command} */
export function parseCommand(typed) {
  const text = normalize(typed);
  if (!text.trim()) return { nothing: true };
  if (text.startsWith("//")) return { post: text.slice(1) };
  if (!text.startsWith("/")) return { post: text };

  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  const command = resolveAlias(word);
  const usage = USAGES.get(command);
  const isInstead = Object.hasOwn(INSTEAD, command);
  if (!usage && !isInstead) return { error: unknownCommand(word) };
  if (text.includes("\n") && !WITH_LINES.includes(command)) return { error: `/${command} takes one line: nothing was sent. To send it as text, type // at its start` };
  if (isInstead) return { error: INSTEAD[command] ?? "" };
  return parseArgument(command, rest) ?? { error: `Usage: ${usage}` };
}

/** Whether this is `/key` with a key behind it, which nothing may keep. @param {string} typed */
export function givesKey(typed) {
  return "keyGiven" in parseCommand(typed);
}

/** The command with its argument; null if that is missing, or too much. @param {string} command @param {string} rest @returns {Command | null} */
function parseArgument(command, rest) {
  switch (command) {
    case "help": return /\s/.test(rest) ? null : { help: rest };
    case "who": return rest ? null : { who: true };
    case "rooms": return rest ? null : { rooms: true };
    case "resend": return rest ? null : { resend: true };
    case "drop": return rest ? null : { drop: true };
    case "reconnect": return rest ? null : { reconnect: true };
    case "key": return rest ? { keyGiven: true } : { key: true };
    case "version": return rest ? null : { version: true };
    case "back": return rest ? null : { back: true };
    case "quiet": return rest ? null : { quiet: true };
    case "r": return rest ? { replyDirect: rest } : null;
    case "me": return rest ? { post: rest, kind: "me" } : null;
    case "reply": return parseReply(rest);
    case "edit": return parseEdit(rest);
    case "delete": return rest ? withNumber(rest, (seq) => ({ delete: seq })) : { delete: null };
    case "goto": return withNumber(rest, (seq) => ({ goTo: { seq } })) ?? parseGoto(rest);
    case "show": return withNumber(rest, (seq) => ({ show: seq }));
    case "search": return parseSearch(rest);
    case "msg": return parseMsg(rest);
    case "topic": return parseTopic(rest);
    case "away": return parseAway(rest);
    case "bell": return rest === "off" || rest === "mention" ? { bell: rest } : rest ? null : { bell: null };
    case "mute": case "unmute": return parseMute(rest, command === "mute" ? null : false);
    case "ignore": return rest ? parseName(rest, (ignore) => ({ ignore, isIgnored: true })) : { ignored: true };
    case "unignore": return parseName(rest, (ignore) => ({ ignore, isIgnored: false }));
    case "nick": return parseNick(rest);
    case "join": return isPeer(rest) ? parseName(rest.slice(1), (msg) => ({ msg, text: "" })) : parseRoom(rest, (join) => ({ join }));
    case "leave": return rest ? parseRoomOrPeer(rest, (leave) => ({ leave })) : { leave: null };
    default: return null;
  }
}

/** The help text of all commands, or of one; null if there is no such command. @param {string} word */
export function help(word) {
  const name = resolveAlias(word.replace(/^\//, ""));
  if (word && Object.hasOwn(INSTEAD, name)) return `/${name} – ${INSTEAD[name]}`;
  const rows = COMMANDS.filter(([usage]) => !word || usage.split(" ")[0] === `/${name}`);
  return rows.length ? rows.map((row) => row.join(" – ")).join("\n") : null;
}

/** What /help says that a command takes, like `[ROOM]`; "" if nothing, or if there is no such command. @param {string} word With its slash. */
export function argumentOf(word) {
  const name = resolveAlias(word.slice(1));
  return (USAGES.get(name) ?? "").slice(`/${name}`.length).trim();
}

/** @param {string} word */
export function unknownCommand(word) {
  const near = nearest(word.toLowerCase(), NAMES);
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

// ---- Arguments ----

/** The number of a message, with or without `#`; else null. @param {string} typed */
function parseNumber(typed) {
  const [, digits] = /^#?(\d+)$/.exec(typed) ?? [];
  const seq = Number(digits ?? 0);
  return Number.isSafeInteger(seq) && seq > 0 ? seq : null;
}

/** @param {string} typed @param {(seq: number) => Command} build @returns {Command | null} */
function withNumber(typed, build) {
  const seq = parseNumber(typed);
  return seq === null ? null : build(seq);
}

/** The number of a message and a text after it. @param {string} rest */
function splitNumber(rest) {
  const [, first = "", text = ""] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  return { seq: parseNumber(first), text };
}

/** @param {string} rest @returns {Command | null} */
function parseGoto(rest) {
  const moment = parseMoment(rest);
  return moment && { goTo: moment };
}

/** A number alone is an error: it may be the number of a message, or its new text. @param {string} rest @returns {Command | null} */
function parseEdit(rest) {
  const { seq, text } = splitNumber(rest);
  if (seq === null) return { edit: rest || null };
  return text ? { edit: text, seq } : null;
}

/** @param {string} rest @returns {Command | null} */
function parseReply(rest) {
  const { seq, text } = splitNumber(rest);
  if (!rest) return { newest: true };
  return seq !== null && text ? { reply: seq, text } : null;
}

/** @param {string} rest @returns {Command} */
function parseAway(rest) {
  return byteLength(rest) <= MAX_AWAY_BYTES ? { away: rest } : { error: `An away message has at most ${MAX_AWAY_BYTES} bytes` };
}

/** @param {string} rest @returns {Command | null} */
function parseMsg(rest) {
  const [, name = "", text = ""] = /^@?(\S*)\s*(.*)$/su.exec(rest) ?? [];
  return parseName(name, (msg) => ({ msg, text }));
}

/** @param {string} rest @param {boolean | null} isMuted Null: the opposite of now. @returns {Command} */
function parseMute(rest, isMuted) {
  return rest ? parseRoomOrPeer(rest, (mute) => ({ mute, isMuted })) : { mute: null, isMuted };
}

/** @param {string} rest @returns {Command | null} */
function parseSearch(rest) {
  if (byteLength(rest) > MAX_SEARCH_BYTES) return { error: `The text to search for is longer than ${MAX_SEARCH_BYTES} bytes` };
  return rest ? { search: rest } : null;
}

/** @param {string} rest @returns {Command} */
function parseTopic(rest) {
  if (byteLength(rest) > MAX_TOPIC_BYTES) return { error: `A topic has at most ${MAX_TOPIC_BYTES} bytes` };
  return { topic: rest === "-" ? "" : rest || null };
}

/** @param {string} typed @param {(name: string) => Command} build @returns {Command | null} */
function parseName(typed, build) {
  if (!typed) return null;
  return isUserName(typed) ? build(typed) : { error: BAD_NAME };
}

/** @param {string} typed @returns {Command | null} */
function parseNick(typed) {
  if (!typed) return null;
  return isUserName(typed) ? { nick: typed } : { error: suggest(BAD_NAME, "/nick", fitUserName(typed)) };
}

/** @param {string} typed @param {(room: string) => Command} build @returns {Command | null} */
function parseRoom(typed, build) {
  if (!typed) return null;
  const name = parseRoomName(typed);
  return name ? build(name) : { error: suggest(BAD_ROOM, "", fitRoomName(typed)) };
}

/** @param {string} error @param {string} command @param {string | null} fit What would be accepted. */
function suggest(error, command, fit) {
  return fit === null ? error : `${error}. Try ${`${command} ${fit}`.trim()}`;
}

/** A room, or `@NAME`. @param {string} typed @param {(room: string) => Command} build @returns {Command} */
function parseRoomOrPeer(typed, build) {
  if (isPeer(typed)) return isUserName(typed.slice(1)) ? build(typed) : { error: BAD_NAME };
  return parseRoom(typed, build) ?? { error: BAD_ROOM };
}

/** Whether it is `@NAME`, not the name of a room. @param {string} typed */
function isPeer(typed) {
  return typed.startsWith("@") && !typed.includes("+");
}
