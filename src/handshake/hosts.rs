//! The hosts that this server serves: protection against DNS rebinding.
//!
//! A browser lets a page send requests to the host that the page came from. *DNS rebinding* abuses
//! that: the name of the attacker's page, evil.example, suddenly resolves to 127.0.0.1, and the
//! page can read our responses. The `Host` header is still evil.example. So a server serves only
//! hosts whose address no attacker controls.
//!
//! The port in `Host` is not compared with the port that the server listens on. It would stop no
//! attack (a rebinding page is served from the same port), and it would lock out users behind `ssh
//! -L` and port maps, who have another port for good reason.

use std::net::IpAddr;

use super::refusal::Refusal;
use crate::http::{Authority, Host, Request};

/// The hosts that this server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    reach: Reach,
    allowed: Vec<Host>,
}

/// From where the server can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// This machine only: then only loopback's own names are valid.
    Loopback,
    /// A network: any address is valid, as an address cannot be rebound, and so are these names of
    /// the machine.
    Network(Vec<Host>),
}

impl Hosts {
    /// The hosts of a server listening on `bound`: loopback's names; on a wider bind also any
    /// address and the names that a network has for the machine called `own_name`; and the
    /// `allowed` ones (`--allow-host`).
    ///
    /// ```
    /// use talk::handshake::Hosts;
    /// let hosts = Hosts::new("127.0.0.1".parse()?, None, vec!["chat.example".parse()?]);
    /// assert!(hosts.answers_to(&"localhost:9000".parse()?));
    /// assert!(hosts.answers_to(&"chat.example".parse()?));
    /// assert!(!hosts.answers_to(&"evil.example:8080".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(bound: IpAddr, own_name: Option<&str>, allowed: Vec<Host>) -> Hosts {
        let reach = if bound.to_canonical().is_loopback() {
            Reach::Loopback
        } else {
            Reach::Network(own_name.map(names_of).unwrap_or_default())
        };
        Hosts { reach, allowed }
    }

    /// Refuses a request for another host: every request, for a page as well as for an upgrade.
    ///
    /// A request without a host is accepted: only HTTP/1.0 has none, and no browser uses it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Host`], answered with 421 (RFC 9110 §7.4).
    pub fn check(&self, request: &Request) -> Result<(), Refusal> {
        match &request.authority {
            Some(authority) if !self.answers_to(authority) => Err(Refusal::Host),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether this server serves this host, at any port.
    #[must_use]
    pub fn answers_to(&self, authority: &Authority) -> bool {
        self.is_allowed(&authority.host)
            || match (&self.reach, &authority.host) {
                (Reach::Loopback, Host::Ip(address)) => address.is_loopback(),
                (Reach::Network(_), Host::Ip(_)) => true,
                (_, Host::Name(name)) if name == "localhost" => true,
                (Reach::Loopback, Host::Name(_)) => false,
                (Reach::Network(names), host @ Host::Name(_)) => names.contains(host),
            }
    }

    /// Whether this host was allowed with `--allow-host`.
    pub(super) fn is_allowed(&self, host: &Host) -> bool {
        self.allowed.contains(host)
    }
}

/// The names that a network has for a machine: its own name, that name without the domain, and its
/// name in multicast DNS (RFC 6762 §3). No attacker can make them resolve to another address.
fn names_of(own_name: &str) -> Vec<Host> {
    let short = own_name.split('.').next().unwrap_or(own_name);
    let names = [own_name, short, &format!("{short}.local")].map(str::parse);
    names.into_iter().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(hosts: &Hosts, cases: &[&str]) -> Vec<bool> {
        cases.iter().map(|host| hosts.answers_to(&host.parse().unwrap())).collect()
    }

    #[test]
    fn a_loopback_server_answers_to_loopback_names_at_any_port() {
        for bound in ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"] {
            let hosts = Hosts::new(bound.parse().unwrap(), Some("box"), Vec::new());
            let ours = ["localhost", "LocalHost:9000", "127.0.0.1:8080", "127.0.0.2", "[::1]:1"];
            assert_eq!(answered(&hosts, &ours), [true; 5], "{bound}");
            let theirs =
                ["evil.com:8080", "box", "192.168.1.5:8080", "0.0.0.0", "127.1", "localhost.evil"];
            assert_eq!(answered(&hosts, &theirs), [false; 6], "{bound}");
        }
    }

    #[test]
    fn a_network_server_answers_to_any_address_and_to_its_own_name() {
        for bound in ["0.0.0.0", "::", "192.168.1.5"] {
            let hosts = Hosts::new(bound.parse().unwrap(), Some("Box.lan"), Vec::new());
            let ours =
                ["192.168.1.5", "[2001:db8::1]:80", "localhost", "box", "box.lan", "box.local:1"];
            assert_eq!(answered(&hosts, &ours), [true; 6], "{bound}");
            assert_eq!(answered(&hosts, &["evil.com", "box.evil", "lan"]), [false; 3], "{bound}");
        }
    }

    #[test]
    fn a_host_allowed_by_hand_is_answered_at_any_port() {
        let allowed = vec!["chat.example".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        let hosts = Hosts::new("127.0.0.1".parse().unwrap(), None, allowed);
        let cases = ["Chat.Example:443", "10.0.0.1", "a.chat.example", "10.0.0.2"];
        assert_eq!(answered(&hosts, &cases), [true, true, false, false]);
    }

    #[test]
    fn an_invalid_own_name_adds_no_host() {
        let hosts = Hosts::new("0.0.0.0".parse().unwrap(), Some("my box"), Vec::new());
        assert_eq!(hosts.reach, Reach::Network(Vec::new()));
    }
}
