// What a person types into the box, understood: a line to say, or a command.
// May not know: the DOM, sockets, who is asking. Nothing unknown is ever sent.

import { byteLength, tidy } from "./text.js";
import { isName, roomName } from "./wire.js";

/**
 * @typedef {{ say: string, kind?: "me" } | { nick: string } | { join: string }
 *   | { msg: string, text: string } | { edit: string | null } | { delete: true } | { topic: string | null }
 *   | { leave: string | null } | { who: true } | { rooms: true } | { help: true }
 *   | { nothing: true } | { error: string }} Act
 */

/** Each command with what `/help` says of it. @type {[string, string][]} */
export const COMMANDS = [
  ["/me TEXT", "say what you are doing"],
  ["/edit [TEXT]", "change your last line; ↑ in an empty box does it too"],
  ["/delete", "take your last line away, for good"],
  ["/msg NAME [TEXT]", "write to one person alone"],
  ["/topic [TEXT]", "show what this room is about, or say it; - takes it away"],
  ["/join ROOM", "go to a room; it is made if there is none"],
  ["/leave [ROOM]", "leave this room, or the one named"],
  ["/rooms", "list the rooms"],
  ["/who", "list the people here"],
  ["/nick NAME", "take another name"],
  ["/help", "show this list"],
  ["//text", "say “/text”"],
];

/** Bytes that a server takes for a topic. */
const TOPIC = 256;

export const BAD_NAME = "A name is 1 to 24 letters, digits, _ - or .";
export const BAD_ROOM = "A room is 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit";

/** Other words that fingers know. @type {Record<string, string>} */
const ALIASES = {
  w: "msg", m: "msg", query: "msg", e: "edit", del: "delete",
  h: "help", "?": "help", j: "join", part: "leave", close: "leave", list: "rooms", names: "who", name: "nick",
};

/** @param {string} typed @returns {Act} */
export function understand(typed) {
  const text = tidy(typed);
  if (!text.trim()) return { nothing: true };
  if (text.startsWith("//")) return { say: text.slice(1) };
  if (!text.startsWith("/")) return { say: text };

  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  const name = word.toLowerCase();
  const command = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  switch (command) {
    case "help": return { help: true };
    case "who": return { who: true };
    case "rooms": return { rooms: true };
    case "me": return rest ? { say: rest, kind: "me" } : { error: "/me needs a text: /me waves" };
    case "edit": return { edit: rest || null };
    case "delete": return rest ? { error: "/delete takes your last line away, and needs no text" } : { delete: true };
    case "msg": return message(rest);
    case "topic": return topic(rest);
    case "nick": return isName(rest) ? { nick: rest } : { error: BAD_NAME };
    case "join": return room(rest, (join) => ({ join }));
    case "leave": return rest ? room(rest, (leave) => ({ leave })) : { leave: null };
    default: return { error: `There is no command /${word}. Try /help, or // to say a line that starts with /` };
  }
}

/** What of something typed would travel as a text. @param {string} typed */
export function textOf(typed) {
  const act = understand(typed);
  if ("say" in act) return act.say;
  if ("text" in act) return act.text;
  return "edit" in act ? act.edit ?? "" : "";
}

/** @param {string} rest @returns {Act} */
function message(rest) {
  const [, name = "", text = ""] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  if (!name) return { error: "/msg needs a name: /msg ada hello" };
  return isName(name) ? { msg: name, text } : { error: BAD_NAME };
}

/** @param {string} rest @returns {Act} */
function topic(rest) {
  const text = rest.replace(/\s+/g, " ");
  if (byteLength(text) > TOPIC) return { error: `A topic has at most ${TOPIC} bytes` };
  return { topic: text === "-" ? "" : text || null };
}

/** @param {string} typed @param {(room: string) => Act} act @returns {Act} */
function room(typed, act) {
  const name = roomName(typed);
  return name ? act(name) : { error: BAD_ROOM };
}
