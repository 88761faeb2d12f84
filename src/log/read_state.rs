//! What readers of a log see: its files, its newest records, and whether it can be written.
//!
//! Room: memory. It is the state behind a lock that is only ever held for a moment.

use std::collections::VecDeque;
use std::time::Instant;

use super::projection::Projection;
use super::segment::Page;
use super::segment::{Location, Segment};
use crate::chat::LogEntry;
use crate::limits;

/// Whether a log can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Health {
    /// As far as is known.
    Ok,
    /// The last batch could not be stored, and left nothing behind: the next may be.
    WriteFailed(String),
    /// What is in the last file is not known for certain. Nothing is written to it until it has been
    /// verified again.
    Uncertain(String),
    /// A place in the middle is damaged, or another hand has changed the last file: nothing is
    /// written before somebody has looked at it.
    Corrupt(String),
}

impl Health {
    /// Why it cannot be written, if that is so.
    pub(super) fn write_error(&self) -> Option<&str> {
        match self {
            Health::Ok => None,
            Health::WriteFailed(why) | Health::Uncertain(why) | Health::Corrupt(why) => Some(why),
        }
    }

    /// A batch was stored: what was in its way is gone. What has come up meanwhile stays.
    pub(super) fn recover(&mut self) {
        if matches!(self, Health::WriteFailed(_)) {
            *self = Health::Ok;
        }
    }

    /// Why not even trying is right, if that is so.
    pub(super) fn write_forbidden(&self) -> Option<&str> {
        match self {
            Health::Ok | Health::WriteFailed(_) => None,
            Health::Uncertain(why) | Health::Corrupt(why) => Some(why),
        }
    }
}

/// A log as its readers see it.
#[derive(Debug)]
pub(super) struct ReadState {
    pub(super) segments: Vec<Segment>,
    /// The seq after the newest record.
    pub(super) next: u64,
    newest: VecDeque<LogEntry>,
    newest_bytes: usize,
    pub(super) health: Health,
    /// What records do to others.
    pub(super) projection: Projection,
    /// How often a file was replaced by one with other offsets: who reads by an older index looks
    /// again.
    pub(super) generation: u64,
    /// When a file was replaced last.
    pub(super) replaced: Option<Instant>,
}

impl ReadState {
    pub(super) fn new(
        segments: Vec<Segment>,
        next: u64,
        projection: Projection,
        health: Health,
    ) -> ReadState {
        let newest = VecDeque::new();
        let (newest_bytes, generation, replaced) = (0, 0, None);
        ReadState { segments, next, newest, newest_bytes, health, projection, generation, replaced }
    }

    pub(super) fn first(&self) -> u64 {
        self.segments.first().map_or(self.next, |segment| segment.first)
    }

    /// Adds to `page` the records after `after` that are in memory. Where they are not, tells where
    /// they are, and after which seq to look there: that of the request, unless less is kept.
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

    /// Takes in what has been stored.
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
