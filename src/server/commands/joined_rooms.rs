//! The rooms that one client is in.

use std::sync::Arc;

use crate::chat::protocol::ErrorMessage;
use crate::chat::{ClientId, ErrorCode, RoomName};
use crate::server::room::Room;
use crate::time::unix_ms;

/// The rooms that a client is in. They are few: a list is enough.
#[derive(Debug, Default)]
pub(super) struct JoinedRooms(Vec<Arc<Room>>);

impl JoinedRooms {
    /// The room of this name.
    ///
    /// # Errors
    /// `not_joined` when the client is not in one.
    pub(super) fn get(&self, name: &RoomName) -> Result<Arc<Room>, ErrorMessage> {
        let room = self.find(name).ok_or_else(|| {
            ErrorMessage::new(ErrorCode::NotJoined, "join this room first").about_room(name.clone())
        })?;
        room.touch(unix_ms());
        Ok(room)
    }

    pub(super) fn find(&self, name: &RoomName) -> Option<Arc<Room>> {
        self.0.iter().find(|room| room.name == *name).cloned()
    }

    /// How many of them are public.
    pub(super) fn public_count(&self) -> usize {
        self.0.iter().filter(|room| !room.name.is_private()).count()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Room>> {
        self.0.iter()
    }

    /// The private ones of them.
    pub(super) fn private(&self) -> Vec<Arc<Room>> {
        self.0.iter().filter(|room| room.name.is_private()).cloned().collect()
    }

    pub(super) fn add(&mut self, room: Arc<Room>) {
        self.0.push(room);
    }

    pub(super) fn remove(&mut self, room: &Arc<Room>) {
        self.0.retain(|other| !Arc::ptr_eq(other, room));
    }

    /// Removes the public rooms that this client is no longer in.
    pub(super) fn remove_left(&mut self, client: ClientId) {
        self.0.retain(|room| room.name.is_private() || room.has_client(client));
    }

    pub(super) fn into_vec(self) -> Vec<Arc<Room>> {
        self.0
    }
}
