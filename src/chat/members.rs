//! The members of a room who are here: persons, and how many connections each has there.
//!
//! `server` decides who gets the presence event for a change.

use std::collections::{BTreeSet, HashMap};

use super::name_order::NameOrder;
use super::{AwayMember, AwayMessage, Label, NameRange, OwnerId, UserName};
use crate::limits;

/// The members of one room who are here.
#[derive(Debug, Default)]
pub struct Members {
    /// The members by their owner id.
    persons: HashMap<OwnerId, Member>,
    /// The same in the order of their names.
    order: NameOrder,
    /// See [`Members::changes`].
    changes: u64,
    /// See [`Members::take_moves`].
    moved: BTreeSet<OwnerId>,
}

/// Some of the members of a room, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersPage {
    /// Their names.
    pub names: Vec<UserName>,
    /// Those of them who are away; none for members who are not here.
    pub away: Vec<AwayMember>,
    /// Whether more follow.
    pub has_more: bool,
}

#[derive(Debug)]
struct Member {
    /// The current name.
    label: Label,
    /// Connections that the person has in this room.
    connections: usize,
    /// The away message, while the member is away.
    away: Option<AwayMessage>,
}

/// How it looks to the other members when a connection becomes another person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeEffect {
    /// A member has a new name.
    Renamed {
        /// The former person's name.
        from: UserName,
    },
    /// The former person stays, on another device: a new member joined.
    Joined,
    /// The new person was a member already: the former one left.
    Left {
        /// The former person's name.
        from: UserName,
    },
    /// Both were members before and still are.
    Unchanged,
}

impl Members {
    /// Adds one connection of a person, who may be away. True if it is their first.
    pub fn add(&mut self, owner: OwnerId, label: &Label, away: Option<&AwayMessage>) -> bool {
        let order = &mut self.order;
        let member = self.persons.entry(owner).or_insert_with(|| {
            order.insert(label.user.shared_key(), owner);
            Member { label: label.clone(), connections: 0, away: away.cloned() }
        });
        member.connections += 1;
        let first = member.connections == 1;
        if first {
            self.changes += 1;
            self.moved.insert(owner);
        }
        first
    }

    /// Removes one connection of a person. Returns the name of one who has left with it.
    pub fn remove(&mut self, owner: OwnerId) -> Option<UserName> {
        let member = self.persons.get_mut(&owner)?;
        member.connections -= 1;
        if member.connections > 0 {
            return None;
        }
        let member = self.persons.remove(&owner)?;
        self.order.remove(&member.label.user.shared_key(), owner);
        self.changes += 1;
        self.moved.insert(owner);
        Some(member.label.user)
    }

    /// The persons who have come or gone since the last call, and whether they are here now.
    pub fn take_moves(&mut self) -> Vec<(OwnerId, bool)> {
        let moved = std::mem::take(&mut self.moved);
        moved.into_iter().map(|owner| (owner, self.has(owner))).collect()
    }

    /// Gives a person their new name. Returns the former one; `None` if it is the same, if they are not a
    /// member, or if they have a newer name already.
    pub fn rename(&mut self, owner: OwnerId, label: &Label) -> Option<UserName> {
        let member = self.persons.get_mut(&owner);
        let member = member.filter(|member| member.label.revision < label.revision)?;
        let former = std::mem::replace(&mut member.label, label.clone()).user;
        if former == label.user {
            return None;
        }
        self.order.remove(&former.shared_key(), owner);
        self.order.insert(label.user.shared_key(), owner);
        self.changes += 1;
        Some(former)
    }

    /// One connection of the person `from` is `to`'s from now on.
    pub fn change_owner(&mut self, from: OwnerId, to: OwnerId, label: &Label) -> ChangeEffect {
        let away = self.persons.get(&from).and_then(|member| member.away.clone());
        match (self.add(to, label, away.as_ref()), self.remove(from)) {
            (true, Some(from)) => ChangeEffect::Renamed { from },
            (true, None) => ChangeEffect::Joined,
            (false, Some(from)) => ChangeEffect::Left { from },
            (false, None) => ChangeEffect::Unchanged,
        }
    }

    /// Sets or clears the away message of a person. Returns their name if it changed; `None` also for one who
    /// is not a member.
    pub fn set_away(&mut self, owner: OwnerId, away: Option<&AwayMessage>) -> Option<UserName> {
        let member = self.persons.get_mut(&owner);
        let member = member.filter(|member| member.away.as_ref() != away)?;
        member.away = away.cloned();
        self.changes += 1;
        Some(member.label.user.clone())
    }

    /// Whether a person is a member.
    #[must_use]
    pub fn has(&self, owner: OwnerId) -> bool {
        self.persons.contains_key(&owner)
    }

    /// How many members there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.persons.len() as u64
    }

    /// Whether there are more than [`limits::SMALL_ROOM`]: then presence events carry only the
    /// count.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.persons.len() > limits::SMALL_ROOM
    }

    /// All names, sorted, ignoring case.
    #[must_use]
    pub fn list(&self) -> Vec<UserName> {
        self.sorted().map(|member| member.label.user.clone()).collect()
    }

    fn sorted(&self) -> impl Iterator<Item = &Member> {
        self.order.iter().filter_map(|owner| self.persons.get(&owner))
    }

    /// The first `limit` members of a range.
    #[must_use]
    pub fn page(&self, range: &NameRange, limit: usize) -> MembersPage {
        let (owners, has_more) = self.order.page(range, limit);
        let members = || owners.iter().filter_map(|owner| self.persons.get(owner));
        let names = members().map(|member| member.label.user.clone()).collect();
        MembersPage { names, away: members().filter_map(Member::to_away).collect(), has_more }
    }

    /// The away message of a person; `None` for one who is not away or not a member.
    #[must_use]
    pub fn away_of(&self, owner: OwnerId) -> Option<&AwayMessage> {
        self.persons.get(&owner)?.away.as_ref()
    }

    /// The members who are away, in the same order.
    #[must_use]
    pub fn away_members(&self) -> Vec<AwayMember> {
        self.sorted().filter_map(Member::to_away).collect()
    }

    /// How often a member joined, left, was renamed, went away or came back.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

impl Member {
    fn to_away(&self) -> Option<AwayMember> {
        Some(AwayMember { user: self.label.user.clone(), text: self.away.clone()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    fn label(name: &str, revision: u64) -> Label {
        Label { user: user(name), revision }
    }

    /// The person with this digit.
    fn person(digit: &str) -> OwnerId {
        digit.repeat(32).parse().unwrap()
    }

    #[test]
    fn an_away_message_is_set_once_and_follows_a_rename() {
        let lunch = AwayMessage::parse("lunch").unwrap();
        let (ann, bob) = (person("a"), person("b"));
        let mut members = Members::default();
        assert_eq!(members.set_away(bob, Some(&lunch)), None, "not a member");
        members.add(ann, &label("ann", 1), None);
        members.add(bob, &label("bob", 2), Some(&lunch));
        let away_member = |name| vec![AwayMember { user: user(name), text: lunch.clone() }];
        assert_eq!(members.away_members(), away_member("bob"));
        let changes = members.changes();
        assert_eq!(members.set_away(bob, Some(&lunch)), None, "no news");
        assert_eq!(members.changes(), changes);
        members.rename(bob, &label("rob", 3));
        assert_eq!(members.away_members(), away_member("rob"));
        members.rename(bob, &label("Rob", 4));
        assert_eq!(members.away_members(), away_member("Rob"));
        assert_eq!(members.set_away(bob, None), Some(user("Rob")));
        assert_eq!((members.away_members(), members.changes()), (Vec::new(), changes + 3));
    }

    #[test]
    fn a_member_stays_while_one_connection_of_the_person_is_open() {
        let (bob, mut members) = (person("b"), Members::default());
        assert!(members.add(bob, &label("bob", 1), None));
        assert!(!members.add(bob, &label("bob", 1), None), "the same person");
        assert_eq!((members.count(), members.changes()), (1, 1));
        assert_eq!(members.remove(bob), None);
        assert_eq!(members.remove(bob), Some(user("bob")));
        assert_eq!(members.remove(bob), None, "a person who is not a member cannot leave");
        assert_eq!((members.count(), members.changes()), (0, 2));
    }

    #[test]
    fn who_has_come_and_gone_is_told_once_and_as_it_is_now() {
        let ([ann, bob], mut members) = ([person("a"), person("b")], Members::default());
        members.add(ann, &label("ann", 1), None);
        members.add(bob, &label("bob", 2), None);
        members.add(bob, &label("bob", 2), None); // a second device
        members.remove(ann);
        assert_eq!(members.take_moves(), [(ann, false), (bob, true)]);
        members.remove(bob);
        assert!(members.take_moves().is_empty());
        members.change_owner(bob, ann, &label("ann", 1));
        assert_eq!(members.take_moves(), [(ann, true), (bob, false)]);
    }

    #[test]
    fn a_page_has_those_of_its_names_who_are_away() {
        let lunch = AwayMessage::parse("lunch").unwrap();
        let mut members = Members::default();
        for (digit, name, away) in
            [("a", "ann", Some(&lunch)), ("b", "Bob", None), ("c", "bo", Some(&lunch))]
        {
            members.add(person(digit), &label(name, 1), away);
        }
        let range = NameRange { prefix: Some("BO".parse().unwrap()), after: None };
        let page = members.page(&range, 1);
        assert_eq!((page.names, page.has_more), (vec![user("bo")], true));
        assert_eq!(page.away, [AwayMember { user: user("bo"), text: lunch }]);
        assert_eq!(members.page(&range, 2).names, [user("bo"), user("Bob")]);
    }

    #[test]
    fn a_person_is_renamed_once_on_all_connections_and_never_back_to_an_older_name() {
        let (bob, mut members) = (person("b"), Members::default());
        members.add(bob, &label("bob", 1), None);
        members.add(person("a"), &label("mia", 2), None);
        members.add(bob, &label("zoe", 4), None); // a device that knows the new name already
        assert_eq!(members.list(), [user("bob"), user("mia")]);
        assert_eq!(members.rename(bob, &label("zoe", 4)), Some(user("bob")));
        assert_eq!(members.rename(bob, &label("zoe", 4)), None);
        assert_eq!(members.rename(bob, &label("bob", 3)), None, "two devices, the other was later");
        assert_eq!(members.list(), [user("mia"), user("zoe")]);
        assert_eq!(members.rename(person("e"), &label("eve", 9)), None, "not a member");
        members.remove(bob);
        assert_eq!(members.remove(bob), Some(user("zoe")));
        assert_eq!((members.list(), members.count()), (vec![user("mia")], 1));
    }

    #[test]
    fn a_connection_that_becomes_another_persons_looks_like_a_rename_a_join_or_a_leave() {
        let ([bob, rob], mut members) = ([person("b"), person("c")], Members::default());
        let change =
            |members: &mut Members, from, to, name| members.change_owner(from, to, &label(name, 1));
        members.add(bob, &label("bob", 1), None);
        let renamed = ChangeEffect::Renamed { from: user("bob") };
        assert_eq!(change(&mut members, bob, rob, "rob"), renamed);
        members.add(rob, &label("rob", 1), None);
        assert_eq!(change(&mut members, rob, bob, "bob"), ChangeEffect::Joined);
        assert_eq!(members.list(), [user("bob"), user("rob")]);
        members.add(bob, &label("bob", 1), None);
        assert_eq!(change(&mut members, bob, rob, "rob"), ChangeEffect::Unchanged);
        let left = ChangeEffect::Left { from: user("bob") };
        assert_eq!(change(&mut members, bob, rob, "rob"), left);
        assert_eq!(members.list(), [user("rob")]);
    }
}
