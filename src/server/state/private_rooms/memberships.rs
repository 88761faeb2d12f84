//! Private rooms that a person is a member of: as they are listed, and which goes when there are too many.

use std::sync::Arc;

use super::PrivateRooms;
use crate::chat::protocol::ListedRoom;
use crate::chat::{Membership, OwnerId, RoomName};
use crate::server::room::Room;

/// How a person has become a member of a private room, which decides what it may push out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// They have joined it, written there or muted it.
    Own,
    /// They have read what someone wrote there. Those who write to many people push out no room in which these have
    /// written.
    Read,
}

impl PrivateRooms {
    /// The rooms that `owner` is a member of, as `welcome` lists them: without private rooms that are not theirs any
    /// more.
    pub(crate) fn listed(&self, owner: OwnerId) -> Vec<ListedRoom> {
        let listed = |Membership { room, is_muted }| {
            let found = room.is_private().then(|| self.find_named(&room, None, owner));
            let peer = match found {
                None | Some(Err(_)) => None, // public; or its log cannot be read now
                Some(Ok(found)) => self.peer_name(&*found?, owner),
            };
            Some(ListedRoom { room, peer, is_muted })
        };
        self.memberships.of(owner).into_iter().filter_map(listed).collect()
    }

    /// Makes `owner` a member of a private room. If they are a member of too many, their membership of the one that is
    /// worth least ends: first those in which they have not written, then the one that was silent the longest. False if
    /// they are a member already, or all others are worth more.
    pub(crate) fn become_member(&self, owner: OwnerId, room: &Room, reason: Reason) -> bool {
        if self.memberships.contains(owner, &room.name) {
            return false; // as with nearly every message
        }
        while !self.memberships.has_place(owner, &room.name) {
            let Some(name) = self.least_used(owner, reason) else { return false };
            self.memberships.leave(owner, &name);
        }
        self.memberships.join(owner, room)
    }

    /// The private room that `owner` is a member of and that is worth least.
    fn least_used(&self, owner: OwnerId, reason: Reason) -> Option<RoomName> {
        let worth = |name: &RoomName| {
            let room = self.find_named(name, None, owner).ok()??;
            Some((room.has_posted(owner), room.newest_at()))
        };
        let names = self.memberships.of(owner).into_iter().map(|one| one.room);
        let private = names.filter(RoomName::is_private).map(|name| (worth(&name), name));
        let (worth, name) = private.min()?;
        let is_written_in = worth.is_some_and(|(has_posted, _)| has_posted);
        (reason == Reason::Own || !is_written_in).then_some(name)
    }

    /// The private room of this name that `owner` has now, if its log can be read.
    pub(crate) fn find(&self, name: &RoomName, owner: OwnerId) -> Option<Arc<Room>> {
        self.find_named(name, None, owner).ok()?
    }
}
