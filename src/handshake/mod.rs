//! From an HTTP head to a WebSocket: a server accepts or refuses an upgrade, a client requests one
//! and checks the response.
//!
//! Depends on `http`, SHA-1 and base64; never on sockets, frames or `chat`.
//!
//! A server calls [`accept()`] with a [`Policy`]: which hosts it serves, and which pages may
//! connect; a client builds an [`UpgradeRequest`] and verifies the response.

mod server; // the server's end
mod refusal; // why a request gets no WebSocket
mod hosts; // which hosts the server serves
mod origin; // which pages may connect
mod trusted_proxies; // the client's address behind a proxy

mod client; // the client's end

pub use crate::handshake::client::{Mismatch, UpgradeRequest, UpgradeRequestError};
pub use crate::handshake::hosts::Hosts;
pub use crate::handshake::origin::{Origin, OriginError, Scheme};
pub use crate::handshake::refusal::{REFUSED_HEADER, Refusal, WRONG_PASSWORDS};
pub use crate::handshake::server::{Policy, accept};
pub use crate::handshake::trusted_proxies::{Network, NetworkError, Proxies, Source};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

/// The `Sec-WebSocket-Accept` that answers `key` (RFC 6455 §4.2.2).
///
/// ```
/// # use talk::handshake::accept_for;
/// assert_eq!(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_for(key: &str) -> String {
    let mut digest = Sha1::new();
    digest.update(key.as_bytes());
    digest.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); // §1.3: "concatenate this with the GUID"
    STANDARD.encode(digest.digest().bytes())
}

/// The only version of the protocol (RFC 6455 §4.1).
const VERSION: &str = "13";

#[cfg(test)]
mod tests; // both ends, valid and invalid
