//! The messages that a client sends.

use super::record::RecordId;
use crate::chat::cid::Cid;
use crate::chat::name_order::NameRange;
use crate::chat::operation::Operation;
use crate::chat::room_name::RoomName;
use crate::chat::secrets::{Password, Token};
use crate::chat::text::{AwayMessage, Text};
use crate::chat::user_name::UserName;

/// A message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// The first message: who the client is.
    Hello {
        /// The name it asks for.
        user: UserName,
        /// The token of that name.
        token: Option<Token>,
        /// The server's password.
        password: Option<Password>,
        /// The kind of client.
        agent: Option<Agent>,
        /// Whether the others see that it is here. A script says no: then it is in no list of members, and no
        /// presence event announces it.
        presence: bool,
        /// Whether it follows the person's memberships: then `welcome` lists them, and it is told of changes.
        rooms: bool,
        /// The rooms to join at once.
        join: Vec<Join>,
    },
    /// Join a room.
    Join(Join),
    /// Leave a room, on all devices.
    Leave {
        /// The room.
        room: RoomName,
    },
    /// Do something to a room's log: post, edit, delete, set the topic.
    Submit {
        /// The room.
        room: RoomName,
        /// Its id: a repeat under the same cid is not stored again.
        cid: Cid,
        /// The operation.
        operation: Operation,
    },
    /// Post to one user, in the private room of the two.
    Direct {
        /// The recipient.
        to: UserName,
        /// Its id.
        cid: Cid,
        /// The text.
        text: Text,
        /// Whether it is an action of its author (`/me waves`).
        me: bool,
        /// The seq of the message that it replies to.
        reply: Option<u64>,
    },
    /// Read old records.
    History {
        /// The room.
        room: RoomName,
        /// The direction, and the seq or the time to start from.
        range: HistoryRange,
        /// Records at most: 1 to [`HISTORY_PAGE_MAX`](crate::limits::HISTORY_PAGE_MAX).
        limit: usize,
        /// Whether the answer has the newest edit of each of its posts as well.
        edits: bool,
    },
    /// Search old records.
    Search {
        /// The room.
        room: RoomName,
        /// The words: 1 to [`SEARCH_WORDS`](crate::limits::SEARCH_WORDS) bytes.
        text: String,
        /// Search the records before this seq; absent: start with the newest.
        before: Option<u64>,
    },
    /// List the members of a room.
    Who {
        /// The room.
        room: RoomName,
        /// Which page of which list; `None`: all who are here.
        query: Option<MembersQuery>,
    },
    /// List the rooms.
    Rooms,
    /// PresenceChange the name.
    Nick {
        /// The new name.
        user: UserName,
        /// The token of that name.
        token: Option<Token>,
    },
    /// Set the away message, for all devices of the name; `None` clears it.
    Away(Option<AwayMessage>),
    /// The user is typing.
    Typing {
        /// The room.
        room: RoomName,
    },
    /// Mute a room, or no longer, on all devices.
    Mute {
        /// The room.
        room: RoomName,
        /// Whether it is muted.
        muted: bool,
    },
    /// Move the read marker.
    Mark {
        /// The room.
        room: RoomName,
        /// The seq of the newest record read on this device.
        seq: u64,
    },
}

/// One page of a list of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersQuery {
    /// Which list.
    pub state: MemberState,
    /// Which names of it.
    pub range: NameRange,
    /// Names at most: 1 to [`MEMBERS_PAGE_MAX`](crate::limits::MEMBERS_PAGE_MAX).
    pub limit: usize,
}

/// Whether a member of a room is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// One of their devices is connected, and in the room.
    Here,
    /// None is.
    Absent,
}

impl MemberState {
    /// The state as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            MemberState::Here => "here",
            MemberState::Absent => "absent",
        }
    }

    /// The state that is spelled `text`.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<MemberState> {
        [MemberState::Here, MemberState::Absent].into_iter().find(|state| state.as_str() == text)
    }
}

/// The kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// The page, in a browser tab.
    Web,
    /// The console client.
    Console,
    /// A bot, or a client with any other name.
    Bot,
}

impl Agent {
    /// The agent as it is spelled on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Agent::Web => "web",
            Agent::Console => "console",
            Agent::Bot => "bot",
        }
    }

    /// The agent that is spelled `text`.
    #[must_use]
    pub fn from_wire(text: &str) -> Agent {
        match text {
            "web" => Agent::Web,
            "console" => Agent::Console,
            _ => Agent::Bot,
        }
    }
}

/// What a join asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JoinTarget {
    /// The room of this name.
    Room(RoomName),
    /// The private room with the person who has this name now.
    Peer(UserName),
}

impl JoinTarget {
    /// What a client calls the room until the server has answered.
    #[must_use]
    pub fn to_room(&self) -> RoomName {
        match self {
            JoinTarget::Room(room) => room.clone(),
            JoinTarget::Peer(user) => RoomName::with_peer(user),
        }
    }
}

/// The join of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The room, or the other person of a private one.
    pub target: JoinTarget,
    /// Where to start in its log.
    pub since: Since,
    /// The id of the log that `since` refers to, as the client last saw it.
    pub log: Option<String>,
    /// The record that the client has at `since`; `None` from a client that does not say.
    pub record: Option<RecordId>,
    /// Join only if the person is a member of the room: they may have left it on another device.
    pub resume: bool,
}

/// Where a join starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the newest page of history.
    Newest,
    /// With new records only.
    Now,
    /// After this seq; 0: every record that retention has left.
    After(u64),
}

/// Which records a `history` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryRange {
    /// The newest ones before this seq.
    Before(u64),
    /// The oldest ones after this seq.
    After(u64),
    /// The oldest ones of this time or later, in Unix time in ms.
    At(u64),
}
