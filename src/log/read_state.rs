//! What readers of a log see: its segments, its newest records, and whether it can be written.
//!
//! The state behind a lock that is held for a moment only; nothing here waits for the disk.

use std::collections::VecDeque;

use super::DroppedSegment;
use super::projection::Projection;
use super::segment::{Location, Page, Segment};
use crate::chat::LogEntry;
use crate::limits;

/// Whether a log can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    /// Yes, as far as is known.
    Ok,
    /// The last batch could not be stored, and left nothing behind: the next one may succeed.
    WriteFailed(String),
    /// The contents of the last segment are uncertain. Nothing is written before maintenance has
    /// verified it.
    Uncertain(String),
    /// A record in the middle is corrupt, or another process changed the last file: nothing is
    /// written until an operator has repaired it.
    Corrupt(String),
}

impl Health {
    /// The error, if it cannot be written.
    pub(super) fn write_error(&self) -> Option<&str> {
        match self {
            Health::Ok => None,
            Health::WriteFailed(why) | Health::Uncertain(why) | Health::Corrupt(why) => Some(why),
        }
    }

    /// Clears a failed write once a batch was stored. Another problem that came up meanwhile stays.
    pub(super) fn recover(&mut self) {
        if matches!(self, Health::WriteFailed(_)) {
            *self = Health::Ok;
        }
    }

    /// The error, if an append must not even be tried.
    pub(super) fn write_forbidden(&self) -> Option<&str> {
        match self {
            Health::Ok | Health::WriteFailed(_) => None,
            Health::Uncertain(why) | Health::Corrupt(why) => Some(why),
        }
    }
}

/// A log for its readers.
#[derive(Debug)]
pub(super) struct ReadState {
    /// The segments, the oldest first.
    pub(super) segments: Vec<Segment>,
    /// The seq after the newest record.
    pub(super) next: u64,
    /// The newest record that is on the disk for certain: no power cut takes it.
    pub(super) synced: u64,
    /// The newest records, which are served from memory.
    newest: VecDeque<LogEntry>,
    /// Bytes of their JSON.
    newest_bytes: usize,
    /// Whether the log can be written.
    pub(super) health: Health,
    /// The state derived from the records.
    pub(super) projection: Projection,
    /// How often a segment was replaced by one with other offsets: a reader with an older index
    /// reads again.
    pub(super) generation: u64,
    /// The segments that retention has dropped, until they are logged.
    pub(super) dropped: Vec<DroppedSegment>,
}

impl ReadState {
    pub(super) fn new(
        segments: Vec<Segment>,
        next: u64,
        projection: Projection,
        health: Health,
    ) -> ReadState {
        let newest = VecDeque::new();
        let (newest_bytes, generation) = (0, 0);
        // A process that was killed may have left records in the last file that are not on the disk.
        let synced = segments.last().map_or(next, |last| last.first) - 1;
        let dropped = Vec::new();
        ReadState {
            segments,
            next,
            synced,
            newest,
            newest_bytes,
            health,
            projection,
            generation,
            dropped,
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.segments.first().map_or(self.next, |segment| segment.first)
    }

    /// The seq after which a newest page starts.
    pub(super) fn newest_page(&self) -> u64 {
        let from = self.projection.page_start().unwrap_or(0).saturating_sub(1);
        let oldest = self.first().saturating_sub(1);
        from.max((self.next - 1).saturating_sub(limits::NEWEST_SPAN)).max(oldest)
    }

    /// Adds to `page` the records after `after` that are in memory. If they are not there, returns
    /// where they are on disk, and the seq to read after: `after`, unless retention has dropped
    /// more.
    pub(super) fn read(&self, after: u64, page: &mut Page) -> Option<(u64, Location)> {
        let after = after.max(self.first().saturating_sub(1));
        let wanted = after + 1;
        if wanted >= self.next {
            return None;
        }
        if self.newest.front().is_some_and(|oldest| oldest.seq <= wanted) {
            let from = self.newest.partition_point(|entry| entry.seq < wanted);
            for entry in self.newest.range(from..) {
                if page.is_full() {
                    break;
                }
                page.add(entry.clone());
            }
            return None;
        }
        let index = self.segments.partition_point(|segment| segment.next <= wanted);
        Some((after, self.segments.get(index)?.locate(wanted)?))
    }

    /// Adds stored records.
    pub(super) fn append(&mut self, batch: &[LogEntry]) {
        self.next += batch.len() as u64;
        batch.iter().for_each(|entry| self.projection.apply(entry, false));
        self.newest.extend(batch.iter().cloned());
        self.newest_bytes += batch.iter().map(|entry| entry.json.len()).sum::<usize>();
        while self.newest.len() > limits::LOG_NEWEST || self.newest_bytes > limits::LOG_NEWEST_BYTES
        {
            let Some(oldest) = self.newest.pop_front() else { return };
            self.newest_bytes -= oldest.json.len();
        }
    }
}
