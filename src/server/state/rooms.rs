//! Every open room.
//!
//! There is a maximum of public rooms, and one of private ones. Once it is reached, the server gives
//! back a room: first those without records, then one whose few records are old.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::disk_space::DiskSpace;
use super::findings::log_finding;
use super::{restore, room_memory};
use crate::chat::protocol::ErrorMessage;
use crate::chat::{ErrorCode, OwnerId, RoomName};
use crate::failpoint;
use crate::log::{LockWatch, LogConfig, LogMetrics, LogName, Store};
use crate::net::entropy::Entropy;
use crate::server::clock::SteadyClock;
use crate::server::config::Config;
use crate::server::logger::Logger;
use crate::server::quotas::{CreationQuota, Holding, QuotaRefusal, Quotas};
use crate::server::room::{Room, RoomContext};

/// Rooms by the names of their logs. Several private rooms may have one name, each with other owners.
pub(crate) type RoomMap = BTreeMap<LogName, Arc<Room>>;

/// Every open room.
///
/// The lock protects the map. Under it a room may be asked for its state, a network's share be changed, and
/// the directory of a room be renamed that no one uses; a room never takes this lock.
#[derive(Debug)]
pub(crate) struct Rooms {
    /// The open rooms.
    map: Mutex<RoomMap>,
    /// The data directory.
    store: Store,
    /// How new logs are stored.
    log_config: LogConfig,
    /// The maximum of public rooms.
    public: RoomMaximum,
    /// The maximum of private rooms.
    private: RoomMaximum,
    /// For the ids of new logs.
    entropy: Arc<Entropy>,
    /// The time of records.
    pub(crate) clock: Arc<SteadyClock>,
    /// Whether there is room for more posts.
    pub(crate) disk_space: DiskSpace,
    /// What all rooms share.
    pub(crate) context: Arc<RoomContext>,
    /// For rooms that the server removes, and damage that a load finds.
    logger: Logger,
}

/// How many rooms of one kind there may be.
#[derive(Debug)]
struct RoomMaximum {
    /// In all.
    rooms: usize,
    /// By the clients of one network.
    quota: Arc<CreationQuota>,
}

/// Why a room is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenRefusal {
    /// As many rooms are open as the server allows, and none can be given back.
    Full,
    /// The client's network has created as many as it may.
    Quota(QuotaRefusal),
}

impl OpenRefusal {
    /// The error for the client that wanted to open a public or a private room.
    pub(crate) fn to_error(self, name: &RoomName) -> ErrorMessage {
        let message = match (self, name.is_private()) {
            (OpenRefusal::Full, false) => "this server has reached its limit of rooms",
            (OpenRefusal::Full, true) => "this server has reached its limit of private rooms",
            (OpenRefusal::Quota(QuotaRefusal::TooManyNew(_)), false) => {
                "your network has opened too many new rooms, try again later"
            }
            (OpenRefusal::Quota(QuotaRefusal::TooManyNew(_)), true) => {
                "your network has written to too many people for the first time, try again later"
            }
            (OpenRefusal::Quota(QuotaRefusal::ShareIsHeld), false) => {
                "your network has opened as many rooms as it may, use one of them"
            }
            (OpenRefusal::Quota(QuotaRefusal::ShareIsHeld), true) => {
                "your network has opened as many private rooms as it may"
            }
        };
        let error = ErrorMessage::new(ErrorCode::TooManyRooms, message);
        match self {
            OpenRefusal::Quota(QuotaRefusal::TooManyNew(wait)) => error.retry_after(wait),
            OpenRefusal::Quota(QuotaRefusal::ShareIsHeld) | OpenRefusal::Full => error,
        }
    }
}

/// A room that may have to be created.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedRoom<'w> {
    /// Its name.
    pub(super) name: &'w RoomName,
    /// The owners of a private room.
    pub(super) owners: Option<[OwnerId; 2]>,
    /// The address of the client that wants it.
    pub(super) address: IpAddr,
}

impl Rooms {
    /// The rooms that have a log in `store`. No log is read.
    ///
    /// # Errors
    /// When the names of the logs could not be read, or the first of them are of a later version.
    pub(super) fn new(
        store: Store,
        (config, quotas): (&Config, &Quotas),
        entropy: Arc<Entropy>,
        logger: Logger,
    ) -> io::Result<Rooms> {
        let limits = &config.limits.rooms;
        let memory = Arc::clone(&store.metrics().memory);
        let context = Arc::new(RoomContext::new(memory, limits.memory));
        let mut map = RoomMap::new();
        for name in store.log_names()? {
            let log = store.open_log(&name, config.log, entropy.token()?);
            let room = Room::new(name.room.clone(), log, &context);
            map.insert(name, Arc::new(room));
        }
        restore::peek(&map)?;
        let clock = Arc::new(restore::start_clock(config, &map, &logger));
        let maximum = |rooms: usize, quota: &Arc<CreationQuota>| {
            let quota = Arc::clone(quota);
            RoomMaximum { rooms, quota }
        };
        Ok(Rooms {
            map: Mutex::new(map),
            disk_space: DiskSpace::new(config.limits.disk, Arc::clone(store.metrics())),
            store,
            log_config: config.log,
            public: maximum(limits.public, &quotas.rooms),
            private: maximum(limits.private, &quotas.private_rooms),
            entropy,
            clock,
            context,
            logger,
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, RoomMap> {
        failpoint::check(self.map.lock().unwrap_or_else(PoisonError::into_inner), "rooms")
    }

    /// The public room of this name, for a client with this address; opens it if necessary.
    pub(crate) fn open(
        &self,
        name: &RoomName,
        address: IpAddr,
    ) -> io::Result<Result<Arc<Room>, OpenRefusal>> {
        let log = LogName::new(name.clone(), "");
        let wanted = WantedRoom { name, owners: None, address };
        let opened =
            self.find_or_create(wanted, |map| map.get(&log).cloned(), || |_: &Room| true)?;
        if let Ok(room) = &opened {
            self.load(room)?;
        }
        Ok(opened)
    }

    /// The public room of this name, if it is open.
    pub(crate) fn find(&self, name: &RoomName) -> Option<Arc<Room>> {
        self.lock().get(&LogName::new(name.clone(), "")).cloned()
    }

    /// Opens a room whose log was not loaded since the start, and logs the damage that this finds. It may
    /// wait for the disk, so the caller holds no lock.
    ///
    /// # Errors
    /// When the log could not be loaded.
    pub(crate) fn load(&self, room: &Room) -> io::Result<()> {
        let finding = room.open()?; // maintenance logs an error, once
        finding.iter().for_each(|finding| log_finding(&self.logger, finding));
        Ok(())
    }

    /// The room that `find` finds, or else a new one. If there are too many, a room that `is_abandoned` may
    /// be given back; it is called only then, and without the lock.
    pub(super) fn find_or_create<F: Fn(&Room) -> bool>(
        &self,
        wanted: WantedRoom<'_>,
        find: impl Fn(&RoomMap) -> Option<Arc<Room>>,
        is_abandoned: impl Fn() -> F,
    ) -> io::Result<Result<Arc<Room>, OpenRefusal>> {
        let found = find(&self.lock());
        if let Some(room) = found {
            return Ok(Ok(room));
        }
        let place = match self.take_place(wanted) {
            Ok(place) => place,
            Err(refusal) => return Ok(Err(OpenRefusal::Quota(refusal))),
        };
        loop {
            let mut map = self.lock();
            if let Some(room) = find(&map) {
                return Ok(Ok(room)); // another client has created it meanwhile
            }
            if !self.is_full(&map, wanted.name) {
                return self.create(&mut map, wanted, place).map(Ok);
            }
            drop(map);
            if !self.give_back(wanted.name, is_abandoned()) {
                self.maximum(wanted.name).quota.refused.count();
                return Ok(Err(OpenRefusal::Full));
            }
        }
    }

    /// The place of a new room in the share of its client's network. The default room needs none: it always
    /// opens.
    fn take_place(&self, wanted: WantedRoom<'_>) -> Result<Option<Holding>, QuotaRefusal> {
        if is_default(wanted.name) {
            return Ok(None);
        }
        let forget = || Rooms::forget_unused(&mut self.lock());
        let quota = &self.maximum(wanted.name).quota;
        quota.take(wanted.address, Instant::now(), forget).map(Some)
    }

    fn maximum(&self, name: &RoomName) -> &RoomMaximum {
        if name.is_private() { &self.private } else { &self.public }
    }

    fn is_full(&self, map: &RoomMap, name: &RoomName) -> bool {
        let max = self.maximum(name).rooms;
        let counts =
            |log: &&LogName| log.room.is_private() == name.is_private() && !is_default(&log.room);
        !is_default(name) && map.len() >= max && map.keys().filter(counts).count() >= max
    }

    fn create(
        &self,
        map: &mut RoomMap,
        wanted: WantedRoom<'_>,
        place: Option<Holding>,
    ) -> io::Result<Arc<Room>> {
        let WantedRoom { name, owners, .. } = wanted;
        let id = self.entropy.token()?;
        let log_name = LogName::new(name.clone(), &id);
        let log = self.store.new_log(name, self.log_config, id, owners);
        let room = Room::new(name.clone(), log, &self.context).with_place(place);
        let room = Arc::new(room);
        room.open()?; // an empty log: nothing is read
        map.insert(log_name, Arc::clone(&room));
        Ok(room)
    }

    // ---- All rooms -----------------------------------------------------------------------------

    /// Every open room, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Room>> {
        self.lock().values().cloned().collect()
    }

    /// The same for a pass that takes a while. It holds one room at a time: rooms that are held are in use.
    pub(crate) fn each(&self) -> impl Iterator<Item = Arc<Room>> {
        let rooms: Vec<Weak<Room>> = self.lock().values().map(Arc::downgrade).collect();
        rooms.into_iter().filter_map(|room| room.upgrade())
    }

    /// A watch over the lock of the data directory.
    pub(crate) fn watch_lock(&self) -> io::Result<LockWatch> {
        self.store.watch_lock()
    }

    /// Notes whether another server has taken the lock of the data directory; returns the note before.
    pub(crate) fn set_lock_lost(&self, is_lost: bool) -> bool {
        self.store.set_lock_lost(is_lost)
    }

    /// Whether another server has taken the lock of the data directory.
    pub(crate) fn is_lock_lost(&self) -> bool {
        self.store.is_lock_lost()
    }

    /// How many public and how many private rooms are open.
    pub(crate) fn count(&self) -> [usize; 2] {
        let map = self.lock();
        let private = map.keys().filter(|log| log.room.is_private()).count();
        [map.len().saturating_sub(private), private]
    }

    /// The names of all private rooms.
    pub(super) fn private_names(&self) -> HashSet<RoomName> {
        let map = self.lock();
        map.keys().map(|log| &log.room).filter(|room| room.is_private()).cloned().collect()
    }

    /// The ids of all logs; `None` while some are unknown, because their rooms are not open.
    pub(super) fn log_ids(&self) -> Option<HashSet<Arc<str>>> {
        let is_known = self.context.unopened.get() == 0;
        is_known.then(|| self.all().iter().map(|room| room.log.id()).collect())
    }

    /// Keeps what rooms have in memory within the limit.
    pub(crate) fn release_idle(&self) {
        let RoomContext { memory, memory_limit, .. } = &*self.context;
        if memory.get() > *memory_limit {
            room_memory::release(self.all(), memory, *memory_limit);
        }
    }

    /// The data directory.
    pub(super) fn store(&self) -> &Store {
        &self.store
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

/// Whether it is the room that clients join by themselves.
fn is_default(name: &RoomName) -> bool {
    *name == RoomName::default()
}

mod giving_back; // rooms that the server removes, because there are too many

#[cfg(test)]
mod tests;
