//! The chat without a screen: lines in, lines out, for pipes, files and dumb terminals.
//!
//! Room: the event loop, stdout and stderr. The chat goes to stdout, all else to stderr.

use std::io;
use std::io::Write;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use talk::time;

use talk::client;

use crate::chat::Chat;
use crate::chat::Outcome;
use crate::stdio::events::Event;
use crate::stdio::output;
use crate::stdio::output::Reader;
use crate::text::line::Line;
use crate::text::style::Palette;
use crate::view;
use crate::view::format;

/// A chat of plain lines.
#[derive(Debug)]
pub(crate) struct Plain {
    chat: Chat,
    /// Whether a person is at the other end of stdin.
    has_person: bool,
    /// The columns of the terminal on stdout, if it is one.
    columns: Option<usize>,
    /// After the input has ended, this long without a connection means that there will be none.
    patience: Duration,
    partial: Vec<u8>,
    refused: usize,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) chat: Chat,
    /// Lines that were not even fit to be sent; each was told.
    pub(crate) refused: usize,
    pub(crate) failure: Option<String>,
}

/// A line longer than this many bytes is no line; what the server takes is far less.
const LINE: usize = 1024 * 1024;

/// How often patience is looked at.
const TICK: Duration = Duration::from_millis(500);

/// What is said is not read any more.
enum Unread {
    /// Whoever read it has seen enough.
    Gone,
    /// It cannot be written, as a sentence says.
    Failed(String),
}

impl Plain {
    pub(crate) fn new(
        chat: Chat,
        has_person: bool,
        columns: Option<usize>,
        patience: Duration,
    ) -> Plain {
        let partial = Vec::new();
        Plain { chat, has_person, columns, patience, partial, refused: 0 }
    }

    /// Runs until the input has ended and all of it is stored, or cannot be.
    pub(crate) fn run(mut self, queue: &Receiver<Event>) -> Ended {
        let mut has_ended = false;
        let mut unwritten = None;
        let failure = loop {
            let connection = self.chat.view.connection();
            let is_pending = self.chat.view.unstored().any(|(_, failed)| failed.is_none());
            // A script that says nothing still learns whether it could have.
            if has_ended && !is_pending && (connection.was_live() || self.has_person) {
                break None;
            }
            if has_ended && connection.time_left(self.patience) == Some(Duration::ZERO) {
                break Some(connection.out_of_time(self.patience));
            }
            let event = match queue.recv_timeout(TICK) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            let failure = match event {
                Event::Client(event) => self.hear(event),
                Event::Typed(bytes) => {
                    has_ended |= self.read(&bytes);
                    None
                }
                Event::TypedAll => {
                    let rest = std::mem::take(&mut self.partial);
                    has_ended = true;
                    if !rest.is_empty() {
                        self.submit(&rest);
                    }
                    None
                }
                Event::Size(size) => {
                    self.columns = self.columns.map(|_| size.columns);
                    None
                }
                Event::Broken => Some("a thread has panicked".to_owned()),
            };
            // Without a reader there is nothing to listen for, only what was said to see through.
            match self.print() {
                Ok(()) => {}
                Err(Unread::Gone) => has_ended = true,
                Err(Unread::Failed(sentence)) => {
                    has_ended = true;
                    unwritten.get_or_insert(sentence);
                }
            }
            if failure.is_some() {
                break failure;
            }
        };
        Ended { chat: self.chat, refused: self.refused, failure: failure.or(unwritten) }
    }

    fn hear(&mut self, event: client::Event) -> Option<String> {
        if let client::Event::Failed { cid, rejection } = &event {
            let mut unstored = self.chat.view.unstored();
            let line = unstored.find(|(line, _)| line.cid == *cid);
            let text = line.map_or(String::new(), |(line, _)| format::words(&line.operation).0);
            drop(unstored);
            self.chat.view.alarm(&format!("not sent: {text:?}: {rejection}"));
        }
        self.chat.hear(event, time::unix_ms())
    }

    /// Submits each whole line, and says whether one of them asked for the end.
    fn read(&mut self, bytes: &[u8]) -> bool {
        let mut wants_end = false;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() > LINE {
                let line = std::mem::take(&mut self.partial);
                wants_end |= self.submit(&line) == Outcome::Quit;
            }
        }
        wants_end
    }

    fn submit(&mut self, line: &[u8]) -> Outcome {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let outcome = match std::str::from_utf8(line) {
            Ok("") => Outcome::Done,
            Ok(line) => self.chat.submit(line),
            Err(error) => {
                let at = error.valid_up_to();
                self.chat.view.alarm(&format!("not sent: byte {at} of a line is no UTF-8"));
                Outcome::Refused
            }
        };
        self.refused += usize::from(outcome == Outcome::Refused);
        outcome
    }

    fn print(&mut self) -> Result<(), Unread> {
        for (flow, line) in self.chat.view.take() {
            let text = self.plain(&line);
            match flow {
                view::Flow::Chat => {
                    let mut stdout = io::stdout().lock();
                    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
                    match output::outcome(written).map_err(Unread::Failed)? {
                        Reader::Reads => {}
                        Reader::Gone => return Err(Unread::Gone),
                    }
                }
                view::Flow::Remark if self.has_person || line.is_alarming() => {
                    _ = io::stderr().write_all(text.as_bytes()); // there is nobody to tell
                }
                view::Flow::Remark => {}
            }
        }
        Ok(())
    }

    fn plain(&self, line: &Line) -> String {
        let rows = self.columns.map_or_else(|| line.unwrapped(), |columns| line.rows(columns));
        let mut text = String::new();
        for row in rows {
            Palette::Bare.paint(&row, &mut text);
            text.push('\n');
        }
        text
    }
}
