//! Every open room.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk_space::DiskSpace;
use crate::chat::{OwnerId, RoomName};
use crate::failpoint;
use crate::log::{LockWatch, LogConfig, LogMetrics, LogName, Store};
use crate::net::entropy::Entropy;
use crate::server::clock::SteadyClock;
use crate::server::config::Config;
use crate::server::room::Room;

/// Rooms by the names of their logs. Several private rooms may have one name, each with other owners.
pub(crate) type RoomMap = BTreeMap<LogName, Arc<Room>>;

/// Every open room.
///
/// The lock protects the map. Under it a room may be asked for its head; a room never takes this lock.
#[derive(Debug)]
pub(crate) struct Rooms {
    /// The open rooms.
    map: Mutex<RoomMap>,
    /// The data directory.
    store: Store,
    /// How new logs are stored.
    log_config: LogConfig,
    /// How many public rooms may be open.
    max_public: usize,
    /// How many private rooms may be open.
    max_private: usize,
    /// For the ids of new logs.
    entropy: Arc<Entropy>,
    /// Another server uses the data directory: nothing is stored.
    is_lock_lost: AtomicBool,
    /// The time of records.
    pub(crate) clock: Arc<SteadyClock>,
    /// Whether there is room for more posts.
    pub(crate) disk_space: DiskSpace,
}

/// As many rooms are open as the server allows.
#[derive(Debug)]
pub(crate) struct TooManyRooms;

impl Rooms {
    pub(super) fn new(
        map: RoomMap,
        store: Store,
        config: &Config,
        entropy: Arc<Entropy>,
        clock: Arc<SteadyClock>,
    ) -> Rooms {
        Rooms {
            map: Mutex::new(map),
            disk_space: DiskSpace::new(config.limits.disk, Arc::clone(store.metrics())),
            store,
            log_config: config.log,
            max_public: config.limits.rooms.public,
            max_private: config.limits.rooms.private,
            entropy,
            clock,
            is_lock_lost: AtomicBool::new(false),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, RoomMap> {
        failpoint::check(self.map.lock().unwrap_or_else(PoisonError::into_inner), "rooms")
    }

    /// The public room of this name; opens it if necessary.
    pub(crate) fn open(&self, name: &RoomName) -> io::Result<Result<Arc<Room>, TooManyRooms>> {
        let mut map = self.lock();
        if let Some(room) = map.get(&LogName::new(name.clone(), "")) {
            return Ok(Ok(Arc::clone(room)));
        }
        self.add(&mut map, name, None)
    }

    /// Adds a room; `owners` are those of a private room.
    pub(super) fn add(
        &self,
        map: &mut RoomMap,
        name: &RoomName,
        owners: Option<[OwnerId; 2]>,
    ) -> io::Result<Result<Arc<Room>, TooManyRooms>> {
        let max = if name.is_private() { self.max_private } else { self.max_public };
        let is_full = |map: &RoomMap| {
            let same_kind = map.keys().filter(|log| log.room.is_private() == name.is_private());
            same_kind.count() >= max
        };
        if map.len() >= max && is_full(map) {
            // Forgets rooms without clients and records. Nothing else refers to them: they can only be
            // found through this map, which is locked.
            map.retain(|_, room| {
                Arc::strong_count(room) > 1 || room.head() > 0 || room.log.write_error().is_some()
            });
            if is_full(map) {
                return Ok(Err(TooManyRooms));
            }
        }
        let id = self.entropy.token()?;
        let log_name = LogName::new(name.clone(), &id);
        let log = self.store.new_log(name, self.log_config, id, owners);
        let room = Arc::new(Room::new(name.clone(), log)?);
        map.insert(log_name, Arc::clone(&room));
        Ok(Ok(room))
    }

    /// Every open room, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.lock().values().cloned().collect()
    }

    /// A watch over the lock of the data directory.
    pub(crate) fn watch_lock(&self) -> io::Result<LockWatch> {
        self.store.watch_lock()
    }

    /// Notes whether another server has taken the lock of the data directory; returns the note before.
    pub(crate) fn set_lock_lost(&self, is_lost: bool) -> bool {
        self.is_lock_lost.swap(is_lost, Ordering::Relaxed)
    }

    /// Whether another server has taken the lock of the data directory.
    pub(crate) fn is_lock_lost(&self) -> bool {
        self.is_lock_lost.load(Ordering::Relaxed)
    }

    /// Why a room's log cannot be written now, if so.
    pub(super) fn write_error(&self) -> Option<String> {
        if self.is_lock_lost() {
            return Some(String::from("another server uses the data directory"));
        }
        self.all().iter().find_map(|room| room.log.write_error())
    }

    /// Where the data directory is.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.store.root()
    }

    /// Lists all logs, to correct the count of the bytes that they take.
    pub(crate) fn recount_usage(&self) -> io::Result<()> {
        self.store.recount_usage()
    }

    /// What is counted about logs.
    pub(crate) fn log_metrics(&self) -> &LogMetrics {
        self.store.metrics()
    }
}
