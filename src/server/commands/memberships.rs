//! Memberships: a person is in the same rooms on all devices.
//!
//! A client without presence is a script: it makes and ends no membership. Private rooms have none either: who
//! writes there brings the other one in.

use std::sync::Arc;

use super::Session;
use crate::chat::protocol::{
    ClientMessage, ErrorMessage, JoinTarget, PresenceChange, ServerMessage,
};
use crate::chat::{ErrorCode, RoomName, UserName};
use crate::server::clients::client::Client;
use crate::server::room::Room;

impl Session {
    /// Whether the person is a member of any room.
    pub(super) fn has_memberships(&self) -> bool {
        self.shared.memberships.has_any(self.client.identity().owner)
    }

    fn is_member(&self, room: &RoomName) -> bool {
        self.shared.memberships.contains(self.client.identity().owner, room)
    }

    /// Whether a join of this room concerns memberships.
    fn has_members(&self, room: &RoomName) -> bool {
        self.client.has_presence && !room.is_private()
    }

    /// Whether a join that resumes may do so: the person has not left the room on another device.
    pub(super) fn may_resume(&self, room: &RoomName) -> bool {
        !self.has_members(room) || self.rooms.find(room).is_some() || self.is_member(room)
    }

    /// Whether this joins a room that `welcome` has listed, for the first time. There are as many as a client may be
    /// in, and they come at once: they do not count as a flood.
    pub(super) fn is_first_join(&self, message: &ClientMessage) -> bool {
        let ClientMessage::Join(join) = message else { return false };
        let JoinTarget::Room(room) = &join.target else { return false };
        join.resume && self.rooms.find(room).is_none() && self.is_member(room)
    }

    /// Checks that the person may be a member of this room as well.
    ///
    /// # Errors
    /// They are a member of as many as they may be.
    pub(super) fn check_place(&self, room: &RoomName) -> Result<(), ErrorMessage> {
        let owner = self.client.identity().owner;
        if !self.has_members(room) || self.shared.memberships.has_place(owner, room) {
            return Ok(());
        }
        let message = "you have reached the limit of rooms on all your devices, leave one first";
        Err(ErrorMessage::new(ErrorCode::TooManyRooms, message))
    }

    /// Makes the person a member of a room that the client is in, and tells the other devices.
    pub(super) fn become_member(&self, room: &Room) {
        let owner = self.client.identity().owner;
        if self.has_members(&room.name) && self.shared.memberships.join(owner, room) {
            self.tell_others(&room.name, PresenceChange::Joined, false);
        }
    }

    /// Leaves a room, on all devices.
    pub(super) fn leave(&mut self, name: &RoomName) -> Result<(), ErrorMessage> {
        let room = match self.joined_room(name) {
            Ok(room) => Some(room),
            Err(_) if self.has_members(name) && self.is_member(name) => None,
            Err(error) => return Err(error),
        };
        let is_left_by_all = self.has_members(name);
        if is_left_by_all {
            // First the membership ends: the others in the room are told whether who left is still a member.
            self.shared.memberships.leave(self.client.identity().owner, name);
            self.leave_on_others(name);
            self.tell_others(name, PresenceChange::Left, false); // before the answer: a new device is not told
        }
        match room {
            Some(room) => self.leave_room(&room),
            None => self.send(&ServerMessage::Left { room: name.clone() }),
        }
        Ok(())
    }

    /// Removes the person's other clients from a room, and sends each `left`.
    fn leave_on_others(&self, name: &RoomName) {
        let Some(room) = self.shared.rooms.find(name) else { return };
        for other in self.other_devices() {
            if other.has_presence && room.has_client(other.id) {
                let round = self.shared.memberships.leave_room(
                    self.client.identity().owner,
                    other.id,
                    &room,
                );
                other.flag_changed();
                let left = ServerMessage::Left { room: name.clone() };
                self.shared.delivery.send_message(&other, &left);
                self.shared.broadcaster.run_round(round);
            }
        }
    }

    /// Mutes a room, or no longer, on all devices.
    pub(super) fn set_muted(&self, room: &RoomName, muted: bool) -> Result<(), ErrorMessage> {
        let owner = self.client.identity().owner;
        let memberships = &self.shared.memberships;
        if let Some(room) = self.rooms.find(room) {
            self.become_member(&room); // they may have another key since they joined
        }
        let changed = self.client.has_presence.then(|| memberships.set_muted(owner, room, muted));
        match changed.flatten() {
            None => {
                let message = "only a room that you are a member of can be muted: join it first";
                let error = ErrorMessage::new(ErrorCode::NotJoined, message);
                Err(error.about_room(room.clone()))
            }
            Some(false) => Ok(()),
            Some(true) => {
                self.tell_others(room, PresenceChange::Joined, muted);
                Ok(())
            }
        }
    }

    /// Ends the membership of a room that the person may not join any more: it would be refused at each start.
    /// A room whose log cannot be read now is another matter.
    pub(super) fn end_refused_membership(&self, room: &RoomName, code: ErrorCode) {
        let owner = self.client.identity().owner;
        if code != ErrorCode::Storage
            && self.has_members(room)
            && self.shared.memberships.leave(owner, room)
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

    fn other_devices(&self) -> Vec<Arc<Client>> {
        let identity = self.client.identity();
        if self.shared.names.connections(identity.owner) < 2 {
            return Vec::new(); // most people have one: the list of all clients is not searched
        }
        let mut all = self.shared.delivery.poll.of_owner(identity.owner);
        all.retain(|other| other.id != self.client.id);
        all
    }

    /// Tells the person's other clients that follow the memberships of a change.
    fn tell_others(&self, room: &RoomName, change: PresenceChange, muted: bool) {
        let message = ServerMessage::Membership { room: room.clone(), change, muted };
        for other in self.other_devices().iter().filter(|other| other.follows_rooms) {
            self.shared.delivery.send_message(other, &message);
        }
    }
}
