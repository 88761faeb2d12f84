//! Read markers: how far each owner has read each room; and the file that stores them over a restart.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::names::Names;
use super::rooms::Rooms;
use crate::chat::{OwnerId, ReadMarker, ReadMarkers};
use crate::failpoint;
use crate::log::Journal;
use crate::server::room::Room;

/// All read markers.
///
/// Two locks. The one on the markers is held for single calls. The one on the file is held by the
/// maintenance thread over a small write; the markers', the names' and the rooms' are taken under it.
#[derive(Debug)]
pub(crate) struct ReadMarkerStore {
    /// The markers in memory.
    markers: Mutex<ReadMarkers>,
    /// The markers on disk.
    file: Mutex<Journal<ReadMarker>>,
}

impl ReadMarkerStore {
    pub(super) fn new(markers: ReadMarkers, file: Journal<ReadMarker>) -> ReadMarkerStore {
        ReadMarkerStore { markers: Mutex::new(markers), file: Mutex::new(file) }
    }

    fn markers(&self) -> MutexGuard<'_, ReadMarkers> {
        failpoint::check(
            self.markers.lock().unwrap_or_else(PoisonError::into_inner),
            "read_markers",
        )
    }

    fn file(&self) -> MutexGuard<'_, Journal<ReadMarker>> {
        failpoint::check(
            self.file.lock().unwrap_or_else(PoisonError::into_inner),
            "read_markers_file",
        )
    }

    /// Compares the markers of an earlier run with a room that was opened.
    pub(crate) fn check_room(&self, room: &Room) {
        if let Some(head) = room.head_at_open() {
            self.markers().check_log(&room.log.id(), head);
        }
    }

    /// How far `owner` has read a room.
    pub(crate) fn get(&self, owner: OwnerId, room: &Room) -> Option<u64> {
        let (id, head) = (room.log.id(), room.head_at_open());
        let mut markers = self.markers();
        if let Some(head) = head {
            markers.check_log(&id, head);
        }
        let seq = markers.get(owner, &id)?;
        drop(markers);
        Some(seq.min(room.head()))
    }

    /// Advances the read marker of `owner`. False if it was there already.
    pub(crate) fn advance(&self, owner: OwnerId, room: &Room, seq: u64) -> bool {
        let (id, head) = (room.log.id(), room.head_at_open());
        let mut markers = self.markers();
        if let Some(head) = head {
            markers.check_log(&id, head);
        }
        markers.advance(owner, &id, seq)
    }

    /// Periodic maintenance: saves the changes, then compacts the file if it is mostly outdated, or fsyncs
    /// it. Compacting drops markers whose owner or room is gone. If another program has removed or changed
    /// the file, it is written again; true then.
    pub(crate) fn maintain(&self, names: &Names, rooms: &Rooms) -> io::Result<bool> {
        let changed = self.markers().take_changed();
        let mut file = self.file();
        if !changed.is_empty()
            && let Err(error) = file.append(&changed)
        {
            self.markers().put_back(&changed);
            return Err(error);
        }
        let is_in_place = file.is_in_place();
        if file.needs_compaction() || !is_in_place {
            let owners = names.owners();
            let logs: Option<HashSet<Arc<str>>> = rooms.log_ids();
            let has_log = |log: &str| logs.as_ref().is_none_or(|logs| logs.contains(log));
            let is_alive = |owner, log: &str| owners.contains(&owner) && has_log(log);
            let all = self.markers().prune(is_alive);
            return file.compact(&all).map(|()| !is_in_place);
        }
        let unsynced = file.take_unsynced();
        unsynced.map_or(Ok(()), |unsynced| unsynced.sync_data()).map(|()| false)
    }

    /// Bytes of the file.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file().bytes()
    }

    /// Why read markers cannot be saved now, if so.
    pub(super) fn write_error(&self) -> Option<String> {
        self.file().write_error().map(String::from)
    }
}
