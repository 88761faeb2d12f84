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
pub enum Fault {
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
    Frames(ws::Error),
    /// The server sent a binary message, of which the protocol has none.
    Binary,
    /// The server sent a text that is no message of the protocol.
    Speech(Rejection),
    /// The server keeps records from us that it says it has.
    Hole,
    /// Not a byte from the server for this long.
    Silence(Duration),
    /// What we say no longer goes out.
    Stuck,
    /// The connection ended without a word.
    Cut,
    /// The connection failed.
    Broken(io::Error),
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

impl Fault {
    /// The close code of a connection that ended so.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Fault::Closed { code, .. } => code.map_or(NO_STATUS, CloseCode::get),
            Fault::Unresolved { .. }
            | Fault::Unreachable { .. }
            | Fault::NoAnswer { .. }
            | Fault::NotWebSocket { .. }
            | Fault::System(_)
            | Fault::Frames(_)
            | Fault::Binary
            | Fault::Speech(_)
            | Fault::Hole
            | Fault::Silence(_)
            | Fault::Stuck
            | Fault::Cut
            | Fault::Broken(_) => ABNORMAL,
        }
    }

    /// What the server is told, where it is its fault and it may still listen.
    pub(super) fn reproach(&self) -> Option<CloseCode> {
        match self {
            Fault::Frames(error) => Some(error.close_code()),
            Fault::Binary => Some(CloseCode::UNSUPPORTED),
            Fault::Speech(_) | Fault::Hole => Some(CloseCode::PROTOCOL_ERROR),
            Fault::Unresolved { .. }
            | Fault::Unreachable { .. }
            | Fault::NoAnswer { .. }
            | Fault::NotWebSocket { .. }
            | Fault::System(_)
            | Fault::Silence(_)
            | Fault::Stuck
            | Fault::Cut
            | Fault::Broken(_)
            | Fault::Closed { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unresolved { address, source } => {
                write!(f, "cannot find {address}: {source} (is the name right?)")
            }
            Fault::Unreachable { address, source } => {
                write!(f, "cannot connect to {address}: {source}{}", hint(source.kind()))
            }
            Fault::NoAnswer { address, error } => {
                write!(f, "{address} did not answer as a chat server does: {error}")
            }
            Fault::NotWebSocket { address, mismatch } => {
                write!(f, "{address} is no chat server: {mismatch}")
            }
            Fault::System(source) => write!(f, "cannot connect: {source}"),
            Fault::Frames(error) => write!(f, "the server broke the WebSocket rules: {error}"),
            Fault::Binary => {
                f.write_str("the server sent a binary message, which chat has none of")
            }
            Fault::Speech(rejection) => {
                write!(f, "the server sent what is no message of this protocol: {rejection}")
            }
            Fault::Hole => f.write_str("the server keeps back records that it says it has"),
            Fault::Silence(wait) => write!(f, "the server was silent for {} s", wait.as_secs()),
            Fault::Stuck => f.write_str("the connection takes nothing any more"),
            Fault::Cut => f.write_str("the connection was cut"),
            Fault::Broken(source) => write!(f, "the connection broke: {source}"),
            Fault::Closed { code, reason } => {
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

impl error::Error for Fault {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Fault::Unresolved { source, .. }
            | Fault::Unreachable { source, .. }
            | Fault::System(source)
            | Fault::Broken(source) => Some(source),
            Fault::NoAnswer { error, .. } => Some(error),
            Fault::NotWebSocket { mismatch, .. } => Some(mismatch),
            Fault::Frames(error) => Some(error),
            Fault::Speech(rejection) => Some(rejection),
            Fault::Binary
            | Fault::Hole
            | Fault::Silence(_)
            | Fault::Stuck
            | Fault::Cut
            | Fault::Closed { .. } => None,
        }
    }
}
