//! The chat without a screen: lines in, lines out, for pipes, files and dumb terminals.
//!
//! Messages go to stdout, everything else to stderr. Depends on `chat`, `command`, `view`, `stdio` and
//! `storage`; never on the screen or on `script`.

use std::io;
use std::io::Write;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use talk::client;
use talk::limits;
use talk::time;

use crate::chat::Chat;
use crate::chat::SubmitResult;
use crate::command;
use crate::command::Command;
use crate::command::Input;
use crate::editor::input_gate::GateAction;
use crate::plain::entry::Entry;
use crate::plain::lines::InputLine;
use crate::plain::lines::InputLines;
use crate::plain::report::LineNumbers;
use crate::plain::report::UnreadLines;
use crate::stdio::events::Event;
use crate::stdio::events::EventQueue;
use crate::stdio::output;
use crate::stdio::output::Reader;
use crate::stdio::terminal;
use crate::storage::outbox::OutboxStore;
use crate::text::line::Line;
use crate::text::style::Palette;
use crate::view::Channel;
use crate::view::View;
use crate::view::format;

mod entry; // before the server has accepted the person
mod lines; // stdin, in lines
mod report; // which lines were not stored

/// A chat of plain lines.
#[derive(Debug)]
pub(crate) struct Plain {
    chat: Chat,
    /// What the lines of the input are.
    mode: InputMode,
    /// The columns of the terminal on stdout, if it is one.
    columns: Option<usize>,
    /// How long to wait for a connection once lines wait for it.
    timeout: Duration,
    /// Input that was read and not submitted.
    input: InputLines,
    /// Which lines are under way.
    numbers: LineNumbers,
    /// Whether no further line is submitted, though the input may go on.
    stop: Option<Stop>,
    /// Lines that were refused; each was reported.
    refused: usize,
    /// What a person types before the server has accepted them.
    entry: Entry,
    /// Since when a program waits for the answer to a question.
    asked_at: Option<Instant>,
}

/// What the lines of the input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputMode {
    /// A person types them: some are commands.
    Person,
    /// Texts of a program: whatever they begin with, they are sent as they are.
    Texts,
    /// Texts and commands of a program.
    Commands,
}

/// Why no further line is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// A line said `/quit`.
    Quit,
    /// Stdout cannot be written.
    OutputGone,
}

/// How the chat ended.
#[derive(Debug)]
pub(crate) struct PlainEnd {
    /// The view, of a connection that is closed.
    pub(crate) view: View,
    pub(crate) outbox: OutboxStore,
    /// The reason, if the input did not just end.
    pub(crate) failure: Option<String>,
    /// Lines that were refused; each was reported.
    refused: usize,
    numbers: LineNumbers,
    /// Lines that were not even submitted.
    unread: Option<UnreadLines>,
}

/// How often the timeout is checked.
const TICK: Duration = Duration::from_millis(500);

/// How long the rest of the input is read, to say how many lines it has.
const REST_WAIT: Duration = Duration::from_secs(1);

/// Why a line was not printed.
enum WriteError {
    /// The reader of stdout has closed it.
    ReaderGone,
    /// Stdout cannot be written, as this sentence says.
    Failed(String),
}

impl Plain {
    pub(crate) fn new(
        chat: Chat,
        mode: InputMode,
        columns: Option<usize>,
        timeout: Duration,
    ) -> Plain {
        let (input, numbers) = (InputLines::default(), LineNumbers::default());
        let entry = if mode == InputMode::Person { Entry::closed() } else { Entry::open() };
        let chat = if entry.is_hidden() { chat.asking_person() } else { chat };
        Plain {
            chat,
            mode,
            columns,
            timeout,
            input,
            numbers,
            stop: None,
            refused: 0,
            entry,
            asked_at: None,
        }
    }

    /// Runs until the input has ended and everything is stored, or cannot be.
    pub(crate) fn run(mut self, queue: &mut EventQueue) -> PlainEnd {
        let mut write_failure = None;
        let failure = loop {
            let is_pending = self.chat.view.unsent.is_any_pending() || self.awaits_answer();
            let connection = &self.chat.view.connection.status;
            let has_ended = self.stop.is_some() || self.input.is_over();
            // Even without input, a script waits until it knows whether the server is reachable.
            let knows_server = connection.was_live() || self.mode == InputMode::Person;
            if has_ended && !is_pending && knows_server {
                break None;
            }
            let wants_input = !has_ended && !self.is_full() && !self.input.has_line();
            // A script that cannot go on waits for the server only so long. What has come from it
            // counts first, however long it took us to look.
            let connection = &self.chat.view.connection.status;
            let is_late =
                !wants_input && connection.time_left(self.timeout) == Some(Duration::ZERO);
            let wait = if is_late { Duration::ZERO } else { TICK };
            let next = if wants_input {
                queue.next(Some(wait))
            } else {
                queue.next_without_input(Some(wait))
            };
            let event = match next {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) if is_late => {
                    let connection = &self.chat.view.connection.status;
                    break Some(connection.out_of_time(self.timeout));
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            let failure = self.on_event(event);
            self.submit_lines();
            // Without a reader only the submissions under way are left to wait for.
            match self.print() {
                Ok(()) => {}
                Err(WriteError::ReaderGone) => self.stop = self.stop.or(Some(Stop::OutputGone)),
                Err(WriteError::Failed(sentence)) => {
                    self.stop = self.stop.or(Some(Stop::OutputGone));
                    write_failure.get_or_insert(sentence);
                }
            }
            if failure.is_some() {
                break failure;
            }
        };
        let unread = self.count_unread(queue);
        let Plain { chat, numbers, refused, .. } = self;
        let (view, outbox) = chat.close();
        PlainEnd { view, outbox, failure: failure.or(write_failure), refused, numbers, unread }
    }

    /// Returns a sentence if the chat is over.
    fn on_event(&mut self, event: Event) -> Option<String> {
        match event {
            Event::Client(event) => return self.on_client_event(event),
            Event::Stdin(bytes) if self.entry.is_open() => self.input.push(&bytes),
            Event::Stdin(bytes) => return self.press_at_gate(&bytes),
            Event::StdinClosed => self.input.close(),
            Event::Resized => {
                let size = terminal::size();
                self.columns = self.columns.map(|known| size.map_or(known, |size| size.columns));
            }
            Event::Panicked => return Some("a thread has panicked".to_owned()),
        }
        None
    }

    fn on_client_event(&mut self, event: client::Event) -> Option<String> {
        let settled =
            if let client::Event::Stored { cid, .. } | client::Event::Failed { cid, .. } = &event {
                Some(cid.clone())
            } else {
                None
            };
        if let client::Event::Failed { cid, rejection } = &event {
            let view = &mut self.chat.view;
            let text =
                view.unsent.find(cid).map_or(String::new(), |s| format::text_of(&s.operation).0);
            let which =
                self.numbers.of(cid).map_or(String::new(), |number| format!("line {number} "));
            view.display.error(&format!("{which}not sent: {text:?}: {rejection}"));
            if self.mode != InputMode::Person {
                self.refused += 1; // no person will send it again
                self.chat.discard(cid);
            }
        }
        let failure = self.chat.apply(event, time::unix_ms());
        let refusals = self.chat.take_refusals().len();
        if self.mode == InputMode::Person {
            self.refused += refusals; // those of a program are counted above
        }
        settled.iter().for_each(|cid| self.numbers.remove(cid));
        if let Some(kind) = self.chat.wanted_secret() {
            self.entry.ask(kind);
        } else if self.chat.view.connection.status.is_connected() {
            self.entry.unlock();
        }
        failure
    }

    /// Takes keys that are not part of a line. Returns a sentence if the chat is over.
    fn press_at_gate(&mut self, bytes: &[u8]) -> Option<String> {
        for action in self.entry.press(bytes) {
            match action {
                GateAction::Secret(kind, secret) => {
                    if !self.chat.try_secret(kind, secret) {
                        self.entry.ask(kind);
                    }
                }
                GateAction::GiveUp => return self.chat.final_reason(),
                GateAction::Quit => self.stop = Some(Stop::Quit),
                GateAction::Repaint | GateAction::Suspend => {}
            }
        }
        None
    }

    // ---- Input ---------------------------------------------------------------------------------

    /// Whether so many lines are under way that no further is read. What a person types is always read.
    fn is_full(&self) -> bool {
        self.mode != InputMode::Person
            && self.chat.view.unsent.pending_count() >= limits::PIPED_LINES
    }

    /// Submits the lines that are there, while few are under way.
    fn submit_lines(&mut self) {
        while self.stop.is_none() && !self.is_full() && !self.is_next_held() {
            let Some(line) = self.input.take() else { break };
            self.submit(line);
        }
    }

    /// Whether the next line is a command of a program that has to wait: it must not take effect
    /// before the lines above it are stored, as `/nick` or `/part` would. A question also waits for the connection.
    fn is_next_held(&mut self) -> bool {
        let view = &self.chat.view;
        let (is_pending, is_live) =
            (view.unsent.is_any_pending(), view.connection.status.is_live());
        if self.mode != InputMode::Commands || !is_pending && is_live {
            return false;
        }
        let line = self.input.peek().and_then(|line| std::str::from_utf8(line).ok());
        match line.map(command::parse) {
            Some(Ok(Input::Command(Command::Who(_)))) => true,
            Some(Ok(Input::Command(_))) => is_pending,
            Some(Ok(Input::Post(_) | Input::Me(_)) | Err(_)) | None => false,
        }
    }

    /// Whether a program still gets the answer to a question, which a server may owe for ever.
    fn awaits_answer(&mut self) -> bool {
        if self.mode != InputMode::Commands || !self.chat.view.awaited.members.is_waiting() {
            self.asked_at = None;
            return false;
        }
        self.asked_at.get_or_insert_with(Instant::now).elapsed() < self.timeout
    }

    fn submit(&mut self, InputLine { number, bytes }: InputLine) {
        let result = match bytes.as_deref().map(std::str::from_utf8) {
            Some(Ok("")) => Ok(SubmitResult::Done),
            Some(Ok(text)) if self.mode == InputMode::Texts => self.chat.submit_text(text),
            Some(Ok(line)) => self.chat.submit_line(line),
            Some(Err(error)) => Err(format!("byte {} is not UTF-8", error.valid_up_to())),
            None => Err("it is too long".to_owned()),
        };
        match result {
            Ok(SubmitResult::Quit) => self.stop = Some(Stop::Quit),
            Ok(SubmitResult::Done | SubmitResult::Clear | SubmitResult::Refused) => {
                if let Some(newest) = self.chat.view.unsent.newest() {
                    self.numbers.add(newest, number);
                }
            }
            Err(sentence) => {
                self.refused += 1;
                let sentence = match self.mode {
                    InputMode::Person => sentence,
                    InputMode::Texts | InputMode::Commands => {
                        format!("line {number} not sent: {sentence}")
                    }
                };
                self.chat.view.display.error(&sentence);
            }
        }
    }

    /// The lines of the input that were not submitted. For that it reads on for a moment, as far as there
    /// is something to read.
    fn count_unread(&mut self, queue: &mut EventQueue) -> Option<UnreadLines> {
        if self.stop == Some(Stop::Quit) || self.mode == InputMode::Person {
            return None; // they were not meant to be sent, or the person sees them
        }
        let (first, begun) = (self.input.taken() + 1, Instant::now());
        loop {
            while self.input.take().is_some() {}
            let left = REST_WAIT.saturating_sub(begun.elapsed());
            if self.input.is_closed() || left.is_zero() {
                break;
            }
            match queue.next(Some(left)) {
                Ok(Event::Stdin(bytes)) => self.input.push(&bytes),
                Ok(Event::StdinClosed) => self.input.close(),
                Ok(Event::Client(_) | Event::Resized | Event::Panicked) => {}
                Err(_) => break,
            }
        }
        let last = self.input.taken();
        let is_any = last >= first || self.input.has_rest();
        is_any.then_some(UnreadLines { first, last: self.input.is_closed().then_some(last) })
    }

    // ---- Output --------------------------------------------------------------------------------

    fn print(&mut self) -> Result<(), WriteError> {
        for (channel, line) in self.chat.view.display.output.take() {
            let text = self.plain_text(&line);
            match channel {
                channel @ (Channel::Chat | Channel::Answer)
                    if channel == Channel::Chat || self.mode == InputMode::Commands =>
                {
                    let mut stdout = io::stdout().lock();
                    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
                    match output::reader_after(written).map_err(WriteError::Failed)? {
                        Reader::Reading => {}
                        Reader::Gone => return Err(WriteError::ReaderGone),
                    }
                }
                Channel::Notice | Channel::Answer
                    if self.mode == InputMode::Person || line.is_error() =>
                {
                    _ = io::stderr().write_all(text.as_bytes()); // stderr is the last resort
                }
                Channel::Chat | Channel::Notice | Channel::Answer => {}
            }
        }
        self.entry.show_prompt();
        Ok(())
    }

    fn plain_text(&self, line: &Line) -> String {
        let rows = self.columns.map_or_else(|| line.unwrapped(), |columns| line.rows(columns));
        let mut text = String::new();
        for row in rows {
            Palette::Bare.paint(&row, &mut text);
            text.push('\n');
        }
        text
    }
}

impl PlainEnd {
    /// Reports the lines of a program that are not stored, so that none is lost silently. True if all are, and
    /// nothing was refused.
    pub(crate) fn report_unsent_lines(&self) -> bool {
        let is_any_unsent = report::report(&self.view, &self.numbers, self.unread);
        !is_any_unsent && self.refused == 0
    }

    /// Whether a line was refused.
    pub(crate) fn is_any_refused(&self) -> bool {
        self.refused > 0
    }
}
