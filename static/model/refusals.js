// Refusals: which submissions can never be stored as they are, and what the person gets back of one, to mend it.
// The console does the same; tests/vectors/refusals.json holds both to one table.

import { peerOf } from "../protocol/names.js";

/**
 * @import { Rejection, Submission } from "../protocol/outbox.js"
 * @typedef {{ room: string, typed: string, isForAnyRoom: boolean, reason: string }} Refusal
 *   `typed`: what the person would type for it, or "" if nothing can be mended; `isForAnyRoom`: it means the same in every room.
 */

/** Codes after which sending again is useless. A code of a later version is not final: the page keeps what it does not understand. */
const FINAL_CODES = new Set([
  "bad_json", "bad_message", "unknown_type", "bad_name", "bad_room", "too_long", "bad_text", "cid_conflict", "forbidden", "no_such_record",
]);

/** Codes that refuse a room. A post gets one only together with its room, which we could not join. */
const ROOM_CODES = ["bad_name", "bad_room", "forbidden"];

const WHAT = { post: "Not sent", edit: "Not changed", delete: "Not deleted", topic: "Topic not set" };

/** Whether what was refused with this code can never be stored as it is. @param {string} code */
export function isFinal(code) {
  return FINAL_CODES.has(code);
}

/** @param {Submission} submission @param {Rejection} rejection @param {string} me @returns {Refusal} */
export function refusalOf(submission, rejection, me) {
  const { type, room } = submission;
  const isOutside = type === "post" && ROOM_CODES.includes(rejection.code);
  const outside = isOutside ? peerOf(room, me) : null;
  const reason = isOutside ? roomRefusal(rejection, room, me) : `${WHAT[type]}: ${rejection.message}`;
  return { room, typed: typedFor(submission, outside), isForAnyRoom: outside !== null, reason };
}

/** Why we are not in a room. @param {Rejection} rejection @param {string} room @param {string} me */
export function roomRefusal({ code, message }, room, me) {
  const peer = code === "bad_name" ? peerOf(room, me) : null;
  return peer === null ? `${message.slice(0, 1).toUpperCase()}${message.slice(1)}` : `Nobody is called ${peer}`;
}

/**
 * What a person types for a submission.
 * @param {Submission} submission @param {string | null} [outside] The other person of a private room that we are not in. @returns {string}
 */
export function typedFor({ type, text = "", kind, reply, target }, outside = null) {
  switch (type) {
    case "edit": return `/edit ${target} ${text}`;
    case "delete": return "";
    case "topic": return `/topic ${text || "-"}`;
  }
  if (outside !== null) return `/msg ${outside} ${text}`;
  if (kind === "me") return `/me ${text}`;
  if (reply !== undefined) return `/reply ${reply} ${text}`;
  return text.startsWith("/") ? `/${text}` : text;
}
