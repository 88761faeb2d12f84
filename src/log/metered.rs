//! Files that count what is written and how long a sync takes.
//!
//! Room: other files, a clock, counts.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::files::{Disk, Files, LogFile, Stat};
use crate::metrics::{Counter, Histogram};

/// What is counted about the logs of one store.
#[derive(Debug, Default)]
pub struct Meters {
    /// Bytes written.
    pub written: Counter,
    /// How long it took to force them to the disk.
    pub syncs: Histogram,
}

/// The system's files, counted.
#[derive(Debug)]
pub(super) struct Metered {
    pub(super) meters: Arc<Meters>,
}

#[derive(Debug)]
struct MeteredFile {
    file: Arc<dyn LogFile>,
    meters: Arc<Meters>,
}

impl Metered {
    fn metered(&self, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        Arc::new(MeteredFile { file, meters: Arc::clone(&self.meters) })
    }
}

impl Files for Metered {
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

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        Disk.sync_dir(path)
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
        self.meters.written.add(count);
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        let begun = Instant::now();
        let synced = self.file.sync();
        self.meters.syncs.observe(begun.elapsed());
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
