//! What a person is told: the connection's state, and everything there is to show.
//!
//! Room: the protocol's values. How any of it looks is the view's.

use std::time::Duration;

use super::error::Fault;
use super::outbox::Submission;
use crate::chat::protocol::{
    Change, ErrorMessage, Joined, Record, RoomInfo, ServerMessage, Welcome,
};
use crate::chat::{AwayMember, AwayMessage, Cid, ErrorCode, RoomName, Token, UserName};

/// Something to show, in the order it happened.
#[derive(Debug)]
pub enum Notice {
    /// The connection's state is another.
    State(State),
    /// Why the connection is lost, or was never made. [`State::Offline`] or
    /// [`Notice::Stopped`] follows.
    Trouble(Fault),
    /// It will not connect by itself again: the server said so with a close code.
    Stopped {
        /// The code: 4400, 4401, 4403 or 4409.
        code: u16,
        /// What the server said, often nothing.
        reason: String,
    },
    /// The server knows us; keep the token.
    Welcome(Welcome),
    /// A room is joined; its records follow.
    Joined(Joined),
    /// The next record of a room.
    Record(Record),
    /// A line waits to be stored.
    Pending(Submission),
    /// A line is stored; its record follows, unless it was shown before.
    Stored {
        /// The line.
        cid: Cid,
        /// Its place in its room.
        seq: u64,
    },
    /// A line was refused: it can be sent again, or dropped.
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
    /// What is shown of a room belongs to a log that is gone: drop it.
    Reset(RoomName),
    /// The records between what is shown of a room and `first` are gone for good.
    Gap {
        /// The room.
        room: RoomName,
        /// The oldest seq it keeps.
        first: u64,
    },
    /// Somebody came or went; in a crowd, only how many there are.
    Presence {
        /// The room.
        room: RoomName,
        /// Who, and which way.
        change: Option<(UserName, Change)>,
        /// Who came is away, and why.
        away: Option<AwayMessage>,
        /// Members now.
        count: u64,
    },
    /// Somebody is away, or back.
    Away {
        /// The room.
        room: RoomName,
        /// Who.
        user: UserName,
        /// Why they are away; nothing when they are back.
        away: Option<AwayMessage>,
    },
    /// Somebody has another name.
    Renamed {
        /// The old name.
        user: UserName,
        /// The new name.
        to: UserName,
        /// What holds it, if it is ours; keep it.
        token: Option<Token>,
    },
    /// Who is in a room.
    Members {
        /// The room.
        room: RoomName,
        /// Their names, sorted.
        members: Vec<UserName>,
        /// Those of them who are away.
        away: Vec<AwayMember>,
    },
    /// Which rooms there are.
    Rooms {
        /// One entry per room.
        rooms: Vec<RoomInfo>,
    },
    /// We are no longer in a room.
    Left(RoomName),
    /// Somebody is writing.
    Typing {
        /// The room.
        room: RoomName,
        /// Who.
        user: UserName,
    },
    /// Another device of ours has read a room up to this seq.
    Marked {
        /// The room.
        room: RoomName,
        /// The seq of the newest record that was read.
        seq: u64,
    },
    /// A page of what was said before.
    History {
        /// The room.
        room: RoomName,
        /// The records, in order.
        records: Vec<Record>,
        /// The oldest seq the room keeps.
        first: u64,
    },
    /// What was found in a room, among the records that were looked at.
    Found {
        /// The room.
        room: RoomName,
        /// What was looked for.
        text: String,
        /// The records, in order.
        records: Vec<Record>,
        /// What is older than this seq has not been looked at.
        before: u64,
        /// The oldest seq the room keeps.
        first: u64,
    },
    /// The server refused something that is no line of ours.
    Error {
        /// Why, for a program.
        code: ErrorCode,
        /// Why, for a person.
        message: String,
        /// The room it is about.
        room: Option<RoomName>,
    },
}

/// How things stand between us and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not connected.
    Offline {
        /// The wait before the next attempt.
        retry: Duration,
    },
    /// A connection is being made.
    Connecting,
    /// Connected; not all that was missed is shown yet.
    CatchingUp,
    /// All is shown, and what is said goes out.
    Live,
}

impl Notice {
    /// What a person is told of a server's message; nothing of one this version does not know, nor
    /// of a record, which the session tells in its turn.
    pub(super) fn of(reply: ServerMessage) -> Option<Notice> {
        Some(match reply {
            ServerMessage::Welcome(welcome) => Notice::Welcome(welcome),
            ServerMessage::Joined(joined) => Notice::Joined(joined),
            ServerMessage::History { room, records, first } => {
                Notice::History { room, records, first }
            }
            ServerMessage::Found { room, text, records, before, first } => {
                Notice::Found { room, text, records, before, first }
            }
            ServerMessage::Presence { room, change, away, count } => {
                Notice::Presence { room, change, away, count }
            }
            ServerMessage::Renamed { user, to, token } => Notice::Renamed { user, to, token },
            ServerMessage::Away { room, user, away } => Notice::Away { room, user, away },
            ServerMessage::Members { room, members, away } => {
                Notice::Members { room, members, away }
            }
            ServerMessage::Rooms { rooms } => Notice::Rooms { rooms },
            ServerMessage::Left { room } => Notice::Left(room),
            ServerMessage::Typing { room, user } => Notice::Typing { room, user },
            ServerMessage::Marked { room, seq } => Notice::Marked { room, seq },
            ServerMessage::Error(ErrorMessage { code, message, room, .. }) => {
                Notice::Error { code, message: message.into_owned(), room }
            }
            ServerMessage::Record(_) | ServerMessage::Other(_) => return None,
        })
    }
}
