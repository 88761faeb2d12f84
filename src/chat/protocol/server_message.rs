//! The messages that a server sends.

use std::borrow::Cow;
use std::time::Duration;

use super::client_message::{JoinTarget, MemberState};
use super::record::{Record, RecordId};
use crate::chat::cid::Cid;
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::chat::name_order::NameRange;
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
    /// The answer to `join`; the records that follow start after its `since`.
    Joined(Joined),
    /// A numbered entry of a room's log.
    Record(Record),
    /// A page of a room's log.
    History {
        /// The room.
        room: RoomName,
        /// The records, in order.
        records: Vec<Record>,
        /// The oldest seq that retention has left in the room.
        first: u64,
    },
    /// The result of a `search`.
    Found {
        /// The room.
        room: RoomName,
        /// The words that were searched for.
        text: String,
        /// The records that hold them, in order.
        records: Vec<Record>,
        /// Records before this seq have not been searched.
        before: u64,
        /// The oldest seq that retention has left in the room.
        first: u64,
    },
    /// A member joined or left.
    Presence {
        /// The room.
        room: RoomName,
        /// The member, and whether they joined or left; absent in a large room.
        change: Option<(UserName, PresenceChange)>,
        /// The away message of a member who joins and is away.
        away: Option<AwayMessage>,
        /// Whether one who left is still a member: they are not here, but did not leave the room.
        member: bool,
        /// Members of the room now.
        count: u64,
    },
    /// A user is away, or back.
    Away {
        /// The room.
        room: RoomName,
        /// The user.
        user: UserName,
        /// The away message; `None` when the user is back.
        away: Option<AwayMessage>,
    },
    /// A user has a new name.
    Renamed {
        /// The old name.
        user: UserName,
        /// The new name.
        to: UserName,
        /// The token of the new name; only in the copy for its owner.
        token: Option<Token>,
    },
    /// The members of a room.
    Members {
        /// The room.
        room: RoomName,
        /// Their names, sorted.
        members: Vec<UserName>,
        /// Those of them who are away.
        away: Vec<AwayMember>,
        /// Which page of which list it is; `None`: the whole list of those who are here.
        list: Option<MembersList>,
    },
    /// The rooms of the server.
    Rooms {
        /// One entry per room.
        rooms: Vec<RoomInfo>,
    },
    /// The client has left a room.
    Left {
        /// The room.
        room: RoomName,
    },
    /// A user is typing.
    Typing {
        /// The room.
        room: RoomName,
        /// The user.
        user: UserName,
    },
    /// Another device of this person has joined, left, muted or unmuted a room; or they are a member of a private room
    /// now, because they have written or read there.
    Membership {
        /// The room.
        room: RoomName,
        /// In a private room, as in [`Joined::peer`].
        peer: Option<UserName>,
        /// Whether the person is a member of the room now.
        change: PresenceChange,
        /// Whether it is muted.
        muted: bool,
    },
    /// Another device of this name has moved the read marker of a room.
    Marked {
        /// The room.
        room: RoomName,
        /// The seq of the newest record read.
        seq: u64,
    },
    /// The server did not do what a message asked.
    Error(ErrorMessage),
    /// A message of a later version; only a client receives it. It is the JSON as it came.
    Other(Value),
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The name the client has now.
    pub user: UserName,
    /// The other names that this person holds: records under them may be theirs.
    pub former: Vec<UserName>,
    /// Its token.
    pub token: Token,
    /// The server's name and version, like `talk/0.1.0`.
    pub server: String,
    /// The server's limits.
    pub limits: Limits,
    /// The message of the day.
    pub motd: Option<String>,
    /// The away message, while this name is away.
    pub away: Option<AwayMessage>,
    /// The rooms that this person has joined and not left, in that order, for a client that asked for them.
    pub rooms: Option<Vec<ListedRoom>>,
}

/// A room of the person, as `welcome` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRoom {
    /// The room.
    pub room: RoomName,
    /// In a private room, as in [`Joined::peer`].
    pub peer: Option<UserName>,
    /// Whether its messages ring no bell and do not count as unread.
    pub is_muted: bool,
}

/// What a server accepts from a client.
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

/// The answer to `join`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The room.
    pub room: RoomName,
    /// The present name of the other person, in a private room; else the last known one.
    pub peer: Option<UserName>,
    /// What the join asked for, if that is not `room`: a name, or the name that earlier versions gave a private room.
    pub asked: Option<JoinTarget>,
    /// The id of its log; a new log has a new one.
    pub log: String,
    /// The oldest seq that retention has left.
    pub first: u64,
    /// Its newest seq; 0 where it is empty.
    pub head: u64,
    /// The records that follow start after this seq.
    pub since: u64,
    /// The record of that seq, if it is the newest and the client has not said that it has it: the client has no
    /// other way to know what to say when it comes back.
    pub record: Option<RecordId>,
    /// The client must drop what it has of this room: it belongs to another log, or another history of it.
    pub reset: bool,
    /// The log is damaged after `head`: what comes there cannot be read, and nothing is stored until an
    /// operator has repaired it.
    pub damaged: bool,
    /// The topic of the room.
    pub topic: Option<String>,
    /// The read marker of this name.
    pub marked: Option<u64>,
    /// Members of the room.
    pub count: u64,
    /// Their names, sorted; absent in a large room.
    pub members: Option<Vec<UserName>>,
    /// Those of them who are away; empty in a large room.
    pub away: Vec<AwayMember>,
    /// How many members of the room are not here; only in a public room, for a client that follows the memberships.
    pub absent: Option<u64>,
    /// Their names, sorted; absent if they are many.
    pub absent_members: Option<Vec<UserName>>,
}

/// Which part of a list of members a page is, and how long the lists are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersList {
    /// Which list.
    pub state: MemberState,
    /// The names that were asked for.
    pub range: NameRange,
    /// How many people are here, whatever their names.
    pub here: u64,
    /// How many members are not here, whatever their names.
    pub absent: u64,
    /// Whether more names of the range follow.
    pub more: bool,
}

/// Why the server did not do what a message asked, and which message that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorMessage {
    /// For programs.
    pub code: ErrorCode,
    /// For people; it never repeats what the client sent.
    pub message: Cow<'static, str>,
    /// The cid of the message that it answers.
    pub cid: Option<Cid>,
    /// The room that it is about; absent where `cid` names the message.
    pub room: Option<RoomName>,
    /// The name that a `direct` or a join by name asked for.
    pub peer: Option<UserName>,
    /// When to try again, in milliseconds from now.
    pub retry_ms: Option<u64>,
}

impl ErrorMessage {
    /// An error with `code` and the sentence `message`, which names no cid or room.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> ErrorMessage {
        ErrorMessage {
            code,
            message: message.into(),
            cid: None,
            room: None,
            peer: None,
            retry_ms: None,
        }
    }

    /// The same error as the answer to the message with this cid.
    #[must_use]
    pub fn about_cid(self, cid: Cid) -> ErrorMessage {
        ErrorMessage { cid: Some(cid), ..self }
    }

    /// The same error, with the time after which to try again, rounded up: so the client does not come too early.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> ErrorMessage {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        ErrorMessage { retry_ms: Some(ms), ..self }
    }

    /// The same error as the answer to a message about this room.
    #[must_use]
    pub fn about_room(self, room: RoomName) -> ErrorMessage {
        ErrorMessage { room: Some(room), ..self }
    }
}

impl ErrorMessage {
    /// The same error as the answer to a message for the person of this name.
    #[must_use]
    pub fn about_peer(self, peer: UserName) -> ErrorMessage {
        ErrorMessage { peer: Some(peer), ..self }
    }

    /// The same error as the answer to a join.
    #[must_use]
    pub fn about_join(self, target: JoinTarget) -> ErrorMessage {
        match target {
            JoinTarget::Room(room) => self.about_room(room),
            JoinTarget::Peer(user) => self.about_peer(user),
        }
    }
}

impl From<Rejection> for ErrorMessage {
    fn from(Rejection { code, message }: Rejection) -> ErrorMessage {
        ErrorMessage::new(code, message)
    }
}

/// Whether a member joined or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceChange {
    /// The member joined.
    Joined,
    /// The member left.
    Left,
}

impl PresenceChange {
    /// The change as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PresenceChange::Joined => "joined",
            PresenceChange::Left => "left",
        }
    }
}

/// A room in the answer to `rooms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInfo {
    /// Its name.
    pub name: RoomName,
    /// The present name of the other person, in a private room; else the last known one.
    pub peer: Option<UserName>,
    /// Its newest seq.
    pub head: u64,
    /// How many members it has.
    pub members: u64,
    /// Its topic.
    pub topic: Option<String>,
}
