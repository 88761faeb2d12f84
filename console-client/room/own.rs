//! The lines of ours in a room that can be edited or deleted, and their numbers.
//!
//! Room: seqs and texts.

use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Record;

/// Our newest lines in one room, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Own {
    lines: VecDeque<(u64, String)>,
}

/// Lines kept to be found again by their numbers.
const KEPT: usize = 20;

impl Own {
    /// Takes a record of ours into account.
    pub(crate) fn take(&mut self, record: &Record) {
        match &record.kind {
            Kind::Operation(Operation::Post { text, me, .. }) => {
                let text = if *me { format!("* {text}") } else { text.to_string() };
                self.lines.push_back((record.seq, text));
                if self.lines.len() > KEPT {
                    self.lines.pop_front();
                }
            }
            Kind::Operation(Operation::Edit { target, text }) => {
                if let Some((_, words)) = self.lines.iter_mut().find(|(seq, _)| seq == target) {
                    *words = text.to_string();
                }
            }
            Kind::Operation(Operation::Delete { target }) => {
                self.lines.retain(|(seq, _)| seq != target);
            }
            Kind::Operation(Operation::Topic { .. }) | Kind::Erased { .. } => {}
        }
    }

    /// The lines with their numbers, oldest first.
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.lines.iter().map(|(seq, text)| (*seq, text.as_str()))
    }
}
