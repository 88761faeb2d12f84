//! Everything that the threads of one server share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::invitations::Invitations;
use super::memberships::MembershipStore;
use super::names::Names;
use super::private_rooms::PrivateRooms;
use super::read_markers::ReadMarkerStore;
use super::restore;
use super::rooms::Rooms;
use crate::log::Store;
use crate::net::entropy::Entropy;
use crate::server::clients::admission::Admission;
use crate::server::clients::delivery::Delivery;
use crate::server::config::Config;
use crate::server::logger::{Level, Logger};
use crate::server::metrics::Metrics;
use crate::server::quotas::Quotas;
use crate::server::room::broadcast::Broadcaster;

/// The parts. Each has its own lock; functions take the part they need.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What the operator has chosen.
    pub(crate) config: Config,
    /// The operator's log.
    pub(crate) logger: Logger,
    /// What the server counts.
    pub(crate) metrics: Arc<Metrics>,
    /// Limits on connections.
    pub(crate) admission: Arc<Admission>,
    /// Fair shares of what clients can make grow.
    pub(crate) quotas: Quotas,
    /// The connected clients, and sending to them.
    pub(crate) delivery: Arc<Delivery>,
    /// Runs rounds: store, then broadcast.
    pub(crate) broadcaster: Arc<Broadcaster>,
    /// Claims of names.
    pub(crate) names: Arc<Names>,
    /// Every open room.
    pub(crate) rooms: Arc<Rooms>,
    /// How far each owner has read.
    pub(crate) read_markers: Arc<ReadMarkerStore>,
    /// The rooms that each owner has joined, and the members of each room.
    pub(crate) memberships: Arc<MembershipStore>,
    /// Rooms of two owners.
    pub(crate) private_rooms: PrivateRooms,
}

impl Shared {
    /// Loads names, read markers and memberships from `store`. Each room is loaded when it is first needed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn new(
        config: Config,
        store: Store,
        logger: Logger,
        entropy: Entropy,
    ) -> io::Result<Shared> {
        let entropy = Arc::new(entropy);
        let quotas = Quotas::new(&config);
        let rooms = Rooms::new(store, (&config, &quotas), Arc::clone(&entropy), logger.clone())?;
        let clock = Arc::clone(&rooms.clock);
        restore::warn_of_missing_names(rooms.store(), rooms.each(), &logger);
        let (registry, names_file) = restore::load_names(&config, rooms.store(), &clock, &logger)?;
        let (markers, markers_file) = restore::load_read_markers(rooms.store(), &logger)?;
        let max = config.limits.rooms.per_client;
        let (memberships, file) = restore::load_memberships(rooms.store(), max, &logger)?;
        let metrics = Arc::new(Metrics::default());
        let delivery = Arc::new(Delivery::new(Arc::clone(&metrics), logger.clone()));
        let broadcaster = Arc::new(Broadcaster::new(Arc::clone(&delivery)));
        let names = Names::new(registry, names_file, entropy, clock, Arc::clone(&quotas.names));
        let (names, rooms) = (Arc::new(names), Arc::new(rooms));
        let memberships = MembershipStore::new(memberships, file, Arc::clone(&names));
        let memberships = Arc::new(memberships);
        let read_markers = Arc::new(ReadMarkerStore::new(markers, markers_file));
        Ok(Shared {
            quotas,
            admission: Admission::new(config.max_clients, config.max_per_address, &config.limits),
            logger,
            metrics,
            private_rooms: PrivateRooms {
                names: Arc::clone(&names),
                rooms: Arc::clone(&rooms),
                read_markers: Arc::clone(&read_markers),
                memberships: Arc::clone(&memberships),
                delivery: Arc::clone(&delivery),
                broadcaster: Arc::clone(&broadcaster),
                is_peeked: AtomicBool::new(false),
                invitations: Invitations::new(config.limits.rooms.per_client),
            },
            config,
            delivery,
            broadcaster,
            names,
            rooms,
            read_markers,
            memberships,
        })
    }

    /// Counts and logs a panic that was caught; `thread` goes on.
    pub(crate) fn panic_caught(&self, thread: &'static str) {
        self.metrics.panics.count();
        self.logger.log(Level::Warn, "panic-caught", &[("thread", thread)]);
    }

    /// Why something cannot be stored now, if so.
    pub(crate) fn write_error(&self) -> Option<String> {
        let names = self.names.write_error();
        let read_markers = self.read_markers.write_error();
        let memberships = self.memberships.write_error();
        names.or(read_markers).or(memberships).or_else(|| self.rooms.write_error())
    }
}
