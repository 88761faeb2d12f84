// The choices of the room picker: rooms and users that match what was typed, the likeliest first.

import { fitRoomName, isUserName, nameKey, parseRoomName, sameName } from "../protocol/names.js";

/**
 * @import { Chat } from "./chat.js"
 * @typedef {{ label: string, hint: string } & ({ room: string } | { user: string })} Choice
 */

/** Choices shown at once. */
const MAX_CHOICES = 12;

/** `#` before what is typed asks for rooms only, `@` for people. @param {Chat} chat @param {string} typed @returns {Choice[]} */
export function choices(chat, typed) {
  const [, sign = "", word = ""] = /^([#@]?)(.*)$/su.exec(typed.trim()) ?? [];
  const wanted = nameKey(word);
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
  const isAskedFor = (/** @type {Choice} */ choice) => sign === "" || ("user" in choice || choice.room.startsWith("@") ? sign === "@" : sign === "#");
  const fits = all.filter(isAskedFor).map((choice) => ({ choice, at: nameKey(choice.label.replace(/^#/, "")).indexOf(wanted) }))
    .filter(({ at }) => at >= 0).sort((a, b) => Math.sign(a.at) - Math.sign(b.at)).map(({ choice }) => choice).slice(0, MAX_CHOICES);
  // Last, names that are not known yet. The person comes before the room: a message to a name that was meant for a room
  // reaches no one, but a room that was meant for a person is public.
  return [...fits, ...newPerson(chat, sign === "#" ? "" : word, fits), ...newRoom(chat, sign === "@" ? "" : word)];
}

/** @param {Chat} chat @param {string} name @param {Choice[]} fits @returns {Choice[]} */
function newPerson({ me }, name, fits) {
  const isThere = sameName(name, me) || fits.some(({ label }) => sameName(label, name));
  return isThere || !isUserName(name) ? [] : [{ user: name, label: `Message ${name}`, hint: "direct message" }];
}

/** @param {Chat} chat @param {string} typed @returns {Choice[]} */
function newRoom({ rooms, knownRooms }, typed) {
  const name = parseRoomName(typed) ?? fitRoomName(typed);
  const isThere = name === null || name.startsWith("@") || rooms.has(name) || knownRooms.includes(name);
  return isThere ? [] : [{ room: name, label: `#${name}`, hint: "join or create" }];
}

/** The users who are members of a room with us, here or not, or wrote in one. @param {Chat} chat */
function knownUsers({ rooms, me }) {
  /** @type {Map<string, string>} Each name by its key, as it was spelled last. */
  const known = new Map();
  for (const { items, members } of rooms.values()) {
    for (const item of items) if ("record" in item) known.set(nameKey(item.record.user), item.record.user);
    for (const user of [...members.someOf("absent"), ...members.someOf("here")]) known.set(nameKey(user), user);
  }
  known.delete(nameKey(me));
  return [...known.values()].sort((a, b) => a.localeCompare(b));
}
