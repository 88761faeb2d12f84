// Which lines are worth a notice beside the page: those that call one, and private ones.
// May not know: the DOM, how a notice is given.

import { sameName } from "../protocol/names.js";

/** Characters of a line that a notice shows. */
const MAX_BODY_CHARS = 200;

/**
 * What to tell a person who does not look, or null: nothing said before we came, in a muted room or
 * by somebody ignored.
 * @param {import("../protocol/messages.js").LogRecord} entry @param {import("./chat.js").Chat} chat
 * @returns {{ title: string, body: string } | null}
 */
export function notificationFor(entry, { rooms, me, preferences }) {
  const { type, room: name, seq, user, text, deleted } = entry;
  const room = rooms.get(name);
  if (!room?.isLive(seq) || type !== "post" || deleted || sameName(user, me)) return null;
  if (preferences.isMuted(name) || preferences.isIgnored(user) || !(room.peer || room.isMentionOf(entry, me))) return null;
  return { title: room.peer ? user : `${user} in ${room.label}`, body: text.slice(0, MAX_BODY_CHARS) };
}
