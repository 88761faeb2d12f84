//! Quotas: what clients can make grow, or make work for others, is shared fairly.
//!
//! Each such resource has a bound for all, a share for each network of clients, and a way back: what
//! is used least is given back first. A client that reaches its share is refused, and no other is.
//!
//! Depends on `config`, `limits`, `metrics` and `failpoint`; never on rooms, names or clients.

mod network; // what counts as one user
mod rate_quota; // so much in a time
mod share_quota; // so much at once
mod fair_slots; // turns of networks
mod question_quota; // time and bytes of answers

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limits;
use crate::metrics::Counter;
use crate::server::config::Config;
pub(crate) use network::{Network, Networks};
pub(crate) use question_quota::QuestionQuota;
pub(crate) use rate_quota::RateQuota;
pub(crate) use share_quota::{Holding, QuotaExceeded, ShareQuota};

/// The quotas of one server. Each has its own lock.
#[derive(Debug)]
pub(crate) struct Quotas {
    /// Bytes of texts that the clients of a network post, edits and topics included.
    pub(crate) posted_bytes: RateQuota,
    /// Joins, pages of history, searches, lists, and reading the cids of a room.
    pub(crate) questions: QuestionQuota,
    /// New public rooms.
    pub(crate) rooms: Arc<CreationQuota>,
    /// New private rooms.
    pub(crate) private_rooms: Arc<CreationQuota>,
    /// New claims of names.
    pub(crate) names: Arc<CreationQuota>,
}

impl Quotas {
    /// The quotas that `config` asks for; with a `--max-per-address` of 0, networks have no shares.
    pub(crate) fn new(config: &Config) -> Quotas {
        let has_shares = config.max_per_address > 0;
        let of = |amount: usize| if has_shares { amount as u64 } else { 0 };
        let (limits, rooms) = (&config.limits.per_address, &config.limits.rooms);
        let creation = |all: usize, share: usize, burst: usize| {
            let held = ShareQuota::without_bound(all as u64, of(share));
            let new = RateQuota::new(of(burst), limits::CREATION_FILL);
            Arc::new(CreationQuota { new, held, refused: Counter::default() })
        };
        // As many new names as there may be connections: a class may come at once.
        let connections = config.max_per_address.max(limits::PER_ADDRESS);
        let new_names = connections.saturating_mul(limits.new_names);
        let new_names = new_names.div_ceil(limits::PER_ADDRESS);
        let tenth = |rooms: usize| rooms.div_ceil(limits::ROOM_SHARES);
        let names = rooms.names;
        let share_of_names = names.div_ceil(limits::NAME_SHARES).max(new_names);
        Quotas {
            posted_bytes: RateQuota::new(of(limits.posted_bytes), limits::POSTED_BYTES_FILL),
            questions: QuestionQuota::new(has_shares, limits.answer_bytes),
            rooms: creation(rooms.public, tenth(rooms.public), limits.new_rooms),
            private_rooms: creation(rooms.private, tenth(rooms.private), limits.new_private_rooms),
            names: creation(names, share_of_names, new_names),
        }
    }
}

/// How much of one thing the clients of a network may create: so many in a time, and so many that
/// exist at once.
#[derive(Debug)]
pub(crate) struct CreationQuota {
    /// In a time.
    new: RateQuota,
    /// At once, of those created since the server started: who created the others is not stored. The bound
    /// for all is kept where they are, because something is given back once it is reached.
    held: Arc<ShareQuota>,
    /// How often a client was refused.
    pub(crate) refused: Counter,
}

/// A network of the client's address has used up its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotaRefusal {
    /// It created too many in a short time; after this time it may create another.
    TooManyNew(Duration),
    /// It holds its share of all that may exist.
    ShareIsHeld,
}

impl CreationQuota {
    /// Takes the place of one more thing, for a client with this address. It is given back when
    /// the holding is dropped. If the share is held, `give_back` may end what is not used.
    ///
    /// # Errors
    /// The quota that it would exceed. A request that finds the share held counts as a new thing:
    /// so no client makes the server look for what can be given back all the time.
    pub(crate) fn take(
        &self,
        address: IpAddr,
        now: Instant,
        give_back: impl FnOnce(),
    ) -> Result<Holding, QuotaRefusal> {
        let mut holding = self.held.holding(address);
        let taken = self.new.take(address, 1, now).map_err(QuotaRefusal::TooManyNew);
        let taken = taken.and_then(|()| {
            let held = holding.resize(1).or_else(|_| {
                give_back();
                holding.resize(1)
            });
            held.map_err(|_| QuotaRefusal::ShareIsHeld)
        });
        if taken.is_err() {
            self.refused.count();
        }
        taken.map(|()| holding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Hosts, Policy};

    fn quotas(max_per_address: usize) -> Quotas {
        let hosts = Hosts::new(IpAddr::from([127, 0, 0, 1]), None, Vec::new());
        let config = Config::new(Policy { hosts, origins: Vec::new() });
        Quotas::new(&Config { max_per_address, ..config })
    }

    /// How many rooms `address` may hold after it has tried to create one every hour.
    fn rooms_held(quotas: &Quotas, address: &str) -> usize {
        let (address, start) = (address.parse().unwrap(), Instant::now());
        let hours = (0..2_000).map(|hour| start + limits::CREATION_FILL * hour);
        let held: Vec<Holding> =
            hours.filter_map(|now| quotas.rooms.take(address, now, || {}).ok()).collect();
        held.len()
    }

    #[test]
    fn a_network_creates_so_many_in_a_time_and_holds_a_share_of_all() {
        let quotas = quotas(64);
        let (address, now) = ("192.0.2.1".parse().unwrap(), Instant::now());
        let held: Vec<Holding> =
            (0..1_000).map_while(|_| quotas.rooms.take(address, now, || {}).ok()).collect();
        assert_eq!(held.len(), limits::NEW_ROOMS);
        assert!(matches!(quotas.rooms.take(address, now, || {}), Err(QuotaRefusal::TooManyNew(_))));
        drop(held);
        assert_eq!(rooms_held(&quotas, "192.0.2.1"), limits::ROOMS / limits::ROOM_SHARES);
    }

    #[test]
    fn an_organization_holds_half_of_all_at_most() {
        let quotas = quotas(64);
        let mut held = Vec::new();
        for site in 0..65_536_u32 {
            let address = format!("2001:db8:1:{site:x}::1").parse().unwrap();
            let now = Instant::now() + limits::CREATION_FILL * site;
            held.extend(quotas.rooms.take(address, now, || {}).ok());
        }
        assert_eq!(held.len(), limits::ROOMS / 2);
        assert!(quotas.rooms.take("192.0.2.1".parse().unwrap(), Instant::now(), || {}).is_ok());
    }

    #[test]
    fn without_limits_per_address_a_network_may_create_everything() {
        assert_eq!(rooms_held(&quotas(0), "192.0.2.1"), 2_000, "the bound for all is not here");
    }

    #[test]
    fn a_larger_number_of_connections_may_bring_more_new_names() {
        for (connections, names) in [(64, 64), (200, 200), (1, 64)] {
            let (quotas, now) = (quotas(connections), Instant::now());
            let address = "192.0.2.1".parse().unwrap();
            let held: Vec<Holding> =
                (0..1_000).map_while(|_| quotas.names.take(address, now, || {}).ok()).collect();
            assert_eq!(held.len(), names);
        }
    }
}
