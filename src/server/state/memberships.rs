//! Memberships: the rooms of each owner; and the file that stores them over a restart.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::names::Names;
use super::rooms::Rooms;
use crate::chat::{Membership, Memberships, OwnerId, RoomName, SavedMembership};
use crate::failpoint;
use crate::log::Journal;

/// All memberships.
///
/// Two locks. The one on the memberships is held for single calls. The one on the file is held over a small write;
/// the memberships' is taken under it, so that the lines of the file are in the order of the changes; in maintenance
/// also the names' and the rooms'.
#[derive(Debug)]
pub(crate) struct MembershipStore {
    /// The memberships in memory.
    memberships: Mutex<Memberships>,
    /// The memberships on disk.
    file: Mutex<Journal<SavedMembership>>,
}

impl MembershipStore {
    pub(super) fn new(memberships: Memberships, file: Journal<SavedMembership>) -> MembershipStore {
        MembershipStore { memberships: Mutex::new(memberships), file: Mutex::new(file) }
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
    pub(crate) fn join(&self, owner: OwnerId, room: &RoomName) -> bool {
        let is_new = self.memberships().join(owner, room);
        if is_new {
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
    pub(crate) fn maintain(&self, names: &Names, rooms: &Rooms) -> io::Result<bool> {
        self.save();
        let mut file = self.file();
        let is_in_place = file.is_in_place();
        if file.needs_compaction() || !is_in_place || self.memberships().has_dropped() {
            let mut gone = self.memberships().private_rooms(); // first: more may be created meanwhile
            let there = rooms.private_names();
            gone.retain(|room| !there.contains(room));
            let owners = names.owners();
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
