//! Erases deleted texts from the disk, one segment at a time.
//!
//! A deleted text is served to no client from the moment of its delete; erasure removes it from the
//! file as well. It writes a new file with the redacted records in their places, and renames it
//! over the old one: after a kill at any point one of the two is there, and the next start erases
//! what is left. Which segment is next, and how fast, `erasure_queue.rs` decides.
//!
//! The new file is written without a lock, so that appends go on meanwhile. The writer's lock is
//! held only at the end, for what was appended in between and for the rename.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PendingErasure;
use super::disk_log::DiskLog;
use super::files::{LogFile, append_all, copy};
use super::line::{self, SegmentHeader, ValidLine};
use super::projection::redact;
use super::read_state::Health;
use super::segment_scan::{IndexEntry, LineReader, NextLine, push_index_entry};
use crate::limits;

/// The extension of a segment's new file, until it has the name of the old one.
pub(super) const ERASED: &str = "erased";

/// A segment that holds deleted texts.
struct SegmentToErase {
    /// Its file.
    path: PathBuf,
    /// The seq of its first record.
    first: u64,
    /// Where its last line ends.
    end: u64,
    /// The seqs of the deleted records.
    to_erase: BTreeSet<u64>,
}

/// The new file of a segment, while it is written.
struct Replacement<'p> {
    /// Where it is.
    path: PathBuf,
    /// The file.
    file: Arc<dyn LogFile>,
    /// Lines that are not written yet.
    buffer: Vec<u8>,
    /// Bytes that are written.
    written: u64,
    /// Where some of its records are.
    index: Vec<IndexEntry>,
    /// Waits as long as the budget asks for after so many bytes.
    pace: &'p mut dyn FnMut(usize),
}

impl Replacement<'_> {
    fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes what is in the buffer. Each piece is fsynced by itself: a piece holds up another log's
    /// fsync on the same disk for a moment only, and a whole file for a second on a slow disk.
    fn flush(&mut self) -> io::Result<()> {
        append_all(&*self.file, &self.buffer)?;
        self.file.fsync()?;
        let count = self.buffer.len();
        self.written += count as u64;
        self.buffer.clear();
        (self.pace)(count);
        Ok(())
    }
}

impl DiskLog {
    /// What is left to erase: the segments with deleted texts, and whose texts these are. Nothing
    /// while the log cannot be written.
    pub(super) fn list_pending_erasures(&self) -> Vec<PendingErasure> {
        let read_state = self.read_state();
        let mut pending: Vec<PendingErasure> = Vec::new();
        if read_state.health != Health::Ok {
            return pending;
        }
        let mut segments = read_state.segments.iter().peekable();
        for (seq, owner) in read_state.projection.to_erase(read_state.first(), read_state.next) {
            while segments.peek().is_some_and(|segment| segment.next <= seq) {
                segments.next();
            }
            let Some(segment) = segments.peek() else { break };
            let erasure = PendingErasure { owner, segment: segment.first };
            let of_segment =
                pending.iter().rev().take_while(|other| other.segment == erasure.segment);
            if !of_segment.into_iter().any(|other| *other == erasure) {
                pending.push(erasure);
            }
        }
        pending
    }

    /// Erases the deleted texts of the segment that begins with the record `first`. Calls `pace`
    /// after each piece, with its bytes.
    pub(super) fn erase_segment(&self, first: u64, pace: &mut dyn FnMut(usize)) -> io::Result<()> {
        let Some(target) = self.segment_to_erase(first) else { return Ok(()) };
        self.fsync_pending()?; // a text must not be gone before the record that deletes it is on the disk
        let path = target.path.with_extension(ERASED);
        self.files.remove(&path).ok(); // left by an attempt that was killed
        let file = self.files.create(&path)?;
        let (buffer, index) = (Vec::new(), Vec::new());
        let mut replacement = Replacement { path, file, buffer, written: 0, index, pace };
        let replaced = self
            .rewrite(&target, &mut replacement)
            .and_then(|()| self.replace_segment(&target, &mut replacement));
        if !matches!(replaced, Ok(true)) {
            self.files.remove(&replacement.path).ok();
        }
        let explain = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", target.path.display()))
        };
        replaced.map(drop).map_err(explain)
    }

    fn segment_to_erase(&self, first: u64) -> Option<SegmentToErase> {
        let read_state = self.read_state();
        let segment = read_state.segments.iter().find(|segment| segment.first == first)?;
        let to_erase = read_state.projection.to_erase(segment.first, segment.next);
        let to_erase: BTreeSet<u64> = to_erase.map(|(seq, _)| seq).collect();
        let (path, end) = (segment.path.clone(), segment.end);
        let due = !to_erase.is_empty() && read_state.health == Health::Ok;
        due.then_some(SegmentToErase { path, first, end, to_erase })
    }

    /// Writes the segment's lines to the new file, those in `to_erase` redacted.
    fn rewrite(&self, target: &SegmentToErase, new: &mut Replacement<'_>) -> io::Result<()> {
        let file = self.files.open_for_reading(&target.path)?;
        let mut lines = LineReader::new(&*file, 0, target.end);
        let changed =
            || io::Error::other(format!("{} is not as it was written", target.path.display()));
        let NextLine::Line(head) = lines.next_line()? else { return Err(changed()) };
        let (_, mut before) = SegmentHeader::parse(head).map_err(|_| changed())?;
        new.buffer.extend_from_slice(head);
        new.buffer.push(b'\n');
        new.index.push(IndexEntry { seq: target.first, offset: new.end(), before });
        for seq in target.first.. {
            let line = match lines.next_line()? {
                NextLine::Line(line) => line,
                NextLine::End => break,
                NextLine::Broken => return Err(changed()),
            };
            let ValidLine { body, checksum, erased } =
                line::verify_line(line, before).ok_or_else(changed)?;
            let offset = new.end();
            push_index_entry(&mut new.index, IndexEntry { seq, offset, before });
            if target.to_erase.contains(&seq) && !erased {
                let mut redacted = line::parse_entry(body).ok_or_else(changed)?;
                redact(&mut redacted);
                line::push_erased(&mut new.buffer, &redacted, before, checksum);
            } else {
                new.buffer.extend_from_slice(line);
                new.buffer.push(b'\n');
            }
            before = checksum;
            if new.buffer.len() >= limits::ERASE_CHUNK {
                new.flush()?;
            }
        }
        new.flush()
    }

    /// Puts the new file in the place of the old one, with what was appended meanwhile. False if
    /// there is nothing to replace any more, or the log is in doubt.
    fn replace_segment(
        &self,
        target: &SegmentToErase,
        new: &mut Replacement<'_>,
    ) -> io::Result<bool> {
        let mut writer = self.writer();
        let current = {
            let read_state = self.read_state();
            let last = read_state.segments.last().map(|last| last.first);
            let segment = read_state.segments.iter().find(|segment| segment.first == target.first);
            segment
                .filter(|_| read_state.health == Health::Ok)
                .map(|segment| (segment.end, last == Some(segment.first)))
        };
        let Some((end, is_last)) = current else { return Ok(false) };
        if end > target.end {
            let old = self.files.open_for_reading(&target.path)?;
            copy(&*old, target.end, end, &*new.file)?;
            new.file.fsync()?;
        }
        {
            // Index and file change in one step. A rename does not wait for the disk.
            let mut read_state = self.read_state();
            self.files.rename(&new.path, &target.path)?;
            read_state.generation += 1;
            let found =
                read_state.segments.iter_mut().find(|segment| segment.first == target.first);
            if let Some(segment) = found {
                for entry in segment.index.iter().filter(|entry| entry.offset >= target.end) {
                    let offset = entry.offset - target.end + new.written;
                    push_index_entry(&mut new.index, IndexEntry { offset, ..*entry });
                }
                segment.end = end - target.end + new.written;
                segment.index = std::mem::take(&mut new.index);
            }
            read_state.projection.set_erased(&target.to_erase);
            if is_last {
                read_state.synced = read_state.next - 1;
            }
        }
        if is_last {
            writer.unsynced = None; // all of it is in the new file, which is fsynced
        }
        let synced = self.files.fsync_dir(target.path.parent().unwrap_or(Path::new(".")));
        if let Err(error) = &synced
            && is_last
        {
            // A power cut could bring back the old file, without what is appended from now on.
            self.read_state().health = Health::Uncertain(error.to_string());
        }
        synced.map(|()| true)
    }
}
