//! The data directory. A lock lets only one server use it; a kill releases the lock.
//!
//! `DATA/lock` names the server's process, `DATA/names.jsonl` holds the claims of names,
//! `DATA/marks.jsonl` the read markers, `DATA/rooms/ROOM/` is the log of a room,
//! `DATA/rooms/@ONE+OTHER~LABEL/` of a private one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::Log;
use super::disk_log::{DiskLog, LogConfig};
use super::files::{Disk, Files, LogMetrics, MeteredFiles};
use super::log_name::LogName;
use super::log_scan::list_segments;
use super::recover::Recovered;
use crate::chat::{OwnerId, RoomName};
use crate::limits;
use crate::metrics::GaugePart;

/// A data directory, locked until this value is dropped.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    metrics: Arc<LogMetrics>,
    _lock: File,
}

/// How often to try the lock again.
const LOCK_TRIES: usize = 10;

impl Store {
    /// Locks the directory `root`. Creates it if it does not exist, for its owner only.
    ///
    /// # Errors
    /// The directory cannot be used: by which server or file, or because the disk is full.
    pub fn open(root: &Path) -> io::Result<Store> {
        let explain = |doing: &'static str| move |error| with_context(doing, root, &error);
        let rooms = root.join("rooms");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&rooms)
            .map_err(explain("cannot create the data directory"))?;
        let lock = Store::lock(root)?;
        let probe = root.join("probe");
        let probed = fs::write(&probe, [b'\n'; 4096]).and_then(|()| fs::remove_file(&probe));
        let synced = probed.and_then(|()| Disk.fsync_dir(root)).and_then(|()| {
            Disk.fsync_dir(
                root.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            )
        });
        synced.map_err(explain("cannot write in the data directory"))?;
        Ok(Store { root: root.to_owned(), metrics: Arc::default(), _lock: lock })
    }

    /// Takes the lock and writes the process id to it, for the error of a second server.
    fn lock(root: &Path) -> io::Result<File> {
        let explain = |error| with_context("cannot lock the data directory", root, &error);
        let path = root.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = options.open(&path).map_err(explain)?;
        let mut locked = lock.try_lock();
        for _ in 0..LOCK_TRIES {
            if matches!(locked, Err(TryLockError::WouldBlock)) {
                thread::sleep(limits::PACING_MAX); // a check of the lock releases it at once
                locked = lock.try_lock();
            }
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = lock_holder(&mut lock);
                let what = format!("the data directory {} is in use by {holder}", root.display());
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
            }
            Err(TryLockError::Error(error)) => return Err(explain(error)),
        }
        lock.set_len(0).map_err(explain)?;
        writeln!(lock, "{}", std::process::id()).map_err(explain)?;
        Ok(lock)
    }

    /// Whether a server uses the directory now.
    #[must_use]
    pub fn is_in_use(root: &Path) -> bool {
        let lock = File::open(root.join("lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// The names of the logs, by the names of their directories. One may turn out to have no files.
    ///
    /// # Errors
    /// The directory could not be read.
    pub fn log_names(&self) -> io::Result<Vec<LogName>> {
        let dirs = Store::log_dirs(&self.root)?;
        Ok(dirs.into_iter().map(|(name, _)| name).collect())
    }

    /// The names of the logs in a directory that another process may use.
    ///
    /// # Errors
    /// The directory could not be read.
    pub fn logs_in(root: &Path) -> io::Result<Vec<LogName>> {
        let mut logs = Vec::new();
        for (name, dir) in Store::log_dirs(root)? {
            if !list_segments(&dir)?.is_empty() {
                logs.push(name);
            }
        }
        logs.sort();
        Ok(logs)
    }

    /// The directories in `DATA/rooms` whose names are those of logs.
    fn log_dirs(root: &Path) -> io::Result<Vec<(LogName, PathBuf)>> {
        let explain = |error: io::Error| with_context("cannot read the rooms in", root, &error);
        let mut dirs = Vec::new();
        for entry in fs::read_dir(root.join("rooms")).map_err(explain)? {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                dirs.push((name, entry.path()));
            }
        }
        Ok(dirs)
    }

    /// Finds the log of a room: by its full name, or by the name of a private room that has one
    /// log.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn find_log(root: &Path, text: &str) -> io::Result<LogName> {
        let exact = text.parse::<LogName>();
        let room = match (exact, text.parse::<RoomName>()) {
            (Ok(name), _) => return Ok(name),
            (Err(_), Ok(room)) => room,
            (Err(_), Err(invalid)) => {
                let what = format!("{text:?} is not a room name: {invalid}");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
        };
        let mut logs = Store::logs_in(root)?;
        logs.retain(|log| log.room == room);
        match logs.as_slice() {
            [one] => Ok(one.clone()),
            [] => {
                let what = format!("there is no log of room {room} in {}", root.display());
                Err(io::Error::new(io::ErrorKind::NotFound, what))
            }
            [..] => {
                let names: Vec<String> = logs.iter().map(LogName::to_string).collect();
                let what = format!("{room} has more than one log: {}", names.join(", "));
                Err(io::Error::new(io::ErrorKind::InvalidInput, what))
            }
        }
    }

    /// The directory of a log.
    pub(super) fn log_dir(root: &Path, name: &LogName) -> PathBuf {
        root.join("rooms").join(name.to_string())
    }

    /// The file of the read markers.
    #[must_use]
    pub fn read_markers_path(&self) -> PathBuf {
        self.root.join("marks.jsonl")
    }

    /// The file of the claims of names.
    #[must_use]
    pub fn names_path(&self) -> PathBuf {
        self.root.join("names.jsonl")
    }

    /// The metrics of its logs.
    #[must_use]
    pub fn metrics(&self) -> &LogMetrics {
        &self.metrics
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::new(MeteredFiles { metrics: Arc::clone(&self.metrics) })
    }

    /// An existing log, which is not read before it is needed. It gets the id `new_id` if its files have
    /// none.
    #[must_use]
    pub fn open_log(&self, name: &LogName, config: LogConfig, new_id: String) -> Arc<dyn Log> {
        Arc::new(self.unseen_log(name, config, new_id))
    }

    /// A new log for a room; `owners` are the owners of a private room's names. Its directory is
    /// created by the first append.
    #[must_use]
    pub fn new_log(
        &self,
        room: &RoomName,
        config: LogConfig,
        id: String,
        owners: Option<[OwnerId; 2]>,
    ) -> Arc<dyn Log> {
        let log = self.unseen_log(&LogName::new(room.clone(), &id), config, id.clone());
        drop(log.install(Recovered::empty(id, owners)));
        Arc::new(log)
    }

    fn unseen_log(&self, name: &LogName, config: LogConfig, id: String) -> DiskLog {
        let (dir, files) = (Store::log_dir(&self.root, name), self.files());
        let memory = GaugePart::of(&self.metrics.memory);
        DiskLog::unseen(name.room.clone(), dir, config, files, memory, id)
    }
}

/// The process that holds the lock, by the id in the lock's file.
fn lock_holder(lock: &mut File) -> String {
    let mut text = String::new();
    lock.take(32).read_to_string(&mut text).ok();
    let pid: Option<u32> = text.trim().parse().ok();
    pid.map_or(String::from("another server"), |pid| format!("a server with pid {pid}"))
}

/// The error, with what was being done and to which path.
fn with_context(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
