// Local actions: commands that change only what this person sees and hears, or show something.

import { parseStoredRoom, peerOf, sameName, wantedPeer } from "./protocol/names.js";

export const OFFLINE = "You are offline. Try again when connected";

/** Messages that `/reply` lists. */
const REPLY_CHOICES = 10;

/**
 * @import { Chat } from "./model/chat.js"
 * @import { Command } from "./model/commands.js"
 * @import { Room } from "./model/room.js"
 * @import { Send } from "./protocol/messages.js"
 * @typedef {{
 *   chat: Chat, client: { send: Send }, hint(text: string, isBad: boolean): void, draw(): void, jumpToLatest(): void, openMessage(seq: number): void, playSound(): void,
 * }} LocalActionsParts
 */

export class LocalActions {
  #parts;
  #chat;

  /** @param {LocalActionsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#chat = parts.chat;
  }

  /** @param {Command} command @param {Room | null} room @returns {string | null | undefined} Why it was refused, or null; undefined: it is no local command. */
  run(command, room) {
    if ("ignore" in command) return this.#ignore(command.ignore, command.isIgnored);
    if ("ignored" in command) return this.#listIgnored();
    if ("quiet" in command) return this.#toggleQuiet();
    if ("bell" in command) return this.#setBell(command.bell);
    if (!room) return undefined;
    if ("mute" in command) return this.#mute(command.mute === null ? room.name : this.roomNamed(command.mute), command.isMuted);
    if ("show" in command) return this.#show(command.show);
    if ("newest" in command) return this.#listNewest(room);
    return undefined;
  }

  /** @param {string} user @param {boolean} isIgnored */
  #ignore(user, isIgnored) {
    const { me, preferences } = this.#chat;
    if (isIgnored && sameName(user, me)) return "That is your own name";
    if (!isIgnored && !preferences.isIgnored(user)) return `You do not ignore ${user}`;
    preferences.setIgnored(user, isIgnored);
    return this.#done(isIgnored ? `${user} is ignored. /unignore ${user} ends it` : `${user} is no longer ignored`);
  }

  /** The room of this name; `@NAME` is the private room with NAME. @param {string} name */
  roomNamed(name) {
    return this.#chat.resolve(parseStoredRoom(name) ?? name);
  }

  /** @param {string} name */
  labelOf(name) {
    return this.#chat.rooms.get(name)?.label ?? peerOf(name, this.#chat.me) ?? `#${name}`;
  }

  #listIgnored() {
    const { ignored } = this.#chat.preferences;
    return this.#done(ignored.length ? `You ignore ${ignored.join(", ")}` : "You ignore no one");
  }

  /** @param {string} name @param {boolean | null} isMuted Null: the opposite of now. */
  #mute(name, isMuted) {
    const label = this.labelOf(name);
    const was = this.#chat.isMuted(name);
    if (isMuted === was) return `${label} is not muted`;
    const error = this.setMuted(name, !was);
    return error ?? this.#done(was ? `${label} is no longer muted` : `${label} is muted. /unmute ${name} ends it`);
  }

  /**
   * Mutes a room, or no longer: the server keeps it for all devices of the person.
   * @param {string} name @param {boolean} isMuted @returns {string | null} Why it was refused, or null.
   */
  setMuted(name, isMuted) {
    const { preferences, rooms } = this.#chat;
    if (wantedPeer(name) !== null) {
      preferences.setMuted(name, isMuted); // until the server has told the room's name
      return null;
    }
    if (isMuted && !rooms.has(name)) return `You are not in ${this.labelOf(name)}`;
    if (rooms.has(name) && !this.#parts.client.send({ type: "mute", room: name, muted: isMuted })) return OFFLINE;
    this.#chat.setMuted(name, isMuted);
    return null;
  }

  #toggleQuiet() {
    const { preferences } = this.#chat;
    const isQuiet = !preferences.isOn("hideMoves");
    preferences.set("hideMoves", isQuiet);
    return this.#done(`Joins and leaves are ${isQuiet ? "hidden" : "shown"}`);
  }

  /** @param {"off" | "mention" | null} mode Null: only shows it. */
  #setBell(mode) {
    const { preferences } = this.#chat;
    if (mode !== null) preferences.set("sound", mode === "mention");
    if (mode === "mention") this.#parts.playSound(); // a browser allows sounds only after a key or a click
    return this.#done(preferences.isOn("sound") ? "Bell: mentions and direct messages" : "Bell: off");
  }

  /** @param {number} seq */
  #show(seq) {
    this.#parts.openMessage(seq);
    return null;
  }

  /** @param {Room} room */
  #listNewest(room) {
    const posts = room.newestPosts(REPLY_CHOICES, (user) => this.#chat.preferences.isIgnored(user));
    room.note(posts.length ? `The newest messages in ${room.label}:` : `No recent messages in ${room.label}`, { records: posts });
    this.#parts.jumpToLatest();
    this.#parts.draw();
    return null;
  }

  /** @param {string} hint What was done. */
  #done(hint) {
    this.#parts.hint(hint, false);
    this.#parts.draw();
    return null;
  }
}
