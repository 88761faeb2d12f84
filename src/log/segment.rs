//! A segment: one file of a log, with an index in memory of where its records are.
//!
//! Reads verify every record against its checksum, so what the disk altered since the start is not
//! served either.

use std::io;
use std::path::PathBuf;

use super::ReadLimit;
use super::files::Files;
use super::line::{self, SegmentHeader};
use super::segment_scan::{IndexEntry, LineReader, NextLine, Scan};
use crate::chat::LogEntry;

/// Digits of a file's name, which is the seq of its first record: with leading zeros, names sort as
/// numbers.
const DIGITS: usize = 16;
const ENDING: &str = ".jsonl";

/// The name of the segment whose first record is `first`.
pub(super) fn file_name(first: u64) -> String {
    format!("{first:0DIGITS$}{ENDING}")
}

/// The seq in a segment's name; `None` for another name. Seqs start at 1.
pub(super) fn parse_file_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    let all_digits = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten().filter(|first| *first > 0)
}

/// A file and its index.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its file.
    pub(super) path: PathBuf,
    /// The version of its format.
    pub(super) version: u64,
    /// The seq of its first record.
    pub(super) first: u64,
    /// The seq after its last record; `first` where it has none.
    pub(super) next: u64,
    /// Where its last line ends.
    pub(super) end: u64,
    /// Where some of its records are.
    pub(super) index: Vec<IndexEntry>,
    /// The `at` of its first record.
    pub(super) oldest: u64,
    /// The `at` of its last record.
    pub(super) newest: u64,
}

/// Where to start reading for a record: a copy from the index, so that no lock is held while
/// reading.
#[derive(Debug)]
pub(super) struct Location {
    /// The file.
    path: PathBuf,
    /// A record at or before the one to read.
    start: IndexEntry,
    /// Where the last line of the file ends.
    end: u64,
}

impl Segment {
    pub(super) fn new(path: PathBuf, scan: Scan, oldest: u64) -> Segment {
        let Scan { header, index, next, end, checksum: _, at, batch_end: _, corruption: _ } = scan;
        let SegmentHeader { version, first, .. } = header;
        Segment { path, version, first, next, end, index, oldest, newest: at }
    }

    /// The offset of the line of `seq`.
    pub(super) fn offset_of(&self, files: &dyn Files, seq: u64) -> io::Result<u64> {
        let Some(Location { path, start, end }) = self.locate(seq) else { return Ok(0) };
        let file = files.open_for_reading(&path)?;
        let mut lines = LineReader::new(&*file, start.offset, end);
        for _ in start.seq..seq {
            lines.next_line()?;
        }
        Ok(lines.position())
    }

    pub(super) fn locate(&self, seq: u64) -> Option<Location> {
        let after = self.index.partition_point(|start| start.seq <= seq);
        let start = *self.index.get(after.checked_sub(1)?)?;
        Some(Location { path: self.path.clone(), start, end: self.end })
    }
}

impl Location {
    /// Adds the segment's records after `after` to `page`, until it is full.
    pub(super) fn read(&self, files: &dyn Files, after: u64, page: &mut Page) -> io::Result<()> {
        let file = files.open_for_reading(&self.path)?;
        let mut lines = LineReader::new(&*file, self.start.offset, self.end);
        let IndexEntry { mut seq, mut before, .. } = self.start;
        while !page.is_full() {
            let valid = match lines.next_line()? {
                NextLine::Line(line) => line::verify_line(line, before),
                NextLine::Broken => None,
                NextLine::End => return Ok(()),
            };
            let valid = valid.ok_or_else(|| self.altered(seq))?;
            if seq > after {
                let entry = line::parse_entry(valid.body).filter(|entry| entry.seq == seq);
                page.add(entry.ok_or_else(|| self.altered(seq))?);
            }
            before = valid.checksum;
            seq += 1;
        }
        Ok(())
    }

    fn altered(&self, seq: u64) -> io::Error {
        let path = self.path.display();
        io::Error::other(format!("{path}: record {seq} was altered, its checksum is wrong"))
    }
}

/// Records in order, up to a [`ReadLimit`].
#[derive(Debug)]
pub(super) struct Page {
    /// How many records and bytes it may hold.
    limit: ReadLimit,
    /// Bytes of the records' JSON.
    bytes: usize,
    /// The records, in order.
    entries: Vec<LogEntry>,
    /// Whether no more records fit.
    full: bool,
}

impl Page {
    pub(super) fn new(limit: ReadLimit) -> Page {
        Page { limit, bytes: 0, entries: Vec::new(), full: limit.records == 0 }
    }

    /// Adds a record, if it fits; the first always does.
    pub(super) fn add(&mut self, entry: LogEntry) {
        let bytes = self.bytes.saturating_add(entry.json.len());
        self.full = self.full || bytes > self.limit.bytes && !self.entries.is_empty();
        if !self.full {
            self.bytes = bytes;
            self.entries.push(entry);
            self.full = self.entries.len() >= self.limit.records;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The seq of the newest record so far.
    pub(super) fn last(&self) -> Option<u64> {
        self.entries.last().map(|entry| entry.seq)
    }

    pub(super) fn into_entries(self) -> Vec<LogEntry> {
        self.entries
    }
}
