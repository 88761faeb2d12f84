//! Why a connection ends, and the close codes of the protocol.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::Arc;

use super::memory_budget::OverBudget;
use crate::chat::close_code;
use crate::net::{MessageError, SendQueue, linger};
use crate::server::metrics::Metrics;
use crate::ws::{Close, CloseCode, Encoder};

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum Disconnect {
    /// The peer sent a Close frame.
    ByPeer(Option<Close>),
    /// The connection is lost.
    Lost,
    /// The server ends it with this code and reason.
    ByServer(CloseCode, Cow<'static, str>),
}

impl Disconnect {
    pub(crate) fn by_server(code: CloseCode, reason: &'static str) -> Disconnect {
        Disconnect::ByServer(code, Cow::Borrowed(reason))
    }

    /// The peer sent a binary message.
    pub(crate) fn binary_message() -> Disconnect {
        Disconnect::by_server(CloseCode::UNSUPPORTED, "this server accepts text messages only")
    }

    /// Closes the connection: sends the last frame, if the peer can still read one, and lingers.
    pub(crate) fn close(self, stream: &TcpStream, send_queue: &SendQueue<Arc<TcpStream>>) {
        let close = match self {
            Disconnect::ByPeer(close) => close, // RFC 6455 §5.5.1: echo the status code
            Disconnect::ByServer(code, reason) => Some(Close { code, reason: reason.into_owned() }),
            Disconnect::Lost => {
                send_queue.shutdown();
                return;
            }
        };
        let mut frame = Vec::new();
        Encoder::server().close(close.as_ref(), &mut frame);
        send_queue.send_last(&frame.into());
        send_queue.restore_blocking(); // `linger` reads with a timeout
        linger(stream);
        send_queue.shutdown();
    }

    /// Counts the end of this connection. If another thread has sent a Close frame before, `sent` is its
    /// code, which is the true reason.
    pub(crate) fn count(&self, metrics: &Metrics, sent: Option<CloseCode>) {
        let code = sent.or(match self {
            Disconnect::ByServer(code, _) => Some(*code),
            Disconnect::ByPeer(_) | Disconnect::Lost => None,
        });
        let disconnects = &metrics.connections.disconnects;
        match (code, self) {
            (Some(code), _) => disconnects.count(&code.get().to_string()),
            (None, Disconnect::ByPeer(_)) => disconnects.count("left"),
            (None, Disconnect::Lost | Disconnect::ByServer(..)) => disconnects.count("gone"),
        }
    }
}

/// A partial message was given up, because partial messages use more memory than they may.
impl From<OverBudget> for Disconnect {
    fn from(OverBudget: OverBudget) -> Disconnect {
        let reason = "the server has too many partial messages, try again";
        Disconnect::by_server(CloseCode::TRY_AGAIN, reason)
    }
}

/// Ignores a read error that only means that there was nothing to read.
///
/// # Errors
/// Any other error ends the connection.
pub(crate) fn check_read_error(error: MessageError) -> Result<(), Disconnect> {
    match error {
        MessageError::Peer(error) => {
            Err(Disconnect::ByServer(error.close_code(), Cow::Owned(error.to_string())))
        }
        MessageError::Stream(error)
            if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
        {
            Ok(())
        }
        MessageError::Stream(_) => Err(Disconnect::Lost),
    }
}

pub(crate) const BAD_HELLO: CloseCode = sendable(close_code::BAD_HELLO);
pub(crate) const BAD_PASSWORD: CloseCode = sendable(close_code::BAD_PASSWORD);
pub(crate) const NO_PONG: CloseCode = sendable(close_code::NO_PONG);
pub(crate) const NAME_TAKEN: CloseCode = sendable(close_code::NAME_TAKEN);
pub(crate) const TOO_FAR_BEHIND: CloseCode = sendable(close_code::TOO_FAR_BEHIND);
pub(crate) const FLOODING: CloseCode = sendable(close_code::FLOODING);

/// All of these may be sent, as the test below shows; a constant cannot return an error.
const fn sendable(code: u16) -> CloseCode {
    match CloseCode::new(code) {
        Some(code) => code,
        None => CloseCode::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_protocol_can_be_sent() {
        let codes = [BAD_HELLO, BAD_PASSWORD, NO_PONG, NAME_TAKEN, TOO_FAR_BEHIND, FLOODING];
        assert_eq!(codes.map(CloseCode::get), [4400, 4401, 4408, 4409, 4413, 4429]);
    }

    #[test]
    fn every_code_that_is_sent_has_a_label_of_its_own() {
        let metrics = Metrics::default();
        let sent = [
            BAD_HELLO,
            BAD_PASSWORD,
            NO_PONG,
            NAME_TAKEN,
            TOO_FAR_BEHIND,
            FLOODING,
            CloseCode::GOING_AWAY,
            CloseCode::PROTOCOL_ERROR,
            CloseCode::UNSUPPORTED,
            CloseCode::INVALID_DATA,
            CloseCode::POLICY,
            CloseCode::TOO_BIG,
            CloseCode::INTERNAL,
            CloseCode::TRY_AGAIN,
        ];
        for code in sent {
            Disconnect::by_server(code, "").count(&metrics, None);
        }
        Disconnect::Lost.count(&metrics, Some(NO_PONG));
        Disconnect::Lost.count(&metrics, None);
        let disconnects = &metrics.connections.disconnects;
        let counted: Vec<_> = disconnects.each().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted.len(), sent.len() + 1);
        assert!(counted.contains(&("4408", 2)) && counted.contains(&("gone", 1)), "{counted:?}");
        assert!(counted.iter().all(|(label, _)| *label != "other"));
    }
}
