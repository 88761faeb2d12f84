//! One room as the person sees it: its latest lines, its members, how far it was read.
//!
//! It holds only what is on show; the records themselves are the server's.
//! Depends on `text`; never on the client, the terminal or files.

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::HistoryRange;

use crate::room::members::RoomMembers;
use crate::room::read_position::ReadPosition;
use crate::room::recent_posts::OwnPosts;
use crate::room::recent_posts::RecentPosts;
use crate::room::scrollback::Scrollback;

mod scrollback; // lines shown, or waiting to be
mod recent_posts; // messages that can be replied to, and our own
mod read_position; // how far it was read
mod history_window; // older records, loaded for scrolling back
mod members; // who is here, away, typing

pub(crate) use history_window::HistoryWindow;
pub(crate) use recent_posts::Post;
pub(crate) use scrollback::LineKind;
pub(crate) use scrollback::RecordInfo;

/// A room we are in, or are joining.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// The other person of a private room, as the server last said.
    pub(crate) peer: Option<UserName>,
    /// The server has confirmed that we are in it.
    pub(crate) is_joined: bool,
    /// Muted on all devices of the person.
    pub(crate) is_muted: bool,
    /// The person was in it before this run, or joined it on another device: they did not ask for it here.
    pub(crate) is_returning: bool,
    /// The topic, if there is one.
    pub(crate) topic: Option<String>,
    /// Who is here, away, typing.
    pub(crate) members: RoomMembers,
    /// The newest lines.
    pub(crate) scrollback: Scrollback,
    /// Our posts, which can be edited and deleted.
    pub(crate) own_posts: OwnPosts,
    /// The posts that a reply can quote.
    pub(crate) posts: RecentPosts,
    /// How far the room was read.
    pub(crate) read_position: ReadPosition,
    /// Which records the server keeps, and which are shown.
    pub(crate) seqs: Seqs,
    /// The local day of the last line, in days since 1970.
    last_day: Option<i64>,
}

/// Which records of a room the server keeps, and which are shown.
#[derive(Debug)]
pub(crate) struct Seqs {
    /// The oldest seq that the server keeps.
    pub(crate) first: u64,
    /// The seq of the oldest record shown.
    pub(crate) oldest: Option<u64>,
    /// The seq of the newest record.
    pub(crate) newest: u64,
    /// Records up to this one are not shown.
    pub(crate) skipped: u64,
    /// Messages among those that are unread.
    pub(crate) skipped_unread: u64,
    /// After this record the server's log is damaged, which the person does not know yet.
    pub(crate) damaged_after: Option<u64>,
}

impl Default for Seqs {
    fn default() -> Seqs {
        Seqs {
            first: 1,
            oldest: None,
            newest: 0,
            skipped: 0,
            skipped_unread: 0,
            damaged_after: None,
        }
    }
}

/// Messages shown before the one that `/goto` names, and after it.
const CONTEXT: u64 = 10;

impl Room {
    pub(crate) fn new(name: RoomName) -> Room {
        Room {
            peer: name.wanted_peer(),
            name,
            is_joined: false,
            is_muted: false,
            is_returning: false,
            topic: None,
            members: RoomMembers::default(),
            scrollback: Scrollback::default(),
            own_posts: OwnPosts::default(),
            posts: RecentPosts::default(),
            read_position: ReadPosition::default(),
            seqs: Seqs::default(),
            last_day: None,
        }
    }

    /// Forgets every line, because the server has a new log for this room, or lost records of it.
    pub(crate) fn reset(&mut self) {
        (self.scrollback, self.own_posts) = (Scrollback::default(), OwnPosts::default());
        self.posts = RecentPosts::default();
        self.read_position = ReadPosition::default();
        self.seqs = Seqs { first: self.seqs.first, ..Seqs::default() };
        self.last_day = None;
    }

    /// Whether it is the private room with the person of this name. Before the server has said, an old room's name
    /// tells.
    pub(crate) fn is_with(&self, user: &UserName, ours: &UserName) -> bool {
        match &self.peer {
            Some(peer) => peer.is_same_claim(user),
            None => self.name.other_key(ours).is_some_and(|key| key == user.key()),
        }
    }

    /// Notes who the other person of a private room is, if the server says so.
    pub(crate) fn set_peer(&mut self, peer: Option<&UserName>) {
        if let Some(peer) = peer.filter(|_| self.name.is_private()) {
            self.peer = Some(peer.clone());
        }
    }

    /// The seq of the oldest record in the scrollback.
    pub(crate) fn kept_from(&self) -> u64 {
        self.scrollback.oldest_seq().unwrap_or(self.seqs.newest + 1)
    }

    /// Forgets what belongs to the person we were: posts that can be edited, and the read marker.
    pub(crate) fn forget_person(&mut self) {
        self.own_posts = OwnPosts::default();
        self.read_position.forget_marker();
    }

    /// Whether `day` differs from the day of the line before, or there is none.
    pub(crate) fn starts_day(&mut self, day: i64) -> bool {
        self.last_day.replace(day) != Some(day)
    }

    /// The page of history before the oldest record shown; `None` if none is shown.
    pub(crate) fn page_before(&self) -> Option<HistoryRange> {
        self.seqs.oldest.map(HistoryRange::Before)
    }

    /// The page of history with the message `seq` and some around it, and how many of its records to
    /// list.
    pub(crate) fn page_around(&self, seq: u64) -> Option<(HistoryRange, usize)> {
        self.seqs.oldest?;
        Some((HistoryRange::Before(seq + CONTEXT), usize::try_from(2 * CONTEXT).ok()?))
    }
}
