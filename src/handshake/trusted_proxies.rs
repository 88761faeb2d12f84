//! The client's address behind trusted proxies: `X-Forwarded-For`.
//!
//! A server behind a proxy sees the proxy's address only. The proxy appends the address that it
//! sees to `X-Forwarded-For`, at the end of what the header held before. Only entries that a
//! trusted proxy wrote can be believed, so the list is read from its right end, and only if the
//! peer is a trusted proxy. Entries further left may be forged.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::http::{Authority, Headers, Host};

/// The trusted proxies in front of this server.
///
/// ```
/// use talk::handshake::Proxies;
/// let proxies = Proxies::new(vec!["127.0.0.1".parse()?, "10.0.0.0/8".parse()?]);
/// assert!(proxies.trusts("10.1.2.3".parse()?));
/// assert!(!proxies.trusts("192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    networks: Vec<Network>,
}

/// An address, or a network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Leading bits that are compared.
    prefix: u32,
}

/// The source of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The client's address, as far as it can be trusted.
    pub address: IpAddr,
    /// Whether the request claims to be forwarded, true or not: it has `X-Forwarded-For`, `Forwarded`
    /// (RFC 7239), `Via` (RFC 9110 §7.6.3) or another header that proxies add.
    pub forwarded: bool,
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkError;

impl Proxies {
    /// Trusts these networks and no other.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Proxies {
        Proxies { networks }
    }

    /// Whether this address is a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The source of a request with these headers, over a connection from `peer`.
    ///
    /// Starting with the peer, each trusted proxy names the address before it; the first address
    /// that is not a trusted proxy is the client's. If all are, it is the outermost. If a proxy
    /// names something that is not an address, the result is the peer.
    #[must_use]
    pub fn source(&self, peer: IpAddr, headers: &Headers) -> Source {
        let hops: Vec<&str> = headers.list(FORWARDED_FOR).collect();
        let forwarded = ADDED_BY_PROXIES.iter().any(|name| headers.values(name).next().is_some());
        let mut address = peer;
        for text in hops.into_iter().rev() {
            if !self.trusts(address) {
                break;
            }
            let Some(parse_forwarded_entry) = parse_forwarded_entry(text) else {
                return Source { address: peer, forwarded };
            };
            address = parse_forwarded_entry;
        }
        Source { address, forwarded }
    }
}

const FORWARDED_FOR: &str = "X-Forwarded-For";

/// Headers that proxies add and no client of ours sends.
const ADDED_BY_PROXIES: [&str; 6] =
    [FORWARDED_FOR, "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto"];

/// The address in one entry: bare or with a port, an IPv6 address with or without brackets.
fn parse_forwarded_entry(text: &str) -> Option<IpAddr> {
    let bare = text.parse().ok();
    let address = bare.or_else(|| match text.parse::<Authority>().ok()?.host {
        Host::Ip(address) => Some(address),
        Host::Name(_) => None,
    });
    address.map(|address| address.to_canonical())
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let (network, width) = bits(self.address);
        let (other, other_width) = bits(address.to_canonical());
        let host_bits = width.saturating_sub(self.prefix);
        width == other_width && (network ^ other).checked_shr(host_bits).unwrap_or(0) == 0
    }
}

/// An address as a number, and its width in bits.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (v4.to_bits().into(), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] for anything else: a name, a port, a prefix that is too long, bits set
    /// after the prefix.
    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let (number, width) = bits(address);
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NetworkError)?
            }
            Some(_) => return Err(NetworkError),
        };
        let host_bits = width.checked_sub(prefix).ok_or(NetworkError)?;
        if number.trailing_zeros() < host_bits {
            return Err(NetworkError); // 10.0.0.1/8: the address or the prefix is a mistake
        }
        // An IPv4-mapped IPv6 address is compared as the IPv4 address.
        let address = address.to_canonical();
        let prefix = prefix.checked_sub(width.saturating_sub(bits(address).1));
        Ok(Network { address, prefix: prefix.ok_or(NetworkError)? })
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a network is an address, or one with a prefix: 10.0.0.0/8")
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Parser;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies(networks: &[&str]) -> Proxies {
        Proxies::new(networks.iter().map(|text| text.parse().unwrap()).collect())
    }

    fn source(peer: &str, lines: &[&str]) -> Source {
        let mut head = String::from("GET /ws HTTP/1.1\r\nHost: localhost\r\n");
        lines.iter().for_each(|line| head.extend([line, "\r\n"]));
        head.push_str("\r\n");
        let (request, _): (crate::http::Request, _) =
            Parser::new().feed(head.as_bytes()).unwrap().unwrap();
        proxies(&["127.0.0.1", "::1", "10.0.0.0/8"]).source(ip(peer), &request.headers)
    }

    #[test]
    fn the_rightmost_address_that_is_not_a_trusted_proxy_is_the_client() {
        for (lines, address) in [
            (&["X-Forwarded-For: 192.0.2.1"][..], "192.0.2.1"),
            (&["x-forwarded-for:\t192.0.2.1 "], "192.0.2.1"),
            (&["X-Forwarded-For: 198.51.100.9, 192.0.2.1"], "192.0.2.1"), // the left entry is forged
            (&["X-Forwarded-For: nonsense, 192.0.2.1"], "192.0.2.1"),
            (&["X-Forwarded-For: 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
            (&["X-Forwarded-For: 192.0.2.1,, 10.0.0.7, ::1 ,"], "192.0.2.1"),
            (&["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"], "192.0.2.2"),
            (&["X-Forwarded-For: 192.0.2.1", "Via: x", "X-Forwarded-For: 10.0.0.7"], "192.0.2.1"),
            (&["X-Forwarded-For: 192.0.2.1:4711"], "192.0.2.1"),
            (&["X-Forwarded-For: 2001:db8::1"], "2001:db8::1"),
            (&["X-Forwarded-For: [2001:db8::1]"], "2001:db8::1"),
            (&["X-Forwarded-For: [2001:db8::1]:4711"], "2001:db8::1"),
            (&["X-Forwarded-For: ::ffff:192.0.2.1"], "192.0.2.1"),
            (&["X-Forwarded-For: 192.0.2.1, ::ffff:10.0.0.7"], "192.0.2.1"),
            (&["X-Forwarded-For: 10.0.0.8, 10.0.0.7"], "10.0.0.8"), // all trusted: the outermost
        ] {
            let expected = Source { address: ip(address), forwarded: true };
            assert_eq!(source("127.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(source("::ffff:127.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn where_a_proxy_names_no_address_the_peer_is_the_client() {
        for (lines, forwarded) in [
            (&[][..], false),
            (&["X-Forwarded-For:"], true),
            (&["X-Forwarded-For: , ,"], true),
            (&["X-Forwarded-For: unknown"], true),
            (&["X-Forwarded-For: 192.0.2.1, talk.example"], true),
            (&["X-Forwarded-For: 192.0.2.1, 10.0.0"], true),
            (&["X-Forwarded-For: 192.0.2.1:x"], true),
            (&["X-Forwarded-For: 192.0.2.1:99999"], true),
            (&["X-Forwarded-For: fe80::1%eth0"], true),
            (&["X-Forwarded-For: \"192.0.2.1\""], true),
            (&["X-Forwarded-For: 192.0.2.1, unknown, 10.0.0.7"], true),
            (&["Forwarded: for=192.0.2.1"], true),
            (&["X-Real-IP: 192.0.2.1"], true),
            (&["Via: 1.1 varnish"], true),
            (&["X-Forwarded-Proto: https"], true),
        ] {
            let expected = Source { address: ip("127.0.0.1"), forwarded };
            assert_eq!(source("127.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_header_of_an_untrusted_peer_is_ignored_but_reported() {
        let expected = Source { address: ip("192.0.2.7"), forwarded: true };
        assert_eq!(source("192.0.2.7", &["X-Forwarded-For: 192.0.2.1"]), expected);
        assert_eq!(source("192.0.2.7", &["X-Forwarded-For: 127.0.0.1"]), expected);
        let nobody = Proxies::default();
        assert!(!nobody.trusts(ip("127.0.0.1")));
    }

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "0.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ] {
            let proxies = proxies(&[network]);
            assert!(proxies.trusts(ip(inside)), "{inside} in {network}");
            assert!(!proxies.trusts(ip(outside)), "{outside} not in {network}");
        }
    }

    #[test]
    fn what_is_not_exactly_a_network_is_refused() {
        for text in [
            "",
            "/",
            "/8",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.1/8",
            "::1/129",
            "::1/64",
            "[::1]",
            "localhost",
            "10.0.0.1:80",
            " 10.0.0.1",
            "10.0.0.0/99999999999999999999",
            "10.0.0.0/-1",
            "10.0.0.0/255.0.0.0",
            "::ffff:0:0/95",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text:?}");
        }
    }
}
