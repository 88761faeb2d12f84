//! A log in memory, the simplest that is correct: tests compare the one on disk with it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Log, NotLoaded, PendingErasure, ReadLimit, RecoveryFinding};
use crate::chat::{LogEntry, OwnerId, UserName};

/// The newest records of a room.
#[derive(Debug)]
pub(super) struct MemoryLog {
    /// The log's id.
    id: Arc<str>,
    /// How many records it retains.
    keep: usize,
    /// The records, the oldest first.
    entries: Mutex<VecDeque<LogEntry>>,
}

impl MemoryLog {
    /// An empty log with a new id, which retains the newest `keep` records.
    #[must_use]
    pub(super) fn new(id: String, keep: usize) -> MemoryLog {
        MemoryLog { id: id.into(), keep: keep.max(1), entries: Mutex::default() }
    }

    /// Entries are pushed and popped whole, so a panic leaves them consistent.
    fn entries(&self) -> MutexGuard<'_, VecDeque<LogEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    fn first(&self) -> u64 {
        self.entries().front().map_or(1, |entry| entry.seq)
    }

    fn head(&self) -> u64 {
        self.entries().back().map_or(0, |entry| entry.seq)
    }

    fn append(&self, batch: &[LogEntry]) -> io::Result<()> {
        let mut entries = self.entries();
        entries.extend(batch.iter().cloned());
        let excess = entries.len().saturating_sub(self.keep);
        entries.drain(..excess);
        Ok(())
    }

    fn read(&self, after: u64, limit: ReadLimit) -> io::Result<Vec<LogEntry>> {
        let entries = self.entries();
        let from = entries.partition_point(|entry| entry.seq <= after);
        let mut bytes = 0;
        let fits = |entry: &&LogEntry| {
            let first = bytes == 0;
            bytes += entry.json.len();
            first || bytes <= limit.bytes
        };
        Ok(entries.range(from..).take(limit.records).take_while(fits).cloned().collect())
    }

    fn owners(&self) -> Option<[OwnerId; 2]> {
        None
    }

    fn last_owner(&self, _user: &UserName) -> Result<Option<OwnerId>, NotLoaded> {
        Ok(None)
    }

    fn topic(&self) -> Option<String> {
        None
    }

    fn edit_count(&self, _target: u64) -> usize {
        0
    }

    fn newest_edit(&self, _target: u64) -> Option<u64> {
        None
    }

    fn delete_of(&self, _target: u64) -> Option<u64> {
        None
    }

    fn newest_page(&self) -> u64 {
        self.first().saturating_sub(1)
    }

    fn write_error(&self) -> Option<String> {
        None
    }

    fn is_erasure_pending(&self) -> bool {
        false
    }

    fn pending_erasures(&self) -> Vec<PendingErasure> {
        Vec::new()
    }

    fn erase(&self, _segment: u64, _pace: &mut dyn FnMut(usize)) -> io::Result<()> {
        Ok(())
    }

    fn has_posted(&self, owner: OwnerId) -> io::Result<bool> {
        Ok(self.entries().iter().any(|entry| entry.owner == owner))
    }

    fn maintain(&self, _now: u64) -> io::Result<()> {
        Ok(())
    }

    fn needs_maintenance(&self) -> bool {
        false
    }

    fn peek(&self) -> io::Result<()> {
        Ok(())
    }

    fn load(&self) -> io::Result<Option<RecoveryFinding>> {
        Ok(None)
    }

    fn drop_newest(&self) {}

    fn unload(&self) -> bool {
        false
    }

    fn memory(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ReadLimit = ReadLimit { records: usize::MAX, bytes: usize::MAX };

    fn entries(seqs: std::ops::RangeInclusive<u64>) -> Vec<LogEntry> {
        seqs.map(|seq| {
            let owner = "0".repeat(32).parse().unwrap();
            LogEntry { seq, owner, json: format!("{{\"seq\":{seq}}}").into() }
        })
        .collect()
    }

    fn seqs(log: &MemoryLog, after: u64, limit: ReadLimit) -> Vec<u64> {
        log.read(after, limit).unwrap().iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn an_empty_log_begins_at_one() {
        let log = MemoryLog::new(String::from("a"), 10);
        assert_eq!((log.first(), log.head()), (1, 0));
        assert!(seqs(&log, 0, ALL).is_empty());
    }

    #[test]
    fn records_are_read_back_by_seq_within_both_bounds() {
        let log = MemoryLog::new(String::from("a"), 10);
        log.append(&entries(1..=5)).unwrap();
        assert_eq!((log.first(), log.head()), (1, 5));
        assert_eq!(seqs(&log, 0, ALL), [1, 2, 3, 4, 5]);
        assert_eq!(seqs(&log, 3, ALL), [4, 5]);
        assert!(seqs(&log, 5, ALL).is_empty());
        assert_eq!(seqs(&log, 1, ReadLimit { records: 2, bytes: 99 }), [2, 3]);
        assert_eq!(seqs(&log, 0, ReadLimit { records: 9, bytes: 20 }), [1, 2]);
        assert_eq!(
            seqs(&log, 0, ReadLimit { records: 9, bytes: 1 }),
            [1],
            "a page has at least one record"
        );
    }

    #[test]
    fn the_oldest_records_are_dropped_and_first_advances() {
        let log = MemoryLog::new(String::from("a"), 3);
        log.append(&entries(1..=2)).unwrap();
        log.append(&entries(3..=7)).unwrap();
        assert_eq!((log.first(), log.head()), (5, 7));
        assert_eq!(seqs(&log, 0, ALL), [5, 6, 7]);
    }
}
