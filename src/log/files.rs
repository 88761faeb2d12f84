//! The few things a log does with files, behind a trait, so that tests can make them fail.
//!
//! Room: files and directories of the system.

use crate::limits;
use crate::metrics::{Counter, Histogram};
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// An open file of a log.
pub(super) trait LogFile: fmt::Debug + Send + Sync {
    /// Writes at the end, as much as goes; returns how much that was.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns once everything written is on the disk.
    fn fsync(&self) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Which file it is, and its length.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads at `offset`, as much as goes; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// What a log asks about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// In bytes.
    pub(super) len: u64,
    pub(super) id: FileId,
}

/// What tells a file from every other that is there at the same time: its device and inode (inode(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl From<Metadata> for Stat {
    fn from(found: Metadata) -> Stat {
        Stat { len: found.len(), id: FileId(found.dev(), found.ino()) }
    }
}

/// Where a log finds its files.
pub(super) trait Files: fmt::Debug + Send + Sync {
    /// Opens a file for reading.
    fn read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Opens a file for reading and appending.
    fn write(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// The file that has this name now.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Makes a file that is not there yet.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Makes a directory, for its owner only, if it is not there yet.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory as durable as `sync` makes what is in a file.
    fn fsync_dir(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of what has it now.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// Writes all of `bytes` at the end of `file`.
pub(super) fn append_all(file: &dyn LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a whole new file beside the one at `path`, and returns its path once it is on the disk: renamed,
/// it takes the old one's place. Killed anywhere before that, the old one stands.
pub(super) fn write_replacement(
    files: &dyn Files,
    path: &Path,
    write: impl FnOnce(&dyn LogFile) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let replacement = path.with_extension("anew");
    files.remove(&replacement).ok(); // of an attempt that failed, or was killed right here
    let file = files.create(&replacement)?;
    write(&*file)?;
    file.fsync()?;
    Ok(replacement)
}

/// Copies what `from` holds between owners offsets to the end of `to`.
pub(super) fn copy(from: &dyn LogFile, start: u64, end: u64, to: &dyn LogFile) -> io::Result<()> {
    let (mut at, mut chunk) = (start, vec![0; limits::LOG_CHUNK]);
    while at < end {
        let left = usize::try_from(end - at).unwrap_or(usize::MAX).min(chunk.len());
        let count = from.read_at(chunk.get_mut(..left).unwrap_or_default(), at)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        append_all(to, chunk.get(..count).unwrap_or_default())?;
        at += count as u64;
    }
    Ok(())
}

/// The system's own files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(File::open(path)?))
    }

    fn write(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).append(true).open(path)?))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Ok(fs::metadata(path)?.into())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true).mode(0o600);
        Ok(Arc::new(options.open(path)?))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn fsync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

impl LogFile for File {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &*self, bytes)
    }

    fn fsync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(self.metadata()?.into())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

/// What is counted about the logs of one store.
#[derive(Debug, Default)]
pub struct LogMetrics {
    /// Bytes written.
    pub written: Counter,
    /// How long it took to force them to the disk.
    pub syncs: Histogram,
}

/// The system's files, counted.
#[derive(Debug)]
pub(super) struct MeteredFiles {
    pub(super) metrics: Arc<LogMetrics>,
}

#[derive(Debug)]
struct MeteredFile {
    file: Arc<dyn LogFile>,
    metrics: Arc<LogMetrics>,
}

impl MeteredFiles {
    fn metered(&self, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        Arc::new(MeteredFile { file, metrics: Arc::clone(&self.metrics) })
    }
}

impl Files for MeteredFiles {
    fn read(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Disk.read(path)
    }

    fn write(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Disk.write(path).map(|file| self.metered(file))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk.stat(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Disk.create(path).map(|file| self.metered(file))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir(path)
    }

    fn fsync_dir(&self, path: &Path) -> io::Result<()> {
        Disk.fsync_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }
}

impl LogFile for MeteredFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.append(bytes)?;
        self.metrics.written.add(count);
        Ok(count)
    }

    fn fsync(&self) -> io::Result<()> {
        let start = Instant::now();
        let synced = self.file.fsync();
        self.metrics.syncs.observe(start.elapsed());
        synced
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}
