//! Why the server refuses a WebSocket, and the response to such a request (RFC 6455 §4.2.2, RFC
//! 9110 §15.5).

use std::fmt;

use super::VERSION;
use crate::http::{Response, Status};

/// The header of a 429 that says which limit was reached: a client cannot tell it from the status.
pub const REFUSED_HEADER: &str = "Talk-Refused";

/// The value of [`REFUSED_HEADER`] after too many wrong passwords. `Retry-After` says when the server
/// checks a password of this address again.
pub const WRONG_PASSWORDS: &str = "wrong-passwords";

/// Why the server refuses a WebSocket. It converts to the [`Response`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request is for a host that this server does not serve.
    Host,
    /// The method is not GET.
    Method,
    /// The request is HTTP/1.0, which cannot upgrade.
    OldHttp,
    /// `Upgrade: websocket` or `Connection: Upgrade` is missing.
    NoUpgrade,
    /// `Sec-WebSocket-Version` is not 13, or is repeated.
    Version,
    /// `Sec-WebSocket-Key` is not 16 bytes in base64, or is repeated.
    Key,
    /// The page's origin is neither the server's own nor allowed.
    Origin,
}

impl Refusal {
    /// The status of the response.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Refusal::Host => Status::MISDIRECTED,
            Refusal::Method => Status::METHOD_NOT_ALLOWED,
            Refusal::OldHttp | Refusal::NoUpgrade | Refusal::Version => Status::UPGRADE_REQUIRED,
            Refusal::Key => Status::BAD_REQUEST,
            Refusal::Origin => Status::FORBIDDEN,
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Response {
        let response = Response::error(refusal.status(), &refusal.to_string());
        match refusal {
            Refusal::Method => response.header("Allow", "GET"),
            Refusal::OldHttp | Refusal::NoUpgrade | Refusal::Version => response
                .header("Upgrade", "websocket") // RFC 9110 §15.5.22
                .header("Sec-WebSocket-Version", VERSION), // RFC 6455 §4.4
            Refusal::Host | Refusal::Key | Refusal::Origin => response,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Host => {
                "this server does not serve that host name (its operator can allow it: --allow-host NAME)"
            }
            Refusal::Method => "a WebSocket begins with GET",
            Refusal::OldHttp => "a WebSocket needs HTTP/1.1 (behind nginx: proxy_http_version 1.1)",
            Refusal::NoUpgrade => {
                "only a WebSocket is served here: `Upgrade: websocket` and `Connection: Upgrade` \
                 are missing (a proxy must forward them)"
            }
            Refusal::Version => "Sec-WebSocket-Version must be 13",
            Refusal::Key => "Sec-WebSocket-Key must be 16 bytes in base64",
            Refusal::Origin => {
                "pages of that origin may not connect (the server's operator can allow it: \
                 --allow-origin URL)"
            }
        })
    }
}

impl std::error::Error for Refusal {}
