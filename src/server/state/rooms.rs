//! Every open room.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::findings::log_finding;
use super::room_memory;
use crate::chat::{OwnerId, RoomName};
use crate::failpoint;
use crate::limits;
use crate::log::{LogConfig, LogMetrics, LogName, Store};
use crate::net::entropy::Entropy;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::room::{Room, RoomContext};

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
    /// What all rooms share.
    pub(crate) context: Arc<RoomContext>,
    /// Bytes that logs and cids may take in memory.
    memory_limit: usize,
    /// Where damage that a load finds is logged.
    logger: Logger,
}

/// As many rooms are open as the server allows.
#[derive(Debug)]
pub(crate) struct TooManyRooms;

impl Rooms {
    /// The rooms that have a log in `store`. No log is read.
    ///
    /// # Errors
    /// When the names of the logs could not be read, or the first of them are of a later version.
    pub(super) fn new(
        store: Store,
        config: &Config,
        logger: Logger,
        entropy: Arc<Entropy>,
    ) -> io::Result<Rooms> {
        let context = Arc::new(RoomContext::new(Arc::clone(&store.metrics().memory)));
        let mut map = RoomMap::new();
        for name in store.log_names()? {
            let log = store.open_log(&name, config.log, entropy.token()?);
            let room = Room::new(name.room.clone(), log, &context);
            map.insert(name, Arc::new(room));
        }
        let public = map.values().filter(|room| !room.name.is_private());
        for room in public.take(limits::START_PEEKS) {
            room.log.peek()?; // an older version must not begin to work on these data
        }
        Ok(Rooms {
            map: Mutex::new(map),
            store,
            log_config: config.log,
            max_public: config.limits.rooms.public,
            max_private: config.limits.rooms.private,
            entropy,
            context,
            memory_limit: config.limits.rooms.memory,
            logger,
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, RoomMap> {
        failpoint::check(self.map.lock().unwrap_or_else(PoisonError::into_inner), "rooms")
    }

    /// The public room of this name; opens it if necessary.
    pub(crate) fn open(&self, name: &RoomName) -> io::Result<Result<Arc<Room>, TooManyRooms>> {
        let opened = {
            let mut map = self.lock();
            match map.get(&LogName::new(name.clone(), "")) {
                Some(room) => Ok(Arc::clone(room)),
                None => self.add(&mut map, name, None)?,
            }
        };
        if let Ok(room) = &opened {
            self.load(room)?;
        }
        Ok(opened)
    }

    /// Opens a room whose log was not loaded since the start, and logs the damage that this finds. It may
    /// wait for the disk, so the caller holds no lock.
    ///
    /// # Errors
    /// When the log could not be loaded.
    pub(crate) fn load(&self, room: &Room) -> io::Result<()> {
        match room.open() {
            Ok(finding) => {
                finding.iter().for_each(|finding| log_finding(&self.logger, finding));
                Ok(())
            }
            Err(error) => {
                let fields = [("room", room.name.as_str()), ("error", &error.to_string())];
                self.logger.log(Level::Warn, "room-not-loaded", &fields);
                Err(error)
            }
        }
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
        let room = Arc::new(Room::new(name.clone(), log, &self.context));
        room.open()?; // an empty log: nothing is read
        map.insert(log_name, Arc::clone(&room));
        Ok(Ok(room))
    }

    /// Every open room, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.lock().values().cloned().collect()
    }

    /// The ids of all logs; `None` while some are unknown, because their rooms are not open.
    pub(super) fn log_ids(&self) -> Option<HashSet<Arc<str>>> {
        let is_known = self.context.unopened.get() == 0;
        is_known.then(|| self.all().iter().map(|room| room.log.id()).collect())
    }

    /// Keeps what rooms have in memory within the limit.
    pub(crate) fn release_idle(&self) {
        if self.context.memory.get() > self.memory_limit {
            room_memory::release(self.all(), &self.context.memory, self.memory_limit);
        }
    }

    /// Whether more than half of the memory for rooms is in use: then the pass that loads every room once
    /// unloads each room again.
    pub(crate) fn is_memory_scarce(&self) -> bool {
        self.context.memory.get() > self.memory_limit / 2
    }

    /// Why a room's log cannot be written now, if so.
    pub(super) fn write_error(&self) -> Option<String> {
        self.all().iter().find_map(|room| room.log.write_error())
    }

    /// What is counted about logs.
    pub(crate) fn log_metrics(&self) -> &LogMetrics {
        self.store.metrics()
    }
}
