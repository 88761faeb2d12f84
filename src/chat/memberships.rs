//! Memberships: the rooms that each owner has joined and not left, in order, and which of them are muted.
//!
//! Changes leave as [`SavedMembership`] to be stored, and come back in at the next start.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::{OwnerId, RoomName};
use crate::limits;

/// A membership as it is stored over a restart. Of several for one owner and room, the last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMembership {
    /// The owner.
    pub owner: OwnerId,
    /// The room.
    pub room: RoomName,
    /// Whether the owner is in the room, and how.
    pub state: SavedState,
}

/// What is stored of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedState {
    /// The owner is a member.
    Joined,
    /// The owner is a member, and has muted the room.
    Muted,
    /// The owner has left.
    Left,
}

/// A room that an owner has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room: RoomName,
    /// Whether its messages ring no bell and do not count as unread.
    pub is_muted: bool,
}

/// All memberships.
#[derive(Debug)]
pub struct Memberships {
    /// The rooms of each owner, in the order in which they were joined. They are few: a list is enough.
    rooms: HashMap<OwnerId, Vec<Membership>>,
    /// How many public rooms an owner may be a member of; a fifth less of private ones.
    max: usize,
    /// Changes that are not stored yet, in order.
    unstored: Vec<SavedMembership>,
    /// Whether changes were dropped, because they could not be stored for long: then all memberships have to be.
    has_dropped: bool,
}

impl Memberships {
    /// No memberships; each owner may have `max` of public rooms.
    #[must_use]
    pub fn new(max: usize) -> Memberships {
        Memberships { rooms: HashMap::new(), max, unstored: Vec::new(), has_dropped: false }
    }

    /// Restores the memberships that an earlier run stored, in order. Of an owner with more than the maximum, the
    /// last ones are left out.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = SavedMembership>) {
        let mut names: HashSet<RoomName> = HashSet::new();
        let (max, private_max) = (self.max, self.max_of_private());
        for SavedMembership { owner, room, state } in saved {
            let max = if room.is_private() { private_max } else { max };
            // Many owners are in the same rooms: one text in memory is enough.
            let room = names.get(&room).cloned().unwrap_or(room);
            names.insert(room.clone());
            match state {
                SavedState::Joined | SavedState::Muted => {
                    let rooms = self.rooms.entry(owner).or_default();
                    let is_muted = state == SavedState::Muted;
                    if let Some(one) = rooms.iter_mut().find(|one| one.room == room) {
                        one.is_muted = is_muted;
                    } else if count_like(rooms, &room) < max {
                        rooms.push(Membership { room, is_muted });
                    }
                }
                SavedState::Left => drop(self.remove(owner, &room)),
            }
        }
    }

    /// The rooms of `owner`, in the order in which they were joined.
    #[must_use]
    pub fn of(&self, owner: OwnerId) -> &[Membership] {
        self.rooms.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// Whether `owner` is a member of a room.
    #[must_use]
    pub fn contains(&self, owner: OwnerId, room: &RoomName) -> bool {
        self.of(owner).iter().any(|one| one.room == *room)
    }

    /// The private rooms that anyone is a member of.
    #[must_use]
    pub fn private_rooms(&self) -> HashSet<RoomName> {
        let names = self.rooms.values().flatten().map(|one| &one.room);
        names.filter(|room| room.is_private()).cloned().collect()
    }

    /// Whether `owner` is a member of as many rooms like `room`, public or private, as an owner may be.
    #[must_use]
    pub fn is_full(&self, owner: OwnerId, room: &RoomName) -> bool {
        let max = if room.is_private() { self.max_of_private() } else { self.max };
        count_like(self.of(owner), room) >= max
    }

    /// How many private rooms an owner may be a member of.
    fn max_of_private(&self) -> usize {
        self.max - self.max / limits::INVITED_SHARE
    }

    /// Makes `owner` a member. False if they are, or are a member of too many such rooms.
    pub fn join(&mut self, owner: OwnerId, room: &RoomName) -> bool {
        if self.contains(owner, room) || self.is_full(owner, room) {
            return false;
        }
        let membership = Membership { room: room.clone(), is_muted: false };
        self.rooms.entry(owner).or_default().push(membership);
        self.note_change(owner, room, SavedState::Joined);
        true
    }

    /// Ends a membership. False if there is none.
    pub fn leave(&mut self, owner: OwnerId, room: &RoomName) -> bool {
        let is_member = self.remove(owner, room);
        if is_member {
            self.note_change(owner, room, SavedState::Left);
        }
        is_member
    }

    /// Mutes a room, or no longer. False if it is so already; `None` if `owner` is not a member.
    pub fn set_muted(&mut self, owner: OwnerId, room: &RoomName, is_muted: bool) -> Option<bool> {
        let one = self.rooms.get_mut(&owner)?.iter_mut().find(|one| one.room == *room)?;
        let is_change = one.is_muted != is_muted;
        one.is_muted = is_muted;
        let state = one.state();
        if is_change {
            self.note_change(owner, room, state);
        }
        Some(is_change)
    }

    fn remove(&mut self, owner: OwnerId, room: &RoomName) -> bool {
        let Some(rooms) = self.rooms.get_mut(&owner) else { return false };
        let before = rooms.len();
        rooms.retain(|one| one.room != *room);
        let is_removed = rooms.len() < before;
        if rooms.is_empty() {
            self.rooms.remove(&owner);
        }
        is_removed
    }

    fn note_change(&mut self, owner: OwnerId, room: &RoomName, state: SavedState) {
        self.unstored.push(SavedMembership { owner, room: room.clone(), state });
    }

    /// The changes since the last call, in order.
    pub fn take_unstored(&mut self) -> Vec<SavedMembership> {
        mem::take(&mut self.unstored)
    }

    /// Puts back changes that could not be stored, before those that came since. Beyond
    /// [`limits::UNSTORED_MEMBERSHIPS`] they are dropped, and [`has_dropped`](Memberships::has_dropped) is true.
    pub fn put_back(&mut self, mut changes: Vec<SavedMembership>) {
        changes.append(&mut self.unstored);
        self.unstored = changes;
        if self.unstored.len() > limits::UNSTORED_MEMBERSHIPS {
            self.unstored = Vec::new();
            self.has_dropped = true;
        }
    }

    /// Whether changes were dropped since [`prune`](Memberships::prune) was called last.
    #[must_use]
    pub fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// All memberships, to be stored in place of all that was, after those are removed whose owner or room is gone. A
    /// public room never is: the next join creates it anew.
    pub fn prune(
        &mut self,
        is_alive: impl Fn(OwnerId) -> bool,
        is_gone: impl Fn(&RoomName) -> bool,
    ) -> Vec<SavedMembership> {
        self.rooms.retain(|owner, rooms| {
            rooms.retain(|one| !is_gone(&one.room));
            is_alive(*owner) && !rooms.is_empty()
        });
        (self.unstored, self.has_dropped) = (Vec::new(), false);
        let saved = |owner: &OwnerId, one: &Membership| SavedMembership {
            owner: *owner,
            room: one.room.clone(),
            state: one.state(),
        };
        let of = |(owner, rooms): (&OwnerId, &Vec<Membership>)| {
            rooms.iter().map(|one| saved(owner, one)).collect::<Vec<_>>()
        };
        self.rooms.iter().flat_map(of).collect()
    }
}

/// How many of `rooms` are of the same kind as `room`, public or private.
fn count_like(rooms: &[Membership], room: &RoomName) -> usize {
    rooms.iter().filter(|one| one.room.is_private() == room.is_private()).count()
}

impl Membership {
    fn state(&self) -> SavedState {
        if self.is_muted { SavedState::Muted } else { SavedState::Joined }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(digit: &str) -> OwnerId {
        digit.repeat(32).parse().unwrap()
    }

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    /// `a b!`: the rooms of an owner in order; `!` marks those that are muted.
    fn shown(memberships: &Memberships, owner: OwnerId) -> String {
        let mark = |one: &Membership| if one.is_muted { "!" } else { "" };
        let all = memberships.of(owner).iter().map(|one| format!("{}{}", one.room, mark(one)));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rooms_keep_the_order_in_which_they_were_joined() {
        let (mut memberships, bob) = (Memberships::new(3), owner("1"));
        for name in ["c", "a", "b"] {
            assert!(memberships.join(bob, &room(name)));
        }
        assert!(!memberships.join(bob, &room("a")), "already a member");
        assert!(memberships.is_full(bob, &room("d")) && !memberships.join(bob, &room("d")));
        assert_eq!(memberships.set_muted(bob, &room("a"), true), Some(true));
        assert_eq!(memberships.set_muted(bob, &room("a"), true), Some(false));
        assert_eq!(memberships.set_muted(bob, &room("d"), true), None);
        assert_eq!(memberships.set_muted(owner("2"), &room("a"), true), None);
        assert_eq!(shown(&memberships, bob), "c a! b");
        assert!(memberships.leave(bob, &room("c")) && !memberships.leave(bob, &room("c")));
        assert!(memberships.join(bob, &room("c")));
        assert_eq!(
            (shown(&memberships, bob), shown(&memberships, owner("2"))),
            ("a! b c".into(), String::new())
        );
    }

    #[test]
    fn stored_changes_restore_the_same_rooms_in_the_same_order() {
        let (mut memberships, bob) = (Memberships::new(50), owner("1"));
        let mut stored = Vec::new();
        // Any order of changes, each stored after none, one or several others.
        for step in 0_u32..500 {
            let random = step.wrapping_mul(2_654_435_761) >> 16;
            let name = room(["a", "b", "c", "d", "e"][(random % 5) as usize]);
            match (random / 5) % 5 {
                0 | 1 => drop(memberships.join(bob, &name)),
                2 => drop(memberships.leave(bob, &name)),
                _ => drop(memberships.set_muted(bob, &name, random % 2 == 0)),
            }
            let taken = memberships.take_unstored();
            if random % 3 == 0 {
                stored.extend(taken);
            } else {
                memberships.put_back(taken);
            }
            let mut now = stored.clone();
            let unstored = memberships.take_unstored();
            now.extend(unstored.iter().cloned());
            memberships.put_back(unstored);
            let mut again = Memberships::new(50);
            again.restore(now);
            assert_eq!(shown(&again, bob), shown(&memberships, bob), "step {step}");
        }
        assert!(!shown(&memberships, bob).is_empty());
    }

    #[test]
    fn changes_that_cannot_be_stored_do_not_fill_the_memory() {
        let (mut memberships, bob) = (Memberships::new(50), owner("1"));
        memberships.join(bob, &room("a"));
        for n in 1..=limits::UNSTORED_MEMBERSHIPS {
            assert!(!memberships.has_dropped(), "{n}");
            memberships.set_muted(bob, &room("a"), n % 2 == 1);
            let taken = memberships.take_unstored();
            memberships.put_back(taken);
        }
        assert!(memberships.has_dropped() && memberships.take_unstored().is_empty());
        assert_eq!(memberships.prune(|_| true, |_| false).len(), 1);
        assert!(!memberships.has_dropped());
    }

    #[test]
    fn an_owner_who_is_gone_has_no_rooms_and_a_file_restores_no_more_than_the_maximum() {
        let saved = |n: u32| SavedMembership {
            owner: owner("1"),
            room: room(&format!("room{n}")),
            state: SavedState::Joined,
        };
        let mut memberships = Memberships::new(50);
        memberships.restore((0..10_000).map(saved));
        assert_eq!(memberships.of(owner("1")).len(), 50);
        assert_eq!(memberships.prune(|_| true, |_| false).len(), 50);
        assert!(memberships.prune(|_| false, |_| false).is_empty());
        assert!(memberships.of(owner("1")).is_empty());
    }

    #[test]
    fn private_rooms_are_counted_apart_and_are_gone_once_their_log_is() {
        let (mut memberships, bob) = (Memberships::new(10), owner("1"));
        for n in 0..20 {
            memberships.join(bob, &room(&format!("@a{n}+bob")));
            memberships.join(bob, &room(&format!("r{n}")));
        }
        let private = |memberships: &Memberships| {
            memberships.of(bob).iter().filter(|one| one.room.is_private()).count()
        };
        assert_eq!((memberships.of(bob).len(), private(&memberships)), (18, 8), "a fifth less");
        let mut again = Memberships::new(10);
        again.restore(memberships.take_unstored());
        assert_eq!(shown(&again, bob), shown(&memberships, bob));
        assert_eq!(memberships.private_rooms().len(), 8);
        let gone = |room: &RoomName| room.is_private() && room.as_str() != "@a7+bob";
        let left = memberships.prune(|_| true, gone);
        assert_eq!((left.len(), private(&memberships)), (11, 1));
        assert!(memberships.contains(bob, &room("@a7+bob")));
    }
}
