//! What the last file of a log says at first sight: two short reads, whatever the length of the log.
//!
//! Only the header's checksum is verified. A load, which verifies every record, may find less.

use std::io;
use std::path::Path;

use super::files::{Files, LogFile};
use super::finding::Corruption;
use super::line::{HeaderError, SegmentHeader, parse_seq_and_at};
use super::log_scan::list_segments;
use super::segment_scan::{CorruptionKind, LineReader, NextLine};
use crate::chat::{OwnerId, RoomName};
use crate::limits;

/// What the last file says.
#[derive(Debug)]
pub(super) struct Peek {
    /// The log's id.
    pub(super) id: Option<String>,
    /// The owners of a private room's names.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// The oldest seq, by the name of the first file.
    pub(super) first: u64,
    /// The seq of the last complete line.
    pub(super) head: u64,
    /// The `at` of that line; that before the file if it has no record.
    pub(super) at: u64,
}

/// Bytes read of the beginning and of the end of a file: a header has 300, a usual record fewer.
const SHORT: u64 = 4 * 1024;

/// Looks at the newest file whose header is good.
///
/// # Errors
/// It could not be read; [`Unsupported`](io::ErrorKind::Unsupported): a later version of this program
/// wrote it.
pub(super) fn peek(files: &dyn Files, room: &RoomName, dir: &Path) -> io::Result<Peek> {
    let listed = list_segments(dir)?;
    let first = listed.first().map_or(1, |(first, _)| *first);
    for (named, path) in listed.into_iter().rev() {
        let file = files.open_for_reading(&path)?;
        let len = file.stat()?.len;
        let header = match LineReader::new(&*file, 0, len.min(SHORT)).next_line()? {
            NextLine::Line(line) => SegmentHeader::parse(line),
            NextLine::Broken | NextLine::End => Err(HeaderError::Invalid),
        };
        match header {
            Ok((header, _)) if header.room == *room && header.first == named => {
                let newest = last_seq_and_at(&*file, len)?;
                let (head, at) = newest.unwrap_or((header.first - 1, header.at));
                let head = head.max(header.first - 1);
                return Ok(Peek { id: Some(header.log), owners: header.owners, first, head, at });
            }
            Ok(_) | Err(HeaderError::Invalid) => {}
            Err(HeaderError::NewerVersion(version)) => {
                let kind = CorruptionKind::NewerVersion(version);
                let newer = Corruption { file: path, seq: named, offset: 0, kind };
                return Err(io::Error::new(io::ErrorKind::Unsupported, newer.to_string()));
            }
        }
    }
    Ok(Peek { id: None, owners: None, first, head: first - 1, at: 0 })
}

/// The seq and the `at` of the last complete line; `None` if that is the header.
fn last_seq_and_at(file: &dyn LogFile, len: u64) -> io::Result<Option<(u64, u64)>> {
    for span in [SHORT, 2 * limits::LOG_LINE as u64] {
        let start = len.saturating_sub(span);
        let mut bytes = vec![0; usize::try_from(len - start).unwrap_or(0)];
        let count = file.read_at(&mut bytes, start)?;
        let read = bytes.get(..count).unwrap_or_default();
        let mut lines = read.rsplit(|byte| *byte == b'\n').skip(1); // behind the last line feed
        let (line, before) = (lines.next(), lines.next());
        if before.is_some() || start == 0 {
            return Ok(line.and_then(parse_seq_and_at));
        }
    }
    Ok(None)
}
