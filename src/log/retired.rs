//! A log that is being removed. Its directory gets a name that is no log's first, and is deleted then: a
//! kill leaves a whole log, or none. What is left of it is deleted at the next start.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{Disk, Files};
use super::log_name::LogName;

/// At the end of the name of a directory that is being removed. No log's name ends so.
const SUFFIX: &str = ".removed";

/// A log that is no longer found, but still on the disk.
#[derive(Debug)]
#[must_use]
pub struct RetiredLog {
    /// Its directory now.
    dir: PathBuf,
}

impl RetiredLog {
    /// Renames the directory of a log, so that it is no log any more.
    ///
    /// # Errors
    /// It could not be renamed; then the log is still there.
    pub(super) fn rename(dir: &Path) -> io::Result<RetiredLog> {
        let mut retired = OsString::from(dir);
        retired.push(SUFFIX);
        let retired = PathBuf::from(retired);
        if retired.exists() {
            fs::remove_dir_all(&retired)?; // an earlier removal of the same room failed
        }
        fs::rename(dir, &retired)?;
        Ok(RetiredLog { dir: retired })
    }

    /// Deletes it.
    ///
    /// # Errors
    /// A file could not be removed. The next start tries it again.
    pub fn delete(self) -> io::Result<()> {
        let rooms = self.dir.parent().unwrap_or(Path::new("."));
        Disk.fsync_dir(rooms)?; // a crash must not bring back a log of which files are missing
        fs::remove_dir_all(&self.dir)
    }

    /// Deletes what a kill has left in the directory `rooms`.
    ///
    /// # Errors
    /// As [`delete`](RetiredLog::delete).
    pub(super) fn delete_all(rooms: &Path) -> io::Result<()> {
        for entry in fs::read_dir(rooms)? {
            let dir = entry?.path();
            let name = dir.file_name().and_then(|name| name.to_str());
            let log = name.and_then(|name| name.strip_suffix(SUFFIX));
            if log.is_some_and(|log| log.parse::<LogName>().is_ok()) && dir.is_dir() {
                RetiredLog { dir }.delete()?;
            }
        }
        Ok(())
    }
}
