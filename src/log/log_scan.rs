//! Scans all segments of a room's log, from the oldest record to the newest or to the first corrupt
//! place.
//!
//! Reads only. `recover`, `verify` and `repair` decide what to do with the result.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::files::Files;
use super::finding::Corruption;
use super::line::{self, Checksum, ValidLine};
use super::projection::{Projection, is_post};
use super::segment::{Segment, parse_file_name};
use super::segment_scan::{CorruptionKind, Expected, scan_segment};
use super::torn_tail::{BadPlace, is_torn};
use crate::chat::OwnerId;

/// A log up to its first corrupt place.
#[derive(Debug)]
pub(super) struct LogScan {
    /// The good segments, the oldest first.
    pub(super) segments: Vec<Segment>,
    /// The log's id in the newest segment.
    pub(super) id: Option<String>,
    /// The owners of a private room's names in the newest segment.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// Which of them have a record here.
    pub(super) posted: [bool; 2],
    /// The state derived from the good records.
    pub(super) projection: Projection,
    /// The seq after the newest good record.
    pub(super) next: u64,
    /// The checksum of the newest good line.
    pub(super) checksum: Checksum,
    /// The `at` of the newest good record.
    pub(super) at: u64,
    /// The first corrupt place, if there is one.
    pub(super) stop: Option<ScanStop>,
}

/// Why a scan ended before the end of the files.
#[derive(Debug)]
pub(super) struct ScanStop {
    /// What is wrong there.
    pub(super) corruption: Corruption,
    /// It is a torn tail: what an interrupted write leaves at the end of the last segment.
    pub(super) torn: bool,
}

/// The segments of a log and the seqs in their names, the oldest first; none where the directory
/// does not exist.
pub(super) fn list_segments(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(first) = name.and_then(parse_file_name) {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Scans the log of `room` in `dir`, and calls `each` for every good record.
pub(super) fn scan_log(
    files: &dyn Files,
    room: &str,
    dir: &Path,
    mut each: impl FnMut(&ValidLine<'_>) -> io::Result<()>,
) -> io::Result<LogScan> {
    let listed = list_segments(dir)?;
    let next = listed.first().map_or(1, |(first, _)| *first);
    let mut scan = LogScan {
        segments: Vec::new(),
        id: None,
        owners: None,
        posted: [false; 2],
        projection: Projection::default(),
        next,
        checksum: Checksum::START,
        at: 0,
        stop: None,
    };
    let newest = listed.last().map(|(first, _)| *first);
    let mut authors: Vec<OwnerId> = Vec::new(); // the first two: a private room has no more
    for (first, path) in listed {
        let file = files.open_for_reading(&path)?;
        let known = scan.id.is_some();
        let before = known.then_some(Expected { next: scan.next, checksum: scan.checksum });
        let (mut oldest, projection) = (0, &mut scan.projection);
        let found = scan_segment(&*file, room, first, before, |valid, start| {
            if oldest == 0 {
                oldest = start.at;
            }
            let author = line::parse_owner(valid.body);
            let is_post = !valid.erased && is_post(valid.body);
            match (author, start.user().filter(|_| is_post)) {
                (Some(owner), Some(user)) => projection.add_post(start.seq, user, owner),
                _ => line::parse_entry(valid.body)
                    .iter()
                    .for_each(|entry| projection.apply(entry, valid.erased)),
            }
            if authors.len() < 2
                && let Some(author) = author.filter(|author| !authors.contains(author))
            {
                authors.push(author);
            }
            each(valid)
        })?;
        let (offset, kind, batch_end) = match found {
            Ok(mut found) => {
                let kind = found.corruption.take();
                let (offset, batch_end) = (found.end, found.batch_end);
                (scan.id, scan.owners) = (Some(found.header.log.clone()), found.header.owners);
                (scan.next, scan.checksum, scan.at) = (found.next, found.checksum, found.at);
                scan.segments.push(Segment::new(path.clone(), found, oldest));
                (offset, kind, batch_end)
            }
            Err(kind) => (0, Some(kind), 0),
        };
        let Some(kind) = kind else { continue };
        let may_be_torn = newest == Some(first)
            && matches!(
                kind,
                CorruptionKind::Unfinished
                    | CorruptionKind::TooLong
                    | CorruptionKind::Altered
                    | CorruptionKind::BadHeader
            )
            || matches!(kind, CorruptionKind::WrongSeq(seq) if seq < scan.next && newest == Some(first));
        let is_header = offset == 0;
        let place = BadPlace { offset, seq: scan.next, is_header, batch_end };
        let torn = may_be_torn && is_torn(&*file, place)?;
        let corruption = Corruption { file: path, seq: scan.next, offset, kind };
        scan.stop = Some(ScanStop { corruption, torn });
        break;
    }
    if let Some(owners) = scan.owners {
        scan.posted = owners.map(|owner| authors.contains(&owner));
    }
    Ok(scan)
}
