// Names of users and rooms: which are valid, how they are compared, and tokens.

const ROOM_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
/** One where another room is called so: a digest of its two owners. */
const OWNERS_ROOM = /^@-\+[0-9a-f]{32}$/;
/** A private room that the page knows only by the other person, until the server has told its name. */
const PEER_ROOM = /^@([\p{L}\p{M}\p{N}_.-]{1,72})$/u;
/** A private room: the keys of the names that the two had when it was created, sorted. */
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
  if (OWNERS_ROOM.test(typed.trim())) return typed.trim();
  const [, one, other] = PRIVATE_ROOM.exec(typed.trim()) ?? [];
  return one && other ? privateRoom(one, other) : null;
}

/** The same for what the page stores, and shows in URLs: also `@bob`, the private room with bob. @param {string} text */
export function parseStoredRoom(text) {
  const room = parseRoomName(text);
  const [, user = null] = PEER_ROOM.exec(text) ?? [];
  return room ?? (user !== null && isUserName(user) ? roomWith(user) : null);
}

/** Whether a private room has the name that says nothing of its two people. @param {string} room */
export function isOfOwners(room) {
  return OWNERS_ROOM.test(room);
}

/** What the page calls the room that a join asked for: by a user's name, or by another name of the room. @param {string} asked */
export function askedRoom(asked) {
  return asked.startsWith("@") ? asked : roomWith(asked);
}

/** What the page calls the private room with a user, until the server has told its name. @param {string} user */
export function roomWith(user) {
  return `@${nameKey(user)}`;
}

/** The user of a room that `roomWith` has named; null: another room. @param {string} room */
export function wantedPeer(room) {
  return PEER_ROOM.exec(room)?.[1] ?? null;
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

/** The name key of the other user, where the name of a private room says it; null if the room is not one of `me`. @param {string} room @param {string} me */
export function peerOf(room, me) {
  const [, first = null, second = null] = PRIVATE_ROOM.exec(room) ?? [];
  if (first === null) return wantedPeer(room);
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

/** The order of lists of names. @param {string} a @param {string} b */
export function compareNames(a, b) {
  return compareCodePoints(nameKey(a), nameKey(b));
}

/** @param {unknown} value */
export function isRoomName(value) {
  return typeof value === "string" && (ROOM_NAME.test(value) || OWNERS_ROOM.test(value) || PRIVATE_ROOM.test(value));
}

/** The page calls a token the key of a name. @param {unknown} value */
export function isToken(value) {
  return typeof value === "string" && TOKEN.test(value);
}
