//! Who was brought into which private rooms by others, for their sessions to know.
//!
//! Room: one lock around one table. Only who is brought somewhere, or begins or ends, asks for it.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chat::ClientId;
use crate::failpoint;
use crate::limits;
use crate::server::room::Room;

/// Every client that has a session.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    guests: Mutex<HashMap<ClientId, Guest>>,
}

#[derive(Debug, Default)]
struct Guest {
    /// Rooms its session does not know of yet.
    rooms: Vec<Arc<Room>>,
    /// How often it was brought somewhere.
    count: usize,
}

impl Guests {
    /// The one place the lock is taken. Each change is one call.
    fn guests(&self) -> MutexGuard<'_, HashMap<ClientId, Guest>> {
        failpoint::check(self.guests.lock().unwrap_or_else(PoisonError::into_inner), "guests")
    }

    /// A session begins.
    pub(crate) fn begin(&self, client: ClientId) {
        self.guests().insert(client, Guest::default());
    }

    /// Notes that a client is about to be brought into a room. False if that may not be: its session
    /// has ended, or it was brought into too many.
    pub(crate) fn note(&self, client: ClientId, room: &Arc<Room>) -> bool {
        let mut guests = self.guests();
        let guest = guests.get_mut(&client).filter(|guest| guest.count < limits::INVITATIONS);
        let Some(guest) = guest else { return false };
        guest.count += 1;
        guest.rooms.push(Arc::clone(room));
        true
    }

    /// The rooms a client was brought into since this was asked last.
    pub(crate) fn take(&self, client: ClientId) -> Vec<Arc<Room>> {
        self.guests().get_mut(&client).map_or(Vec::new(), |guest| mem::take(&mut guest.rooms))
    }

    /// A session ends: its client is brought nowhere any more.
    pub(crate) fn end(&self, client: ClientId) -> Vec<Arc<Room>> {
        self.guests().remove(&client).map_or(Vec::new(), |guest| guest.rooms)
    }

    /// Whether a client's session goes on.
    pub(crate) fn has(&self, client: ClientId) -> bool {
        self.guests().contains_key(&client)
    }
}
