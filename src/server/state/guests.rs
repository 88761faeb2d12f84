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
pub(crate) struct Invitations {
    invitations: Mutex<HashMap<ClientId, Invited>>,
}

#[derive(Debug, Default)]
struct Invited {
    /// Rooms its session does not know of yet.
    rooms: Vec<Arc<Room>>,
    /// How often it was brought somewhere.
    count: usize,
}

impl Invitations {
    /// The one place the lock is taken. Each change is one call.
    fn invitations(&self) -> MutexGuard<'_, HashMap<ClientId, Invited>> {
        failpoint::check(self.invitations.lock().unwrap_or_else(PoisonError::into_inner), "guests")
    }

    /// A session begins.
    pub(crate) fn begin(&self, client: ClientId) {
        self.invitations().insert(client, Invited::default());
    }

    /// Notes that a client is about to be brought into a room. False if that may not be: its session
    /// has ended, or it was brought into too many.
    pub(crate) fn note(&self, client: ClientId, room: &Arc<Room>) -> bool {
        let mut invitations = self.invitations();
        let guest = invitations.get_mut(&client).filter(|guest| guest.count < limits::INVITATIONS);
        let Some(guest) = guest else { return false };
        guest.count += 1;
        guest.rooms.push(Arc::clone(room));
        true
    }

    /// The rooms a client was brought into since this was asked last.
    pub(crate) fn take(&self, client: ClientId) -> Vec<Arc<Room>> {
        self.invitations().get_mut(&client).map_or(Vec::new(), |guest| mem::take(&mut guest.rooms))
    }

    /// A session ends: its client is brought nowhere any more.
    pub(crate) fn end(&self, client: ClientId) -> Vec<Arc<Room>> {
        self.invitations().remove(&client).map_or(Vec::new(), |guest| guest.rooms)
    }

    /// Whether a client's session goes on.
    pub(crate) fn has(&self, client: ClientId) -> bool {
        self.invitations().contains_key(&client)
    }
}
