//! A quota per time: a token bucket for each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::network::{Network, NetworkShare, Networks};
use crate::failpoint;

/// How much the clients of each network may use in a time: a token bucket per network.
///
/// A use is counted for every network that contains the address, and is refused if one of them has
/// no tokens left. The lock protects the buckets, for single calls.
#[derive(Debug)]
pub(crate) struct RateQuota {
    /// Tokens of a full bucket of one site; 0 for no limit.
    burst: u64,
    /// The time in which an empty bucket fills.
    fills_in: Duration,
    /// When each bucket is full again. A full bucket is not in the table.
    full_at: Mutex<HashMap<Network, Instant>>,
}

/// Buckets below which full ones are not looked for.
const SWEEP_FROM: usize = 1_024;

impl RateQuota {
    /// A quota of `burst` at once, which come back in `fills_in`; with a `burst` of 0 there is no
    /// limit.
    pub(crate) fn new(burst: u64, fills_in: Duration) -> RateQuota {
        RateQuota { burst, fills_in, full_at: Mutex::default() }
    }

    fn full_at(&self) -> MutexGuard<'_, HashMap<Network, Instant>> {
        failpoint::check(self.full_at.lock().unwrap_or_else(PoisonError::into_inner), "rate_quota")
    }

    /// Uses `amount` for a client with this address.
    ///
    /// # Errors
    /// How long to wait until a network of the address has as many tokens. A refused use does not
    /// count. An `amount` above the burst is accepted by a full bucket only, and empties it.
    pub(crate) fn take(&self, address: IpAddr, amount: u64, now: Instant) -> Result<(), Duration> {
        if self.burst == 0 {
            return Ok(());
        }
        let networks = Networks::of(address);
        let mut full_at = self.full_at();
        for share in networks.iter() {
            let left = full_at.get(&share.network).map_or(Duration::ZERO, |at| *at - now);
            let needed = self.time_for(amount, *share).min(self.fills_in);
            if let Some(wait) = (left + needed).checked_sub(self.fills_in)
                && !wait.is_zero()
            {
                return Err(wait);
            }
        }
        self.spend(&mut full_at, &networks, amount, now);
        Ok(())
    }

    /// How long until each network of the address has a token left; zero if each has one now.
    pub(crate) fn wait_for_token(&self, address: IpAddr, now: Instant) -> Duration {
        if self.burst == 0 {
            return Duration::ZERO;
        }
        let full_at = self.full_at();
        let wait = |share: &NetworkShare| {
            let left = full_at.get(&share.network).map_or(Duration::ZERO, |at| *at - now);
            (left + self.time_for(1, *share)).saturating_sub(self.fills_in)
        };
        Networks::of(address).iter().map(wait).max().unwrap_or_default()
    }

    /// Charges `amount` that a client with this address has used already. Returns how long its
    /// networks are in debt: the client should wait so long before it uses more. A debt is never longer
    /// than the time in which a bucket fills.
    pub(crate) fn charge(&self, address: IpAddr, amount: u64, now: Instant) -> Duration {
        if self.burst == 0 {
            return Duration::ZERO;
        }
        let networks = Networks::of(address);
        let mut full_at = self.full_at();
        self.spend(&mut full_at, &networks, amount, now);
        for share in networks.iter() {
            let longest = now + self.fills_in * 2;
            full_at.entry(share.network).and_modify(|at| *at = longest.min(*at));
        }
        let debt = |share: &NetworkShare| {
            let left = full_at.get(&share.network).map_or(Duration::ZERO, |at| *at - now);
            left.saturating_sub(self.fills_in)
        };
        networks.iter().map(debt).max().unwrap_or_default()
    }

    /// Takes tokens out of the buckets of `networks`.
    fn spend(
        &self,
        full_at: &mut HashMap<Network, Instant>,
        networks: &Networks,
        amount: u64,
        now: Instant,
    ) {
        if full_at.len() >= SWEEP_FROM && full_at.len().is_power_of_two() {
            full_at.retain(|_, at| *at > now);
        }
        for share in networks.iter() {
            let at = full_at.entry(share.network).or_insert(now);
            *at = (*at).max(now) + self.time_for(amount, *share);
        }
    }

    /// The time in which a network's bucket fills by `amount`.
    fn time_for(&self, amount: u64, share: NetworkShare) -> Duration {
        let burst = self.burst.saturating_mul(share.sites.into());
        let nanos = self.fills_in.as_nanos().saturating_mul(amount.into()) / u128::from(burst);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_uses_its_burst_and_then_what_comes_back() {
        let (quota, start) = (RateQuota::new(10, 10 * SECOND), Instant::now());
        assert_eq!(quota.take(ip("192.0.2.1"), 8, start), Ok(()));
        assert_eq!(quota.take(ip("192.0.2.1"), 4, start), Err(2 * SECOND));
        assert_eq!(quota.take(ip("192.0.2.1"), 2, start), Ok(()), "a refused use does not count");
        assert_eq!(quota.take(ip("192.0.2.2"), 10, start), Ok(()), "each has its own");
        assert_eq!(quota.take(ip("192.0.2.1"), 3, start + 3 * SECOND), Ok(()));
        assert_eq!(quota.take(ip("192.0.2.1"), 1, start + 3 * SECOND), Err(SECOND));
        let later = start + 60 * SECOND;
        assert_eq!(quota.take(ip("192.0.2.1"), 10, later), Ok(()));
        assert_eq!(quota.take(ip("192.0.2.1"), 1, later), Err(SECOND), "a pause saves up no more");
    }

    #[test]
    fn the_wait_for_a_token_is_known_and_costs_none() {
        let (quota, start) = (RateQuota::new(5, 60 * SECOND), Instant::now());
        assert_eq!(quota.wait_for_token(ip("192.0.2.1"), start), Duration::ZERO);
        assert_eq!(quota.take(ip("192.0.2.1"), 5, start), Ok(()));
        for waited in [0, 5] {
            let wait = quota.wait_for_token(ip("192.0.2.1"), start + waited * SECOND);
            assert_eq!(wait, (12 - waited) * SECOND);
        }
        assert_eq!(quota.wait_for_token(ip("192.0.2.1"), start + 12 * SECOND), Duration::ZERO);
        assert_eq!(quota.wait_for_token(ip("192.0.2.2"), start), Duration::ZERO);
    }

    #[test]
    fn more_than_the_burst_is_accepted_by_a_full_bucket_only() {
        let (quota, start) = (RateQuota::new(10, 10 * SECOND), Instant::now());
        assert_eq!(quota.take(ip("192.0.2.1"), 25, start), Ok(()));
        assert_eq!(quota.take(ip("192.0.2.1"), 25, start), Err(25 * SECOND));
    }

    #[test]
    fn a_debt_is_paid_back_by_waiting() {
        let (quota, start) = (RateQuota::new(10, 10 * SECOND), Instant::now());
        assert_eq!(quota.charge(ip("192.0.2.1"), 10, start), Duration::ZERO);
        assert_eq!(quota.charge(ip("192.0.2.1"), 5, start), 5 * SECOND);
        assert_eq!(quota.take(ip("192.0.2.1"), 1, start + 5 * SECOND), Err(SECOND));
        assert_eq!(quota.take(ip("192.0.2.1"), 1, start + 6 * SECOND), Ok(()));
    }

    #[test]
    fn other_networks_of_one_organization_share_a_larger_bucket() {
        let (quota, now) = (RateQuota::new(10, 10 * SECOND), Instant::now());
        let accepted = |site: u32| {
            let address = ip(&format!("2001:db8:1:{site:x}::1"));
            (0..10).take_while(|_| quota.take(address, 1, now).is_ok()).count()
        };
        assert_eq!((0..256).map(accepted).sum::<usize>(), 40, "a /56 has four sites' shares");
        assert_eq!((0..65_536).map(accepted).sum::<usize>(), 120, "a /48 has sixteen");
        assert_eq!(quota.take(ip("2001:db8:2::1"), 1, now), Ok(()));
    }

    #[test]
    fn full_buckets_are_forgotten_and_zero_is_no_limit() {
        let (quota, start) = (RateQuota::new(10, SECOND), Instant::now());
        for n in 0..5_000_u32 {
            let now = start + SECOND * (n / 100);
            assert_eq!(quota.take(IpAddr::V4(n.into()), 10, now), Ok(()));
        }
        assert!(quota.full_at().len() <= 2 * SWEEP_FROM, "{}", quota.full_at().len());
        let unlimited = RateQuota::new(0, SECOND);
        assert!((0..100).all(|_| unlimited.take(ip("192.0.2.1"), u64::MAX, start).is_ok()));
        assert_eq!(unlimited.charge(ip("192.0.2.1"), u64::MAX, start), Duration::ZERO);
    }
}
