//! The origin of a page (RFC 6454), and whether it may connect.
//!
//! A browser lets any page open a WebSocket to any server, and names the page's origin in `Origin`.
//! Refusing the wrong ones is the server's duty (RFC 6455 §10.2).

use std::fmt;
use std::str::FromStr;

use super::Hosts;
use crate::http::{Authority, Host};

/// The origin of a page: scheme, host and port, all three compared exactly.
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

/// The scheme of a page's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP, which this server speaks.
    Http,
    /// HTTP over TLS: a proxy in front of this server adds it.
    Https,
}

/// The text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginError;

impl Origin {
    /// Whether a page of this origin is one of this server's own, in a request to `asked`.
    ///
    /// This server speaks plain HTTP, so its pages have an http origin with the host and port of
    /// the request. An https origin is its own only behind a proxy that adds TLS, and then the
    /// operator has named the host (`--allow-host`); any other https origin is foreign.
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
    /// The default port, which is not written.
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
        f.write_str("an origin is http:// or https:// and a host, with nothing after it: https://chat.example")
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
    fn a_text_that_is_not_an_origin_is_rejected() {
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
    fn own_pages_have_an_http_origin_with_the_host_and_port_of_the_request() {
        assert!(own("http://127.0.0.1:9000", "127.0.0.1:9000", &[]));
        assert!(own("http://localhost", "localhost", &[]));
        assert!(own("http://localhost", "localhost:80", &[]));
        assert!(!own("http://127.0.0.1:9001", "127.0.0.1:9000", &[]));
        assert!(!own("http://localhost:9000", "127.0.0.1:9000", &[]));
        assert!(!own("http://localhost", "localhost:9000", &[]));
    }

    #[test]
    fn own_pages_have_an_https_origin_only_for_an_allowed_host() {
        assert!(!own("https://127.0.0.1:9000", "127.0.0.1:9000", &[]));
        assert!(!own("https://localhost", "localhost", &["chat.example"]));
        assert!(own("https://chat.example", "chat.example", &["chat.example"]));
        assert!(own("https://chat.example:8443", "chat.example:8443", &["chat.example"]));
        assert!(!own("https://chat.example", "chat.example:8443", &["chat.example"]));
        assert!(!own("https://chat.example", "chat.example:80", &["chat.example"]));
    }
}
