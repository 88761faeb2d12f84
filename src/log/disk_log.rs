//! A log on disk: a directory of segment files. Appends go to the last one.
//!
//! Four locks, taken in this order: `load_lock` is held while the log is read from end to end;
//! `writer` over a write and its fsync, which serializes appends; `fsync_lock` over an fsync alone;
//! `read_state` for a moment, so that readers never wait for the disk.

use std::io::{self, ErrorKind};
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::files::{Files, LogFile, LogMetrics};
use super::finding::RecoveryFinding;
use super::line::Checksum;
use super::read_state::{Health, ReadState};
use super::segment::Page;
use super::writer::OpenFile;
use super::{DroppedSegment, Log, NotLoaded, PendingErasure, ReadLimit};
use crate::chat::{LogEntry, OwnerId, RoomName, UserName};
use crate::failpoint;
use crate::metrics::GaugePart;

/// When written records are fsynced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// `--sync always`: before a client sees them. They survive a power cut.
    Always,
    /// `--sync interval`: within 200 ms. What a client sees has been handed to the OS: it survives a
    /// kill of the process, but a power cut may take the newest records.
    Interval,
}

/// The settings of a log.
#[derive(Debug, Clone, Copy)]
pub struct LogConfig {
    /// When written records are fsynced.
    pub sync: SyncPolicy,
    /// Size in bytes at which a segment is full.
    pub file_bytes: u64,
    /// Retention by age: segments whose records are all older than this are dropped.
    pub retain: Option<Duration>,
    /// Retention by count: segments that this many records come after are dropped.
    pub retain_records: Option<u64>,
}

/// One room's log on disk.
#[derive(Debug)]
pub(super) struct DiskLog {
    /// The room.
    pub(super) room: RoomName,
    /// The directory of the segments.
    pub(super) dir: PathBuf,
    /// When to fsync, when to begin a segment, what to keep.
    pub(super) config: LogConfig,
    /// The file system; tests have one that fails.
    pub(super) files: Arc<dyn Files>,
    /// Held while the log is loaded: other threads that need it wait.
    pub(super) load_lock: Mutex<()>,
    /// The end of the last segment, for appends.
    pub(super) writer: Mutex<Writer>,
    /// Held during an fsync of records that were written before (`--sync interval`).
    pub(super) fsync_lock: Mutex<()>,
    /// What readers see.
    pub(super) read_state: Mutex<ReadState>,
    /// Bytes that `read_state` takes: part of the sum of all logs.
    pub(super) memory: GaugePart,
    /// What all logs count.
    pub(super) metrics: Arc<LogMetrics>,
}

/// What the next append needs.
#[derive(Debug)]
pub(super) struct Writer {
    /// The checksum of the newest line.
    pub(super) checksum: Checksum,
    /// The `at` of the newest line.
    pub(super) at: u64,
    /// The last segment's file, kept open while the log is busy.
    pub(super) open_file: OpenFile,
    /// A file with records that are not fsynced yet.
    pub(super) unsynced: Option<Arc<dyn LogFile>>,
    /// When a segment was last begun because the dates in the one before are wrong, in Unix time in ms.
    pub(super) parted: Option<u64>,
    /// When the last segment was verified after an uncertain write.
    pub(super) verified: Option<Instant>,
}

impl DiskLog {
    /// One thread at a time loads the log. Taken before the other locks.
    pub(super) fn load_lock(&self) -> MutexGuard<'_, ()> {
        failpoint::check(self.load_lock.lock().unwrap_or_else(PoisonError::into_inner), "load")
    }

    /// A panic under this lock may leave bytes in the file that belong to no record. The next thread that
    /// takes the lock notices, and maintenance verifies the file before anything else is written.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        let writer = self.writer.lock().unwrap_or_else(|poisoned| {
            self.writer.clear_poison();
            let mut read_state = self.read_state();
            if read_state.is_loaded() && read_state.health.write_forbidden().is_none() {
                let why = String::from("a write was interrupted by an error of the server");
                read_state.health = Health::Uncertain(why);
            }
            poisoned.into_inner()
        });
        failpoint::check(writer, "writer")
    }

    /// Each change under this lock is one call, so a panic leaves it consistent.
    pub(super) fn read_state(&self) -> MutexGuard<'_, ReadState> {
        failpoint::check(
            self.read_state.lock().unwrap_or_else(PoisonError::into_inner),
            "read_state",
        )
    }

    /// Taken after `writer`, never before it.
    pub(super) fn fsync_lock(&self) -> MutexGuard<'_, ()> {
        failpoint::check(self.fsync_lock.lock().unwrap_or_else(PoisonError::into_inner), "fsync")
    }

    /// Whether retention drops a record of the time `at` at `now`, both Unix time in ms.
    pub(super) fn is_expired(&self, at: u64, now: u64) -> bool {
        self.config
            .retain
            .is_some_and(|retain| u128::from(now.saturating_sub(at)) > retain.as_millis())
    }
}

impl Log for DiskLog {
    fn id(&self) -> Arc<str> {
        Arc::clone(&self.read_state().summary.id)
    }

    fn first(&self) -> u64 {
        self.read_state().first()
    }

    fn head(&self) -> u64 {
        self.read_state().next - 1
    }

    fn append(&self, batch: &[LogEntry]) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let (mut writer, forbidden, next) = loop {
            let writer = self.writer();
            let read_state = self.read_state();
            if read_state.is_loaded() {
                let forbidden = read_state.health.write_forbidden().map(String::from);
                break (writer, forbidden, read_state.next);
            }
            drop((read_state, writer));
            drop(self.loaded()?); // takes these locks itself
        };
        if let Some(why) = forbidden {
            return Err(io::Error::other(why));
        }
        if !(next..).zip(batch).all(|(seq, entry)| entry.seq == seq) {
            return Err(io::Error::other(format!("the batch does not begin with record {next}")));
        }
        self.write(&mut writer, batch).map_err(|failure| self.record_failure(failure))?;
        self.read_state().health.recover();
        Ok(())
    }

    fn read(&self, after: u64, limit: ReadLimit) -> io::Result<Vec<LogEntry>> {
        let (mut after, mut page) = (after, Page::new(limit));
        while !page.is_full() {
            let (there, generation) = {
                let read_state = self.loaded()?;
                (read_state.read(after, &mut page), read_state.generation)
            };
            let Some((from, location)) = there else { break };
            if from > after && page.last().is_some() {
                break; // retention has dropped the rest: a page has no gap
            }
            match location.read(&*self.files, from, &mut page) {
                Ok(()) => {}
                Err(_) if self.read_state().generation != generation => {} // the segment was replaced meanwhile
                Err(_) if page.last().is_some() => break, // the next read returns the error
                Err(error) if error.kind() == ErrorKind::NotFound && self.first() > from + 1 => {
                    continue; // the segment was dropped meanwhile
                }
                Err(error) => return Err(error),
            }
            after = page.last().unwrap_or(from);
        }
        let mut entries = page.into_entries();
        self.loaded()?.projection.redact(&mut entries);
        Ok(entries)
    }

    fn owners(&self) -> Option<[OwnerId; 2]> {
        self.read_state().summary.owners
    }

    fn has_posted(&self, owner: OwnerId) -> io::Result<bool> {
        Ok(self.seen()?.has_posted(owner))
    }

    fn last_owner(&self, user: &UserName) -> Result<Option<OwnerId>, NotLoaded> {
        let read_state = self.read_state();
        if read_state.is_loaded() {
            Ok(read_state.projection.last_owner(user))
        } else {
            Err(NotLoaded)
        }
    }

    fn topic(&self) -> Option<String> {
        self.read_state().topic().map(String::from)
    }

    fn newest(&self) -> u64 {
        self.read_state().newest_at()
    }

    fn take_dropped(&self) -> Vec<DroppedSegment> {
        mem::take(&mut self.read_state().dropped)
    }

    fn edit_count(&self, target: u64) -> usize {
        self.loaded().map_or(0, |read_state| read_state.projection.edit_count(target))
    }

    fn newest_edit(&self, target: u64) -> Option<u64> {
        self.loaded().ok()?.projection.newest_edit(target)
    }

    fn delete_of(&self, target: u64) -> Option<u64> {
        self.loaded().ok()?.projection.delete_of(target)
    }

    fn newest_page(&self) -> u64 {
        self.read_state().newest_page()
    }

    fn write_error(&self) -> Option<String> {
        let read_state = self.read_state();
        let load_error = read_state.summary.load_error.as_ref().map(|error| error.what.as_str());
        read_state.health.write_error().or(load_error).map(String::from)
    }

    fn is_damaged(&self) -> bool {
        matches!(self.read_state().health, Health::Corrupt(_))
    }

    fn load_error(&self) -> Option<String> {
        self.read_state().summary.load_error.as_ref().map(|error| error.what.clone())
    }

    fn is_erasure_pending(&self) -> bool {
        let read_state = self.read_state();
        let (first, next) = (read_state.first(), read_state.next);
        read_state.health == Health::Ok
            && read_state.projection.to_erase(first, next).next().is_some()
    }

    fn pending_erasures(&self) -> Vec<PendingErasure> {
        self.list_pending_erasures()
    }

    fn erase(&self, segment: u64, pace: &mut dyn FnMut(usize)) -> io::Result<()> {
        self.erase_segment(segment, pace)
    }

    fn maintain(&self, now: u64) -> io::Result<()> {
        self.fsync_pending()?;
        self.retry_after_failure();
        if self.is_retention_due(now) {
            drop(self.loaded()?);
        }
        self.apply_retention(now)?;
        self.measure_memory();
        Ok(())
    }

    fn needs_maintenance(&self) -> bool {
        self.has_work()
    }

    fn peek(&self) -> io::Result<()> {
        self.peek_once()
    }

    fn load(&self) -> io::Result<Option<RecoveryFinding>> {
        Ok(self.loaded()?.summary.finding.take().map(|finding| *finding))
    }

    fn drop_newest(&self) {
        self.try_drop_newest();
    }

    fn unload(&self) -> bool {
        self.try_unload()
    }

    fn memory(&self) -> usize {
        self.memory.get()
    }
}
