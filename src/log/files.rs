//! The file operations of a log behind a trait, so that tests can make them fail.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::usage::DiskUsage;
use crate::limits;
use crate::metrics::{Counter, Gauge, Histogram};
use crate::ownership;

/// An open file of a log.
pub(super) trait LogFile: fmt::Debug + Send + Sync {
    /// Appends as much as the system takes; returns how many bytes.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Returns once everything written is on the disk: fdatasync(2).
    fn fsync(&self) -> io::Result<()>;

    /// Cuts the file to `len` bytes.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// The file's identity and length.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads at `offset`, as much as the system gives; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// Identity and length of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// In bytes.
    pub(super) len: u64,
    /// Device and inode.
    pub(super) id: FileId,
    /// When it was last written, in Unix time in ms, by the clock of that moment.
    pub(super) modified: u64,
}

/// Identifies a file among all that exist at the same time: device and inode (inode(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl From<Metadata> for Stat {
    fn from(found: Metadata) -> Stat {
        let since = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified = u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        Stat { len: found.len(), id: FileId(found.dev(), found.ino()), modified }
    }
}

/// The file system of a log.
pub(super) trait Files: fmt::Debug + Send + Sync {
    /// Opens a file for reading.
    fn open_for_reading(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Opens a file for reading and appending.
    fn open_for_appending(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Identity and length of the file that has this name now.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Creates a file; fails if the name exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Creates a directory, for its owner only, if it does not exist.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Fsyncs a directory: makes the names in it durable.
    fn fsync_dir(&self, path: &Path) -> io::Result<()>;

    /// Renames a file over the one that has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Sets the time at which a file was last written, in Unix time in ms.
    fn set_modified(&self, path: &Path, at: u64) -> io::Result<()> {
        let file = OpenOptions::new().append(true).open(path)?;
        file.set_modified(UNIX_EPOCH + Duration::from_millis(at))
    }
}

/// Appends all of `bytes` to `file`.
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

/// Writes and fsyncs a new file next to the one at `path`, and returns its path. The caller renames
/// it over the old one; after a kill before that, the old one is still there.
pub(super) fn write_replacement(
    files: &dyn Files,
    path: &Path,
    write: impl FnOnce(&dyn LogFile) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let replacement = path.with_extension("anew");
    files.remove(&replacement).ok(); // left by an attempt that failed or was killed
    let file = files.create(&replacement)?;
    write(&*file)?;
    file.fsync()?;
    Ok(replacement)
}

/// Copies the bytes of `from` between two offsets to the end of `to`.
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

/// The system's files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Disk;

impl Files for Disk {
    fn open_for_reading(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(ownership::open_for_reading(path)?))
    }

    fn open_for_appending(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(ownership::open_for_appending(path)?))
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

/// Metrics of the logs of one store.
#[derive(Debug, Default)]
pub struct LogMetrics {
    /// Bytes written.
    pub written: Counter,
    /// What the logs take on the disk.
    pub usage: DiskUsage,
    /// How long each fsync took.
    pub syncs: Histogram,
    /// Bytes that loaded logs take in memory, and what rooms keep of them.
    pub memory: Arc<Gauge>,
    /// A log could not be loaded, or could again: the server's log is to say which. Set after the log shows it.
    pub load_changed: AtomicBool,
}

/// The system's files, with metrics.
#[derive(Debug)]
pub(super) struct MeteredFiles {
    pub(super) metrics: Arc<LogMetrics>,
}

#[derive(Debug)]
struct MeteredFile {
    file: Arc<dyn LogFile>,
    metrics: Arc<LogMetrics>,
    /// Whether its bytes count as used.
    is_counted: bool,
}

/// Whether a file counts as used space: not the temporary ones, which are there for a moment.
fn is_counted(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending != "anew" && ending != "probe")
}

impl MeteredFiles {
    fn metered(&self, path: &Path, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        let metrics = Arc::clone(&self.metrics);
        Arc::new(MeteredFile { file, metrics, is_counted: is_counted(path) })
    }

    /// What the file with this name takes; 0 where there is none, or where it is temporary.
    fn size(path: &Path) -> u64 {
        let counted = Disk.stat(path).ok().filter(|_| is_counted(path));
        counted.map_or(0, |found| found.len + limits::FILE_OVERHEAD)
    }
}

impl Files for MeteredFiles {
    fn open_for_reading(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Disk.open_for_reading(path)
    }

    fn open_for_appending(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Disk.open_for_appending(path).map(|file| self.metered(path, file))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk.stat(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let file = Disk.create(path)?;
        self.metrics.usage.change(0, MeteredFiles::size(path));
        Ok(self.metered(path, file))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let is_new = !path.exists();
        Disk.create_dir(path)?;
        self.metrics.usage.change(0, if is_new { limits::FILE_OVERHEAD } else { 0 });
        Ok(())
    }

    fn fsync_dir(&self, path: &Path) -> io::Result<()> {
        Disk.fsync_dir(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let before = MeteredFiles::size(from) + MeteredFiles::size(to);
        Disk.rename(from, to)?;
        self.metrics.usage.change(before, MeteredFiles::size(to));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let before = MeteredFiles::size(path);
        Disk.remove(path)?;
        self.metrics.usage.change(before, 0);
        Ok(())
    }
}

impl LogFile for MeteredFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.append(bytes)?;
        self.metrics.written.add(count);
        self.metrics.usage.change(0, if self.is_counted { count as u64 } else { 0 });
        Ok(count)
    }

    fn fsync(&self) -> io::Result<()> {
        let start = Instant::now();
        let synced = self.file.fsync();
        self.metrics.syncs.observe(start.elapsed());
        synced
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let before = self.file.stat()?.len;
        self.file.set_len(len)?;
        if self.is_counted {
            self.metrics.usage.change(before, len);
        }
        Ok(())
    }

    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}
