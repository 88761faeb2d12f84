//! Loading: a log is read from end to end when it is first needed, and its index is kept in memory
//! while it is used. An idle log can be unloaded; the next read or append loads it again.
//!
//! Each load verifies every record, so what the disk altered meanwhile is found too.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Instant;

use super::disk_log::{DiskLog, LogConfig, Writer};
use super::files::{Files, LogMetrics};
use super::finding::{Corruption, RecoveryFinding};
use super::line::Checksum;
use super::maintenance::is_in_future;
use super::peek::{Peek, peek};
use super::read_state::{Health, LoadError, LoadState, OldestSegment, ReadState};
use super::recover::{Recovered, recover, rescan};
use super::segment::parse_file_name;
use super::segment_scan::CorruptionKind;
use super::writer::OpenFile;
use crate::chat::RoomName;
use crate::metrics::GaugePart;

impl DiskLog {
    /// The log in `dir`, which is not read before it is needed. If it has no id, it gets this one.
    pub(super) fn unseen(
        room: RoomName,
        dir: PathBuf,
        config: LogConfig,
        files: Arc<dyn Files>,
        metrics: &Arc<LogMetrics>,
        id: String,
    ) -> DiskLog {
        let writer = Mutex::new(Writer {
            checksum: Checksum::START,
            at: 0,
            open_file: OpenFile::default(),
            unsynced: None,
            parted: None,
            verified: None,
        });
        let read_state = Mutex::new(ReadState::unseen(id));
        let (load_lock, fsync_lock) = (Mutex::default(), Mutex::default());
        let (memory, metrics) = (GaugePart::of(&metrics.memory), Arc::clone(metrics));
        DiskLog {
            room,
            dir,
            config,
            files,
            load_lock,
            writer,
            fsync_lock,
            read_state,
            memory,
            metrics,
        }
    }

    /// The log that `recovered` found in `dir`.
    #[cfg(test)]
    pub(super) fn new(
        room: RoomName,
        dir: PathBuf,
        config: LogConfig,
        files: Arc<dyn Files>,
        recovered: Recovered,
    ) -> DiskLog {
        let id = recovered.id.clone();
        let log = DiskLog::unseen(room, dir, config, files, &Arc::default(), id);
        drop(log.install(recovered));
        log
    }

    /// Makes the log what `recovered` says: it is loaded.
    pub(super) fn install(&self, recovered: Recovered) -> MutexGuard<'_, ReadState> {
        let mut writer = self.writer();
        let mut read_state = self.read_state();
        (writer.checksum, writer.at) = (recovered.checksum, recovered.at);
        read_state.load(recovered);
        self.memory.set(read_state.memory());
        read_state
    }

    /// What readers see, of a log that is loaded.
    ///
    /// # Errors
    /// It could not be loaded.
    pub(super) fn loaded(&self) -> io::Result<MutexGuard<'_, ReadState>> {
        let read_state = self.read_state();
        if read_state.is_loaded() {
            return Ok(read_state);
        }
        drop(read_state);
        let _loading = self.load_lock();
        let read_state = self.read_state();
        let failed = read_state.summary.load_error.as_deref();
        if let Some(LoadError { what, at, pause }) = failed
            && at.elapsed() < *pause
        {
            return Err(io::Error::other(what.clone()));
        }
        let last_pause = failed.map(|error| error.pause);
        let (state, next, id) =
            (read_state.summary.state, read_state.next, String::from(&*read_state.summary.id));
        let loaded = match state {
            LoadState::Loaded => return Ok(read_state), // another thread was first
            LoadState::Unseen | LoadState::Peeked => {
                drop(read_state);
                self.load_first(id)
            }
            LoadState::Unloaded => {
                drop(read_state);
                self.load_again(id, next)
            }
        };
        let is_changed = loaded.is_ok() == last_pause.is_some();
        let loaded = loaded.map_err(|error| {
            let what = format!("cannot load the log in {}: {error}", self.dir.display());
            let error = io::Error::new(error.kind(), what.clone());
            let (at, pause) = (Instant::now(), LoadError::next_pause(last_pause));
            self.read_state().summary.load_error = Some(Box::new(LoadError { what, at, pause }));
            error
        });
        if is_changed {
            self.metrics.load_changed.store(true, Ordering::Relaxed);
        }
        loaded
    }

    /// The first load: recovery after the last run of a server.
    fn load_first(&self, new_id: String) -> io::Result<MutexGuard<'_, ReadState>> {
        let (recovered, torn) = recover(&*self.files, &self.room, &self.dir, new_id)?;
        let corrupt = recovered.corruption.clone().map(RecoveryFinding::Corrupt);
        let finding = corrupt.or(torn.map(RecoveryFinding::Torn));
        let mut read_state = self.install(recovered);
        read_state.summary.finding = finding.map(Box::new);
        Ok(read_state)
    }

    /// A later load: the files must be as this server has left them. It cuts nothing.
    ///
    /// Files that are missing may come back (a network file system, a restore, a move by hand): that is an error like
    /// one of a read, and the next load verifies everything. What is altered is corrupt until an operator has
    /// repaired it.
    fn load_again(&self, id: String, next: u64) -> io::Result<MutexGuard<'_, ReadState>> {
        let checksum: Checksum = self.writer().checksum;
        let first = self.read_state().summary.first;
        let found: Recovered = rescan(&*self.files, &self.room, &self.dir, id)?;
        let oldest = found.segments.first().map_or(found.next, |oldest| oldest.first);
        let has_end = (found.next, found.checksum) == (next, checksum);
        if has_end && oldest <= first {
            return Ok(self.install(found)); // a file that retention could not remove may still be there
        }
        let (what, is_missing) = match &found.corruption {
            Some(corruption) => (corruption.to_string(), is_file_missing(corruption)),
            None if has_end => (format!("the oldest is {oldest}"), true),
            None => {
                let last = found.next - 1;
                (format!("the last is {last}, or they are other records"), found.next < next)
            }
        };
        let head = next - 1;
        let what = format!("the files no longer have the records {first} to {head}: {what}");
        if !is_missing {
            self.read_state().health = Health::Corrupt(what.clone());
        }
        Err(io::Error::other(what))
    }

    /// What readers see, of a log that was loaded at least once.
    pub(super) fn seen(&self) -> io::Result<MutexGuard<'_, ReadState>> {
        let read_state = self.read_state();
        match read_state.summary.state {
            LoadState::Loaded | LoadState::Unloaded => Ok(read_state),
            LoadState::Unseen | LoadState::Peeked => {
                drop(read_state);
                self.loaded()
            }
        }
    }

    /// Looks at the last file, if the log is unseen. It takes no lock for that: a thread that asks does not
    /// wait for one that loads the log.
    pub(super) fn peek_once(&self) -> io::Result<()> {
        let is_unseen = || self.read_state().summary.state == LoadState::Unseen;
        if !is_unseen() {
            return Ok(());
        }
        let Peek { id, owners, first, head, at } = match peek(&*self.files, &self.room, &self.dir) {
            Err(_) if !is_unseen() => return Ok(()), // the thread that loads it has removed a torn file
            result => result.map_err(|error| {
                let what = format!("cannot read the log in {}: {error}", self.dir.display());
                io::Error::new(error.kind(), what)
            })?,
        };
        let mut read_state = self.read_state();
        if read_state.summary.state == LoadState::Unseen {
            read_state.next = head + 1;
            let summary = &mut read_state.summary;
            (summary.first, summary.owners, summary.newest) = (first, owners, at);
            if let Some(id) = id {
                summary.id = id.into();
            }
            summary.state = LoadState::Peeked;
        }
        Ok(())
    }

    /// The lock `writer` and `fsync_lock`, if no other thread has one of them.
    pub(super) fn try_writer(&self) -> Option<(MutexGuard<'_, Writer>, MutexGuard<'_, ()>)> {
        let writer = self.writer.try_lock().ok()?; // not after a panic: the next write notices it
        match self.fsync_lock.try_lock() {
            Ok(fsync_lock) => Some((writer, fsync_lock)),
            Err(TryLockError::Poisoned(poisoned)) => Some((writer, poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Unloads the log, if the files have everything and no thread works on it.
    pub(super) fn try_unload(&self) -> bool {
        let Some((mut writer, _not_fsyncing)) = self.try_writer() else { return false };
        let mut read_state = self.read_state();
        // The files of a log with a problem may be others than those it was loaded from.
        let is_healthy = read_state.health == Health::Ok && !read_state.projection.is_erasure_due();
        let is_empty = read_state.segments.is_empty(); // nothing to gain, and no file to load it from
        if !read_state.is_loaded() || !is_healthy || is_empty || writer.unsynced.is_some() {
            return false;
        }
        writer.open_file.close();
        read_state.unload();
        self.memory.set(0);
        true
    }

    /// Drops the newest records, if the files of the log are known to have them.
    pub(super) fn try_drop_newest(&self) {
        let mut read_state = self.read_state();
        if read_state.health == Health::Ok {
            read_state.drop_newest();
        }
        drop(read_state);
        self.measure_memory();
    }

    /// Measures how many bytes the log takes.
    pub(super) fn measure_memory(&self) {
        let read_state = self.read_state();
        if read_state.is_loaded() {
            self.memory.set(read_state.memory());
        }
    }

    /// Whether there is something to fsync, to close, or to retry.
    pub(super) fn has_work(&self) -> bool {
        let writer = self.writer();
        if writer.unsynced.is_some() || writer.open_file.is_open() {
            return true;
        }
        let read_state = self.read_state();
        match read_state.health {
            Health::WriteFailed(_) | Health::Uncertain(_) => true,
            Health::Ok | Health::Corrupt(_) => false,
        }
    }

    /// Whether retention drops a segment of a log that is not loaded, as [`apply_retention`] does.
    ///
    /// [`apply_retention`]: DiskLog::apply_retention
    pub(super) fn is_retention_due(&self, now: u64) -> bool {
        let read_state = self.read_state();
        if read_state.summary.state != LoadState::Unloaded || read_state.health != Health::Ok {
            return false;
        }
        let Some(OldestSegment { next, newest, is_last }) = read_state.summary.oldest else {
            return false;
        };
        let too_many = |limit| !is_last && read_state.next - next >= limit;
        // Of a date in the future, only the file's time shows how old the records are.
        let is_future = self.config.retain.is_some() && is_in_future(newest, now);
        is_future
            || self.is_expired(newest, now)
            || self.config.retain_records.is_some_and(too_many)
    }
}

/// Whether nothing is wrong at this place but that a file is missing before it: the name of the file there says that
/// it begins later.
fn is_file_missing(corruption: &Corruption) -> bool {
    let name = corruption.file.file_name().and_then(OsStr::to_str);
    let first = name.and_then(parse_file_name);
    corruption.kind == CorruptionKind::BrokenChain
        && first.is_some_and(|first| first > corruption.seq)
}
