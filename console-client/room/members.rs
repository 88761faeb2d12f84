//! Who is in a room: members, who is away, who wrote last, who is typing.

use talk::chat::AwayMember;
use talk::chat::AwayMessage;
use talk::chat::UserName;
use talk::chat::protocol::PresenceChange;
use talk::limits;

/// The people of one room, as far as the server lists them.
#[derive(Debug, Default)]
pub(crate) struct RoomMembers {
    /// Members as the server counts them.
    pub(crate) count: u64,
    /// Their names; empty in a large room, whose members the server does not list.
    names: Vec<UserName>,
    /// Members that are away.
    away: Vec<AwayMember>,
    /// Who wrote, the latest first.
    speakers: Vec<UserName>,
    /// Who is typing, and until when that counts, in Unix milliseconds.
    typing: Vec<(UserName, u64)>,
}

/// Names kept of those who are typing: more than two are shown as "several".
const TYPING_MAX: usize = 10;

/// Members kept, and those away: a server lists those of a small room only.
const MEMBERS_MAX: usize = limits::SMALL_ROOM;

/// Names kept of those who wrote.
const SPEAKERS_MAX: usize = 200;

impl RoomMembers {
    pub(crate) fn set(&mut self, mut names: Vec<UserName>, mut away: Vec<AwayMember>) {
        names.truncate(MEMBERS_MAX);
        away.truncate(MEMBERS_MAX);
        (self.names, self.away) = (names, away);
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

    /// Notes that `user` joined or left.
    pub(crate) fn apply(&mut self, user: &UserName, change: PresenceChange) {
        self.names.retain(|member| !member.is_same_claim(user));
        self.stop_typing(user);
        match change {
            PresenceChange::Joined if self.names.len() < MEMBERS_MAX => {
                self.names.push(user.clone());
            }
            PresenceChange::Joined | PresenceChange::Left => {}
        }
    }

    /// Renames a member; false if none has that name.
    pub(crate) fn rename(&mut self, user: &UserName, to: &UserName) -> bool {
        self.stop_typing(user);
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

    /// Those who wrote, the latest first, then the other members.
    pub(crate) fn people(&self) -> impl Iterator<Item = &UserName> {
        let is_silent = |member: &&UserName| !self.speakers.contains(member);
        self.speakers.iter().chain(self.names.iter().filter(is_silent))
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
        members.set(vec![user("ann"), user("bob"), user("eve")], Vec::new());
        members.add_speaker(&user("bob"));
        members.add_speaker(&user("eve"));
        let offered = |members: &RoomMembers| members.people().cloned().collect::<Vec<_>>();
        assert_eq!(offered(&members), ["eve", "bob", "ann"].map(user));
        assert!(members.rename(&user("bob"), &user("rob")));
        assert!(!members.rename(&user("zed"), &user("z")));
        members.apply(&user("ann"), PresenceChange::Left);
        assert_eq!(offered(&members), ["eve", "rob"].map(user));
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
