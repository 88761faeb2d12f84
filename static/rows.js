// What stands under what: a room's items as rows, with days, groups and the "new" rule between.
// May not know: the DOM. What is here is what a log looks like, before it looks like anything.

import { day, isSameDay } from "./times.js";
import { sameName } from "./wire.js";

/**
 * @typedef {{ key: string, kind: "day" | "new" | "gap" | "note", text: string, rooms?: string[] }} Rule
 * @typedef {{ key: string, kind: "moves", moves: [string, "joined" | "left"][] }} Moves
 * @typedef {{ key: string, kind: "line", user: string, at: number, text: string, cid: string,
 *   isAction: boolean, isMine: boolean, isFirst: boolean, state: "stored" | "pending" | "failed",
 *   why: string }} LineRow `isFirst`: of a group, so that it shows the name and the time.
 * @typedef {Rule | Moves | LineRow} Row
 */

/** Lines of one author closer than this stand under one name. */
const GROUP_MS = 5 * 60_000;

/**
 * @param {import("./room.js").Room} room @param {{ from: number, to: number }} window Places.
 * @param {string} me @param {number} now @returns {Row[]}
 */
export function rowsOf(room, { from, to }, me, now) {
  /** @type {Row[]} */
  const rows = [];
  if (from <= room.base && !room.hasOlder && room.oldest) rows.push(beginning(room));
  /** @type {LineRow | null} */
  let last = null;

  const add = (/** @type {LineRow} */ row, isNews = false) => {
    if (!last || !isSameDay(last.at, row.at)) {
      rows.push({ key: `day ${row.key}`, kind: "day", text: day(row.at, now) });
    }
    if (isNews) rows.push({ key: "new", kind: "new", text: "New" });
    const above = rows.at(-1);
    row.isFirst = row.isAction || above?.kind !== "line" || above.isAction || above.state === "failed"
      || above.user !== row.user || row.at - above.at > GROUP_MS;
    rows.push(row);
    last = row;
  };

  for (const item of room.items.slice(Math.max(from - room.base, 0), to - room.base)) {
    if ("record" in item) {
      if (item.record.type !== "post") continue; // of a later version: it only keeps its place
      const { seq, user, at, text, cid, kind } = item.record;
      add({
        key: item.key, kind: "line", user, at, text, cid, isAction: kind === "me", isMine: sameName(user, me),
        isFirst: true, state: "stored", why: "",
      }, seq === room.newFrom);
    } else if ("moves" in item) {
      rows.push({ key: item.key, kind: "moves", moves: [...item.moves] });
    } else if ("missing" in item) {
      rows.push({ key: item.key, kind: "gap", text: missing(item.missing) });
    } else {
      rows.push({ key: item.key, kind: "note", text: item.note, rooms: item.rooms });
    }
  }
  if (to >= room.end) {
    for (const { line, at, refusal } of room.unsent.values()) {
      add({
        key: `cid ${line.cid}`, kind: "line", user: me, at, text: line.text ?? "", cid: line.cid,
        isAction: line.kind === "me", isMine: true, isFirst: true,
        state: refusal ? "failed" : "pending", why: refusal?.message ?? "",
      });
    }
  }
  return rows;
}

/** @param {import("./room.js").Room} room @returns {Rule} */
function beginning(room) {
  return room.first > 1
    ? { key: "beginning", kind: "gap", text: "What was said before this is no longer kept" }
    : { key: "beginning", kind: "note", text: `This is where #${room.name} begins.` };
}

/** @param {number} count */
function missing(count) {
  const lines = count === 1 ? "One line is" : `${count.toLocaleString()} lines are`;
  return `${lines} missing here: the server no longer keeps them`;
}
