//! What happens to a client, in order.

use std::time::Duration;

use super::error::ConnectionError;
use super::outbox::Submission;
use crate::chat::protocol::{Record, ServerMessage};
use crate::chat::{Cid, Rejection, RoomName};

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// The connection's state changed.
    State(ConnectionState),
    /// The connection is lost, or could not be made. [`ConnectionState::Offline`] or [`ConnectionState::Stopped`]
    /// follows.
    ConnectionLost(ConnectionError),
    /// The client does not reconnect by itself: the server closed the connection with a code that
    /// forbids it.
    Stopped {
        /// The code: 4400, 4401, 4403 or 4409.
        code: u16,
        /// The server's reason, often empty.
        reason: String,
    },
    /// The next record of a room. Each record comes once, in the order of the seqs.
    Record(Record),
    /// What is shown of a room belongs to a log, or to a history of its log, that is gone: drop it.
    Reset(RoomName),
    /// Retention removed the records between what is shown of a room and `first`.
    Gap {
        /// The room.
        room: RoomName,
        /// The oldest seq that retention has left.
        first: u64,
    },
    /// A submission waits to be stored.
    Pending(Submission),
    /// A submission is stored. Its record follows, unless it was shown before.
    Stored {
        /// The submission.
        cid: Cid,
        /// The seq of its record.
        seq: u64,
    },
    /// A submission was rejected. It can be sent again, or discarded.
    Failed {
        /// The submission.
        cid: Cid,
        /// Why.
        rejection: Rejection,
    },
    /// A submission was discarded.
    Dropped(Cid),
    /// Any other message from the server, as it came.
    Message(ServerMessage),
}

/// The state of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not connected.
    Offline {
        /// The wait before the next attempt.
        retry: Duration,
    },
    /// A connection is being made.
    Connecting,
    /// The server has accepted the client; not everything it missed is shown yet.
    CatchingUp,
    /// Everything is shown, and submissions are sent.
    Live,
    /// Not connected, and no attempt until the person asks for one.
    Stopped,
}
