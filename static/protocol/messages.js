// The protocol's messages: text in, checked objects out, and back.
// May not know: sockets, clocks, storage, the DOM, or what a message is good for.

/**
 * @typedef {{ type: string, [field: string]: any }} Message One JSON object of the protocol.
 * @typedef {{ type: "post" | "edit" | "delete" | "topic", room: string, seq: number, at: number, user: string,
 *   cid: string, text: string, kind?: string, reply?: number, target: number, deleted?: boolean }} Entry
 *   A numbered entry of a room's log; which fields it has depends on its type.
 * @typedef {Record<string, (v: any) => boolean>} Shape What each field must be.
 */

/** Characters of a message; a longer one is no chat server's, and is not even parsed. */
const MESSAGE = 16 * 1024 * 1024;

const text = (/** @type {unknown} */ v) => typeof v === "string";
const fit = (/** @type {RegExp} */ pattern) => (/** @type {unknown} */ v) => typeof v === "string" && pattern.test(v);
const ROOM_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
/** The private room of two: the keys of their names, sorted. */
const PRIVATE = /^@([\p{L}\p{M}\p{N}_.-]{1,72})\+([\p{L}\p{M}\p{N}_.-]{1,72})$/u;
const room = (/** @type {unknown} */ v) => typeof v === "string" && (ROOM_NAME.test(v) || PRIVATE.test(v));
const token = fit(/^[0-9a-f]{32}$/);
const line = fit(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]+$/);
const flag = (/** @type {unknown} */ v) => typeof v === "boolean";
const count = (/** @type {any} */ v) => Number.isSafeInteger(v) && v >= 0;
const listOf = (/** @type {(v: any) => boolean} */ fits) => (/** @type {unknown} */ v) =>
  Array.isArray(v) && v.every(fits);
const maybe = (/** @type {(v: any) => boolean} */ fits) => (/** @type {unknown} */ v) =>
  v === undefined || v === null || fits(v);

const LIMITS = { text: count, rate: count, burst: count, page: count };
const RECORD = { room, seq: count, at: count, user: text, cid: text };
/** Words, or nothing where their author has deleted them. */
const WORDS = (/** @type {any} */ v) => v?.deleted === true ? v.text === "" : line(v?.text) && maybe(flag)(v.deleted);
const both = (/** @type {((v: any) => boolean)[]} */ ...fits) => (/** @type {any} */ v) => fits.every((fit) => fit(v));
/** The records there are; each is shown, or changes what is. @type {Record<string, (v: any) => boolean>} */
const RECORDS = {
  post: both(has({ ...RECORD, kind: maybe(text), reply: maybe(count) }), WORDS),
  edit: both(has({ ...RECORD, target: count }), WORDS),
  delete: has({ ...RECORD, target: count }),
  topic: has({ ...RECORD, text: fit(/^[^\u0000-\u001f\u007f-\u009f]*$/) }),
};
const ENTRY = (/** @type {any} */ v) => (RECORDS[v?.type] ?? has({ type: text, seq: count }))(v);
const ABSENT = has({ user: text, text });
const ROOM = { name: text, head: count, members: count };

/** What each message of a server must hold. Fields beyond these are ignored: version 1 may grow. */
const SHAPES = new Map(Object.entries(/** @type {Record<string, Shape | ((v: any) => boolean)>} */ ({
  ...RECORDS,
  welcome: { user: text, token, server: text, limits: has(LIMITS), motd: maybe(text), away: maybe(text) },
  joined: {
    room, log: text, first: count, head: count, since: count, reset: maybe(flag),
    count, members: maybe(listOf(text)), topic: maybe(text), marked: maybe(count),
    away: maybe(listOf(ABSENT)),
  },
  history: { room, records: listOf(ENTRY), first: count },
  found: { room, text, records: listOf(ENTRY), before: count, first: count },
  presence: { room, user: maybe(text), state: maybe(fit(/^(joined|left)$/)), count, away: maybe(text) },
  away: { room, user: text, text },
  back: { room, user: text },
  renamed: { user: text, to: text, token: maybe(token) },
  members: { room, members: listOf(text), away: maybe(listOf(ABSENT)) },
  rooms: { rooms: listOf(has(ROOM)) },
  left: { room },
  typing: { room, user: text },
  marked: { room, seq: count },
  error: { code: text, message: text, cid: maybe(text), room: maybe(room), retry_ms: maybe(count) },
})));

/** @param {Message} message */
export function encode(message) {
  return JSON.stringify(message);
}

/**
 * The message that a server's words hold, or null where they are not of this protocol. A record
 * that was left out so is not lost: the next one shows the hole. A type of a later version passes.
 * @param {unknown} words @returns {Message | null}
 */
export function decode(words) {
  if (typeof words !== "string" || words.length > MESSAGE) return null;
  let value;
  try {
    value = JSON.parse(words);
  } catch {
    return null;
  }
  const shape = SHAPES.get(value?.type) ?? {};
  const fits = typeof shape === "function" ? shape : has(shape);
  return text(value?.type) && fits(value) ? value : null;
}

/** Whether a message is a record that this version knows. @param {Message} message */
export function isKnownRecord({ type }) {
  return Object.hasOwn(RECORDS, type);
}

/** Whether a room is a private one of two. @param {string} room */
export function isPrivate(room) {
  return room.startsWith("@");
}

/** Whether a message, of whatever version, is a numbered entry of a log. @param {Message} message */
export function isRecord(message) {
  return has(RECORD)(message);
}

/** @param {unknown} name Whether a server would take it, as far as one can know without asking. */
export function isName(name) {
  return typeof name === "string" && /^[\p{L}\p{M}\p{N}_.-]{1,24}$/u.test(name);
}

/** Whether a text can be the token that holds a name, which people call its key. @param {string} text */
export function isKey(text) {
  return token(text);
}

/**
 * The room that somebody means, or null: `#` in front and capitals are forgiven.
 * @param {string} typed
 */
export function roomName(typed) {
  const name = typed.trim().replace(/^#/, "").toLowerCase();
  if (ROOM_NAME.test(name)) return name;
  const [, one, other] = PRIVATE.exec(typed.trim()) ?? [];
  return one && other ? roomOfTwo(one, other) : null;
}

/** The private room of two people, or null for one alone. @param {string} one @param {string} other */
export function roomOfTwo(one, other) {
  const [first = "", second = ""] = [nameKey(one), nameKey(other)].sort(byCodePoints);
  return first === second ? null : `@${first}+${second}`;
}

/** The key of whom one talks to in a private room; null where the room is not one's own. @param {string} room @param {string} me */
export function otherOf(room, me) {
  const [, first = null, second = null] = PRIVATE.exec(room) ?? [];
  if (first === nameKey(me)) return second;
  return second === nameKey(me) ? first : null;
}

/** As the server sorts; JavaScript's own order is by half characters. @param {string} a @param {string} b */
function byCodePoints(a, b) {
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

/** @param {Shape} shape @returns {(v: any) => boolean} */
function has(shape) {
  return (value) => typeof value === "object" && value !== null && !Array.isArray(value)
    && Object.entries(shape).every(([field, fits]) => fits(value[field]));
}
