//! What a server says to a client.

use std::borrow::Cow;

use super::record::Record;
use crate::chat::cid::Cid;
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::chat::room_name::RoomName;
use crate::chat::secrets::Token;
use crate::chat::text::{AwayMember, AwayMessage};
use crate::chat::user_name::UserName;
use crate::json::Value;

/// A message from a server.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerMessage {
    /// The answer to `hello`.
    Welcome(Welcome),
    /// The answer to a join; what follows starts after its `since`.
    Joined(Joined),
    /// A numbered entry of a room's log.
    Record(Record),
    /// A page of a room's log.
    History {
        /// The room.
        room: RoomName,
        /// The records, in order.
        records: Vec<Record>,
        /// The oldest seq the room still keeps.
        first: u64,
    },
    /// What a `search` has found, among the records that were looked at.
    Found {
        /// The room.
        room: RoomName,
        /// What was looked for.
        text: String,
        /// The records, in order.
        records: Vec<Record>,
        /// What is older than this seq has not been looked at.
        before: u64,
        /// The oldest seq the room still keeps.
        first: u64,
    },
    /// Somebody came or went.
    Presence {
        /// The room.
        room: RoomName,
        /// Who; nobody in particular in a crowd.
        change: Option<(UserName, Change)>,
        /// Who came is away, and why.
        away: Option<AwayMessage>,
        /// Members of the room now.
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
    /// Somebody is called otherwise now.
    Renamed {
        /// The old name.
        user: UserName,
        /// The new name.
        to: UserName,
        /// What holds the new name; only in the copy for its owner.
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
    /// The client no longer takes part in a room.
    Left {
        /// The room.
        room: RoomName,
    },
    /// Somebody is writing.
    Typing {
        /// The room.
        room: RoomName,
        /// Who.
        user: UserName,
    },
    /// How far this name has read a room, on another of its devices.
    Marked {
        /// The room.
        room: RoomName,
        /// The seq of the newest record that was read.
        seq: u64,
    },
    /// The server did not do what a message asked.
    Error(ErrorMessage),
    /// Something of a later version, which only a client meets. It is passed on as it came.
    Other(Value),
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The name the client has now.
    pub user: UserName,
    /// What holds it.
    pub token: Token,
    /// The server's name and version, like `talk/0.1.0`.
    pub server: String,
    /// What the server takes.
    pub limits: Limits,
    /// The message of the day.
    pub motd: Option<String>,
    /// This name is away, and why.
    pub away: Option<AwayMessage>,
}

/// What a server takes from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a text.
    pub text: u64,
    /// Posts per second; 0: no limit.
    pub rate: u64,
    /// Posts at once; 0: no limit.
    pub burst: u64,
    /// Records of a page of history.
    pub page: u64,
}

/// The answer to a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The room.
    pub room: RoomName,
    /// The id of its log; a new log has a new one.
    pub log: String,
    /// The oldest seq it keeps.
    pub first: u64,
    /// Its newest seq; 0 where nothing was said yet.
    pub head: u64,
    /// What follows starts after this seq.
    pub since: u64,
    /// What the client has of this room does not fit this log and is to be dropped.
    pub reset: bool,
    /// What the room is about.
    pub topic: Option<String>,
    /// How far this name has read.
    pub marked: Option<u64>,
    /// Members of the room.
    pub count: u64,
    /// Their names, sorted; absent in a crowd.
    pub members: Option<Vec<UserName>>,
    /// Those of them who are away; nobody in a crowd.
    pub away: Vec<AwayMember>,
}

/// Why the server did not do what a message asked, and which message that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorMessage {
    /// What a program can act on.
    pub code: ErrorCode,
    /// What a person can act on; it never repeats what the client sent.
    pub message: Cow<'static, str>,
    /// The cid of the message that it answers.
    pub cid: Option<Cid>,
    /// The room that it is about; absent where `cid` says which message it answers.
    pub room: Option<RoomName>,
    /// When to try again, in milliseconds from now.
    pub retry_ms: Option<u64>,
}

impl ErrorMessage {
    /// An error with `code` that says `message`, about no message or room in particular.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> ErrorMessage {
        ErrorMessage { code, message: message.into(), cid: None, room: None, retry_ms: None }
    }
}

impl From<Rejection> for ErrorMessage {
    fn from(Rejection { code, message }: Rejection) -> ErrorMessage {
        ErrorMessage::new(code, message)
    }
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They came.
    Joined,
    /// They went.
    Left,
}

impl Change {
    /// The change as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Joined => "joined",
            Change::Left => "left",
        }
    }
}

/// A room as `rooms` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInfo {
    /// Its name.
    pub name: RoomName,
    /// Its newest seq.
    pub head: u64,
    /// How many are in it.
    pub members: u64,
    /// What it is about.
    pub topic: Option<String>,
}
