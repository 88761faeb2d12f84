//! Lines on their way into a file, and what will be true once they are there.
//!
//! Room: values.

use super::line::{self, Check};
use super::segment_scan::Mark;
use crate::chat::LogEntry;

/// Lines that are to be appended, and what will be true once they are.
pub(super) struct Draft {
    pub(super) bytes: Vec<u8>,
    pub(super) check: Check,
    pub(super) at: u64,
    /// The `at` of the first of them.
    pub(super) oldest: u64,
    pub(super) marks: Vec<Mark>,
    /// Where in the file the bytes will begin.
    from: u64,
}

impl Draft {
    /// Lines that follow `check` and `at`, after what `bytes` of a new file hold already, or at the
    /// offset `from` of one that is there.
    pub(super) fn new(bytes: Vec<u8>, from: u64, check: Check, at: u64) -> Draft {
        Draft { bytes, check, at, oldest: 0, marks: Vec::new(), from }
    }

    pub(super) fn push(&mut self, batch: &[LogEntry]) {
        for entry in batch {
            let start = self.bytes.len();
            let offset = self.from + start as u64;
            self.marks.push(Mark { seq: entry.seq, offset, before: self.check });
            self.check = line::push_record(&mut self.bytes, entry, self.check);
            let line = self.bytes.get(start..).unwrap_or_default();
            if let Some((_, at)) = line::seq_and_at(line) {
                self.at = self.at.max(at);
                if self.oldest == 0 {
                    self.oldest = at;
                }
            }
        }
    }
}
