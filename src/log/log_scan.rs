//! Going through all files of a room's log, from the oldest record to the newest or to the first
//! place that is not good.
//!
//! Room: reading only. What becomes of what is found is decided in `recover`, `verify` and `repair`.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::files::Files;
use super::line::{self, Checksum, ValidLine};
use super::projection::{Projection, is_post};
use super::segment::{Segment, first_of};
use super::segment_scan::{CorruptionKind, Expected, is_torn, scan_segment};
use crate::chat::OwnerId;

/// A place in a log that is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corruption {
    /// The file.
    pub file: PathBuf,
    /// The record that should be there.
    pub seq: u64,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What is there.
    pub kind: CorruptionKind,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Corruption { file, seq, offset, kind } = self;
        write!(f, "{}: record {seq}, at byte {offset}: {kind}", file.display())
    }
}

/// A log, as far as it is good.
#[derive(Debug)]
pub(super) struct LogScan {
    pub(super) segments: Vec<Segment>,
    /// The id that the newest file says.
    pub(super) id: Option<String>,
    /// The owners of a private room's names, as it says.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// What the good records do to each other.
    pub(super) projection: Projection,
    /// The seq after the newest good record.
    pub(super) next: u64,
    pub(super) checksum: Checksum,
    pub(super) at: u64,
    pub(super) stop: Option<ScanStop>,
}

/// Why a scan ended before the end of the files.
#[derive(Debug)]
pub(super) struct ScanStop {
    pub(super) damage: Corruption,
    /// It is only what an interrupted write leaves at the end of the last file.
    pub(super) torn: bool,
}

/// The files of a log and the seqs that their names say, the oldest first. None where there is no
/// such directory.
pub(super) fn list_segments(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(first) = name.and_then(first_of) {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Walks through the log of `room` in `dir`. Every good record is shown to `each`.
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
        projection: Projection::default(),
        next,
        checksum: Checksum::START,
        at: 0,
        stop: None,
    };
    let newest = listed.last().map(|(first, _)| *first);
    for (first, path) in listed {
        let file = files.read(&path)?;
        let known = scan.id.is_some();
        let before = known.then_some(Expected { next: scan.next, checksum: scan.checksum });
        let (mut oldest, projection) = (0, &mut scan.projection);
        let found = scan_segment(&*file, room, first, before, |valid| {
            if oldest == 0 {
                oldest = line::seq_and_at(valid.body).map_or(0, |(_, at)| at);
            }
            if valid.erased || !is_post(valid.body) {
                line::parse_entry(valid.body)
                    .iter()
                    .for_each(|entry| projection.apply(entry, valid.erased));
            }
            each(valid)
        })?;
        let (offset, kind, expected) = match found {
            Ok(found) => {
                let (offset, kind) = (found.end, found.corruption);
                (scan.id, scan.owners) = (Some(found.header.log.clone()), found.header.owners);
                (scan.next, scan.checksum, scan.at) = (found.next, found.checksum, found.at);
                scan.segments.push(Segment::new(path.clone(), found, oldest));
                (offset, kind, scan.next)
            }
            // No record of the file is good, so the first of them is evidence as well.
            Err(kind) => (0, Some(kind), scan.next - 1),
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
        let torn = may_be_torn && is_torn(&*file, offset, expected)?;
        let damage = Corruption { file: path, seq: scan.next, offset, kind };
        scan.stop = Some(ScanStop { damage, torn });
        break;
    }
    Ok(scan)
}
