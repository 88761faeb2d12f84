//! Which page asks (RFC 6454), and whether it may.
//!
//! A browser lets any page open a WebSocket to any server, and says in `Origin` which page it is.
//! To refuse the wrong ones is the server's part (RFC 6455 §10.2).

use std::fmt;
use std::str::FromStr;

use super::Hosts;
use crate::http::{Authority, Host};

/// Where a page comes from: scheme, host and port, all three compared exactly.
///
/// ```
/// use talk::handshake::Origin;
/// let origin: Origin = "https://chat.example".parse()?;
/// assert_eq!(origin, "https://Chat.Example:443".parse()?);
/// assert_ne!(origin, "http://chat.example".parse()?);
/// assert!("chat.example".parse::<Origin>().is_err());
/// # Ok::<(), talk::handshake::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

/// How a page came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As plain HTTP, which is what a server of ours speaks.
    Http,
    /// Over TLS: then a proxy stands in front of us.
    Https,
}

/// Not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginError;

impl Origin {
    /// Whether a page of this origin is one of our own, asking for `asked`.
    ///
    /// As we speak plain HTTP, our pages come by http from the very host and port they ask for.
    /// By https they come only if a proxy adds TLS, and somebody who set one up has named its host
    /// (`--allow-host`); for any other host https is a stranger.
    pub(super) fn is_own(&self, asked: &Authority, hosts: &Hosts) -> bool {
        let scheme_fits = match self.scheme {
            Scheme::Http => true,
            Scheme::Https => hosts.is_allowed(&self.host),
        };
        scheme_fits
            && self.host == asked.host
            && self.port == asked.port.unwrap_or(self.scheme.port())
    }
}

impl Scheme {
    /// The port that need not be written.
    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Reads `scheme://host` or `scheme://host:port`.
    ///
    /// # Errors
    ///
    /// [`OriginError`] for anything else: `null`, a path, a list, another scheme.
    fn from_str(text: &str) -> Result<Origin, OriginError> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(OriginError),
        };
        let Authority { host, port } = rest.parse().map_err(|_| OriginError)?;
        Ok(Origin { scheme, host, port: port.unwrap_or(scheme.port()) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let port = (self.port != self.scheme.port()).then_some(self.port);
        write!(f, "{scheme}://{}", Authority { host: self.host.clone(), port })
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an origin is http:// or https:// and a host, with nothing behind: https://chat.example")
    }
}

impl std::error::Error for OriginError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origin: &str, asked: &str, allowed: &[&str]) -> bool {
        let allowed = allowed.iter().map(|host| host.parse().unwrap()).collect();
        let hosts = Hosts::new("0.0.0.0".parse().unwrap(), None, allowed);
        origin.parse::<Origin>().unwrap().is_own(&asked.parse().unwrap(), &hosts)
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for text in ["http://a", "https://a:80", "http://a:443", "http://[::1]:8080"] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
        assert_eq!("https://a:443".parse::<Origin>().unwrap().to_string(), "https://a");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        let cases = [
            "",
            "null",
            "a",
            "//a",
            "http:a",
            "http://",
            "http://a/",
            "http://a/b",
            "http://b@a",
            "http://a http://b",
            "http://a,http://b",
            "ws://a",
            "file://",
            "http://a?",
            "http://a#",
            "chrome-extension://abc",
            " http://a",
            "*",
            "http://*",
        ];
        for text in cases {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text:?}");
        }
    }

    #[test]
    fn own_pages_come_by_http_from_the_host_and_port_they_ask_for() {
        assert!(own("http://127.0.0.1:9000", "127.0.0.1:9000", &[]));
        assert!(own("http://localhost", "localhost", &[]));
        assert!(own("http://localhost", "localhost:80", &[]));
        assert!(!own("http://127.0.0.1:9001", "127.0.0.1:9000", &[]));
        assert!(!own("http://localhost:9000", "127.0.0.1:9000", &[]));
        assert!(!own("http://localhost", "localhost:9000", &[]));
    }

    #[test]
    fn own_pages_come_by_https_only_through_a_proxy_whose_host_was_named() {
        assert!(!own("https://127.0.0.1:9000", "127.0.0.1:9000", &[]));
        assert!(!own("https://localhost", "localhost", &["chat.example"]));
        assert!(own("https://chat.example", "chat.example", &["chat.example"]));
        assert!(own("https://chat.example:8443", "chat.example:8443", &["chat.example"]));
        assert!(!own("https://chat.example", "chat.example:8443", &["chat.example"]));
        assert!(!own("https://chat.example", "chat.example:80", &["chat.example"]));
    }
}
