// Every function of the page that reads a text takes time proportional to its length, whatever the text.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Chat } from "../../../static/model/chat.js";
import * as commands from "../../../static/model/commands.js";
import { candidatesFrom, Completion, firstArgument, fitSpacing, lastWord } from "../../../static/model/completion.js";
import { parseMoment } from "../../../static/model/goto.js";
import { awayText, withName, without } from "../../../static/model/members.js";
import { mentions } from "../../../static/model/mentions.js";
import { notificationFor } from "../../../static/model/notification.js";
import { Room } from "../../../static/model/room.js";
import { choices } from "../../../static/model/room-choices.js";
import { nameTyped, suggestionsFor } from "../../../static/model/suggestions.js";
import * as url from "../../../static/model/url.js";
import { decode, encode } from "../../../static/protocol/messages.js";
import * as names from "../../../static/protocol/names.js";
import { replaceEmoji } from "../../../static/text/emoji.js";
import * as markup from "../../../static/text/markup.js";
import { roomNamesIn, splitRooms } from "../../../static/text/room-links.js";
import * as text from "../../../static/text/text.js";
import { isFinal, refusalOf, roomRefusal, typedFor } from "../../../static/model/refusals.js";
import { setClock } from "../../../static/text/time.js";
import { rowsOf } from "../../../static/view/rows.js";

const STATIC = new URL("../../../static/", import.meta.url);

/** The longest text that a server of ours takes, in bytes; and how long a function may need for it. */
const BYTES = 10_000;
const MOST_MS = 10;

/** What an attacker would try: a start, and what follows it again and again. */
const TEXTS = [
  ["http://x", ")"], ["http://x", "]}"], ["http://x", "(["], ["http://x(", ")."], ["", "http://a "], ["", "http://"], ["", "https://a@b) "],
  ["http://", "a."], ["http://x/", "%"], ["http://", "é"], ["https://", "x@"], ["http://[", ":"], ["http://x", ".,;:!?*_~…”’»"],
  ["", "("], ["", "[("], ["", "`"], ["", "` "], ["", "`x``"], ["` ", "x"], ["` x", " "], ["`", "\t"], ["```\n", "x\n"], ["", "```\n"], ["", "```a\n```b\n"],
  ["", "~"], ["", "~~a"], ["", " ~~a~~ *b*"], ["", "~~ "], ["", "\\*"], ["*", "\\"], ["`", "\\"], ["", "\\`a`"], ["", "\\\\~~a"], ["*", "\\>\n"],
  ["", "www."], ["", "www.a "], ["www.", "a."], ["www.a", ".,"], ["", "www.a.b\\"], ["", "a.a@"], ["a@", "a."], ["a@", "a-"], ["", "a@a.aa"], ["", "a@a.aa:"], ["", "a.b-"], ["", "a+b@c.de "],
  ["", "mailto:"], ["", "mailto:a@"], ["", "a@b."], ["a@a.a.a.a.a.a.a.a.", "a"], ["", `${"a".repeat(64)} `], ["", `${"a".repeat(63)}.`],
  ["", "*"], ["", "* "], ["", "*a"], ["", "**a*"], ["", " *a* **b"], ["", "***a** b*"], ["", "_"], ["", "a*_"],
  ["", "@"], ["", "@a "], ["", "a@a."], ["", "&#"], ["", "&lt;"], ["", ":"], ["", ":+1:"], ["", ":tada"], ["", ":a :"],
  ["", "a"], ["", "w "], ["", " "], ["x", " "], ["", "\t \u2003"], ["", "\n"], ["x", "\n"], ["", "\r"], ["", "\r\n \n"], ["", "> \n"], ["", "> "], ["", ">\n\n"],
  ["", "x\n"], ["", "-"], ["", "."], ["", "-a"], ["a", "-."], ["a", "\u0301"], ["", "Z\u0335\u0489"], ["", "é"], ["", "Σ"], ["", "İ"], ["", "ß"],
  ["", "👋"], ["", "👩‍👩‍👧"], ["", "\ud800"], ["", "\udc00"], ["", "\u202e"], ["", "\u2067\u2069"], ["", "שלום "], ["", "漢字"], ["", "\0"], ["", "\u0085"], ["", "\ufdfd"],
  ["/", "a"], ["/", " "], ["/me ", " "], ["/msg ", "@"], ["/reply 1", " "], ["/reply 1", "1"], ["/topic ", " a"], ["/search ", "\t"], ["//", "/"],
  ["/r/", "%41"], ["/r/", "%"], ["#", "1"], ["#", "#"], ["@", "a+"], ["", "bob"], ["", "bob-"], ["", "1 "], ["", "{\"a\":"], ["", "["], ["", "\\"],
].flatMap(([start, rest]) => ["", "x"].map((end) => (/** @type {number} */ bytes) => start + rest.repeat(Math.ceil(bytes / Buffer.byteLength(rest))) + end));

/** A value of a field of the protocol; the others are valid. */
const record = (/** @type {object} */ fields) => ({ type: "post", room: "lobby", seq: 1, at: 1, user: "eve", cid: "c", text: "x", ...fields });

/** A room in which a text was said by a name. */
function roomWith(/** @type {object} */ fields) {
  const chat = new Chat();
  chat.me = "bob";
  const room = chat.room = chat.ensureRoom("lobby");
  room.joined({ first: 1, head: 0, since: 0, members: ["bob"], count: 1 });
  chat.addRecord(record(fields), false);
  chat.addRecord(record({ seq: 2, reply: 1 }), false);
  return { chat, room };
}

/** The functions that read a text, each by its name. @type {Record<string, (text: string) => unknown>} */
const READERS = {
  ...commands, ...url, ...names, ...markup, ...text, parseMoment, awayText, replaceEmoji, lastWord, setClock, splitRooms, roomNamesIn, encode: (t) => encode({ type: t }),
  beginning: (t) => markup.beginning(markup.parseMarkup(t)),
  nearest: (t) => text.nearest(t, ["help", "history", "leave"]),
  roomPath: (t) => url.roomPath(t.toWellFormed()),
  fitSpacing: (t) => fitSpacing(t, t),
  mentions: (t) => mentions(t, "bob"),
  "mentions of a long name": (t) => mentions("bob", t),
  isFinal,
  roomRefusal: (t) => roomRefusal({ code: "bad_name", message: t }, `@ada+${t}`, "ada"),
  refusalOf: (t) => refusalOf({ type: "post", room: "@ada+bob", cid: "c", text: t }, { code: "forbidden", message: t }, "ada"),
  typedFor: (t) => typedFor({ type: "post", room: "lobby", cid: "c", text: t }),
  choices: (t) => choices(roomWith({}).chat, t),
  notificationFor: (t) => notificationFor(record({ text: t }), roomWith({}).chat),
  privateRoom: (t) => names.privateRoom(t, `${t}x`),
  peerOf: (t) => [names.peerOf(t, "bob"), names.peerOf("@ada+bob", t)],
  compareNames: (t) => names.compareNames(t, `${t}x`),
  withName: (t) => withName([t, `${t}x`], `${t}y`),
  without: (t) => without([t, `${t}x`], t),
  nameTyped: (t) => [t, `@${t}`, `/msg ${t}`].map((before) => nameTyped(before, roomWith({}).chat)),
  sameName: (t) => names.sameName(t, `${t}x`),
  "a row": (t) => rowsOf(roomWith({ text: t }).room, { from: 0, to: Infinity }, "bob", 0),
  "a row of a name": (t) => rowsOf(roomWith({ user: t }).room, { from: 0, to: Infinity }, "bob", 0),
  "a topic": (t) => rowsOf(roomWith({ type: "topic", text: t }).room, { from: 0, to: Infinity }, "bob", 0),
  "Completion.begin": (t) => Completion.begin(t, { names: ["ada", t], rooms: ["lobby", t], joined: [t] }),
  firstArgument: (t) => [firstArgument(t), firstArgument(`/${t}`)],
  suggestionsFor: (t) => [t, `@${t}`, `#${t}`, `:${t}`, `/${t}`, `/join ${t}`].map((before) => suggestionsFor(before, roomWith({}).chat)),
  "Completion.begin, of a message": (t) => Completion.begin(`${t} ad`, candidatesFrom(roomWith({ user: t }).chat)),
  "Room, new": (t) => new Room(`@${t}`, t),
  decode: (t) => decode(JSON.stringify(record({ text: t, user: t }))),
  "decode, of no JSON": (t) => decode(t),
};

/** Exports that read no text: lists and messages for the person. */
const OTHERS = new Set(["memoize", "COMMANDS", "ALIASES", "BAD_NAME", "BAD_ROOM"]);

/** What this process has had of the processor, in ms: a busy machine has little to do with it. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The least of some runs, because one may be compiled or interrupted: ms. */
function leastMs(/** @type {() => unknown} */ run, most = MOST_MS) {
  let least = Infinity;
  for (let i = 0; i < 20 && (i < 3 || least > most); i += 1) {
    const start = cpuMs();
    run();
    least = Math.min(least, cpuMs() - start);
  }
  return least;
}

for (const [name, read] of Object.entries(READERS).filter(([each]) => !OTHERS.has(each))) {
  test(`any text of ${BYTES.toLocaleString("en")} bytes is read in at most ${MOST_MS} ms: ${name}`, (t) => {
    let worst = { ms: 0, start: "" };
    for (const make of TEXTS) {
      const [half, whole] = [make(BYTES / 2), make(BYTES)];
      const ms = leastMs(() => read(whole));
      const start = JSON.stringify(whole.slice(0, 24));
      assert.ok(ms <= MOST_MS, `${start}: ${ms.toFixed(1)} ms`);
      if (ms > worst.ms) worst = { ms, start };
      if (ms < 2) continue; // so short that a pause of the machine would decide
      const growth = () => leastMs(() => read(whole), 0) / leastMs(() => read(half), 0);
      assert.ok(growth() < 3 || growth() < 3 || growth() < 3, `${start}: twice the text takes over three times as long`);
    }
    t.diagnostic(`worst ${worst.ms.toFixed(2)} ms: ${worst.start}`);
  });
}

test("50,000 unread messages, their replies, edits and deletes take a time proportional to their number", (t) => {
  const room = new Room("@ada+bob", "bob");
  room.joined({ first: 1, head: 0, since: 0, members: [], count: 0 });
  room.firstInView = 0; // the person has scrolled to the first one: none is dropped
  const add = (/** @type {object} */ fields) => room.add(record({ seq: room.newest + 1, user: "ada", ...fields }), false, false, "bob");
  const start = cpuMs();
  for (let i = 1; i <= 50_000; i += 1) add({ text: `line ${i}`, ...(i > 1 && { reply: 1 }) });
  for (let i = 1; i <= 25_000; i += 1) add({ type: i % 2 ? "delete" : "edit", target: i });
  assert.equal(room.unread, 37_500);
  const rows = rowsOf(room, { from: 49_000, to: Infinity }, "bob", 0);
  const ms = cpuMs() - start;
  t.diagnostic(`${ms.toFixed(0)} ms, ${rows.length} rows`);
  assert.ok(ms < 6_000, `${ms} ms`); // it was 180 s where each reply looked through all, and each delete counted all
});

test("every function of the page that takes a text is in the table", () => {
  for (const folder of ["protocol", "text", "model"]) {
    for (const file of readdirSync(new URL(`${folder}/`, STATIC))) {
      const source = readFileSync(new URL(`${folder}/${file}`, STATIC), "utf8");
      for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export (?:async )?function (\w+)/g)) {
        if (/@param \{(unknown|string)/.test(comment)) assert.ok(Object.hasOwn(READERS, name), `${folder}/${file}: ${name}`);
      }
    }
  }
});
