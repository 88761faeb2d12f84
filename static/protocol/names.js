// Names of users and rooms: which are valid, how they are compared, and tokens.

const ROOM_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
/** The private room of two users: their name keys, sorted. */
const PRIVATE_ROOM = /^@([\p{L}\p{M}\p{N}_.-]{1,72})\+([\p{L}\p{M}\p{N}_.-]{1,72})$/u;
const TOKEN = /^[0-9a-f]{32}$/;

/** @param {string} room */
export function isPrivate(room) {
  return room.startsWith("@");
}

/** Whether a name looks valid; the server may still refuse it. @param {unknown} name */
export function isUserName(name) {
  return typeof name === "string" && /^[\p{L}\p{M}\p{N}_.-]{1,24}$/u.test(name);
}

/**
 * The room name in what a person typed, or null. A leading `#` and capitals are accepted.
 * @param {string} typed
 */
export function parseRoomName(typed) {
  const name = typed.trim().replace(/^#/, "").toLowerCase();
  if (ROOM_NAME.test(name)) return name;
  const [, one, other] = PRIVATE_ROOM.exec(typed.trim()) ?? [];
  return one && other ? privateRoom(one, other) : null;
}

/**
 * A room name for a text that is none: "Design review" → "design-review". Null if letters would be lost.
 * @param {string} typed
 */
export function fitRoomName(typed) {
  const plain = typed.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  if (/(?![a-z0-9])[\p{L}\p{N}]/u.test(plain)) return null;
  const name = plain.replace(/[^a-z0-9_]+/g, "-").replace(/^[_-]+/, "").slice(0, 32).replace(/-$/, "");
  return ROOM_NAME.test(name) ? name : null;
}

/** A user name for a text that is none: "Ann Smith" → "Ann_Smith". Null if nothing is left. @param {string} typed */
export function fitUserName(typed) {
  const name = typed.normalize("NFC").trim().replace(/\s+/g, "_").replace(/[^\p{L}\p{M}\p{N}_.-]/gu, "");
  const fit = Array.from(name).slice(0, 24).join("");
  return isUserName(fit) ? fit : null;
}

/** The private room of two users, or null if both are the same. @param {string} one @param {string} other */
export function privateRoom(one, other) {
  const [first = "", second = ""] = [nameKey(one), nameKey(other)].sort(compareCodePoints);
  return first === second ? null : `@${first}+${second}`;
}

/** The name key of the other user of a private room; null if the room is not one of `me`. @param {string} room @param {string} me */
export function peerOf(room, me) {
  const [, first = null, second = null] = PRIVATE_ROOM.exec(room) ?? [];
  if (first === nameKey(me)) return second;
  return second === nameKey(me) ? first : null;
}

/** The server's order. JavaScript compares UTF-16 units instead. @param {string} a @param {string} b */
function compareCodePoints(a, b) {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, i) => character !== right[i]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** The key by which names are compared: names that differ only in case are the same claim. @param {string} name */
export function nameKey(name) {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  // Lower case character by character: in a whole word, a final sigma would change.
  return Array.from(name.toUpperCase(), (character) => character.toLowerCase()).join("");
}

/** @param {string} a @param {string} b */
export function sameName(a, b) {
  return nameKey(a) === nameKey(b);
}

/** @param {unknown} value */
export function isRoomName(value) {
  return typeof value === "string" && (ROOM_NAME.test(value) || PRIVATE_ROOM.test(value));
}

/** The page calls a token the key of a name. @param {unknown} value */
export function isToken(value) {
  return typeof value === "string" && TOKEN.test(value);
}
