//! Admission: how many connections the server accepts, in total and per network.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::memory_budget::MemoryBudget;
use crate::failpoint;
use crate::http::{Response, Status};
use crate::limits;
use crate::server::quotas::{Holding, RateQuota, ShareQuota};
use crate::server::tunable_limits::Limits;

/// Grants slots to connections, and memory to their partial messages.
///
/// The lock protects the counts, which change in single steps. The quotas have their own locks.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Connections at once.
    max: usize,
    /// Connections of each network at once; `None` if networks have no limit.
    slots: Option<Arc<ShareQuota>>,
    /// New WebSockets in a minute.
    new_websockets: RateQuota,
    /// Wrong passwords in a minute.
    wrong_passwords: RateQuota,
    /// Bytes of partial messages.
    pub(crate) memory_budget: Arc<MemoryBudget>,
    /// Whether the server is shutting down and accepts no more connections.
    is_stopping: AtomicBool,
    /// The connections now.
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Connections that hold a slot.
    open: usize,
    /// Refusals that are being sent.
    refusals: usize,
}

/// A slot that one connection holds. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    slot: Slot,
}

#[derive(Debug)]
enum Slot {
    /// It counts for the network of this holding, if networks have a limit.
    OfNetwork(
        #[expect(dead_code, reason = "it is held, and given back when dropped")] Option<Holding>,
    ),
    /// A proxy opened the connection; its request has not named the client's address yet.
    OfProxy,
    /// One of the few for sending refusals.
    Refusal,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The server has as many connections as it can hold.
    Server,
    /// This network has as many connections as it may have, or has opened as many in the last minute.
    Address,
    /// This network has sent as many wrong passwords in the last minute as it may.
    WrongPasswords,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Admission {
    pub(crate) fn new(max: usize, max_per_address: usize, limits: &Limits) -> Arc<Admission> {
        let has_shares = max_per_address > 0;
        let scaled = max_per_address.saturating_mul(limits.per_address.websockets);
        let new_websockets = scaled.div_ceil(limits::PER_ADDRESS) as u64;
        let wrong_passwords =
            if has_shares { limits.per_address.wrong_passwords as u64 } else { 0 };
        Arc::new(Admission {
            max,
            slots: has_shares.then(|| ShareQuota::new(u64::MAX, max_per_address as u64)),
            new_websockets: RateQuota::new(new_websockets, MINUTE),
            wrong_passwords: RateQuota::new(wrong_passwords, MINUTE),
            memory_budget: MemoryBudget::new(limits.partial_messages, has_shares),
            is_stopping: AtomicBool::new(false),
            counts: Mutex::default(),
        })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        failpoint::check(self.counts.lock().unwrap_or_else(PoisonError::into_inner), "counts")
    }

    /// How many connections are open.
    pub(crate) fn open_connections(&self) -> usize {
        self.counts().open
    }

    /// The server shuts down: the accept loop ends with the next connection.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Whether the server is shutting down.
    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Takes a slot for a connection from `address`.
    pub(crate) fn admit(self: &Arc<Admission>, address: IpAddr) -> Result<Permit, Refused> {
        let mut permit = self.admit_proxy()?;
        permit.assign(address)?;
        Ok(permit)
    }

    /// Takes a slot for a connection from a proxy; [`Permit::assign`] later names the client's address.
    pub(crate) fn admit_proxy(self: &Arc<Admission>) -> Result<Permit, Refused> {
        let mut counts = self.counts();
        if counts.open >= self.max {
            return Err(Refused::Server);
        }
        counts.open += 1;
        Ok(Permit { admission: Arc::clone(self), slot: Slot::OfProxy })
    }

    /// Takes one of the few slots for sending a refusal; without one, the connection is dropped.
    pub(crate) fn admit_for_refusal(self: &Arc<Admission>) -> Option<Permit> {
        let mut counts = self.counts();
        (counts.refusals < limits::REFUSALS).then(|| {
            counts.refusals += 1;
            Permit { admission: Arc::clone(self), slot: Slot::Refusal }
        })
    }

    /// Counts a new WebSocket from `address`.
    pub(crate) fn count_websocket(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        if !self.wrong_passwords.has_tokens(address, now) {
            return Err(Refused::WrongPasswords);
        }
        self.new_websockets.take(address, 1, now).map_err(|_| Refused::Address)
    }

    /// Counts a password that `address` has sent, and returns whether to accept it. After too many wrong
    /// ones even a right one is refused.
    pub(crate) fn check_password(&self, address: IpAddr, is_right: bool, now: Instant) -> bool {
        if is_right {
            return self.wrong_passwords.has_tokens(address, now);
        }
        self.wrong_passwords.take(address, 1, now).ok(); // a refused use: there are no tokens left to take
        false
    }
}

impl Permit {
    /// Counts a connection from a proxy for `address`; any other keeps its address.
    pub(crate) fn assign(&mut self, address: IpAddr) -> Result<(), Refused> {
        match self.slot {
            Slot::OfNetwork(_) | Slot::Refusal => return Ok(()),
            Slot::OfProxy => {}
        }
        let mut holding = self.admission.slots.as_ref().map(|slots| slots.holding(address));
        if let Some(holding) = &mut holding {
            holding.resize(1).map_err(|_| Refused::Address)?;
        }
        self.slot = Slot::OfNetwork(holding);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        match self.slot {
            Slot::Refusal => counts.refusals -= 1,
            Slot::OfNetwork(_) | Slot::OfProxy => counts.open -= 1,
        }
    }
}

impl Refused {
    /// For the log.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Refused::Server => "server-full",
            Refused::Address => "address-full",
            Refused::WrongPasswords => "wrong-passwords",
        }
    }
}

impl From<Refused> for Response {
    fn from(refused: Refused) -> Response {
        match refused {
            Refused::Server => {
                Response::error(Status::UNAVAILABLE, "this server is full, try again later")
                    .header("Retry-After", "10")
            }
            Refused::Address => Response::error(
                Status::TOO_MANY_REQUESTS,
                "too many connections from your address, try again in a minute",
            )
            .header("Retry-After", "60"),
            Refused::WrongPasswords => Response::error(
                Status::TOO_MANY_REQUESTS,
                "too many wrong passwords from your address, try again in a minute",
            )
            .header("Retry-After", "60"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_slot_is_free_again_when_its_permit_is_dropped() {
        let admission = Admission::new(2, 0, &Limits::default());
        let first = admission.admit(ip("10.0.0.1")).unwrap();
        let _second = admission.admit(ip("10.0.0.1")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.2")).unwrap_err(), Refused::Server);
        drop(first);
        assert!(admission.admit(ip("10.0.0.2")).is_ok());
    }

    #[test]
    fn connections_of_one_address_are_limited_and_an_ipv6_network_is_one_address() {
        let admission = Admission::new(100, 2, &Limits::default());
        let addresses = ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::2:3"];
        let permits: Vec<Permit> =
            addresses.iter().map(|text| admission.admit(ip(text)).unwrap()).collect();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Refused::Address);
        assert_eq!(admission.admit(ip("2001:db8::ffff")).unwrap_err(), Refused::Address);
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_ok());
        drop(permits);
        assert!(admission.admit(ip("10.0.0.1")).is_ok());
    }

    #[test]
    fn a_slot_taken_by_a_proxy_counts_for_the_address_it_names() {
        let admission = Admission::new(4, 1, &Limits::default());
        let mut permits: Vec<Permit> = (0..4).map(|_| admission.admit_proxy().unwrap()).collect();
        assert_eq!(admission.admit_proxy().unwrap_err(), Refused::Server);
        assert_eq!(permits[0].assign(ip("192.0.2.1")), Ok(()));
        assert_eq!(permits[0].assign(ip("192.0.2.9")), Ok(()), "it keeps its address");
        assert_eq!(permits[1].assign(ip("192.0.2.1")), Err(Refused::Address));
        assert_eq!(permits[2].assign(ip("192.0.2.2")), Ok(()));
        drop(permits.remove(0));
        assert_eq!(permits[0].assign(ip("192.0.2.1")), Ok(()));
        drop(permits);
        assert_eq!(admission.open_connections(), 0);
        assert_eq!(admission.slots.as_ref().unwrap().total(), 0);
    }

    #[test]
    fn networks_around_a_site_have_larger_shares() {
        let admission = Admission::new(100_000, 2, &Limits::default());
        let admit = |site: u32| admission.admit(ip(&format!("2001:db8:1:{site:x}::1"))).ok();
        let homes: Vec<Permit> = (0..256).filter_map(admit).collect();
        assert_eq!(homes.len(), 8, "a /56 has four shares");
        let all: Vec<Permit> = (0..65_536).filter_map(admit).collect();
        assert_eq!(homes.len() + all.len(), 32, "a /48 has sixteen");
        assert!(admission.admit(ip("2001:db8:2::1")).is_ok());
    }

    #[test]
    fn new_websockets_of_one_address_are_limited_per_minute() {
        let (admission, now) =
            (Admission::new(100, limits::PER_ADDRESS, &Limits::default()), Instant::now());
        let opened =
            (0..200).filter(|_| admission.count_websocket(ip("10.0.0.1"), now).is_ok()).count();
        assert_eq!(opened, limits::NEW_PER_ADDRESS);
        assert!(admission.count_websocket(ip("10.0.0.1"), now + 2 * MINUTE).is_ok());
    }

    #[test]
    fn after_too_many_wrong_passwords_even_the_right_one_is_refused() {
        let (admission, now) = (Admission::new(100, 64, &Limits::default()), Instant::now());
        assert!(admission.check_password(ip("10.0.0.1"), true, now));
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(admission.count_websocket(ip("10.0.0.1"), now), Ok(()));
            assert!(!admission.check_password(ip("10.0.0.1"), false, now));
        }
        assert!(!admission.check_password(ip("10.0.0.1"), true, now));
        assert_eq!(admission.count_websocket(ip("10.0.0.1"), now), Err(Refused::WrongPasswords));
        assert!(
            admission.check_password(ip("10.0.0.2"), true, now),
            "other addresses are not affected"
        );
        let later = now + 2 * MINUTE;
        assert_eq!(admission.count_websocket(ip("10.0.0.1"), later), Ok(()));
        assert!(admission.check_password(ip("10.0.0.1"), true, later));
    }
}
