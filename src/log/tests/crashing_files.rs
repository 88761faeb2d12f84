//! Files of a machine that crashes at a chosen step, and what its disk holds then.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::sync::{Mutex, MutexGuard};

use super::*;
use crate::log::files::{LogFile, Stat};

/// What crashes, and how much of its work is there afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// The process: all that it did.
    Killed,
    /// The machine: only what was fsynced, names and contents.
    PowerCut,
    /// The machine: every name, but only the contents that were fsynced.
    NamesOnly,
}

/// The system's files, until the crash. Nothing is really fsynced.
#[derive(Debug, Clone)]
pub(super) struct CrashingFiles(Arc<Mutex<Machine>>);

/// A file, under any name.
type Number = usize;

#[derive(Debug)]
struct Machine {
    dir: PathBuf,
    /// Steps until the crash.
    steps: usize,
    /// The names in the directory, as a process sees them, and those that are on the disk.
    names: BTreeMap<OsString, Number>,
    synced_names: BTreeMap<OsString, Number>,
    /// Whether the directory's own name is on the disk.
    dir_synced: bool,
    /// The contents of each file on the disk.
    synced: Vec<Vec<u8>>,
}

impl CrashingFiles {
    /// A machine with the directory of `data` on its disk, which crashes after `steps` steps.
    pub(super) fn new(data: &TempDataDir, steps: usize) -> CrashingFiles {
        let dir = data.dir();
        let (mut names, mut synced) = (BTreeMap::new(), Vec::new());
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            names.insert(path.file_name().unwrap().to_owned(), synced.len());
            synced.push(fs::read(path).unwrap());
        }
        let (synced_names, dir_synced) = (names.clone(), dir.exists());
        let machine = Machine { dir, steps, names, synced_names, dir_synced, synced };
        CrashingFiles(Arc::new(Mutex::new(machine)))
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap()
    }

    /// Whether it has crashed.
    pub(super) fn has_crashed(&self) -> bool {
        self.machine().steps == 0
    }

    /// Steps until the crash.
    pub(super) fn steps_left(&self) -> usize {
        self.machine().steps
    }

    /// What the next process finds.
    pub(super) fn remains(&self, data: TempDataDir, crash: Crash) -> TempDataDir {
        let machine = self.machine();
        let names = match crash {
            Crash::Killed => return data,
            Crash::PowerCut => &machine.synced_names,
            Crash::NamesOnly => &machine.names,
        };
        let found = TempDataDir::new();
        if machine.dir_synced || crash == Crash::NamesOnly && data.dir().exists() {
            fs::create_dir(found.dir()).unwrap();
            for (name, number) in names {
                fs::write(found.dir().join(name), &machine.synced[*number]).unwrap();
            }
        }
        found
    }

    fn open(&self, path: &Path, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        let number = self.machine().names[path.file_name().unwrap()];
        Arc::new(CrashingFile { file, path: path.to_owned(), number, crashing: self.clone() })
    }
}

impl Machine {
    fn step(&mut self) -> io::Result<()> {
        if self.steps <= 1 {
            self.steps = 0;
            return Err(io::Error::other("it is over"));
        }
        self.steps -= 1;
        Ok(())
    }

    fn in_dir(&self, path: &Path) -> Option<OsString> {
        (path.parent() == Some(&self.dir)).then(|| path.file_name().unwrap().to_owned())
    }
}

impl Files for CrashingFiles {
    fn open_for_reading(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(self.open(path, Disk.open_for_reading(path)?))
    }

    fn open_for_appending(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(self.open(path, Disk.open_for_appending(path)?))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk.stat(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let mut machine = self.machine();
        machine.step()?;
        let file = Disk.create(path)?;
        let (name, number) = (machine.in_dir(path).unwrap(), machine.synced.len());
        machine.names.insert(name, number);
        machine.synced.push(Vec::new());
        drop(machine);
        Ok(self.open(path, file))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.machine().step()?;
        Disk.create_dir(path)
    }

    fn fsync_dir(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step()?;
        if path == machine.dir {
            machine.synced_names = machine.names.clone();
        } else {
            machine.dir_synced = machine.dir.exists();
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step()?;
        Disk.rename(from, to)?;
        let (from, to) = (machine.in_dir(from).unwrap(), machine.in_dir(to).unwrap());
        let number = machine.names.remove(&from).unwrap();
        machine.names.insert(to, number);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step()?;
        Disk.remove(path)?;
        let name = machine.in_dir(path).unwrap();
        machine.names.remove(&name);
        Ok(())
    }
}

#[derive(Debug)]
struct CrashingFile {
    file: Arc<dyn LogFile>,
    path: PathBuf,
    number: Number,
    crashing: CrashingFiles,
}

impl LogFile for CrashingFile {
    /// The last append before the crash writes half of its bytes.
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut machine = self.crashing.machine();
        if machine.steps == 1 {
            self.file.append(&bytes[..bytes.len() / 2])?;
        }
        machine.step()?;
        self.file.append(bytes)
    }

    fn fsync(&self) -> io::Result<()> {
        let mut machine = self.crashing.machine();
        machine.step()?;
        machine.synced[self.number] = fs::read(&self.path)?;
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.crashing.machine().step()?;
        self.file.set_len(len)
    }

    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}
