// Messages of the protocol: parses and checks what the server sends, encodes what the client sends.

import { isRoomName, isToken } from "./names.js";

/**
 * @typedef {{ type: string, [field: string]: any }} Message One JSON object of the protocol.
 * @typedef {{ type: "post" | "edit" | "delete" | "topic", room: string, seq: number, at: number, user: string,
 *   cid: string, text: string, kind?: string, reply?: number, target: number, deleted?: boolean, new_owner?: boolean }} LogRecord
 *     A numbered record of a room's log; which fields it has depends on its type.
 * @typedef {(message: Message) => boolean} Send Returns whether there is a connection to send it over.
 * @typedef {(v: any) => boolean} Check
 * @typedef {Record<string, Check>} Shape The check for each field.
 */

/** A longer message is not from a chat server, and is not parsed. */
const MAX_MESSAGE_CHARS = 16 * 1024 * 1024;

/** @type {Check} */ const isString = (v) => typeof v === "string";
/** @type {(pattern: RegExp) => Check} */ const matching = (pattern) => (v) => typeof v === "string" && pattern.test(v);
const isText = matching(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]+$/);
/** @type {Check} */ const isBoolean = (v) => typeof v === "boolean";
/** @type {Check} */ const isCount = (v) => Number.isSafeInteger(v) && v >= 0;
/** @type {(fits: Check) => Check} */ const listOf = (fits) => (v) => Array.isArray(v) && v.every(fits);
/** @type {(fits: Check) => Check} */ const optional = (fits) => (v) => v === undefined || v === null || fits(v);

const LIMIT_FIELDS = { text: isCount, rate: isCount, burst: isCount, page: isCount };
const RECORD_FIELDS = { room: isRoomName, seq: isCount, at: isCount, user: isString, cid: isString };
/** A text, or an empty one where its author deleted the post. @type {Check} */
const isTextOrDeleted = (v) => v?.deleted === true ? v.text === "" : isText(v?.text) && optional(isBoolean)(v.deleted);
/** @type {(...fits: Check[]) => Check} */ const allOf = (...fits) => (v) => fits.every((fit) => fit(v));
/** The record types that this version knows. @type {Shape} */
const RECORDS = {
  post: allOf(hasFields({ ...RECORD_FIELDS, kind: optional(isString), reply: optional(isCount), new_owner: optional(isBoolean) }), isTextOrDeleted),
  edit: allOf(hasFields({ ...RECORD_FIELDS, target: isCount }), isTextOrDeleted),
  delete: hasFields({ ...RECORD_FIELDS, target: isCount }),
  topic: hasFields({ ...RECORD_FIELDS, text: matching(/^[^\u0000-\u001f\u007f-\u009f]*$/) }),
};
/** @type {Check} */ const isLogRecord = (v) => (RECORDS[v?.type] ?? hasFields({ type: isString, seq: isCount }))(v);
const isAwayMember = hasFields({ user: isString, text: isString });
const isState = matching(/^(joined|left)$/);
const isListedRoom = hasFields({ room: isRoomName, peer: optional(isString), muted: optional(isBoolean) });
/** One page of a list of members, as a `who` with `state` asks for it. */
const isMembersPage = hasFields({
  state: matching(/^(here|absent)$/), prefix: optional(isString), after: optional(isString), here: isCount, absent: isCount, more: optional(isBoolean),
});
const ROOM_FIELDS = { name: isString, head: isCount, members: isCount };

/** The required fields of each server message. Other fields are ignored: version 1 may add some. */
const SHAPES = new Map(Object.entries(/** @type {Record<string, Shape | Check>} */ ({
  ...RECORDS,
  welcome: { user: isString, former: optional(listOf(isString)), token: isToken, server: isString, limits: hasFields(LIMIT_FIELDS), motd: optional(isString), away: optional(isString), rooms: optional(listOf(isListedRoom)) },
  joined: {
    room: isRoomName, peer: optional(isString), asked: optional(isString), log: isString, first: isCount, head: isCount, since: isCount, at: optional(isCount), cid: optional(isString), reset: optional(isBoolean), damaged: optional(isBoolean),
    count: isCount, members: optional(listOf(isString)), topic: optional(isString), marked: optional(isCount),
    away: optional(listOf(isAwayMember)), absent: optional(isCount), absent_members: optional(listOf(isString)),
  },
  history: { room: isRoomName, records: listOf(isLogRecord), first: isCount },
  found: { room: isRoomName, text: isString, records: listOf(isLogRecord), before: isCount, first: isCount },
  presence: { room: isRoomName, user: optional(isString), state: optional(isState), count: isCount, away: optional(isString), member: optional(isBoolean) },
  away: { room: isRoomName, user: isString, text: isString },
  back: { room: isRoomName, user: isString },
  renamed: { user: isString, to: isString, token: optional(isToken) },
  members: allOf(hasFields({ room: isRoomName, members: listOf(isString), away: optional(listOf(isAwayMember)) }), (v) => v.state === undefined || isMembersPage(v)),
  rooms: { rooms: listOf(hasFields(ROOM_FIELDS)) },
  left: { room: isRoomName },
  typing: { room: isRoomName, user: isString },
  membership: { room: isRoomName, peer: optional(isString), state: isState, muted: optional(isBoolean) },
  marked: { room: isRoomName, seq: isCount },
  error: { code: isString, message: isString, cid: optional(isString), room: optional(isRoomName), peer: optional(isString), retry_ms: optional(isCount) },
})));

/** @param {Message} message */
export function encode(message) {
  return JSON.stringify(message);
}

/**
 * Parses a message; null if it does not match the protocol. A record rejected here is not lost:
 * the session sees that its seq is missing. A type of a later version is accepted.
 * @param {unknown} json @returns {Message | null}
 */
export function decode(json) {
  if (typeof json !== "string" || json.length > MAX_MESSAGE_CHARS) return null;
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const shape = SHAPES.get(value?.type) ?? {};
  const fits = typeof shape === "function" ? shape : hasFields(shape);
  return isString(value?.type) && fits(value) ? value : null;
}

/** Whether this version knows a record's type. @param {Message} message */
export function isKnownRecord({ type }) {
  return Object.hasOwn(RECORDS, type);
}

/** Whether a message, of any version, is a numbered record of a log. @param {Message} message */
export function isRecord(message) {
  return hasFields(RECORD_FIELDS)(message);
}

/** @param {Shape} shape @returns {Check} */
function hasFields(shape) {
  return (value) => typeof value === "object" && value !== null && !Array.isArray(value)
    && Object.entries(shape).every(([field, fits]) => fits(value[field]));
}
