// Where one may want to go: rooms and people that fit what was typed, the likeliest first.
// May not know: the DOM, what becomes of a choice.

import { nameKey, roomName, sameName } from "../protocol/names.js";

/**
 * @typedef {{ label: string, hint: string } & ({ room: string } | { user: string })} Choice
 */

/** Choices shown at once. */
const SHOWN = 12;

/** @param {import("./chat.js").House} house @param {string} typed @returns {Choice[]} */
export function choices(house, typed) {
  const wanted = nameKey(typed.trim().replace(/^#/, ""));
  const others = house.listed.filter((room) => room !== house.room);
  // With nothing typed, what has something new is likeliest.
  const rooms = wanted ? house.listed : [...others.filter(({ unread }) => unread), ...others.filter(({ unread }) => !unread)];
  /** @type {Choice[]} */
  const all = rooms.map(({ name, label, unread }) => ({ room: name, label, hint: unread ? `${unread} unread` : "" }));
  const peers = rooms.flatMap(({ peer }) => peer ?? []);
  for (const user of people(house)) {
    if (!peers.some((peer) => sameName(peer, user))) all.push({ user, label: user, hint: "write to" });
  }
  for (const name of house.known) if (!house.rooms.has(name)) all.push({ room: name, label: `#${name}`, hint: "join" });
  const fits = all.map((choice) => ({ choice, at: nameKey(choice.label.replace(/^#/, "")).indexOf(wanted) }))
    .filter(({ at }) => at >= 0).sort((a, b) => Math.sign(a.at) - Math.sign(b.at)).map(({ choice }) => choice).slice(0, SHOWN);
  const name = roomName(typed);
  const isThere = name === null || name.startsWith("@") || house.rooms.has(name) || house.known.includes(name);
  return isThere ? fits : [...fits, { room: name, label: `#${name}`, hint: "join or create" }];
}

/** Everybody who is in a room with us. @param {import("./chat.js").House} house */
function people({ rooms, me }) {
  const members = [...rooms.values()].flatMap((room) => room.members ?? []).filter((user) => !sameName(user, me));
  return [...new Set(members)].sort((a, b) => a.localeCompare(b));
}
