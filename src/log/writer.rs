//! Writing: the open file of a log's last segment, and a batch as bytes.
//!
//! Before each batch the file is looked up by name again, so that a file that was moved or replaced
//! is not written to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::batch_mark::BatchMark;
use super::files::{FileId, Files, LogFile};
use super::line::{self, Checksum};
use super::segment_scan::IndexEntry;
use crate::chat::LogEntry;
use crate::limits;

/// The file that a log appends to.
#[derive(Debug, Default)]
pub(super) struct OpenFile {
    /// The open file, if a descriptor was free for it.
    cached: Option<CachedFile>,
}

/// A file kept open between batches.
#[derive(Debug)]
struct CachedFile {
    file: Arc<dyn LogFile>,
    /// Identifies the file, to notice one with the same name.
    id: FileId,
    /// Whether it was used since [`OpenFile::close_if_unused`].
    used: bool,
    _slot: DescriptorSlot,
}

/// One of the [`limits::LOG_OPEN_FILES`] descriptors that all logs of this process may keep open:
/// idle rooms use none, and a thousand busy ones leave enough for clients.
#[derive(Debug)]
struct DescriptorSlot;

static SLOTS_USED: AtomicUsize = AtomicUsize::new(0);

impl DescriptorSlot {
    fn acquire() -> Option<DescriptorSlot> {
        let free = |taken| (taken < limits::LOG_OPEN_FILES).then_some(taken + 1);
        SLOTS_USED
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, free)
            .ok()
            .map(|_| DescriptorSlot)
    }
}

impl Drop for DescriptorSlot {
    fn drop(&mut self) {
        SLOTS_USED.fetch_sub(1, Ordering::Relaxed);
    }
}

impl OpenFile {
    /// The file at `path`, open for appending, and its length in bytes.
    pub(super) fn open(
        &mut self,
        files: &dyn Files,
        path: &Path,
    ) -> io::Result<(Arc<dyn LogFile>, u64)> {
        let named = files.stat(path)?;
        if let Some(cached) = self.cached.as_mut().filter(|cached| cached.id == named.id) {
            cached.used = true; // while it is open, no other file has its inode
            return Ok((Arc::clone(&cached.file), named.len));
        }
        self.cached = None;
        let file = files.open_for_appending(path)?;
        let opened = file.stat()?;
        self.cached = DescriptorSlot::acquire().map(|slot| CachedFile {
            file: Arc::clone(&file),
            id: opened.id,
            used: true,
            _slot: slot,
        });
        Ok((file, opened.len))
    }

    /// Closes the file.
    pub(super) fn close(&mut self) {
        self.cached = None;
    }

    /// Whether a descriptor is kept open.
    pub(super) fn is_open(&self) -> bool {
        self.cached.is_some()
    }

    /// Closes the file if it was not used since the last call.
    pub(super) fn close_if_unused(&mut self) {
        self.cached.take_if(|cached| !std::mem::take(&mut cached.used));
    }
}

/// Lines to append, and the state after them.
pub(super) struct WriteBatch {
    /// The lines.
    pub(super) bytes: Vec<u8>,
    /// The checksum of the last line.
    pub(super) checksum: Checksum,
    /// The `at` of the last record.
    pub(super) at: u64,
    /// The `at` of the first of them.
    pub(super) oldest: u64,
    /// An entry for each line.
    pub(super) index: Vec<IndexEntry>,
    /// The offset in the file where the bytes begin.
    from: u64,
    /// The newest record that is on the disk for certain; `None` for a file without marks.
    synced: Option<u64>,
}

impl WriteBatch {
    /// A batch chained to `checksum` and `at`: at the offset `from` of an existing file, or after
    /// the `bytes` of a new one.
    pub(super) fn new(
        bytes: Vec<u8>,
        from: u64,
        checksum: Checksum,
        at: u64,
        synced: Option<u64>,
    ) -> WriteBatch {
        WriteBatch { bytes, checksum, at, oldest: 0, index: Vec::new(), from, synced }
    }

    pub(super) fn push(&mut self, batch: &[LogEntry]) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return };
        let mark = self.synced.map(|synced| BatchMark { synced, last: last.seq }.text(first.seq));
        let mark = mark.unwrap_or_default();
        for entry in batch {
            let start = self.bytes.len();
            let offset = self.from + start as u64;
            self.index.push(IndexEntry { seq: entry.seq, offset, before: self.checksum });
            self.checksum = line::push_record(&mut self.bytes, entry, &mark, self.checksum);
            let line = self.bytes.get(start..).unwrap_or_default();
            if let Some((_, at)) = line::parse_seq_and_at(line) {
                self.at = self.at.max(at);
                if self.oldest == 0 {
                    self.oldest = at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::log::files::Disk;

    #[test]
    fn a_file_stays_open_while_it_is_used_and_while_its_name_is_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.jsonl");
        fs::write(&path, "one\n").unwrap();
        let mut open_file = OpenFile::default();
        let (first, len) = open_file.open(&Disk, &path).unwrap();
        assert_eq!(len, 4);
        open_file.close_if_unused();
        let (again, _) = open_file.open(&Disk, &path).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "it was used between two calls");
        open_file.close_if_unused();
        open_file.close_if_unused();
        let (reopened, _) = open_file.open(&Disk, &path).unwrap();
        assert!(!Arc::ptr_eq(&first, &reopened), "it was not");
        fs::rename(&path, dir.path().join("moved")).unwrap();
        assert_eq!(open_file.open(&Disk, &path).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, "another\n").unwrap();
        let (replaced, len) = open_file.open(&Disk, &path).unwrap();
        assert!(!Arc::ptr_eq(&reopened, &replaced), "the name belongs to another file");
        assert_eq!(len, 8);
    }
}
