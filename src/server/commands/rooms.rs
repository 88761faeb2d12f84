//! Commands about rooms: join, leave, invitations, read markers.

use std::sync::Arc;

use super::Session;
use crate::chat::protocol::{ErrorMessage, Join, Joined, ServerMessage, Since};
use crate::chat::{ErrorCode, Rejection, RoomName};
use crate::limits;
use crate::server::clients::disconnect::Disconnect;
use crate::server::metrics::Resume;
use crate::server::room::{Room, history};
use crate::server::state::rooms::TooManyRooms;
use crate::time::unix_ms;

impl Session {
    /// Adds the private rooms that this client was invited into.
    pub(super) fn accept_invitations(&mut self) {
        if !self.client.take_invited() {
            return;
        }
        for room in self.shared.private_rooms.invitations.take(self.client.id) {
            if let Some(former) =
                self.rooms.find(&room.name).filter(|former| !Arc::ptr_eq(former, &room))
            {
                self.leave_silently(&former); // the same name, but of other owners
            }
            if self.rooms.iter().all(|other| !Arc::ptr_eq(other, &room)) {
                self.rooms.add(room);
            }
        }
    }

    /// Leaves a room without a message to the client.
    fn leave_silently(&mut self, room: &Arc<Room>) {
        self.rooms.remove(room);
        self.shared.broadcaster.run_round(room.leave(self.client.id));
    }

    /// Leaves a room, and sends the client `left`.
    pub(super) fn leave_room(&mut self, room: &Arc<Room>) {
        self.rooms.remove(room);
        let round = room.leave(self.client.id);
        self.send(&ServerMessage::Left { room: room.name.clone() });
        self.shared.broadcaster.run_round(round);
    }

    pub(super) fn join(&mut self, join: &Join) -> Result<(), Disconnect> {
        let room = match self.open(&join.room) {
            Ok(room) => room,
            Err(error) => return self.reject(error.about_room(join.room.clone())),
        };
        self.enter(&room, join.since, join.log.as_deref())
    }

    fn enter(&self, room: &Arc<Room>, since: Since, log: Option<&str>) -> Result<(), Disconnect> {
        let shared = &self.shared;
        let identity = self.client.identity();
        let away = shared.names.away(&identity.user);
        let step = room.join(&self.client, &identity.user, away.as_ref(), since, log);
        shared.names.update_away(&identity.user, room, &shared.broadcaster);
        let marked = shared.read_markers.get(identity.owner, room);
        let joined = Joined { marked, ..step.joined };
        if let Since::After(seq) = since {
            shared.metrics.messages.count_resume(match joined.since {
                _ if joined.reset => Resume::OtherLog,
                start if start > seq => Resume::BeyondRetention,
                _ => Resume::Complete,
            });
        }
        let since = joined.since;
        self.send(&ServerMessage::Joined(joined));
        shared.broadcaster.run_round(step.round);
        history::catch_up(&shared.delivery, &self.client, room, since, step.changes)
    }

    /// Joins the private rooms with messages that this name has not read.
    pub(super) fn join_unread(&mut self) -> Result<(), Disconnect> {
        let identity = self.client.identity();
        for room in self.shared.private_rooms.of(&identity) {
            let marked = self.shared.read_markers.get(identity.owner, &room).unwrap_or(0);
            let is_full = self.rooms.len() >= self.shared.config.limits.rooms.per_client;
            if room.last_assigned() <= marked || is_full || self.rooms.find(&room.name).is_some() {
                continue;
            }
            if self.shared.rooms.load(&room).is_err() {
                continue; // the operator's log has the reason
            }
            self.rooms.add(Arc::clone(&room));
            let since = marked.max(room.head().saturating_sub(limits::HISTORY_PAGE as u64));
            self.enter(&room, Since::After(since), None)?;
        }
        Ok(())
    }

    /// Whether a room is still the one that its name means; only that of a private room can change.
    pub(super) fn is_current(&self, room: &Arc<Room>) -> bool {
        !room.name.is_private() || self.shared.private_rooms.is_current(room, &self.client)
    }

    /// The room of this name: one that the client is in already, or another one that is now added to its
    /// rooms.
    pub(super) fn open(&mut self, name: &RoomName) -> Result<Arc<Room>, ErrorMessage> {
        let room = self.find_or_open(name)?;
        room.touch(unix_ms());
        Ok(room)
    }

    fn find_or_open(&mut self, name: &RoomName) -> Result<Arc<Room>, ErrorMessage> {
        if let Some(room) = self.rooms.find(name) {
            if self.is_current(&room) {
                return Ok(room);
            }
            self.leave_silently(&room);
        }
        if self.rooms.len() >= self.shared.config.limits.rooms.per_client {
            let message = "you have reached the limit of rooms, leave one first";
            return Err(ErrorMessage::new(ErrorCode::TooManyRooms, message));
        }
        let opened = if name.is_private() {
            self.shared.private_rooms.open(name, &self.client.identity())
        } else {
            let full = "this server has reached its limit of rooms";
            let rejection = |TooManyRooms| Rejection::new(ErrorCode::TooManyRooms, full);
            self.shared.rooms.open(name).map(|opened| opened.map_err(rejection))
        };
        match opened {
            Ok(Ok(room)) => {
                self.rooms.add(Arc::clone(&room));
                Ok(room)
            }
            Ok(Err(rejection)) => Err(rejection.into()),
            Err(_) => Err(ErrorMessage::new(
                ErrorCode::Storage,
                "the room could not be opened, try again later",
            )),
        }
    }

    /// Advances the read marker of the client's name, and sends it to the owner's other connections.
    pub(super) fn advance_read_marker(
        &self,
        name: &RoomName,
        seq: u64,
    ) -> Result<(), ErrorMessage> {
        let (room, shared) = (self.rooms.get(name)?, &self.shared);
        let (identity, seq) = (self.client.identity(), seq.min(room.head()));
        let is_new = shared.read_markers.advance(identity.owner, &room, seq);
        if !is_new || shared.names.connections(&identity.user.key()) < 2 {
            return Ok(());
        }
        let marked = ServerMessage::Marked { room: room.name.clone(), seq };
        let connections = shared.delivery.poll.of_owner(identity.owner);
        for other in connections.iter().filter(|other| other.id != self.client.id) {
            shared.delivery.send_message(other, &marked);
        }
        Ok(())
    }
}
