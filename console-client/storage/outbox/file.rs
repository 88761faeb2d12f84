//! One file of an outbox, and the lock that says its writer lives.
//!
//! Room: a file. The system frees the lock when the process ends, however it ends.

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

use super::entry::Content;
use crate::storage::private_file;

/// A file that is ours for as long as we live.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) path: PathBuf,
    file: File,
    /// Bytes of whole entries.
    length: u64,
    /// The lines in it that are not settled.
    pub(crate) held: Vec<Held>,
}

/// A line in a sheet.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) cid: Cid,
    pub(crate) has_failed: bool,
}

/// Bytes of a sheet after which new lines go into another, so that one line that nobody settles
/// does not keep all that was said after it.
const FULL: u64 = 64 * 1024;

/// Bytes of a file beyond which it is none of ours: a full sheet and the longest line fit many
/// times.
const READ: u64 = 1024 * 1024;

impl Sheet {
    /// A new sheet. `None` if somebody who looks for sheets of the dead took it for one, in the
    /// moment it had no lock.
    pub(crate) fn create(path: &Path) -> io::Result<Option<Sheet>> {
        let sheet = Sheet::lock(private_file::create(path)?, path.to_owned());
        if sheet.is_err() {
            _ = fs::remove_file(path); // where there are no locks, what was made for one goes
        }
        if let Some(directory) = path.parent() {
            _ = File::open(directory).and_then(|directory| directory.sync_all()); // if it can
        }
        sheet
    }

    /// A sheet whose writer is dead. `None` if it lives, or somebody else was faster.
    pub(crate) fn take(path: PathBuf) -> io::Result<Option<Sheet>> {
        match fs::OpenOptions::new().read(true).append(true).open(&path) {
            Ok(file) => Sheet::lock(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lock(file: File, path: PathBuf) -> io::Result<Option<Sheet>> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, its writer may have removed it, or given it another name.
        let is_there = is_at(&file, &path)?;
        Ok(is_there.then_some(Sheet { path, file, length: 0, held: Vec::new() }))
    }

    /// What stands in it. An entry that was never finished is cut off.
    pub(crate) fn read(&mut self) -> io::Result<Content> {
        let mut bytes = Vec::new();
        self.file.rewind()?;
        let size = self.file.metadata()?.len();
        if size > READ {
            return Ok(Content { is_damaged: true, ..Content::default() });
        }
        (&self.file).take(READ).read_to_end(&mut bytes)?;
        let content = Content::read(&bytes);
        self.length = u64::try_from(content.whole).unwrap_or(u64::MAX);
        if self.length < size && !content.is_damaged {
            self.file.set_len(self.length)?;
        }
        let held = |kept: &talk::client::SavedSubmission| Held {
            cid: kept.submission.cid.clone(),
            has_failed: kept.rejection.is_some(),
        };
        self.held = content.kept.iter().map(held).collect();
        Ok(content)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.length >= FULL
    }

    /// Adds entries, all or none. They outlive the process from here on, and the machine from the
    /// next [`Sheet::sync`] on.
    pub(crate) fn append(&mut self, entries: &str) -> io::Result<()> {
        let written = self.file.write_all(entries.as_bytes());
        if let Err(error) = written {
            self.file.set_len(self.length)?; // half an entry would spoil the next
            return Err(error);
        }
        self.length += entries.len() as u64;
        Ok(())
    }

    /// Waits for the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Forgets everything that stands in it.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.held.clear();
        self.file.set_len(0)?;
        self.length = 0;
        Ok(())
    }

    /// Gives it another name. Its lock stays.
    pub(crate) fn rename(&mut self, path: PathBuf) -> io::Result<()> {
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// Removes it.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Whether it is this file that is found there.
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

/// Elsewhere a file that is open cannot be removed or renamed under us.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}
