//! The input line: keys in, an edited text out, with the usual Emacs keys.
//!
//! Depends on `command`, `stdio::keys`, `text` and the size of the input history; never on a terminal
//! or the chat.

pub(crate) mod completion; // Tab

use crate::editor::completion::Completion;
use crate::editor::completion::Words;
use crate::editor::recall::RecallSearch;
use crate::stdio::keys::Direction;
use crate::stdio::keys::Key;
use crate::text::line::Line;

pub(crate) mod input_gate; // keys while there is no chat, the password
mod recall; // earlier input
mod cursor; // where the cursor can stop

pub(crate) use recall::Recall;

/// The text being typed, earlier input, and the text deleted last.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: Vec<char>,
    /// The character before which the cursor is.
    cursor: usize,
    /// The text deleted last, which Ctrl-Y inserts.
    killed: Vec<char>,
    /// Earlier input.
    recall: Recall,
    /// What the next key does.
    mode: EditMode,
    /// The completion under way; any key but Tab ends it.
    completion: Option<Completion>,
}

/// What a key does.
#[derive(Debug, Default)]
enum EditMode {
    #[default]
    Typing,
    /// Ctrl-R: it searches earlier input.
    Searching(RecallSearch),
    /// It answers whether to take a long paste.
    Pasting(String),
    /// Nothing: this prompt is shown, and no text.
    Closed(&'static str),
}

/// What a key asks for beyond editing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyAction {
    /// The text is complete. It stays until [`Editor::accept`], so that a refused one can be corrected.
    Submit(String),
    /// Ctrl-D on an empty line.
    Quit,
    /// Ctrl-C, and whether it cleared a text.
    Interrupt { cleared: bool },
    /// Ctrl-L.
    Repaint,
    /// Ctrl-Z.
    Suspend,
    /// Alt and this digit: switch to the room with this number.
    Room(usize),
    /// Alt-a: the next room with unread messages.
    NextUnread,
    /// Alt and an arrow: the room before or after.
    NextRoom(Direction),
    /// PgUp, PgDn.
    Page(Direction),
    /// Alt-Home: the start of the room.
    First,
    /// Alt-End, or Enter or End on an empty line: the newest messages.
    Newest,
    /// Alt-u: the first unread message.
    Unread,
    /// This many characters of a paste were left out.
    LeftOut(usize),
}

/// A paste of more lines is taken only after a question.
const PASTED_LINES: usize = 5;

const PROMPT: &str = "> ";

impl Editor {
    /// An editor whose ↑ finds earlier input.
    pub(crate) fn with_recall(recall: Recall) -> Editor {
        Editor { recall, ..Editor::default() }
    }

    /// An input line that takes no text, and shows only a prompt.
    fn closed(prompt: &'static str) -> Editor {
        Editor { mode: EditMode::Closed(prompt), ..Editor::default() }
    }

    /// Takes a key. Returns what it asks for beyond editing.
    pub(crate) fn press(&mut self, key: Key, words: &Words) -> Option<KeyAction> {
        match std::mem::take(&mut self.mode) {
            EditMode::Typing => self.edit(key, words),
            EditMode::Searching(search) => self.search(search, key, words),
            EditMode::Pasting(text) => self.answer(text, key),
            EditMode::Closed(prompt) => {
                self.mode = EditMode::Closed(prompt);
                None
            }
        }
    }

    fn edit(&mut self, key: Key, words: &Words) -> Option<KeyAction> {
        let completion = self.completion.take();
        match key {
            Key::Char(c) => self.insert([c]),
            Key::AltEnter => self.insert(['\n']),
            Key::Paste(text, left_out) => {
                self.paste(&text);
                return (left_out > 0).then_some(KeyAction::LeftOut(left_out));
            }
            Key::Enter if self.text.is_empty() => return Some(KeyAction::Newest),
            Key::Enter => return Some(KeyAction::Submit(self.text())),
            Key::Tab => self.complete(completion, words, Completion::next),
            Key::BackTab => self.complete(completion, words, Completion::previous),
            Key::Left | Key::Ctrl('b') => self.cursor = self.left(),
            Key::Right | Key::Ctrl('f') => self.cursor = self.right(),
            Key::WordLeft | Key::Alt('b') => self.cursor = self.word_left(),
            Key::WordRight | Key::Alt('f') => self.cursor = self.word_right(),
            Key::End if self.text.is_empty() => return Some(KeyAction::Newest),
            Key::Home | Key::Ctrl('a') => self.cursor = self.line_start(),
            Key::End | Key::Ctrl('e') => self.cursor = self.line_end(),
            Key::Backspace | Key::Ctrl('h') => _ = self.cut(self.left()),
            Key::Ctrl('d') if self.text.is_empty() => return Some(KeyAction::Quit),
            Key::Delete | Key::Ctrl('d') => _ = self.cut(self.right()),
            Key::Ctrl('w') | Key::AltBackspace => self.kill(self.word_left()),
            Key::Alt('d') => self.kill(self.word_right()),
            Key::Ctrl('u') => self.kill(self.line_start()),
            Key::Ctrl('k') => self.kill(self.line_end()),
            Key::Ctrl('y') => self.insert(self.killed.clone()),
            Key::Ctrl('t') => self.swap(),
            Key::Up | Key::Ctrl('p') => {
                let older = self.recall.older(self.text());
                self.show(older);
            }
            Key::Down | Key::Ctrl('n') => {
                let newer = self.recall.newer();
                self.show(newer);
            }
            Key::Ctrl('r') => self.mode = EditMode::Searching(RecallSearch::begin(self.text())),
            Key::Ctrl('c') => {
                let cleared = !self.text.is_empty();
                self.set("");
                return Some(KeyAction::Interrupt { cleared });
            }
            Key::Ctrl('l') => return Some(KeyAction::Repaint),
            Key::Ctrl('z') => return Some(KeyAction::Suspend),
            Key::AltHome => return Some(KeyAction::First),
            Key::AltEnd => return Some(KeyAction::Newest),
            Key::Alt('u') => return Some(KeyAction::Unread),
            Key::Alt('a') => return Some(KeyAction::NextUnread),
            Key::AltLeft => return Some(KeyAction::NextRoom(Direction::Back)),
            Key::AltRight | Key::Ctrl('x') => return Some(KeyAction::NextRoom(Direction::Forward)),
            Key::Alt('p') => return Some(KeyAction::Page(Direction::Back)),
            Key::Alt('n') => return Some(KeyAction::Page(Direction::Forward)),
            Key::Alt(digit) => return Some(KeyAction::Room(digit.to_digit(10)?.try_into().ok()?)),
            Key::PageUp => return Some(KeyAction::Page(Direction::Back)),
            Key::PageDown => return Some(KeyAction::Page(Direction::Forward)),
            Key::Ctrl(_) | Key::Unreadable => {}
        }
        None
    }

    /// Takes a key of a search in earlier input. Enter takes the match into the input line, Ctrl-G and
    /// Ctrl-C cancel, and any other key edits the match.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other key is for the editor")]
    fn search(&mut self, mut search: RecallSearch, key: Key, words: &Words) -> Option<KeyAction> {
        let found = match key {
            Key::Char(c) => search.push(c, &self.recall),
            Key::Backspace | Key::Ctrl('h') => search.pop(&self.recall),
            Key::Ctrl('r') => search.older(&self.recall),
            Key::Enter => return None,
            Key::Ctrl('g' | 'c') => {
                self.set(&search.draft);
                return None;
            }
            key => return self.edit(key, words),
        };
        self.show(found);
        self.mode = EditMode::Searching(search);
        None
    }

    /// Takes a paste, or asks first if it has many lines.
    fn paste(&mut self, text: &str) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.lines().count() > PASTED_LINES {
            self.mode = EditMode::Pasting(text.to_owned());
        } else {
            self.insert(text.chars());
        }
    }

    /// Takes a key as the answer about a long paste; any other key leaves the question open.
    #[expect(clippy::wildcard_enum_match_arm, reason = "any other key is no answer")]
    fn answer(&mut self, mut pasted: String, key: Key) -> Option<KeyAction> {
        match key {
            Key::Char('y' | 'Y') | Key::Enter => self.insert(pasted.chars()),
            Key::Char('n' | 'N') | Key::Backspace | Key::Ctrl('c' | 'd' | 'g' | 'h') => {}
            Key::Paste(more, left_out) => {
                pasted.push_str(&more);
                self.mode = EditMode::Pasting(pasted);
                return (left_out > 0).then_some(KeyAction::LeftOut(left_out));
            }
            Key::Ctrl('l') => {
                self.mode = EditMode::Pasting(pasted);
                return Some(KeyAction::Repaint);
            }
            _ => self.mode = EditMode::Pasting(pasted),
        }
        None
    }

    /// Empties the line after its text was submitted. `is_kept`: the text can be recalled.
    pub(crate) fn accept(&mut self, is_kept: bool) {
        if is_kept {
            self.recall.add(self.text());
        }
        self.recall.leave();
        self.set("");
    }

    /// Puts back a text that was refused; false if the person is typing another.
    pub(crate) fn give_back(&mut self, text: &str) -> bool {
        let is_free = self.text.is_empty() && matches!(self.mode, EditMode::Typing);
        if is_free {
            self.set(text);
        }
        is_free
    }

    /// The prompt before the text; a question, while there is one.
    pub(crate) fn prompt(&self) -> String {
        match &self.mode {
            EditMode::Typing => PROMPT.to_owned(),
            EditMode::Searching(search) => search.prompt(),
            EditMode::Pasting(text) => format!("paste {} lines? y or n: ", text.lines().count()),
            EditMode::Closed(prompt) => (*prompt).to_owned(),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether Tab would complete a room that we may not be in.
    pub(crate) fn completes_any_room(&self) -> bool {
        Completion::is_of_any_room(self.halves().0)
    }

    /// The beginning of the name that Tab would complete.
    pub(crate) fn begun_name(&self) -> Option<String> {
        Completion::begun_name(self.halves().0)
    }

    /// Offers also words that have become known since Tab was pressed. Nothing that is shown changes.
    pub(crate) fn extend_completion(&mut self, words: &Words) {
        if let Some(completion) = &mut self.completion {
            let line = self.text.get(..completion.start()).unwrap_or_default();
            completion.extend(line, words);
        }
    }

    /// Whether Tab shows a candidate, so that the next one shows another.
    pub(crate) fn is_completing(&self) -> bool {
        self.completion.is_some()
    }

    /// What the second Tab lists, in one row of at most `columns` columns.
    pub(crate) fn candidates(&self, columns: usize) -> Option<Line> {
        self.completion.as_ref()?.list(columns)
    }

    /// The text before the cursor and after it.
    pub(crate) fn halves(&self) -> (&[char], &[char]) {
        self.text.split_at_checked(self.cursor).unwrap_or((&self.text, &[]))
    }

    fn set(&mut self, text: &str) {
        self.text = text.chars().collect();
        self.cursor = self.text.len();
    }

    fn show(&mut self, line: Option<String>) {
        if let Some(line) = line {
            self.set(&line);
        }
    }

    fn insert(&mut self, chars: impl IntoIterator<Item = char>) {
        let end = self.text.len();
        let rest = self.text.split_off(self.cursor.min(end));
        self.text.extend(chars);
        self.cursor = self.text.len();
        self.text.extend(rest);
    }

    /// Removes the text between the cursor and `other`.
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

#[cfg(test)]
mod tests;
