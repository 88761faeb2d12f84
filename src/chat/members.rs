//! The members of a room: names, and how many connections use each.
//!
//! `server` decides who gets the presence event for a change.

use std::collections::BTreeMap;

use super::{AwayMember, AwayMessage, UserName};
use crate::limits;

/// The members of one room, by name.
#[derive(Debug, Default)]
pub struct Members {
    /// The members by the key of their name.
    names: BTreeMap<String, Member>,
    /// See [`Members::changes`].
    changes: u64,
}

#[derive(Debug)]
struct Member {
    /// The name, as its owner spells it.
    user: UserName,
    /// Connections that use the name in this room.
    connections: usize,
    /// The away message, while the member is away.
    away: Option<AwayMessage>,
}

/// How a change of name looks to the other members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameEffect {
    /// A member has a new name.
    Renamed,
    /// The old name stays, for another device: a new member joined.
    Joined,
    /// The new name was a member already: the old one left.
    Left,
    /// Both names were members before and still are.
    Unchanged,
}

impl Members {
    /// Adds one connection of `user`, who may be away. True if it is the first of this name.
    pub fn add(&mut self, user: &UserName, away: Option<&AwayMessage>) -> bool {
        let new_member = || Member { user: user.clone(), connections: 0, away: away.cloned() };
        let member = self.names.entry(user.key()).or_insert_with(new_member);
        member.connections += 1;
        let first = member.connections == 1;
        self.changes += u64::from(first);
        first
    }

    /// Removes one connection of `user`. True if it was the last of this name.
    pub fn remove(&mut self, user: &UserName) -> bool {
        let Some(member) = self.names.get_mut(&user.key()) else { return false };
        member.connections -= 1;
        let last = member.connections == 0;
        if last {
            self.names.remove(&user.key());
            self.changes += 1;
        }
        last
    }

    /// Changes the name of one connection.
    pub fn rename(&mut self, from: &UserName, to: &UserName) -> RenameEffect {
        if from.is_same_claim(to) {
            if let Some(member) = self.names.get_mut(&to.key()) {
                member.user = to.clone();
            }
            self.changes += 1;
            return RenameEffect::Renamed;
        }
        let away = self.away_of(from).cloned();
        match (self.add(to, away.as_ref()), self.remove(from)) {
            (true, true) => RenameEffect::Renamed,
            (true, false) => RenameEffect::Joined,
            (false, true) => RenameEffect::Left,
            (false, false) => RenameEffect::Unchanged,
        }
    }

    /// Sets or clears the away message of `user`. True if it changed; false where `user` is not a
    /// member.
    pub fn set_away(&mut self, user: &UserName, away: Option<&AwayMessage>) -> bool {
        let member = self.names.get_mut(&user.key());
        let Some(member) = member.filter(|member| member.away.as_ref() != away) else {
            return false;
        };
        member.away = away.cloned();
        self.changes += 1;
        true
    }

    /// How many connections the name with the key `key` has here.
    #[must_use]
    pub fn connections(&self, key: &str) -> usize {
        self.names.get(key).map_or(0, |member| member.connections)
    }

    /// How many members there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.names.len() as u64
    }

    /// Whether there are more than [`limits::SMALL_ROOM`]: then presence events carry only the
    /// count.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.names.len() > limits::SMALL_ROOM
    }

    /// All names, sorted, ignoring case.
    #[must_use]
    pub fn list(&self) -> Vec<UserName> {
        self.names.values().map(|member| member.user.clone()).collect()
    }

    /// The away message of `user`; `None` for one who is not away or not a member.
    #[must_use]
    pub fn away_of(&self, user: &UserName) -> Option<&AwayMessage> {
        self.names.get(&user.key())?.away.as_ref()
    }

    /// The members who are away, in the same order.
    #[must_use]
    pub fn away_members(&self) -> Vec<AwayMember> {
        let away_member = |member: &Member| {
            Some(AwayMember { user: member.user.clone(), text: member.away.clone()? })
        };
        self.names.values().filter_map(away_member).collect()
    }

    /// How often a member joined, left, was renamed, went away or came back.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    #[test]
    fn an_away_message_is_set_once_and_follows_a_rename() {
        let lunch = AwayMessage::parse("lunch").unwrap();
        let mut members = Members::default();
        assert!(!members.set_away(&user("bob"), Some(&lunch)), "not a member");
        members.add(&user("ann"), None);
        members.add(&user("bob"), Some(&lunch));
        let away_member = |name| vec![AwayMember { user: user(name), text: lunch.clone() }];
        assert_eq!(members.away_members(), away_member("bob"));
        let changes = members.changes();
        assert!(!members.set_away(&user("Bob"), Some(&lunch)), "no news");
        assert_eq!(members.changes(), changes);
        members.rename(&user("bob"), &user("rob"));
        assert_eq!(members.away_members(), away_member("rob"));
        members.rename(&user("rob"), &user("Rob"));
        assert_eq!(members.away_members(), away_member("Rob"));
        assert!(members.set_away(&user("rob"), None));
        assert_eq!((members.away_members(), members.changes()), (Vec::new(), changes + 4));
    }

    #[test]
    fn a_member_stays_while_one_connection_of_the_name_is_open() {
        let mut members = Members::default();
        assert!(members.add(&user("bob"), None));
        assert!(!members.add(&user("Bob"), None), "the same person");
        assert_eq!((members.count(), members.changes()), (1, 1));
        assert!(!members.remove(&user("bob")));
        assert!(members.remove(&user("BOB")));
        assert!(!members.remove(&user("bob")), "a user who is not a member cannot leave");
        assert_eq!((members.count(), members.changes()), (0, 2));
    }

    #[test]
    fn a_rename_looks_like_a_join_or_a_leave_if_other_connections_use_a_name() {
        let mut members = Members::default();
        members.add(&user("bob"), None);
        assert_eq!(members.rename(&user("bob"), &user("rob")), RenameEffect::Renamed);
        members.add(&user("rob"), None);
        assert_eq!(members.rename(&user("rob"), &user("bob")), RenameEffect::Joined);
        assert_eq!(members.list(), [user("bob"), user("rob")]);
        members.add(&user("bob"), None);
        assert_eq!(members.rename(&user("bob"), &user("rob")), RenameEffect::Unchanged);
        assert_eq!(members.rename(&user("bob"), &user("rob")), RenameEffect::Left);
        assert_eq!(members.rename(&user("rob"), &user("ROB")), RenameEffect::Renamed);
        assert_eq!(members.list(), [user("ROB")]);
    }
}
