//! The command `repair`: cuts a corrupt log back to its last good record.
//!
//! For one room of a data directory that no server uses. The old files stay in the directory under
//! other names. After a kill it can be run again.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::files::{Disk, Files, LogFile, append_all, copy, write_replacement};
use super::finding::Corruption;
use super::line::{self, SegmentHeader};
use super::log_name::LogName;
use super::log_scan::{LogScan, list_segments, scan_log};
use super::segment::file_name;
use super::store::Store;

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// What was wrong.
    pub corruption: Corruption,
    /// The newest record that is left.
    pub head: u64,
    /// The old files, under their new names.
    pub backups: Vec<PathBuf>,
}

/// Cuts a log back to its last good record; `None` if all are good. The log gets the id `new_id`,
/// so that a client that has seen a lost record does not show a later one as the next.
///
/// # Errors
/// A server uses the directory; there is no such room; a file could not be written; the records that it would cut off
/// are intact, and of another room or version.
pub fn repair(root: &Path, name: &LogName, new_id: String) -> io::Result<Option<Repaired>> {
    let (dir, room) = (Store::log_dir(root, name), &name.room);
    if list_segments(&dir)?.is_empty() {
        let what = format!("there is no log of room {name} in {}", root.display());
        return Err(io::Error::new(ErrorKind::NotFound, what));
    }
    let _store = Store::open(root)?;
    let LogScan { owners, next, checksum, at, stop, .. } =
        scan_log(&Disk, room.as_str(), &dir, |_| Ok(()))?;
    let Some(stop) = stop else { return Ok(None) };
    let corruption = stop.corruption;
    if let Some(cure) = corruption.kind.cure() {
        return Err(io::Error::other(format!(
            "nothing was changed: {corruption}; its records are intact ({cure})"
        )));
    }
    let mut backups = Vec::new();
    // The newest first: the corrupt file is replaced last, so a run after a kill finds it again.
    for (_, path) in
        list_segments(&dir)?.into_iter().rev().filter(|(_, path)| *path > corruption.file)
    {
        let name = backup_name(&path);
        fs::rename(&path, &name)?;
        backups.push(name);
    }
    let name = backup_name(&corruption.file);
    fs::hard_link(&corruption.file, &name)?;
    backups.push(name);
    let mut line = Vec::new();
    let header = SegmentHeader {
        version: line::VERSION,
        room: room.clone(),
        log: new_id,
        first: next,
        at,
        after: checksum,
        owners,
    };
    header.push(&mut line);
    let last = dir.join(file_name(next));
    replace_file(&last, |file| append_all(file, &line))?;
    if last != corruption.file {
        let former = Disk.open_for_reading(&corruption.file)?;
        match corruption.offset {
            0 => fs::remove_file(&corruption.file)?, // it has no good record, and its name is wrong
            good => replace_file(&corruption.file, |file| copy(&*former, 0, good, file))?,
        }
    }
    Disk.fsync_dir(&dir)?;
    backups.reverse();
    Ok(Some(Repaired { corruption, head: next - 1, backups }))
}

/// Replaces the file at `path` by a new one.
fn replace_file(path: &Path, write: impl FnOnce(&dyn LogFile) -> io::Result<()>) -> io::Result<()> {
    fs::rename(write_replacement(&Disk, path, write)?, path)
}

/// A new name in the directory of `path`.
pub(super) fn backup_name(path: &Path) -> PathBuf {
    let name = |count: u32| {
        let mut name = OsString::from(path);
        name.push(if count == 0 { String::from(".damaged") } else { format!(".damaged-{count}") });
        PathBuf::from(name)
    };
    let free = (0..u32::MAX).map(name).find(|name| !name.exists());
    free.unwrap_or_else(|| name(u32::MAX))
}
