//! Recovery: reads a log for the first time since the start, and cuts a torn tail.
//!
//! It changes nothing else. If it is killed, the next run of the server does the same again.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{Files, copy};
use super::finding::{Corruption, Torn};
use super::line::Checksum;
use super::log_scan::{LogScan, scan_log};
use super::projection::Projection;
use super::segment::Segment;
use crate::chat::{OwnerId, RoomName};

/// A log as recovery left it.
#[derive(Debug)]
pub(super) struct Recovered {
    /// The log's id.
    pub(super) id: String,
    /// The segments, the oldest first.
    pub(super) segments: Vec<Segment>,
    /// The seq after the newest record.
    pub(super) next: u64,
    /// The checksum of the newest line.
    pub(super) checksum: Checksum,
    /// The `at` of the newest record.
    pub(super) at: u64,
    /// The owners of the names of a private room.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// Which of them have a record here.
    pub(super) posted: [bool; 2],
    /// The state derived from the records.
    pub(super) projection: Projection,
    /// Records from here on are not served, and nothing is written.
    pub(super) corruption: Option<Corruption>,
}

impl Recovered {
    /// A log without records.
    pub(super) fn empty(id: String, owners: Option<[OwnerId; 2]>) -> Recovered {
        let (segments, checksum, projection) = (Vec::new(), Checksum::START, Projection::default());
        Recovered {
            id,
            segments,
            next: 1,
            checksum,
            at: 0,
            owners,
            posted: [false; 2],
            projection,
            corruption: None,
        }
    }
}

/// Recovers the log of `room` in `dir`. A log without an id gets `new_id`.
///
/// # Errors
/// The log could not be read or cut; or a later version wrote it, or it is of another room: that is
/// not corruption, and must not be cut.
pub(super) fn recover(
    files: &dyn Files,
    room: &RoomName,
    dir: &Path,
    new_id: String,
) -> io::Result<(Recovered, Option<Torn>)> {
    let LogScan { segments, id, owners, posted, projection, next, checksum, at, stop } =
        scan_log(files, room.as_str(), dir, |_| Ok(()))?;
    let id = id.unwrap_or(new_id);
    let (torn, corruption) = match stop {
        None => (None, None),
        Some(stop) if stop.torn => (Some(cut_torn_tail(files, &stop.corruption)?), None),
        Some(stop) => match stop.corruption.kind.cure() {
            // The cure first: the operator's log cuts long values.
            Some(cure) => return Err(io::Error::other(format!("{cure} ({})", stop.corruption))),
            None => (None, Some(stop.corruption)),
        },
    };
    let recovered =
        Recovered { id, segments, next, checksum, at, owners, posted, projection, corruption };
    Ok((recovered, torn))
}

/// Reads a log that this server has recovered before. Cuts nothing: whatever is behind the last good
/// record, another process wrote it.
///
/// # Errors
/// The log could not be read.
pub(super) fn rescan(
    files: &dyn Files,
    room: &RoomName,
    dir: &Path,
    id: String,
) -> io::Result<Recovered> {
    let LogScan { segments, id: found, owners, posted, projection, next, checksum, at, stop } =
        scan_log(files, room.as_str(), dir, |_| Ok(()))?;
    let (id, corruption) = (found.unwrap_or(id), stop.map(|stop| stop.corruption));
    Ok(Recovered { id, segments, next, checksum, at, owners, posted, projection, corruption })
}

/// Cuts off a torn tail, after copying it to a backup.
fn cut_torn_tail(files: &dyn Files, corruption: &Corruption) -> io::Result<Torn> {
    let (path, offset) = (&corruption.file, corruption.offset);
    let file = files.open_for_appending(path)?;
    let len = file.stat()?.len;
    let backup = (len > offset).then(|| back_up(files, path, offset, len)).transpose()?;
    if offset == 0 {
        files.remove(path)?; // not even its header is complete
    } else {
        file.set_len(offset)?;
        file.fsync()?;
    }
    files.fsync_dir(path.parent().unwrap_or(Path::new(".")))?;
    Ok(Torn { file: path.clone(), offset, bytes: len - offset, backup })
}

/// Copies the end of a file to a new file next to it. If a file of this name and at most this
/// length exists, a start that was killed here has left it.
fn back_up(files: &dyn Files, path: &Path, offset: u64, len: u64) -> io::Result<PathBuf> {
    let mut count = 0;
    loop {
        let mut name = OsString::from(path);
        name.push(format!(".torn-{offset}"));
        if count > 0 {
            name.push(format!(".{count}"));
        }
        let backup = PathBuf::from(name);
        match files.open_for_reading(&backup) {
            Ok(earlier) if earlier.stat()?.len > len - offset => {
                count += 1;
                continue;
            }
            Ok(_) => files.remove(&backup)?,
            Err(_) => {}
        }
        let copied = files.create(&backup)?;
        copy(&*files.open_for_reading(path)?, offset, len, &*copied)?;
        copied.fsync()?;
        return Ok(backup);
    }
}
