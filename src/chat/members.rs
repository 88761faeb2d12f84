//! Who is in a room: names, however many connections each uses.
//!
//! Room: values. Who is told of a change is not decided here.

use std::collections::BTreeMap;

use super::{Absent, Away, UserName};
use crate::limits;

/// The people of one room, by name.
#[derive(Debug, Default)]
pub struct People {
    names: BTreeMap<String, Person>,
    changes: u64,
}

#[derive(Debug)]
struct Person {
    user: UserName,
    connections: usize,
    away: Option<Away>,
}

/// What a change of name looks like to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// One person is now called otherwise.
    Renamed,
    /// The old name stays, for another device: a new person came.
    Came,
    /// The new name was here already: the old one went.
    Went,
    /// Both names were here before and are here still.
    Nothing,
}

impl People {
    /// One more connection uses this name, which may be away. True if it is the first.
    pub fn arrive(&mut self, user: &UserName, away: Option<&Away>) -> bool {
        let fresh = || Person { user: user.clone(), connections: 0, away: away.cloned() };
        let person = self.names.entry(user.key()).or_insert_with(fresh);
        person.connections += 1;
        let first = person.connections == 1;
        self.changes += u64::from(first);
        first
    }

    /// One connection fewer uses this name. True if it was the last.
    pub fn depart(&mut self, user: &UserName) -> bool {
        let Some(person) = self.names.get_mut(&user.key()) else { return false };
        person.connections -= 1;
        let last = person.connections == 0;
        if last {
            self.names.remove(&user.key());
            self.changes += 1;
        }
        last
    }

    /// One connection goes by another name from now on.
    pub fn turn(&mut self, from: &UserName, to: &UserName) -> Turned {
        if from.is_same_claim(to) {
            if let Some(person) = self.names.get_mut(&to.key()) {
                person.user = to.clone();
            }
            self.changes += 1;
            return Turned::Renamed;
        }
        let away = self.away_of(from).cloned();
        match (self.arrive(to, away.as_ref()), self.depart(from)) {
            (true, true) => Turned::Renamed,
            (true, false) => Turned::Came,
            (false, true) => Turned::Went,
            (false, false) => Turned::Nothing,
        }
    }

    /// Somebody is away from now on, or back. True if that is new; false for who is not here, too.
    pub fn set_away(&mut self, user: &UserName, away: Option<&Away>) -> bool {
        let person = self.names.get_mut(&user.key());
        let Some(person) = person.filter(|person| person.away.as_ref() != away) else {
            return false;
        };
        person.away = away.cloned();
        self.changes += 1;
        true
    }

    /// How many connections of the name with the key `key` are here.
    #[must_use]
    pub fn connections(&self, key: &str) -> usize {
        self.names.get(key).map_or(0, |person| person.connections)
    }

    /// How many people are here.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.names.len() as u64
    }

    /// Whether there are more than [`limits::INTIMATE`]: then comings and goings are only counted.
    #[must_use]
    pub fn is_crowd(&self) -> bool {
        self.names.len() > limits::INTIMATE
    }

    /// Everybody, sorted, ignoring case.
    #[must_use]
    pub fn list(&self) -> Vec<UserName> {
        self.names.values().map(|person| person.user.clone()).collect()
    }

    /// Whether somebody here is away, and why.
    #[must_use]
    pub fn away_of(&self, user: &UserName) -> Option<&Away> {
        self.names.get(&user.key())?.away.as_ref()
    }

    /// Those who are away, in the same order.
    #[must_use]
    pub fn away(&self) -> Vec<Absent> {
        let absent = |person: &Person| {
            Some(Absent { user: person.user.clone(), text: person.away.clone()? })
        };
        self.names.values().filter_map(absent).collect()
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
        let lunch = Away::parse("lunch").unwrap();
        let mut people = People::default();
        assert!(!people.set_away(&user("bob"), Some(&lunch)), "not here");
        people.arrive(&user("ann"), None);
        people.arrive(&user("bob"), Some(&lunch));
        let absent = |name| vec![Absent { user: user(name), text: lunch.clone() }];
        assert_eq!(people.away(), absent("bob"));
        let changes = people.changes();
        assert!(!people.set_away(&user("Bob"), Some(&lunch)), "no news");
        assert_eq!(people.changes(), changes);
        people.turn(&user("bob"), &user("rob"));
        assert_eq!(people.away(), absent("rob"));
        people.turn(&user("rob"), &user("Rob"));
        assert_eq!(people.away(), absent("Rob"));
        assert!(people.set_away(&user("rob"), None));
        assert_eq!((people.away(), people.changes()), (Vec::new(), changes + 4));
    }

    #[test]
    fn a_person_is_here_as_long_as_one_connection_is() {
        let mut people = People::default();
        assert!(people.arrive(&user("bob"), None));
        assert!(!people.arrive(&user("Bob"), None), "the same person");
        assert_eq!((people.count(), people.changes()), (1, 1));
        assert!(!people.depart(&user("bob")));
        assert!(people.depart(&user("BOB")));
        assert!(!people.depart(&user("bob")), "who is not here cannot go");
        assert_eq!((people.count(), people.changes()), (0, 2));
    }

    #[test]
    fn what_a_new_name_looks_like_depends_on_who_else_uses_either() {
        let mut people = People::default();
        people.arrive(&user("bob"), None);
        assert_eq!(people.turn(&user("bob"), &user("rob")), Turned::Renamed);
        people.arrive(&user("rob"), None);
        assert_eq!(people.turn(&user("rob"), &user("bob")), Turned::Came);
        assert_eq!(people.list(), [user("bob"), user("rob")]);
        people.arrive(&user("bob"), None);
        assert_eq!(people.turn(&user("bob"), &user("rob")), Turned::Nothing);
        assert_eq!(people.turn(&user("bob"), &user("rob")), Turned::Went);
        assert_eq!(people.turn(&user("rob"), &user("ROB")), Turned::Renamed);
        assert_eq!(people.list(), [user("ROB")]);
    }
}
