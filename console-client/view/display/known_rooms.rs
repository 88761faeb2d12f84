//! The rooms of the server that the person may join: its last list of them, for completion.

use talk::chat::RoomName;
use talk::chat::protocol::RoomInfo;
use talk::limits;

/// The server's last list of its public rooms.
#[derive(Debug, Default)]
pub(crate) struct KnownRooms {
    names: Vec<RoomName>,
    /// When the list was requested last, in Unix milliseconds.
    requested_at: Option<u64>,
}

/// Milliseconds after which a list is requested again: a room that was just created is found soon.
const FRESH: u64 = 10_000;

impl KnownRooms {
    /// Takes a list of the server: of a hostile one no more rooms than a server has.
    pub(in crate::view) fn set(&mut self, rooms: &[RoomInfo]) {
        let public = rooms.iter().map(|room| &room.name).filter(|name| !name.is_private());
        self.names = public.take(limits::ROOMS).cloned().collect();
    }

    pub(in crate::view) fn iter(&self) -> impl Iterator<Item = &RoomName> {
        self.names.iter()
    }

    /// Whether a list was requested a moment ago.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        self.requested_at.is_some_and(|at| now.saturating_sub(at) < FRESH)
    }

    pub(crate) fn note_request(&mut self, now: u64) {
        self.requested_at = Some(now);
    }

    /// The answer to the last request does not come any more.
    pub(in crate::view) fn cancel_request(&mut self) {
        self.requested_at = None;
    }
}
