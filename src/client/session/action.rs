//! What goes into the session's machine and what comes out of it.

use std::time::Duration;

use crate::chat::protocol::{Agent, ClientMessage, Record, ServerMessage};
use crate::chat::{Cid, ErrorCode, Password, RoomName, Token, UserName};
use crate::client::outbox::{SavedSubmission, Submission};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The person wants to be connected, or a wait is over.
    Start,
    /// The WebSocket is open.
    Opened,
    /// The server said something.
    Heard(ServerMessage),
    /// The connection is gone.
    Closed {
        /// Its close code; 1006 where it just broke.
        code: u16,
        /// What shortens the wait: from 0 to, not including, 1.
        chance: f64,
    },
    /// The person said a line.
    Say(Submission),
    /// The rest that [`Output::AgainIn`] asked for is over.
    Again,
    /// The person wants a failed line sent again.
    Resend(Cid),
    /// The person gives a line up that failed or was never sent.
    Drop(Cid),
    /// The person joins a room.
    Join(RoomName),
    /// The person leaves a room.
    Leave(RoomName),
    /// The person wants another name.
    Nick(UserName),
    /// Lines kept from an earlier run, before the first start.
    Restore(Vec<SavedSubmission>),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The state is another.
    State(State),
    /// Connect.
    Connect,
    /// Wait, then [`Input::Start`].
    Wait(Duration),
    /// Send a message.
    Send(ClientMessage),
    /// Wait, then [`Input::Again`].
    AgainIn(Duration),
    /// Close the connection with this code: the server keeps records from us.
    HangUp(u16),
    /// Show a record: the room's next.
    Record(Record),
    /// Drop what is shown of a room.
    Reset(RoomName),
    /// The records between what is shown of a room and `first` are gone for good.
    Gap {
        /// The room.
        room: RoomName,
        /// The oldest seq it keeps.
        first: u64,
    },
    /// A line waits to be stored.
    Pending(Submission),
    /// A line is stored.
    Stored {
        /// The line.
        cid: Cid,
        /// Its place in its room.
        seq: u64,
    },
    /// A line was refused.
    Failed {
        /// The line.
        cid: Cid,
        /// Why, for a program.
        code: ErrorCode,
        /// Why, for a person.
        message: String,
    },
    /// A line is given up.
    Dropped(Cid),
    /// What else the server said.
    Notice(ServerMessage),
    /// It will not connect by itself again, after this close code.
    Stopped(u16),
}

/// How things stand between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No connection, and a wait before the next attempt.
    Offline,
    /// A connection is being made.
    Connecting,
    /// The server knows us; not all that was missed is shown yet.
    CatchingUp,
    /// All is shown, and what is said goes out.
    Live,
    /// No connection, and none until the person asks.
    Stopped,
}

/// Who connects, and to what.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name it wants.
    pub user: UserName,
    /// What proves that the name is its own.
    pub token: Option<Token>,
    /// The server's password.
    pub password: Option<Password>,
    /// What kind of client it is.
    pub agent: Option<Agent>,
}
