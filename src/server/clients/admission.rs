//! Admission: how many connections the server accepts, in total and per network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::memory_budget::MemoryBudget;
use crate::failpoint;
use crate::handshake::{REFUSED_HEADER, WRONG_PASSWORDS};
use crate::http::{Response, Status};
use crate::limits;
use crate::server::quotas::{Holding, Network, Networks, RateQuota, ShareQuota};
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
    /// Wrong passwords of each network, for the log.
    wrong_passwords: HashMap<Network, MinuteCount>,
}

/// What a network has done since a time, which is at most a minute ago.
#[derive(Debug, Clone, Copy)]
struct MinuteCount {
    since: Instant,
    count: u64,
}

/// The answer to a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordCheck {
    Accepted,
    Wrong,
    /// The network has sent too many wrong ones: it may try again after this time.
    LockedOut(Duration),
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
    /// This network has sent as many wrong passwords as it may. It may try again after this time.
    WrongPasswords(Duration),
}

/// Networks whose wrong passwords are counted, below which old counts are not looked for.
const SWEEP_FROM: usize = 1_024;

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

    /// Refuses an address that has sent too many wrong passwords.
    pub(crate) fn check_lockout(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        let wait = self.wrong_passwords.wait_for_token(address, now);
        if wait.is_zero() { Ok(()) } else { Err(Refused::WrongPasswords(wait)) }
    }

    /// Counts a new WebSocket from `address`.
    pub(crate) fn count_websocket(&self, address: IpAddr, now: Instant) -> Result<(), Refused> {
        self.new_websockets.take(address, 1, now).map_err(|_| Refused::Address)
    }

    /// Checks a password that `address` has sent. After too many wrong ones the answer is the same for a
    /// right one and a wrong one: a program that guesses learns nothing.
    pub(crate) fn check_password(
        &self,
        address: IpAddr,
        is_right: bool,
        now: Instant,
    ) -> PasswordCheck {
        let wait = if is_right {
            self.wrong_passwords.wait_for_token(address, now)
        } else {
            self.wrong_passwords.take(address, 1, now).err().unwrap_or_default()
        };
        match (wait.is_zero(), is_right) {
            (true, true) => PasswordCheck::Accepted,
            (true, false) => PasswordCheck::Wrong,
            (false, _) => PasswordCheck::LockedOut(wait),
        }
    }

    /// Counts a wrong password of `address`. Returns how many its network has sent within the last minute.
    pub(crate) fn count_wrong_password(&self, address: IpAddr, now: Instant) -> u64 {
        let networks = Networks::of(address);
        let Some(share) = networks.iter().next() else { return 1 };
        let counts = &mut self.counts().wrong_passwords;
        if counts.len() >= SWEEP_FROM && counts.len().is_power_of_two() {
            counts.retain(|_, minute| minute.is_current(now));
        }
        let minute = counts.entry(share.network).or_insert(MinuteCount { since: now, count: 0 });
        if !minute.is_current(now) {
            *minute = MinuteCount { since: now, count: 0 };
        }
        minute.count = minute.count.saturating_add(1);
        minute.count
    }
}

impl MinuteCount {
    fn is_current(self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < MINUTE
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
            Refused::WrongPasswords(_) => WRONG_PASSWORDS,
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
            Refused::WrongPasswords(wait) => Response::error(
                Status::TOO_MANY_REQUESTS,
                "too many wrong passwords from your address, try again in a minute",
            )
            .header("Retry-After", whole_seconds(wait).to_string())
            .header(REFUSED_HEADER, WRONG_PASSWORDS),
        }
    }
}

/// A wait in seconds, rounded up, as `Retry-After` has it (RFC 9110 §10.2.3).
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
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
        let check = |is_right, now| admission.check_password(ip("10.0.0.1"), is_right, now);
        assert_eq!(check(true, now), PasswordCheck::Accepted);
        for _ in 0..limits::WRONG_PASSWORDS {
            assert_eq!(admission.check_lockout(ip("10.0.0.1"), now), Ok(()));
            assert_eq!(check(false, now), PasswordCheck::Wrong);
        }
        let wait = MINUTE / u32::try_from(limits::WRONG_PASSWORDS).unwrap();
        for is_right in [true, false] {
            assert_eq!(check(is_right, now), PasswordCheck::LockedOut(wait));
        }
        let refused = admission.check_lockout(ip("10.0.0.1"), now).unwrap_err();
        assert_eq!(refused, Refused::WrongPasswords(wait));
        let response = String::from_utf8(Response::from(refused).to_bytes()).unwrap();
        assert!(response.contains("\r\nRetry-After: 12\r\n"), "{response}");
        assert!(response.contains("\r\nTalk-Refused: wrong-passwords\r\n"), "{response}");
        let other = admission.check_password(ip("10.0.0.2"), true, now);
        assert_eq!(other, PasswordCheck::Accepted, "other addresses are not affected");
        assert_eq!(admission.check_lockout(ip("10.0.0.1"), now + wait), Ok(()));
        assert_eq!(check(true, now + wait), PasswordCheck::Accepted);
    }

    #[test]
    fn wrong_passwords_are_counted_for_a_minute_and_for_each_network() {
        let (admission, now) = (Admission::new(100, 64, &Limits::default()), Instant::now());
        let count = |address: &str, now| admission.count_wrong_password(ip(address), now);
        assert_eq!([count("10.0.0.1", now), count("::ffff:10.0.0.1", now)], [1, 2]);
        assert_eq!([count("2001:db8::1", now), count("2001:db8::2", now)], [1, 2]);
        assert_eq!(count("10.0.0.1", now + MINUTE / 2), 3);
        assert_eq!(count("10.0.0.1", now + MINUTE), 1);
        for host in 0..5_000_u32 {
            let now = now + MINUTE * (host / 100);
            admission.count_wrong_password(IpAddr::V4(host.into()), now);
        }
        let known = admission.counts().wrong_passwords.len();
        assert!(known <= 2 * SWEEP_FROM, "old counts are forgotten: {known}");
    }

    #[test]
    fn a_wait_is_rounded_up_to_seconds() {
        let waits = [0, 1, 999, 1_000, 1_001].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(waits, [0, 1, 1, 1, 2]);
    }
}
