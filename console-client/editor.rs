//! The input line: keys in, an edited text out, with the Emacs keys that fingers know.
//!
//! Room: characters and a cursor. It knows no terminal, and of chat only what can be completed.

use crate::complete::Completion;
use crate::complete::Words;
use crate::keys::Key;
use crate::width;

/// A text being typed, its history, and the last text killed.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: Vec<char>,
    cursor: usize,
    killed: Vec<char>,
    history: Vec<String>,
    recalled: Option<Recalled>,
    completion: Option<Completion>,
}

/// A place in the history, and what was being typed before going there.
#[derive(Debug)]
struct Recalled {
    at: usize,
    draft: String,
}

/// What a key asked for beyond editing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The text is done. It stays until [`Editor::accept`]: a refused one can be mended.
    Submit(String),
    /// ^D on an empty line.
    Quit,
    /// ^C, and whether it cleared a text.
    Interrupt { cleared: bool },
    /// ^L.
    Repaint,
    /// ^Z.
    Suspend,
    /// Alt and a digit, the digit.
    Room(usize),
    /// Alt-a.
    NextActive,
    /// A paste held this many characters that are no text.
    LeftOut(usize),
}

/// Texts kept to be recalled.
const HISTORY: usize = 500;

impl Editor {
    /// Edits, and says what else the key asks for.
    pub(crate) fn press(&mut self, key: Key, words: &Words) -> Option<Asked> {
        let completion = self.completion.take();
        match key {
            Key::Char(c) => self.insert([c]),
            Key::AltEnter => self.insert(['\n']),
            Key::Paste(text, left_out) => {
                self.insert(text.strip_suffix('\n').unwrap_or(&text).chars());
                return (left_out > 0).then_some(Asked::LeftOut(left_out));
            }
            Key::Enter if self.text.is_empty() => {}
            Key::Enter => return Some(Asked::Submit(self.text())),
            Key::Tab => self.complete(completion, words, Completion::next),
            Key::BackTab => self.complete(completion, words, Completion::previous),
            Key::Left | Key::Ctrl('b') => self.cursor = self.left(),
            Key::Right | Key::Ctrl('f') => self.cursor = self.right(),
            Key::WordLeft | Key::Alt('b') => self.cursor = self.word_left(),
            Key::WordRight | Key::Alt('f') => self.cursor = self.word_right(),
            Key::Home | Key::Ctrl('a') => self.cursor = self.line_start(),
            Key::End | Key::Ctrl('e') => self.cursor = self.line_end(),
            Key::Backspace | Key::Ctrl('h') => _ = self.cut(self.left()),
            Key::Ctrl('d') if self.text.is_empty() => return Some(Asked::Quit),
            Key::Delete | Key::Ctrl('d') => _ = self.cut(self.right()),
            Key::Ctrl('w') | Key::AltBackspace => self.kill(self.word_left()),
            Key::Alt('d') => self.kill(self.word_right()),
            Key::Ctrl('u') => self.kill(self.line_start()),
            Key::Ctrl('k') => self.kill(self.line_end()),
            Key::Ctrl('y') => self.insert(self.killed.clone()),
            Key::Ctrl('t') => self.swap(),
            Key::Up | Key::Ctrl('p') => self.recall_older(),
            Key::Down | Key::Ctrl('n') => self.recall_newer(),
            Key::Ctrl('c') => {
                let cleared = !self.text.is_empty();
                self.set("");
                return Some(Asked::Interrupt { cleared });
            }
            Key::Ctrl('l') => return Some(Asked::Repaint),
            Key::Ctrl('z') => return Some(Asked::Suspend),
            Key::Alt('a') => return Some(Asked::NextActive),
            Key::Alt(digit) => return Some(Asked::Room(digit.to_digit(10)?.try_into().ok()?)),
            Key::Ctrl(_) | Key::Unreadable => {}
        }
        None
    }

    /// The submitted text is on its way: it becomes history, and the line empty.
    pub(crate) fn accept(&mut self) {
        let text = self.text();
        if self.history.last() != Some(&text) {
            self.history.push(text);
        }
        if self.history.len() > HISTORY {
            self.history.remove(0);
        }
        self.recalled = None;
        self.set("");
    }

    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The text before the cursor and after it.
    pub(crate) fn halves(&self) -> (&[char], &[char]) {
        self.text.split_at_checked(self.cursor).unwrap_or((&self.text, &[]))
    }

    fn set(&mut self, text: &str) {
        self.text = text.chars().collect();
        self.cursor = self.text.len();
    }

    fn insert(&mut self, chars: impl IntoIterator<Item = char>) {
        let end = self.text.len();
        let rest = self.text.split_off(self.cursor.min(end));
        self.text.extend(chars);
        self.cursor = self.text.len();
        self.text.extend(rest);
    }

    /// Takes away what lies between the cursor and `other`.
    fn cut(&mut self, other: usize) -> Vec<char> {
        let (from, to) = (self.cursor.min(other), self.cursor.max(other).min(self.text.len()));
        self.cursor = from;
        self.text.drain(from..to).collect()
    }

    fn kill(&mut self, other: usize) {
        let killed = self.cut(other);
        if !killed.is_empty() {
            self.killed = killed;
        }
    }

    /// Swaps the two characters around the cursor, or at the end the last two, as Emacs does.
    fn swap(&mut self) {
        let right = self.cursor.min(self.text.len().saturating_sub(1));
        if right > 0 {
            self.text.swap(right - 1, right);
            self.cursor = right + 1;
        }
    }

    fn left(&self) -> usize {
        self.back(self.cursor, |before, c| !joins(before, c))
    }

    fn right(&self) -> usize {
        self.on(self.cursor, |before, c| !joins(before, c))
    }

    fn word_left(&self) -> usize {
        self.back(self.cursor, |before, c| !is_word(before) && is_word(c))
    }

    fn word_right(&self) -> usize {
        self.on(self.cursor, |before, c| is_word(before) && !is_word(c))
    }

    fn line_start(&self) -> usize {
        let is_start = |at: &usize| self.char_before(*at).is_none_or(|c| c == '\n');
        (0..=self.cursor).rev().find(is_start).unwrap_or(0)
    }

    fn line_end(&self) -> usize {
        let rest = self.text.iter().skip(self.cursor);
        self.cursor + rest.take_while(|c| **c != '\n').count()
    }

    /// The nearest place before `from` where `stops` holds of the characters on its two sides.
    fn back(&self, from: usize, stops: impl Fn(char, char) -> bool) -> usize {
        let stops_at = |at: &usize| self.sides(*at).is_none_or(|(before, c)| stops(before, c));
        (0..from).rev().find(stops_at).unwrap_or(0)
    }

    fn on(&self, from: usize, stops: impl Fn(char, char) -> bool) -> usize {
        let stops_at = |at: &usize| self.sides(*at).is_none_or(|(before, c)| stops(before, c));
        (from + 1..self.text.len()).find(stops_at).unwrap_or(self.text.len())
    }

    fn sides(&self, at: usize) -> Option<(char, char)> {
        Some((self.char_before(at)?, *self.text.get(at)?))
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(at.checked_sub(1)?).copied()
    }

    fn recall_older(&mut self) {
        let at = self.recalled.as_ref().map_or(self.history.len(), |recalled| recalled.at);
        let Some(at) = at.checked_sub(1) else { return };
        let draft = self.recalled.take().map_or_else(|| self.text(), |recalled| recalled.draft);
        self.recalled = Some(Recalled { at, draft });
        self.set(&self.history.get(at).cloned().unwrap_or_default());
    }

    fn recall_newer(&mut self) {
        let Some(Recalled { at, draft }) = self.recalled.take() else { return };
        match self.history.get(at + 1).cloned() {
            Some(text) => {
                self.set(&text);
                self.recalled = Some(Recalled { at: at + 1, draft });
            }
            None => self.set(&draft),
        }
    }

    fn complete(
        &mut self,
        going: Option<Completion>,
        words: &Words,
        step: fn(&mut Completion) -> String,
    ) {
        let (before, _) = self.halves();
        let begun = going.or_else(|| Completion::begin(before, words));
        let Some(mut completion) = begun else { return };
        self.cut(completion.start());
        self.insert(step(&mut completion).chars());
        self.completion = Some(completion);
    }
}

/// Whether `c` and the character before it are one for the eye.
fn joins(before: char, c: char) -> bool {
    width::is_joined(c) || before == '\u{200D}' || c == '\u{FE0F}'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || width::is_joined(c)
}

#[cfg(test)]
mod tests;
