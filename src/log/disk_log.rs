//! A log on disk: a directory of segment files. Appends go to the last one.
//!
//! Four locks, taken in this order: `load_lock` is held while the log is read from end to end;
//! `writer` over a write and its fsync, which serializes appends; `fsync_lock` over an fsync alone;
//! `read_state` for a moment, so that readers never wait for the disk.

use std::io::{self, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::files::{Files, LogFile, append_all};
use super::finding::RecoveryFinding;
use super::line::{self, Checksum, SegmentHeader};
use super::read_state::{Health, ReadState};
use super::segment::{Page, Segment, file_name};
use super::segment_scan::{IndexEntry, push_index_entry};
use super::writer::{OpenFile, WriteBatch};
use super::{DroppedSegment, Log, PendingErasure, ReadLimit};
use crate::chat::{LogEntry, OwnerId, RoomName};
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

/// Why a batch was not stored, and what it leaves in the file.
pub(super) enum AppendFailure {
    /// Nothing: it was rolled back, or never written.
    Clean(io::Error),
    /// Unknown.
    Uncertain(io::Error),
    /// Another process changed the file; this one did not write to it.
    ChangedByOthers(io::Error),
}

impl DiskLog {
    /// One thread at a time loads the log. Taken before the other locks.
    pub(super) fn load_lock(&self) -> MutexGuard<'_, ()> {
        failpoint::check(self.load_lock.lock().unwrap_or_else(PoisonError::into_inner), "load")
    }

    /// A panic under this lock may leave bytes in the file; the next append finds them by the
    /// file's length.
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        failpoint::check(self.writer.lock().unwrap_or_else(PoisonError::into_inner), "writer")
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

    // ---- Writing -------------------------------------------------------------------------------

    fn write(&self, writer: &mut Writer, batch: &[LogEntry]) -> Result<(), AppendFailure> {
        let line = |entry: &LogEntry| (entry.json.len() + line::OVERHEAD) as u64;
        let bytes: u64 = batch.iter().map(line).sum();
        let last =
            self.read_state().segments.last().map(|last| self.last_file(last, bytes, writer.at));
        match last {
            Some((path, end, false)) => self.append_to_last_file(writer, &path, end, batch, bytes),
            Some((_, _, true)) => self.begin_file(writer, batch),
            None => {
                let rooms = self.dir.parent().unwrap_or(Path::new("."));
                let made = self.files.create_dir(&self.dir);
                made.and_then(|()| self.files.fsync_dir(rooms)).map_err(AppendFailure::Clean)?;
                self.begin_file(writer, batch)
            }
        }
    }

    /// The last segment's file, where it ends, and whether to begin another before `bytes` more.
    fn last_file(&self, last: &Segment, bytes: u64, at: u64) -> (PathBuf, u64, bool) {
        let records = last.next - last.first;
        let full = last.end + bytes > self.config.file_bytes
            || self.config.retain_records.is_some_and(|limit| records >= limit)
            || self.is_expired(last.oldest, at);
        (last.path.clone(), last.end, full && records > 0)
    }

    /// Whether retention drops a record of the time `at` at `now`, both Unix time in ms.
    pub(super) fn is_expired(&self, at: u64, now: u64) -> bool {
        self.config
            .retain
            .is_some_and(|retain| u128::from(now.saturating_sub(at)) > retain.as_millis())
    }

    /// Appends to the last segment.
    fn append_to_last_file(
        &self,
        writer: &mut Writer,
        path: &Path,
        end: u64,
        batch: &[LogEntry],
        bytes: u64,
    ) -> Result<(), AppendFailure> {
        let (file, len) = writer.open_file.open(&*self.files, path).map_err(|error| {
            let gone = error.kind() == ErrorKind::NotFound;
            let what = format!("cannot open {}: {error}", path.display());
            let error = io::Error::new(error.kind(), what);
            if gone { AppendFailure::ChangedByOthers(error) } else { AppendFailure::Clean(error) }
        })?;
        if len != end {
            let path = path.display();
            let what =
                format!("{path} was changed by another process: it has {len} bytes, not {end}");
            return Err(AppendFailure::ChangedByOthers(io::Error::other(what)));
        }
        let capacity = usize::try_from(bytes).unwrap_or(0);
        let synced = {
            let read_state = self.read_state();
            let last = read_state.segments.last();
            last.filter(|last| last.version >= line::MARKED).map(|_| read_state.synced)
        };
        let bytes = Vec::with_capacity(capacity);
        let mut write_batch = WriteBatch::new(bytes, end, writer.checksum, writer.at, synced);
        write_batch.push(batch);
        if let Err(error) = append_all(&*file, &write_batch.bytes) {
            return Err(match file.set_len(end) {
                Ok(()) => AppendFailure::Clean(error),
                Err(_) => AppendFailure::Uncertain(error),
            });
        }
        if self.config.sync == SyncPolicy::Always
            && let Err(error) = file.fsync()
        {
            // The batch may or may not be on the disk, and a later fsync cannot show which: the
            // system reports the error once, and then marks the pages as written.
            file.set_len(end).ok();
            return Err(AppendFailure::Uncertain(error));
        }
        (writer.checksum, writer.at) = (write_batch.checksum, write_batch.at);
        if self.config.sync == SyncPolicy::Interval {
            writer.unsynced = Some(file);
        }
        let mut read_state = self.read_state();
        if let Some(last) = read_state.segments.last_mut() {
            last.next += batch.len() as u64;
            (last.end, last.newest) = (end + write_batch.bytes.len() as u64, write_batch.at);
            if last.oldest == 0 {
                last.oldest = write_batch.oldest;
            }
            write_batch.index.into_iter().for_each(|next| push_index_entry(&mut last.index, next));
        }
        read_state.append(batch);
        if self.config.sync == SyncPolicy::Always {
            read_state.synced = read_state.next - 1;
        }
        Ok(())
    }

    /// Begins the next segment with `batch`. The segment before it is fsynced first, so that only
    /// the last one is ever uncertain.
    pub(super) fn begin_file(
        &self,
        writer: &mut Writer,
        batch: &[LogEntry],
    ) -> Result<(), AppendFailure> {
        if let Some(unsynced) = writer.unsynced.take() {
            unsynced.fsync().map_err(AppendFailure::Uncertain)?;
        }
        drop(self.fsync_lock()); // wait for an fsync that is running
        let forbidden = self.read_state().health.write_forbidden().map(String::from);
        if let Some(why) = forbidden {
            return Err(AppendFailure::Uncertain(io::Error::other(why)));
        }
        let (first, log, owners) = {
            let read_state = self.read_state();
            let summary = &read_state.summary;
            (read_state.next, String::from(&*summary.id), summary.owners)
        };
        let (room, at, after) = (self.room.clone(), writer.at, writer.checksum);
        let header = SegmentHeader { version: line::VERSION, room, log, first, at, after, owners };
        let mut bytes = Vec::new();
        let checksum = header.push(&mut bytes);
        let start = IndexEntry { seq: first, offset: bytes.len() as u64, before: checksum };
        let mut write_batch = WriteBatch::new(bytes, 0, checksum, writer.at, Some(first - 1));
        write_batch.push(batch);
        let path = self.dir.join(file_name(first));
        let file = self.files.create(&path).map_err(AppendFailure::Clean)?;
        let written = append_all(&*file, &write_batch.bytes);
        let failed = match written {
            Ok(()) => match file.fsync().and_then(|()| self.files.fsync_dir(&self.dir)) {
                Ok(()) => None,
                Err(error) => Some((error, false)),
            },
            Err(error) => Some((error, true)),
        };
        if let Some((error, clean)) = failed {
            let removed = self.files.remove(&path).is_ok();
            let failure =
                if clean && removed { AppendFailure::Clean } else { AppendFailure::Uncertain };
            return Err(failure(error));
        }
        (writer.checksum, writer.at) = (write_batch.checksum, write_batch.at);
        let mut index = vec![start];
        write_batch.index.into_iter().for_each(|next| push_index_entry(&mut index, next));
        let mut read_state = self.read_state();
        read_state.segments.push(Segment {
            path,
            version: line::VERSION,
            first,
            next: first + batch.len() as u64,
            end: write_batch.bytes.len() as u64,
            index,
            oldest: write_batch.oldest,
            newest: write_batch.at,
        });
        read_state.append(batch);
        read_state.synced = read_state.next - 1;
        Ok(())
    }

    /// Records what a failure leaves in the file, and returns its error.
    pub(super) fn record_failure(&self, failure: AppendFailure) -> io::Error {
        let (error, health): (_, fn(String) -> Health) = match failure {
            AppendFailure::Clean(error) => (error, Health::WriteFailed),
            AppendFailure::Uncertain(error) => (error, Health::Uncertain),
            AppendFailure::ChangedByOthers(error) => (error, Health::Corrupt),
        };
        self.read_state().health = health(error.to_string());
        error
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
