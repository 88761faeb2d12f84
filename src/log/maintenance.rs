//! Periodic maintenance of a log: fsync, retention, and retry after a failed write.

use std::io;
use std::time::Instant;

use super::disk_log::DiskLog;
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
    /// rest is contiguous after a kill at any point.
    pub(super) fn apply_retention(&self, now: u64) -> io::Result<()> {
        if self.config.retain.is_none() && self.config.retain_records.is_none() {
            return Ok(());
        }
        let mut writer = self.writer();
        if self.read_state().health != Health::Ok {
            return Ok(());
        }
        let over = |last: &Segment| last.next > last.first && self.is_expired(last.newest, now);
        if self.read_state().segments.last().is_some_and(over) {
            self.begin_file(&mut writer, &[]).map_err(|failure| self.record_failure(failure))?;
        }
        loop {
            let path = {
                let mut read_state = self.read_state();
                let [oldest, _, ..] = &*read_state.segments else { return Ok(()) };
                let enough = |limit| read_state.next - oldest.next >= limit;
                let over = self.is_expired(oldest.newest, now);
                if !over && !self.config.retain_records.is_some_and(enough) {
                    return Ok(());
                }
                let path = read_state.segments.remove(0).path;
                let first = read_state.first();
                read_state.projection.forget_before(first);
                path
            };
            self.files.remove(&path)?;
            self.files.remove(&path.with_extension(ERASED)).ok(); // left by an erasure that was killed
            self.files.fsync_dir(&self.dir)?;
        }
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
        let found = scan_segment(&*file, self.room.as_str(), first, None, |_| Ok(()))?;
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
