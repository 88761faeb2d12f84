//! A torn tail, or corruption? What follows the first bad place of a log's last file.
//!
//! A kill or a power cut leaves the start of a write, or a write with holes: the system writes a
//! file's pages in any order, and a page that was not written reads as zeros. Nothing of such a write
//! was acknowledged, so it is cut. Corruption of what was on the disk before is not: a person has to
//! look at it.
//!
//! Each line of a write of several records says which records were on the disk before that write,
//! and which is its last ([`BatchMark`]). So a line behind the bad place tells whether the bad place was
//! on the disk, and whether it belongs to the same write.

use std::io;

use super::batch_mark::BatchMark;
use super::files::LogFile;
use crate::limits;

/// `,"batch":[`, two numbers of 20 digits: what the end of a chunk may cut in two.
const OVERLAP: usize = 64;

/// The smallest block that a disk writes or loses as a whole.
const SECTOR: u64 = 512;

/// Where a scan of a file has stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct BadPlace {
    /// Its offset in the file.
    pub(super) offset: u64,
    /// The seq of the record that should be there.
    pub(super) seq: u64,
    /// Whether it is the first line of the file: then even that record's seq shows a later write.
    pub(super) is_header: bool,
    /// The last record of the write that the good line before belongs to.
    pub(super) batch_end: u64,
}

/// Whether what follows the bad place is a torn tail.
pub(super) fn is_torn(file: &dyn LogFile, place: BadPlace) -> io::Result<bool> {
    let len = file.stat()?.len;
    if len.saturating_sub(place.offset) > limits::LOG_TORN_BYTES {
        return Ok(false); // no batch is this long
    }
    let mut evidence =
        Evidence { place, batch_end: place.batch_end, later: Later::Nothing, has_hole: None };
    let (mut at, mut chunk, mut line) = (place.offset, vec![0; limits::LOG_CHUNK], Vec::new());
    while evidence.later != Later::OtherWrite {
        let count = file.read_at(&mut chunk, at)?;
        if count == 0 {
            evidence.add(&line, false);
            break;
        }
        at += count as u64;
        line.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let mut rest = &*line;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (complete, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            evidence.add(complete, true);
            rest = after.get(1..).unwrap_or_default();
        }
        let left = rest.len();
        line.drain(..line.len() - left);
        if left > limits::LOG_LINE {
            evidence.add(&line, false); // no line is this long
            line.drain(..left - OVERLAP);
        }
    }
    Ok(match evidence.later {
        Later::Nothing => true,
        // Bits that flipped in a write that is on the disk look the same but for this.
        Later::SameWrite => evidence.has_hole == Some(true),
        Later::OtherWrite => false,
    })
}

/// What the bytes behind a bad place show.
#[derive(Debug)]
struct Evidence {
    place: BadPlace,
    /// The last record of the newest write that is known to begin before the bad place.
    batch_end: u64,
    /// Which later records are there.
    later: Later,
    /// Whether the bad line has a sector of zeros; `None` before it is read.
    has_hole: Option<bool>,
}

/// Later records behind a bad place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Later {
    /// None.
    Nothing,
    /// Only some of the write that the bad place belongs to.
    SameWrite,
    /// Some that were written once the bad place was on the disk.
    OtherWrite,
}

impl Evidence {
    /// Adds a line, or what is left of one; `complete` if its end is there.
    fn add(&mut self, line: &[u8], complete: bool) {
        let offset = self.place.offset;
        self.has_hole.get_or_insert_with(|| has_zero_sector(line, offset));
        let marks: Vec<BatchMark> = BatchMark::find_all(line).collect();
        for mark in &marks {
            if mark.synced >= self.place.seq {
                self.later = Later::OtherWrite;
                return;
            }
            self.batch_end = self.batch_end.max(mark.last);
        }
        let known = if self.place.is_header { self.place.seq - 1 } else { self.place.seq };
        let Some(seq) = highest_seq(line).filter(|seq| *seq > known) else { return };
        // A complete line without a mark is a write of its own, after an fsync of all before it.
        let same = (!complete || !marks.is_empty()) && seq <= self.batch_end;
        self.later = if same { Later::SameWrite } else { Later::OtherWrite };
    }
}

/// Whether `line`, which begins at `offset` of the file, has a sector of zeros.
fn has_zero_sector(line: &[u8], offset: u64) -> bool {
    let to_next = usize::try_from(offset.next_multiple_of(SECTOR) - offset).unwrap_or(0);
    let sectors = line.get(to_next..).unwrap_or_default().chunks_exact(SECTOR as usize);
    sectors.into_iter().any(|sector| sector.iter().all(|byte| *byte == 0))
}

/// The highest number found where a record has its seq, in any bytes.
fn highest_seq(bytes: &[u8]) -> Option<u64> {
    const SEQ: &[u8] = b",\"seq\":";
    let starts = bytes.windows(SEQ.len()).enumerate().filter(|(_, window)| *window == SEQ);
    let seqs = starts.filter_map(|(at, _)| {
        let rest = bytes.get(at + SEQ.len()..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits == rest.len() {
            return None; // the number may continue
        }
        let text = std::str::from_utf8(rest.get(..digits)?).ok()?;
        Some(text.parse().unwrap_or(u64::MAX))
    });
    seqs.max()
}
