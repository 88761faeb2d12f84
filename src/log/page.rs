//! What one read brings, bounded in records and bytes.

use super::Most;
use crate::chat::LogEntry;

/// Records in order, until no more fit.
#[derive(Debug)]
pub(super) struct Page {
    most: Most,
    bytes: usize,
    entries: Vec<LogEntry>,
    full: bool,
}

impl Page {
    pub(super) fn new(most: Most) -> Page {
        Page { most, bytes: 0, entries: Vec::new(), full: most.records == 0 }
    }

    /// Adds a record, unless it is one too many; the first comes whatever its length.
    pub(super) fn add(&mut self, entry: LogEntry) {
        let bytes = self.bytes.saturating_add(entry.json.len());
        self.full = self.full || bytes > self.most.bytes && !self.entries.is_empty();
        if !self.full {
            self.bytes = bytes;
            self.entries.push(entry);
            self.full = self.entries.len() >= self.most.records;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The newest record so far.
    pub(super) fn last(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.seq)
    }

    pub(super) fn into_entries(self) -> Vec<LogEntry> {
        self.entries
    }
}
