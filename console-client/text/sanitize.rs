//! Sanitizes text before it is printed: everything printed goes through [`Sanitized`], also our own
//! text, so there is no way around it.
//!
//! A terminal executes escape sequences, and a reader believes what looks official.

use super::width;
use std::fmt::Write;

/// Text that cannot control a terminal and hides nothing: without control characters, invisible or
/// direction-changing ones. Those are shown as escapes: `\x1b`, `\u{202e}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sanitized(String);

impl Sanitized {
    /// A text shown on one line: names, rooms, error messages. A line feed becomes `\n`.
    pub(crate) fn one_line(text: &str) -> Sanitized {
        let mut safe = String::with_capacity(text.len());
        let mut before = Preceding::Nothing;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            before = push(&mut safe, c, before, rest.peek().copied());
        }
        Sanitized(safe)
    }

    /// A text of one or more lines. The caller marks all but the first as continued, so that none can
    /// pass for a message of another user. A tab becomes four spaces.
    pub(crate) fn lines(text: &str) -> Vec<Sanitized> {
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        lines.map(|line| Sanitized::one_line(&line.replace('\t', "    "))).collect()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lines of sanitized text, in one string: a text of 4,096 line breaks takes no more memory than
/// another of its length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SanitizedLines(String);

impl SanitizedLines {
    /// Adds a line.
    pub(crate) fn push(&mut self, line: &Sanitized) {
        self.0.push('\n');
        self.0.push_str(line.as_str());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n').skip(1)
    }

    /// The memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.0.capacity()
    }
}

/// What is before a character, which decides whether a mark or a joiner makes sense there.
#[derive(Clone, Copy)]
enum Preceding {
    Nothing,
    /// A character that marks and joiners may follow, and how many marks follow it already.
    Visible {
        ascii: bool,
        marks: usize,
    },
}

/// Marks on one letter that are shown as marks. Living languages need three; a tower of marks would
/// paint over the lines around it.
const MARKS: usize = 4;

fn push(safe: &mut String, c: char, before: Preceding, next: Option<char>) -> Preceding {
    // A joiner joins only characters that are shown unchanged.
    let joins = |marks: usize| {
        next.is_some_and(|next| {
            let shown = width::is_combining(next) && marks >= MARKS;
            !next.is_ascii() && !next.is_control() && !is_hidden(next) && !shown
        })
    };
    match (c, before) {
        ('\n', _) => safe.push_str("\\n"),
        ('\r', _) => safe.push_str("\\r"),
        ('\t', _) => safe.push_str("\\t"),
        // Persian and Indic words need these, and so do families of emoji.
        ('\u{200C}' | '\u{200D}', Preceding::Visible { ascii: false, marks }) if joins(marks) => {
            safe.push(c);
            return Preceding::Visible { ascii: true, marks };
        }
        // "as text" and "as picture", for characters that can be both; one at most.
        ('\u{FE0E}' | '\u{FE0F}', Preceding::Visible { ascii: false, marks: 0 }) => {
            safe.push(c);
            return Preceding::Visible { ascii: false, marks: 1 };
        }
        _ if c.is_control() => _ = write!(safe, "\\x{:02x}", u32::from(c)),
        _ if is_hidden(c) => _ = write!(safe, "\\u{{{:x}}}", u32::from(c)),
        (_, Preceding::Visible { ascii, marks }) if width::is_combining(c) && marks < MARKS => {
            safe.push(c);
            return Preceding::Visible { ascii, marks: marks + 1 };
        }
        _ if width::is_combining(c) => _ = write!(safe, "\\u{{{:x}}}", u32::from(c)),
        _ => {
            safe.push(c);
            return Preceding::Visible { ascii: c.is_ascii(), marks: 0 };
        }
    }
    Preceding::Nothing
}

/// Invisible characters: direction changes, joiners, fillers, separators, tags, non-characters.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generators::{INPUTS, hold};

    fn shown(text: &str) -> String {
        Sanitized::one_line(text).0
    }

    #[test]
    fn an_escape_sequence_is_shown_and_not_executed() {
        assert_eq!(shown("\x1b]52;c;aGk=\x07"), "\\x1b]52;c;aGk=\\x07");
        assert_eq!(shown("\x1b[2J\x1bP$q\x1b\\"), "\\x1b[2J\\x1bP$q\\x1b\\");
        assert_eq!(shown("a\u{9b}2J\u{9d}0;x\u{7f}\0"), "a\\x9b2J\\x9d0;x\\x7f\\x00");
        assert_eq!(shown("80%\r0 \x08\t\n"), "80%\\r0 \\x08\\t\\n");
    }

    #[test]
    fn what_turns_or_hides_text_is_shown() {
        assert_eq!(shown("a\u{202e}b\u{2066}c"), "a\\u{202e}b\\u{2066}c");
        assert_eq!(shown("\u{feff}ad\u{200b}min\u{e0041}"), "\\u{feff}ad\\u{200b}min\\u{e0041}");
        assert_eq!(shown("a\u{200d}b\u{2028}\u{ffff}"), "a\\u{200d}b\\u{2028}\\u{ffff}");
    }

    #[test]
    fn what_languages_and_emoji_need_is_left_alone() {
        for text in [
            "José",
            "Jose\u{301}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown("👨\u{200d}"), "👨\\u{200d}");
        assert_eq!(shown("❤\u{fe0f}\u{fe0f}"), "❤\u{fe0f}\\u{fe0f}");
        assert_eq!(shown("é\u{200d}\u{9b}"), "é\\u{200d}\\x9b", "there is nothing to join");
    }

    #[test]
    fn a_tower_of_marks_is_cut_down_and_a_mark_on_nothing_is_shown() {
        let tower = format!("a{}", "\u{301}".repeat(6));
        assert_eq!(shown(&tower), "a\u{301}\u{301}\u{301}\u{301}\\u{301}\\u{301}");
        assert_eq!(shown("\u{301}a"), "\\u{301}a");
    }

    #[test]
    fn several_lines_are_separated_so_that_each_can_be_marked() {
        let all = Sanitized::lines("hi\r\nadmin: you are banned\n\tx\n");
        let lines: Vec<&str> = all.iter().map(Sanitized::as_str).collect();
        assert_eq!(lines, ["hi", "admin: you are banned", "    x", ""]);
        let mut together = SanitizedLines::default();
        all.iter().for_each(|line| together.push(line));
        assert!(together.iter().eq(lines));
        assert_eq!(SanitizedLines::default().iter().count(), 0);
    }

    #[test]
    fn nothing_a_terminal_would_execute_comes_through() {
        hold("shown", INPUTS, Vec::new(), crate::shown::any_bytes);
    }
}
