//! The client's end: the request for a WebSocket, and the check of the response (RFC 6455 §4.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{VERSION, accept_for};
use crate::http::{Authority, ResponseHead, Status, is_token, is_value};

/// A request for a WebSocket, and the key that the response must prove to know.
///
/// ```
/// use talk::handshake::UpgradeRequest;
/// let request = UpgradeRequest::new(&"localhost:8080".parse()?, "/ws", [7; 16])?;
/// assert!(request.to_bytes().starts_with(b"GET /ws HTTP/1.1\r\nHost: localhost:8080\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct UpgradeRequest {
    key: String,
    head: String,
}

/// What cannot be part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeRequestError {
    /// The target does not begin with `/`, or has a space, a `#`, or a character that is not
    /// visible ASCII.
    Target,
    /// A header's name is not a token, or its value has control characters.
    Header,
}

/// Why a response does not open a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The status is not 101.
    Status {
        /// The status.
        status: Status,
        /// The target of a redirect, if it is visible ASCII. It is not followed.
        location: Option<String>,
    },
    /// `Upgrade: websocket` or `Connection: Upgrade` is missing.
    NoUpgrade,
    /// `Sec-WebSocket-Accept` is missing, repeated, or answers another key.
    Accept,
    /// An extension that was not requested.
    Extension,
    /// A subprotocol that was not requested.
    Subprotocol,
}

impl UpgradeRequest {
    /// A request to `authority` for `target`, a path with or without a query. The `nonce` must be
    /// new and random for each request.
    ///
    /// # Errors
    ///
    /// [`UpgradeRequestError::Target`] where the target is not valid in a request.
    pub fn new(
        authority: &Authority,
        target: &str,
        nonce: [u8; 16],
    ) -> Result<UpgradeRequest, UpgradeRequestError> {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !target.starts_with('/') || !target.bytes().all(fits) {
            return Err(UpgradeRequestError::Target);
        }
        let key = STANDARD.encode(nonce);
        let head = format!(
            "GET {target} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: {VERSION}\r\n"
        );
        Ok(UpgradeRequest { key, head })
    }

    /// Adds a header.
    ///
    /// # Errors
    ///
    /// [`UpgradeRequestError::Header`] where it is not a valid header line.
    pub fn header(
        mut self,
        name: &str,
        value: &str,
    ) -> Result<UpgradeRequest, UpgradeRequestError> {
        if !is_token(name) || !is_value(value) {
            return Err(UpgradeRequestError::Header);
        }
        for part in [name, ": ", value, "\r\n"] {
            self.head.push_str(part);
        }
        Ok(self)
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n"].concat()
    }

    /// Checks the response. After it, all bytes are frames.
    ///
    /// # Errors
    ///
    /// The first violation of RFC 6455 §4.1; the connection must be closed.
    pub fn verify(&self, response: &ResponseHead) -> Result<(), Mismatch> {
        let headers = &response.headers;
        if response.status != Status::SWITCHING_PROTOCOLS {
            let location = headers.values("Location").next();
            let location = location.filter(|url| url.bytes().all(|byte| byte.is_ascii_graphic()));
            return Err(Mismatch::Status {
                status: response.status,
                location: location.map(String::from),
            });
        }
        if !headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "upgrade")
        {
            return Err(Mismatch::NoUpgrade);
        }
        if headers.single("Sec-WebSocket-Accept") != Ok(Some(&accept_for(&self.key))) {
            return Err(Mismatch::Accept);
        }
        if headers.list("Sec-WebSocket-Extensions").next().is_some() {
            return Err(Mismatch::Extension);
        }
        if headers.values("Sec-WebSocket-Protocol").next().is_some() {
            return Err(Mismatch::Subprotocol);
        }
        Ok(())
    }
}

impl Mismatch {
    /// Whether a chat server may have answered, which accepts no connection now.
    #[must_use]
    pub fn is_refusal_for_now(&self) -> bool {
        matches!(self, Mismatch::Status { status, .. } if matches!(status.code(), 429 | 503))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Status { status, location } => {
                write!(f, "the server answered {status}: {}", advice(*status))?;
                match location {
                    Some(location) => write!(f, " (it points to {location})"),
                    None => Ok(()),
                }
            }
            Mismatch::NoUpgrade => f.write_str(
                "the server answered 101 without changing to WebSocket: a proxy in between may \
                 have dropped the headers",
            ),
            Mismatch::Accept => f.write_str(
                "the server's Sec-WebSocket-Accept does not match our key: something in between \
                 answers for the server",
            ),
            Mismatch::Extension => {
                f.write_str("the server uses a WebSocket extension that was not asked for")
            }
            Mismatch::Subprotocol => {
                f.write_str("the server chose a WebSocket subprotocol that was not asked for")
            }
        }
    }
}

impl std::error::Error for Mismatch {}

/// What a status means for the user, and what to try.
fn advice(status: Status) -> &'static str {
    match status.code() {
        200..300 => "something other than a chat answers at this address; check host and port",
        300..400 => {
            "it redirects, and redirects are not followed; connect to the right address directly"
        }
        400 | 405 => {
            "it did not accept the WebSocket request; a proxy in between may have changed it"
        }
        401 | 407 => "a proxy in front of it asks for a login, which this client does not support",
        403 => "it, or a proxy in front of it, does not allow this connection",
        404 | 410 => "there is no chat at this address; check host and port",
        408 => "it did not get our request in time; try again",
        421 => {
            "it does not know this host name; use its address, or start the server with --allow-host"
        }
        426 => "a proxy in between does not forward WebSockets; check the proxy",
        429 => "too many connections from your address; try again in a minute",
        502 | 504 => "the proxy in front of it cannot reach it; is the server running?",
        503 => "it is full or shutting down; try again soon",
        500.. => "it had an internal error; see its log",
        _ => "this is not a WebSocket",
    }
}

impl fmt::Display for UpgradeRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UpgradeRequestError::Target => {
                "a target must be a path such as /ws, in visible ASCII without `#`"
            }
            UpgradeRequestError::Header => {
                "a header must be a name and a value without control characters"
            }
        })
    }
}

impl std::error::Error for UpgradeRequestError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Parser;

    /// RFC 6455 §1.3: the nonce "the sample nonce".
    fn request() -> UpgradeRequest {
        UpgradeRequest::new(&"localhost:8080".parse().unwrap(), "/ws", *b"the sample nonce")
            .unwrap()
    }

    fn verdict(response: &str) -> Result<(), Mismatch> {
        let (head, _) = Parser::new().feed(response.as_bytes()).unwrap().unwrap();
        request().verify(&head)
    }

    const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        \r\n";

    #[test]
    fn an_upgrade_request_is_these_bytes() {
        let request = request().header("User-Agent", "talk/0.1.0").unwrap();
        let expected = "GET /ws HTTP/1.1\r\n\
            Host: localhost:8080\r\n\
            Upgrade: websocket\r\n\
            Connection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Version: 13\r\n\
            User-Agent: talk/0.1.0\r\n\
            \r\n";
        assert_eq!(request.to_bytes(), expected.as_bytes());
    }

    #[test]
    fn nothing_can_be_smuggled_into_an_upgrade_request() {
        let authority = "localhost".parse().unwrap();
        for target in ["", "ws", "/ ", "/#x", "/\r\nX: y", "/é", "http://localhost/"] {
            let request = UpgradeRequest::new(&authority, target, [0; 16]);
            assert_eq!(request.unwrap_err(), UpgradeRequestError::Target, "{target:?}");
        }
        for (name, value) in [("", "x"), ("X:", "x"), ("X Y", "x"), ("X", "x\r\nY: z"), ("X", " x")]
        {
            let request = request().header(name, value);
            assert_eq!(request.unwrap_err(), UpgradeRequestError::Header, "{name:?}: {value:?}");
        }
    }

    #[test]
    fn a_correct_response_is_accepted() {
        assert_eq!(verdict(SWITCH), Ok(()));
        assert_eq!(verdict(&SWITCH.replace("websocket", "WebSocket")), Ok(()));
        assert_eq!(verdict(&SWITCH.replace("Upgrade\r\n", "keep-alive, upgrade\r\n")), Ok(()));
    }

    #[test]
    fn a_response_that_opens_no_websocket_is_rejected() {
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        for (line, by, mismatch) in [
            ("Upgrade: websocket\r\n", "", Mismatch::NoUpgrade),
            ("Upgrade: websocket\r\n", "Upgrade: h2c\r\n", Mismatch::NoUpgrade),
            ("Connection: Upgrade\r\n", "", Mismatch::NoUpgrade),
            (accept, "", Mismatch::Accept),
            (accept, "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n", Mismatch::Accept),
            (accept, "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n", Mismatch::Accept),
            (accept, &accept.repeat(2), Mismatch::Accept),
            ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n", Mismatch::Extension),
            ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", Mismatch::Subprotocol),
            ("\r\n\r\n", "\r\nSec-WebSocket-Protocol:\r\n\r\n", Mismatch::Subprotocol),
        ] {
            assert_eq!(verdict(&SWITCH.replacen(line, by, 1)), Err(mismatch), "{by:?}");
        }
    }

    #[test]
    fn each_status_is_a_sentence_a_person_can_act_on() {
        for (status, words) in [
            ("200 OK", "check host and port"),
            ("302 Found", "it redirects"),
            ("400 Bad Request", "a proxy in between"),
            ("401 Unauthorized", "asks for a login"),
            ("403 Forbidden", "does not allow"),
            ("404 Not Found", "there is no chat at this address"),
            ("421 Misdirected Request", "--allow-host"),
            ("426 Upgrade Required", "check the proxy"),
            ("429 Too Many Requests", "try again"),
            ("500 Internal Server Error", "its log"),
            ("502 Bad Gateway", "is the server running?"),
            ("503 Service Unavailable", "full or shutting down"),
            ("103 ", "not a WebSocket"),
        ] {
            let sentence = verdict(&format!("HTTP/1.1 {status}\r\n\r\n")).unwrap_err().to_string();
            let start = format!("the server answered {}: ", status.trim_end());
            assert!(sentence.starts_with(&start) && sentence.contains(words), "{sentence}");
        }
    }

    #[test]
    fn a_redirect_is_shown_only_if_it_is_safe_to_show() {
        let moved = |location: &str| {
            verdict(&format!("HTTP/1.1 302 x\r\nLocation: {location}\r\n\r\n"))
                .unwrap_err()
                .to_string()
        };
        assert!(moved("https://chat.example/").ends_with("(it points to https://chat.example/)"));
        assert!(moved("\u{9b}2J").ends_with("directly"));
    }
}
