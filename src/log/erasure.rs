//! Taking deleted texts from the disk.
//!
//! Room: what `tend` does about them. Nobody is served a deleted text from the moment it is deleted;
//! here the words go as well. A file is written anew, with what is left of each deleted record in its
//! place, and takes the place of the old one whole: killed anywhere, the old one or the new one stands
//! there, and the next start finds what is still to do.

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

/// A file that holds deleted texts, as the index knows it.
struct SegmentToErase {
    path: PathBuf,
    first: u64,
    end: u64,
    is_last: bool,
    to_erase: BTreeSet<u64>,
}

/// A file written anew.
struct RewrittenSegment {
    bytes: Vec<u8>,
    index: Vec<IndexEntry>,
}

impl DiskLog {
    /// Erases the deleted texts of one file, if any has some and it is time.
    pub(super) fn erase(&self) -> io::Result<()> {
        let Some(target) = self.next_segment_to_erase(Instant::now()) else { return Ok(()) };
        self.fsync_pending()?; // the words may not be gone before the record that deletes them is on the disk
        if !target.is_last {
            return self.replace(&target, None);
        }
        // Nobody may append to the old one meanwhile. It may be the last no longer, now that it is ours.
        let mut writer = self.writer();
        let Some(target) = self.next_segment_to_erase(Instant::now()) else { return Ok(()) };
        self.replace(&target, target.is_last.then_some(&mut *writer))
    }

    fn next_segment_to_erase(&self, now: Instant) -> Option<SegmentToErase> {
        let read_state = self.read_state();
        let lately = |at| now.saturating_duration_since(at) < limits::ERASE_EVERY;
        if read_state.health != Health::Ok || read_state.replaced.is_some_and(lately) {
            return None;
        }
        let last = read_state.segments.last()?.first;
        read_state.segments.iter().find_map(|segment| {
            let to_erase = read_state.projection.to_erase(segment.first, segment.next);
            let (first, end, is_last) = (segment.first, segment.end, segment.first == last);
            let path = segment.path.clone();
            (!to_erase.is_empty()).then_some(SegmentToErase { path, first, end, is_last, to_erase })
        })
    }

    fn replace(&self, target: &SegmentToErase, writer: Option<&mut Writer>) -> io::Result<()> {
        self.read_state().replaced = Some(Instant::now()); // also if it fails: not again at once
        let rewritten = self.rewrite(target)?;
        let path = write_replacement(&*self.files, &target.path, |file| {
            append_all(file, &rewritten.bytes)
        })?;
        {
            // Index and file change together. A rename waits for no disk.
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
            writer.unsynced = None; // all of it is in the new file, which is on the disk
        }
        self.files.fsync_dir(target.path.parent().unwrap_or(Path::new(".")))
    }

    /// The file's lines, with what is left of those that are to_erase.
    fn rewrite(&self, target: &SegmentToErase) -> io::Result<RewrittenSegment> {
        let file = self.files.read(&target.path)?;
        let mut lines = LineReader::new(&*file, 0, target.end);
        let changed = || io::Error::other(format!("{} is not as it was", target.path.display()));
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
                let mut left = line::parse_entry(body).ok_or_else(changed)?;
                redact(&mut left);
                line::push_erased(&mut bytes, &left, before, checksum);
            } else {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
            }
            before = checksum;
        }
        Ok(RewrittenSegment { bytes, index })
    }
}
