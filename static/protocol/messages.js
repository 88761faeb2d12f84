// The protocol's messages: text in, checked objects out, and back.
// May not know: sockets, clocks, storage, the DOM, or what a message is good for.

import { isRoom, isToken } from "./names.js";

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
const line = fit(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]+$/);
const flag = (/** @type {unknown} */ v) => typeof v === "boolean";
const count = (/** @type {any} */ v) => Number.isSafeInteger(v) && v >= 0;
const listOf = (/** @type {(v: any) => boolean} */ fits) => (/** @type {unknown} */ v) =>
  Array.isArray(v) && v.every(fits);
const maybe = (/** @type {(v: any) => boolean} */ fits) => (/** @type {unknown} */ v) =>
  v === undefined || v === null || fits(v);

const LIMITS = { text: count, rate: count, burst: count, page: count };
const RECORD = { room: isRoom, seq: count, at: count, user: text, cid: text };
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
  welcome: { user: text, token: isToken, server: text, limits: has(LIMITS), motd: maybe(text), away: maybe(text) },
  joined: {
    room: isRoom, log: text, first: count, head: count, since: count, reset: maybe(flag),
    count, members: maybe(listOf(text)), topic: maybe(text), marked: maybe(count),
    away: maybe(listOf(ABSENT)),
  },
  history: { room: isRoom, records: listOf(ENTRY), first: count },
  found: { room: isRoom, text, records: listOf(ENTRY), before: count, first: count },
  presence: { room: isRoom, user: maybe(text), state: maybe(fit(/^(joined|left)$/)), count, away: maybe(text) },
  away: { room: isRoom, user: text, text },
  back: { room: isRoom, user: text },
  renamed: { user: text, to: text, token: maybe(isToken) },
  members: { room: isRoom, members: listOf(text), away: maybe(listOf(ABSENT)) },
  rooms: { rooms: listOf(has(ROOM)) },
  left: { room: isRoom },
  typing: { room: isRoom, user: text },
  marked: { room: isRoom, seq: count },
  error: { code: text, message: text, cid: maybe(text), room: maybe(isRoom), retry_ms: maybe(count) },
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

/** Whether a message, of whatever version, is a numbered entry of a log. @param {Message} message */
export function isRecord(message) {
  return has(RECORD)(message);
}

/** @param {Shape} shape @returns {(v: any) => boolean} */
function has(shape) {
  return (value) => typeof value === "object" && value !== null && !Array.isArray(value)
    && Object.entries(shape).every(([field, fits]) => fits(value[field]));
}
