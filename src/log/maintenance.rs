//! Periodic maintenance of a log: fsync, retention, and retry after a failed write.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::DroppedSegment;
use super::disk_log::{DiskLog, Writer};
use super::erasure::ERASED;
use super::files::{append_all, copy, write_replacement};
use super::read_state::Health;
use super::segment::{Segment, file_name};
use super::segment_scan::scan_segment;
use crate::limits;

/// What a probe writes: if that succeeds, the disk is not full.
const PROBE: [u8; 4096] = [b'\n'; 4096];

impl DiskLog {
    /// Fsyncs what was written since the last call (`--sync interval`); appends go on meanwhile.
    /// Also closes the file of a log without writes since then.
    pub(super) fn fsync_pending(&self) -> io::Result<()> {
        let mut writer = self.writer();
        writer.open_file.close_if_unused();
        let Some(unsynced) = writer.unsynced.take() else { return Ok(()) };
        let newest = self.read_state().next - 1;
        let _fsyncing = self.fsync_lock();
        drop(writer);
        let synced = unsynced.fsync();
        let mut read_state = self.read_state();
        match &synced {
            Ok(()) => read_state.synced = read_state.synced.max(newest),
            Err(error) => read_state.health = Health::Uncertain(error.to_string()),
        }
        drop(read_state);
        synced
    }

    /// Retention: drops the segments that are too old or too many, the oldest first, so that the
    /// rest is contiguous after a kill at any point. At the time 0 none is too old.
    pub(super) fn apply_retention(&self, now: u64) -> io::Result<()> {
        if self.config.retain.is_none() && self.config.retain_records.is_none() {
            return Ok(());
        }
        let mut writer = self.writer();
        if self.read_state().health != Health::Ok {
            return Ok(());
        }
        if self.must_begin_file(&mut writer, now)? {
            self.begin_file(&mut writer, &[]).map_err(|failure| self.record_failure(failure))?;
        }
        loop {
            let (newest, path, is_one_too_many) = {
                let read_state = self.read_state();
                let [oldest, _, ..] = &*read_state.segments else { return Ok(()) };
                let is_enough = |limit| read_state.next - oldest.next >= limit;
                let is_one_too_many = self.config.retain_records.is_some_and(is_enough);
                (oldest.newest, self.wrong_date(oldest, now), is_one_too_many)
            };
            let written = path.map_or(Ok(newest), |path| self.file_time(&path, now))?;
            let why = match () {
                () if self.is_expired(written, now) => "older than --retain-days",
                () if is_one_too_many => "more than --retain-records",
                () => return Ok(()),
            };
            self.drop_oldest(why)?;
        }
    }

    /// Whether the last segment is to be closed, so that it can be dropped: because its records are
    /// too old, or because their dates are wrong. What comes after those must not be in one file
    /// with them, as only the file's time shows how old they are.
    fn must_begin_file(&self, writer: &mut Writer, now: u64) -> io::Result<bool> {
        let (newest, path) = {
            let read_state = self.read_state();
            let last = read_state.segments.last().filter(|last| last.next > last.first);
            let Some(last) = last else { return Ok(false) };
            (last.newest, self.wrong_date(last, now))
        };
        let (Some(retain), Some(path)) = (self.config.retain, path) else {
            return Ok(self.is_expired(newest, now));
        };
        let pause = u64::try_from(retain.as_millis() / 8).unwrap_or(u64::MAX);
        if writer.parted.is_some_and(|parted| now.saturating_sub(parted) < pause) {
            return Ok(self.is_expired(self.file_time(&path, now)?, now));
        }
        writer.parted = Some(now);
        Ok(true)
    }

    /// The file of a segment whose newest record is in the future, so that its date is wrong. Without
    /// the time, none is.
    fn wrong_date(&self, segment: &Segment, now: u64) -> Option<PathBuf> {
        (is_in_future(segment.newest, now) && self.config.retain.is_some())
            .then(|| segment.path.clone())
    }

    /// When a file was last written, as its file system says. If that is in the future too, it
    /// becomes now: the file's age counts from here.
    fn file_time(&self, path: &Path, now: u64) -> io::Result<u64> {
        let modified = self.files.stat(path)?.modified;
        if modified <= now {
            return Ok(modified);
        }
        self.files.set_modified(path, now)?;
        Ok(now)
    }

    fn drop_oldest(&self, why: &'static str) -> io::Result<()> {
        let path = {
            let mut read_state = self.read_state();
            let Segment { path, first, next, newest, .. } = read_state.segments.remove(0);
            let oldest = read_state.first();
            read_state.projection.forget_before(oldest);
            let file = path.clone();
            read_state.dropped.push(DroppedSegment { file, records: next - first, newest, why });
            path
        };
        self.files.remove(&path)?;
        self.files.remove(&path.with_extension(ERASED)).ok(); // left by an erasure that was killed
        self.files.fsync_dir(&self.dir)
    }

    /// Tests whether a log that failed can be written again.
    pub(super) fn retry_after_failure(&self) {
        let health = self.read_state().health.clone();
        match health {
            Health::Ok | Health::Corrupt(_) => {}
            Health::WriteFailed(_) => {
                if self.probe().is_ok() {
                    self.read_state().health.clear_if(&health);
                }
            }
            Health::Uncertain(_) => {
                let mut writer = self.writer();
                let now = Instant::now();
                let lately = |at| now.saturating_duration_since(at) < limits::VERIFY_EVERY;
                if !writer.verified.is_some_and(lately) {
                    writer.verified = Some(now);
                    if self.rewrite_last_file(writer.checksum).is_ok() {
                        writer.unsynced = None;
                        self.read_state().health.clear_if(&health);
                    }
                }
            }
        }
    }

    /// Whether a file can be written in the log's directory.
    fn probe(&self) -> io::Result<()> {
        let path = self.dir.with_extension("probe");
        self.files.remove(&path).ok(); // left by a run that was killed here
        let file = self.files.create(&path)?;
        let written = append_all(&*file, &PROBE);
        self.files.remove(&path)?;
        written
    }

    /// Verifies the last segment and replaces it by a copy. A second fsync of the old file would
    /// prove nothing: after a failed fsync the system marks its pages as clean. The pages of the
    /// copy are written for the first time, and the copy replaces the old file only once its fsync
    /// has succeeded. Earlier segments were fsynced before the last one was begun.
    fn rewrite_last_file(&self, checksum: super::line::Checksum) -> io::Result<()> {
        let (last, next) = {
            let read_state = self.read_state();
            let last = read_state.segments.last();
            (last.map(|last| (last.path.clone(), last.first, last.end)), read_state.next)
        };
        let refused = self.dir.join(file_name(next)); // a new segment that failed half-way
        match self.files.remove(&refused) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let Some((path, first, end)) = last else { return Ok(()) };
        let file = self.files.open_for_appending(&path)?;
        if file.stat()?.len > end {
            file.set_len(end)?; // what could not be rolled back
        }
        let found = scan_segment(&*file, self.room.as_str(), first, None, |_, _| Ok(()))?;
        let good = found.is_ok_and(|scan| {
            scan.corruption.is_none()
                && scan.next == next
                && scan.end == end
                && scan.checksum == checksum
        });
        if !good {
            return Err(io::Error::other("the last file does not hold what was stored"));
        }
        let replacement = write_replacement(&*self.files, &path, |replacement| {
            copy(&*file, 0, end, replacement)
        })?;
        self.files.rename(&replacement, &path)?;
        self.files.fsync_dir(&self.dir)
    }
}

impl Health {
    /// Clears `failure`, unless the health has changed meanwhile.
    fn clear_if(&mut self, failure: &Health) {
        if self == failure {
            *self = Health::Ok;
        }
    }
}

/// Whether a record of the time `at` is so far in the future that its date is wrong. With a `now` of 0, none
/// is.
pub(super) fn is_in_future(at: u64, now: u64) -> bool {
    let ahead = u64::try_from(limits::RECORD_AHEAD.as_millis()).unwrap_or(u64::MAX);
    now > 0 && at > now.saturating_add(ahead)
}
