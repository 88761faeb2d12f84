//! Erases deleted texts from the disk, as part of maintenance.
//!
//! A deleted text is served to no client from the moment of its delete; erasure removes it from the
//! file as well. It writes a new file with the redacted records in their places, and renames it
//! over the old one: after a kill at any point one of the two is there, and the next start erases
//! what is left.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::disk_log::{DiskLog, Writer};
use super::files::{append_all, write_replacement};
use super::line::{self, SegmentHeader, ValidLine};
use super::projection::redact;
use super::read_state::Health;
use super::segment_scan::{IndexEntry, LineReader, NextLine, push_index_entry};
use crate::limits;

/// A segment that holds deleted texts.
struct SegmentToErase {
    /// Its file.
    path: PathBuf,
    /// The seq of its first record.
    first: u64,
    /// Where its last line ends.
    end: u64,
    /// Whether appends go to it.
    is_last: bool,
    /// The seqs of the deleted records.
    to_erase: BTreeSet<u64>,
}

/// A segment with the deleted texts removed.
struct RewrittenSegment {
    /// The whole new file.
    bytes: Vec<u8>,
    /// Its index.
    index: Vec<IndexEntry>,
}

impl DiskLog {
    /// Erases the deleted texts of one segment, if one has some and [`limits::ERASE_EVERY`] has
    /// passed.
    pub(super) fn erase(&self) -> io::Result<()> {
        let Some(target) = self.next_segment_to_erase(Instant::now()) else { return Ok(()) };
        self.fsync_pending()?; // a text must not be gone before the record that deletes it is on the disk
        if !target.is_last {
            return self.replace_segment(&target, None);
        }
        // The writer's lock keeps appends out of the old file. Look again under it: the segment may
        // not be the last any more.
        let mut writer = self.writer();
        let Some(target) = self.next_segment_to_erase(Instant::now()) else { return Ok(()) };
        self.replace_segment(&target, target.is_last.then_some(&mut *writer))
    }

    fn next_segment_to_erase(&self, now: Instant) -> Option<SegmentToErase> {
        let read_state = self.read_state();
        let lately = |at| now.saturating_duration_since(at) < limits::ERASE_EVERY;
        if read_state.health != Health::Ok || read_state.replaced.is_some_and(lately) {
            return None;
        }
        let last = read_state.segments.last()?.first;
        read_state.segments.iter().find_map(|segment| {
            let to_erase: BTreeSet<u64> = read_state
                .projection
                .to_erase(segment.first, segment.next)
                .map(|(seq, _)| seq)
                .collect();
            let (first, end, is_last) = (segment.first, segment.end, segment.first == last);
            let path = segment.path.clone();
            (!to_erase.is_empty()).then_some(SegmentToErase { path, first, end, is_last, to_erase })
        })
    }

    fn replace_segment(
        &self,
        target: &SegmentToErase,
        writer: Option<&mut Writer>,
    ) -> io::Result<()> {
        self.read_state().replaced = Some(Instant::now()); // also if it fails: do not retry at once
        let rewritten = self.rewrite(target)?;
        let path = write_replacement(&*self.files, &target.path, |file| {
            append_all(file, &rewritten.bytes)
        })?;
        {
            // Index and file change in one step. A rename does not wait for the disk.
            let mut read_state = self.read_state();
            self.files.rename(&path, &target.path)?;
            read_state.generation += 1;
            if let Some(segment) = read_state.segments.iter_mut().find(|s| s.first == target.first)
            {
                (segment.end, segment.index) = (rewritten.bytes.len() as u64, rewritten.index);
            }
            read_state.projection.set_erased(&target.to_erase);
        }
        if let Some(writer) = writer {
            writer.unsynced = None; // all of it is in the new file, which is fsynced
        }
        self.files.fsync_dir(target.path.parent().unwrap_or(Path::new(".")))
    }

    /// The segment's lines, those in `to_erase` redacted.
    fn rewrite(&self, target: &SegmentToErase) -> io::Result<RewrittenSegment> {
        let file = self.files.open_for_reading(&target.path)?;
        let mut lines = LineReader::new(&*file, 0, target.end);
        let changed =
            || io::Error::other(format!("{} is not as it was written", target.path.display()));
        let NextLine::Line(head) = lines.next_line()? else { return Err(changed()) };
        let (_, mut before) = SegmentHeader::parse(head).map_err(|_| changed())?;
        let mut bytes = [head, b"\n"].concat();
        let start = bytes.len() as u64;
        let mut index = vec![IndexEntry { seq: target.first, offset: start, before }];
        for seq in target.first.. {
            let line = match lines.next_line()? {
                NextLine::Line(line) => line,
                NextLine::End => break,
                NextLine::Broken => return Err(changed()),
            };
            let ValidLine { body, checksum, erased } =
                line::verify_line(line, before).ok_or_else(changed)?;
            push_index_entry(&mut index, IndexEntry { seq, offset: bytes.len() as u64, before });
            if target.to_erase.contains(&seq) && !erased {
                let mut redacted = line::parse_entry(body).ok_or_else(changed)?;
                redact(&mut redacted);
                line::push_erased(&mut bytes, &redacted, before, checksum);
            } else {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            }
            before = checksum;
        }
        Ok(RewrittenSegment { bytes, index })
    }
}
