// Rows: a room's items in the order in which they are shown, with rules for days and for "New", and groups.

import { plainText } from "../text/markup.js";
import { memoize } from "../text/text.js";
import { formatDay, isSameDay } from "../text/time.js";
import { peerOf, sameName } from "../protocol/names.js";

/**
 * @import { Room, Unsent } from "../model/room.js"
 * @import { LogRecord } from "../protocol/messages.js"
 * @import { Submission } from "../protocol/outbox.js"
 * @import { Preferences } from "../storage/preferences.js"
 * @typedef {"stored" | "pending" | "failed"} SendState
 * @typedef {{ cid: string, what: string, reason: string }} Failure A submission that failed: "Not sent", and why.
 * @typedef {{ key: string, kind: "ignored", text: string, keys: string[], isUnfolded: boolean }} IgnoredRow
 *     The note above messages in a row from people that the person ignores, which are shown or not: their keys in `Room.unfolded`.
 * @typedef {{ key: string, kind: "day" | "new" | "gap" | "note", text: string, rooms?: [string, string][], hits?: Hit[], isPaused?: boolean }} TextRow
 *     `isPaused`: a button loads older messages. `rooms` and `hits` are links: the name and the label of each room, and the records found by a search.
 * @typedef {{ key: string, kind: "presence", changes: [string, "joined" | "left"][], renames: [string, string][] }} PresenceRow
 *     `renames`: the name now, and the one before.
 * @typedef {{ key: string, kind: "topic", user: string, text: string, state: SendState, failures: Failure[] }} TopicRow
 * @typedef {{ key: string, kind: "edit", text: string, state: SendState, failures: Failure[] }} UnloadedEditRow
 *     An unsent edit or delete of a message that is not loaded.
 * @typedef {{ seq: number, user: string | null, text: string | null }} Quote What a message replies to, or a search found.
 *     `user` null: not loaded; `text` null as well: deleted.
 * @typedef {Quote & { at: number, words: string }} Hit What a search for these words found.
 * @typedef {{ key: string, kind: "message", user: string, at: number, text: string | null, version: string,
 *   seq: number | null, isAction: boolean, isMine: boolean, isMention: boolean, isNewOwner: boolean, isFirst: boolean, isEdited: boolean,
 *   isEditing: boolean, isDeleting: boolean, isUnfolded: boolean, quote: Quote | null, state: SendState, failures: Failure[] }} MessageRow
 *     `text` null: deleted; `version` changes with the text. `seq` null: not stored. `isNewOwner`: the name was another person's before in this room. `isFirst`: of a group,
 *     so it shows the name and the time. `isDeleting`: its delete is not stored yet.
 * @typedef {TextRow | IgnoredRow | PresenceRow | TopicRow | UnloadedEditRow | MessageRow} Row
 */

/** Messages of one author closer than this form a group under one name. */
const GROUP_MS = 5 * 60_000;

/** Characters of a failed edit that its error shows. */
const MAX_EXCERPT_CHARS = 60;

/** Characters of a quote: more than a wide page shows in one row. */
const MAX_QUOTE_CHARS = 200;

/**
 * @param {Room} room @param {{ from: number, to: number }} window Indexes.
 * @param {string} me @param {number | null} now Null: days have their whole date. @param {Preferences} [preferences] @returns {Row[]}
 */
export function rowsOf(room, { from, to }, me, now, preferences) {
  /** @type {Row[]} */
  const rows = [];
  const { shown } = room;
  const { edits, others } = splitUnsent(room);
  if (from <= shown.base && shown.oldest !== null && !shown.hasOlder) rows.push(firstRow(room));
  if (from <= shown.base && shown.isLoadingPaused) rows.push({ key: "paused", kind: "note", text: "No messages to show here yet.", isPaused: true });
  /** @type {MessageRow | null} */
  let last = null;

  /** The note above the ignored messages that end with `end`. @type {{ note: IgnoredRow, end: Row | undefined } | null} */
  let run = null;
  const addIgnored = (/** @type {string} */ key, /** @type {() => void} */ show) => {
    const isUnfolded = room.unfolded.has(key);
    if (!run || run.end !== rows.at(-1) || run.note.isUnfolded !== isUnfolded) {
      run = { note: { key, kind: "ignored", text: "", keys: [], isUnfolded }, end: undefined };
      rows.push(run.note);
    }
    const { keys } = run.note;
    keys.push(key);
    run.note.text = keys.length === 1 ? "A message from a person you ignore" : `${keys.length} messages from people you ignore`;
    if (isUnfolded) show();
    run.end = rows.at(-1);
  };
  const add = (/** @type {MessageRow} */ row, isNew = false) => {
    if (!last || !isSameDay(last.at, row.at)) {
      rows.push({ key: `day ${row.key}`, kind: "day", text: formatDay(row.at, now) });
    }
    if (isNew) rows.push({ key: "new", kind: "new", text: "New" });
    const above = rows.at(-1);
    row.isFirst = row.isAction || row.isNewOwner || row.quote !== null || above?.kind !== "message" || above.isAction || above.state === "failed"
      || above.user !== row.user || row.at - above.at > GROUP_MS;
    rows.push(row);
    last = row;
  };

  for (const item of shown.items.slice(Math.max(from - shown.base, 0), to - shown.base)) {
    if ("record" in item) {
      const { seq, user, text, type } = item.record;
      const isIgnored = preferences?.isIgnored(user) && !sameName(user, me);
      const show = () => {
        if (type === "topic") rows.push({ key: item.key, kind: "topic", user, text, state: "stored", failures: [] });
        else add(postRow(room, item, edits.get(seq) ?? [], me, preferences), seq === room.newFrom);
      };
      if (isIgnored) addIgnored(`ignored ${item.key}`, show);
      else show();
    } else if ("presence" in item) {
      const isShown = (/** @type {string[]} */ users) => !users.some((user) => preferences?.isIgnored(user));
      const [changes, renames] = [[...item.presence].filter(([user]) => isShown([user])), [...item.renames].filter(isShown)];
      const isHidden = preferences?.isOn("hideMoves") || changes.length + renames.length === 0;
      if (!isHidden) rows.push({ key: item.key, kind: "presence", changes, renames });
    } else if ("missing" in item) {
      rows.push({ key: item.key, kind: "gap", text: gapText(item.missing) });
    } else {
      rows.push({ key: item.key, kind: "note", text: item.note, rooms: item.rooms?.map((name) => [name, item.peers?.get(name) ?? peerOf(name, me) ?? `#${name}`]), hits: item.records?.filter((each) => !preferences?.isIgnored(each.user)).map((each) => searchHit(room, each, item.words ?? "")) });
    }
  }
  if (to < shown.end || shown.hasNewer) return rows;
  for (const unsent of others) {
    const { submission, at } = unsent;
    const key = `cid ${submission.cid}`;
    const failures = [unsent].filter(({ rejection }) => rejection).map(failure);
    const state = failures.length ? "failed" : "pending";
    if (submission.type === "topic") rows.push({ key, kind: "topic", user: me, text: submission.text ?? "", state, failures });
    else if (submission.type !== "post") rows.push({ key, kind: "edit", text: unloadedEditText(submission), state, failures });
    else {
      add({
        key, kind: "message", user: me, at, text: submission.text ?? "", version: "", seq: null, isAction: submission.kind === "me",
        isMine: true, isMention: false, isNewOwner: false, isFirst: true, isEdited: false, isEditing: false, isDeleting: false, isUnfolded: room.unfolded.has(key),
        quote: quoteOf(room, submission.reply, preferences), state, failures,
      });
    }
  }
  return rows;
}

/** Splits the unsent submissions: edits by their loaded target, and all others. @param {Room} room */
function splitUnsent(room) {
  /** @type {Map<number, Unsent[]>} */
  const edits = new Map();
  const others = [];
  for (const each of room.unsent.values()) {
    const { target } = each.submission;
    if (target === undefined || !room.recordAt(target)) others.push(each);
    else edits.set(target, [...edits.get(target) ?? [], each]);
  }
  return { edits, others };
}

/**
 * A post, as it will be once its unsent edits are stored.
 * @param {Room} room @param {{ key: string, record: LogRecord }} item
 * @param {Unsent[]} edits @param {string} me @param {Preferences} [preferences] @returns {MessageRow}
 */
function postRow(room, { key, record }, edits, me, preferences) {
  const { seq, user, at, kind } = record;
  const { text, version } = room.currentText(record);
  const failures = edits.filter(({ rejection }) => rejection).map(failure);
  const edit = edits.findLast(({ rejection }) => !rejection)?.submission;
  return {
    key, kind: "message", user, at, seq, isAction: kind === "me", isMine: room.isOwn(user, me), isNewOwner: record.new_owner === true, isFirst: true,
    isMention: text !== null && !room.isOwn(user, me) && !preferences?.isIgnored(user) && room.isMentionOf({ ...record, text }, me),
    text: text === null ? null : edit?.text ?? text,
    version: `${version} ${edits.map(({ submission }) => submission.cid)}`,
    isEdited: text !== null && (version > 0 || edit?.type === "edit"), isEditing: room.editing?.seq === seq, isDeleting: edit?.type === "delete", isUnfolded: room.unfolded.has(key),
    quote: text === null ? null : quoteOf(room, record.reply, preferences), state: failures.length ? "failed" : edit ? "pending" : "stored", failures,
  };
}

/**
 * The quote of a seq, as far as it is loaded and may be shown.
 * @param {Room} room @param {number} [seq] @param {Preferences} [preferences] @returns {Quote | null}
 */
export function quoteOf(room, seq, preferences) {
  if (seq === undefined) return null;
  const record = room.recordAt(seq);
  if (record?.type !== "post" || preferences?.isIgnored(record.user)) return { seq, user: null, text: null };
  const { text } = room.currentText(record);
  return { seq, user: record.user, text: text && quoteText(text) };
}

/** What a quote shows of a text. A post can have any number of replies, and each draw shows them all. */
const quoteText = memoize((text) => excerpt(plainText(text), MAX_QUOTE_CHARS));

/** A post, or an edit of one, that a search for these words found; without its text once the post is deleted. @param {Room} room @param {LogRecord} record @param {string} words @returns {Hit} */
function searchHit(room, { type, seq, target, user, text, at }, words) {
  const post = type === "edit" ? target : seq;
  const loaded = room.recordAt(post);
  const isDeleted = loaded !== undefined && room.currentText(loaded).text === null;
  return { seq: post, user, text: isDeleted ? null : quoteText(text), at, words };
}

/** @param {Unsent} unsent @returns {Failure} */
function failure({ submission, rejection }) {
  const { cid, type, text } = submission;
  const what = { post: "Not sent", edit: `Not changed to “${excerpt(text)}”`, delete: "Not deleted", topic: "Topic not set" }[type];
  return { cid, what, reason: rejection?.message ?? "" };
}

/** What failed, and why, in one sentence. @param {Unsent} unsent */
export function describeFailure(unsent) {
  const { what, reason } = failure(unsent);
  return `${what}: ${reason}`;
}

/** @param {Submission} submission */
function unloadedEditText({ type, text }) {
  return type === "edit" ? `Edit of an older message: ${text}` : "Delete of an older message";
}

/** @param {string} [text] @param {number} [length] */
function excerpt(text = "", length = MAX_EXCERPT_CHARS) {
  const shown = text.slice(0, length).replaceAll("\n", " ");
  return shown.length < text.length ? `${shown}…` : shown;
}

/** @param {Room} room @returns {TextRow} */
function firstRow({ shown: { oldest }, peer, label }) {
  if (oldest !== null && oldest > 1) return { key: "beginning", kind: "gap", text: "Older messages are no longer kept" };
  const text = peer ? `Only ${peer} and you can read this.` : `This is where ${label} begins.`;
  return { key: "beginning", kind: "note", text };
}

/** @param {number} count */
function gapText(count) {
  return count === 1 ? "One message is missing here: the server no longer keeps it"
    : `${count.toLocaleString()} messages are missing here: the server no longer keeps them`;
}
