//! The markup of a message: `code`, fenced blocks, **strong**, *em*, > quotes; with the rules of the
//! page's `static/text/markup.js`. `tests/vectors/markup.json` holds both to them.
//!
//! It returns pieces, which only [`super::line`] draws. The time it takes is proportional to the length.

use std::collections::HashMap;

use super::emoji;
use super::links;
use super::width;

/// A piece of a text, without its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) marks: Marks,
}

/// What marks say about a piece of text: a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const STRONG: Marks = Marks(1);
    pub(crate) const EM: Marks = Marks(2);
    pub(crate) const CODE: Marks = Marks(4);
    /// Rows between fences.
    pub(crate) const BLOCK: Marks = Marks(8);
    pub(crate) const QUOTE: Marks = Marks(16);
    pub(crate) const LINK: Marks = Marks(32);

    pub(crate) fn has(self, mark: Marks) -> bool {
        self.0 & mark.0 != 0
    }

    fn with(self, mark: Marks) -> Marks {
        Marks(self.0 | mark.0)
    }
}

/// What a screen makes of markup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Markup {
    /// Marks become styles; names of emoji become pictures if the terminal's locale has them.
    Styled { emoji: bool },
    /// The text as it was sent.
    #[default]
    Raw,
}

impl Markup {
    /// What a terminal with this locale makes of it: the first of these that is not empty decides
    /// (POSIX, "Environment Variables", 8.2).
    pub(crate) fn of_locale(lc_all: &str, lc_ctype: &str, lang: &str) -> Markup {
        let locale = [lc_all, lc_ctype, lang].into_iter().find(|locale| !locale.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        Markup::Styled { emoji: locale.contains("utf-8") || locale.contains("utf8") }
    }

    /// The lines of the text, each as pieces.
    pub(crate) fn lines(self, text: &str) -> Vec<Vec<Piece>> {
        let mut lines: Vec<Vec<Piece>> = Vec::new();
        let mut before = None;
        for Piece { text, marks } in self.parse(text) {
            let is_apart = |marks: Marks| marks.has(Marks::BLOCK) || marks.has(Marks::QUOTE);
            let begins_quote = marks.has(Marks::QUOTE) && text.is_empty();
            let continues = before.is_some_and(|before: Marks| {
                let continues_quote = marks.has(Marks::QUOTE) && before.has(Marks::QUOTE);
                if continues_quote { !begins_quote } else { !is_apart(marks) && !is_apart(before) }
            });
            for (at, row) in text.split('\n').enumerate() {
                let piece = Piece { text: row.to_owned(), marks };
                match lines.last_mut() {
                    Some(line) if at == 0 && continues => line.push(piece),
                    Some(_) | None => lines.push(vec![piece]),
                }
            }
            before = Some(marks);
        }
        lines
    }

    /// The text as pieces. A piece's text may have line breaks; a block or a quote is on lines of its own,
    /// and a quote begins with an empty piece.
    pub(crate) fn parse(self, text: &str) -> Vec<Piece> {
        let too_many_marks = count_marks(text) > MAX_MARKS;
        match self {
            Markup::Styled { emoji } if !too_many_marks => parse(text, emoji),
            Markup::Styled { .. } | Markup::Raw => {
                vec![Piece { text: text.to_owned(), marks: Marks::default() }]
            }
        }
    }
}

/// A text with more marks was not written by a person, and is shown unparsed.
const MAX_MARKS: usize = 400;

/// Runs of stars and backticks, and rows that begin with `>`.
fn count_marks(text: &str) -> usize {
    let mut before = '\n';
    let mut count = 0;
    for c in text.chars() {
        let begins_run = matches!(c, '*' | '`') && before != c;
        count += usize::from(begins_run || c == '>' && before == '\n');
        before = c;
    }
    count
}

// ---- Rows --------------------------------------------------------------------------------------

fn parse(text: &str, emoji: bool) -> Vec<Piece> {
    let rows: Vec<&str> = text.split('\n').collect();
    let last_fence = rows.iter().rposition(|row| is_fence(row)).unwrap_or(0);
    let opens_block =
        |at: usize| at < last_fence && rows.get(at).is_some_and(|row| is_opening_fence(row));
    let is_quote_at = |at: usize| rows.get(at).is_some_and(|row| is_quote(row));
    let is_plain = |at: usize| at < rows.len() && !is_quote_at(at) && !opens_block(at);
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let start = at;
        at += 1;
        if is_plain(start) {
            while is_plain(at) {
                at += 1;
            }
            let plain = rows.get(start..at).unwrap_or_default();
            pieces.extend(parse_inline_rows(plain.iter().copied(), emoji));
        } else if is_quote_at(start) {
            while is_quote_at(at) {
                at += 1;
            }
            let quoted = rows.get(start..at).unwrap_or_default();
            let quoted = quoted.iter().map(|row| row.get(2..).unwrap_or_default());
            let quoted = parse_inline_rows(quoted, emoji);
            let quoted =
                quoted.into_iter().map(|p| Piece { marks: p.marks.with(Marks::QUOTE), ..p });
            pieces.push(Piece { text: String::new(), marks: Marks::QUOTE });
            pieces.extend(quoted);
        } else {
            while !rows.get(at).is_some_and(|row| is_fence(row)) {
                at += 1; // a fence is there: `last_fence`
            }
            let text = rows.get(start + 1..at).unwrap_or_default().join("\n");
            pieces.push(Piece { text, marks: Marks::BLOCK });
            at += 1;
        }
    }
    pieces
}

fn is_fence(row: &str) -> bool {
    row.strip_prefix("```").is_some_and(|rest| rest.trim().is_empty())
}

/// An opening fence may name a language.
fn is_opening_fence(row: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || ".+#-".contains(c);
    row.strip_prefix("```").is_some_and(|rest| {
        let name = rest.trim_end();
        name.len() <= 20 && name.chars().all(of_name)
    })
}

/// `>_<` is an emoticon, not a quote.
fn is_quote(row: &str) -> bool {
    row == ">" || row.starts_with("> ")
}

/// Parses each row alone: an open mark does not affect the next row.
fn parse_inline_rows<'a>(rows: impl Iterator<Item = &'a str>, emoji: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, row) in rows.enumerate() {
        if at > 0 {
            append(&mut pieces, "\n", Marks::default());
        }
        for Piece { text, marks } in parse_inline(row, emoji) {
            append(&mut pieces, &text, marks);
        }
    }
    pieces
}

/// Appends a piece; one with the same marks is joined to the one before it.
fn append(pieces: &mut Vec<Piece>, text: &str, marks: Marks) {
    match pieces.last_mut() {
        Some(last) if last.marks == marks => last.text.push_str(text),
        Some(_) | None => pieces.push(Piece { text: text.to_owned(), marks }),
    }
}

// ---- Inside a row ------------------------------------------------------------------------------

/// Part of a row.
enum Part {
    /// Without stars that mark anything.
    Piece(Piece),
    Stars(Stars),
}

/// One or two stars.
#[derive(Clone, Copy)]
struct Stars {
    count: usize,
    may_open: bool,
    may_close: bool,
    role: Role,
}

/// What stars do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// They are text.
    None,
    Opens,
    Closes,
}

fn parse_inline(row: &str, emoji: bool) -> Vec<Piece> {
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
            // The page replaces the names before it looks for stars.
            let text = if emoji { emoji::replace(&piece.text) } else { piece.text };
            split_stars(&text, at > 0, at + 1 < count, &mut split);
        } else {
            split.push(Part::Piece(piece));
        }
    }
    apply(&pair_stars(split))
}

/// Code ends with as many backticks as it begins with.
fn split_code(row: &str) -> Vec<Piece> {
    let runs = runs_of(row, '`');
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
    for (at, (_, length)) in runs.iter().enumerate().rev() {
        ends.push(later.insert(*length, at));
    }
    ends.reverse();
    let (mut done, mut at) = (0, 0);
    while let Some((start, length)) = runs.get(at) {
        let end = ends.get(at).copied().flatten();
        let Some((end_at, (end, _))) = end.and_then(|end| Some((end, runs.get(end)?))) else {
            at += 1;
            continue;
        };
        text(done, *start, Marks::default());
        text(start + length, *end, Marks::CODE);
        done = end + length;
        at = end_at + 1;
    }
    text(done, row.len(), Marks::default());
    pieces
}

/// Where runs of `c` begin, and how long they are, in bytes.
fn runs_of(text: &str, c: char) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices(c) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            Some(_) | None => runs.push((at, 1)),
        }
    }
    runs
}

/// Splits text at its stars: one to three, directly before or after what they mark, and not inside a
/// word. `is_after`: code or a link precedes the text. `is_before`: one follows it.
fn split_stars(text: &str, is_after: bool, is_before: bool, parts: &mut Vec<Part>) {
    let piece = |text: &str| Part::Piece(Piece { text: text.to_owned(), marks: Marks::default() });
    let mut done = 0;
    for (start, count) in runs_of(text, '*').into_iter().filter(|(_, count)| *count <= 3) {
        let (head, tail) = (text.get(..start), text.get(start + count..));
        let before = head.and_then(|head| head.chars().next_back());
        let before = before.unwrap_or(if is_after { '`' } else { ' ' });
        let after = tail.and_then(|tail| tail.chars().next());
        let after = after.unwrap_or(if is_before { '`' } else { ' ' });
        if let Some(text) = text.get(done..start).filter(|text| !text.is_empty()) {
            parts.push(piece(text));
        }
        let may_open = !is_in_word(before) && !after.is_whitespace();
        let may_close = !before.is_whitespace() && !is_in_word(after);
        parts.push(Part::Stars(Stars { count, may_open, may_close, role: Role::None }));
        done = start + count;
    }
    if let Some(text) = text.get(done..).filter(|text| !text.is_empty()) {
        parts.push(piece(text));
    }
}

/// Stars beside such a character are inside a word, as in `2*3*4`. Scripts without spaces have no such
/// words.
fn is_in_word(c: char) -> bool {
    let is_ideograph = matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
        | '\u{3038}'..='\u{303A}' | '\u{3041}'..='\u{3096}' | '\u{3099}'..='\u{309F}'
        | '\u{30A0}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}'
        | '\u{17000}'..='\u{18CFF}' | '\u{1B000}'..='\u{1B2FF}' | '\u{20000}'..='\u{3FFFF}');
    let is_mark = width::is_combining(c) && !matches!(c, '\u{200B}'..='\u{206F}');
    !is_ideograph && (c.is_alphanumeric() || c == '_' || is_mark)
}

/// Gives each pair of stars its roles. Only one mark of a kind is open at a time, so the search is
/// short.
fn pair_stars(parts: Vec<Part>) -> Vec<Part> {
    let mut paired: Vec<Part> = Vec::with_capacity(parts.len());
    let mut open: Vec<(usize, usize)> = Vec::new(); // each with its count, and where it is in `paired`
    for part in parts {
        let Part::Stars(stars) = part else {
            paired.push(part);
            continue;
        };
        let is_inner = stars.may_close && open.last().is_some_and(|(count, _)| *count == 1);
        let counts: &[usize] = match stars.count {
            1 => &[1],
            2 => &[2],
            _ if is_inner => &[1, 2],
            _ => &[2, 1],
        };
        for count in counts {
            let found = open.iter().rposition(|(each, _)| each == count);
            let at = paired.len();
            let mut role = Role::None;
            if let Some(found) = found.filter(|_| stars.may_close) {
                let opening = open.get(found).and_then(|(_, at)| paired.get_mut(*at));
                if let Some(Part::Stars(opening)) = opening {
                    opening.role = Role::Opens;
                }
                role = Role::Closes;
                open.truncate(found);
            } else if stars.may_open {
                if let Some(found) = found {
                    open.remove(found);
                }
                open.push((*count, at));
            }
            paired.push(Part::Stars(Stars { count: *count, role, ..stars }));
        }
    }
    paired
}

/// Takes the stars that have a role out of the text, and gives what is between them its marks.
fn apply(parts: &[Part]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Vec<Marks> = Vec::new();
    let marks_of = |open: &[Marks]| open.iter().fold(Marks::default(), |all, one| all.with(*one));
    for part in parts {
        match part {
            Part::Piece(piece) => {
                append(&mut pieces, &piece.text, marks_of(&open).with(piece.marks));
            }
            Part::Stars(Stars { role: Role::Closes, .. }) => _ = open.pop(),
            Part::Stars(Stars { count, role: Role::Opens, .. }) => {
                open.push(if *count == 1 { Marks::EM } else { Marks::STRONG });
            }
            Part::Stars(Stars { count, role: Role::None, .. }) => {
                append(&mut pieces, &"*".repeat(*count), marks_of(&open));
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLED: Markup = Markup::Styled { emoji: true };

    #[test]
    fn many_marks_take_time_in_proportion_and_lose_no_letter() {
        for bit in [
            "*",
            "**a ",
            "`a ",
            "`a``b```c",
            "> ",
            "```\n",
            "*a* ",
            "http://(",
            "http://a).",
            ":a",
            "h",
        ] {
            let text = bit.repeat(10_000 / bit.len());
            let pieces = STYLED.parse(&text);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
            let all: String = pieces.into_iter().map(|piece| piece.text).collect();
            assert_eq!(letters(&all), letters(&text), "{bit}");
        }
    }

    #[test]
    fn emoji_are_shown_where_the_locale_has_them() {
        for (locale, emoji) in [
            (["", "", "en_GB.UTF-8"], true),
            (["C.utf8", "", "C"], true),
            (["", "de_DE.ISO-8859-1", "en_GB.UTF-8"], false),
            (["", "", ""], false),
        ] {
            let [all, ctype, lang] = locale;
            assert_eq!(Markup::of_locale(all, ctype, lang), Markup::Styled { emoji }, "{locale:?}");
        }
    }

    #[test]
    fn a_terminal_without_styles_shows_the_text_as_it_was_sent() {
        let text = "**a** :tada: `b`\n> c";
        let piece = Piece { text: text.to_owned(), marks: Marks::default() };
        assert_eq!(Markup::Raw.parse(text), [piece]);
        let many = "*a* ".repeat(300);
        assert_eq!(STYLED.parse(&many)[0].text, many, "too many marks: unparsed");
    }
}
