//! The chat on a terminal: keys in, a painted screen out.
//!
//! It runs the event loop; what keys mean is decided by the editor and the chat.
//! Depends on `chat`, `command`, `view`, `editor`, `storage` and `stdio`; never on the client itself.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use talk::chat::protocol::ServerMessage;
use talk::client;
use talk::failpoint;
use talk::time;

use crate::chat::Chat;
use crate::chat::SubmitResult;
use crate::chat::refusals::Refusal;
use crate::command;
use crate::editor::Editor;
use crate::editor::KeyAction;
use crate::editor::Recall;
use crate::editor::input_gate::GateAction;
use crate::editor::input_gate::InputGate;
use crate::stdio::events::Event;
use crate::stdio::events::EventQueue;
use crate::stdio::keys::Key;
use crate::stdio::keys::KeyDecoder;
use crate::stdio::terminal;
use crate::stdio::terminal::Terminal;
use crate::storage::input_history::InputHistory;
use crate::tui::screen::Screen;
use crate::view::display::Display;

pub(crate) mod screen; // what is where on the terminal
mod tab; // completion that waits for the server
mod paint; // what is painted, and when the alternate screen is used

/// The chat on a terminal.
#[derive(Debug)]
pub(crate) struct Tui {
    /// The client and its view.
    chat: Chat,
    /// The terminal in raw mode; dropping it restores the old one.
    terminal: Terminal,
    /// What is painted.
    screen: Screen,
    /// Bytes from stdin → keys.
    keys: KeyDecoder,
    /// The input line.
    editor: Editor,
    /// Who gets the keys: the input line, once the server has accepted us.
    gate: InputGate,
    /// The file of earlier input.
    history: InputHistory,
    /// The last key was Ctrl-C.
    interrupted: bool,
    /// When the person asked to leave, in Unix milliseconds.
    leaving_since: Option<u64>,
    /// Tab was pressed last, and completes once the server's answer comes.
    tab_due: TabDue,
}

/// What the last key, a Tab, waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum TabDue {
    /// Nothing, or the last key was another one.
    #[default]
    Nothing,
    /// The rooms of the server.
    Rooms,
    /// Members of a large room.
    Members,
}

/// How the chat ended.
#[derive(Debug)]
pub(crate) struct TuiEnd {
    /// The chat, to be closed.
    pub(crate) chat: Chat,
    /// The text in the input line.
    pub(crate) draft: String,
    /// The reason, if the person did not ask for the end.
    pub(crate) failure: Option<String>,
}

/// Whether the event loop continues.
enum LoopControl {
    Continue,
    /// The person leaves.
    Leave,
    /// The chat cannot continue, for this reason.
    Stop(String),
    TerminalGone,
}

/// Events taken in before the screen is painted again: of a flood, each batch is painted once.
const BATCH: usize = 1_000;

/// The screen is painted after this time, also within a batch.
const BATCH_TIME: Duration = Duration::from_millis(100);

/// The least time between two paintings, unless a key is typed: 50 paintings a second are as many as the
/// eye follows, and each runs `stty`, which takes the processor for 1 ms.
const PAINT_INTERVAL: Duration = Duration::from_millis(20);

/// How often the screen is painted while the status line changes by itself.
const TICK: Duration = Duration::from_millis(500);

/// How long to wait, in milliseconds, for the last messages of a person who leaves to be stored.
const LEAVE_WAIT: u64 = 2_000;

impl Tui {
    pub(crate) fn new(
        chat: Chat,
        terminal: Terminal,
        screen: Screen,
        history: InputHistory,
    ) -> Tui {
        let editor = Editor::with_recall(Recall::new(history.load()));
        Tui {
            chat,
            terminal,
            screen,
            keys: KeyDecoder::default(),
            editor,
            gate: InputGate::closed(),
            history,
            interrupted: false,
            leaving_since: None,
            tab_due: TabDue::Nothing,
        }
    }

    /// Runs until the person leaves or the chat cannot continue. Afterwards the terminal is as it
    /// was before.
    pub(crate) fn run(mut self, queue: &mut EventQueue) -> TuiEnd {
        let control = loop {
            failpoint::check((), "painted");
            if self.paint().is_err() {
                break LoopControl::TerminalGone;
            }
            let painted_at = Instant::now();
            self.chat.send_read_markers(time::unix_ms()); // what is painted counts as read
            self.load_history();
            let control = match self.take_events(queue, painted_at) {
                LoopControl::Leave => self.take_client_events(queue),
                control @ (LoopControl::Continue
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => control,
            };
            match control {
                LoopControl::Continue => {}
                LoopControl::Leave if self.waits_for_last_messages() => {
                    self.leaving_since.get_or_insert_with(time::unix_ms);
                }
                control @ (LoopControl::Leave
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => {
                    break control;
                }
            }
            if self.leaving_since.is_some() && !self.waits_for_last_messages() {
                break LoopControl::Leave;
            }
        };
        self.display().scroll_to_newest();
        self.display().flush_presence();
        _ = self.paint(); // the last lines; if the terminal is gone, they are lost
        let mut out = String::new();
        self.screen.erase(&mut out);
        _ = terminal::write(&out);
        let failure = match control {
            LoopControl::Stop(sentence) => Some(sentence),
            LoopControl::Continue | LoopControl::Leave | LoopControl::TerminalGone => None,
        };
        TuiEnd { chat: self.chat, draft: self.editor.text(), failure }
    }

    fn display(&mut self) -> &mut Display {
        &mut self.chat.view.display
    }

    // ---- Events --------------------------------------------------------------------------------

    /// Takes in the events that have come, waiting for the first; without a key among them, those until
    /// `PAINT_INTERVAL` after `painted_at`.
    fn take_events(&mut self, queue: &mut EventQueue, painted_at: Instant) -> LoopControl {
        let is_ticking = self.leaving_since.is_some()
            || self.chat.view.is_ticking(time::unix_ms())
            || self.chat.has_read_markers_to_send();
        let mut event = match queue.next(is_ticking.then_some(TICK)) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return LoopControl::Continue,
            Err(RecvTimeoutError::Disconnected) => return LoopControl::TerminalGone,
        };
        let begun = Instant::now();
        let mut is_typed = false;
        for _ in 0..BATCH {
            is_typed |= matches!(event, Event::Stdin(_));
            match self.take_event(event) {
                LoopControl::Continue => {}
                control @ (LoopControl::Leave
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => {
                    return control;
                }
            }
            if begun.elapsed() >= BATCH_TIME || self.display().output.is_large() {
                break;
            }
            let interval = if is_typed { Duration::ZERO } else { PAINT_INTERVAL };
            match queue.next(Some(interval.saturating_sub(painted_at.elapsed()))) {
                Ok(next) => event = next,
                Err(_) => break, // none yet, or never: the next call tells which
            }
        }
        LoopControl::Continue
    }

    /// Takes in what the client has reported already, for a person who leaves: their keys overtook
    /// it, and it may say that their last messages are stored. Under a flood it gives up.
    fn take_client_events(&mut self, queue: &mut EventQueue) -> LoopControl {
        let begun = Instant::now();
        while self.chat.view.unsent.is_any_pending() && begun.elapsed() < BATCH_TIME {
            let Some(event) = queue.next_of_client() else { break };
            match self.take_event(event) {
                LoopControl::Continue => {}
                control @ (LoopControl::Leave
                | LoopControl::Stop(_)
                | LoopControl::TerminalGone) => return control,
            }
        }
        LoopControl::Leave
    }

    fn take_event(&mut self, event: Event) -> LoopControl {
        match event {
            Event::Client(event) => {
                let is_list = matches!(event, client::Event::Message(ServerMessage::Rooms { .. }));
                let end = self.chat.apply(event, time::unix_ms());
                self.complete_late(is_list);
                self.update_gate();
                for refusal in self.chat.take_refusals() {
                    self.give_back(&refusal);
                }
                end.map_or(LoopControl::Continue, LoopControl::Stop)
            }
            Event::Resized => LoopControl::Continue, // each painting asks for the size
            Event::StdinClosed | Event::Panicked => LoopControl::TerminalGone,
            Event::Stdin(bytes) => {
                for key in self.keys.feed(&bytes) {
                    let control = if self.gate.is_open() {
                        self.press(key)
                    } else {
                        self.press_at_gate(&key)
                    };
                    match control {
                        LoopControl::Continue => {}
                        control @ (LoopControl::Leave
                        | LoopControl::Stop(_)
                        | LoopControl::TerminalGone) => return control,
                    }
                }
                self.chat.send_typing(&self.editor.text(), time::unix_ms());
                LoopControl::Continue
            }
        }
    }

    /// Asks for a secret if the server wants one, and shows the input line once it has accepted us.
    fn update_gate(&mut self) {
        let wanted = self.chat.wanted_secret().filter(|_| self.gate.asking().is_none());
        if let Some(kind) = wanted {
            self.gate.ask(kind);
        } else if self.chat.view.connection.status.is_connected() && self.gate.unlock() {
            self.keys.drop_paste();
        }
    }

    /// Takes a key that is not for the input line.
    fn press_at_gate(&mut self, key: &Key) -> LoopControl {
        match self.gate.press(key) {
            None => LoopControl::Continue,
            Some(GateAction::Secret(kind, secret)) => {
                if !self.chat.try_secret(kind, secret) {
                    self.gate.ask(kind);
                }
                LoopControl::Continue
            }
            Some(GateAction::GiveUp) => {
                self.chat.final_reason().map_or(LoopControl::Leave, LoopControl::Stop)
            }
            Some(GateAction::Quit) => LoopControl::Leave,
            Some(GateAction::Repaint) => self.repaint(),
            Some(GateAction::Suspend) => self.suspend(),
        }
    }

    /// Reports a message that was refused for good. Its text goes back into the input line, to be mended,
    /// or below the reason if the person is typing something else, or is in another room.
    fn give_back(&mut self, refusal: &Refusal) {
        let Refusal { room, typed, fits_anywhere, reason } = refusal;
        let here = self.chat.view.display.rooms.current();
        let is_here = *fits_anywhere || here.is_some_and(|here| here.name == *room);
        let is_shown = is_here && self.editor.give_back(typed);
        match reason {
            Some(reason) if is_shown => self.display().error(&format!("not sent: {reason}")),
            None if is_shown => {}
            Some(_) | None => self.display().refused(room, typed, reason.as_deref()),
        }
    }

    fn press(&mut self, key: Key) -> LoopControl {
        let was_interrupted = std::mem::take(&mut self.interrupted);
        self.leaving_since = None;
        self.display().output.set_hint(None);
        let Some(action) = self.edit(key) else {
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
                self.display().output.set_hint(Some("Ctrl-C again: leave"));
            }
            KeyAction::Repaint => return self.repaint(),
            KeyAction::Suspend => return self.suspend(),
            KeyAction::Room(number) => {
                let at = number.checked_sub(1);
                if !at.is_some_and(|at| self.display().switch_to(at)) {
                    self.display().output.set_hint(Some("no room has this number"));
                }
            }
            KeyAction::NextRoom(direction) => {
                let at = self.display().rooms.neighbour(direction);
                self.display().switch_to(at);
            }
            KeyAction::NextUnread => {
                if let Some(at) = self.display().rooms.next_unread() {
                    self.display().switch_to(at);
                }
            }
            KeyAction::Page(direction) => {
                let (columns, height) = (self.screen.columns(), self.pane_height());
                self.display().page(direction, columns, height);
            }
            KeyAction::First => {
                if let Err(sentence) = self.display().go_to_first() {
                    self.display().error(&sentence);
                }
            }
            KeyAction::Newest => self.display().scroll_to_newest(),
            KeyAction::Unread => self.display().go_to_unread(),
            KeyAction::LeftOut(count) => {
                let text = format!("left out of the paste ({count} bytes): not text, or too long");
                self.display().error(&text);
            }
        }
        LoopControl::Continue
    }

    fn submit(&mut self, line: &str) -> LoopControl {
        self.display().scroll_to_newest();
        let result = self.chat.submit(line);
        if result != SubmitResult::Refused || command::gives_key(line) {
            let is_kept = !self.chat.is_secret(line);
            self.editor.accept(is_kept);
            if is_kept {
                self.save_to_history(line);
            }
        }
        match result {
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

    /// Saves a line to be recalled in later runs. After the first failure it no longer tries.
    fn save_to_history(&mut self, line: &str) {
        if let Err(sentence) = self.history.save(line) {
            self.display().error(&sentence);
            self.history = InputHistory::new(None);
        }
    }

    /// Clears the terminal and paints the newest lines of the current room again.
    fn repaint(&mut self) -> LoopControl {
        if self.display().scroll.is_active() {
            self.screen.forget_pane();
            return LoopControl::Continue;
        }
        let rows = self.screen.size().rows;
        let room = self.display().rooms.current();
        let newest = room.map_or(Vec::new(), |room| room.scrollback.newest(rows));
        let mut out = String::new();
        self.screen.clear(&mut out);
        if terminal::write(&out).is_err() || self.paint_with(newest).is_err() {
            return LoopControl::TerminalGone;
        }
        LoopControl::Continue
    }

    /// Stops the process as Ctrl-Z does in other programs, until the shell continues it.
    fn suspend(&mut self) -> LoopControl {
        self.display().scroll_to_newest();
        if self.paint().is_err() {
            return LoopControl::TerminalGone;
        }
        let mut out = String::new();
        self.screen.erase(&mut out);
        _ = terminal::write(&out);
        self.terminal.suspend();
        LoopControl::Continue
    }

    /// Whether messages of ours may still be stored if we stay a moment longer.
    fn waits_for_last_messages(&self) -> bool {
        let since = self.leaving_since.unwrap_or_else(time::unix_ms);
        time::unix_ms().saturating_sub(since) < LEAVE_WAIT
            && self.chat.view.connection.status.is_live()
            && self.chat.view.unsent.is_any_pending()
    }
}
