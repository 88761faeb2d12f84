//! Giving back: once there are as many rooms as there may be, the server removes those that are used least.

use std::io;
use std::sync::Arc;

use super::{RoomMap, Rooms, is_default};
use crate::chat::RoomName;
use crate::limits;
use crate::log::{LogName, RetiredLog};
use crate::server::logger::Level;
use crate::server::room::Room;

impl Rooms {
    /// Gives back rooms without records, or else the least used abandoned room of the same kind. False if
    /// there is none.
    pub(super) fn give_back(&self, name: &RoomName, is_abandoned: impl Fn(&Room) -> bool) -> bool {
        let mut map = self.lock();
        let before = map.len();
        Rooms::forget_unused(&mut map);
        if map.len() < before {
            return true;
        }
        let now = self.clock.cautious_ms();
        let may_go = |(log, room): &(&LogName, &Arc<Room>)| {
            log.room.is_private() == name.is_private()
                && !is_default(&log.room)
                && Arc::strong_count(room) == 1
                && room.log.write_error().is_none()
                && is_little_used(room, now)
                && is_abandoned(room)
        };
        let rooms = map.iter().filter(may_go);
        let least_used = rooms.min_by_key(|(_, room)| room.newest_at());
        let Some((log, records)) = least_used.map(|(log, room)| (log.clone(), room.head())) else {
            return false;
        };
        // Under the lock: once the room is out of the map, a client may open another one of this name.
        let retired = self.store.retire_log(&log);
        if retired.is_ok() {
            map.remove(&log);
        }
        drop(map);
        self.delete(&log, records, retired)
    }

    /// Forgets rooms without clients and records. Nothing else refers to them: they can only be found through
    /// this map, which is locked.
    pub(super) fn forget_unused(map: &mut RoomMap) {
        map.retain(|_, room| {
            Arc::strong_count(room) > 1 || room.head() > 0 || room.log.write_error().is_some()
        });
    }

    /// Deletes what is left of a room. False if it could not even be taken out of the data directory.
    fn delete(&self, log: &LogName, records: u64, retired: io::Result<RetiredLog>) -> bool {
        let (is_retired, deleted) = (retired.is_ok(), retired.and_then(RetiredLog::delete));
        let (room, records) = (log.to_string(), records.to_string());
        if is_retired {
            let fields = [("room", &*room), ("records", &*records), ("why", "too many rooms")];
            self.logger.log(Level::Warn, "old-room-removed", &fields);
        }
        if let Err(error) = deleted {
            let fields = [("room", &*room), ("error", &*error.to_string())];
            self.logger.log(Level::Warn, "room-not-deleted", &fields);
        }
        is_retired
    }
}

/// Whether a room has had few records, the newest of them long ago. A room that was not loaded since the
/// start is not known to be.
fn is_little_used(room: &Room, now: u64) -> bool {
    if room.head_at_open().is_none() {
        return false;
    }
    let age = u128::from(now.saturating_sub(room.newest_at()));
    room.head() <= limits::ROOM_FEW_RECORDS && age > limits::ROOM_IDLE.as_millis()
}
