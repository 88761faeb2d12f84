//! The screen, as a terminal shows it.

use super::*;
use crate::editor::completion::Words;
use crate::stdio::keys::Key;
use crate::text::markup::Markup;
use crate::text::style::Palette;
use proptest::prelude::*;
use std::num::NonZeroU16;

const SIZE: Size = Size { rows: 8, columns: 24 };

/// A terminal, our screen on it, and what is typed.
struct TestScreen {
    terminal: vt100::Parser,
    screen: Screen,
    editor: Editor,
}

impl TestScreen {
    fn new() -> TestScreen {
        let terminal = terminal(24);
        let markup = Markup::Styled { emoji: true };
        let look = Look { palette: Palette::Monochrome, markup, on_resize: OnResize::WrapsAgain };
        let screen = Screen::new(SIZE, look);
        TestScreen { terminal, screen, editor: Editor::default() }
    }

    fn paint(&mut self, above: &[&str], pending: &[&str]) -> String {
        let lines = |texts: &[&str]| texts.iter().map(|text| line(text)).collect::<Vec<_>>();
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

fn line(text: &str) -> Line {
    Line::indented(2).with_text(Style::Plain, text)
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| (*row).to_owned()).collect()
}

#[test]
fn the_chat_scrolls_above_and_the_input_stays_below() {
    let mut test = TestScreen::new();
    test.type_in("hel");
    test.paint(&["alice hi"], &[]);
    assert_eq!(test.seen(), (rows(&["alice hi", "[lobby]", "> hel"]), (2, 5)));
    test.type_in("lo");
    test.paint(&["bob hey", "alice you"], &["… bob yes"]);
    let expected = ["alice hi", "bob hey", "alice you", "… bob yes", "[lobby]", "> hello"];
    assert_eq!(test.seen(), (rows(&expected), (5, 7)));
    test.paint(&["1", "2", "3"], &[]);
    let expected = ["alice hi", "bob hey", "alice you", "1", "2", "3", "[lobby]", "> hello"];
    assert_eq!(test.seen(), (rows(&expected), (7, 7)));
    test.paint(&["4"], &[]);
    assert_eq!(test.seen().0[5..], rows(&["4", "[lobby]", "> hello"]));
}

#[test]
fn a_long_line_wraps_and_scrolls_around_the_cursor() {
    let mut test = TestScreen::new();
    test.type_in("abcdefghijklmnopqrstuvwxyz\n日本");
    test.paint(&[], &[]);
    let expected = ["[lobby]", "> abcdefghijklmnopqrst", "  uvwxyz", "  日本"];
    assert_eq!(test.seen(), (rows(&expected), (3, 6)));
    test.type_in("\n1\n2\n3\n4\n5");
    test.paint(&["above"], &[]);
    assert_eq!(
        test.seen().0,
        rows(&["above", "  uvwxyz", "  日本", "  1", "  2", "  3", "  4", "  5"])
    );
    test.editor.press(Key::Ctrl('a'), &Words::default());
    test.paint(&[], &[]);
    assert_eq!(test.seen().1, (7, 2));
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let mut test = TestScreen::new();
    assert!(!test.paint(&[], &[]).is_empty());
    assert_eq!(test.paint(&[], &[]), "");
}

#[test]
fn a_narrower_terminal_that_wraps_rows_again_is_painted_over_cleanly() {
    let mut test = TestScreen::new();
    test.type_in("abcdefghijklmnop");
    test.paint(&["alice hi"], &[]);
    // As a terminal of 12 columns shows the same: the 18 columns of input are two rows now.
    test.terminal = terminal(12);
    test.terminal.process(b"alice hi\r\n[lobby]\r\n> abcdefghijklmnop");
    test.screen.resize(Size { rows: 8, columns: 12 });
    test.paint(&[], &[]);
    assert_eq!(test.seen().0, rows(&["alice hi", "[lobby]", "> abcdefgh", "  ijklmnop"]));
}

#[test]
fn emoji_that_are_joined_show_as_one_in_the_input_line() {
    let mut test = TestScreen::new();
    let couple = "👩\u{200d}👩";
    test.type_in(&format!("a{couple}b"));
    let painted = test.paint(&[], &[]);
    assert_eq!(test.seen().0, rows(&["[lobby]", &format!("> a{couple}b")]));
    // Terminals give it two columns or four: the text before the cursor is painted again, which puts
    // the cursor behind it on each.
    let end = format!("\r> a{couple}b{END}");
    assert!(painted.ends_with(&end), "{painted:?}");
    test.editor.press(Key::Left, &Words::default());
    test.editor.press(Key::Left, &Words::default());
    test.paint(&[], &[]);
    assert_eq!(test.seen().1, (1, 3), "the cursor does not stop inside");
}

#[test]
fn input_is_sanitized_like_the_text_of_others() {
    let mut test = TestScreen::new();
    test.type_in("a\u{202e}b");
    test.paint(&["x\x1b[2Jy"], &[]);
    assert_eq!(test.seen().0, rows(&["x\\x1b[2Jy", "[lobby]", "> a\\u{202e}b"]));
}

#[test]
fn erasing_leaves_the_chat_and_a_clean_row() {
    let mut test = TestScreen::new();
    test.type_in("abc");
    test.paint(&["alice hi"], &["… waits"]);
    let mut out = String::new();
    test.screen.erase(&mut out);
    test.terminal.process(out.as_bytes());
    assert_eq!(test.seen(), (rows(&["alice hi"]), (1, 0)));
}

proptest! {
    /// For any input and any lines that come in, the bottom row and the cursor are right, and the lines
    /// above are complete and in order.
    #[test]
    fn typing_and_the_chat_never_disturb_each_other(
        steps in prop::collection::vec(("[a-z日 ]{0,9}", prop::option::of("[a-z]{1,40}")), 1..20)
    ) {
        let mut test = TestScreen::new();
        let (mut typed, mut all) = (String::new(), Vec::new());
        for (keys, line) in &steps {
            test.type_in(keys);
            typed.push_str(keys);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            test.paint(&line, &[]);
            all.extend(line.iter().map(|line| (*line).to_owned()));
        }
        let (seen, cursor) = test.seen();
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
