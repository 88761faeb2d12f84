//! What a client asks of a server.

use crate::chat::cid::Cid;
use crate::chat::operation::Operation;
use crate::chat::room_name::RoomName;
use crate::chat::secrets::{Password, Token};
use crate::chat::text::{AwayMessage, Text};
use crate::chat::user_name::UserName;

/// A message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// Who is there, first of all.
    Hello {
        /// The name it wants.
        user: UserName,
        /// What proves that the name is its own.
        token: Option<Token>,
        /// The server's password.
        password: Option<Password>,
        /// What kind of client it is.
        agent: Option<Agent>,
        /// The rooms to join at once.
        join: Vec<Join>,
    },
    /// Take part in a room.
    Join(Join),
    /// No longer take part.
    Leave {
        /// The room.
        room: RoomName,
    },
    /// Do something to a room's log: say a line, edit or delete one, set the topic.
    Submit {
        /// The room.
        room: RoomName,
        /// Its own name: done again under it, it is not stored again.
        cid: Cid,
        /// What is done.
        operation: Operation,
    },
    /// Say a line to one person, in the private room of the two.
    Direct {
        /// Who it is for.
        to: UserName,
        /// The line's own name.
        cid: Cid,
        /// What is said.
        text: Text,
        /// It tells what its author does.
        me: bool,
        /// The seq of the record that it answers.
        reply: Option<u64>,
    },
    /// Read what was said.
    History {
        /// The room.
        room: RoomName,
        /// Which way from which record.
        range: Range,
        /// Records at most: 1 to [`HISTORY_PAGE_MAX`](crate::limits::HISTORY_PAGE_MAX).
        limit: usize,
    },
    /// Find what was said.
    Search {
        /// The room.
        room: RoomName,
        /// What to look for: 1 to [`SEARCH_WORDS`](crate::limits::SEARCH_WORDS) bytes.
        text: String,
        /// Look at what is older than this seq; absent: at the newest.
        before: Option<u64>,
    },
    /// Who is in a room?
    Who {
        /// The room.
        room: RoomName,
    },
    /// Which rooms are there?
    Rooms,
    /// Be called otherwise.
    Nick {
        /// The new name.
        user: UserName,
        /// What proves that it is its own.
        token: Option<Token>,
    },
    /// One is away from now on, on all devices, or back.
    Away(Option<AwayMessage>),
    /// Somebody is writing.
    Typing {
        /// The room.
        room: RoomName,
    },
    /// Everything up to a record has been read, on this device.
    Mark {
        /// The room.
        room: RoomName,
        /// The seq of the record.
        seq: u64,
    },
}

/// What kind of client someone uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// A browser's tab.
    Web,
    /// A terminal.
    Console,
    /// A program, or a client that calls itself something else.
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

    /// The agent that calls itself `text`.
    #[must_use]
    pub fn from_wire(text: &str) -> Agent {
        match text {
            "web" => Agent::Web,
            "console" => Agent::Console,
            _ => Agent::Bot,
        }
    }
}

/// Taking part in a room, from some place in its log on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The room.
    pub room: RoomName,
    /// Where to start.
    pub since: Since,
    /// The id of the log that `since` counts in, as it was last seen.
    pub log: Option<String>,
}

/// Where a join starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the newest page.
    Newest,
    /// With nothing old.
    Now,
    /// After this seq; 0 is everything that is kept.
    After(u64),
}

/// Which records a `history` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The newest ones before this seq.
    Before(u64),
    /// The oldest ones after this seq.
    After(u64),
}
