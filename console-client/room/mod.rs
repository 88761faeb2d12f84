//! One room as its visitor sees it: the lines of late, who is there, what was not looked at yet.
//!
//! Room: values. The server's truth is in the records; this is only what is on show.

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::Change;

use crate::room::read_position::ReadPosition;
use crate::room::recent_posts::OwnPosts;
use crate::room::recent_posts::RecentPosts;
use crate::room::scrollback::Scrollback;

mod scrollback; // what was shown, or waits to be
mod recent_posts; // what may be answered
mod read_position; // how far it was read
mod history_window; // what is loaded to be looked back at

pub(crate) use history_window::HistoryWindow;
pub(crate) use recent_posts::Post;
pub(crate) use scrollback::LineKind;
pub(crate) use scrollback::RecordInfo;

/// A room we are in.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// The server said that we are in it.
    pub(crate) is_known: bool,
    /// People in it, as the server counts them.
    pub(crate) count: u64,
    /// Who they are; nobody in a crowd.
    members: Vec<UserName>,
    /// Who of them is away.
    absent: Vec<AwayMember>,
    /// Who spoke, the latest first.
    speakers: Vec<UserName>,
    /// Who is typing, and until when that counts, in Unix milliseconds.
    typing: Vec<(UserName, u64)>,
    /// LineKind it is about.
    pub(crate) topic: Option<String>,
    pub(crate) lines: Scrollback,
    pub(crate) own: OwnPosts,
    pub(crate) posts: RecentPosts,
    pub(crate) read_position: ReadPosition,
    /// The first unread record, where it was not shown when we came.
    pub(crate) unread_from: Option<u64>,
    /// The oldest seq that the server keeps.
    pub(crate) first: u64,
    /// The seq of the oldest record shown.
    pub(crate) oldest: Option<u64>,
    /// The seq of the newest record.
    pub(crate) newest: u64,
    /// Records up to this one are not shown.
    pub(crate) skipped: u64,
    /// The local day of the last line.
    day: Option<i64>,
}

/// Names kept of those who are typing: more than two are just "several".
const TYPING: usize = 10;

/// Names kept of those who spoke.
const SPEAKERS: usize = 200;

impl Room {
    pub(crate) fn new(name: RoomName) -> Room {
        Room {
            name,
            is_known: false,
            count: 0,
            members: Vec::new(),
            absent: Vec::new(),
            speakers: Vec::new(),
            typing: Vec::new(),
            topic: None,
            lines: Scrollback::default(),
            own: OwnPosts::default(),
            posts: RecentPosts::default(),
            read_position: ReadPosition::default(),
            unread_from: None,
            first: 1,
            oldest: None,
            newest: 0,
            skipped: 0,
            day: None,
        }
    }

    // ---- Scrollback ---------------------------------------------------------------------------------

    /// Forgets the lines: what comes now is told from the start.
    pub(crate) fn reset(&mut self) {
        (self.lines, self.own) = (Scrollback::default(), OwnPosts::default());
        self.posts = RecentPosts::default();
        self.read_position = ReadPosition::default();
        self.unread_from = None;
        self.oldest = None;
        self.newest = 0;
        self.skipped = 0;
        self.day = None;
    }

    /// The seq from which on its lines are kept.
    pub(crate) fn kept_from(&self) -> u64 {
        self.lines.oldest().unwrap_or(self.newest + 1)
    }

    /// We have another name now: what was said and read under the old one was not by this one.
    pub(crate) fn renamed(&mut self) {
        self.own = OwnPosts::default();
        self.read_position.renamed();
        self.unread_from = None;
    }

    /// Whether a line of the local day `day` is the first of that day; the very first day can be
    /// taken as known.
    pub(crate) fn is_new_day(&mut self, day: i64, knows_first: bool) -> bool {
        let before = self.day.replace(day);
        before.map_or(!knows_first, |before| before != day)
    }

    // ---- People --------------------------------------------------------------------------------

    pub(crate) fn set_members(&mut self, members: Vec<UserName>, absent: Vec<AwayMember>) {
        (self.members, self.absent) = (members, absent);
    }

    pub(crate) fn set_away(&mut self, user: &UserName, away: Option<AwayMessage>) {
        self.absent.retain(|absent| !absent.user.is_same_claim(user));
        self.absent.extend(away.map(|text| AwayMember { user: user.clone(), text }));
    }

    pub(crate) fn absent(&self) -> &[AwayMember] {
        &self.absent
    }

    pub(crate) fn change(&mut self, user: &UserName, change: Change) {
        self.members.retain(|member| !member.is_same_claim(user));
        self.stopped_typing(user);
        match change {
            Change::Joined => self.members.push(user.clone()),
            Change::Left => {}
        }
    }

    /// Renames a member; false where there is none of that name.
    pub(crate) fn rename(&mut self, user: &UserName, to: &UserName) -> bool {
        self.stopped_typing(user);
        let absent = self.absent.iter_mut().map(|absent| &mut absent.user);
        let names = self.members.iter_mut().chain(&mut self.speakers).chain(absent);
        let known = names.filter(|name| name.is_same_claim(user)).map(|name| *name = to.clone());
        known.count() > 0
    }

    pub(crate) fn spoke(&mut self, user: &UserName) {
        self.stopped_typing(user);
        self.speakers.retain(|speaker| !speaker.is_same_claim(user));
        self.speakers.insert(0, user.clone());
        self.speakers.truncate(SPEAKERS);
    }

    /// Everybody who may be meant: who spoke of late, then who is there.
    pub(crate) fn names(&self) -> Vec<String> {
        let is_silent = |member: &&UserName| !self.speakers.contains(member);
        let silent = self.members.iter().filter(is_silent);
        self.speakers.iter().chain(silent).map(ToString::to_string).collect()
    }

    pub(crate) fn types(&mut self, user: &UserName, until: u64) {
        self.stopped_typing(user);
        self.typing.push((user.clone(), until));
        if self.typing.len() > TYPING {
            self.typing.remove(0);
        }
    }

    pub(crate) fn typing(&self, now: u64) -> Vec<&UserName> {
        self.typing.iter().filter(|(_, until)| *until > now).map(|(user, _)| user).collect()
    }

    fn stopped_typing(&mut self, user: &UserName) {
        self.typing.retain(|(typing, _)| !typing.is_same_claim(user));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    #[test]
    fn who_spoke_last_is_offered_first() {
        let mut room = Room::new(RoomName::default());
        room.set_members(vec![user("ann"), user("bob"), user("eve")], Vec::new());
        room.spoke(&user("bob"));
        room.spoke(&user("eve"));
        assert_eq!(room.names(), ["eve", "bob", "ann"]);
        assert!(room.rename(&user("bob"), &user("rob")));
        assert!(!room.rename(&user("zed"), &user("z")));
        room.change(&user("ann"), Change::Left);
        assert_eq!(room.names(), ["eve", "rob"]);
    }

    #[test]
    fn typing_ends_by_speaking_leaving_or_time() {
        let mut room = Room::new(RoomName::default());
        room.types(&user("ann"), 100);
        room.types(&user("bob"), 200);
        assert_eq!(room.typing(50), [&user("ann"), &user("bob")]);
        assert_eq!(room.typing(150), [&user("bob")]);
        room.spoke(&user("bob"));
        assert!(room.typing(50) == [&user("ann")]);
    }
}
