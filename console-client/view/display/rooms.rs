//! The rooms we are in, and which is the current one.

use std::collections::HashMap;

use talk::chat::AwayMember;
use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::ListedRoom;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::limits;

use crate::room::Room;
use crate::stdio::keys::Direction;

/// The rooms in the order they were joined, and the current one.
#[derive(Debug)]
pub(crate) struct RoomList {
    rooms: Vec<Room>,
    /// The index of the current room; beyond the end if there is none.
    current: usize,
    /// There is only the default room, until the server says which rooms the person is in.
    is_only_default: bool,
    /// Who sent the newest direct message, and when, in Unix milliseconds.
    last_direct: Option<(u64, UserName)>,
}

/// Bytes of the lines of all rooms: 500 lines of some 600 bytes in each of 25 rooms, or fewer of longer
/// messages.
const SCROLLBACKS_SIZE: usize = 8 * 1024 * 1024;

impl RoomList {
    pub(in crate::view) fn new(names: &[RoomName]) -> RoomList {
        let rooms = names.iter().cloned().map(Room::new).collect();
        RoomList { rooms, current: 0, is_only_default: false, last_direct: None }
    }

    /// The person has named no room: that of now is the default one.
    pub(crate) fn set_only_default(&mut self) {
        self.is_only_default = true;
    }

    /// Adds a room that the person has joined on another device, unless there are very many; false then.
    pub(in crate::view) fn add_returning(&mut self, name: &RoomName) -> bool {
        let has_place = self.rooms.len() < limits::CLIENT_MEMBERSHIPS;
        if has_place {
            self.add(name.clone());
        }
        has_place
    }

    /// Takes the rooms that the person is in, in order; the others come after them. The current room stays the
    /// current one, unless it is only the default.
    pub(in crate::view) fn follow(&mut self, listed: &[ListedRoom]) {
        let listed = listed.get(..limits::CLIENT_MEMBERSHIPS).unwrap_or(listed);
        let is_replaced = std::mem::take(&mut self.is_only_default) && !listed.is_empty();
        if is_replaced {
            self.rooms.retain(|room| listed.iter().any(|one| one.room == room.name));
        }
        let current = self.current().map(|room| room.name.clone()).filter(|_| !is_replaced);
        for one in listed {
            let is_new = !self.contains(&one.room);
            if is_new {
                self.add(one.room.clone());
            }
            if let Some(room) = self.get_mut(&one.room) {
                room.is_muted = one.is_muted;
                room.is_returning |= is_new;
                room.set_peer(one.peer.as_ref());
            }
        }
        let places: HashMap<&RoomName, usize> =
            listed.iter().map(|one| &one.room).zip(0..).collect();
        self.rooms.sort_by_key(|room| places.get(&room.name).copied().unwrap_or(usize::MAX));
        let at = current.map_or(Some(0), |name| self.position(&name));
        self.current = at.unwrap_or(usize::MAX);
    }

    /// The room on the screen, and the one that a message typed goes to.
    pub(crate) fn current(&self) -> Option<&Room> {
        self.rooms.get(self.current)
    }

    /// The current room, for a command that needs one.
    ///
    /// # Errors
    /// A sentence: there is none.
    pub(crate) fn require_current(&self) -> Result<&Room, String> {
        self.current().ok_or_else(|| "you are in no room (try /join lobby)".to_owned())
    }

    pub(in crate::view) fn current_mut(&mut self) -> Option<&mut Room> {
        self.rooms.get_mut(self.current)
    }

    pub(crate) fn get(&self, name: &RoomName) -> Option<&Room> {
        self.rooms.iter().find(|room| room.name == *name)
    }

    pub(in crate::view) fn get_mut(&mut self, name: &RoomName) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == *name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.rooms.iter()
    }

    pub(in crate::view) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.rooms.iter_mut()
    }

    /// The other person of a private room, if the server has said who it is.
    pub(crate) fn peer(&self, name: &RoomName) -> Option<&UserName> {
        self.get(name)?.peer.as_ref()
    }

    /// The private room with a person, among those we are in.
    pub(crate) fn with(&self, user: &UserName, ours: &UserName) -> Option<&Room> {
        self.rooms.iter().find(|room| room.is_with(user, ours))
    }

    /// The server has told the name of a room that was known by another one. If that room is here as well, only the
    /// one with the name stays; returns its index if it is to be the current one.
    pub(in crate::view) fn resolve(&mut self, from: &RoomName, to: &RoomName) -> Option<usize> {
        let at = self.position(from)?;
        match self.position(to) {
            None => {
                self.rooms.get_mut(at)?.name = to.clone();
                None
            }
            Some(_) => {
                self.remove(from)?; // it was the current one
                self.position(to)
            }
        }
    }

    pub(crate) fn position(&self, name: &RoomName) -> Option<usize> {
        self.rooms.iter().position(|room| room.name == *name)
    }

    pub(crate) fn contains(&self, name: &RoomName) -> bool {
        self.position(name).is_some()
    }

    /// The room whose lines take most memory, if those of all rooms take more than
    /// [`SCROLLBACKS_SIZE`].
    pub(in crate::view) fn too_large(&self) -> Option<&Room> {
        let total: usize = self.rooms.iter().map(|room| room.scrollback.size()).sum();
        let largest = self.rooms.iter().max_by_key(|room| room.scrollback.size());
        largest.filter(|_| total > SCROLLBACKS_SIZE)
    }

    /// Whether the server has confirmed that we are in the room.
    pub(crate) fn is_joined(&self, name: &RoomName) -> bool {
        self.get(name).is_some_and(|room| room.is_joined)
    }

    /// Whether the person sees now what comes in this room: it is the current one, and they are not
    /// scrolled back.
    pub(in crate::view) fn is_visible(&self, name: &RoomName) -> bool {
        self.current().is_some_and(|room| room.name == *name && !room.scrollback.is_scrolled_back())
    }

    /// The newest seq of a room; the largest number where we are not.
    pub(in crate::view) fn newest(&self, name: &RoomName) -> u64 {
        self.get(name).map_or(u64::MAX, |room| room.seqs.newest)
    }

    /// Whether it is a message of another user that the server does not know to be read.
    pub(in crate::view) fn is_unread(&self, record: &Record, me: &UserName) -> bool {
        matches!(record.kind, RecordKind::Operation(Operation::Post { .. }))
            && !record.user.is_same_claim(me)
            && self.get(&record.room).is_some_and(|room| room.read_position.is_unread(record.seq))
    }

    /// Adds a room that is being joined, without switching to it.
    pub(crate) fn add(&mut self, name: RoomName) {
        self.rooms.push(Room::new(name));
    }

    /// Notes that a room is muted, or no longer.
    pub(crate) fn set_muted(&mut self, name: &RoomName, is_muted: bool) {
        self.get_mut(name).into_iter().for_each(|room| room.is_muted = is_muted);
    }

    /// The next room with unread messages, or else just the next.
    pub(crate) fn next_unread(&self) -> Option<usize> {
        let count = self.rooms.len();
        let mut others = (1..count).map(|step| (self.current + step) % count);
        let is_unread =
            |at: &usize| self.rooms.get(*at).is_some_and(|room| room.scrollback.unread_count() > 0);
        others.clone().find(is_unread).or(others.next())
    }

    /// The room before or after the current one, round and round.
    pub(crate) fn neighbour(&self, direction: Direction) -> usize {
        let count = self.rooms.len().max(1);
        let step = match direction {
            Direction::Back => count - 1,
            Direction::Forward => 1,
        };
        (self.current + step) % count
    }

    pub(super) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Makes a room the current one; true if it was not.
    pub(super) fn set_current(&mut self, at: usize) -> bool {
        std::mem::replace(&mut self.current, at) != at
    }

    /// Removes a room. If it was the current one, there is none now, and its index is returned.
    pub(super) fn remove(&mut self, name: &RoomName) -> Option<usize> {
        let at = self.position(name)?;
        self.rooms.remove(at);
        if at == self.current {
            self.current = usize::MAX; // so that the next switch shows what was missed
            return Some(at);
        }
        if at < self.current {
            self.current -= 1;
        }
        None
    }

    // ---- Read markers --------------------------------------------------------------------------

    /// The read positions that the server does not know, in rooms that are joined.
    pub(in crate::view) fn unsent_read_positions(&self) -> Vec<(RoomName, u64)> {
        let joined = self.rooms.iter().filter(|room| room.is_joined);
        joined.filter_map(|room| Some((room.name.clone(), room.read_position.unsent()?))).collect()
    }

    /// Notes that the server knows a room to be read up to this record, from us or from another
    /// device.
    pub(crate) fn mark_read(&mut self, name: &RoomName, seq: u64) {
        if let Some(room) = self.get_mut(name) {
            room.read_position.set_marker(seq);
            room.scrollback.mark_read(seq);
        }
    }

    // ---- Direct messages -----------------------------------------------------------------------

    /// Notes the sender of a direct message.
    pub(in crate::view) fn note_direct(&mut self, record: &Record) {
        if matches!(record.kind, RecordKind::Operation(Operation::Post { .. }))
            && self.last_direct.as_ref().is_none_or(|(when, _)| record.at >= *when)
        {
            self.last_direct = Some((record.at, record.user.clone()));
        }
    }

    /// Who sent the newest direct message.
    pub(crate) fn last_direct_sender(&self) -> Option<&UserName> {
        self.last_direct.as_ref().map(|(_, user)| user)
    }

    /// Renames the sender of the newest direct message, if it is `user`.
    pub(in crate::view) fn rename_sender(&mut self, user: &UserName, to: &UserName) {
        if let Some((_, sender)) = &mut self.last_direct
            && sender.is_same_claim(user)
        {
            *sender = to.clone();
        }
    }

    /// `ann is away: lunch`, for a message from another room to the private room with ann.
    pub(crate) fn away_elsewhere(&self, name: &RoomName, me: &UserName) -> Option<String> {
        let is_here = self.current().is_some_and(|room| room.name == *name);
        let room = self.get(name).filter(|_| !is_here)?;
        let mut away = self.rooms.iter().flat_map(|room| room.members.away());
        away.find(|member| room.is_with(&member.user, me)).map(away_text)
    }

    /// `ann is away: lunch`, if the current room is the private room with ann.
    pub(in crate::view) fn away_here(&self, me: &UserName) -> Option<String> {
        let room = self.current().filter(|room| room.name.is_private())?;
        let mut away = room.members.away().iter();
        away.find(|member| !member.user.is_same_claim(me)).map(away_text)
    }
}

fn away_text(member: &AwayMember) -> String {
    format!("{} is {}", member.user, member.text)
}
