//! What readers of a log see: its segments, its newest records, and whether it can be written.
//!
//! The state behind a lock that is held for a moment only; nothing here waits for the disk. Most of
//! it is there only while the log is loaded; a [`Summary`] stays.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::DroppedSegment;
use super::finding::RecoveryFinding;
use super::projection::Projection;
use super::recover::Recovered;
use super::segment::{Location, Page, Segment};
use super::segment_scan::IndexEntry;
use crate::chat::{LogEntry, OwnerId};
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

/// How much of a log is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoadState {
    /// Nothing: its directory exists. It has a record, unless its files are broken.
    Unseen,
    /// What its last file says at first sight. No checksum was verified.
    Peeked,
    /// It was loaded, and then unloaded. The summary is verified.
    Unloaded,
    /// Everything that reading and writing need.
    Loaded,
}

/// What stays in memory of a log that is not loaded. While it is loaded, `first`, `topic` and `oldest`
/// are those of the time before.
#[derive(Debug)]
pub(super) struct Summary {
    /// How much is in memory.
    pub(super) state: LoadState,
    /// The id of the log.
    pub(super) id: Arc<str>,
    /// The owners of the two names of a private room.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// Which of them have a record here.
    posted: [bool; 2],
    /// The oldest seq.
    pub(super) first: u64,
    /// The `at` of the newest record.
    pub(super) newest: u64,
    /// The topic.
    topic: Option<Box<str>>,
    /// For retention: the oldest segment.
    pub(super) oldest: Option<OldestSegment>,
    /// What the first load has found, until the operator's log has it.
    pub(super) finding: Option<Box<RecoveryFinding>>,
    /// Why the log could not be loaded, the last time.
    pub(super) load_error: Option<Box<LoadError>>,
}

/// A load that failed.
#[derive(Debug)]
pub(super) struct LoadError {
    /// What failed.
    pub(super) what: String,
    /// When.
    pub(super) at: Instant,
    /// How long after that the next use of the log tries it again.
    pub(super) pause: Duration,
}

impl LoadError {
    /// The pause after a load that failed, from the one before it.
    pub(super) fn next_pause(before: Option<Duration>) -> Duration {
        before.map_or(limits::LOAD_RETRY, |pause| (pause * 2).min(limits::LOAD_RETRY_MAX))
    }
}

/// What retention needs to know of the oldest segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct OldestSegment {
    /// The seq after its last record.
    pub(super) next: u64,
    /// The `at` of its last record.
    pub(super) newest: u64,
    /// Whether appends go to it.
    pub(super) is_last: bool,
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
    /// What stays when the log is unloaded.
    pub(super) summary: Summary,
}

impl ReadState {
    /// A log that was not looked at yet. If its files have no id, it gets this one.
    pub(super) fn unseen(id: String) -> ReadState {
        ReadState {
            segments: Vec::new(),
            next: 2, // at least one record
            synced: 0,
            newest: VecDeque::new(),
            newest_bytes: 0,
            health: Health::Ok,
            projection: Projection::default(),
            generation: 0,
            dropped: Vec::new(),
            summary: Summary {
                state: LoadState::Unseen,
                id: id.into(),
                owners: None,
                posted: [false; 2],
                first: 1,
                newest: 0,
                topic: None,
                oldest: None,
                finding: None,
                load_error: None,
            },
        }
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.summary.state == LoadState::Loaded
    }

    /// Adds what was read from the files. A problem that is known stays.
    pub(super) fn load(&mut self, recovered: Recovered) {
        let Recovered { id, segments, next, owners, posted, projection, corruption, .. } =
            recovered;
        if self.summary.state != LoadState::Unloaded {
            // A process that was killed may have left records in the last file that are not on the disk.
            self.synced = segments.last().map_or(next, |last| last.first) - 1;
        }
        (self.segments, self.next, self.projection) = (segments, next, projection);
        self.segments.shrink_to_fit();
        if let (Health::Ok, Some(corruption)) = (&self.health, corruption) {
            self.health = Health::Corrupt(corruption.to_string());
        }
        let summary = &mut self.summary;
        (summary.owners, summary.load_error) = (owners, None);
        if *summary.id != *id {
            summary.id = id.into();
        }
        for (before, has_posted) in summary.posted.iter_mut().zip(posted) {
            *before |= has_posted;
        }
        summary.state = LoadState::Loaded;
    }

    /// Drops what the files have as well. The caller has checked that they have all of it.
    pub(super) fn unload(&mut self) {
        self.summary.first = self.first();
        self.summary.newest = self.newest_at();
        self.summary.topic = self.projection.topic().map(Box::from);
        let is_last = self.segments.len() == 1;
        self.summary.oldest = self
            .segments
            .first()
            .filter(|first| first.next > first.first)
            .map(|&Segment { next, newest, .. }| OldestSegment { next, newest, is_last });
        self.summary.state = LoadState::Unloaded;
        (self.segments, self.projection) = (Vec::new(), Projection::default());
        self.drop_newest();
    }

    /// Drops the newest records, which are on disk as well.
    pub(super) fn drop_newest(&mut self) {
        (self.newest, self.newest_bytes) = (VecDeque::new(), 0);
    }

    /// About how many bytes it takes while it is loaded.
    pub(super) fn memory(&self) -> usize {
        let of = |segment: &Segment| {
            size_of::<Segment>()
                + segment.path.as_os_str().len()
                + segment.index.capacity() * size_of::<IndexEntry>()
        };
        let newest = self.newest.capacity() * size_of::<LogEntry>() + self.newest_bytes;
        self.segments.iter().map(of).sum::<usize>() + newest + self.projection.memory()
    }

    pub(super) fn topic(&self) -> Option<&str> {
        if self.is_loaded() { self.projection.topic() } else { self.summary.topic.as_deref() }
    }

    /// The `at` of the newest record, as far as is known: 0 before the log was looked at.
    pub(super) fn newest_at(&self) -> u64 {
        let newest = self.segments.last().map_or(0, |last| last.newest);
        if self.is_loaded() { newest } else { self.summary.newest }
    }

    /// Whether an owner of the private room has a record here. Known once the log was loaded.
    pub(super) fn has_posted(&self, owner: OwnerId) -> bool {
        let owners = self.summary.owners.into_iter().flatten();
        owners.zip(self.summary.posted).any(|(one, has_posted)| one == owner && has_posted)
    }

    pub(super) fn first(&self) -> u64 {
        if !self.is_loaded() {
            return self.summary.first;
        }
        self.segments.first().map_or(self.next, |segment| segment.first)
    }

    /// The seq after which a newest page starts: of a log that is not loaded, by records and not by posts.
    pub(super) fn newest_page(&self) -> u64 {
        if !self.is_loaded() {
            let page = limits::HISTORY_PAGE as u64;
            return (self.next - 1).saturating_sub(page).max(self.first().saturating_sub(1));
        }
        let from = self.projection.page_start().unwrap_or(0).saturating_sub(1);
        let oldest = self.first().saturating_sub(1);
        let from = from.max((self.next - 1).saturating_sub(limits::NEWEST_SPAN)).max(oldest);
        from.max(self.last_bytes_start(limits::NEWEST_BYTES).saturating_sub(1))
    }

    /// A record from which on the files have about so many bytes; the first of all if they have fewer.
    fn last_bytes_start(&self, bytes: u64) -> u64 {
        let mut left = bytes;
        for segment in self.segments.iter().rev() {
            if segment.end > left {
                let start = segment.end - left;
                let entry = segment.index.iter().find(|entry| entry.offset >= start);
                return entry.map_or(segment.next.saturating_sub(1), |entry| entry.seq);
            }
            left -= segment.end;
        }
        self.first()
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
        if let Some(owners) = self.summary.owners {
            for (owner, has_posted) in owners.into_iter().zip(&mut self.summary.posted) {
                *has_posted |= batch.iter().any(|entry| entry.owner == owner);
            }
        }
        self.newest.extend(batch.iter().cloned());
        self.newest_bytes += batch.iter().map(|entry| entry.json.len()).sum::<usize>();
        while self.newest.len() > limits::LOG_NEWEST || self.newest_bytes > limits::LOG_NEWEST_BYTES
        {
            let Some(oldest) = self.newest.pop_front() else { return };
            self.newest_bytes -= oldest.json.len();
        }
    }
}
