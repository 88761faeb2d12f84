// Parses the markup of a message: `code`, fenced blocks, **strong**, *em*, ~~del~~, > quotes. It returns pieces, of
// which only a view makes nodes. No character is looked at twice, so the time is proportional to the length.

import { replaceEmoji } from "./emoji.js";
import { truncate, splitLinks } from "./text.js";

/**
 * @typedef {{ kind: "text" | "code" | "block", text: string, whole?: string } | { kind: "link", text: string, href: string, whole?: string }
 *     | { kind: "strong" | "em" | "del" | "quote", pieces: Piece[] }} Piece A piece of a text, without its marks;
 *     `whole`: the text of a block that `beginning` cut.
 * @typedef {{ kind: "mark", text: string, mayOpen: boolean, mayClose: boolean, role: "" | "opens" | "closes" }} Mark
 *   A mark without a role is text.
 */

/** A text with more marks was not written by a person, and is shown unparsed. */
const MAX_MARKS = 400;

/** What a mark makes of the text between it and the next one. @type {Record<string, "em" | "strong" | "del">} */
const KINDS = { "*": "em", "**": "strong", "~~": "del" };

/** What a folded message shows at most: about as many characters as such rows have on a wide page. */
const FOLDED_ROWS = 20;
const FOLDED_CHARS = 2_000;

/** A mark beside such a character is inside a word, as in `2*3*4`. Scripts without spaces have no such words. */
const LETTER = /(?![\p{Ideographic}\p{scx=Hiragana}\p{scx=Katakana}])[\p{L}\p{M}\p{N}_]/u;

/** @param {string} text @returns {Piece[]} */
export function parseMarkup(text) {
  if ((text.match(/\*+|`+|~~+|^>/gm)?.length ?? 0) > MAX_MARKS) return linkPieces(text, (part) => part);
  const rows = truncate(text).split("\n");
  const lastFence = rows.findLastIndex(isFence);
  const isPlain = (/** @type {number} */ i) => i < rows.length && !isQuote(rows[i]) && !(i < lastFence && isOpeningFence(rows[i]));
  /** @type {Piece[]} */
  const pieces = [];
  for (let i = 0; i < rows.length; i += 1) {
    const start = i;
    if (isPlain(i)) {
      while (isPlain(i + 1)) i += 1;
      pieces.push(...parseInlineRows(rows.slice(start, i + 1)));
    } else if (isQuote(rows[i])) {
      while (isQuote(rows[i + 1])) i += 1;
      pieces.push({ kind: "quote", pieces: parseInlineRows(rows.slice(start, i + 1).map((row) => row.slice(2))) });
    } else {
      do i += 1; while (!isFence(rows[i]));
      pieces.push({ kind: "block", text: rows.slice(start + 1, i).join("\n") });
    }
  }
  return pieces;
}

/** @param {string} [row] */
function isFence(row = "") {
  return /^```\s*$/.test(row);
}

/** An opening fence may name a language. @param {string} [row] */
function isOpeningFence(row = "") {
  return /^```[a-zA-Z0-9.+#-]{0,20}\s*$/.test(row);
}

/** `>_<` is an emoticon, not a quote. @param {string} [row] */
function isQuote(row) {
  return row === ">" || row?.startsWith("> ");
}

/** Parses each row alone: an open mark does not affect the next row. @param {string[]} rows */
function parseInlineRows(rows) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const [i, row] of rows.entries()) {
    if (i) appendPiece(pieces, { kind: "text", text: "\n" });
    for (const piece of parseInline(row.replace(/^\\(?=>( |$))/, ""))) appendPiece(pieces, piece);
  }
  return pieces;
}

/** @param {string} row @returns {Piece[]} */
function parseInline(row) {
  if (!/[*`]|~~/.test(row)) return linkPieces(row);
  const parts = splitCode(row).flatMap((part) => (part.kind === "code" ? [part] : linkPieces(part.text)));
  return buildTree(pairMarks(parts.flatMap((part, i) => (part.kind === "text" ? splitMarks(part.text, i > 0, i + 1 < parts.length) : [part]))));
}

/** Whether a text is shown folded at first. @param {string} text */
export function isLong(text) {
  return text.length > FOLDED_CHARS || countRows(text) > FOLDED_ROWS;
}

/** @param {string} text */
export function countRows(text) {
  return text.split("\n").length;
}

/**
 * The pieces that a folded message shows: its first rows, without runs of empty ones.
 * @param {Piece[]} pieces @param {{ rows: number, chars: number }} [left] What may still be shown.
 * @returns {Piece[]}
 */
export function beginning(pieces, left = { rows: FOLDED_ROWS, chars: FOLDED_CHARS }) {
  return pieces.flatMap(/** @returns {Piece[]} */ (piece) => {
    if (piece.kind === "quote" || piece.kind === "block") left.rows -= 1; // on rows of their own
    if (left.rows <= 0 || left.chars <= 0) return [];
    if ("pieces" in piece) return [{ ...piece, pieces: beginning(piece.pieces, left) }];
    const rows = piece.text.replace(/\n{3,}/g, "\n\n").slice(0, left.chars).split("\n");
    const text = rows.slice(0, left.rows).join("\n");
    left.rows -= rows.length > left.rows ? left.rows : rows.length - 1;
    left.chars -= text.length;
    return [{ ...piece, text, whole: piece.text }];
  });
}

/** The text without its marks and without empty rows. @param {string} text */
export function plainText(text) {
  return textOfPieces(parseMarkup(text)).replace(/\n+/g, "\n").trim();
}

/** @param {Piece[]} pieces @returns {string} */
function textOfPieces(pieces) {
  return pieces.map((piece) => {
    const words = "pieces" in piece ? textOfPieces(piece.pieces) : piece.text;
    return piece.kind === "quote" || piece.kind === "block" ? `\n${words}\n` : words; // on rows of their own
  }).join("");
}

/** Code ends with as many backticks as it begins with. In it a backslash is one, also before its end. @param {string} row @returns {{ kind: "text" | "code", text: string }[]} */
function splitCode(row) {
  const runs = [...row.matchAll(/`+/g)];
  const slashes = runs.map(({ index }) => countSlashes(row, index));
  /** @type {Map<number, number>} */
  const later = new Map();
  const ends = runs.map(() => -1);
  for (let i = runs.length - 1; i >= 0; i -= 1) {
    const { length } = runs[i]?.[0] ?? "";
    ends[i] = later.get(length - (slashes[i] ?? 0) % 2) ?? -1;
    later.set(length, i);
  }
  /** @type {{ kind: "text" | "code", text: string }[]} */
  const parts = [];
  let done = 0;
  for (let i = 0; i < runs.length; i += 1) {
    const [start, end] = [runs[i], runs[ends[i] ?? -1]];
    if (!start || !end) continue;
    const code = row.slice(start.index + start[0].length, end.index);
    const before = slashes[i] ?? 0;
    const to = before % 2 ? start.index + 1 : start.index - before / 2;
    if (to > done) parts.push({ kind: "text", text: row.slice(done, to) });
    parts.push({ kind: "code", text: /^ .* $/.test(code) && /[^ ]/.test(code) ? code.slice(1, -1) : code });
    done = end.index + end[0].length;
    i = ends[i] ?? i;
  }
  if (done < row.length) parts.push({ kind: "text", text: row.slice(done) });
  return parts;
}

/** The number of backslashes that end before an index. @param {string} text @param {number} index */
function countSlashes(text, index) {
  let from = index;
  while (text[from - 1] === "\\") from -= 1;
  return index - from;
}

/** @param {string} text @param {(text: string) => string} transform @returns {Piece[]} */
function linkPieces(text, transform = replaceEmoji) {
  return splitLinks(text).map(({ text, href }) => (href ? { kind: "link", text, href } : { kind: "text", text: transform(text) }));
}

/**
 * Splits text at its marks: one to three stars or two tildes, directly before or after what they mark, and not inside
 * a word. Of the backslashes directly before a mark, each pair is one backslash, and a single one makes the first
 * character of the mark text. All others stay: people write paths and ¯\_(ツ)_/¯.
 * @param {string} text @param {boolean} isAfter Whether code or a link precedes it. @param {boolean} isBefore Whether one follows.
 * @returns {(Piece | Mark)[]}
 */
function splitMarks(text, isAfter, isBefore) {
  /** @type {(Piece | Mark)[]} */
  const parts = [];
  let done = 0;
  const addText = (/** @type {number} */ to) => void (to > done && parts.push({ kind: "text", text: text.slice(done, to) }));
  for (const { 0: run, index } of text.matchAll(/\*+|~~+|`+/g)) {
    const slashes = countSlashes(text, index);
    if (slashes) {
      addText(index - Math.ceil(slashes / 2));
      done = index;
    }
    const [start, end] = [index + (slashes % 2), index + run.length];
    const mark = text.slice(start, end);
    if (!Object.hasOwn(KINDS, mark) && mark !== "***") continue;
    const before = Array.from(text.slice(Math.max(0, start - 2), start)).at(-1) ?? (isAfter ? "`" : " ");
    const after = Array.from(text.slice(end, end + 2))[0] ?? (isBefore ? "`" : " ");
    addText(start);
    parts.push({
      kind: "mark", text: mark, role: "",
      mayOpen: !LETTER.test(before) && !/\s/.test(after), mayClose: !/\s/.test(before) && !LETTER.test(after),
    });
    done = end;
  }
  addText(text.length);
  return parts;
}

/** Gives each mark its role. Only one mark of a kind is open at a time, so the search is short. @param {(Piece | Mark)[]} parts */
function pairMarks(parts) {
  /** @type {Mark[]} */
  let open = [];
  return parts.flatMap(/** @returns {(Piece | Mark)[]} */ (part) => {
    if (part.kind !== "mark") return [part];
    const isInner = part.mayClose && open.at(-1)?.text === "*";
    const texts = part.text.length < 3 ? [part.text] : isInner ? ["*", "**"] : ["**", "*"];
    return texts.map((text) => {
      const mark = { ...part, text };
      const at = open.findLastIndex((each) => each.text === text);
      const opening = open[at];
      if (opening && mark.mayClose) {
        [opening.role, mark.role] = ["opens", "closes"];
        open = open.slice(0, at);
      } else if (mark.mayOpen) {
        open = [...open.filter((each) => each !== opening), mark];
      }
      return mark;
    });
  });
}

/** @param {(Piece | Mark)[]} parts @returns {Piece[]} */
function buildTree(parts) {
  /** @type {Piece[][]} */
  const levels = [[]];
  for (const part of parts) {
    const level = levels.at(-1) ?? [];
    if (part.kind !== "mark") appendPiece(level, part);
    else if (part.role === "opens") levels.push([]);
    else if (part.role === "closes") levels.at(-2)?.push({ kind: KINDS[part.text] ?? "em", pieces: levels.pop() ?? [] });
    else appendPiece(level, { kind: "text", text: part.text });
  }
  return levels[0] ?? [];
}

/** Appends a piece; text is joined to text before it. @param {Piece[]} pieces @param {Piece} piece */
function appendPiece(pieces, piece) {
  const last = pieces.at(-1);
  if (last?.kind === "text" && piece.kind === "text") pieces[pieces.length - 1] = { kind: "text", text: last.text + piece.text };
  else pieces.push(piece);
}
