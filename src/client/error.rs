//! What can keep a client from its server, each with its sentence.

use std::time::Duration;
use std::{error, fmt, io};

use super::address::Address;
use crate::chat::Rejection;
use crate::handshake::Mismatch;
use crate::net::head::HeadError;
use crate::ws;
use crate::ws::CloseCode;

/// Why there is no connection, or no longer.
#[derive(Debug)]
pub enum ConnectionError {
    /// The host's name is unknown, or the resolver did not say.
    Unresolved {
        /// Where we wanted to go.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// None of the host's addresses took the connection.
    Unreachable {
        /// Where we wanted to go.
        address: Address,
        /// What the system says of the last one tried.
        source: io::Error,
    },
    /// No answer to the upgrade, or none that is HTTP.
    NoAnswer {
        /// Who does not answer.
        address: Address,
        /// What came instead.
        error: HeadError,
    },
    /// An answer, but no WebSocket.
    NotWebSocket {
        /// Who answers.
        address: Address,
        /// What the answer lacks.
        mismatch: Mismatch,
    },
    /// The system gave no randomness or no thread.
    System(io::Error),
    /// The server broke the rules of WebSocket.
    WebSocket(ws::Error),
    /// The server sent a binary message, of which the protocol has none.
    BinaryMessage,
    /// The server sent a text that is no message of the protocol.
    BadMessage(Rejection),
    /// The server keeps records from us that it says it has.
    MissingRecords,
    /// Not a byte from the server for this long.
    Timeout(Duration),
    /// What we say no longer goes out.
    WriteStalled,
    /// The connection ended without a word.
    Eof,
    /// The connection failed.
    Io(io::Error),
    /// The server closed the connection.
    Closed {
        /// Its code; `None` where it named none.
        code: Option<CloseCode>,
        /// Its reason, often nothing.
        reason: String,
    },
}

/// The code that stands for a Close frame without one (RFC 6455 §7.1.5).
const NO_STATUS: u16 = 1005;

/// The code that stands for no Close frame at all (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;

impl ConnectionError {
    /// The close code of a connection that ended so.
    #[must_use]
    pub fn close_code(&self) -> u16 {
        match self {
            ConnectionError::Closed { code, .. } => code.map_or(NO_STATUS, CloseCode::get),
            ConnectionError::Unresolved { .. }
            | ConnectionError::Unreachable { .. }
            | ConnectionError::NoAnswer { .. }
            | ConnectionError::NotWebSocket { .. }
            | ConnectionError::System(_)
            | ConnectionError::WebSocket(_)
            | ConnectionError::BinaryMessage
            | ConnectionError::BadMessage(_)
            | ConnectionError::MissingRecords
            | ConnectionError::Timeout(_)
            | ConnectionError::WriteStalled
            | ConnectionError::Eof
            | ConnectionError::Io(_) => ABNORMAL,
        }
    }

    /// What the server is told, where it is its error and it may still listen.
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
            ConnectionError::NotWebSocket { address, mismatch } => {
                write!(f, "{address} is no chat server: {mismatch}")
            }
            ConnectionError::System(source) => write!(f, "cannot connect: {source}"),
            ConnectionError::WebSocket(error) => {
                write!(f, "the server broke the WebSocket rules: {error}")
            }
            ConnectionError::BinaryMessage => {
                f.write_str("the server sent a binary message, which chat has none of")
            }
            ConnectionError::BadMessage(rejection) => {
                write!(f, "the server sent what is no message of this protocol: {rejection}")
            }
            ConnectionError::MissingRecords => {
                f.write_str("the server keeps back records that it says it has")
            }
            ConnectionError::Timeout(wait) => {
                write!(f, "the server was silent for {} s", wait.as_secs())
            }
            ConnectionError::WriteStalled => f.write_str("the connection takes nothing any more"),
            ConnectionError::Eof => f.write_str("the connection was cut"),
            ConnectionError::Io(source) => write!(f, "the connection broke: {source}"),
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

/// What to try, where the system's word alone does not say.
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
            ConnectionError::BinaryMessage
            | ConnectionError::MissingRecords
            | ConnectionError::Timeout(_)
            | ConnectionError::WriteStalled
            | ConnectionError::Eof
            | ConnectionError::Closed { .. } => None,
        }
    }
}
