//! One file of an outbox, and the lock that shows that its console lives.
//!
//! The system frees the lock when the process ends, however it ends.

use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use talk::chat::Cid;
use talk::ownership;

use super::entry::FileContent;
use crate::storage::private_file;

/// A file that we have locked.
#[derive(Debug)]
pub(crate) struct OutboxFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Open to read and append, and locked.
    file: File,
    /// Bytes of whole entries.
    length: u64,
    /// The submissions in it that are not removed.
    pub(crate) held: Vec<HeldSubmission>,
}

/// A submission in a file.
#[derive(Debug)]
pub(crate) struct HeldSubmission {
    /// Its id.
    pub(crate) cid: Cid,
    /// Whether the server rejected it.
    pub(crate) has_failed: bool,
}

/// Bytes of a file after which new submissions go into another, so that one that stays does not
/// keep all that were saved after it.
const FULL: u64 = 64 * 1024;

/// A larger file is not ours: a full file and the longest submission fit many times.
const READ_MAX: u64 = 1024 * 1024;

impl OutboxFile {
    /// Creates and locks a file. `None` if another console took it over before we had the lock.
    pub(crate) fn create(path: &Path) -> io::Result<Option<OutboxFile>> {
        let sheet = OutboxFile::lock(private_file::create(path)?, path.to_owned());
        if sheet.is_err() {
            _ = fs::remove_file(path); // the system has no locks, so the file is of no use
        }
        if let Some(directory) = path.parent() {
            _ = File::open(directory).and_then(|directory| directory.sync_all()); // where the system can
        }
        sheet
    }

    /// Locks the file of a console that has ended. `None` if it still runs, or another console took
    /// the file over.
    pub(crate) fn adopt(path: PathBuf) -> io::Result<Option<OutboxFile>> {
        match ownership::open_for_appending(&path) {
            Ok(file) => OutboxFile::lock(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lock(file: File, path: PathBuf) -> io::Result<Option<OutboxFile>> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, its console may have removed or renamed it.
        let is_there = is_at(&file, &path)?;
        Ok(is_there.then_some(OutboxFile { path, file, length: 0, held: Vec::new() }))
    }

    /// Reads the file. An unfinished entry at its end is cut off.
    pub(crate) fn read(&mut self) -> io::Result<FileContent> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        let size = self.file.metadata()?.len();
        if size > READ_MAX {
            return Ok(FileContent { is_damaged: true, ..FileContent::default() });
        }
        (&self.file).take(READ_MAX).read_to_end(&mut bytes)?;
        let content = FileContent::parse(&bytes);
        self.length = u64::try_from(content.whole).unwrap_or(u64::MAX);
        if self.length < size && !content.is_damaged {
            self.file.set_len(self.length)?;
        }
        let held = |saved: &talk::client::SavedSubmission| HeldSubmission {
            cid: saved.submission.cid.clone(),
            has_failed: saved.rejection.is_some(),
        };
        self.held = content.saved.iter().map(held).collect();
        Ok(content)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.length >= FULL
    }

    /// Appends entries, all or none. They survive the end of the process, and after the next
    /// [`OutboxFile::sync`] a power failure too.
    pub(crate) fn append(&mut self, entries: &str) -> io::Result<()> {
        let written = self.file.write_all(entries.as_bytes());
        if let Err(error) = written {
            self.file.set_len(self.length)?; // half an entry would damage the next
            return Err(error);
        }
        self.length += entries.len() as u64;
        Ok(())
    }

    /// Fsyncs the file.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Removes all entries.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.held.clear();
        self.file.set_len(0)?;
        self.length = 0;
        Ok(())
    }

    /// Renames the file, which stays locked.
    pub(crate) fn rename(&mut self, path: PathBuf) -> io::Result<()> {
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// Deletes the file.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Whether `path` is the path of `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// On other systems an open file cannot be removed or renamed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}
