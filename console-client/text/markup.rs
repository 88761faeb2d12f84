//! The markup of a message: `code`, fenced blocks, **strong**, *em*, ~~del~~, > quotes; with the rules of
//! the page's `static/text/markup.js`. `tests/vectors/markup.json` holds both to them.
//!
//! It returns pieces, which only [`super::line`] draws. The time it takes is proportional to the length.

use super::inline::parse_inline;
use super::pieces::Marks;
use super::pieces::Piece;
use super::pieces::append;

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

/// Runs of stars, of backticks and of more than one tilde, and rows that begin with `>`.
fn count_marks(text: &str) -> usize {
    let (mut before, mut tildes) = ('\n', 0);
    let mut count = 0;
    for c in text.chars() {
        tildes = if c == '~' { tildes + 1 } else { 0 };
        let begins_run = matches!(c, '*' | '`') && before != c || tildes == 2;
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
        // A backslash makes the mark of a quote text.
        let escaped = row.strip_prefix('\\').filter(|rest| is_quote(rest));
        for Piece { text, marks } in parse_inline(escaped.unwrap_or(row), emoji) {
            append(&mut pieces, &text, marks);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

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
            "~~",
            "~~a ",
            "~~a~~ ",
            "**a ~~b *c ",
            "\\",
            "\\*",
            "\\\\`",
            "\\`a`",
            "www.",
            "www.a.",
            "w",
            "@",
            "a@",
            "a@b.",
            "a@b.cd ",
            "a.b-",
            "mailto:",
        ] {
            // So many marks are parsed, and more are not.
            for text in [390 / bit.len(), 200_000 / bit.len()].map(|times| bit.repeat(times)) {
                let start = Instant::now();
                let pieces = STYLED.parse(&text);
                let took = start.elapsed();
                assert!(took < Duration::from_secs(10), "{bit} takes {took:?}");
                let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
                let all: String = pieces.into_iter().map(|piece| piece.text).collect();
                assert_eq!(letters(&all), letters(&text), "{bit}");
            }
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
