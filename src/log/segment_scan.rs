//! Scans one segment from end to end: which lines are good, and what is wrong with the first that
//! is not.
//!
//! It reads through one buffer, so memory does not depend on the size of the file.

use std::fmt;
use std::io::{self, BufRead};

use super::batch_mark::BatchMark;
use super::files::LogFile;
use super::line::{self, Checksum, HeaderError, RecordStart, SegmentHeader, ValidLine};
use crate::chat::RoomName;
use crate::limits;

// ---- Lines -------------------------------------------------------------------------------------

/// Reads the lines of a file, from an offset on.
#[derive(Debug)]
pub(super) struct LineReader<'f> {
    /// The file.
    file: &'f dyn LogFile,
    /// The offset of the buffer in the file.
    offset: u64,
    /// Bytes that were read; the first `used` of them were returned.
    buffer: Vec<u8>,
    /// Bytes of the buffer that were returned.
    used: usize,
    /// It reads nothing at or beyond this offset.
    end: u64,
}

/// The next line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NextLine<'l> {
    /// A line, without its `\n`.
    Line(&'l [u8]),
    /// The file ends inside a line, or the line is longer than any this program writes.
    Broken,
    /// The file ends.
    End,
}

impl<'f> LineReader<'f> {
    pub(super) fn new(file: &'f dyn LogFile, offset: u64, end: u64) -> LineReader<'f> {
        LineReader { file, offset, buffer: Vec::new(), used: 0, end }
    }

    /// The offset of the next line.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.used as u64
    }

    pub(super) fn next_line(&mut self) -> io::Result<NextLine<'_>> {
        let mut seen = 0;
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            let fresh = rest.get(seen..).unwrap_or_default();
            // `skip_until` finds one byte among many several times faster here than `position`.
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

    /// Reads one more chunk into the buffer.
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

/// An offset from which records can be read and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexEntry {
    /// The seq of the record there.
    pub(super) seq: u64,
    /// The offset of its line in the file.
    pub(super) offset: u64,
    /// The checksum of the line before.
    pub(super) before: Checksum,
}

/// One segment, up to its first corrupt place.
#[derive(Debug)]
pub(super) struct Scan {
    /// The header line.
    pub(super) header: SegmentHeader,
    /// An entry for the first record, and then one every [`limits::LOG_INDEX_EVERY`] bytes.
    pub(super) index: Vec<IndexEntry>,
    /// The seq after the last good record; the header's `first` where there is none.
    pub(super) next: u64,
    /// Where the last good line ends.
    pub(super) end: u64,
    /// The checksum of the last good line.
    pub(super) checksum: Checksum,
    /// The `at` of the last good record, or of the one before the file.
    pub(super) at: u64,
    /// The last record of the write that the last good line belongs to.
    pub(super) batch_end: u64,
    /// What is wrong there, if more follows.
    pub(super) corruption: Option<CorruptionKind>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorruptionKind {
    /// The file ends inside it.
    Unfinished,
    /// It is longer than any that this program writes.
    TooLong,
    /// It is not what was written: its checksum is wrong.
    Altered,
    /// Its checksum is right, but its seq is not the next.
    WrongSeq(u64),
    /// The first line of the file is not a valid header.
    BadHeader,
    /// The file is of the log of another room: a person has moved or renamed something.
    OtherRoom(RoomName),
    /// The segment does not continue the one before.
    BrokenChain,
    /// A later version of this program wrote the file.
    NewerVersion(u64),
    /// Its text was erased, and no record deletes it.
    UnexplainedErasure,
}

impl fmt::Display for CorruptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CorruptionKind::Unfinished => {
                f.write_str("the line is incomplete, the file ends inside it")
            }
            CorruptionKind::TooLong => f.write_str("the line is too long"),
            CorruptionKind::Altered => f.write_str("the line was altered, its checksum is wrong"),
            CorruptionKind::WrongSeq(seq) => write!(f, "record {seq} is there instead"),
            CorruptionKind::BadHeader => {
                f.write_str("the first line of the file is not a log header")
            }
            CorruptionKind::BrokenChain => f.write_str("the file does not continue the one before"),
            CorruptionKind::UnexplainedErasure => {
                f.write_str("its text was erased, but no record deletes it")
            }
            CorruptionKind::OtherRoom(room) => {
                write!(f, "the file belongs to the log of room {room}")
            }
            CorruptionKind::NewerVersion(version) => {
                write!(f, "the file has format {version}, of a later version of this program")
            }
        }
    }
}

impl CorruptionKind {
    /// What to do if the records there are intact, and only this log cannot have them: a repair would cut them
    /// off. `None` if they are damaged.
    #[must_use]
    pub fn cure(&self) -> Option<String> {
        match self {
            CorruptionKind::OtherRoom(room) => {
                Some(format!("if the directory was renamed, rename it back to {room}"))
            }
            CorruptionKind::NewerVersion(_) => {
                Some(String::from("use that version of this program"))
            }
            CorruptionKind::Unfinished
            | CorruptionKind::TooLong
            | CorruptionKind::Altered
            | CorruptionKind::WrongSeq(_)
            | CorruptionKind::BadHeader
            | CorruptionKind::BrokenChain
            | CorruptionKind::UnexplainedErasure => None,
        }
    }
}

/// The seq and the checksum that a segment must continue with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// The seq.
    pub(super) next: u64,
    /// The checksum.
    pub(super) checksum: Checksum,
}

/// Scans `file`, the segment that begins with the record `first` by its name, to its end or to the
/// first corrupt line. Calls `each` for every good record.
///
/// # Errors
/// The file could not be read. An invalid header, at offset 0, is `Ok(Err(corruption))`.
pub(super) fn scan_segment(
    file: &dyn LogFile,
    room: &str,
    first: u64,
    before: Option<Expected>,
    mut each: impl FnMut(&ValidLine<'_>, RecordStart<'_>) -> io::Result<()>,
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
        return Ok(Err(CorruptionKind::OtherRoom(header.room)));
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
    let batch_end = 0;
    let mut scan = Scan { header, index, next, end, checksum, at, batch_end, corruption: None };
    loop {
        let corruption = match lines.next_line()? {
            NextLine::End => return Ok(Ok(scan)),
            NextLine::Broken if len - scan.end > limits::LOG_LINE as u64 => CorruptionKind::TooLong,
            NextLine::Broken => CorruptionKind::Unfinished,
            NextLine::Line(line) => match scan.take(line) {
                Ok((valid, start)) => {
                    each(&valid, start)?;
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
    /// Adds a line, if it is the next good one.
    fn take<'l>(
        &mut self,
        line: &'l [u8],
    ) -> Result<(ValidLine<'l>, RecordStart<'l>), CorruptionKind> {
        let valid = line::verify_line(line, self.checksum).ok_or(CorruptionKind::Altered)?;
        let start = RecordStart::parse(valid.body).ok_or(CorruptionKind::Altered)?;
        let RecordStart { seq, at, .. } = start;
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
        self.batch_end = BatchMark::split(valid.body).1.map_or(seq, |mark| mark.last);
        Ok((valid, start))
    }
}

/// Adds an entry, if the last one is far enough behind.
pub(super) fn push_index_entry(index: &mut Vec<IndexEntry>, entry: IndexEntry) {
    let due = index.last().is_none_or(|last| entry.offset - last.offset >= limits::LOG_INDEX_EVERY);
    if due {
        index.push(entry);
    }
}
