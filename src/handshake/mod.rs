//! From an HTTP head to a WebSocket: accept or refuse an upgrade, ask for and verify one.
//!
//! Room: `http` values and digests. Never a socket, a frame, or a word of chat.
//!
//! A server asks [`accept()`], under a [`Policy`] that says which hosts it answers to and which pages
//! may open it; a client makes an [`UpgradeRequest`] and verifies the answer.

mod server; // the server's side
mod hosts; // which Host we answer to
mod origin; // which pages may open us
mod trusted_proxies; // whom a proxy speaks for

mod client; // the client's side

pub use crate::handshake::client::{Mismatch, UpgradeRequest, UpgradeRequestError};
pub use crate::handshake::hosts::Hosts;
pub use crate::handshake::origin::{Origin, OriginError, Scheme};
pub use crate::handshake::server::{Policy, Refusal, accept};
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

/// The only version of the protocol there is (RFC 6455 §4.1).
const VERSION: &str = "13";

#[cfg(test)]
mod tests; // both sides, right and wrong
