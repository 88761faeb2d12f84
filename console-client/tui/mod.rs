//! The chat on a terminal: keys in, a painted screen out.
//!
//! Room: the event loop. What a key means and what stands where is decided elsewhere.

pub(crate) mod screen; // what stands where

use std::io;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use talk::time;

use talk::failpoint;

use crate::chat::Chat;
use crate::chat::SubmitResult;
use crate::editor::Editor;
use crate::editor::KeyAction;
use crate::editor::Recall;
use crate::stdio::events::Event;
use crate::stdio::keys::Key;
use crate::stdio::keys::KeyDecoder;
use crate::stdio::terminal;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::InputHistory;
use crate::text::line::Line;
use crate::tui::screen::Screen;

/// A person at a terminal.
#[derive(Debug)]
pub(crate) struct Tui {
    chat: Chat,
    terminal: Terminal,
    screen: Screen,
    keys: KeyDecoder,
    editor: Editor,
    history: InputHistory,
    interrupted: bool,
    leaving_since: Option<u64>, // Unix milliseconds
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct TuiEnd {
    pub(crate) chat: Chat,
    /// What was being typed.
    pub(crate) draft: String,
    /// Why, if the person did not ask for it.
    pub(crate) failure: Option<String>,
}

/// Whether to go on.
enum LoopControl {
    Continue,
    /// The person leaves.
    Leave,
    /// It is over.
    Stop(String),
    /// The terminal is gone.
    TerminalGone,
}

/// Events taken in before the screen is painted again: a flood costs one painting a batch.
const BATCH: usize = 1_000;

/// While something on the status line changes by itself, it is painted this often.
const TICK: Duration = Duration::from_millis(500);

/// Whoever leaves waits this long, in milliseconds, for their last lines to be stored.
const LAST_WORDS: u64 = 2_000;

impl Tui {
    pub(crate) fn new(
        chat: Chat,
        terminal: Terminal,
        screen: Screen,
        history: InputHistory,
    ) -> Tui {
        let (keys, editor) = (KeyDecoder::default(), Editor::after(Recall::of(history.load())));
        Tui {
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
    pub(crate) fn run(mut self, queue: &Receiver<Event>) -> TuiEnd {
        let control = loop {
            failpoint::check((), "painted");
            if self.paint().is_err() {
                break LoopControl::TerminalGone;
            }
            self.chat.mark(time::unix_ms()); // what is painted can be read
            self.look_further();
            match self.take_in(queue) {
                LoopControl::Continue => {}
                LoopControl::Leave if self.has_last_words() => {
                    self.leaving_since.get_or_insert_with(time::unix_ms);
                }
                control @ (LoopControl::Leave
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => break control,
            }
            if self.leaving_since.is_some() && !self.has_last_words() {
                break LoopControl::Leave;
            }
        };
        self.chat.view.look_ahead();
        self.chat.view.settle_comings();
        _ = self.paint(); // what came last; and if the terminal is gone, so be it
        let mut out = String::new();
        self.screen.erase(&mut out);
        _ = terminal::write(&out);
        let failure = match control {
            LoopControl::Stop(sentence) => Some(sentence),
            LoopControl::Continue | LoopControl::Leave | LoopControl::TerminalGone => None,
        };
        TuiEnd { chat: self.chat, draft: self.editor.text(), failure }
    }

    /// Takes in what has happened, waiting for it if nothing has.
    fn take_in(&mut self, queue: &Receiver<Event>) -> LoopControl {
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
            Err(RecvTimeoutError::Timeout) => return LoopControl::Continue,
            Err(RecvTimeoutError::Disconnected) => return LoopControl::TerminalGone,
        };
        for _ in 0..BATCH {
            match self.take(event) {
                LoopControl::Continue => {}
                control @ (LoopControl::Leave
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => return control,
            }
            match queue.try_recv() {
                Ok(next) => event = next,
                Err(_) => break, // nothing more for now; the next wait tells if for ever
            }
        }
        LoopControl::Continue
    }

    fn take(&mut self, event: Event) -> LoopControl {
        match event {
            Event::Notice(notice) => self
                .chat
                .hear(notice, time::unix_ms())
                .map_or(LoopControl::Continue, LoopControl::Stop),
            Event::Resized(size) => {
                self.screen.resize(size);
                LoopControl::Continue
            }
            Event::StdinClosed | Event::Panicked => LoopControl::TerminalGone,
            Event::Stdin(bytes) => {
                for key in self.keys.feed(&bytes) {
                    match self.press(key) {
                        LoopControl::Continue => {}
                        control @ (LoopControl::Leave
                        | LoopControl::Stop(_)
                        | LoopControl::TerminalGone) => return control,
                    }
                }
                self.chat.types(&self.editor.text(), time::unix_ms());
                LoopControl::Continue
            }
        }
    }

    fn press(&mut self, key: Key) -> LoopControl {
        let was_interrupted = std::mem::take(&mut self.interrupted);
        self.leaving_since = None;
        self.chat.view.hint(None);
        let Some(action) = self.editor.press(key, &self.chat.view.words()) else {
            return LoopControl::Continue;
        };
        match action {
            KeyAction::Submit(line) => return self.submit(&line),
            KeyAction::Quit => return LoopControl::Leave,
            KeyAction::Interrupt { cleared: false } if was_interrupted => {
                return LoopControl::Leave;
            }
            KeyAction::Interrupt { .. } => {
                self.interrupted = true;
                self.chat.view.hint(Some("Ctrl-C again leaves"));
            }
            KeyAction::Repaint if self.chat.view.is_looking_back() => self.screen.forget_pane(),
            KeyAction::Repaint => {
                let newest = self.chat.view.newest(self.screen.size().rows);
                let mut out = String::new();
                self.screen.clear(&mut out);
                if terminal::write(&out).is_err() || self.paint_with(newest).is_err() {
                    return LoopControl::TerminalGone;
                }
            }
            KeyAction::Suspend => {
                self.chat.view.look_ahead();
                if self.paint().is_err() {
                    return LoopControl::TerminalGone;
                }
                let mut out = String::new();
                self.screen.erase(&mut out);
                _ = terminal::write(&out);
                self.terminal.suspend();
                self.screen.resize(terminal::size());
            }
            KeyAction::Room(number) => {
                if !number.checked_sub(1).is_some_and(|at| self.chat.view.turn_to_nth(at)) {
                    self.chat.view.hint(Some("no such room"));
                }
            }
            KeyAction::NextRoom(direction) => self.chat.view.turn_beside(direction),
            KeyAction::Page(direction) => {
                let (columns, height) = (self.screen.columns(), self.height());
                self.chat.view.page(direction, columns, height);
            }
            KeyAction::First => {
                if let Err(sentence) = self.chat.view.look_at_first() {
                    self.chat.view.alarm(&sentence);
                }
            }
            KeyAction::Newest => self.chat.view.look_ahead(),
            KeyAction::Unread => self.chat.view.look_at_unread(),
            KeyAction::NextActive => self.chat.view.turn_to_active(),
            KeyAction::LeftOut(count) => {
                let what =
                    format!("left out of the paste, being no text or too much: {count} bytes");
                self.chat.view.alarm(&what);
            }
        }
        LoopControl::Continue
    }

    fn submit(&mut self, line: &str) -> LoopControl {
        self.chat.view.look_ahead();
        let outcome = self.chat.submit(line);
        if outcome != SubmitResult::Refused {
            let is_kept = !self.chat.is_secret(line);
            self.editor.accept(is_kept);
            self.keep(line, is_kept);
        }
        match outcome {
            SubmitResult::Done | SubmitResult::Refused => LoopControl::Continue,
            SubmitResult::Quit => LoopControl::Leave,
            SubmitResult::Clear => {
                let mut out = String::new();
                self.screen.clear(&mut out);
                if terminal::write(&out).is_ok() {
                    LoopControl::Continue
                } else {
                    LoopControl::TerminalGone
                }
            }
        }
    }

    /// Keeps a line to be recalled in later runs. Where that cannot be done, it is told once.
    fn keep(&mut self, line: &str, is_kept: bool) {
        let kept = if is_kept { self.history.keep(line) } else { Ok(()) };
        if let Err(sentence) = kept {
            self.chat.view.alarm(&sentence);
            self.history = InputHistory::new(None);
        }
    }

    /// Whether lines of ours may still be stored if we stay a moment longer.
    fn has_last_words(&self) -> bool {
        let since = self.leaving_since.unwrap_or_else(time::unix_ms);
        time::unix_ms().saturating_sub(since) < LAST_WORDS
            && self.chat.view.state() == Some(talk::client::State::Live)
            && self.chat.view.unstored().any(|(_, failed)| failed.is_none())
    }

    // ---- Painting

    fn paint(&mut self) -> io::Result<()> {
        self.paint_with(Vec::new())
    }

    fn paint_with(&mut self, above: Vec<Line>) -> io::Result<()> {
        let is_back = self.chat.view.is_looking_back();
        let mut out = String::new();
        let turns = self.terminal.turn(is_back);
        if let Some(turns) = turns {
            self.screen.forget_pane();
            out.push_str(screen::BEGIN); // or the other screen is seen empty for a moment
            out.push_str(turns);
        }
        if is_back {
            self.paint_pane(&mut out);
        } else {
            self.paint_end(above, &mut out);
        }
        if turns.is_some() {
            out.push_str(screen::END);
        }
        if self.chat.view.take_bell(time::unix_ms()) {
            out.insert(0, '\x07');
        }
        if out.is_empty() { Ok(()) } else { terminal::write(&out) }
    }

    fn paint_end(&mut self, mut above: Vec<Line>, out: &mut String) {
        let view = &mut self.chat.view;
        above.extend(view.take().into_iter().map(|(_, line)| line));
        let (waiting, status) =
            (view.waiting_lines(), view.status(time::unix_ms(), self.screen.columns()));
        self.screen.paint(&above, &waiting, &status, &self.editor, out);
    }

    fn paint_pane(&mut self, out: &mut String) {
        let (below, status) = self.below_pane();
        let pane = self.chat.view.pane(self.screen.columns(), self.height());
        self.screen.paint_pane(&pane, &below, &status, &self.editor, out);
    }

    /// Asks for what will be seen next, if one looks back.
    fn look_further(&mut self) {
        if self.chat.view.is_looking_back() {
            let (columns, height) = (self.screen.columns(), self.height());
            self.chat.look_further(columns, height);
        }
    }

    /// Rows for looking back.
    fn height(&self) -> usize {
        let (below, status) = self.below_pane();
        self.screen.height(&below, &status, &self.editor)
    }

    /// What stands below them, and the status line.
    fn below_pane(&self) -> (Vec<Line>, Line) {
        let view = &self.chat.view;
        (vec![view.more_below()], view.status(time::unix_ms(), self.screen.columns()))
    }
}
