//! Memberships: a person is in the same rooms on all devices.
//!
//! A client without presence is a script: it makes and ends no membership. A private room becomes the person's own when
//! they join it, write or read there; that someone else has written there is not enough.

use std::sync::Arc;

use super::Session;
use crate::chat::protocol::{
    ClientMessage, ErrorMessage, Join, JoinTarget, PresenceChange, ServerMessage,
};
use crate::chat::{ErrorCode, OwnerId, RoomName, UserName};
use crate::server::clients::client::Client;
use crate::server::room::Room;
use crate::server::state::private_rooms::Reason;

impl Session {
    /// The person that the client is now.
    pub(super) fn owner(&self) -> OwnerId {
        self.client.identity().owner
    }

    /// Whether the person is a member of any room.
    pub(super) fn has_memberships(&self) -> bool {
        self.shared.memberships.has_any(self.owner())
    }

    pub(super) fn is_member(&self, room: &RoomName) -> bool {
        self.shared.memberships.contains(self.owner(), room)
    }

    /// Whether a join that resumes may do so: the person has not left the room on another device. A private room that
    /// someone else has begun is not theirs yet, but stays while something is unread: to leave it marks all as read.
    pub(super) fn may_resume(&self, name: &RoomName) -> bool {
        if !self.client.has_presence || self.rooms.find(name).is_some() || self.is_member(name) {
            return true;
        }
        // Any other private room is refused when it is opened.
        name.is_private() && self.private_room(name).is_none_or(|room| self.has_unread(&room))
    }

    /// The private room of this name that the person has now.
    pub(super) fn private_room(&self, name: &RoomName) -> Option<Arc<Room>> {
        name.is_private().then(|| self.shared.private_rooms.find(name, self.owner()))?
    }

    fn has_unread(&self, room: &Room) -> bool {
        let marked = self.shared.read_markers.get(self.owner(), room).unwrap_or(0);
        room.last_assigned() > marked
    }

    /// Whether this join makes the person a member. `had_rooms`: they were a member of any room before it.
    pub(super) fn makes_member(&self, join: &Join, room: &Room, had_rooms: bool) -> bool {
        if !self.client.has_presence {
            return false;
        }
        if !room.name.is_private() {
            return true;
        }
        // An earlier client does not say `resume` when it comes back to what others have begun.
        if !self.client.follows_rooms || !join.resume {
            return self.client.follows_rooms && join.log.is_none();
        }
        let owner = self.owner();
        let is_read = self.shared.read_markers.get(owner, room).is_some();
        !had_rooms && (is_read || room.has_posted(owner))
    }

    /// Whether this joins a room that `welcome` has listed, for the first time. There are as many as a client may be
    /// in, and they come at once: they do not count as a flood.
    pub(super) fn is_first_join(&self, message: &ClientMessage) -> bool {
        let ClientMessage::Join(join) = message else { return false };
        let JoinTarget::Room(room) = &join.target else { return false };
        join.resume && self.rooms.find(room).is_none() && self.is_member(room)
    }

    /// Checks that the person may be a member of this room as well. Of too many private rooms, one goes.
    ///
    /// # Errors
    /// They are a member of as many as they may be.
    pub(super) fn check_place(&self, room: &RoomName) -> Result<(), ErrorMessage> {
        let has_place = || self.shared.memberships.has_place(self.owner(), room);
        if !self.client.has_presence || room.is_private() || has_place() {
            return Ok(());
        }
        let message = "you have reached the limit of rooms on all your devices, leave one first";
        Err(ErrorMessage::new(ErrorCode::TooManyRooms, message))
    }

    /// Makes the person a member of a room that the client is in. False if they are, or the client is a script.
    pub(super) fn become_member(&self, room: &Room, reason: Reason) -> bool {
        let (owner, shared) = (self.owner(), &self.shared);
        self.client.has_presence
            && if room.name.is_private() {
                shared.private_rooms.become_member(owner, room, reason)
            } else {
                shared.memberships.join(owner, room)
            }
    }

    /// Leaves a room, on all devices.
    pub(super) fn leave(&mut self, name: &RoomName) -> Result<(), ErrorMessage> {
        let joined = match self.joined_room(name) {
            Ok(room) => Some(room),
            Err(_) if self.client.has_presence && self.is_member(name) => None,
            Err(error) => return Err(error),
        };
        let name = joined.as_ref().map_or(name, |room| &room.name);
        if self.client.has_presence {
            let room = joined.clone().or_else(|| self.private_room(name));
            // First the membership ends: the others in the room are told whether who left is still a member.
            self.shared.memberships.leave(self.owner(), name);
            if let Some(room) = room.or_else(|| self.shared.rooms.find(name)) {
                self.leave_on_others(&room);
            }
            self.tell_others(name, PresenceChange::Left, false); // before the answer: a new device is not told
        }
        match &joined {
            Some(room) => self.leave_room(room),
            None => self.send(&ServerMessage::Left { room: name.clone() }),
        }
        Ok(())
    }

    /// Removes the person's other clients from a room, and sends each `left`. A private room is read from now on:
    /// else it would come back at the next `hello`.
    fn leave_on_others(&self, room: &Arc<Room>) {
        let shared = &self.shared;
        if room.name.is_private() {
            shared.read_markers.advance(self.owner(), room, room.head());
        }
        for other in self.other_devices() {
            if other.has_presence && room.has_client(other.id) {
                shared.private_rooms.invitations.leave_elsewhere(other.id, room);
                let (sent, round) = shared.memberships.leave_and_tell(self.owner(), &other, room);
                other.flag_changed();
                shared.delivery.after_send(&other, sent);
                shared.broadcaster.run_round(round);
            }
        }
    }

    /// Mutes a room, or no longer, on all devices.
    pub(super) fn set_muted(&self, name: &RoomName, muted: bool) -> Result<(), ErrorMessage> {
        let joined = self.joined_room(name).ok().filter(|room| self.is_current(room));
        let name = joined.as_ref().map_or(name, |room| &room.name);
        // They may have another key since they joined; a private room that someone else began is theirs from now on.
        let is_new = joined.as_ref().is_some_and(|room| self.become_member(room, Reason::Own));
        let memberships = &self.shared.memberships;
        let set = || memberships.set_muted(self.owner(), name, muted);
        match self.client.has_presence.then(set).flatten() {
            None => {
                let message = "only a room that you are a member of can be muted: join it first";
                let error = ErrorMessage::new(ErrorCode::NotJoined, message);
                return Err(error.about_room(name.clone()));
            }
            Some(false) if !is_new => {}
            Some(false | true) => self.tell_others(name, PresenceChange::Joined, muted),
        }
        Ok(())
    }

    /// Ends the membership of a room that the person may not join any more: it would be refused at each start.
    /// A room whose log cannot be read now is another matter.
    pub(super) fn end_refused_membership(&self, room: &RoomName, code: ErrorCode) {
        if code != ErrorCode::Storage
            && self.client.has_presence
            && self.shared.memberships.leave(self.owner(), room)
        {
            self.tell_others(room, PresenceChange::Left, false);
        }
    }

    /// How many members of a room are not here, and their names unless they are many, for a client that follows the
    /// memberships.
    pub(super) fn absent_members(&self, room: &Room) -> (Option<u64>, Option<Vec<UserName>>) {
        if !self.client.follows_rooms || room.name.is_private() {
            return (None, None);
        }
        let (count, names) = self.shared.memberships.absent(room);
        (Some(count), names)
    }

    /// The person's other connections.
    pub(super) fn other_devices(&self) -> Vec<Arc<Client>> {
        let owner = self.owner();
        if self.shared.names.connections(owner) < 2 {
            return Vec::new(); // most people have one: the list of all clients is not searched
        }
        let mut all = self.shared.delivery.poll.of_owner(owner);
        all.retain(|other| other.id != self.client.id);
        all
    }

    /// Tells the person's other clients that follow the memberships of a change.
    pub(super) fn tell_others(&self, room: &RoomName, change: PresenceChange, muted: bool) {
        let others = self.other_devices();
        if others.iter().any(|other| other.follows_rooms) {
            self.tell(&others, room, change, muted);
        }
    }

    /// Tells all of the person's clients that follow the memberships that they are a member of a private room now.
    /// This one did not ask for it either: it has written or read there.
    pub(super) fn tell_new_member(&self, room: &Room) {
        let mut all = self.other_devices();
        all.push(Arc::clone(&self.client));
        self.tell(&all, &room.name, PresenceChange::Joined, false);
    }

    fn tell(&self, clients: &[Arc<Client>], room: &RoomName, change: PresenceChange, muted: bool) {
        let peer = self.private_room(room);
        let peer = peer.and_then(|room| self.shared.private_rooms.peer_name(&room, self.owner()));
        let message = ServerMessage::Membership { room: room.clone(), peer, change, muted };
        for client in clients.iter().filter(|client| client.follows_rooms) {
            self.shared.delivery.send_message(client, &message);
        }
    }
}
