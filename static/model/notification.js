// Which lines are worth a notice beside the page: those that call one, and private ones.
// May not know: the DOM, how a notice is given.

import { sameName } from "../protocol/names.js";

/** Characters of a line that a notice shows. */
const SHOWN = 200;

/**
 * What to tell a person who does not look, or null: nothing said before we came, in a muted room or
 * by somebody ignored.
 * @param {import("../protocol/messages.js").Entry} entry @param {import("./chat.js").House} house
 * @returns {{ title: string, body: string } | null}
 */
export function noticeOf(entry, { rooms, me, taste }) {
  const { type, room: name, seq, user, text, deleted } = entry;
  const room = rooms.get(name);
  if (!room?.isLive(seq) || type !== "post" || deleted || sameName(user, me)) return null;
  if (taste.isMuted(name) || taste.isIgnored(user) || !(room.peer || room.calls(entry, me))) return null;
  return { title: room.peer ? user : `${user} in ${room.label}`, body: text.slice(0, SHOWN) };
}
