//! Commands that only read: the rooms, a page of history, a search.

use std::sync::Arc;

use crate::chat::ErrorCode;
use crate::chat::protocol::{ErrorMessage, HistoryRange, RoomInfo, ServerMessage};
use crate::server::clients::client::Client;
use crate::server::room::{Room, history};
use crate::server::state::shared::Shared;

/// The public rooms, and the private ones of this client.
pub(super) fn list_rooms(shared: &Shared, client: &Client) -> ServerMessage {
    let owner = client.identity().owner;
    let info = |room: Arc<Room>| {
        room.log.peek().ok(); // for the head of a room that was not opened since the start
        RoomInfo {
            name: room.name.clone(),
            peer: shared.private_rooms.peer_name(&room, owner),
            head: room.head(),
            members: room.member_count(),
            topic: room.log.topic(),
        }
    };
    let mut rooms = shared.rooms.all();
    rooms.retain(|room| !room.name.is_private());
    rooms.extend(shared.private_rooms.of(owner));
    ServerMessage::Rooms { rooms: rooms.into_iter().map(info).collect() }
}

/// A page of history, as JSON.
pub(super) fn read_history(
    room: &Room,
    range: HistoryRange,
    limit: usize,
    edits: bool,
) -> Result<String, ErrorMessage> {
    let page = history::read_page(room, range, limit, edits);
    page.map_err(|_| unreadable().about_room(room.name.clone()))
}

/// The result of a search, as JSON.
pub(super) fn search(room: &Room, text: &str, before: Option<u64>) -> Result<String, ErrorMessage> {
    history::search(room, text, before).map_err(|_| unreadable().about_room(room.name.clone()))
}

/// The error while the records of a room cannot be read, whatever needs them.
pub(super) fn unreadable() -> ErrorMessage {
    let message = "the room's messages could not be read, try again later";
    ErrorMessage::new(ErrorCode::Storage, message)
}
