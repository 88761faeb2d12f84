//! Who may come in: connections in all, and those of one address.
//!
//! Room: counts behind one lock. A [`Pass`] is a place taken; dropped, the place is free again.

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
pub(crate) struct Door {
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

/// A place taken by one connection.
#[derive(Debug)]
pub(crate) struct Pass {
    door: Arc<Door>,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// One of this address's.
    Settled(IpAddr),
    /// One of no address's yet: a proxy has it, and has not said for whom.
    Unsettled,
    /// One of those in which refusals are said.
    Refusal,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The server holds as many as it can.
    Server,
    /// This address holds, or has lately opened, as many as one may.
    Address,
    /// This address has lately shown as many wrong passwords as one may.
    Guesses,
}

impl Door {
    pub(crate) fn new(all: usize, per_address: usize, limits: &Limits) -> Arc<Door> {
        let scaled = per_address.saturating_mul(limits.new_per_address);
        Arc::new(Door {
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

    /// Takes a place for a connection from `address`.
    pub(crate) fn enter(self: &Arc<Door>, address: IpAddr) -> Result<Pass, Full> {
        let mut counts = self.counts();
        counts.has_room(self.all)?;
        counts.settle(address, self.per_address)?;
        counts.inside += 1;
        Ok(self.pass(Place::Settled(address)))
    }

    /// Takes a place for a connection from a proxy; whose it is, [`Pass::settle`] says later.
    pub(crate) fn enter_unsettled(self: &Arc<Door>) -> Result<Pass, Full> {
        let mut counts = self.counts();
        counts.has_room(self.all)?;
        counts.inside += 1;
        Ok(self.pass(Place::Unsettled))
    }

    fn pass(self: &Arc<Door>, place: Place) -> Pass {
        Pass { door: Arc::clone(self), place }
    }

    /// Takes one of the few places in which a refusal is said; beyond them a connection is dropped.
    pub(crate) fn refuse(self: &Arc<Door>) -> Option<Pass> {
        let mut counts = self.counts();
        (counts.refused < limits::REFUSALS).then(|| {
            counts.refused += 1;
            self.pass(Place::Refusal)
        })
    }

    /// Counts a new WebSocket from `address`.
    pub(crate) fn upgrade(&self, address: IpAddr, now: Instant) -> Result<(), Full> {
        if self.per_address == 0 {
            return Ok(());
        }
        let mut counts = self.counts();
        let held = counts.address(address);
        held.turn(now);
        if held.wrong >= self.wrong_passwords {
            return Err(Full::Guesses);
        }
        if held.new >= self.new_per_address {
            return Err(Full::Address);
        }
        held.new += 1;
        Ok(())
    }

    /// Counts a password that `address` has shown, and says whether it opens: a right one does not
    /// either, where too many were wrong before it.
    pub(crate) fn opens(&self, address: IpAddr, is_right: bool, now: Instant) -> bool {
        if self.per_address == 0 {
            return is_right;
        }
        let mut counts = self.counts();
        let held = counts.address(address);
        held.turn(now);
        let is_spent = held.wrong >= self.wrong_passwords;
        held.wrong += usize::from(!is_right);
        is_right && !is_spent
    }
}

impl Address {
    /// Begins a new minute, when the last is over.
    fn turn(&mut self, now: Instant) {
        if now.saturating_duration_since(self.minute) >= MINUTE {
            (self.minute, self.new, self.wrong) = (now, 0, 0);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl Pass {
    /// Makes a place that is no address's yet one of `address`'s; any other stays whose it is.
    pub(crate) fn settle(&mut self, address: IpAddr) -> Result<(), Full> {
        match self.place {
            Place::Settled(_) | Place::Refusal => return Ok(()),
            Place::Unsettled => self.door.counts().settle(address, self.door.per_address)?,
        }
        self.place = Place::Settled(address);
        Ok(())
    }
}

impl Counts {
    fn has_room(&self, all: usize) -> Result<(), Full> {
        if self.inside < all { Ok(()) } else { Err(Full::Server) }
    }

    /// Counts one more of `address`, if it holds fewer than `most`; 0 for no limit.
    fn settle(&mut self, address: IpAddr, most: usize) -> Result<(), Full> {
        if most > 0 {
            let held = self.address(address);
            if held.inside >= most {
                return Err(Full::Address);
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
        self.addresses.entry(neighbourhood(address)).or_insert(fresh)
    }
}

/// What counts as one address: a host, or an IPv6 network of the size that one site gets.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut counts = self.door.counts();
        match self.place {
            Place::Refusal => counts.refused -= 1,
            Place::Unsettled => counts.inside -= 1,
            Place::Settled(address) => {
                counts.inside -= 1;
                if let Some(held) = counts.addresses.get_mut(&neighbourhood(address)) {
                    held.inside = held.inside.saturating_sub(1);
                }
            }
        }
    }
}

impl Full {
    /// For the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Full::Server => "server-full",
            Full::Address => "address-full",
            Full::Guesses => "wrong-passwords",
        }
    }
}

impl From<Full> for Response {
    fn from(full: Full) -> Response {
        match full {
            Full::Server => {
                Response::error(Status::UNAVAILABLE, "this server is full, try again later")
                    .header("Retry-After", "10")
            }
            Full::Address => Response::error(
                Status::TOO_MANY_REQUESTS,
                "too many connections from your address, try again in a minute",
            )
            .header("Retry-After", "60"),
            Full::Guesses => Response::error(
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
        let door = Door::new(2, 0, &Limits::default());
        let first = door.enter(ip("10.0.0.1")).unwrap();
        let _second = door.enter(ip("10.0.0.1")).unwrap();
        assert_eq!(door.enter(ip("10.0.0.2")).unwrap_err(), Full::Server);
        drop(first);
        assert!(door.enter(ip("10.0.0.2")).is_ok());
    }

    #[test]
    fn one_address_may_hold_so_many_and_an_ipv6_network_is_one_address() {
        let door = Door::new(100, 2, &Limits::default());
        let inside = ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2001:db8::2:3"];
        let passes: Vec<Pass> = inside.iter().map(|text| door.enter(ip(text)).unwrap()).collect();
        assert_eq!(door.enter(ip("10.0.0.1")).unwrap_err(), Full::Address);
        assert_eq!(door.enter(ip("2001:db8::ffff")).unwrap_err(), Full::Address);
        assert!(door.enter(ip("2001:db8:0:1::1")).is_ok());
        drop(passes);
        assert!(door.enter(ip("10.0.0.1")).is_ok());
    }

    #[test]
    fn a_place_taken_by_a_proxy_counts_for_whom_it_speaks() {
        let door = Door::new(4, 1, &Limits::default());
        let mut passes: Vec<Pass> = (0..4).map(|_| door.enter_unsettled().unwrap()).collect();
        assert_eq!(door.enter_unsettled().unwrap_err(), Full::Server);
        assert_eq!(passes[0].settle(ip("192.0.2.1")), Ok(()));
        assert_eq!(passes[0].settle(ip("192.0.2.9")), Ok(()), "it stays whose it is");
        assert_eq!(passes[1].settle(ip("192.0.2.1")), Err(Full::Address));
        assert_eq!(passes[2].settle(ip("192.0.2.2")), Ok(()));
        drop(passes.remove(0));
        assert_eq!(passes[0].settle(ip("192.0.2.1")), Ok(()));
        drop(passes);
        let counts = door.counts();
        assert_eq!(counts.inside, 0);
        assert!(counts.addresses.values().all(|held| held.inside == 0));
    }

    #[test]
    fn one_address_may_open_so_many_in_a_minute() {
        let (door, now) = (Door::new(100, limits::PER_ADDRESS, &Limits::default()), Instant::now());
        let opened = (0..200).filter(|_| door.upgrade(ip("10.0.0.1"), now).is_ok()).count();
        assert_eq!(opened, limits::NEW_PER_ADDRESS);
        assert!(door.upgrade(ip("10.0.0.1"), now + 2 * MINUTE).is_ok());
    }

    #[test]
    fn who_has_guessed_too_often_waits_even_with_the_right_password() {
        let (door, now) = (Door::new(100, 64, &Limits::default()), Instant::now());
        assert!(door.opens(ip("10.0.0.1"), true, now));
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(door.upgrade(ip("10.0.0.1"), now), Ok(()));
            assert!(!door.opens(ip("10.0.0.1"), false, now));
        }
        assert!(!door.opens(ip("10.0.0.1"), true, now));
        assert_eq!(door.upgrade(ip("10.0.0.1"), now), Err(Full::Guesses));
        assert!(door.opens(ip("10.0.0.2"), true, now), "others are not concerned");
        let later = now + 2 * MINUTE;
        assert_eq!(door.upgrade(ip("10.0.0.1"), later), Ok(()));
        assert!(door.opens(ip("10.0.0.1"), true, later));
    }

    #[test]
    fn addresses_that_have_left_are_forgotten() {
        let door = Door::new(100, 2, &Limits::default());
        for n in 0..5_000_u32 {
            drop(door.enter(IpAddr::V4(n.into())).unwrap());
        }
        let mut counts = door.counts();
        for held in counts.addresses.values_mut() {
            held.minute = held.minute.checked_sub(MINUTE).unwrap();
        }
        counts.address(ip("10.0.0.1"));
        assert_eq!(counts.addresses.len(), 1);
    }
}
