//! The screen, seen as a terminal shows it.

use super::*;
use crate::editor::completion::Words;
use crate::stdio::keys::Key;
use proptest::prelude::*;
use std::num::NonZeroU16;

const SIZE: Size = Size { rows: 8, columns: 24 };

/// A terminal, our screen on it, and what is typed.
struct Desk {
    terminal: vt100::Parser,
    screen: Screen,
    editor: Editor,
}

impl Desk {
    fn new() -> Desk {
        let terminal = terminal(24);
        let screen = Screen::new(SIZE, Palette::Monochrome);
        Desk { terminal, screen, editor: Editor::default() }
    }

    fn paint(&mut self, above: &[&str], pending: &[&str]) -> String {
        let lines = |texts: &[&str]| texts.iter().map(|text| said(text)).collect::<Vec<_>>();
        let status = Line::default().with(Style::Bar, "[lobby]");
        let mut out = String::new();
        self.screen.paint(&lines(above), &lines(pending), &status, &self.editor, &mut out);
        self.terminal.process(out.as_bytes());
        out
    }

    fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == '\n' { Key::AltEnter } else { Key::Char(c) };
            self.editor.press(key, &Words::default());
        }
    }

    /// The rows that hold anything, and the row and column of the cursor.
    fn seen(&self) -> (Vec<String>, (u16, u16)) {
        let screen = self.terminal.screen();
        let mut rows: Vec<String> =
            screen.rows(0, 24).map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        (rows, screen.cursor_position())
    }
}

fn terminal(columns: u16) -> vt100::Parser {
    let [rows, columns] = [8, columns].map(|size| NonZeroU16::new(size).unwrap());
    vt100::Parser::new(rows, columns, 100)
}

fn said(text: &str) -> Line {
    Line::indented(2).with_text(Style::Plain, text)
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

#[test]
fn the_chat_goes_by_above_and_what_is_typed_stays_below() {
    let mut desk = Desk::new();
    desk.type_in("hel");
    desk.paint(&["alice hi"], &[]);
    assert_eq!(desk.seen(), (rows(&["alice hi", "[lobby]", "> hel"]), (2, 5)));
    desk.type_in("lo");
    desk.paint(&["bob hey", "alice you"], &["… bob yes"]);
    let expected = ["alice hi", "bob hey", "alice you", "… bob yes", "[lobby]", "> hello"];
    assert_eq!(desk.seen(), (rows(&expected), (5, 7)));
    desk.paint(&["1", "2", "3"], &[]);
    let expected = ["alice hi", "bob hey", "alice you", "1", "2", "3", "[lobby]", "> hello"];
    assert_eq!(desk.seen(), (rows(&expected), (7, 7)));
    desk.paint(&["4"], &[]);
    assert_eq!(desk.seen().0[5..], rows(&["4", "[lobby]", "> hello"]));
}

#[test]
fn a_long_line_wraps_and_scrolls_around_the_cursor() {
    let mut desk = Desk::new();
    desk.type_in("abcdefghijklmnopqrstuvwxyz\n日本");
    desk.paint(&[], &[]);
    let expected = ["[lobby]", "> abcdefghijklmnopqrst", "  uvwxyz", "  日本"];
    assert_eq!(desk.seen(), (rows(&expected), (3, 6)));
    desk.type_in("\n1\n2\n3\n4\n5");
    desk.paint(&["above"], &[]);
    assert_eq!(
        desk.seen().0,
        rows(&["above", "  uvwxyz", "  日本", "  1", "  2", "  3", "  4", "  5"])
    );
    desk.editor.press(Key::Ctrl('a'), &Words::default());
    desk.paint(&[], &[]);
    assert_eq!(desk.seen().1, (7, 2));
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let mut desk = Desk::new();
    assert!(!desk.paint(&[], &[]).is_empty());
    assert_eq!(desk.paint(&[], &[]), "");
}

#[test]
fn a_narrower_terminal_that_breaks_rows_anew_is_painted_over_cleanly() {
    let mut desk = Desk::new();
    desk.type_in("abcdefghijklmnop");
    desk.paint(&["alice hi"], &[]);
    // As a terminal of 12 columns shows the same: the 18 columns of input are two rows now.
    desk.terminal = terminal(12);
    desk.terminal.process(b"alice hi\r\n[lobby]\r\n> abcdefghijklmnop");
    desk.screen.resize(Size { rows: 8, columns: 12 });
    desk.paint(&[], &[]);
    assert_eq!(desk.seen().0, rows(&["alice hi", "[lobby]", "> abcdefgh", "  ijklmnop"]));
}

#[test]
fn what_is_typed_or_pasted_is_shown_as_safely_as_what_others_say() {
    let mut desk = Desk::new();
    desk.type_in("a\u{202e}b");
    desk.paint(&["x\x1b[2Jy"], &[]);
    assert_eq!(desk.seen().0, rows(&["x\\x1b[2Jy", "[lobby]", "> a\\u{202e}b"]));
}

#[test]
fn erasing_leaves_the_chat_and_a_clean_row() {
    let mut desk = Desk::new();
    desk.type_in("abc");
    desk.paint(&["alice hi"], &["… waits"]);
    let mut out = String::new();
    desk.screen.erase(&mut out);
    desk.terminal.process(out.as_bytes());
    assert_eq!(desk.seen(), (rows(&["alice hi"]), (1, 0)));
}

proptest! {
    /// Whatever is typed while whatever comes in, the bottom row and the cursor are right, and the
    /// lines above are all there in order.
    #[test]
    fn typing_and_the_chat_never_disturb_each_other(
        steps in prop::collection::vec(("[a-z日 ]{0,9}", prop::option::of("[a-z]{1,40}")), 1..20)
    ) {
        let mut desk = Desk::new();
        let (mut typed, mut all) = (String::new(), Vec::new());
        for (keys, line) in &steps {
            desk.type_in(keys);
            typed.push_str(keys);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            desk.paint(&line, &[]);
            all.extend(line.iter().map(|line| (*line).to_owned()));
        }
        let (seen, cursor) = desk.seen();
        let input = seen.iter().rposition(|row| row.starts_with("[lobby]"));
        if let Some(input) = input {
            let shown: String = seen[input + 1..].concat();
            let flat = |text: &str| text.replace([' ', '>'], "");
            prop_assert_eq!(flat(&shown), flat(&typed));
            let chat = flat(&seen[..input].concat());
            prop_assert!(flat(&all.concat()).ends_with(&chat), "{chat:?} {all:?}");
        }
        prop_assert_eq!(usize::from(cursor.0) + 1, seen.len().max(usize::from(cursor.0) + 1));
    }
}
