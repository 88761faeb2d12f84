//! Why a client has no connection.

use std::time::Duration;
use std::{error, fmt, io};

use super::address::Address;
use crate::chat::Rejection;
use crate::handshake::Mismatch;
use crate::net::head::HeadError;
use crate::ws;
use crate::ws::CloseCode;

/// Why a connection could not be made, or ended.
#[derive(Debug)]
pub enum ConnectionError {
    /// The host's name is unknown, or the resolver failed.
    Unresolved {
        /// The address to connect to.
        address: Address,
        /// What the system reported.
        source: io::Error,
    },
    /// None of the host's addresses accepted the connection.
    Unreachable {
        /// The address to connect to.
        address: Address,
        /// What the system reported for the last one tried.
        source: io::Error,
    },
    /// No answer to the upgrade request, or one that is not HTTP.
    NoAnswer {
        /// The address connected to.
        address: Address,
        /// What came instead.
        error: HeadError,
    },
    /// An HTTP answer that does not open a WebSocket.
    NotWebSocket {
        /// The address connected to.
        address: Address,
        /// What the answer lacks.
        mismatch: Mismatch,
    },
    /// The server answers no WebSocket request of this address for now, because too many wrong passwords
    /// came from it.
    LockedOut {
        /// After this time the server checks a password again.
        wait: Duration,
    },
    /// The system gave no randomness or no thread.
    System(io::Error),
    /// The server sent a frame that breaks RFC 6455.
    WebSocket(ws::Error),
    /// The server sent a binary message; the protocol has none.
    BinaryMessage,
    /// The server sent a text that is not a message of the protocol.
    BadMessage(Rejection),
    /// The server did not send records that it announced.
    MissingRecords,
    /// The server sent nothing for this long.
    Timeout(Duration),
    /// The socket no longer takes what the client sends.
    WriteStalled,
    /// The connection ended without a Close frame.
    Eof,
    /// Reading from or writing to the socket failed.
    Io(io::Error),
    /// The server closed the connection.
    Closed {
        /// Its close code; `None` if it named none.
        code: Option<CloseCode>,
        /// Its reason, often empty.
        reason: String,
    },
}

/// Reported for a Close frame without a code (RFC 6455 §7.1.5); never sent.
const NO_STATUS: u16 = 1005;

/// Reported for a connection that ended without a Close frame (RFC 6455 §7.1.5); never sent.
const ABNORMAL: u16 = 1006;

impl ConnectionError {
    /// The close code to report for this end.
    #[must_use]
    pub fn close_code(&self) -> u16 {
        if let ConnectionError::Closed { code, .. } = self {
            code.map_or(NO_STATUS, CloseCode::get)
        } else {
            ABNORMAL
        }
    }

    /// The server's reason for closing the connection; empty if it gave none.
    #[must_use]
    pub fn reason(&self) -> &str {
        if let ConnectionError::Closed { reason, .. } = self { reason } else { "" }
    }

    /// The least wait before the next attempt, if the server named one.
    pub(super) fn least_wait(&self) -> Duration {
        if let ConnectionError::LockedOut { wait } = self { *wait } else { Duration::ZERO }
    }

    /// The code of the Close frame to send, if the server made the error and may still read.
    pub(super) fn close_code_to_send(&self) -> Option<CloseCode> {
        match self {
            ConnectionError::WebSocket(error) => Some(error.close_code()),
            ConnectionError::BinaryMessage => Some(CloseCode::UNSUPPORTED),
            ConnectionError::BadMessage(_) | ConnectionError::MissingRecords => {
                Some(CloseCode::PROTOCOL_ERROR)
            }
            ConnectionError::Unresolved { .. }
            | ConnectionError::Unreachable { .. }
            | ConnectionError::NoAnswer { .. }
            | ConnectionError::NotWebSocket { .. }
            | ConnectionError::LockedOut { .. }
            | ConnectionError::System(_)
            | ConnectionError::Timeout(_)
            | ConnectionError::WriteStalled
            | ConnectionError::Eof
            | ConnectionError::Io(_)
            | ConnectionError::Closed { .. } => None,
        }
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectionError::Unresolved { address, source } => {
                write!(f, "cannot find {address}: {source} (is the name right?)")
            }
            ConnectionError::Unreachable { address, source } => {
                write!(f, "cannot connect to {address}: {source}{}", hint(source.kind()))
            }
            ConnectionError::NoAnswer { address, error } => {
                write!(f, "{address} did not answer as a chat server does: {error}")
            }
            ConnectionError::NotWebSocket { address, mismatch }
                if mismatch.is_refusal_for_now() =>
            {
                write!(f, "cannot connect to {address}: {mismatch}")
            }
            ConnectionError::NotWebSocket { address, mismatch } => {
                write!(f, "{address} is not a chat server: {mismatch}")
            }
            ConnectionError::LockedOut { wait } => {
                let seconds = wait.as_secs();
                write!(f, "too many wrong passwords from this address; try again in {seconds} s")
            }
            ConnectionError::System(source) => write!(f, "cannot connect: {source}"),
            ConnectionError::WebSocket(error) => {
                write!(f, "the server violated the WebSocket protocol: {error}")
            }
            ConnectionError::BinaryMessage => {
                f.write_str("the server sent a binary message; chat messages are text")
            }
            ConnectionError::BadMessage(rejection) => {
                write!(f, "the server sent an invalid message: {rejection}")
            }
            ConnectionError::MissingRecords => {
                f.write_str("the server does not send records that it says it has")
            }
            ConnectionError::Timeout(wait) => {
                write!(f, "the server sent nothing for {} s", wait.as_secs())
            }
            ConnectionError::WriteStalled => f.write_str("the connection no longer accepts data"),
            ConnectionError::Eof => f.write_str("the connection was lost"),
            ConnectionError::Io(source) => write!(f, "the connection failed: {source}"),
            ConnectionError::Closed { code, reason } => {
                f.write_str("the server closed the connection")?;
                if let Some(code) = code {
                    write!(f, " ({code})")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
        }
    }
}

/// What to try, for system errors whose text has no hint.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the kinds the system has, two are worth a hint"
)]
fn hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ConnectionRefused => " (is the server running, and on that port?)",
        io::ErrorKind::TimedOut => " (is a firewall in between?)",
        _ => "",
    }
}

impl error::Error for ConnectionError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            ConnectionError::Unresolved { source, .. }
            | ConnectionError::Unreachable { source, .. }
            | ConnectionError::System(source)
            | ConnectionError::Io(source) => Some(source),
            ConnectionError::NoAnswer { error, .. } => Some(error),
            ConnectionError::NotWebSocket { mismatch, .. } => Some(mismatch),
            ConnectionError::WebSocket(error) => Some(error),
            ConnectionError::BadMessage(rejection) => Some(rejection),
            ConnectionError::LockedOut { .. }
            | ConnectionError::BinaryMessage
            | ConnectionError::MissingRecords
            | ConnectionError::Timeout(_)
            | ConnectionError::WriteStalled
            | ConnectionError::Eof
            | ConnectionError::Closed { .. } => None,
        }
    }
}
