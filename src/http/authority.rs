//! Host and port, as `Host`, an absolute target and an `Origin` contain them (RFC 3986 §3.2).
//!
//! Stricter than the RFC, which allows almost anything as a name: what is accepted here can be
//! compared byte by byte.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::error::Error;

/// A host and, if it was given, a port.
///
/// ```
/// use talk::http::{Authority, Host};
/// let authority: Authority = "Chat.Example:8080".parse()?;
/// assert_eq!(authority.host, Host::Name(String::from("chat.example")));
/// assert_eq!(authority.port, Some(8080));
/// assert!("alice@chat.example".parse::<Authority>().is_err());
/// # Ok::<(), talk::http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The host.
    pub host: Host,
    /// The port; `None` means the scheme's default.
    pub port: Option<u16>,
}

/// A name or an address. Two values are equal only if they are the same host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name in lower case: 1 to 253 letters, digits, `-`, `.` and `_`.
    Name(String),
    /// An address, written `192.0.2.1` or `[2001:db8::1]`.
    Ip(IpAddr),
}

impl FromStr for Authority {
    type Err = Error;

    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// [`Error::Host`] for anything else: user information, a path, a list, an empty host.
    fn from_str(text: &str) -> Result<Authority, Error> {
        // A colon inside brackets belongs to the address.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (text, None),
        };
        let port = match port {
            None | Some("") => None, // RFC 3986 §3.2.3: an empty port means the default
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| Error::Host)?)
            }
            Some(_) => return Err(Error::Host),
        };
        Ok(Authority { host: host.parse()?, port })
    }
}

impl FromStr for Host {
    type Err = Error;

    /// Reads a name or an address, an IPv6 address in brackets.
    ///
    /// # Errors
    ///
    /// [`Error::Host`] for anything else.
    fn from_str(text: &str) -> Result<Host, Error> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = inner.parse().map_err(|_| Error::Host)?;
            return Ok(Host::Ip(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Host::Ip(IpAddr::V4(address)));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if (1..=NAME).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(Host::Name(text.to_ascii_lowercase()));
        }
        Err(Error::Host)
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Bytes of a name at most: those of a domain name (RFC 1035 §3.1).
const NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_read_and_written_alike() {
        for text in ["a", "localhost:8080", "127.0.0.1", "[::1]:8080", "[2001:db8::1]", "a_b.c-d"] {
            assert_eq!(text.parse::<Authority>().unwrap().to_string(), text);
        }
        let empty_port: Authority = "a:".parse().unwrap();
        assert_eq!(empty_port, "a".parse().unwrap());
        assert_eq!("LOCALHOST".parse::<Host>(), "localhost".parse());
        assert_eq!("[0:0::1]".parse::<Host>(), "[::1]".parse());
    }

    #[test]
    fn what_is_not_exactly_a_host_and_a_port_is_refused() {
        let cases = [
            "",
            ":",
            ":80",
            "a@b",
            "a/b",
            "a b",
            "a,b",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:+80",
            "a:-1",
            "::1",
            "[::1",
            "::1]",
            "[::1]x",
            "[::1]80",
            "[]",
            "[127.0.0.1]",
            "[fe80::1%1]",
            "é",
            "a?",
            "a#",
            "%61",
            "a\\b",
            "a\t",
            "http://a",
            "a:99999999999999999999",
        ];
        for text in cases {
            assert_eq!(text.parse::<Authority>(), Err(Error::Host), "{text:?}");
        }
        assert!("a".repeat(253).parse::<Host>().is_ok());
        assert!("a".repeat(254).parse::<Host>().is_err());
    }

    #[test]
    fn a_name_that_looks_like_an_address_stays_a_name() {
        for text in ["127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1.example", "127.0.0.01"] {
            assert_eq!(text.parse::<Host>(), Ok(Host::Name(String::from(text))), "{text}");
        }
    }
}
