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

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> RoomInfo {
        RoomInfo { name: name.parse().unwrap(), peer: None, head: 1, members: 1, topic: None }
    }

    #[test]
    fn of_a_long_list_no_more_public_rooms_are_kept_than_a_server_has() {
        let mut rooms = vec![room("@ann+bob")];
        rooms.extend((0..5_000).map(|n| room(&format!("room{n}"))));
        let mut known = KnownRooms::default();
        known.set(&rooms);
        assert_eq!(known.iter().next().unwrap().as_str(), "room0");
        assert_eq!(known.iter().count(), limits::ROOMS);
    }

    #[test]
    fn a_list_is_requested_again_after_ten_seconds_or_a_lost_connection() {
        let mut known = KnownRooms::default();
        assert!(!known.is_fresh(1_000));
        known.note_request(1_000);
        assert!(known.is_fresh(10_999) && !known.is_fresh(11_000));
        known.note_request(11_000);
        known.cancel_request();
        assert!(!known.is_fresh(11_000));
    }
}
