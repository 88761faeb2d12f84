//! Memberships: the rooms of each owner, the members of each room; and the file that stores them over a restart.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::names::Names;
use super::rooms::Rooms;
use crate::chat::protocol::{MemberState, MembersList, MembersQuery, ServerMessage};
use crate::chat::{
    ClientId, MembersPage, Membership, Memberships, NameRange, OwnerId, RoomName, SavedMembership,
    UserName,
};
use crate::failpoint;
use crate::limits;
use crate::log::Journal;
use crate::net::SendResult;
use crate::server::clients::client::Client;
use crate::server::room::{Room, RoundGuard};

/// All memberships.
///
/// Two locks. The one on the memberships is held for single calls. The one on the file is held over a small write;
/// the memberships' is taken under it, so that the lines of the file are in the order of the changes; in maintenance
/// also the names' and the rooms'.
///
/// The room knows which of its members are here; the names know what they are called. Each notes its changes. They
/// are copied into the memberships before the members of a room are read, under the lock of the memberships, so that
/// a later change is copied later.
#[derive(Debug)]
pub(crate) struct MembershipStore {
    /// The memberships in memory.
    memberships: Mutex<Memberships>,
    /// The memberships on disk.
    file: Mutex<Journal<SavedMembership>>,
    /// What the owners are called.
    names: Arc<Names>,
}

impl MembershipStore {
    pub(super) fn new(
        mut memberships: Memberships,
        file: Journal<SavedMembership>,
        names: Arc<Names>,
    ) -> MembershipStore {
        let owners: Vec<OwnerId> = memberships.owners().collect();
        for owner in owners {
            memberships.rename(owner, names.name_of(owner));
        }
        MembershipStore { memberships: Mutex::new(memberships), file: Mutex::new(file), names }
    }

    fn memberships(&self) -> MutexGuard<'_, Memberships> {
        failpoint::check(
            self.memberships.lock().unwrap_or_else(PoisonError::into_inner),
            "memberships",
        )
    }

    fn file(&self) -> MutexGuard<'_, Journal<SavedMembership>> {
        failpoint::check(
            self.file.lock().unwrap_or_else(PoisonError::into_inner),
            "memberships_file",
        )
    }

    /// The rooms of `owner`, in the order in which they were joined.
    pub(crate) fn of(&self, owner: OwnerId) -> Vec<Membership> {
        self.memberships().of(owner).to_vec()
    }

    /// The private rooms of `owner`.
    pub(crate) fn private_of(&self, owner: OwnerId) -> HashSet<RoomName> {
        let memberships = self.memberships();
        let names = memberships.of(owner).iter().map(|one| &one.room);
        names.filter(|room| room.is_private()).cloned().collect()
    }

    /// Whether `owner` is a member of any room.
    pub(crate) fn has_any(&self, owner: OwnerId) -> bool {
        !self.memberships().of(owner).is_empty()
    }

    /// Whether `owner` is a member of a room.
    pub(crate) fn contains(&self, owner: OwnerId, room: &RoomName) -> bool {
        self.memberships().contains(owner, room)
    }

    /// Whether `owner` may join a room: they are a member of it, or of fewer of its kind than they may be.
    pub(crate) fn has_place(&self, owner: OwnerId, room: &RoomName) -> bool {
        let memberships = self.memberships();
        memberships.contains(owner, room) || !memberships.is_full(owner, room)
    }

    /// Makes `owner` a member. False if they are already, or are a member of too many rooms.
    pub(crate) fn join(&self, owner: OwnerId, room: &Room) -> bool {
        let mut memberships = self.updated(Some(room));
        let is_new = memberships.join(owner, &room.name);
        if is_new {
            memberships.rename(owner, self.names.name_of(owner)); // it may be their first room
            memberships.set_here(owner, &room.name, room.has_member(owner));
            drop(memberships);
            self.save();
        }
        is_new
    }

    /// Ends a membership. False if there is none.
    pub(crate) fn leave(&self, owner: OwnerId, room: &RoomName) -> bool {
        let was_member = self.memberships().leave(owner, room);
        if was_member {
            self.save();
        }
        was_member
    }

    /// Mutes a room, or no longer. False if it is so already; `None` if `owner` is not a member.
    pub(crate) fn set_muted(&self, owner: OwnerId, room: &RoomName, muted: bool) -> Option<bool> {
        let is_change = self.memberships().set_muted(owner, room, muted)?;
        if is_change {
            self.save();
        }
        Some(is_change)
    }

    // ---- The members of a room -----------------------------------------------------------------

    /// The memberships, with what has changed of the names, and of who is in `room`.
    fn updated(&self, room: Option<&Room>) -> MutexGuard<'_, Memberships> {
        let mut memberships = self.memberships();
        for (owner, name) in self.names.take_renamed() {
            memberships.rename(owner, name);
        }
        if let Some(room) = room {
            for (owner, is_here) in room.take_moves() {
                memberships.set_here(owner, &room.name, is_here);
            }
        }
        memberships
    }

    /// A client of `owner` leaves a room. The person may still be a member.
    pub(crate) fn leave_room(
        &self,
        owner: OwnerId,
        client: ClientId,
        room: &Arc<Room>,
    ) -> Option<RoundGuard> {
        let round = room.leave(client, self.stays_listed(owner, room));
        self.update(room);
        round
    }

    /// The same, and the client is sent `left`. The caller handles the result of the write.
    pub(crate) fn leave_and_tell(
        &self,
        owner: OwnerId,
        client: &Arc<Client>,
        room: &Arc<Room>,
    ) -> (SendResult, Option<RoundGuard>) {
        let left = room.leave_and_tell(client, self.stays_listed(owner, room));
        self.update(room);
        left
    }

    /// Whether `owner` is still in the list of a room's members when they have no client in it. A private room has no
    /// such list.
    fn stays_listed(&self, owner: OwnerId, room: &Room) -> bool {
        !room.name.is_private() && self.contains(owner, &room.name)
    }

    /// Takes over who is in a room now. A room is not kept for ever, and what it has noted would be lost with it.
    pub(crate) fn update(&self, room: &Room) {
        if !room.name.is_private() {
            drop(self.updated(Some(room)));
        }
    }

    /// How many members of a room are not here; and their names, unless they are many.
    pub(crate) fn absent(&self, room: &Room) -> (u64, Option<Vec<UserName>>) {
        let (range, limit) = (NameRange::default(), limits::SMALL_ROOM);
        let memberships = self.updated(Some(room));
        let count = memberships.absent_count(&room.name);
        let is_short = count <= limit as u64;
        let names = || memberships.absent_page(&room.name, &range, limit).names;
        (count, is_short.then(names))
    }

    /// The answer to a question for one page of a list of members.
    pub(crate) fn page(&self, room: &Room, query: MembersQuery) -> ServerMessage {
        let memberships = self.updated(Some(room));
        let (page, here) = match query.state {
            MemberState::Here => room.members_page(&query),
            MemberState::Absent => {
                let page = memberships.absent_page(&room.name, &query.range, query.limit);
                (page, room.member_count())
            }
        };
        let absent = memberships.absent_count(&room.name);
        drop(memberships);
        let MembersPage { names, away, has_more: more } = page;
        let MembersQuery { state, range, .. } = query;
        let list = Some(MembersList { state, range, here, absent, more });
        ServerMessage::Members { room: room.name.clone(), members: names, away, list }
    }

    // ---- The file ------------------------------------------------------------------------------

    /// Saves the changes, so that they survive a kill. Changes that cannot be written now are tried again with the
    /// next ones.
    fn save(&self) {
        let mut file = self.file();
        let changes = self.memberships().take_unstored();
        if !changes.is_empty() && file.append(&changes).is_err() {
            self.memberships().put_back(changes);
        }
    }

    /// Periodic maintenance: saves the changes, then compacts the file if it is mostly outdated, or fsyncs it.
    /// Compacting drops memberships whose owner or private room is gone. If another program has removed or changed the
    /// file, it is written again; true then.
    pub(crate) fn maintain(&self, rooms: &Rooms) -> io::Result<bool> {
        drop(self.updated(None)); // so that what is noted does not grow
        self.save();
        let mut file = self.file();
        let is_in_place = file.is_in_place();
        if file.needs_compaction() || !is_in_place || self.memberships().has_dropped() {
            let mut gone = self.memberships().private_rooms(); // first: more may be created meanwhile
            let there = rooms.private_names();
            gone.retain(|room| !there.contains(room));
            let owners = self.names.owners();
            let is_alive = |owner| owners.contains(&owner);
            let all = self.memberships().prune(is_alive, |room| gone.contains(room));
            return file.compact(&all).map(|()| !is_in_place);
        }
        let unsynced = file.take_unsynced();
        drop(file); // a join does not wait for an fsync
        unsynced.map_or(Ok(()), |unsynced| unsynced.sync_data()).map(|()| false)
    }

    /// Bytes of the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file().bytes()
    }

    /// Why memberships cannot be saved now, if so.
    pub(super) fn write_error(&self) -> Option<String> {
        self.file().write_error().map(String::from)
    }
}
