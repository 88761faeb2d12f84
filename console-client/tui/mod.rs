//! The chat on a terminal: keys in, a painted screen out.
//!
//! Room: the event loop. What a key means and what stands where is decided elsewhere.

pub(crate) mod screen; // what stands where

use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use talk::time;

use talk::failpoint;

use crate::chat::Chat;
use crate::chat::Outcome;
use crate::editor::Asked;
use crate::editor::Editor;
use crate::editor::Past;
use crate::stdio::events::Event;
use crate::stdio::keys::Key;
use crate::stdio::keys::Keys;
use crate::stdio::terminal;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::History;
use crate::tui::screen::Screen;

mod painting; // what is painted

/// A person at a terminal.
#[derive(Debug)]
pub(crate) struct Interactive {
    chat: Chat,
    terminal: Terminal,
    screen: Screen,
    keys: Keys,
    editor: Editor,
    history: History,
    interrupted: bool,
    leaving_since: Option<u64>, // Unix milliseconds
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) chat: Chat,
    /// What was being typed.
    pub(crate) draft: String,
    /// Why, if the person did not ask for it.
    pub(crate) failure: Option<String>,
}

/// Whether to go on.
enum Flow {
    GoOn,
    /// The person leaves.
    Leave,
    /// It is over.
    Over(String),
    /// The terminal is gone.
    Gone,
}

/// Events taken in before the screen is painted again: a flood costs one painting a batch.
const BATCH: usize = 1_000;

/// While something on the status line changes by itself, it is painted this often.
const TICK: Duration = Duration::from_millis(500);

/// Whoever leaves waits this long, in milliseconds, for their last lines to be stored.
const LAST_WORDS: u64 = 2_000;

impl Interactive {
    pub(crate) fn new(
        chat: Chat,
        terminal: Terminal,
        screen: Screen,
        history: History,
    ) -> Interactive {
        let (keys, editor) = (Keys::default(), Editor::after(Past::of(history.load())));
        Interactive {
            chat,
            terminal,
            screen,
            keys,
            editor,
            history,
            interrupted: false,
            leaving_since: None,
        }
    }

    /// Runs until the person leaves, or cannot stay. The terminal is as it was afterwards.
    pub(crate) fn run(mut self, queue: &Receiver<Event>) -> Ended {
        let flow = loop {
            failpoint::check((), "painted");
            if self.paint().is_err() {
                break Flow::Gone;
            }
            self.chat.mark(time::unix_ms()); // what is painted can be read
            self.look_further();
            match self.take_in(queue) {
                Flow::GoOn => {}
                Flow::Leave if self.has_last_words() => {
                    self.leaving_since.get_or_insert_with(time::unix_ms);
                }
                flow @ (Flow::Leave | Flow::Over(_) | Flow::Gone) => break flow,
            }
            if self.leaving_since.is_some() && !self.has_last_words() {
                break Flow::Leave;
            }
        };
        self.chat.view.look_ahead();
        self.chat.view.settle_comings();
        _ = self.paint(); // what came last; and if the terminal is gone, so be it
        let mut out = String::new();
        self.screen.erase(&mut out);
        _ = terminal::write(&out);
        let failure = match flow {
            Flow::Over(sentence) => Some(sentence),
            Flow::GoOn | Flow::Leave | Flow::Gone => None,
        };
        Ended { chat: self.chat, draft: self.editor.text(), failure }
    }

    /// Takes in what has happened, waiting for it if nothing has.
    fn take_in(&mut self, queue: &Receiver<Event>) -> Flow {
        let is_ticking = self.leaving_since.is_some()
            || self.chat.view.is_ticking(time::unix_ms())
            || self.chat.has_read_on();
        let first = if is_ticking {
            queue.recv_timeout(TICK)
        } else {
            queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let mut event = match first {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return Flow::GoOn,
            Err(RecvTimeoutError::Disconnected) => return Flow::Gone,
        };
        for _ in 0..BATCH {
            match self.take(event) {
                Flow::GoOn => {}
                flow @ (Flow::Leave | Flow::Over(_) | Flow::Gone) => return flow,
            }
            match queue.try_recv() {
                Ok(next) => event = next,
                Err(_) => break, // nothing more for now; the next wait tells if for ever
            }
        }
        Flow::GoOn
    }

    fn take(&mut self, event: Event) -> Flow {
        match event {
            Event::Client(event) => {
                self.chat.hear(event, time::unix_ms()).map_or(Flow::GoOn, Flow::Over)
            }
            Event::Size(size) => {
                self.screen.resize(size);
                Flow::GoOn
            }
            Event::TypedAll | Event::Broken => Flow::Gone,
            Event::Typed(bytes) => {
                for key in self.keys.feed(&bytes) {
                    match self.press(key) {
                        Flow::GoOn => {}
                        flow @ (Flow::Leave | Flow::Over(_) | Flow::Gone) => return flow,
                    }
                }
                self.chat.types(&self.editor.text(), time::unix_ms());
                Flow::GoOn
            }
        }
    }

    fn press(&mut self, key: Key) -> Flow {
        let was_interrupted = std::mem::take(&mut self.interrupted);
        self.leaving_since = None;
        self.chat.view.hint(None);
        let Some(asked) = self.editor.press(key, &self.chat.view.words()) else {
            return Flow::GoOn;
        };
        match asked {
            Asked::Submit(line) => return self.submit(&line),
            Asked::Quit => return Flow::Leave,
            Asked::Interrupt { cleared: false } if was_interrupted => return Flow::Leave,
            Asked::Interrupt { .. } => {
                self.interrupted = true;
                self.chat.view.hint(Some("Ctrl-C again leaves"));
            }
            Asked::Repaint if self.chat.view.is_looking_back() => self.screen.forget_pane(),
            Asked::Repaint => {
                let newest = self.chat.view.newest(self.screen.size().rows);
                let mut out = String::new();
                self.screen.clear(&mut out);
                if terminal::write(&out).is_err() || self.paint_with(newest).is_err() {
                    return Flow::Gone;
                }
            }
            Asked::Suspend => {
                self.chat.view.look_ahead();
                if self.paint().is_err() {
                    return Flow::Gone;
                }
                let mut out = String::new();
                self.screen.erase(&mut out);
                _ = terminal::write(&out);
                self.terminal.suspend();
                self.screen.resize(terminal::size());
            }
            Asked::Room(number) => {
                if !number.checked_sub(1).is_some_and(|at| self.chat.view.turn_to_nth(at)) {
                    self.chat.view.hint(Some("no such room"));
                }
            }
            Asked::Beside(way) => self.chat.view.turn_beside(way),
            Asked::Page(way) => {
                let (columns, height) = (self.screen.columns(), self.height());
                self.chat.view.page(way, columns, height);
            }
            Asked::First => {
                if let Err(sentence) = self.chat.view.look_at_first() {
                    self.chat.view.alarm(&sentence);
                }
            }
            Asked::Newest => self.chat.view.look_ahead(),
            Asked::Unread => self.chat.view.look_at_unread(),
            Asked::NextActive => self.chat.view.turn_to_active(),
            Asked::LeftOut(count) => {
                let what =
                    format!("left out of the paste, being no text or too much: {count} bytes");
                self.chat.view.alarm(&what);
            }
        }
        Flow::GoOn
    }

    fn submit(&mut self, line: &str) -> Flow {
        self.chat.view.look_ahead();
        let outcome = self.chat.submit(line);
        if outcome != Outcome::Refused {
            let is_kept = !self.chat.is_secret(line);
            self.editor.accept(is_kept);
            self.keep(line, is_kept);
        }
        match outcome {
            Outcome::Done | Outcome::Refused => Flow::GoOn,
            Outcome::Quit => Flow::Leave,
            Outcome::Clear => {
                let mut out = String::new();
                self.screen.clear(&mut out);
                if terminal::write(&out).is_ok() { Flow::GoOn } else { Flow::Gone }
            }
        }
    }

    /// Keeps a line to be recalled in later runs. Where that cannot be done, it is told once.
    fn keep(&mut self, line: &str, is_kept: bool) {
        let kept = if is_kept { self.history.keep(line) } else { Ok(()) };
        if let Err(sentence) = kept {
            self.chat.view.alarm(&sentence);
            self.history = History::new(None);
        }
    }

    /// Whether lines of ours may still be stored if we stay a moment longer.
    fn has_last_words(&self) -> bool {
        let since = self.leaving_since.unwrap_or_else(time::unix_ms);
        time::unix_ms().saturating_sub(since) < LAST_WORDS
            && self.chat.view.connection().is_live()
            && self.chat.view.unstored().any(|(_, failed)| failed.is_none())
    }
}
