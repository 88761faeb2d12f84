//! The private rooms that each client is in. Anyone may bring a client into one, so they have places of
//! their own, and the newest always gets one.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chat::{ClientId, OwnerId};
use crate::failpoint;
use crate::server::room::Room;

/// The private rooms that the clients of all sessions are in, and the changes that sessions do not know yet.
///
/// The lock protects the table, for single calls. Under it a room is asked only what takes no lock.
#[derive(Debug)]
pub(crate) struct Invitations {
    /// The private rooms of each running session.
    sessions: Mutex<HashMap<ClientId, SessionRooms>>,
    /// How many private rooms one client may be in.
    max: usize,
}

/// The private rooms of one session.
#[derive(Debug, Default)]
struct SessionRooms {
    /// Those that its client is in, the one entered first first.
    rooms: Vec<Arc<Room>>,
    /// What other threads have changed since the session asked last, in order.
    changes: Vec<RoomChange>,
}

/// Who brings a client into a private room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Its own session.
    Joined,
    /// Another session, because someone wrote there.
    Invited,
}

/// A change that a session does not know yet.
#[derive(Debug)]
pub(crate) enum RoomChange {
    /// Its client was invited into this room.
    Entered(Arc<Room>),
    /// Its client has left this room, because another one took its place.
    Left(Arc<Room>),
}

impl Invitations {
    pub(super) fn new(max: usize) -> Invitations {
        Invitations { sessions: Mutex::default(), max }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<ClientId, SessionRooms>> {
        failpoint::check(
            self.sessions.lock().unwrap_or_else(PoisonError::into_inner),
            "invitations",
        )
    }

    /// A session begins.
    pub(crate) fn begin_session(&self, client: ClientId) {
        self.sessions().insert(client, SessionRooms::default());
    }

    /// A session ends: its client enters no more private rooms. Returns those that it is in.
    pub(crate) fn end_session(&self, client: ClientId) -> Vec<Arc<Room>> {
        self.sessions().remove(&client).map_or(Vec::new(), |session| session.rooms)
    }

    /// Whether a client has a place in this private room: its session is running, and has not left it.
    pub(crate) fn has_place(&self, client: ClientId, room: &Arc<Room>) -> bool {
        let sessions = self.sessions();
        sessions.get(&client).is_some_and(|session| session.has(room))
    }

    /// Notes that a client is about to enter a private room. False if its session has ended.
    ///
    /// The caller then takes back places as long as [`take_place`](Invitations::take_place) finds one.
    pub(super) fn enter(&self, client: ClientId, room: &Arc<Room>, entry: Entry) -> bool {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(&client) else { return false };
        if !session.has(room) {
            session.rooms.push(Arc::clone(room));
        }
        if entry == Entry::Invited {
            session.changes.push(RoomChange::Entered(Arc::clone(room)));
        }
        true
    }

    /// If a client of `owner` is in too many private rooms, takes the place of the one that is worth least,
    /// but of none of `kept`. Returns it with its index.
    pub(super) fn take_place(
        &self,
        client: ClientId,
        owner: OwnerId,
        kept: &[Arc<Room>],
    ) -> Option<(usize, Arc<Room>)> {
        let mut sessions = self.sessions();
        let session = sessions.get_mut(&client).filter(|one| one.rooms.len() > self.max)?;
        let index = worth_least(&session.rooms, owner, kept)?;
        Some((index, session.rooms.remove(index)))
    }

    /// The client has left a room whose place was taken: its session has to know.
    pub(super) fn note_left(&self, client: ClientId, room: &Arc<Room>) {
        if let Some(session) = self.sessions().get_mut(&client) {
            session.changes.push(RoomChange::Left(Arc::clone(room)));
        }
    }

    /// Gives a room its place back. False if the session has ended.
    pub(super) fn put_back(&self, client: ClientId, index: usize, room: &Arc<Room>) -> bool {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(&client) else { return false };
        if !session.has(room) {
            session.rooms.insert(index.min(session.rooms.len()), Arc::clone(room));
        }
        true
    }

    /// A client leaves a private room by itself.
    pub(crate) fn leave(&self, client: ClientId, room: &Arc<Room>) {
        if let Some(session) = self.sessions().get_mut(&client) {
            session.rooms.retain(|other| !Arc::ptr_eq(other, room));
        }
    }

    /// How many private rooms a client may enter before it leaves one.
    pub(crate) fn free_places(&self, client: ClientId) -> usize {
        let sessions = self.sessions();
        let taken = sessions.get(&client).map_or(0, |session| session.rooms.len());
        self.max.saturating_sub(taken)
    }

    /// What other threads have changed since this was called last, in order.
    pub(crate) fn take_changes(&self, client: ClientId) -> Vec<RoomChange> {
        let mut sessions = self.sessions();
        sessions.get_mut(&client).map_or(Vec::new(), |session| mem::take(&mut session.changes))
    }
}

impl SessionRooms {
    fn has(&self, room: &Arc<Room>) -> bool {
        self.rooms.iter().any(|other| Arc::ptr_eq(other, room))
    }
}

/// The index of the room that is worth least to `owner`, but of none of `kept`: the oldest in which they have
/// not written. What strangers began goes before what they answered.
fn worth_least(rooms: &[Arc<Room>], owner: OwnerId, kept: &[Arc<Room>]) -> Option<usize> {
    let may_go = |room: &Arc<Room>| !kept.iter().any(|other| Arc::ptr_eq(other, room));
    let unanswered = rooms.iter().position(|room| may_go(room) && !room.has_posted(owner));
    unanswered.or_else(|| rooms.iter().position(may_go))
}
