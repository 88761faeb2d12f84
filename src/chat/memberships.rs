//! Memberships: the rooms that each owner has joined and not left, in order, and which of them are muted; and of
//! each room the members who are not here.
//!
//! Changes leave as [`SavedMembership`] to be stored, and come back in at the next start. Who is here, and what
//! everyone is called, comes in by [`set_here`](Memberships::set_here) and [`rename`](Memberships::rename).

use std::collections::{HashMap, HashSet};
use std::mem;

use super::{MembersPage, NameRange, OwnerId, RoomName, UserName};
use crate::limits;
use absent::AbsentMembers;

mod absent; // the members of each room who are not here

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
    /// The other way round: of each room, those members who are not here.
    absent: AbsentMembers,
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
        Memberships {
            rooms: HashMap::new(),
            absent: AbsentMembers::default(),
            max,
            unstored: Vec::new(),
            has_dropped: false,
        }
    }

    /// Restores the memberships that an earlier run stored, in order. Of an owner with more than the maximum, the
    /// last ones are left out. No one is here, and no one has a name yet.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = SavedMembership>) {
        let mut names: HashSet<RoomName> = HashSet::new();
        for SavedMembership { owner, room, state } in saved {
            let max = self.max_like(&room);
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
        count_like(self.of(owner), room) >= self.max_like(room)
    }

    /// How many rooms like `room`, public or private, an owner may be a member of.
    fn max_like(&self, room: &RoomName) -> usize {
        if room.is_private() { self.max - self.max / limits::INVITED_SHARE } else { self.max }
    }

    /// Makes `owner` a member. False if they are, or are a member of too many such rooms. Until
    /// [`set_here`](Memberships::set_here) says so, they are not here.
    pub fn join(&mut self, owner: OwnerId, room: &RoomName) -> bool {
        if self.contains(owner, room) || self.is_full(owner, room) {
            return false;
        }
        let membership = Membership { room: room.clone(), is_muted: false };
        self.rooms.entry(owner).or_default().push(membership);
        self.absent.insert(owner, room);
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
        self.absent.remove(owner, room);
        if rooms.is_empty() {
            self.rooms.remove(&owner);
            self.absent.forget(owner);
        }
        is_removed
    }

    // ---- The members of a room -----------------------------------------------------------------

    /// The owners of memberships.
    pub fn owners(&self) -> impl Iterator<Item = OwnerId> {
        self.rooms.keys().copied()
    }

    /// Notes the present name of an owner; `None`: they have none, and are in no list. Without effect for one who is a
    /// member of no room.
    pub fn rename(&mut self, owner: OwnerId, name: Option<UserName>) {
        if let Some(rooms) = self.rooms.get(&owner) {
            self.absent.rename(owner, rooms.iter().map(|one| &one.room), name);
        }
    }

    /// Notes that an owner is in a room now, or is not. Without effect for one who is no member.
    pub fn set_here(&mut self, owner: OwnerId, room: &RoomName, is_here: bool) {
        if is_here {
            self.absent.remove(owner, room);
        } else if self.contains(owner, room) {
            self.absent.insert(owner, room);
        }
    }

    /// How many members of a room are not here.
    #[must_use]
    pub fn absent_count(&self, room: &RoomName) -> u64 {
        self.absent.count(room)
    }

    /// The first `limit` of a range of the members of a room who are not here.
    #[must_use]
    pub fn absent_page(&self, room: &RoomName, range: &NameRange, limit: usize) -> MembersPage {
        self.absent.page(room, range, limit)
    }

    // ---- The file ------------------------------------------------------------------------------

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
    /// public room never is: the next join creates it again.
    pub fn prune(
        &mut self,
        is_alive: impl Fn(OwnerId) -> bool,
        is_gone: impl Fn(&RoomName) -> bool,
    ) -> Vec<SavedMembership> {
        for rooms in self.rooms.values_mut() {
            rooms.retain(|one| !is_gone(&one.room));
        }
        let is_over =
            |(owner, rooms): &(&OwnerId, &Vec<Membership>)| rooms.is_empty() || !is_alive(**owner);
        let gone: Vec<OwnerId> =
            self.rooms.iter().filter(is_over).map(|(owner, _)| *owner).collect();
        for owner in gone {
            self.rename(owner, None); // first: it is in the lists of these rooms
            self.rooms.remove(&owner);
        }
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
mod tests;
