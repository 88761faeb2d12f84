//! The editor against a model simple enough to believe, and key by key.

use super::*;
use crate::storage::input_history::MAX_ENTRIES;
use proptest::prelude::*;

fn typed(keys: &[Key]) -> Editor {
    let mut editor = Editor::default();
    for key in keys {
        editor.press(key.clone(), &Words::default());
    }
    editor
}

/// The text with a `|` at the cursor.
fn shown(editor: &Editor) -> String {
    let (before, after) = editor.halves();
    before.iter().chain(&['|']).chain(after).collect()
}

/// An editor holding `text`, whose `|` says where the cursor is, after `keys`.
fn after(text: &str, keys: &[Key]) -> String {
    let (before, rest) = text.split_once('|').unwrap();
    let mut editor = Editor::default();
    editor.insert(before.chars().chain(rest.chars()));
    editor.cursor = before.chars().count();
    for key in keys {
        editor.press(key.clone(), &Words::default());
    }
    shown(&editor)
}

#[test]
fn each_editing_key_does_what_emacs_users_expect() {
    for (text, key, expected) in [
        ("ab|c", Key::Char('x'), "abx|c"),
        ("ab|c", Key::AltEnter, "ab\n|c"),
        ("ab|c", Key::Left, "a|bc"),
        ("ab|c", Key::Ctrl('b'), "a|bc"),
        ("ab|c", Key::Right, "abc|"),
        ("abc|", Key::Ctrl('f'), "abc|"),
        ("|abc", Key::Left, "|abc"),
        ("ab|c", Key::Home, "|abc"),
        ("ab|c", Key::Ctrl('a'), "|abc"),
        ("ab|c", Key::End, "abc|"),
        ("ab|c", Key::Ctrl('e'), "abc|"),
        ("ab|c", Key::Backspace, "a|c"),
        ("ab|c", Key::Ctrl('h'), "a|c"),
        ("|abc", Key::Backspace, "|abc"),
        ("ab|c", Key::Delete, "ab|"),
        ("ab|c", Key::Ctrl('d'), "ab|"),
        ("ab|c", Key::Ctrl('t'), "acb|"),
        ("abc|", Key::Ctrl('t'), "acb|"),
        ("|abc", Key::Ctrl('t'), "|abc"),
        ("|a", Key::Ctrl('t'), "|a"),
        ("one two,  three|", Key::Ctrl('w'), "one two,  |"),
        ("one two,  |three", Key::Ctrl('w'), "one |three"),
        ("one tw|o", Key::Alt('b'), "one |two"),
        ("one| two", Key::WordRight, "one two|"),
        ("o|ne two", Key::Alt('f'), "one| two"),
        ("o|ne two", Key::Alt('d'), "o| two"),
        ("one tw|o", Key::Ctrl('u'), "|o"),
        ("one tw|o", Key::Ctrl('k'), "one tw|"),
        ("a\nbc|d\ne", Key::Home, "a\n|bcd\ne"),
        ("a\nb|cd\ne", Key::Ctrl('k'), "a\nb|\ne"),
    ] {
        assert_eq!(after(text, std::slice::from_ref(&key)), expected, "{key:?} on {text:?}");
    }
}

#[test]
fn what_was_killed_can_be_yanked_and_a_deleted_letter_does_not_replace_it() {
    let keys = [Key::Ctrl('w'), Key::Backspace, Key::Home, Key::Ctrl('y')];
    assert_eq!(after("one two|", &keys), "two|one");
}

#[test]
fn a_letter_and_its_marks_move_and_go_as_one() {
    assert_eq!(after("ae\u{301}|b", &[Key::Left]), "a|e\u{301}b");
    assert_eq!(after("a|e\u{301}b", &[Key::Right]), "ae\u{301}|b");
    assert_eq!(after("👨\u{200d}👩|", &[Key::Backspace]), "|");
}

#[test]
fn history_goes_back_and_forth_and_keeps_the_draft() {
    let mut editor = Editor::default();
    let none = Words::default();
    for line in ["one", "two", "two"] {
        editor.insert(line.chars());
        assert_eq!(editor.press(Key::Enter, &none), Some(KeyAction::Submit(line.to_owned())));
        editor.accept(true);
    }
    editor.insert("draft".chars());
    let recalled = |editor: &mut Editor, key| {
        editor.press(key, &none);
        editor.text()
    };
    assert_eq!(recalled(&mut editor, Key::Up), "two");
    assert_eq!(recalled(&mut editor, Key::Up), "one");
    assert_eq!(recalled(&mut editor, Key::Up), "one");
    assert_eq!(recalled(&mut editor, Key::Down), "two");
    assert_eq!(recalled(&mut editor, Key::Down), "draft");
    assert_eq!(recalled(&mut editor, Key::Down), "draft");
}

#[test]
fn enter_leaves_the_text_until_it_is_accepted_and_on_an_empty_line_goes_to_the_newest() {
    let mut editor = typed(&[Key::Char('x')]);
    assert_eq!(
        editor.press(Key::Enter, &Words::default()),
        Some(KeyAction::Submit("x".to_owned()))
    );
    assert_eq!(shown(&editor), "x|");
    assert_eq!(editor.press(Key::End, &Words::default()), None);
    editor.accept(true);
    assert_eq!(shown(&editor), "|");
    for key in [Key::Enter, Key::End] {
        assert_eq!(editor.press(key, &Words::default()), Some(KeyAction::Newest));
    }
}

#[test]
fn ctrl_c_clears_then_asks_and_ctrl_d_quits_only_when_empty() {
    let none = Words::default();
    let mut editor = typed(&[Key::Char('x')]);
    assert_eq!(editor.press(Key::Ctrl('d'), &none), None);
    assert_eq!(editor.press(Key::Ctrl('c'), &none), Some(KeyAction::Interrupt { cleared: true }));
    assert_eq!(editor.press(Key::Ctrl('c'), &none), Some(KeyAction::Interrupt { cleared: false }));
    assert_eq!(editor.press(Key::Ctrl('d'), &none), Some(KeyAction::Quit));
}

#[test]
fn a_paste_is_typed_as_it_is_and_submits_nothing() {
    let paste = Key::Paste("/quit\nb\n".to_owned(), 2);
    let mut editor = typed(&[Key::Char('a'), Key::Char('z'), Key::Left]);
    assert_eq!(editor.press(paste, &Words::default()), Some(KeyAction::LeftOut(2)));
    assert_eq!(shown(&editor), "a/quit\nb|z");
}

#[test]
fn tab_completes_in_place_and_any_other_key_ends_it() {
    let names = ["alice".to_owned(), "albert".to_owned()].to_vec();
    let words = Words { names, ..Words::default() };
    let mut editor = typed(&[Key::Char('a'), Key::Char('!'), Key::Left]);
    editor.press(Key::Tab, &words);
    assert_eq!(shown(&editor), "alice: |!");
    editor.press(Key::Tab, &words);
    assert_eq!(shown(&editor), "albert: |!");
    editor.press(Key::BackTab, &words);
    assert_eq!(shown(&editor), "alice: |!");
    editor.press(Key::Char('x'), &words);
    editor.press(Key::Tab, &words);
    assert_eq!(shown(&editor), "alice: x|!");
}

fn remembering(lines: &[&str]) -> Editor {
    Editor::with_recall(Recall::new(lines.iter().map(|line| (*line).to_owned()).collect()))
}

fn press(editor: &mut Editor, keys: &str) -> String {
    for c in keys.chars() {
        let key = match c {
            '^' => Key::Ctrl('r'),
            '<' => Key::Backspace,
            '!' => Key::Ctrl('g'),
            '\r' => Key::Enter,
            c => Key::Char(c),
        };
        editor.press(key, &Words::default());
    }
    format!("{}{}", editor.prompt(), shown(editor))
}

#[test]
fn a_search_finds_earlier_input_by_a_part_in_any_case_and_restores_the_draft() {
    let mut editor = remembering(&["Tea at four", "coffee", "tea again"]);
    assert_eq!(press(&mut editor, "dr^"), "search \"\": dr|");
    assert_eq!(press(&mut editor, "te"), "search \"te\": tea again|");
    assert_eq!(press(&mut editor, "a "), "search \"tea \": tea again|");
    assert_eq!(press(&mut editor, "^"), "search \"tea \": Tea at four|");
    assert_eq!(press(&mut editor, "^"), "nothing older with \"tea \": Tea at four|");
    assert_eq!(press(&mut editor, "<<<<co"), "search \"co\": coffee|");
    assert_eq!(press(&mut editor, "x<"), "search \"co\": coffee|");
    assert_eq!(press(&mut editor, "<<"), "search \"\": dr|");
    assert_eq!(press(&mut editor, "four!"), "> dr|");
}

#[test]
fn what_a_search_found_is_taken_by_enter_and_edited_by_any_other_key() {
    let mut editor = remembering(&["tea at four"]);
    assert_eq!(press(&mut editor, "^at\r"), "> tea at four|");
    let submitted = editor.press(Key::Enter, &Words::default());
    assert_eq!(submitted, Some(KeyAction::Submit("tea at four".to_owned())));
    editor.accept(true);
    press(&mut editor, "^at");
    editor.press(Key::Home, &Words::default());
    assert_eq!(press(&mut editor, ""), "> |tea at four");
}

#[test]
fn a_paste_of_more_than_five_lines_asks_first() {
    let paste = |lines: usize| Key::Paste("x\n".repeat(lines), 0);
    assert_eq!(after("a|b", &[paste(5)]), "ax\nx\nx\nx\nx|b");
    for (answer, text) in [('y', "ax\nx\nx\nx\nx\nx|b"), ('n', "a|b")] {
        let mut editor = typed(&[Key::Char('a'), Key::Char('b'), Key::Left, paste(6)]);
        assert_eq!(press(&mut editor, "zq/"), "paste 6 lines? y or n: a|b");
        press(&mut editor, &answer.to_string());
        assert_eq!(shown(&editor), text);
    }
    let mut editor = typed(&[paste(6)]);
    assert_eq!(editor.press(Key::Ctrl('c'), &Words::default()), None, "it is no first ^C");
    assert_eq!(shown(&editor), "|");
}

#[test]
fn what_is_not_kept_is_not_recalled() {
    let mut editor = remembering(&["one"]);
    press(&mut editor, "secret");
    editor.accept(false);
    editor.press(Key::Up, &Words::default());
    assert_eq!(shown(&editor), "one|");
}

#[test]
fn of_earlier_input_the_newest_is_kept() {
    let mut recall = Recall::new((0..MAX_ENTRIES + 5).map(|line| line.to_string()).collect());
    let oldest = std::iter::from_fn(|| recall.older(String::new())).last();
    assert_eq!(oldest.as_deref(), Some("5"));
}

/// What an editor is, for a reader in no hurry: a list of characters and a place in it.
#[derive(Default)]
struct Model(Vec<char>, usize);

impl Model {
    #[expect(clippy::wildcard_enum_match_arm, reason = "it knows the keys it is given")]
    fn press(&mut self, key: &Key) {
        let Model(text, cursor) = self;
        match key {
            Key::Char(c) => {
                text.insert(*cursor, *c);
                *cursor += 1;
            }
            Key::Left => *cursor = cursor.saturating_sub(1),
            Key::Right => *cursor = text.len().min(*cursor + 1),
            Key::Home => *cursor = 0,
            Key::End => *cursor = text.len(),
            Key::Backspace if *cursor > 0 => {
                *cursor -= 1;
                text.remove(*cursor);
            }
            Key::Delete if *cursor < text.len() => _ = text.remove(*cursor),
            Key::Ctrl('k') => text.truncate(*cursor),
            Key::Ctrl('u') => _ = text.drain(..std::mem::take(cursor)),
            _ => {}
        }
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => "[a-z é日]".prop_map(|c| Key::Char(c.chars().next().unwrap())),
        1 => prop::sample::select(vec![
            Key::Left, Key::Right, Key::Home, Key::End, Key::Backspace, Key::Delete,
            Key::Ctrl('k'), Key::Ctrl('u'),
        ]),
    ]
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => any::<char>().prop_map(Key::Char),
        3 => prop::char::range('a', 'z').prop_map(Key::Ctrl),
        3 => prop::sample::select("bfd".chars().collect::<Vec<_>>()).prop_map(Key::Alt),
        4 => prop::sample::select(vec![
            Key::Left, Key::Right, Key::WordLeft, Key::WordRight, Key::Up, Key::Down, Key::Tab,
            Key::Delete, Key::AltEnter, Key::Home, Key::End, Key::Paste("p\nq".to_owned(), 0),
        ]),
    ]
}

proptest! {
    #[test]
    fn it_edits_as_the_model_does(keys in prop::collection::vec(key(), 0..60)) {
        let (mut editor, mut model) = (Editor::default(), Model::default());
        for key in &keys {
            editor.press(key.clone(), &Words::default());
            model.press(key);
            prop_assert_eq!((&editor.text, editor.cursor), (&model.0, model.1), "after {:?}", key);
        }
    }

    #[test]
    fn no_keys_lead_the_cursor_out_of_the_text(keys in prop::collection::vec(any_key(), 0..60)) {
        let words = Words { names: vec!["bob".to_owned()], ..Words::default() };
        let mut editor = Editor::default();
        for key in keys {
            if let Some(KeyAction::Submit(_)) = editor.press(key, &words) {
                editor.accept(true);
            }
            prop_assert!(editor.cursor <= editor.text.len());
        }
    }
}
