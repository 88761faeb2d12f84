//! Reading a log's file from one end to the other: which lines are good, and what is wrong with the
//! first that is not.
//!
//! Room: positioned reads through one buffer, so memory does not depend on what the file holds.

use std::fmt;
use std::io::{self, BufRead};

use super::files::LogFile;
use super::line::{self, Checksum, HeaderError, SegmentHeader, ValidLine};
use crate::limits;

// ---- Lines -------------------------------------------------------------------------------------

/// The lines of a file, from an offset on.
#[derive(Debug)]
pub(super) struct LineReader<'f> {
    file: &'f dyn LogFile,
    /// Where what is buffered begins in the file.
    offset: u64,
    buffer: Vec<u8>,
    /// How much of the buffer has been given out.
    used: usize,
    /// Nothing at or beyond this offset is read.
    end: u64,
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextLine<'l> {
    /// A line, without its `\n`.
    Line(&'l [u8]),
    /// The file ends inside a line, or the line is longer than any of ours.
    Broken,
    /// The file ends.
    End,
}

impl<'f> LineReader<'f> {
    pub(super) fn new(file: &'f dyn LogFile, offset: u64, end: u64) -> LineReader<'f> {
        LineReader { file, offset, buffer: Vec::new(), used: 0, end }
    }

    /// Where the next line begins.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.used as u64
    }

    pub(super) fn next_line(&mut self) -> io::Result<NextLine<'_>> {
        let mut seen = 0;
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            let fresh = rest.get(seen..).unwrap_or_default();
            // A search for one byte among many is several times faster here than `position`.
            let length = seen + (&mut &*fresh).skip_until(b'\n')?;
            if length > seen && rest.get(length - 1) == Some(&b'\n') {
                let start = self.used;
                self.used += length;
                return Ok(NextLine::Line(
                    self.buffer.get(start..self.used - 1).unwrap_or_default(),
                ));
            }
            seen = rest.len();
            if seen > limits::LOG_LINE {
                return Ok(NextLine::Broken);
            }
            if self.fill()? == 0 {
                return Ok(if seen == 0 { NextLine::End } else { NextLine::Broken });
            }
        }
    }

    /// Reads a chunk more behind what is not given out yet.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.drain(..self.used);
        self.offset += self.used as u64;
        self.used = 0;
        let (start, at) = (self.buffer.len(), self.offset + self.buffer.len() as u64);
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        self.buffer.resize(start + left.min(limits::LOG_CHUNK), 0);
        let count = loop {
            match self.file.read_at(self.buffer.get_mut(start..).unwrap_or_default(), at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.buffer.truncate(start + count);
        Ok(count)
    }
}

// ---- A whole file ------------------------------------------------------------------------------

/// A place in a file from which records can be read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexEntry {
    /// The record that begins here.
    pub(super) seq: u64,
    pub(super) offset: u64,
    /// The check value of the line before.
    pub(super) before: Checksum,
}

/// What one file holds, as far as it is good.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) header: SegmentHeader,
    /// A mark for the first record, and then one every [`limits::LOG_INDEX_EVERY`] bytes.
    pub(super) index: Vec<IndexEntry>,
    /// The seq after the last good record; the header's `first` where there is none.
    pub(super) next: u64,
    /// Where the last good line ends.
    pub(super) end: u64,
    pub(super) checksum: Checksum,
    /// The `at` of the last good record, or of the one before the file.
    pub(super) at: u64,
    /// What is wrong there, if anything follows.
    pub(super) corruption: Option<CorruptionKind>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorruptionKind {
    /// The file ends inside it.
    Unfinished,
    /// It is longer than any line that is written here.
    TooLong,
    /// It is not what was written: its check value does not fit.
    Altered,
    /// It is sound, but has another number than its place.
    WrongSeq(u64),
    /// The line that begins the file is not one that we can go by.
    BadHeader,
    /// The file does not continue the one before.
    BrokenChain,
    /// A later version of this program wrote the file.
    NewerVersion(u64),
    /// Its text was erased, and no record says that it was deleted.
    UnexplainedErasure,
}

impl fmt::Display for CorruptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorruptionKind::Unfinished => f.write_str("the file ends inside the line"),
            CorruptionKind::TooLong => {
                f.write_str("the line is longer than any that is written here")
            }
            CorruptionKind::Altered => f.write_str("the line is not as it was written"),
            CorruptionKind::WrongSeq(seq) => write!(f, "it is the line of record {seq}"),
            CorruptionKind::BadHeader => {
                f.write_str("the file does not begin as a log's file does")
            }
            CorruptionKind::BrokenChain => f.write_str("the file does not continue the one before"),
            CorruptionKind::UnexplainedErasure => {
                f.write_str("its text is gone, and no record deletes it")
            }
            CorruptionKind::NewerVersion(version) => {
                write!(f, "it has format {version}, of a later version")
            }
        }
    }
}

/// What comes before a file: the seq and the check value it has to continue with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) next: u64,
    pub(super) checksum: Checksum,
}

/// Reads `file`, whose name says that it begins with the record `first`, to its end or to the first
/// line that is not good. Every good record is shown to `each`.
///
/// # Errors
/// A flaw in the header, at offset 0, as `Ok(Err(corruption))`; what keeps the file from being read.
pub(super) fn scan_segment(
    file: &dyn LogFile,
    room: &str,
    first: u64,
    before: Option<Expected>,
    mut each: impl FnMut(&ValidLine<'_>) -> io::Result<()>,
) -> io::Result<Result<Scan, CorruptionKind>> {
    let len = file.stat()?.len;
    let mut lines = LineReader::new(file, 0, len);
    let (header, checksum) = match lines.next_line()? {
        NextLine::Line(line) => match SegmentHeader::parse(line) {
            Ok(header) => header,
            Err(HeaderError::NewerVersion(version)) => {
                return Ok(Err(CorruptionKind::NewerVersion(version)));
            }
            Err(HeaderError::Invalid) => return Ok(Err(CorruptionKind::BadHeader)),
        },
        NextLine::Broken | NextLine::End => return Ok(Err(CorruptionKind::BadHeader)),
    };
    if header.room.as_str() != room {
        return Ok(Err(CorruptionKind::BadHeader));
    }
    let named = header.first == first;
    if !named
        || before
            .is_some_and(|before| before.next != header.first || before.checksum != header.after)
    {
        return Ok(Err(CorruptionKind::BrokenChain));
    }
    let end = lines.position();
    let index = vec![IndexEntry { seq: header.first, offset: end, before: checksum }];
    let (next, at) = (header.first, header.at);
    let mut scan = Scan { header, index, next, end, checksum, at, corruption: None };
    loop {
        let corruption = match lines.next_line()? {
            NextLine::End => return Ok(Ok(scan)),
            NextLine::Broken if len - scan.end > limits::LOG_LINE as u64 => CorruptionKind::TooLong,
            NextLine::Broken => CorruptionKind::Unfinished,
            NextLine::Line(line) => match scan.take(line) {
                Ok(valid) => {
                    each(&valid)?;
                    continue;
                }
                Err(corruption) => corruption,
            },
        };
        scan.corruption = Some(corruption);
        return Ok(Ok(scan));
    }
}

impl Scan {
    /// Counts in a line, if it is the next good one.
    fn take<'l>(&mut self, line: &'l [u8]) -> Result<ValidLine<'l>, CorruptionKind> {
        let valid = line::verify_line(line, self.checksum).ok_or(CorruptionKind::Altered)?;
        let (seq, at) = line::seq_and_at(valid.body).ok_or(CorruptionKind::Altered)?;
        if seq != self.next {
            return Err(CorruptionKind::WrongSeq(seq));
        }
        push_index_entry(
            &mut self.index,
            IndexEntry { seq, offset: self.end, before: self.checksum },
        );
        self.next += 1;
        self.end += line.len() as u64 + 1;
        (self.checksum, self.at) = (valid.checksum, self.at.max(at));
        Ok(valid)
    }
}

/// Adds a mark, if the last one is far enough behind.
pub(super) fn push_index_entry(index: &mut Vec<IndexEntry>, entry: IndexEntry) {
    let due = index.last().is_none_or(|last| entry.offset - last.offset >= limits::LOG_INDEX_EVERY);
    if due {
        index.push(entry);
    }
}

// ---- A torn tail, or damage? -------------------------------------------------------------------

/// Whether what follows `from`, where the record `next` should be, is what a write leaves that a
/// kill or a power cut interrupted. It is not, if a record with a higher number stands somewhere
/// behind: that one was written after, so this place was good once.
pub(super) fn is_torn(file: &dyn LogFile, from: u64, next: u64) -> io::Result<bool> {
    /// `,"seq":` and 20 digits: what may be cut in owners by the end of a chunk.
    const OVERLAP: u64 = 32;
    let len = file.stat()?.len;
    if len.saturating_sub(from) > limits::LOG_TORN_BYTES {
        return Ok(false); // no batch is as long
    }
    let (mut at, mut chunk) = (from, vec![0; limits::LOG_CHUNK]);
    loop {
        let count = file.read_at(&mut chunk, at)?;
        let found = chunk.get(..count).unwrap_or_default();
        if highest_seq(found).is_some_and(|seq| seq > next) {
            return Ok(false);
        }
        if count as u64 <= OVERLAP {
            return Ok(true);
        }
        at += count as u64 - OVERLAP;
    }
}

/// The highest number that stands where a record has its seq, in whatever bytes these are.
fn highest_seq(bytes: &[u8]) -> Option<u64> {
    const SEQ: &[u8] = b",\"seq\":";
    let starts = bytes.windows(SEQ.len()).enumerate().filter(|(_, window)| *window == SEQ);
    let seqs = starts.filter_map(|(at, _)| {
        let rest = bytes.get(at + SEQ.len()..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits == rest.len() {
            return None; // the number may go on beyond this chunk: the next one holds it whole
        }
        let text = std::str::from_utf8(rest.get(..digits)?).ok()?;
        Some(text.parse().unwrap_or(u64::MAX))
    });
    seqs.max()
}
