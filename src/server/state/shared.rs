//! Everything the threads of one server share.
//!
//! Room: the parts, each behind its own lock, and the few acts that touch more than one. No owners of
//! these locks are ever held at once.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::guests::Invitations;
use super::restore;
use crate::chat::protocol::ServerMessage;
use crate::chat::{
    AwayMessage, ClientId, ErrorCode, Identity, NameRegistry, NameTaken, OwnerId, ReadMarker,
    ReadMarkers, Rejection, RoomName, SavedClaim, Token, UserName,
};
use crate::failpoint;
use crate::log::{Journal, LogMetrics, LogName, Store};
use crate::net::Sent;
use crate::net::entropy::Entropy;
use crate::server::clients::admission::Admission;
use crate::server::clients::client::Client;
use crate::server::clients::disconnect;
use crate::server::clients::memory_budget::MemoryBudget;
use crate::server::clients::poll::Poll;
use crate::server::clients::slow_clients::SlowClients;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::metrics::Metrics;
use crate::server::room::Room;
use crate::server::room::round::Carrier;
use crate::time::Now;
use crate::ws::{self, CloseCode};

/// What is shared.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) logger: Logger,
    pub(crate) admission: Arc<Admission>,
    pub(crate) poll: Poll,
    pub(crate) invitations: Invitations,
    pub(crate) carrier: Carrier,
    pub(crate) slow_clients: SlowClients,
    pub(crate) entropy: Entropy,
    pub(crate) memory_budget: MemoryBudget,
    pub(crate) metrics: Metrics,
    store: Store,
    names: Mutex<NameRegistry>,
    names_file: Mutex<Journal<SavedClaim>>,
    marks: Mutex<ReadMarkers>,
    marks_file: Mutex<Journal<ReadMarker>>,
    rooms: Mutex<Rooms>,
    clients: AtomicU64,
    stopping: AtomicBool,
}

/// Every open room. A private one may be there several times, with other owners of the owners names.
pub(crate) type Rooms = BTreeMap<LogName, Arc<Room>>;

/// As many rooms are open as one server has.
#[derive(Debug)]
pub(crate) struct TooManyRooms;

impl Shared {
    /// The shared that is kept in `store`, with every room and every held name that it has.
    ///
    /// # Errors
    /// What kept the store from being read. A room that is damaged is no error: it is told, and can
    /// be read up to there.
    pub(crate) fn new(
        config: Config,
        store: Store,
        logger: Logger,
        entropy: Entropy,
    ) -> io::Result<Shared> {
        let (names, names_file) = restore::names(&config, &store, &logger)?;
        let (marks, marks_file) = restore::marks(&store, &logger)?;
        let rooms = restore::rooms(&config, &store, &logger, &entropy)?;
        Ok(Shared {
            entropy,
            memory_budget: MemoryBudget::new(config.limits.partial_messages),
            admission: Admission::new(config.max_clients, config.max_per_address, &config.limits),
            metrics: Metrics::default(),
            store,
            names: Mutex::new(names),
            names_file: Mutex::new(names_file),
            marks: Mutex::new(marks),
            marks_file: Mutex::new(marks_file),
            config,
            logger,
            poll: Poll::default(),
            invitations: Invitations::default(),
            carrier: Carrier::default(),
            slow_clients: SlowClients::default(),
            rooms: Mutex::new(rooms),
            clients: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
        })
    }

    /// The one place the lock around the rooms is taken.
    pub(crate) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        failpoint::check(self.rooms.lock().unwrap_or_else(PoisonError::into_inner), "rooms")
    }

    pub(crate) fn next_client(&self) -> ClientId {
        ClientId(self.clients.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// A thread has panicked, and what it was to do goes on without what it just did.
    pub(crate) fn panicked(&self, thread: &'static str) {
        self.metrics.panics.count();
        self.logger.log(Level::Warn, "panic-survived", &[("thread", thread)]);
    }

    // ---- NameRegistry ---------------------------------------------------------------------------------

    /// The names that are held.
    pub(crate) fn names(&self) -> MutexGuard<'_, NameRegistry> {
        failpoint::check(self.names.lock().unwrap_or_else(PoisonError::into_inner), "names")
    }

    /// How far everybody has read.
    pub(crate) fn marks(&self) -> MutexGuard<'_, ReadMarkers> {
        failpoint::check(self.marks.lock().unwrap_or_else(PoisonError::into_inner), "marks")
    }

    /// The file of read markers, held by the thread that tends it.
    pub(crate) fn marks_file(&self) -> MutexGuard<'_, Journal<ReadMarker>> {
        failpoint::check(
            self.marks_file.lock().unwrap_or_else(PoisonError::into_inner),
            "marks_file",
        )
    }

    /// Claims a name for one connection, or says why it cannot be had.
    pub(crate) fn claim(
        &self,
        user: &UserName,
        shown: Option<&Token>,
    ) -> Result<Identity, Rejection> {
        let fresh = self.entropy.token().ok().and_then(|token| token.parse().ok());
        let fresh: Token = fresh.ok_or_else(|| {
            Rejection::new(ErrorCode::Storage, "the server has no randomness to make a key from")
        })?;
        let held = self.names().claim(user, shown, fresh, Instant::now()).map_err(|NameTaken| {
            Rejection::new(ErrorCode::NameTaken, "someone else holds this name, choose another")
        });
        self.keep_names();
        held
    }

    /// One connection gives its name back.
    pub(crate) fn release(&self, user: &UserName) {
        self.names().release(user, Instant::now());
        self.keep_names();
    }

    /// The owner of a name has posted.
    pub(crate) fn posted(&self, user: &UserName) {
        let first = self.names().posted(user);
        if first {
            self.keep_names();
        }
    }

    /// The file of names. Its lock is held over a small write; names are taken under it, so that
    /// their lines stand in the order in which things happened.
    fn names_file(&self) -> MutexGuard<'_, Journal<SavedClaim>> {
        failpoint::check(
            self.names_file.lock().unwrap_or_else(PoisonError::into_inner),
            "names_file",
        )
    }

    /// Keeps what has changed about names over a kill. What cannot be written now comes again.
    fn keep_names(&self) {
        let mut file = self.names_file();
        let changed = self.names().take_changed(Now::read());
        if !changed.is_empty() && file.append(&changed).is_err() {
            self.names().put_back(&changed);
        }
    }

    /// What is done about names by the clock.
    pub(crate) fn tend_names(&self) -> io::Result<()> {
        self.keep_names();
        let mut file = self.names_file();
        if file.is_stale() {
            let all = {
                let mut names = self.names();
                names.take_changed(Now::read()); // all of them are written anyway
                names.all(Now::read())
            };
            return file.compact(&all);
        }
        let unsynced = file.take_unsynced();
        drop(file); // who claims a name does not wait for a disk
        unsynced.map_or(Ok(()), |unsynced| unsynced.sync_data())
    }

    /// Whether the owner of a name is away, and why.
    pub(crate) fn away(&self, user: &UserName) -> Option<AwayMessage> {
        self.names().away(user)
    }

    /// The owner of a name is away from now on, or back: whoever shares a room with them is told.
    pub(crate) fn set_away(&self, user: &UserName, away: Option<AwayMessage>) {
        self.names().set_away(user, away);
        self.keep_names();
        let key = user.key();
        let rooms = self.all_rooms();
        for room in rooms.iter().filter(|room| room.connections(&key) > 0) {
            self.tell_away(user, room);
        }
    }

    /// Tells a room whether somebody who is in it is away. What is true is asked for after they are in:
    /// it may have changed meanwhile, and whoever changed it may not have found them here.
    pub(crate) fn tell_away(&self, user: &UserName, room: &Arc<Room>) {
        let away = self.away(user);
        self.carry(room.set_away(user, away.as_ref()));
    }

    // ---- Rooms ---------------------------------------------------------------------------------

    /// The public room of this name, opened if need be.
    pub(crate) fn open_room(&self, name: &RoomName) -> io::Result<Result<Arc<Room>, TooManyRooms>> {
        let mut rooms = self.rooms();
        if let Some(room) = rooms.get(&LogName::new(name.clone(), "")) {
            return Ok(Ok(Arc::clone(room)));
        }
        self.add_room(&mut rooms, name, None)
    }

    /// Adds a room; `owners` are the owners of a private one's names.
    pub(crate) fn add_room(
        &self,
        rooms: &mut Rooms,
        name: &RoomName,
        owners: Option<[OwnerId; 2]>,
    ) -> io::Result<Result<Arc<Room>, TooManyRooms>> {
        let limits = &self.config.limits;
        let most = if name.is_private() { limits.private_rooms } else { limits.rooms };
        let is_full = |rooms: &Rooms| {
            let kind = rooms.keys().filter(|log| log.room.is_private() == name.is_private());
            kind.count() >= most
        };
        if rooms.len() >= most && is_full(rooms) {
            // A room that nobody is in and nothing was said in was only ever a name. Nobody can
            // find it again but through this map, which is locked.
            rooms.retain(|_, room| {
                Arc::strong_count(room) > 1 || room.head() > 0 || room.log.write_error().is_some()
            });
            if is_full(rooms) {
                return Ok(Err(TooManyRooms));
            }
        }
        let id = self.entropy.token()?;
        let log_name = LogName::new(name.clone(), &id);
        let log = self.store.new_log(name, self.config.log, id, owners);
        let room = Arc::new(Room::new(name.clone(), log)?);
        rooms.insert(log_name, Arc::clone(&room));
        Ok(Ok(room))
    }

    /// Every open room, by name.
    pub(crate) fn all_rooms(&self) -> Vec<Arc<Room>> {
        self.rooms().values().cloned().collect()
    }

    /// Why something cannot be stored now, if that is so.
    pub(crate) fn write_error(&self) -> Option<String> {
        let names = self.names_file().write_error().map(String::from);
        let marks = self.marks_file().write_error().map(String::from);
        names.or(marks).or_else(|| self.all_rooms().iter().find_map(|room| room.log.write_error()))
    }

    /// What is counted about logs.
    pub(crate) fn meters(&self) -> &LogMetrics {
        self.store.metrics()
    }

    // ---- Delivery ------------------------------------------------------------------------------

    /// Sends frames to one client, who is dismissed if it has fallen too far behind.
    pub(crate) fn deliver(&self, client: &Arc<Client>, frames: &Arc<[u8]>) {
        let sent = client.send_queue.send(frames);
        if sent != Sent::Closed {
            self.metrics.sent_bytes.add(frames.len());
        }
        self.see_to(client, sent);
    }

    /// What becomes of a client who was sent something.
    pub(crate) fn see_to(&self, client: &Arc<Client>, sent: Sent) {
        match sent {
            Sent::Written | Sent::Queued | Sent::Closed => {}
            Sent::FellBehind => self.slow_clients.add(client),
            Sent::Overflow => {
                self.metrics.evicted.count();
                self.dismiss(client, disconnect::TOO_FAR_BEHIND, "reconnect and resume");
            }
        }
    }

    /// Sends one message to one client.
    pub(crate) fn tell(&self, client: &Arc<Client>, reply: &ServerMessage) {
        if let ServerMessage::Error { code, .. } = reply {
            self.metrics.refused(*code);
        }
        self.tell_json(client, &reply.encode());
    }

    /// The same for a message that is JSON already.
    pub(crate) fn tell_json(&self, client: &Arc<Client>, json: &str) {
        let mut frame = Vec::with_capacity(json.len() + 10);
        ws::push_text_frame(&mut frame, json.as_bytes());
        self.deliver(client, &frame.into());
    }

    /// Closes one client's connection: a Close frame, and then, from its session or the pulse, the
    /// end.
    pub(crate) fn dismiss(&self, client: &Arc<Client>, code: CloseCode, reason: &str) {
        let frame = client.close(code, reason);
        let sent = client.send_queue.send_last(&frame);
        if sent == Sent::FellBehind {
            self.slow_clients.add(client);
        }
        if sent != Sent::Closed {
            let (id, code) = (client.id.0.to_string(), code.get().to_string());
            let particulars = [("client", &*id), ("code", &*code), ("reason", reason)];
            self.logger.log(Level::Debug, "dismissed", &particulars);
        }
    }
}
