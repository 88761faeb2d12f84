// What a person types into the box, understood: a line to say, or a command.
// May not know: the DOM, sockets, who is asking. Nothing unknown is ever sent.

import { tidy } from "./text.js";
import { isName, roomName } from "./wire.js";

/**
 * @typedef {{ say: string, kind?: "me" } | { nick: string } | { join: string }
 *   | { leave: string | null } | { who: true } | { rooms: true } | { help: true }
 *   | { nothing: true } | { error: string }} Act
 */

/** Each command with what `/help` says of it. @type {[string, string][]} */
export const COMMANDS = [
  ["/me TEXT", "say what you are doing"],
  ["/join ROOM", "go to a room; it is made if there is none"],
  ["/leave [ROOM]", "leave this room, or the one named"],
  ["/rooms", "list the rooms"],
  ["/who", "list the people here"],
  ["/nick NAME", "take another name"],
  ["/help", "show this list"],
  ["//text", "say “/text”"],
];

export const BAD_NAME = "A name is 1 to 24 letters, digits, _ - or .";
export const BAD_ROOM = "A room is 1 to 32 of a-z, 0-9, _ and -, and starts with a letter or digit";

/** Other words that fingers know. @type {Record<string, string>} */
const ALIASES = {
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
    case "nick": return isName(rest) ? { nick: rest } : { error: BAD_NAME };
    case "join": return room(rest, (join) => ({ join }));
    case "leave": return rest ? room(rest, (leave) => ({ leave })) : { leave: null };
    default: return { error: `There is no command /${word}. Try /help, or // to say a line that starts with /` };
  }
}

/** @param {string} typed @param {(room: string) => Act} act @returns {Act} */
function room(typed, act) {
  const name = roomName(typed);
  return name ? act(name) : { error: BAD_ROOM };
}
