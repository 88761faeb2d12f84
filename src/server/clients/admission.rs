//! Admission: how many connections the server accepts, in total and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::memory_budget::MemoryBudget;
use crate::failpoint;
use crate::http::{Response, Status};
use crate::limits;
use crate::server::tunable_limits::Limits;

/// Grants slots to connections, and memory to their partial messages.
///
/// The lock protects the counts, which change in single steps.
#[derive(Debug)]
pub(crate) struct Admission {
    /// Connections at once.
    max: usize,
    /// Connections of one address at once; 0 turns off every limit per address.
    max_per_address: usize,
    /// New WebSockets of one address in a minute.
    new_per_address: usize,
    /// Wrong passwords of one address in a minute.
    wrong_passwords: usize,
    /// Bytes of partial messages.
    pub(crate) memory_budget: MemoryBudget,
    /// Whether the server is shutting down and accepts no more connections.
    is_stopping: AtomicBool,
    /// The connections now, and what each address did lately.
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Connections that hold a slot.
    open: usize,
    /// Refusals that are being sent.
    refusals: usize,
    /// By address; an IPv6 /64 is one.
    addresses: HashMap<IpAddr, AddressCounts>,
}

/// The counts of one address.
#[derive(Debug)]
struct AddressCounts {
    /// Connections that hold a slot.
    open: usize,
    /// New WebSockets since `minute`.
    new: usize,
    /// Wrong passwords since `minute`.
    wrong: usize,
    /// When the current minute started.
    minute: Instant,
}

/// A slot that one connection holds. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    slot: Slot,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    /// It counts for this address.
    OfAddress(IpAddr),
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
    /// This address has as many connections as an address may have, or has opened as many in the last minute.
    Address,
    /// This address has sent as many wrong passwords in the last minute as an address may.
    WrongPasswords,
}

impl Admission {
    pub(crate) fn new(max: usize, max_per_address: usize, limits: &Limits) -> Arc<Admission> {
        let scaled = max_per_address.saturating_mul(limits.per_address.websockets);
        Arc::new(Admission {
            max,
            max_per_address,
            new_per_address: scaled.div_ceil(limits::PER_ADDRESS),
            wrong_passwords: limits.per_address.wrong_passwords,
            memory_budget: MemoryBudget::new(limits.partial_messages),
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
        let mut counts = self.counts();
        counts.check_capacity(self.max)?;
        counts.assign(address, self.max_per_address)?;
        counts.open += 1;
        Ok(self.new_permit(Slot::OfAddress(address)))
    }

    /// Takes a slot for a connection from a proxy; [`Permit::assign`] later names the client's address.
    pub(crate) fn admit_proxy(self: &Arc<Admission>) -> Result<Permit, Refused> {
        let mut counts = self.counts();
        counts.check_capacity(self.max)?;
        counts.open += 1;
        Ok(self.new_permit(Slot::OfProxy))
    }

    fn new_permit(self: &Arc<Admission>, slot: Slot) -> Permit {
        Permit { admission: Arc::clone(self), slot }
    }

    /// Takes one of the few slots for sending a refusal; without one, the connection is dropped.
    pub(crate) fn admit_for_refusal(self: &Arc<Admission>) -> Option<Permit> {
        let mut counts = self.counts();
        (counts.refusals < limits::REFUSALS).then(|| {
            counts.refusals += 1;
            self.new_permit(Slot::Refusal)
        })
    }

    /// Counts a new WebSocket from `address`.
    pub(crate) fn count_websocket(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        if self.max_per_address == 0 {
            return Ok(());
        }
        let mut counts = self.counts();
        let address = counts.counts_of(address);
        address.start_minute(now);
        if address.wrong >= self.wrong_passwords {
            return Err(Refused::WrongPasswords);
        }
        if address.new >= self.new_per_address {
            return Err(Refused::Address);
        }
        address.new += 1;
        Ok(())
    }

    /// Counts a password that `address` has sent, and returns whether to accept it. After too many wrong
    /// ones even a right one is refused.
    pub(crate) fn check_password(&self, address: IpAddr, is_right: bool, now: Instant) -> bool {
        if self.max_per_address == 0 {
            return is_right;
        }
        let mut counts = self.counts();
        let address = counts.counts_of(address);
        address.start_minute(now);
        let is_blocked = address.wrong >= self.wrong_passwords;
        address.wrong += usize::from(!is_right);
        is_right && !is_blocked
    }
}

impl AddressCounts {
    /// Starts a new minute if the last one is over.
    fn start_minute(&mut self, now: Instant) {
        if now.saturating_duration_since(self.minute) >= MINUTE {
            (self.minute, self.new, self.wrong) = (now, 0, 0);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl Permit {
    /// Counts a connection from a proxy for `address`; any other keeps its address.
    pub(crate) fn assign(&mut self, address: IpAddr) -> Result<(), Refused> {
        match self.slot {
            Slot::OfAddress(_) | Slot::Refusal => return Ok(()),
            Slot::OfProxy => {
                let max_per_address = self.admission.max_per_address;
                self.admission.counts().assign(address, max_per_address)?;
            }
        }
        self.slot = Slot::OfAddress(address);
        Ok(())
    }
}

impl Counts {
    fn check_capacity(&self, max: usize) -> Result<(), Refused> {
        if self.open < max { Ok(()) } else { Err(Refused::Server) }
    }

    /// Counts one more connection of `address`, if it has fewer than `max`; 0 for no limit.
    fn assign(&mut self, address: IpAddr, max: usize) -> Result<(), Refused> {
        if max > 0 {
            let address = self.counts_of(address);
            if address.open >= max {
                return Err(Refused::Address);
            }
            address.open += 1;
        }
        Ok(())
    }

    fn counts_of(&mut self, address: IpAddr) -> &mut AddressCounts {
        let now = Instant::now();
        if self.addresses.len() > 2 * self.open + limits::PER_ADDRESS {
            let is_used =
                |address: &AddressCounts| address.open > 0 || now - address.minute < MINUTE;
            self.addresses.retain(|_, address| is_used(address));
        }
        let fresh = AddressCounts { open: 0, new: 0, wrong: 0, minute: now };
        self.addresses.entry(network_of(address)).or_insert(fresh)
    }
}

/// What counts as one address: an IPv4 host, or an IPv6 /64, the size of network that one site gets.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        match self.slot {
            Slot::Refusal => counts.refusals -= 1,
            Slot::OfProxy => counts.open -= 1,
            Slot::OfAddress(address) => {
                counts.open -= 1;
                if let Some(address) = counts.addresses.get_mut(&network_of(address)) {
                    address.open = address.open.saturating_sub(1);
                }
            }
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
        let counts = admission.counts();
        assert_eq!(counts.open, 0);
        assert!(counts.addresses.values().all(|address| address.open == 0));
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

    #[test]
    fn addresses_that_have_left_are_forgotten() {
        let admission = Admission::new(100, 2, &Limits::default());
        for n in 0..5_000_u32 {
            drop(admission.admit(IpAddr::V4(n.into())).unwrap());
        }
        let mut counts = admission.counts();
        for address in counts.addresses.values_mut() {
            address.minute = address.minute.checked_sub(MINUTE).unwrap();
        }
        counts.counts_of(ip("10.0.0.1"));
        assert_eq!(counts.addresses.len(), 1);
    }
}
