//! The chat without a screen: lines in, lines out, for pipes, files and dumb terminals.
//!
//! Messages go to stdout, everything else to stderr.

use std::io;
use std::io::Write;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use talk::client;
use talk::time;

use crate::chat::Chat;
use crate::chat::SubmitResult;
use crate::stdio::events::Event;
use crate::stdio::events::EventQueue;
use crate::stdio::output;
use crate::stdio::output::Reader;
use crate::stdio::terminal;
use crate::text::line::Line;
use crate::text::style::Palette;
use crate::view::Channel;
use crate::view::format;

/// A chat of plain lines.
#[derive(Debug)]
pub(crate) struct Plain {
    chat: Chat,
    /// Whether a person is at the other end of stdin.
    has_person: bool,
    /// The columns of the terminal on stdout, if it is one.
    columns: Option<usize>,
    /// How long to wait for a connection after the end of the input.
    timeout: Duration,
    /// The start of a line whose end has not been read yet.
    partial: Vec<u8>,
    /// Lines that could not be sent at all.
    refused: usize,
}

/// How the chat ended.
#[derive(Debug)]
pub(crate) struct PlainEnd {
    /// The chat, to be closed.
    pub(crate) chat: Chat,
    /// Lines that could not be sent at all; each was reported.
    pub(crate) refused: usize,
    /// The reason, if the input did not just end.
    pub(crate) failure: Option<String>,
}

/// A line of the input is cut after this many bytes; the server accepts far less.
const LINE_MAX: usize = 1024 * 1024;

/// How often the timeout is checked.
const TICK: Duration = Duration::from_millis(500);

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
        has_person: bool,
        columns: Option<usize>,
        timeout: Duration,
    ) -> Plain {
        Plain { chat, has_person, columns, timeout, partial: Vec::new(), refused: 0 }
    }

    /// Runs until the input has ended and everything is stored, or cannot be.
    pub(crate) fn run(mut self, queue: &mut EventQueue) -> PlainEnd {
        let mut has_ended = false;
        let mut write_failure = None;
        let failure = loop {
            let connection = &self.chat.view.connection.status;
            let is_pending = self.chat.view.unsent.is_any_pending();
            // Even without input, a script waits until it knows whether the server is reachable.
            if has_ended && !is_pending && (connection.was_live() || self.has_person) {
                break None;
            }
            if has_ended && connection.time_left(self.timeout) == Some(Duration::ZERO) {
                break Some(connection.out_of_time(self.timeout));
            }
            let event = match queue.next(Some(TICK)) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            let failure = match event {
                Event::Client(event) => self.on_client_event(event),
                Event::Stdin(bytes) => {
                    has_ended |= self.read(&bytes);
                    None
                }
                Event::StdinClosed => {
                    let rest = std::mem::take(&mut self.partial);
                    has_ended = true;
                    if !rest.is_empty() {
                        self.submit(&rest);
                    }
                    None
                }
                Event::Resized => {
                    let size = terminal::size();
                    self.columns =
                        self.columns.map(|known| size.map_or(known, |size| size.columns));
                    None
                }
                Event::Panicked => Some("a thread has panicked".to_owned()),
            };
            // Without a reader only the submissions under way are left to wait for.
            match self.print() {
                Ok(()) => {}
                Err(WriteError::ReaderGone) => has_ended = true,
                Err(WriteError::Failed(sentence)) => {
                    has_ended = true;
                    write_failure.get_or_insert(sentence);
                }
            }
            if failure.is_some() {
                break failure;
            }
        };
        PlainEnd { chat: self.chat, refused: self.refused, failure: failure.or(write_failure) }
    }

    fn on_client_event(&mut self, event: client::Event) -> Option<String> {
        if let client::Event::Failed { cid, rejection } = &event {
            let view = &mut self.chat.view;
            let submission = view.unsent.iter().map(|(unsent, _)| unsent).find(|s| s.cid == *cid);
            let text = submission.map_or(String::new(), |s| format::text_of(&s.operation).0);
            view.display.error(&format!("not sent: {text:?}: {rejection}"));
        }
        let end = self.chat.apply(event, time::unix_ms());
        self.refused += self.chat.take_refusals().len();
        end
    }

    /// Submits each whole line; true if one of them ends the chat.
    fn read(&mut self, bytes: &[u8]) -> bool {
        let mut quits = false;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() > LINE_MAX {
                let line = std::mem::take(&mut self.partial);
                quits |= self.submit(&line) == SubmitResult::Quit;
            }
        }
        quits
    }

    fn submit(&mut self, line: &[u8]) -> SubmitResult {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let result = match std::str::from_utf8(line) {
            Ok("") => SubmitResult::Done,
            Ok(line) => self.chat.submit(line),
            Err(error) => {
                let at = error.valid_up_to();
                let text = format!("not sent: byte {at} of a line is not UTF-8");
                self.chat.view.display.error(&text);
                SubmitResult::Refused
            }
        };
        self.refused += usize::from(result == SubmitResult::Refused);
        result
    }

    fn print(&mut self) -> Result<(), WriteError> {
        for (channel, line) in self.chat.view.display.output.take() {
            let text = self.plain_text(&line);
            match channel {
                Channel::Chat => {
                    let mut stdout = io::stdout().lock();
                    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
                    match output::reader_after(written).map_err(WriteError::Failed)? {
                        Reader::Reading => {}
                        Reader::Gone => return Err(WriteError::ReaderGone),
                    }
                }
                Channel::Notice if self.has_person || line.is_error() => {
                    _ = io::stderr().write_all(text.as_bytes()); // stderr is the last resort
                }
                Channel::Notice => {}
            }
        }
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
