//! The markup inside a row: `code`, **strong**, *em*, ~~del~~, backslashes and links.

use std::collections::HashMap;

use super::emoji;
use super::links;
use super::pieces::Marks;
use super::pieces::Piece;
use super::pieces::append;
use super::width;

/// Part of a row.
enum Part {
    /// Without signs that mark anything.
    Piece(Piece),
    Sign(Sign),
}

/// One or two stars, or two tildes.
#[derive(Clone, Copy)]
struct Sign {
    text: &'static str,
    may_open: bool,
    may_close: bool,
    role: Role,
}

/// What a sign does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is text.
    None,
    Opens,
    Closes,
}

pub(super) fn parse_inline(row: &str, emoji: bool) -> Vec<Piece> {
    let mut parts = Vec::new();
    for Piece { text, marks } in split_code(row) {
        if marks.has(Marks::CODE) {
            parts.push(Piece { text, marks });
        } else {
            parts.extend(links::split(&text).into_iter().map(|(is_link, text)| Piece {
                text: text.to_owned(),
                marks: if is_link { Marks::LINK } else { Marks::default() },
            }));
        }
    }
    let count = parts.len();
    let mut split = Vec::new();
    for (at, piece) in parts.into_iter().enumerate() {
        if piece.marks == Marks::default() {
            // The page replaces the names before it looks for signs.
            let text = if emoji { emoji::replace(&piece.text) } else { piece.text };
            split_signs(&text, at > 0, at + 1 < count, &mut split);
        } else {
            split.push(Part::Piece(piece));
        }
    }
    apply(&pair_signs(split))
}

/// Code ends with as many backticks as it begins with. In it a backslash is one, also before its end.
/// Of the backslashes before it each pair is one, and a single one makes its first backtick text.
fn split_code(row: &str) -> Vec<Piece> {
    let runs: Vec<Run> = runs_of(row).into_iter().filter(|run| run.of == b'`').collect();
    let mut pieces = Vec::new();
    let mut text = |from: usize, to: usize, marks: Marks| {
        let text = row.get(from..to).unwrap_or_default();
        let is_padded = text.len() > 2 && text.starts_with(' ') && text.ends_with(' ');
        let is_blank = text.bytes().all(|byte| byte == b' ');
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        let text = if marks.has(Marks::CODE) && is_padded && !is_blank { inner } else { text };
        if to > from {
            pieces.push(Piece { text: text.to_owned(), marks });
        }
    };
    // Where the next run of each length is, found from the end.
    let mut later = HashMap::new();
    let mut ends: Vec<Option<usize>> = Vec::new();
    for (at, run) in runs.iter().enumerate().rev() {
        ends.push(later.get(&(run.length - run.slashes % 2)).copied());
        later.insert(run.length, at);
    }
    ends.reverse();
    let (mut done, mut at) = (0, 0);
    while let Some(run) = runs.get(at) {
        let end = ends.get(at).copied().flatten();
        let Some((end_at, end)) = end.and_then(|end| Some((end, runs.get(end)?))) else {
            at += 1;
            continue;
        };
        // A single backslash is taken away with those of other signs.
        let is_escaped = run.slashes % 2 == 1;
        let to = if is_escaped { run.start + 1 } else { run.start - run.slashes / 2 };
        text(done, to, Marks::default());
        text(run.start + run.length, end.start, Marks::CODE);
        done = end.start + end.length;
        at = end_at + 1;
    }
    text(done, row.len(), Marks::default());
    pieces
}

/// A run of one sign's character.
#[derive(Clone, Copy)]
struct Run {
    of: u8,
    /// Where it begins, and how long it is, in bytes.
    start: usize,
    length: usize,
    /// The backslashes directly before it.
    slashes: usize,
}

/// The runs of stars, of tildes and of backticks.
fn runs_of(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut slashes = 0;
    for (at, byte) in text.bytes().enumerate() {
        if matches!(byte, b'*' | b'~' | b'`') {
            match runs.last_mut() {
                Some(run) if run.of == byte && run.start + run.length == at => run.length += 1,
                Some(_) | None => runs.push(Run { of: byte, start: at, length: 1, slashes }),
            }
        }
        slashes = if byte == b'\\' { slashes + 1 } else { 0 };
    }
    runs
}

/// Splits text at its signs: one to three stars or two tildes, directly before or after what they mark,
/// and not inside a word. Of the backslashes directly before a sign, each pair is one backslash, and a
/// single one makes the first character of the sign text. All others stay. `is_after`: code or a link
/// precedes the text. `is_before`: one follows it.
fn split_signs(text: &str, is_after: bool, is_before: bool, parts: &mut Vec<Part>) {
    let piece = |parts: &mut Vec<Part>, from: usize, to: usize| {
        if let Some(text) = text.get(from..to).filter(|text| !text.is_empty()) {
            parts.push(Part::Piece(Piece { text: text.to_owned(), marks: Marks::default() }));
        }
    };
    let mut done = 0;
    // One tilde is no sign.
    for run in runs_of(text).into_iter().filter(|run| run.of != b'~' || run.length > 1) {
        if run.slashes > 0 {
            piece(parts, done, run.start - run.slashes.div_ceil(2));
            done = run.start;
        }
        let (start, end) = (run.start + run.slashes % 2, run.start + run.length);
        let sign = match text.get(start..end) {
            Some("*") => "*",
            Some("**") => "**",
            Some("***") => "***",
            Some("~~") => "~~",
            Some(_) | None => continue,
        };
        let before = text.get(..start).and_then(|head| head.chars().next_back());
        let before = before.unwrap_or(if is_after { '`' } else { ' ' });
        let after = text.get(end..).and_then(|tail| tail.chars().next());
        let after = after.unwrap_or(if is_before { '`' } else { ' ' });
        piece(parts, done, start);
        let may_open = !is_in_word(before) && !after.is_whitespace();
        let may_close = !before.is_whitespace() && !is_in_word(after);
        parts.push(Part::Sign(Sign { text: sign, may_open, may_close, role: Role::None }));
        done = end;
    }
    piece(parts, done, text.len());
}

/// A sign beside such a character is inside a word, as in `2*3*4`. Scripts without spaces have no such
/// words.
fn is_in_word(c: char) -> bool {
    let is_ideograph = matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
        | '\u{3038}'..='\u{303A}' | '\u{3041}'..='\u{3096}' | '\u{3099}'..='\u{309F}'
        | '\u{30A0}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}'
        | '\u{17000}'..='\u{18CFF}' | '\u{1B000}'..='\u{1B2FF}' | '\u{20000}'..='\u{3FFFF}');
    !is_ideograph && (c.is_alphanumeric() || c == '_' || width::is_mark(c))
}

/// Gives each pair of signs its roles. Only one sign of a kind is open at a time, so the search is short.
fn pair_signs(parts: Vec<Part>) -> Vec<Part> {
    let mut paired: Vec<Part> = Vec::with_capacity(parts.len());
    let mut open: Vec<(&str, usize)> = Vec::new(); // each with its text, and where it is in `paired`
    for part in parts {
        let Part::Sign(sign) = part else {
            paired.push(part);
            continue;
        };
        let is_inner = sign.may_close && open.last().is_some_and(|(text, _)| *text == "*");
        let texts: &[&str] = match sign.text {
            "***" if is_inner => &["*", "**"],
            "***" => &["**", "*"],
            _ => &[sign.text],
        };
        for text in texts {
            let found = open.iter().rposition(|(each, _)| each == text);
            let at = paired.len();
            let mut role = Role::None;
            if let Some(found) = found.filter(|_| sign.may_close) {
                let opening = open.get(found).and_then(|(_, at)| paired.get_mut(*at));
                if let Some(Part::Sign(opening)) = opening {
                    opening.role = Role::Opens;
                }
                role = Role::Closes;
                open.truncate(found);
            } else if sign.may_open {
                if let Some(found) = found {
                    open.remove(found);
                }
                open.push((text, at));
            }
            paired.push(Part::Sign(Sign { text, role, ..sign }));
        }
    }
    paired
}

/// Takes the signs that have a role out of the text, and gives what is between them its marks.
fn apply(parts: &[Part]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Vec<Marks> = Vec::new();
    let marks_of = |open: &[Marks]| open.iter().fold(Marks::default(), |all, one| all.with(*one));
    for part in parts {
        match part {
            Part::Piece(piece) => {
                append(&mut pieces, &piece.text, marks_of(&open).with(piece.marks));
            }
            Part::Sign(Sign { role: Role::Closes, .. }) => _ = open.pop(),
            Part::Sign(Sign { text, role: Role::Opens, .. }) => open.push(match *text {
                "~~" => Marks::DEL,
                "**" => Marks::STRONG,
                _ => Marks::EM,
            }),
            Part::Sign(Sign { text, role: Role::None, .. }) => {
                append(&mut pieces, text, marks_of(&open));
            }
        }
    }
    pieces
}
