// The choices of the room picker: rooms and users that match what was typed, the likeliest first.

import { nameKey, parseRoomName, sameName } from "../protocol/names.js";

/**
 * @import { Chat } from "./chat.js"
 * @typedef {{ label: string, hint: string } & ({ room: string } | { user: string })} Choice
 */

/** Choices shown at once. */
const MAX_CHOICES = 12;

/** @param {Chat} chat @param {string} typed @returns {Choice[]} */
export function choices(chat, typed) {
  const wanted = nameKey(typed.trim().replace(/^#/, ""));
  const others = chat.listed.filter((room) => room !== chat.room);
  // With nothing typed, rooms with unread messages come first.
  const rooms = wanted ? chat.listed : [...others.filter(({ unread }) => unread), ...others.filter(({ unread }) => !unread)];
  /** @type {Choice[]} */
  const all = rooms.map(({ name, label, unread }) => ({ room: name, label, hint: unread ? `${unread} unread` : "" }));
  const peers = rooms.flatMap(({ peer }) => peer ?? []);
  for (const user of knownUsers(chat)) {
    if (!peers.some((peer) => sameName(peer, user))) all.push({ user, label: user, hint: "direct message" });
  }
  for (const name of chat.knownRooms) if (!chat.rooms.has(name)) all.push({ room: name, label: `#${name}`, hint: "join" });
  const fits = all.map((choice) => ({ choice, at: nameKey(choice.label.replace(/^#/, "")).indexOf(wanted) }))
    .filter(({ at }) => at >= 0).sort((a, b) => Math.sign(a.at) - Math.sign(b.at)).map(({ choice }) => choice).slice(0, MAX_CHOICES);
  const name = parseRoomName(typed);
  const isThere = name === null || name.startsWith("@") || chat.rooms.has(name) || chat.knownRooms.includes(name);
  return isThere ? fits : [...fits, { room: name, label: `#${name}`, hint: "join or create" }];
}

/** The users who are in a room with us. @param {Chat} chat */
function knownUsers({ rooms, me }) {
  const members = [...rooms.values()].flatMap((room) => room.memberNames ?? []).filter((user) => !sameName(user, me));
  return [...new Set(members)].sort((a, b) => a.localeCompare(b));
}
