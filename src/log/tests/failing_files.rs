//! Files that fail on command.

use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;
use crate::log::files::{LogFile, Stat};

/// What fails from now on.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Bytes that the disk still takes; `u64::MAX`: no limit.
    pub(super) free_bytes: AtomicU64,
    pub(super) sync: AtomicBool,
    pub(super) set_len: AtomicBool,
    pub(super) create: AtomicBool,
    /// Opening a file for reading.
    pub(super) open: AtomicBool,
    /// While a test holds this, every fsync of a file waits.
    pub(super) gate: Mutex<()>,
    /// An fsync has come to the gate.
    pub(super) at_gate: AtomicBool,
    /// Nothing is fsynced: a test of thousands of starts is about other things.
    pub(super) lazy: AtomicBool,
    /// What was done, in order: only what makes things durable.
    pub(super) done: Mutex<Vec<String>>,
}

/// The system's files, with faults.
#[derive(Debug, Clone)]
pub(super) struct FailingFiles(pub(super) Arc<Faults>);

impl FailingFiles {
    pub(super) fn new() -> FailingFiles {
        let faults = Faults::default();
        faults.free_bytes.store(u64::MAX, Ordering::Relaxed);
        FailingFiles(Arc::new(faults))
    }

    pub(super) fn lazy() -> FailingFiles {
        let failing_files = FailingFiles::new();
        failing_files.0.lazy.store(true, Ordering::Relaxed);
        failing_files
    }

    fn wrap(&self, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        Arc::new(FailingFile { file, faults: Arc::clone(&self.0) })
    }

    fn did(&self, what: &str, path: &Path) {
        let name = path.file_name().unwrap().to_str().unwrap();
        self.0.done.lock().unwrap().push(format!("{what} {name}"));
    }
}

fn failing(fault: &AtomicBool) -> io::Result<()> {
    if fault.load(Ordering::Relaxed) { Err(io::Error::other("EIO")) } else { Ok(()) }
}

impl Files for FailingFiles {
    fn open_for_reading(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        failing(&self.0.open)?;
        Ok(self.wrap(Disk.open_for_reading(path)?))
    }

    fn open_for_appending(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(self.wrap(Disk.open_for_appending(path)?))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk.stat(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        failing(&self.0.create)?;
        let file = Disk.create(path)?;
        self.did("create", path);
        Ok(self.wrap(file))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir(path)
    }

    fn fsync_dir(&self, path: &Path) -> io::Result<()> {
        self.did("sync", path);
        if self.0.lazy.load(Ordering::Relaxed) { Ok(()) } else { Disk.fsync_dir(path) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.did("rename to", to);
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn LogFile>,
    faults: Arc<Faults>,
}

impl LogFile for FailingFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let free = self.faults.free_bytes.load(Ordering::Relaxed);
        if free == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let fits = usize::try_from(free).unwrap_or(usize::MAX).min(bytes.len());
        let count = self.file.append(&bytes[..fits])?;
        if free != u64::MAX {
            self.faults.free_bytes.store(free - count as u64, Ordering::Relaxed);
        }
        Ok(count)
    }

    fn fsync(&self) -> io::Result<()> {
        self.faults.at_gate.store(true, Ordering::Relaxed);
        drop(self.faults.gate.lock().unwrap());
        failing(&self.faults.sync)?;
        self.faults.done.lock().unwrap().push(String::from("sync a file"));
        if self.faults.lazy.load(Ordering::Relaxed) { Ok(()) } else { self.file.fsync() }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        failing(&self.faults.set_len)?;
        self.file.set_len(len)
    }

    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let limit = buffer.len().min(1_000); // short reads are allowed
        self.file.read_at(&mut buffer[..limit], offset)
    }
}
