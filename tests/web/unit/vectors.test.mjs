// What the page and the console do alike, held to the tables of tests/vectors.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import { ALIASES, COMMANDS, help, parseCommand } from "../../../static/model/commands.js";
import { timeOf } from "../../../static/model/goto.js";
import { Completion, candidatesFrom, fitSpacing } from "../../../static/model/completion.js";
import { isFinal, typedFor } from "../../../static/model/refusals.js";
import { parseMarkup } from "../../../static/text/markup.js";
import { hue } from "../../../static/text/text.js";
import { rowsOf } from "../../../static/view/rows.js";

const table = (name) => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url)));

/** Compares what `actual` makes of each case with what the table says of the page. */
function check(name, actual) {
  const { cases, defaults } = table(name);
  for (const each of cases) {
    const expected = each.page ?? each.both;
    assert.deepEqual(actual({ ...defaults, ...each }), expected, `${each.about}: ${JSON.stringify(each)}`);
  }
}

/** What a typed text means, in the words of the table. */
function meaning({ typed }) {
  const parsed = parseCommand(typed);
  const fields = Object.entries(parsed);
  const [[key, value] = []] = fields;
  const optional = (field, given = value) => (given === null || given === "" ? {} : { [field]: given });
  switch (key) {
    case "post": return parsed.kind ? { post: value, me: true } : parsed;
    case "nothing": return parsed;
    case "error": return refusal(value);
    case "nick": return { command: "nick", name: value };
    case "join": return { command: "join", room: value };
    case "leave": return { command: "leave", ...roomOrPeer(value) };
    case "msg": return { command: "msg", name: value, ...optional("text", parsed.text) };
    case "replyDirect": return { command: "r", text: value };
    case "reply": return { command: "reply", seq: value, text: parsed.text };
    case "edit": return value === null ? { command: "edit last" } : { command: "edit", ...optional("seq", parsed.seq ?? null), text: value };
    case "newest": return { command: "list newest" };
    case "delete": case "show": return { command: key, ...optional("seq") };
    case "bell": return { command: "bell", ...optional("mode") };
    case "keyGiven": return { command: "key given" };
    case "ignored": return { command: "list ignored" };
    case "topic": return { command: "topic", ...(value === null ? {} : { text: value }) };
    case "away": return { command: "away", text: value };
    case "help": return { command: "help", ...optional("about", value.replace(/^\//, "")) };
    case "search": return { command: "search", words: value };
    case "goTo": return { command: "goto", ...value };
    case "ignore": return { command: parsed.isIgnored ? "ignore" : "unignore", name: value };
    case "mute": return { command: parsed.isMuted === null ? "mute" : "unmute", ...roomOrPeer(value) };
    default: return { command: key };
  }
}

/** A room, or the user of a private room. */
const roomOrPeer = (name) => (name === null ? {} : name.startsWith("@") && !name.includes("+") ? { with: name.slice(1) } : { room: name });

/** How the page begins to say what it has instead of a command. */
const INSTEAD = /^(Scroll|Every message|\/clear works|Close)/;

/** An unknown command and the suggestion, what the page has instead of a command, or a wrong argument. */
function refusal(sentence) {
  const [, word, hint] = /^There is no command \/(\S*)\. (.*)$/su.exec(sentence) ?? [];
  if (word !== undefined) return { unknown: word, suggestion: /^Did you mean \/(\S+)\?/.exec(hint)?.[1] ?? null };
  return INSTEAD.test(sentence) ? { instead: sentence } : { refused: true };
}

/** 2026-11-23 00:00 UTC. A record without a time is as many minutes later as its number. */
const MIDNIGHT = Date.UTC(2026, 10, 23);

/** A record, as the tables abbreviate it. */
function record(short, room = "lobby") {
  const { seq = 1 } = short;
  return { type: "post", room, seq, at: MIDNIGHT + seq * 60_000, user: "ann", cid: `c${seq}`, text: `line ${seq}`, ...short };
}

/** A chat that has joined a room. */
function joined(me, fields = {}) {
  const chat = new Chat();
  chat.me = me;
  chat.received({ type: "joined", room: "lobby", first: 1, head: 0, since: 0, members: ["ann", me], count: 2, ...fields }, MIDNIGHT);
  return chat;
}

const messages = (chat, room = "lobby") =>
  rowsOf(chat.rooms.get(room), { from: -Infinity, to: Infinity }, chat.me, MIDNIGHT).filter(({ kind }) => kind === "message");

/** Whether the message of the last record is shown as a mention. */
function isMention({ name, text, records = [{ text }] }) {
  const chat = joined(name);
  for (const each of records) chat.addRecord(record(each), false);
  const { seq = 1, target = seq } = records.at(-1);
  return messages(chat).find((row) => row.seq === target)?.isMention ?? false;
}

/** A room of bob's with these records; a list is a page of older history. */
function loaded({ records, since = 0 }) {
  const chat = joined("bob", { since, head: since });
  const room = chat.rooms.get("lobby");
  for (const each of records) {
    if (Array.isArray(each)) room.addOlder(each.map((short) => record(short)), 1, "bob");
    else chat.addRecord(record(each), true);
  }
  return { room, rows: messages(chat) };
}

/** What each message says now, and which is the last of bob's that can be edited. */
function texts(each) {
  const { room, rows } = loaded(each);
  const result = { texts: Object.fromEntries(rows.map(({ seq, text }) => [seq, text])) };
  const last = room.lastOwnPost("bob");
  if (last) result.last_own = last.seq;
  const posts = each.records.flat().filter(({ type }) => type === undefined).map((short) => room.currentText(record(short)));
  if (each.secret) result.is_held = JSON.stringify([room.items, rows, posts]).includes(each.secret);
  return result;
}

/** A chat of bob's, who is not looking at the room, after these events; a list is a page of older history. */
function unseen({ room = "lobby", since = 0, head = since, marked, ignored = [], events }) {
  const chat = joined("bob", { room, since, head, marked });
  for (const name of ignored) chat.preferences.setIgnored(name, true);
  for (const each of events) {
    if (Array.isArray(each)) chat.rooms.get(room).addOlder(each.map((short) => record(short, room)), 1, "bob", (name) => chat.preferences.isIgnored(name));
    else if (each.type === "marked") chat.received({ room, ...each }, MIDNIGHT);
    else chat.addRecord(record(each, room), false);
  }
  return { chat, room: chat.rooms.get(room) };
}

/** How many messages are unread, whether one is a mention, and above which the "New" rule is. */
function unread(each) {
  const { chat, room } = unseen(each);
  return { unread: room.unread, has_mention: chat.unreadMentions > 0, first: room.newFrom };
}

/** The texts that Tab shows, each with `|` at the cursor. After them it shows what was typed. */
function completions({ typed, me, members, wrote, rooms, known }) {
  const chat = joined(me, { members });
  chat.show("lobby");
  for (const name of rooms) chat.ensureRoom(name);
  chat.received({ type: "rooms", rooms: known.map((name) => ({ name, head: 1, members: 1 })) }, 0);
  wrote.forEach((user, i) => chat.addRecord(record({ seq: i + 1, user }), false));
  const [before, after] = typed.split("|");
  const completion = Completion.begin(before, candidatesFrom(chat));
  const next = () => `${before.slice(0, completion.start)}${fitSpacing(completion.next(), after)}|${after}`;
  const shown = [];
  for (let text = completion ? next() : typed; text !== typed && shown.length < 100; text = next()) shown.push(text);
  return shown;
}

test("where the clients differ, a case has what each does, and says how", () => {
  for (const { cases } of ["commands", "refusals", "goto", "mentions", "completion", "edits", "unread", "markup", "hues"].map(table)) {
    for (const { about, both, console, page, difference } of cases) {
      assert.deepEqual([console, page, difference].map((each) => each === undefined), Array(3).fill(both !== undefined), about);
      if (difference) assert.notDeepEqual(console, page, about);
    }
  }
});

test("a typed text means what the table says", () => check("commands", meaning));

test("every command is in the table, with the aliases, the argument and the help that the page shows", () => {
  const { commands, cases } = table("commands");
  const of = (value) => (typeof value === "string" ? value : value.page);
  const shown = COMMANDS.filter(([usage]) => !usage.startsWith("//"));
  const wanted = commands.filter((each) => of(each.help) !== undefined).map(({ names, argument, help: text }) => [`/${names[0]} ${of(argument)}`.trim(), of(text)]);
  assert.deepEqual(shown, wanted);
  assert.deepEqual(ALIASES, Object.fromEntries(commands.flatMap(({ names: [name, ...aliases] }) => aliases.map((alias) => [alias, name]))));
  const typed = cases.map((each) => each.typed.split(/\s/)[0]);
  for (const { names } of commands) for (const name of names) assert.ok(typed.includes(`/${name}`), name);
});

test("a command that only one client has, or that is not the same in both, says why", () => {
  for (const { names: [name], argument, help: text, difference } of table("commands").commands) {
    const differs = typeof argument === "object" || typeof text === "object";
    assert.equal(difference !== undefined, differs, name);
    // The page knows the commands of the console alone, if only to say what it has instead.
    if (typeof text === "object" && !text.page) assert.match(help(name), new RegExp(`^/${name} – `), name);
  }
});

test("a code is final where the table says", () => {
  for (const { code, is_final } of table("refusals").codes) assert.equal(isFinal(code), is_final, code);
});

test("what is refused for good comes back as the table says", () => {
  check("refusals", ({ submission, outside }) => typedFor(submission, outside));
});

test("a message is a mention where the table says", () => check("mentions", isMention));

test("Tab completes what the table says", () => check("completion", completions));

test("a message says what the table says after its edits", () => check("edits", texts));

test("a message is marked as edited where the table says", () => {
  for (const each of table("edits").cases) {
    const marked = loaded(each).rows.filter(({ isEdited }) => isEdited).map(({ seq }) => seq);
    assert.deepEqual(marked, each.edited ?? [], each.about);
  }
});

test("as many messages are unread as the table says", () => check("unread", unread));

test("as many mentions are unread as the table says", () => {
  for (const each of table("unread").cases) assert.equal(unseen(each).chat.unreadMentions, each.mentions ?? 0, each.about);
});

/** The pieces of a markup as the table has them: the text of each, and then what it is. */
function flatPieces(pieces, marks = []) {
  const flat = [];
  for (const piece of pieces) {
    const kinds = piece.kind === "text" ? marks : [...marks, piece.kind].sort();
    const inner = "pieces" in piece ? flatPieces(piece.pieces, kinds) : [[piece.text, ...kinds]];
    const begins = piece.kind === "quote" || piece.kind === "block";
    for (const [i, each] of inner.entries()) {
      const last = flat.at(-1);
      if (last && !(begins && i === 0) && String(last.slice(1)) === String(each.slice(1))) last[0] += each[0];
      else flat.push(each);
    }
  }
  return flat;
}

test("a text has the pieces that the table says", () => check("markup", ({ text }) => flatPieces(parseMarkup(text))));

test("a name has the hue that the table says", () => check("hues", ({ name }) => hue(name)));

test("/goto means the time that the table says", () => {
  const { TZ } = process.env;
  check("goto", ({ typed, zone, now }) => {
    process.env.TZ = zone;
    const command = parseCommand(`/goto ${typed}`);
    return "goTo" in command && !("seq" in command.goTo) ? new Date(timeOf(command.goTo, Date.parse(now))).toISOString().replace(":00.000Z", "Z") : "refused";
  });
  if (TZ === undefined) delete process.env.TZ;
  else process.env.TZ = TZ;
});
