//! The address of a server, as a person types it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::handshake::UpgradeRequest;
use crate::http::{Authority, Host};

/// The port of a server named without one.
const PORT: u16 = 8080;

/// The port of a URL without one (RFC 6455 §3).
const URL_PORT: u16 = 80;

/// The address of a server's WebSocket.
///
/// ```
/// use talk::client::Address;
/// let address = |text: &str| text.parse::<Address>().unwrap().to_string();
/// assert_eq!(address("192.0.2.7"), "ws://192.0.2.7:8080/ws");
/// assert_eq!(address("::1"), "ws://[::1]:8080/ws");
/// assert_eq!(address("http://chat.example/"), "ws://chat.example/ws");
/// assert_eq!(address("ws://chat.example:9000/talk"), "ws://chat.example:9000/talk");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    authority: Authority,
    target: String,
}

/// Why a text is not the address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It asks for TLS, which this client does not support.
    Tls,
    /// Its URL scheme is another.
    Scheme,
    /// The host or the port is invalid.
    Host,
    /// The path cannot be sent in a request line.
    Path,
}

impl Address {
    /// The value of the `Host` header.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The path of the WebSocket.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The host, as the system's resolver takes it, and the port.
    #[must_use]
    pub fn endpoint(&self) -> (String, u16) {
        let host = match &self.authority.host {
            Host::Name(name) => name.clone(),
            Host::Ip(address) => address.to_string(),
        };
        (host, self.authority.port.unwrap_or(URL_PORT))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Parses `HOST`, `HOST:PORT`, `ws://HOST[:PORT][/PATH]`, or the `http://` URL of the page,
    /// which a person can copy from the browser.
    fn from_str(text: &str) -> Result<Address, AddressError> {
        let (url, rest) = match text.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "ws" | "http" => (true, rest),
                "wss" | "https" => return Err(AddressError::Tls),
                _ => return Err(AddressError::Scheme),
            },
            None => (false, text),
        };
        let (host, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
        let mut authority = match host.parse::<Ipv6Addr>() {
            Ok(address) => Authority { host: Host::Ip(IpAddr::V6(address)), port: None },
            Err(_) => host.parse().map_err(|_| AddressError::Host)?,
        };
        if !url {
            authority.port.get_or_insert(PORT);
        }
        let target = String::from(if path.is_empty() || path == "/" { "/ws" } else { path });
        UpgradeRequest::new(&authority, &target, [0; 16]).map_err(|_| AddressError::Path)?;
        Ok(Address { authority, target })
    }
}

/// The default server: this computer.
impl Default for Address {
    fn default() -> Address {
        let authority =
            Authority { host: Host::Ip(IpAddr::from([127, 0, 0, 1])), port: Some(PORT) };
        Address { authority, target: String::from("/ws") }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority, self.target)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressError::Tls => {
                "TLS (wss:// and https://) is not supported: use a tunnel, such as ssh -L \
                 8080:localhost:8080 HOST, and connect to localhost:8080"
            }
            AddressError::Scheme => "a server's URL starts with ws:// or http://",
            AddressError::Host => {
                "a server is HOST, HOST:PORT or ws://HOST:PORT; an IPv6 address with a port needs \
                 brackets, and a name with other letters than ASCII its xn-- form"
            }
            AddressError::Path => {
                "the path of a server's URL starts with / and has only ASCII, no spaces and no #"
            }
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed_as_people_type_it() {
        let cases = [
            ("localhost", "ws://localhost:8080/ws", "localhost", 8080),
            ("localhost:9", "ws://localhost:9/ws", "localhost", 9),
            ("127.0.0.1:65535", "ws://127.0.0.1:65535/ws", "127.0.0.1", 65535),
            ("::1", "ws://[::1]:8080/ws", "::1", 8080),
            ("[::1]", "ws://[::1]:8080/ws", "::1", 8080),
            ("[2001:db8::1]:9", "ws://[2001:db8::1]:9/ws", "2001:db8::1", 9),
            ("ws://Chat.Example", "ws://chat.example/ws", "chat.example", 80),
            ("WS://a:81/", "ws://a:81/ws", "a", 81),
            ("ws://a:81/chat/ws?x=1", "ws://a:81/chat/ws?x=1", "a", 81),
            ("ws://[::1]:9/ws", "ws://[::1]:9/ws", "::1", 9),
            ("http://192.0.2.1:8080/", "ws://192.0.2.1:8080/ws", "192.0.2.1", 8080),
        ];
        for (text, url, host, port) in cases {
            let address: Address = text.parse().expect(text);
            assert_eq!(address.to_string(), url, "{text}");
            assert_eq!(address.endpoint(), (String::from(host), port), "{text}");
        }
        assert_eq!(Address::default(), "127.0.0.1".parse().unwrap());
    }

    #[test]
    fn what_is_not_an_address_is_rejected_for_its_reason() {
        let cases = [
            ("wss://chat.example/ws", AddressError::Tls),
            ("https://chat.example", AddressError::Tls),
            ("ftp://chat.example", AddressError::Scheme),
            ("", AddressError::Host),
            (":8080", AddressError::Host),
            ("a b", AddressError::Host),
            ("a:b", AddressError::Host),
            ("a:65536", AddressError::Host),
            ("alice@a", AddressError::Host),
            ("::1:99999", AddressError::Host),
            ("bücher.example", AddressError::Host),
            ("ws://", AddressError::Host),
            ("ws://a/b c", AddressError::Path),
            ("ws://a/ws#top", AddressError::Path),
            ("ws://a?x", AddressError::Path),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Address>(), Err(error), "{text:?}");
        }
    }
}
