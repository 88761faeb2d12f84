//! The members of a room: who is here, who is not, who is away, who wrote last, who is typing.

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::UserName;
use talk::chat::protocol::PresenceChange;
use talk::limits;

/// The people of one room, as far as the server lists them.
#[derive(Debug, Default)]
pub(crate) struct RoomMembers {
    /// Members who are here, as the server counts them.
    pub(crate) count: u64,
    /// Their names; empty in a large room, whose members the server does not list.
    names: Vec<UserName>,
    /// Members who are not here; empty if they are many, and where an earlier server does not tell.
    absent: Vec<UserName>,
    /// What the server has told of them.
    told: AbsentTold,
    /// Members that the server has found for the last such question.
    found: Vec<UserName>,
    /// Members that are away.
    away: Vec<AwayMember>,
    /// Who wrote, the latest first.
    speakers: Vec<UserName>,
    /// Who is typing, and until when that counts, in Unix milliseconds.
    typing: Vec<(UserName, u64)>,
}

/// What the server has told of the members who are not here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum AbsentTold {
    /// Nothing: it is an earlier version, or the room is private.
    #[default]
    Nothing,
    /// How many they are: too many to be listed.
    Count,
    /// Their names.
    Names,
}

/// Names kept of those who are typing: more than two are shown as "several".
const TYPING_MAX: usize = 10;

/// Members kept of each list, and those away: a server lists those of a small room only.
const MEMBERS_MAX: usize = limits::SMALL_ROOM;

/// Names kept of those who wrote.
const SPEAKERS_MAX: usize = 200;

impl RoomMembers {
    /// Takes the list of those who are here; `None`: they are too many to be listed.
    pub(crate) fn set(&mut self, names: Option<Vec<UserName>>, mut away: Vec<AwayMember>) {
        let mut names = names.unwrap_or_default();
        names.truncate(MEMBERS_MAX);
        away.truncate(MEMBERS_MAX);
        self.absent.retain(|user| !names.iter().any(|here| here.is_same_claim(user)));
        (self.names, self.away) = (names, away);
    }

    /// Takes the list of those who are not here, after that of those who are: how many, and their names unless they
    /// are many. An earlier server tells neither.
    pub(crate) fn set_absent(&mut self, count: Option<u64>, names: Option<Vec<UserName>>) {
        self.told = match (count, &names) {
            (None, _) => AbsentTold::Nothing,
            (Some(_), None) => AbsentTold::Count,
            (Some(_), Some(_)) => AbsentTold::Names,
        };
        self.absent = names.unwrap_or_default();
        self.absent.truncate(MEMBERS_MAX);
        self.found.clear();
    }

    /// Whether the server is known to answer questions for a page.
    pub(crate) fn knows_pages(&self) -> bool {
        self.told != AbsentTold::Nothing
    }

    /// Whether there are members whose names are not known, for whom the server can be asked.
    pub(crate) fn is_paged(&self) -> bool {
        match self.told {
            AbsentTold::Nothing => false,
            AbsentTold::Count => true,
            AbsentTold::Names => self.count > self.names.len() as u64,
        }
    }

    /// Takes the members that were found for the beginning of a name.
    pub(crate) fn set_found(&mut self, names: Vec<UserName>) {
        self.found = names;
        self.found.truncate(2 * limits::CLIENT_FOUND_MEMBERS);
    }

    pub(crate) fn set_away(&mut self, user: &UserName, away: Option<AwayMessage>) {
        self.away.retain(|member| !member.user.is_same_claim(user));
        if self.away.len() < MEMBERS_MAX {
            self.away.extend(away.map(|text| AwayMember { user: user.clone(), text }));
        }
    }

    pub(crate) fn away(&self) -> &[AwayMember] {
        &self.away
    }

    /// Notes that `user` joined or left. `is_member`: one who left is only not here.
    pub(crate) fn apply(&mut self, user: &UserName, change: PresenceChange, is_member: bool) {
        self.names.retain(|member| !member.is_same_claim(user));
        self.absent.retain(|member| !member.is_same_claim(user));
        self.stop_typing(user);
        let list = match change {
            PresenceChange::Joined => &mut self.names,
            PresenceChange::Left if is_member => &mut self.absent,
            PresenceChange::Left => return,
        };
        if list.len() < MEMBERS_MAX {
            list.push(user.clone());
        }
    }

    /// Renames a member; false if none of those here, and no one who wrote, has that name.
    pub(crate) fn rename(&mut self, user: &UserName, to: &UserName) -> bool {
        self.stop_typing(user);
        let absent = self.absent.iter_mut().chain(&mut self.found);
        absent.filter(|name| name.is_same_claim(user)).for_each(|name| *name = to.clone());
        let away = self.away.iter_mut().map(|member| &mut member.user);
        let names = self.names.iter_mut().chain(&mut self.speakers).chain(away);
        let known = names.filter(|name| name.is_same_claim(user)).map(|name| *name = to.clone());
        known.count() > 0
    }

    /// Notes that `user` wrote something.
    pub(crate) fn add_speaker(&mut self, user: &UserName) {
        self.stop_typing(user);
        self.speakers.retain(|speaker| !speaker.is_same_claim(user));
        self.speakers.insert(0, user.clone());
        self.speakers.truncate(SPEAKERS_MAX);
    }

    /// Those who wrote, the latest first, then the other members: those here, those not here, those found.
    pub(crate) fn people(&self) -> impl Iterator<Item = &UserName> {
        let is_silent = |member: &&UserName| !self.speakers.contains(member);
        let members = self.names.iter().chain(&self.absent);
        let is_new = |user: &&UserName| !self.names.contains(user) && !self.absent.contains(user);
        let found = self.found.iter().filter(is_new);
        self.speakers.iter().chain(members.chain(found).filter(is_silent))
    }

    pub(crate) fn set_typing(&mut self, user: &UserName, until: u64) {
        self.stop_typing(user);
        self.typing.push((user.clone(), until));
        if self.typing.len() > TYPING_MAX {
            self.typing.remove(0);
        }
    }

    pub(crate) fn typing(&self, now: u64) -> Vec<&UserName> {
        self.typing.iter().filter(|(_, until)| *until > now).map(|(user, _)| user).collect()
    }

    fn stop_typing(&mut self, user: &UserName) {
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
    fn who_wrote_last_is_offered_first() {
        let mut members = RoomMembers::default();
        members.set(Some(vec![user("ann"), user("bob"), user("eve")]), Vec::new());
        members.add_speaker(&user("bob"));
        members.add_speaker(&user("eve"));
        let offered = |members: &RoomMembers| members.people().cloned().collect::<Vec<_>>();
        assert_eq!(offered(&members), ["eve", "bob", "ann"].map(user));
        assert!(members.rename(&user("bob"), &user("rob")));
        assert!(!members.rename(&user("zed"), &user("z")));
        members.apply(&user("ann"), PresenceChange::Left, false);
        assert_eq!(offered(&members), ["eve", "rob"].map(user));
    }

    #[test]
    fn who_is_not_here_comes_after_those_here_and_moves_when_they_come_and_go() {
        let mut members = RoomMembers::default();
        let offered = |members: &RoomMembers| {
            let names: Vec<&str> = members.people().map(UserName::as_str).collect();
            names.join(" ")
        };
        members.set(Some(vec![user("bob"), user("zoe")]), Vec::new());
        members.count = 2;
        members.set_absent(Some(2), Some(vec![user("ann"), user("kim")]));
        assert_eq!((&*offered(&members), members.is_paged()), ("bob zoe ann kim", false));
        members.apply(&user("Ann"), PresenceChange::Joined, false);
        members.apply(&user("bob"), PresenceChange::Left, true);
        members.apply(&user("zoe"), PresenceChange::Left, false);
        assert_eq!(offered(&members), "Ann kim bob");
        assert!(!members.rename(&user("kim"), &user("tim")), "who is not here is renamed silently");
        assert_eq!(offered(&members), "Ann tim bob");
        members.set(Some(vec![user("Ann"), user("Tim")]), Vec::new());
        assert_eq!(offered(&members), "Ann Tim bob", "a whole list of those here");
        members.set_absent(None, None);
        assert_eq!((&*offered(&members), members.is_paged()), ("Ann Tim", false), "an old server");
    }

    #[test]
    fn of_a_large_room_those_are_known_who_wrote_or_were_found() {
        let mut members = RoomMembers { count: 101, ..RoomMembers::default() };
        members.set(None, Vec::new());
        members.set_absent(Some(1), Some(vec![user("ann")]));
        assert!(members.is_paged(), "those here are not listed");
        members.count = 1;
        members.set(Some(vec![user("bob")]), Vec::new());
        members.set_absent(Some(101), None);
        assert!(members.is_paged(), "those not here are not listed");
        members.set_absent(Some(0), Some(Vec::new()));
        assert!(!members.is_paged());
        members.count = 101; // it has become large since
        assert!(members.is_paged());
        members.set_absent(Some(101), None);
        members.add_speaker(&user("zoe"));
        members.set_found(vec![user("bob"), user("zoe"), user("zac")]);
        let names: Vec<&str> = members.people().map(UserName::as_str).collect();
        assert_eq!(names, ["zoe", "bob", "zac"], "each once");
    }

    #[test]
    fn typing_ends_by_writing_leaving_or_time() {
        let mut members = RoomMembers::default();
        members.set_typing(&user("ann"), 100);
        members.set_typing(&user("bob"), 200);
        assert_eq!(members.typing(50), [&user("ann"), &user("bob")]);
        assert_eq!(members.typing(150), [&user("bob")]);
        members.add_speaker(&user("bob"));
        assert!(members.typing(50) == [&user("ann")]);
    }
}
