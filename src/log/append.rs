//! Appends a batch: to the last segment, or to a new one.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::disk_log::{DiskLog, SyncPolicy, Writer};
use super::files::append_all;
use super::line::{self, SegmentHeader};
use super::read_state::Health;
use super::segment::{Segment, file_name};
use super::segment_scan::{IndexEntry, push_index_entry};
use super::writer::WriteBatch;
use crate::chat::LogEntry;

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
    pub(super) fn write(
        &self,
        writer: &mut Writer,
        batch: &[LogEntry],
    ) -> Result<(), AppendFailure> {
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
        let mut read_state = self.read_state(); // first: a panic here leaves both states as before
        (writer.checksum, writer.at) = (write_batch.checksum, write_batch.at);
        if self.config.sync == SyncPolicy::Interval {
            writer.unsynced = Some(file);
        }
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
        let mut index = vec![start];
        write_batch.index.into_iter().for_each(|next| push_index_entry(&mut index, next));
        let mut read_state = self.read_state();
        (writer.checksum, writer.at) = (write_batch.checksum, write_batch.at);
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
