//! Networks: what quotas count as one user.

use std::net::IpAddr;

/// A network of clients: an IPv4 host, or an IPv6 /64, /56 or /48.
///
/// A site gets a /64 at least, and a /48 contains 65,536 of them. So a quota counts an IPv6 client
/// three times: its /64, and with larger shares the networks around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Network {
    /// The address, without the bits of the host.
    bits: u128,
    /// Bits of the prefix; 128 for an IPv4 host.
    prefix: u8,
}

/// A network, and how many times the share of one site it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkShare {
    /// The network.
    pub(crate) network: Network,
    /// 1 for a site, more for a larger network.
    pub(crate) sites: u32,
}

/// Prefixes of IPv6 networks that quotas count, and the shares of each in sites. RFC 6177: a home
/// gets a /56, an organization a /48.
const IPV6: [(u8, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// The networks that contain one address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Networks {
    /// Of an IPv4 host.
    V4([NetworkShare; 1]),
    /// Of an IPv6 host.
    V6([NetworkShare; 3]),
}

impl Networks {
    /// The networks that contain `address`.
    pub(crate) fn of(address: IpAddr) -> Networks {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let network = Network { bits: v4.to_bits().into(), prefix: 128 };
                Networks::V4([NetworkShare { network, sites: 1 }])
            }
            IpAddr::V6(v6) => Networks::V6(IPV6.map(|(prefix, sites)| {
                let host_bits = 128 - u32::from(prefix);
                let bits = v6.to_bits() >> host_bits << host_bits;
                NetworkShare { network: Network { bits, prefix }, sites }
            })),
        }
    }

    /// Each of them, the smallest first.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, NetworkShare> {
        match self {
            Networks::V4(shares) => shares.iter(),
            Networks::V6(shares) => shares.iter(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(address: &str) -> Vec<NetworkShare> {
        Networks::of(address.parse().unwrap()).iter().copied().collect()
    }

    #[test]
    fn an_ipv4_host_is_one_network_however_it_is_written() {
        assert_eq!(networks("192.0.2.1").len(), 1);
        assert_eq!(networks("192.0.2.1"), networks("::ffff:192.0.2.1"));
        assert_ne!(networks("192.0.2.1"), networks("192.0.2.2"));
    }

    #[test]
    fn an_ipv6_host_is_in_three_networks_with_larger_shares() {
        let [site, home, organization] = *networks("2001:db8:1:2::3") else { panic!() };
        assert_eq!((site.sites, home.sites, organization.sites), (1, 4, 16));
        let common = |other: &str| {
            let other = networks(other);
            [site, home, organization].iter().filter(|share| other.contains(share)).count()
        };
        assert_eq!(common("2001:db8:1:2:ffff::"), 3, "the same /64");
        assert_eq!(common("2001:db8:1:ff::"), 2, "the same /56");
        assert_eq!(common("2001:db8:1:ff00::"), 1, "the same /48");
        assert_eq!(common("2001:db8:2::"), 0);
        assert_eq!(common("192.0.2.1"), 0);
    }
}
