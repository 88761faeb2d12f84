//! One file of a log as it is remembered: which records it holds and where to look for them.
//!
//! Room: an index in memory, and positioned reads. Every record that is read is checked against the
//! chain, so that what a disk has altered since the start is not served either.

use std::io;
use std::path::PathBuf;

use super::files::Files;
use super::line;
use super::page::Page;
use super::segment_scan::{Lines, Mark, Next, Scan};

/// A file's name begins with the seq of its first record, in so many digits that names sort as
/// numbers do.
const DIGITS: usize = 16;
const ENDING: &str = ".jsonl";

/// The name of the file whose first record is `first`.
pub(super) fn file_name(first: u64) -> String {
    format!("{first:0DIGITS$}{ENDING}")
}

/// The seq that a file's name says, if it is the name of a log's file: records count from 1.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    let all_digits = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten().filter(|first| *first > 0)
}

/// A file and its index.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// The seq of its first record, and the one after its last: the same where there is none.
    pub(super) first: u64,
    pub(super) next: u64,
    /// Where its last line ends.
    pub(super) end: u64,
    pub(super) marks: Vec<Mark>,
    /// The `at` of its first and its last record.
    pub(super) oldest: u64,
    pub(super) newest: u64,
}

/// Where to look for a record, cut out of the index so that no lock is needed any more.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    mark: Mark,
    end: u64,
}

impl Segment {
    pub(super) fn new(path: PathBuf, scan: Scan, oldest: u64) -> Segment {
        let Scan { header, marks, next, end, check: _, at, flaw: _ } = scan;
        Segment { path, first: header.first, next, end, marks, oldest, newest: at }
    }

    /// Where in the file the line of `seq` begins.
    pub(super) fn offset_of(&self, files: &dyn Files, seq: u64) -> io::Result<u64> {
        let Some(Place { path, mark, end }) = self.place(seq) else { return Ok(0) };
        let file = files.read(&path)?;
        let mut lines = Lines::new(&*file, mark.offset, end);
        for _ in mark.seq..seq {
            lines.next_line()?;
        }
        Ok(lines.position())
    }

    pub(super) fn place(&self, seq: u64) -> Option<Place> {
        let after = self.marks.partition_point(|mark| mark.seq <= seq);
        let mark = *self.marks.get(after.checked_sub(1)?)?;
        Some(Place { path: self.path.clone(), mark, end: self.end })
    }
}

impl Place {
    /// Adds to `page` the records after `after` that this file has, until it is full.
    pub(super) fn read(&self, files: &dyn Files, after: u64, page: &mut Page) -> io::Result<()> {
        let file = files.read(&self.path)?;
        let mut lines = Lines::new(&*file, self.mark.offset, self.end);
        let Mark { mut seq, mut before, .. } = self.mark;
        while !page.is_full() {
            let sound = match lines.next_line()? {
                Next::Line(line) => line::checked(line, before),
                Next::Broken => None,
                Next::End => return Ok(()),
            };
            let sound = sound.ok_or_else(|| self.altered(seq))?;
            if seq > after {
                let entry = line::entry(sound.body).filter(|entry| entry.seq == seq);
                page.add(entry.ok_or_else(|| self.altered(seq))?);
            }
            before = sound.check;
            seq += 1;
        }
        Ok(())
    }

    fn altered(&self, seq: u64) -> io::Error {
        let path = self.path.display();
        io::Error::other(format!("{path}: record {seq} is not as it was written"))
    }
}
