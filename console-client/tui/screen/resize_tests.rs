//! No resize loses a message, on any terminal.

use proptest::prelude::*;

use super::emulators::Cutting;
use super::emulators::Emulator;
use super::emulators::Wrapping;
use super::*;
use crate::editor::completion::Words;
use crate::stdio::keys::Key;
use crate::text::markup::Markup;
use crate::text::style::Palette;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    Said(String),
    Typed(String),
    Resized(Size),
    /// Two sizes, of which the screen learns the second only.
    ResizedTwice(Size, Size),
}

/// What must hold of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Once,
    AtLeastOnce,
}

fn size() -> impl Strategy<Value = Size> {
    (6..30_usize, 24..120_usize).prop_map(|(rows, columns)| Size { rows, columns })
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,9}",
        "[a-z]{40,70}",
        Just("日本語の文章。".to_owned()),
        Just("👩\u{200d}👩\u{200d}👧".to_owned()),
        Just("e\u{301}e\u{301}".to_owned()),
        Just("❤\u{fe0f}".to_owned()),
        Just("👍🏽👍🏽".to_owned()),
    ];
    prop::collection::vec(word, 1..14).prop_map(|words| words.join(" "))
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => words().prop_map(Step::Said),
        2 => words().prop_map(Step::Typed),
        3 => size().prop_map(Step::Resized),
        1 => (size(), size()).prop_map(|(first, second)| Step::ResizedTwice(first, second)),
    ];
    prop::collection::vec(step, 1..24)
}

fn flat(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '│')).collect()
}

/// Takes the steps on a terminal, and checks what is on it after each.
fn hold(
    terminal: &mut dyn Emulator,
    start: Size,
    on_resize: OnResize,
    kept: Kept,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let markup = Markup::Styled { emoji: true };
    let mut screen = Screen::new(start, Look { palette: Palette::Monochrome, markup, on_resize });
    let (mut editor, mut said, mut typed) = (Editor::default(), Vec::new(), String::new());
    let status = Line::default().with(Style::Bar, "[lobby] bob · live · 3 people · #1042");
    for step in steps {
        let mut above = Vec::new();
        match step {
            Step::Said(text) => {
                let line = Line::indented(6).with(Style::Quiet, "12:34 ");
                let line = line.with(Style::Strong, &format!("<{}>", said.len()));
                let line = line.with(Style::Plain, " ").with_message(Style::Plain, text, None);
                said.push(format!("<{}>{}", said.len(), flat(text)));
                above.push(line);
            }
            Step::Typed(text) if typed.len() < 400 => {
                text.chars().for_each(|c| _ = editor.press(Key::Char(c), &Words::default()));
                typed.push_str(text);
            }
            Step::Typed(_) => {
                editor.press(Key::Ctrl('c'), &Words::default());
                typed.clear();
            }
            Step::Resized(size) => {
                terminal.resize(*size);
                screen.resize(*size);
            }
            Step::ResizedTwice(first, second) => {
                let tallest = screen.size().rows.max(second.rows);
                terminal.resize(*first);
                terminal.resize(*second);
                // The size is asked for 0.5 s after the last time: the first was not seen. What it cut off
                // cannot be known: a narrower one cut more, a taller one also rows from the scrollback.
                let cuts_unseen = first.columns < second.columns || first.rows > tallest;
                if on_resize == OnResize::Unknown && cuts_unseen {
                    screen.resize(*first);
                }
                screen.resize(*second);
            }
        }
        let mut out = String::new();
        screen.paint(&above, &[], &status, &editor, &mut out);
        terminal.write(&out);

        let rows = terminal.rows();
        let all = flat(&rows.concat());
        for message in &said {
            let count = all.matches(message.as_str()).count();
            let is_kept = if kept == Kept::Once { count == 1 } else { count >= 1 };
            prop_assert!(is_kept, "{count} times: {message}\nafter {step:?}\n{}", rows.join("\n"));
        }
        let (input, _) = input_rows(&editor, screen.columns(), usize::MAX);
        if input.len() < 5 {
            let input: String = input.iter().flatten().map(|(_, text)| text.as_str()).collect();
            let end = flat(&input);
            prop_assert!(all.ends_with(&end), "{end} after {step:?}\n{}", rows.join("\n"));
        }
    }
    Ok(())
}

const START: Size = Size { rows: 24, columns: 100 };

proptest! {
    #[test]
    fn a_terminal_that_wraps_rows_again_shows_each_message_once(steps in steps()) {
        for is_picture in [false, true] {
            let mut terminal = Wrapping::new(START, true, is_picture);
            hold(&mut terminal, START, OnResize::WrapsAgain, Kept::Once, &steps)?;
        }
    }

    #[test]
    fn a_terminal_that_cuts_rows_off_loses_no_message(steps in steps()) {
        hold(&mut Cutting::new(START), START, OnResize::Unknown, Kept::AtLeastOnce, &steps)?;
    }

    #[test]
    fn an_unknown_terminal_that_wraps_rows_again_loses_no_message(steps in steps()) {
        for wraps_cursor in [false, true] {
            let mut terminal = Wrapping::new(START, wraps_cursor, false);
            hold(&mut terminal, START, OnResize::Unknown, Kept::AtLeastOnce, &steps)?;
        }
    }
}

/// As it was found: with a long text typed, the newest message was painted over.
#[test]
fn a_terminal_that_becomes_narrower_and_wider_again_keeps_the_newest_message() {
    let mut steps: Vec<Step> =
        ["one", "two", "three"].map(|text| Step::Said(text.to_owned())).into();
    steps.push(Step::Typed("x".repeat(80)));
    let sizes = [60, 100].map(|columns| Step::Resized(Size { rows: 24, columns }));
    steps.extend(sizes);
    let mut terminal = Wrapping::new(START, true, false);
    hold(&mut terminal, START, OnResize::WrapsAgain, Kept::Once, &steps).unwrap();
    assert_eq!(terminal.rows().len(), 5, "nothing is left behind: {:#?}", terminal.rows());
}

/// As it was found: the taller size took the oldest message back out of the scrollback, and cut it off.
#[test]
fn a_terminal_that_becomes_taller_and_narrower_prints_again_what_it_took_back() {
    let long = "a eedvacfcvwdznjcvvyynikkxqulztddjmsrpctswapsdswftjrojem 日本語の文章。 \
        e\u{301}e\u{301} 👩\u{200d}👩\u{200d}👧 pwz";
    let said = ["a".repeat(41), format!("a {}", "a".repeat(42)), long.to_owned()];
    let [first, second, third] = said.map(Step::Said);
    let size = |rows, columns| Size { rows, columns };
    let twice = |first, second| Step::ResizedTwice(first, second);
    let steps =
        [first, twice(size(6, 24), size(6, 52)), second, third, twice(size(28, 50), size(7, 33))];
    let mut terminal = Cutting::new(START);
    hold(&mut terminal, START, OnResize::Unknown, Kept::AtLeastOnce, &steps).unwrap();
}
