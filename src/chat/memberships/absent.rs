//! The members of each room who are not here, in the order of their names.

use std::collections::HashMap;
use std::sync::Arc;

use crate::chat::name_order::NameOrder;
use crate::chat::{MembersPage, NameRange, OwnerId, RoomName, UserName};

/// The index. A member without a name is in no list, and a private room has none: its two people know each other.
///
/// It has those who are not here, and not all members, because they are what is asked for: a page then costs what
/// it has, however many others are here, and the count is known.
#[derive(Debug, Default)]
pub(super) struct AbsentMembers {
    /// The names of the owners of memberships.
    names: HashMap<OwnerId, Name>,
    /// The lists; none is empty.
    rooms: HashMap<RoomName, NameOrder>,
}

/// A name, and its key, which all lists share.
#[derive(Debug)]
struct Name {
    user: UserName,
    key: Arc<str>,
}

impl AbsentMembers {
    /// Adds a member, if they have a name.
    pub(super) fn insert(&mut self, owner: OwnerId, room: &RoomName) {
        if room.is_private() {
            return;
        }
        if let Some(name) = self.names.get(&owner) {
            let order = self.rooms.entry(room.clone()).or_default();
            order.insert(Arc::clone(&name.key), owner);
        }
    }

    /// Removes a member, if they are there.
    pub(super) fn remove(&mut self, owner: OwnerId, room: &RoomName) {
        if let Some(name) = self.names.get(&owner) {
            remove(&mut self.rooms, room, &name.key, owner);
        }
    }

    /// Forgets the name of an owner who is in no list.
    pub(super) fn forget(&mut self, owner: OwnerId) {
        self.names.remove(&owner);
    }

    /// Notes the name of an owner who is a member of these rooms. Without a name they are in no list; with their first
    /// one they are in all: no one connects, and so is here, without a name.
    pub(super) fn rename<'r>(
        &mut self,
        owner: OwnerId,
        all: impl Iterator<Item = &'r RoomName>,
        user: Option<UserName>,
    ) {
        let new = user.map(|user| Name { key: user.shared_key(), user });
        let key = new.as_ref().map(|new| Arc::clone(&new.key));
        let old = match new {
            Some(new) => self.names.insert(owner, new),
            None => self.names.remove(&owner),
        };
        if old.as_ref().map(|old| &old.key) == key.as_ref() {
            return; // another spelling
        }
        for room in all.filter(|room| !room.is_private()) {
            let was_listed = match &old {
                Some(old) => remove(&mut self.rooms, room, &old.key, owner),
                None => true,
            };
            if let Some(key) = key.as_ref().filter(|_| was_listed) {
                self.rooms.entry(room.clone()).or_default().insert(Arc::clone(key), owner);
            }
        }
    }

    pub(super) fn count(&self, room: &RoomName) -> u64 {
        self.rooms.get(room).map_or(0, |order| order.len() as u64)
    }

    pub(super) fn page(&self, room: &RoomName, range: &NameRange, limit: usize) -> MembersPage {
        let page = self.rooms.get(room).map(|order| order.page(range, limit));
        let (owners, has_more) = page.unwrap_or_default();
        let names = owners.iter().filter_map(|owner| Some(self.names.get(owner)?.user.clone()));
        MembersPage { names: names.collect(), away: Vec::new(), has_more }
    }
}

/// Removes an owner from the list of a room; false if they are not in it.
fn remove(
    rooms: &mut HashMap<RoomName, NameOrder>,
    room: &RoomName,
    key: &Arc<str>,
    owner: OwnerId,
) -> bool {
    let Some(order) = rooms.get_mut(room) else { return false };
    let was_listed = order.remove(key, owner);
    if order.is_empty() {
        rooms.remove(room);
    }
    was_listed
}
