//! A quota of what is held: a bound for all, and a share of it for each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::network::{Network, NetworkShare, Networks};
use crate::failpoint;

/// How much the clients of each network may hold at once, of a thing that has a bound for all.
///
/// The lock protects the counts, for single calls.
#[derive(Debug)]
pub(crate) struct ShareQuota {
    /// How much all may hold.
    max: u64,
    /// How much one site may hold; 0 for as much as all. A larger network may hold more.
    share: u64,
    /// How much a larger network may hold at most: half of all, unless the share of a site is more.
    network_max: u64,
    /// How much is held.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// By all.
    total: u64,
    /// By the clients of each network; networks that hold nothing are not in the table.
    by_network: HashMap<Network, u64>,
}

/// Which bound a request would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotaExceeded {
    /// The bound for all.
    All,
    /// The share of the client's network.
    Share,
}

/// An amount that is held. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Holding {
    quota: Arc<ShareQuota>,
    networks: Networks,
    amount: u64,
}

impl ShareQuota {
    /// A quota of `max` for all and `share` for each site; with a `share` of 0 a site may hold as
    /// much as all.
    pub(crate) fn new(max: u64, share: u64) -> Arc<ShareQuota> {
        let network_max = share.max(max / 2);
        Arc::new(ShareQuota { max, share, network_max, held: Mutex::default() })
    }

    /// The same of a thing whose bound for all, `max`, is kept by its owner.
    pub(crate) fn without_bound(max: u64, share: u64) -> Arc<ShareQuota> {
        let network_max = share.max(max / 2);
        Arc::new(ShareQuota { max: u64::MAX, share, network_max, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        failpoint::check(self.held.lock().unwrap_or_else(PoisonError::into_inner), "share_quota")
    }

    /// How much is held by all.
    pub(crate) fn total(&self) -> u64 {
        self.held().total
    }

    /// An empty holding of a client with this address.
    pub(crate) fn holding(self: &Arc<ShareQuota>, address: IpAddr) -> Holding {
        Holding { quota: Arc::clone(self), networks: Networks::of(address), amount: 0 }
    }
}

impl Holding {
    /// Changes how much is held. Giving back never fails.
    ///
    /// # Errors
    /// Which bound `amount` would exceed; then the holding is as it was.
    pub(crate) fn resize(&mut self, amount: u64) -> Result<(), QuotaExceeded> {
        if amount == self.amount {
            return Ok(());
        }
        let quota = &self.quota;
        let mut held = quota.held();
        if amount > self.amount {
            let more = amount - self.amount;
            if held.total.saturating_add(more) > quota.max {
                return Err(QuotaExceeded::All);
            }
            let is_over = |share: &NetworkShare| {
                let used = held.by_network.get(&share.network).copied().unwrap_or(0);
                let sites = quota.share.saturating_mul(share.sites.into());
                used.saturating_add(more) > sites.min(quota.network_max)
            };
            if quota.share > 0 && self.networks.iter().any(is_over) {
                return Err(QuotaExceeded::Share);
            }
        }
        held.change(&self.networks, self.amount, amount);
        self.amount = amount;
        Ok(())
    }
}

impl Held {
    /// Replaces `before` by `after` in every count.
    fn change(&mut self, networks: &Networks, before: u64, after: u64) {
        self.total = self.total.saturating_sub(before).saturating_add(after);
        for share in networks.iter() {
            let used = self.by_network.entry(share.network).or_default();
            *used = used.saturating_sub(before).saturating_add(after);
            if *used == 0 {
                self.by_network.remove(&share.network);
            }
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        if self.amount > 0 {
            self.quota.held().change(&self.networks, self.amount, 0);
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
    fn a_network_holds_its_share_and_gives_it_back() {
        let quota = ShareQuota::new(100, 40);
        let (mut one, mut two) =
            (quota.holding(ip("192.0.2.1")), quota.holding(ip("::ffff:192.0.2.1")));
        assert_eq!(one.resize(30), Ok(()));
        assert_eq!(two.resize(11), Err(QuotaExceeded::Share));
        assert_eq!(two.resize(10), Ok(()), "a refused request holds nothing");
        assert_eq!(one.resize(20), Ok(()));
        assert_eq!(two.resize(20), Ok(()));
        let mut other = quota.holding(ip("192.0.2.2"));
        assert_eq!(other.resize(40), Ok(()), "others have their own share");
        assert_eq!(quota.total(), 80);
        drop((one, two, other));
        assert_eq!(quota.total(), 0);
        assert!(quota.held().by_network.is_empty());
    }

    #[test]
    fn all_together_hold_no_more_than_the_bound() {
        let quota = ShareQuota::new(100, 40);
        let mut holdings: Vec<Holding> =
            (1..=3).map(|n| quota.holding(IpAddr::V4(n.into()))).collect();
        assert_eq!(holdings[0].resize(40), Ok(()));
        assert_eq!(holdings[1].resize(40), Ok(()));
        assert_eq!(holdings[2].resize(21), Err(QuotaExceeded::All));
        assert_eq!(holdings[2].resize(20), Ok(()));
    }

    #[test]
    fn networks_of_one_organization_share_sixteen_shares() {
        let quota = ShareQuota::new(1_000, 1);
        let mut held = Vec::new();
        for site in 0..65_536_u32 {
            let mut holding = quota.holding(ip(&format!("2001:db8:1:{site:x}::1")));
            if holding.resize(1) == Ok(()) {
                held.push(holding);
            }
        }
        assert_eq!(held.len(), 16);
        assert_eq!(quota.holding(ip("2001:db8:2::1")).resize(1), Ok(()));
        assert_eq!(ShareQuota::new(5, 0).holding(ip("192.0.2.1")).resize(5), Ok(()), "no share");
    }
}
