//! The data directory. A lock lets only one server use it; a kill releases the lock.
//!
//! `DATA/lock` names the server's process, `DATA/names.jsonl` holds the claims of names,
//! `DATA/marks.jsonl` the read markers, `DATA/memberships.jsonl` the rooms of each owner. `DATA/rooms/ROOM/` is
//! the log of a room, `DATA/rooms/@ONE+OTHER~LABEL/` of a private one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Log;
use super::disk_log::{DiskLog, LogConfig};
use super::files::{Disk, FileId, Files, LogMetrics, MeteredFiles, Stat};
use super::log_name::LogName;
use super::log_scan::list_segments;
use super::recover::Recovered;
use super::retired::RetiredLog;
use crate::chat::{OwnerId, RoomName};
use crate::limits;
use crate::ownership;

/// A data directory, locked until this value is dropped.
#[derive(Debug)]
pub struct Store {
    /// Where it is.
    root: PathBuf,
    /// What its logs count.
    metrics: Arc<LogMetrics>,
    /// The locked file.
    lock: File,
    /// Another server has taken the lock.
    is_lock_lost: AtomicBool,
}

/// A watch over the lock of a data directory.
#[derive(Debug)]
pub struct LockWatch {
    root: PathBuf,
    /// The file that is locked.
    id: FileId,
    /// What is in it: on some network file systems the id of a file changes.
    text: String,
    /// The file that took its place, locked too.
    taken_again: Option<File>,
}

/// Whether this server alone has the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockState {
    /// Yes.
    Held,
    /// Yes: its file was removed or replaced, and the lock was taken again.
    TakenAgain,
    /// No: its file was removed or replaced, and another server has locked the new one; which.
    InUse(String),
}

impl LockWatch {
    /// Looks whether the locked file has still its name; takes the lock again if not.
    ///
    /// # Errors
    /// The directory cannot be used any more.
    pub fn check(&mut self) -> io::Result<LockState> {
        let path = self.root.join("lock");
        match Disk.stat(&path) {
            Ok(named) if named.id == self.id => return Ok(LockState::Held),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let text = ownership::open_for_reading(&path).and_then(|mut file| lock_text(&mut file));
        if text.is_ok_and(|text| text == self.text) {
            return Ok(LockState::Held);
        }
        match Store::lock(&self.root) {
            Ok(mut lock) => {
                lock.rewind()?;
                (self.id, self.text) = (Stat::from(lock.metadata()?).id, lock_text(&mut lock)?);
                self.taken_again = Some(lock);
                Ok(LockState::TakenAgain)
            }
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                Ok(LockState::InUse(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
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
        Store::check_owner(root, &rooms)?;
        let probe = root.join("probe");
        let probed = ownership::create_anew(&probe)
            .and_then(|mut file| file.write_all(&[b'\n'; 4096]))
            .and_then(|()| fs::remove_file(&probe));
        let synced = probed.and_then(|()| Disk.fsync_dir(root)).and_then(|()| {
            Disk.fsync_dir(
                root.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            )
        });
        synced.map_err(explain("cannot write in the data directory"))?;
        RetiredLog::delete_all(&rooms).map_err(explain("cannot remove old rooms in"))?;
        let (metrics, is_lock_lost) = (Arc::default(), AtomicBool::new(false));
        Ok(Store { root: root.to_owned(), metrics, lock, is_lock_lost })
    }

    /// Refuses a directory that other users may write to. One that they cannot enter protects what is in it.
    fn check_owner(root: &Path, rooms: &Path) -> io::Result<()> {
        let can_others_enter = fs::metadata(root).is_ok_and(|found| found.mode() & 0o011 != 0);
        let probe = root.join("probe");
        let ours = ownership::own_user(&probe)
            .map_err(|error| with_context("cannot write in the data directory", root, &error))?;
        for dir in [root, rooms].into_iter().take(if can_others_enter { 2 } else { 1 }) {
            ownership::check_directory(dir, ours).map_err(|error| {
                let what = format!("cannot use the data directory: {error}");
                io::Error::new(error.kind(), what)
            })?;
        }
        Ok(())
    }

    /// Takes the lock and writes the process id to it, for the error of a second server.
    fn lock(root: &Path) -> io::Result<File> {
        let explain = |error| with_context("cannot lock the data directory", root, &error);
        let path = root.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = ownership::open(&path, &mut options).map_err(explain)?;
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
        // The second line tells this lock from one of the same process id, in another container.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        writeln!(lock, "{}\n{since}", std::process::id()).map_err(explain)?;
        Ok(lock)
    }

    /// A watch over the lock's file, which another program may remove or replace.
    ///
    /// # Errors
    /// The system does not tell which file the lock is.
    pub fn watch_lock(&self) -> io::Result<LockWatch> {
        let mut lock = self.lock.try_clone()?;
        lock.rewind()?;
        let (id, text) = (Stat::from(lock.metadata()?).id, lock_text(&mut lock)?);
        Ok(LockWatch { root: self.root.clone(), id, text, taken_again: None })
    }

    /// Notes whether another server has taken the lock; returns the note before.
    pub fn set_lock_lost(&self, is_lost: bool) -> bool {
        self.is_lock_lost.swap(is_lost, Ordering::Relaxed)
    }

    /// Whether another server has taken the lock: then nothing may be written.
    #[must_use]
    pub fn is_lock_lost(&self) -> bool {
        self.is_lock_lost.load(Ordering::Relaxed)
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

    /// The file of the memberships.
    #[must_use]
    pub fn memberships_path(&self) -> PathBuf {
        self.root.join("memberships.jsonl")
    }

    /// The file of the claims of names.
    #[must_use]
    pub fn names_path(&self) -> PathBuf {
        Store::names_file(&self.root)
    }

    /// The same of the directory `root`.
    pub(super) fn names_file(root: &Path) -> PathBuf {
        root.join("names.jsonl")
    }

    /// The metrics of its logs.
    #[must_use]
    pub fn metrics(&self) -> &Arc<LogMetrics> {
        &self.metrics
    }

    /// Where it is, from the root of the file system: whatever the working directory.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        std::path::absolute(&self.root).unwrap_or_else(|_| self.root.clone())
    }

    /// Lists all logs, to correct the count of the bytes that they take.
    ///
    /// # Errors
    /// They could not be listed; the count stays.
    pub fn recount_usage(&self) -> io::Result<()> {
        self.metrics.usage.recount(&self.root.join("rooms"))
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

    /// Takes the log of a room that no one uses out of the directory. Its files are still there: the
    /// caller deletes them, which takes longer.
    ///
    /// # Errors
    /// The log could not be renamed; then it is still there.
    pub fn retire_log(&self, name: &LogName) -> io::Result<RetiredLog> {
        RetiredLog::rename(&Store::log_dir(&self.root, name))
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
        DiskLog::unseen(name.room.clone(), dir, config, files, &self.metrics, id)
    }
}

/// What a server has written to the lock's file.
fn lock_text(lock: &mut File) -> io::Result<String> {
    let mut text = String::new();
    lock.take(64).read_to_string(&mut text)?;
    Ok(text)
}

/// The process that holds the lock, by the id in the lock's file.
fn lock_holder(lock: &mut File) -> String {
    let text = lock_text(lock).unwrap_or_default();
    let pid: Option<u32> = text.lines().next().and_then(|line| line.trim().parse().ok());
    pid.map_or(String::from("another server"), |pid| format!("a server with pid {pid}"))
}

/// The error, with what was being done and to which path.
fn with_context(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
