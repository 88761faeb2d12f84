// Names: of people and of rooms, how they are compared, and the keys that belong to them.

const ROOM_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
/** The private room of two: the keys of their names, sorted. */
const PRIVATE_ROOM = /^@([\p{L}\p{M}\p{N}_.-]{1,72})\+([\p{L}\p{M}\p{N}_.-]{1,72})$/u;
const TOKEN = /^[0-9a-f]{32}$/;

/** Whether a room is a private one of two. @param {string} room */
export function isPrivate(room) {
  return room.startsWith("@");
}

/** @param {unknown} name Whether a server would take it, as far as one can know without asking. */
export function isUserName(name) {
  return typeof name === "string" && /^[\p{L}\p{M}\p{N}_.-]{1,24}$/u.test(name);
}

/**
 * The room that somebody means, or null: `#` in front and capitals are forgiven.
 * @param {string} typed
 */
export function parseRoomName(typed) {
  const name = typed.trim().replace(/^#/, "").toLowerCase();
  if (ROOM_NAME.test(name)) return name;
  const [, one, other] = PRIVATE_ROOM.exec(typed.trim()) ?? [];
  return one && other ? privateRoom(one, other) : null;
}

/** The private room of two people, or null for one alone. @param {string} one @param {string} other */
export function privateRoom(one, other) {
  const [first = "", second = ""] = [nameKey(one), nameKey(other)].sort(compareCodePoints);
  return first === second ? null : `@${first}+${second}`;
}

/** The key of whom one talks to in a private room; null where the room is not one's own. @param {string} room @param {string} me */
export function peerOf(room, me) {
  const [, first = null, second = null] = PRIVATE_ROOM.exec(room) ?? [];
  if (first === nameKey(me)) return second;
  return second === nameKey(me) ? first : null;
}

/** As the server sorts; JavaScript's own order is by half characters. @param {string} a @param {string} b */
function compareCodePoints(a, b) {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, i) => character !== right[i]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** What names are compared by: names that differ only in case are one claim. @param {string} name */
export function nameKey(name) {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  // Character by character: a whole word would end in another sigma.
  const lower = (/** @type {string} */ text) => Array.from(text, (character) => character.toLowerCase()).join("");
  return Array.from(name, (character) => lower(character.toUpperCase())).join("");
}

/** @param {string} a @param {string} b */
export function sameName(a, b) {
  return nameKey(a) === nameKey(b);
}

/** Whether a value of the protocol is the name of a room. @param {unknown} value */
export function isRoomName(value) {
  return typeof value === "string" && (ROOM_NAME.test(value) || PRIVATE_ROOM.test(value));
}

/** Whether a value can be a token, which people call the key of a name. @param {unknown} value */
export function isToken(value) {
  return typeof value === "string" && TOKEN.test(value);
}
