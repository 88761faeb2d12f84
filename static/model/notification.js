// Which messages are worth a notification: mentions, and messages in private rooms.

import { sameName } from "../protocol/names.js";

/**
 * @import { LogRecord } from "../protocol/messages.js"
 * @import { Chat } from "./chat.js"
 */

/** Characters of a message that a notification shows. */
const MAX_BODY_CHARS = 200;

/**
 * The notification for a record, or null: for history, in a muted room, of an ignored user, or without a
 * mention.
 * @param {LogRecord} record @param {Chat} chat
 * @returns {{ title: string, body: string } | null}
 */
export function notificationFor(record, chat) {
  const { rooms, me, preferences } = chat;
  const { type, room: name, seq, user, text, deleted } = record;
  const room = rooms.get(name);
  if (!room?.isLive(seq) || type !== "post" || deleted || sameName(user, me)) return null;
  if (chat.isMuted(name) || preferences.isIgnored(user) || !(room.peer || room.isMentionOf(record, me))) return null;
  return { title: room.peer ? user : `${user} in ${room.label}`, body: text.slice(0, MAX_BODY_CHARS) };
}
