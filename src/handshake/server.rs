//! The server's end: a request in, a 101 or a refusal out (RFC 6455 §4.2).

use super::refusal::Refusal;
use super::{Hosts, Origin, VERSION, accept_for};
use crate::http::{Method, Request, Response, Status, Version};

/// Which requests a server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The hosts it serves.
    pub hosts: Hosts,
    /// Origins other than its own that may open a WebSocket.
    pub origins: Vec<Origin>,
}

/// The 101 that makes this request a WebSocket. The caller has checked the path. Extensions and
/// subprotocols are not negotiated: their headers are not even read.
///
/// ```
/// use talk::handshake::{Hosts, Policy, accept};
/// use talk::http::{Parser, Status};
/// let policy = Policy { hosts: Hosts::new([127, 0, 0, 1].into(), None, vec![]), origins: vec![] };
/// let head = b"GET /ws HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: http://localhost:8080\r\n\
///     Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// let (request, _) = Parser::new().feed(head)?.unwrap();
/// assert_eq!(accept(&request, &policy).unwrap().status(), Status::SWITCHING_PROTOCOLS);
/// # Ok::<(), talk::http::Error>(())
/// ```
///
/// # Errors
///
/// The first violation of RFC 6455 §§4.2.1 and 4.4, or of the policy.
pub fn accept(request: &Request, policy: &Policy) -> Result<Response, Refusal> {
    policy.hosts.check(request)?;
    if request.method != Method::Get {
        return Err(Refusal::Method);
    }
    if request.version != Version::Http11 {
        return Err(Refusal::OldHttp); // RFC 9110 §7.8: "MUST ignore" the Upgrade of HTTP/1.0
    }
    let headers = &request.headers;
    if !headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade") {
        return Err(Refusal::NoUpgrade);
    }
    if headers.single("Sec-WebSocket-Version") != Ok(Some(VERSION)) {
        return Err(Refusal::Version);
    }
    let key = match headers.single("Sec-WebSocket-Key") {
        Ok(Some(key)) if is_key(key) => key,
        Ok(_) | Err(_) => return Err(Refusal::Key),
    };
    check_origin(request, policy)?;
    Ok(Response::new(Status::SWITCHING_PROTOCOLS)
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Accept", accept_for(key)))
}

/// A client without `Origin` is not a browser and could send any origin: refusing it would stop no
/// attack.
fn check_origin(request: &Request, policy: &Policy) -> Result<(), Refusal> {
    let Some(value) = request.headers.single("Origin").map_err(|_| Refusal::Origin)? else {
        return Ok(());
    };
    let origin: Origin = value.parse().map_err(|_| Refusal::Origin)?;
    let own = request.authority.as_ref().is_some_and(|asked| origin.is_own(asked, &policy.hosts));
    if own || policy.origins.contains(&origin) { Ok(()) } else { Err(Refusal::Origin) }
}

/// Whether this has the form of 16 bytes in base64. Decoding would be too strict: the RFC's own
/// example `AQIDBAUGBwgJCgsMDQ4PEC==` has bits set that no byte uses (errata 3150).
fn is_key(key: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix("==").is_some_and(|digits| digits.len() == 22 && digits.bytes().all(digit))
}
