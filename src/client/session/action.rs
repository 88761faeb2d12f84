//! The session's inputs and actions.

use std::time::Duration;

use crate::chat::protocol::{Agent, ClientMessage, ServerMessage};
use crate::chat::{Cid, Password, RoomName, Token, UserName};
use crate::client::event::Event;
use crate::client::outbox::{SavedSubmission, Submission};

/// Something that happened, or that the person wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The person wants to be connected, or the wait of [`Action::Retry`] is over.
    Start,
    /// The WebSocket is open.
    Opened,
    /// The server sent a message.
    Received(ServerMessage),
    /// The connection is gone.
    Closed {
        /// Its close code; 1006 if there was no Close frame (RFC 6455 §7.1.5).
        code: u16,
        /// The server's reason, often empty.
        reason: String,
        /// A random number that shortens the wait: from 0 to, not including, 1.
        jitter: f64,
        /// The least wait before the next attempt, if the server named one.
        least_wait: Duration,
    },
    /// The person submits an operation.
    Submit(Submission),
    /// The wait of [`Action::ResendIn`] is over.
    ResendDue,
    /// The person wants a failed submission sent again.
    Resend(Cid),
    /// The person discards a submission that failed or was never sent.
    Drop(Cid),
    /// The person joins a room.
    Join(RoomName),
    /// The person leaves a room.
    Leave(RoomName),
    /// The person wants another name.
    Nick(UserName),
    /// Submissions of an earlier run, before the first start.
    Restore(Vec<SavedSubmission>),
}

/// Something for the host to do.
#[derive(Debug)]
pub enum Action {
    /// Connect.
    Connect,
    /// Wait, then pass in [`Input::Start`].
    Retry(Duration),
    /// Send a message.
    Send(ClientMessage),
    /// Wait, then pass in [`Input::ResendDue`].
    ResendIn(Duration),
    /// Close the connection with this code: the server does not send records that it announced.
    Disconnect(u16),
    /// Pass on an event.
    Emit(Event),
}

/// The name of the client and the secrets that prove it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name it wants.
    pub user: UserName,
    /// The secret that proves that it owns the name.
    pub token: Option<Token>,
    /// The server's password.
    pub password: Option<Password>,
    /// What kind of client it is.
    pub agent: Option<Agent>,
    /// Whether the others see that it is here.
    pub presence: bool,
    /// Whether it is in the rooms that the person is a member of, on all devices.
    pub follows_rooms: bool,
}
