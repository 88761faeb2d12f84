//! The private rooms that each client is in. Anyone may bring a client into one, so they have places of
//! their own, and the newest always gets one.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chat::ClientId;
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

/// The private rooms of one session. A session that does not ask for changes costs no more than its places:
/// a room that its client enters and leaves in between is no change.
#[derive(Debug, Default)]
struct SessionRooms {
    /// Those that its client is in, the one entered first first.
    places: Vec<Place>,
    /// Those that the session knows, and that its client has left since the session asked last.
    left: Vec<Arc<Room>>,
}

/// The place of a client in one private room.
#[derive(Debug)]
pub(super) struct Place {
    /// The room.
    pub(super) room: Arc<Room>,
    /// Whether the session knows that its client is in the room.
    is_known: bool,
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
        let places = self.sessions().remove(&client).unwrap_or_default().places;
        places.into_iter().map(|place| place.room).collect()
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
        let is_known = session.forget_left(room) || entry == Entry::Joined;
        match session.find(room) {
            Some(place) => place.is_known |= is_known,
            None => session.places.push(Place { room: Arc::clone(room), is_known }),
        }
        true
    }

    /// If a client is in too many private rooms, takes the place of the one that is worth least, but of none of
    /// `kept`; `is_own`: its person has written there, or is a member. Returns it with its index. The caller then calls
    /// [`note_left`](Invitations::note_left) or [`put_back`](Invitations::put_back).
    pub(super) fn take_place(
        &self,
        client: ClientId,
        is_own: impl Fn(&Room) -> bool,
        kept: &[Arc<Room>],
    ) -> Option<(usize, Place)> {
        let mut sessions = self.sessions();
        let session = sessions.get_mut(&client).filter(|one| one.places.len() > self.max)?;
        let index = worth_least(&session.places, is_own, kept)?;
        Some((index, session.places.remove(index)))
    }

    /// The client has left the room whose place was taken: its session has to know, if it knew the room.
    pub(super) fn note_left(&self, client: ClientId, place: Place) {
        if let Some(session) = self.sessions().get_mut(&client)
            && place.is_known
        {
            session.left.push(place.room);
        }
    }

    /// Gives a room its place back. False if the session has ended.
    pub(super) fn put_back(&self, client: ClientId, index: usize, place: Place) -> bool {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(&client) else { return false };
        match session.find(&place.room) {
            Some(other) => other.is_known |= place.is_known,
            None => session.places.insert(index.min(session.places.len()), place),
        }
        true
    }

    /// A client leaves a private room because its person has left it on another device: its session has to know, if
    /// it knew the room.
    pub(crate) fn leave_elsewhere(&self, client: ClientId, room: &Arc<Room>) {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(&client) else { return };
        let Some(at) = session.places.iter().position(|place| Arc::ptr_eq(&place.room, room))
        else {
            return;
        };
        let place = session.places.remove(at);
        if place.is_known {
            session.left.push(place.room);
        }
    }

    /// A client leaves a private room by itself.
    pub(crate) fn leave(&self, client: ClientId, room: &Arc<Room>) {
        if let Some(session) = self.sessions().get_mut(&client) {
            session.places.retain(|place| !Arc::ptr_eq(&place.room, room));
        }
    }

    /// How many private rooms a client may enter before it leaves one.
    pub(crate) fn free_places(&self, client: ClientId) -> usize {
        let sessions = self.sessions();
        let taken = sessions.get(&client).map_or(0, |session| session.places.len());
        self.max.saturating_sub(taken)
    }

    /// What other threads have changed since this was called last: first what the client has left.
    pub(crate) fn take_changes(&self, client: ClientId) -> Vec<RoomChange> {
        let mut sessions = self.sessions();
        let Some(session) = sessions.get_mut(&client) else { return Vec::new() };
        let left = mem::take(&mut session.left).into_iter().map(RoomChange::Left);
        let unknown = session.places.iter_mut().filter(|place| !place.is_known);
        let entered = unknown.map(|place| {
            place.is_known = true;
            RoomChange::Entered(Arc::clone(&place.room))
        });
        left.chain(entered).collect()
    }
}

impl SessionRooms {
    fn has(&self, room: &Arc<Room>) -> bool {
        self.places.iter().any(|place| Arc::ptr_eq(&place.room, room))
    }

    fn find(&mut self, room: &Arc<Room>) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| Arc::ptr_eq(&place.room, room))
    }

    /// The client enters a room again, so its session does not need to know that it has left. True if the
    /// session does not know yet: then it knows the room.
    fn forget_left(&mut self, room: &Arc<Room>) -> bool {
        let before = self.left.len();
        self.left.retain(|other| !Arc::ptr_eq(other, room));
        self.left.len() < before
    }
}

/// The index of the room that is worth least, but of none of `kept`: the oldest that is not the person's own. What
/// strangers began goes before what they answered.
fn worth_least(
    places: &[Place],
    is_own: impl Fn(&Room) -> bool,
    kept: &[Arc<Room>],
) -> Option<usize> {
    let may_go = |place: &Place| !kept.iter().any(|other| Arc::ptr_eq(other, &place.room));
    let unanswered = places.iter().position(|place| may_go(place) && !is_own(&place.room));
    unanswered.or_else(|| places.iter().position(may_go))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{OwnerId, RoomName};
    use crate::limits;
    use crate::log::{LogConfig, Store, SyncPolicy};
    use crate::server::room::RoomContext;

    const CLIENT: ClientId = ClientId(1);
    const PLACES: usize = 3;

    fn owner(digit: &str) -> OwnerId {
        digit.repeat(32).parse().unwrap()
    }

    fn private_rooms(count: usize) -> Vec<Arc<Room>> {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        let (sync, file_bytes) = (SyncPolicy::Interval, limits::LOG_FILE);
        let config = LogConfig { sync, file_bytes, retain: None, retain_records: None };
        let context = Arc::new(RoomContext::new(Arc::default(), limits::ROOM_MEMORY));
        let room = |n: usize| {
            let name: RoomName = format!("@bob+eve{n}").parse().unwrap();
            let owners = Some([owner("1"), owner("2")]);
            Arc::new(Room::new(
                name.clone(),
                store.new_log(&name, config, n.to_string(), owners),
                &context,
            ))
        };
        (0..count).map(room).collect()
    }

    /// Invites the client into a room, and takes back the places that are too many.
    fn invite(invitations: &Invitations, room: &Arc<Room>) {
        assert!(invitations.enter(CLIENT, room, Entry::Invited));
        while let Some((_, place)) = invitations.take_place(CLIENT, |_| false, &[Arc::clone(room)])
        {
            invitations.note_left(CLIENT, place);
        }
    }

    fn referenced(rooms: &[Arc<Room>]) -> usize {
        rooms.iter().filter(|room| Arc::strong_count(room) > 1).count()
    }

    #[test]
    fn an_idle_client_keeps_no_more_rooms_than_it_has_places_however_often_it_is_invited() {
        let rooms = private_rooms(10);
        let invitations = Invitations::new(PLACES);
        invitations.begin_session(CLIENT);
        for room in rooms.iter().cycle().take(1_000) {
            invite(&invitations, room);
        }
        assert_eq!(referenced(&rooms), PLACES, "the others can be given back");
        assert_eq!(invitations.take_changes(CLIENT).len(), PLACES, "it has entered these");

        for room in rooms.iter().cycle().take(1_000) {
            invite(&invitations, room);
        }
        assert!(referenced(&rooms) <= 2 * PLACES);
        assert!(invitations.take_changes(CLIENT).len() <= 2 * PLACES, "it has left those it knew");
    }

    #[test]
    fn a_session_learns_what_it_has_left_and_entered_and_nothing_that_is_undone() {
        let rooms = private_rooms(PLACES + 1);
        let invitations = Invitations::new(PLACES);
        invitations.begin_session(CLIENT);
        let changes = || {
            let name = |change| match change {
                RoomChange::Entered(room) => format!("+{}", room.name),
                RoomChange::Left(room) => format!("-{}", room.name),
            };
            invitations.take_changes(CLIENT).into_iter().map(name).collect::<Vec<_>>()
        };
        assert!(invitations.enter(CLIENT, &rooms[0], Entry::Joined));
        assert!(invitations.enter(CLIENT, &rooms[0], Entry::Invited));
        assert!(changes().is_empty(), "it has joined by itself");
        rooms[1..].iter().for_each(|room| invite(&invitations, room));
        assert_eq!(changes(), ["-@bob+eve0", "+@bob+eve1", "+@bob+eve2", "+@bob+eve3"]);
        invite(&invitations, &rooms[0]);
        invite(&invitations, &rooms[1]);
        assert_eq!(changes(), ["-@bob+eve2", "+@bob+eve0"], "it has left room 1, and is in again");

        assert!(invitations.enter(CLIENT, &rooms[2], Entry::Joined));
        let (index, place) = invitations.take_place(CLIENT, |_| false, &[]).unwrap();
        let room = Arc::clone(&place.room);
        assert!(!invitations.has_place(CLIENT, &room));
        assert!(invitations.put_back(CLIENT, index, place), "records were in flight there");
        assert!(invitations.has_place(CLIENT, &room) && changes().is_empty());
        assert_eq!(invitations.end_session(CLIENT).len(), PLACES + 1);
        assert!(!invitations.enter(CLIENT, &room, Entry::Invited));
    }
}
