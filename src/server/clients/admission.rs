//! Who may come in: connections in all, and those of one address.
//!
//! Room: counts behind one lock. A [`Permit`] is a slot taken; dropped, the slot is free again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failpoint;
use crate::http::{Response, Status};
use crate::limits;
use crate::server::tunable_limits::Limits;

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Admission {
    all: usize,
    per_address: usize,
    /// New WebSockets of one address in a minute.
    new_per_address: usize,
    /// Wrong passwords of one address in a minute.
    wrong_passwords: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    inside: usize,
    refused: usize,
    addresses: HashMap<IpAddr, Address>,
}

#[derive(Debug)]
struct Address {
    inside: usize,
    /// New WebSockets since `minute` began, and wrong passwords.
    new: usize,
    wrong: usize,
    minute: Instant,
}

/// A slot taken by one connection.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    slot: Slot,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    /// One of this address's.
    OfAddress(IpAddr),
    /// One of no address's yet: a proxy has it, and has not said for whom.
    OfProxy,
    /// One of those in which refusals are said.
    Refusal,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The server holds as many as it can.
    Server,
    /// This address holds, or has lately opened, as many as one may.
    Address,
    /// This address has lately shown as many wrong passwords as one may.
    WrongPasswords,
}

impl Admission {
    pub(crate) fn new(all: usize, per_address: usize, limits: &Limits) -> Arc<Admission> {
        let scaled = per_address.saturating_mul(limits.new_per_address);
        Arc::new(Admission {
            all,
            per_address,
            new_per_address: scaled.div_ceil(limits::PER_ADDRESS),
            wrong_passwords: limits.wrong_passwords,
            counts: Mutex::default(),
        })
    }

    /// The one place the lock is taken. Counts change in single steps.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        failpoint::check(self.counts.lock().unwrap_or_else(PoisonError::into_inner), "counts")
    }

    /// How many are inside.
    pub(crate) fn inside(&self) -> usize {
        self.counts().inside
    }

    /// Takes a slot for a connection from `address`.
    pub(crate) fn admit(self: &Arc<Admission>, address: IpAddr) -> Result<Permit, Refused> {
        let mut counts = self.counts();
        counts.check_capacity(self.all)?;
        counts.assign(address, self.per_address)?;
        counts.inside += 1;
        Ok(self.permit(Slot::OfAddress(address)))
    }

    /// Takes a slot for a connection from a proxy; whose it is, [`Permit::assign`] says later.
    pub(crate) fn admit_proxy(self: &Arc<Admission>) -> Result<Permit, Refused> {
        let mut counts = self.counts();
        counts.check_capacity(self.all)?;
        counts.inside += 1;
        Ok(self.permit(Slot::OfProxy))
    }

    fn permit(self: &Arc<Admission>, slot: Slot) -> Permit {
        Permit { admission: Arc::clone(self), slot }
    }

    /// Takes one of the few places in which a refusal is said; beyond them a connection is dropped.
    pub(crate) fn slot_for_refusal(self: &Arc<Admission>) -> Option<Permit> {
        let mut counts = self.counts();
        (counts.refused < limits::REFUSALS).then(|| {
            counts.refused += 1;
            self.permit(Slot::Refusal)
        })
    }

    /// Counts a new WebSocket from `address`.
    pub(crate) fn count_websocket(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        if self.per_address == 0 {
            return Ok(());
        }
        let mut counts = self.counts();
        let held = counts.address(address);
        held.start_minute(now);
        if held.wrong >= self.wrong_passwords {
            return Err(Refused::WrongPasswords);
        }
        if held.new >= self.new_per_address {
            return Err(Refused::Address);
        }
        held.new += 1;
        Ok(())
    }

    /// Counts a password that `address` has shown, and says whether it opens: a right one does not
    /// either, where too many were wrong before it.
    pub(crate) fn check_password(&self, address: IpAddr, is_right: bool, now: Instant) -> bool {
        if self.per_address == 0 {
            return is_right;
        }
        let mut counts = self.counts();
        let held = counts.address(address);
        held.start_minute(now);
        let is_blocked = held.wrong >= self.wrong_passwords;
        held.wrong += usize::from(!is_right);
        is_right && !is_blocked
    }
}

impl Address {
    /// Begins a new minute, when the last is over.
    fn start_minute(&mut self, now: Instant) {
        if now.saturating_duration_since(self.minute) >= MINUTE {
            (self.minute, self.new, self.wrong) = (now, 0, 0);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl Permit {
    /// Makes a slot that is no address's yet one of `address`'s; any other stays whose it is.
    pub(crate) fn assign(&mut self, address: IpAddr) -> Result<(), Refused> {
        match self.slot {
            Slot::OfAddress(_) | Slot::Refusal => return Ok(()),
            Slot::OfProxy => self.admission.counts().assign(address, self.admission.per_address)?,
        }
        self.slot = Slot::OfAddress(address);
        Ok(())
    }
}

impl Counts {
    fn check_capacity(&self, all: usize) -> Result<(), Refused> {
        if self.inside < all { Ok(()) } else { Err(Refused::Server) }
    }

    /// Counts one more of `address`, if it holds fewer than `most`; 0 for no limit.
    fn assign(&mut self, address: IpAddr, most: usize) -> Result<(), Refused> {
        if most > 0 {
            let held = self.address(address);
            if held.inside >= most {
                return Err(Refused::Address);
            }
            held.inside += 1;
        }
        Ok(())
    }

    fn address(&mut self, address: IpAddr) -> &mut Address {
        let now = Instant::now();
        if self.addresses.len() > 2 * self.inside + limits::PER_ADDRESS {
            let is_used = |held: &Address| held.inside > 0 || now - held.minute < MINUTE;
            self.addresses.retain(|_, held| is_used(held));
        }
        let fresh = Address { inside: 0, new: 0, wrong: 0, minute: now };
        self.addresses.entry(network_of(address)).or_insert(fresh)
    }
}

/// What counts as one address: a host, or an IPv6 network of the size that one site gets.
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
            Slot::Refusal => counts.refused -= 1,
            Slot::OfProxy => counts.inside -= 1,
            Slot::OfAddress(address) => {
                counts.inside -= 1;
                if let Some(held) = counts.addresses.get_mut(&network_of(address)) {
                    held.inside = held.inside.saturating_sub(1);
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
    fn from(full: Refused) -> Response {
        match full {
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
    fn a_place_is_free_again_when_its_pass_is_dropped() {
        let admission = Admission::new(2, 0, &Limits::default());
        let first = admission.admit(ip("10.0.0.1")).unwrap();
        let _second = admission.admit(ip("10.0.0.1")).unwrap();
        assert_eq!(admission.admit(ip("10.0.0.2")).unwrap_err(), Refused::Server);
        drop(first);
        assert!(admission.admit(ip("10.0.0.2")).is_ok());
    }

    #[test]
    fn one_address_may_hold_so_many_and_an_ipv6_network_is_one_address() {
        let admission = Admission::new(100, 2, &Limits::default());
        let inside = ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::2:3"];
        let permits: Vec<Permit> =
            inside.iter().map(|text| admission.admit(ip(text)).unwrap()).collect();
        assert_eq!(admission.admit(ip("10.0.0.1")).unwrap_err(), Refused::Address);
        assert_eq!(admission.admit(ip("2001:db8::ffff")).unwrap_err(), Refused::Address);
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_ok());
        drop(permits);
        assert!(admission.admit(ip("10.0.0.1")).is_ok());
    }

    #[test]
    fn a_place_taken_by_a_proxy_counts_for_whom_it_speaks() {
        let admission = Admission::new(4, 1, &Limits::default());
        let mut permits: Vec<Permit> = (0..4).map(|_| admission.admit_proxy().unwrap()).collect();
        assert_eq!(admission.admit_proxy().unwrap_err(), Refused::Server);
        assert_eq!(permits[0].assign(ip("192.0.2.1")), Ok(()));
        assert_eq!(permits[0].assign(ip("192.0.2.9")), Ok(()), "it stays whose it is");
        assert_eq!(permits[1].assign(ip("192.0.2.1")), Err(Refused::Address));
        assert_eq!(permits[2].assign(ip("192.0.2.2")), Ok(()));
        drop(permits.remove(0));
        assert_eq!(permits[0].assign(ip("192.0.2.1")), Ok(()));
        drop(permits);
        let counts = admission.counts();
        assert_eq!(counts.inside, 0);
        assert!(counts.addresses.values().all(|held| held.inside == 0));
    }

    #[test]
    fn one_address_may_open_so_many_in_a_minute() {
        let (admission, now) =
            (Admission::new(100, limits::PER_ADDRESS, &Limits::default()), Instant::now());
        let opened =
            (0..200).filter(|_| admission.count_websocket(ip("10.0.0.1"), now).is_ok()).count();
        assert_eq!(opened, limits::NEW_PER_ADDRESS);
        assert!(admission.count_websocket(ip("10.0.0.1"), now + 2 * MINUTE).is_ok());
    }

    #[test]
    fn who_has_guessed_too_often_waits_even_with_the_right_password() {
        let (admission, now) = (Admission::new(100, 64, &Limits::default()), Instant::now());
        assert!(admission.check_password(ip("10.0.0.1"), true, now));
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(admission.count_websocket(ip("10.0.0.1"), now), Ok(()));
            assert!(!admission.check_password(ip("10.0.0.1"), false, now));
        }
        assert!(!admission.check_password(ip("10.0.0.1"), true, now));
        assert_eq!(admission.count_websocket(ip("10.0.0.1"), now), Err(Refused::WrongPasswords));
        assert!(admission.check_password(ip("10.0.0.2"), true, now), "others are not concerned");
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
        for held in counts.addresses.values_mut() {
            held.minute = held.minute.checked_sub(MINUTE).unwrap();
        }
        counts.address(ip("10.0.0.1"));
        assert_eq!(counts.addresses.len(), 1);
    }
}
