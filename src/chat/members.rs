//! Who is in a room: names, however many connections each uses.
//!
//! Room: values. Who is told of a change is not decided here.

use std::collections::BTreeMap;

use super::{AwayMember, AwayMessage, UserName};
use crate::limits;

/// The members of one room, by name.
#[derive(Debug, Default)]
pub struct Members {
    names: BTreeMap<String, Member>,
    changes: u64,
}

#[derive(Debug)]
struct Member {
    user: UserName,
    connections: usize,
    away: Option<AwayMessage>,
}

/// What a change of name looks like to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameEffect {
    /// One person is now called otherwise.
    Renamed,
    /// The old name stays, for another device: a new person came.
    Joined,
    /// The new name was here already: the old one went.
    Left,
    /// Both names were here before and are here still.
    Unchanged,
}

impl Members {
    /// One more connection uses this name, which may be away. True if it is the first.
    pub fn add(&mut self, user: &UserName, away: Option<&AwayMessage>) -> bool {
        let new_member = || Member { user: user.clone(), connections: 0, away: away.cloned() };
        let member = self.names.entry(user.key()).or_insert_with(new_member);
        member.connections += 1;
        let first = member.connections == 1;
        self.changes += u64::from(first);
        first
    }

    /// One connection fewer uses this name. True if it was the last.
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

    /// One connection goes by another name from now on.
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

    /// Somebody is away from now on, or back. True if that is new; false for who is not here, too.
    pub fn set_away(&mut self, user: &UserName, away: Option<&AwayMessage>) -> bool {
        let member = self.names.get_mut(&user.key());
        let Some(member) = member.filter(|member| member.away.as_ref() != away) else {
            return false;
        };
        member.away = away.cloned();
        self.changes += 1;
        true
    }

    /// How many connections of the name with the key `key` are here.
    #[must_use]
    pub fn connections(&self, key: &str) -> usize {
        self.names.get(key).map_or(0, |member| member.connections)
    }

    /// How many members are here.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.names.len() as u64
    }

    /// Whether there are more than [`limits::SMALL_ROOM`]: then comings and goings are only counted.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.names.len() > limits::SMALL_ROOM
    }

    /// Everybody, sorted, ignoring case.
    #[must_use]
    pub fn list(&self) -> Vec<UserName> {
        self.names.values().map(|member| member.user.clone()).collect()
    }

    /// Whether somebody here is away, and why.
    #[must_use]
    pub fn away_of(&self, user: &UserName) -> Option<&AwayMessage> {
        self.names.get(&user.key())?.away.as_ref()
    }

    /// Those who are away, in the same order.
    #[must_use]
    pub fn away_members(&self) -> Vec<AwayMember> {
        let away_member = |member: &Member| {
            Some(AwayMember { user: member.user.clone(), text: member.away.clone()? })
        };
        self.names.values().filter_map(away_member).collect()
    }

    /// How often somebody came, went, was renamed, went away or was back.
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
    fn who_is_away_is_so_once_and_under_a_new_name_too() {
        let lunch = AwayMessage::parse("lunch").unwrap();
        let mut members = Members::default();
        assert!(!members.set_away(&user("bob"), Some(&lunch)), "not here");
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
    fn a_person_is_here_as_long_as_one_connection_is() {
        let mut members = Members::default();
        assert!(members.add(&user("bob"), None));
        assert!(!members.add(&user("Bob"), None), "the same person");
        assert_eq!((members.count(), members.changes()), (1, 1));
        assert!(!members.remove(&user("bob")));
        assert!(members.remove(&user("BOB")));
        assert!(!members.remove(&user("bob")), "who is not here cannot go");
        assert_eq!((members.count(), members.changes()), (0, 2));
    }

    #[test]
    fn what_a_new_name_looks_like_depends_on_who_else_uses_either() {
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
