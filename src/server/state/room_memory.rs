//! Keeps what rooms have in memory within one limit for all of them.

use std::sync::Arc;

use crate::metrics::Gauge;
use crate::server::room::Room;

/// Releases what the least recently used rooms have in memory, until `used` is an eighth below `limit`: so the
/// next call is not due at once. Everything released is in the logs, and is read again when it is needed.
///
/// Cids and newest records go first: to read them again costs a read of the end of a log. An index goes only
/// if that is not enough, because the whole log must be read for it. The room that was used last keeps all: a
/// single room larger than the limit would be loaded again and again.
pub(super) fn release(mut rooms: Vec<Arc<Room>>, used: &Gauge, limit: usize) {
    let goal = limit - limit / 8;
    rooms.retain(|room| room.memory() > 0);
    rooms.sort_by_cached_key(|room| room.used_at());
    rooms.pop();
    for room in &rooms {
        if used.get() <= goal {
            return;
        }
        room.release_newest();
    }
    for room in &rooms {
        if used.get() <= goal {
            return;
        }
        room.log.unload();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::LogEntry;
    use crate::limits;
    use crate::log::{LogConfig, ReadLimit, Store, SyncPolicy};
    use crate::server::room::RoomContext;

    #[test]
    fn the_least_recently_used_rooms_release_first_and_only_as_much_as_is_needed() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        let (sync, file_bytes) = (SyncPolicy::Always, limits::LOG_FILE);
        let config = LogConfig { sync, file_bytes, retain: None, retain_records: None };
        let context = Arc::new(RoomContext::new(Arc::clone(&store.metrics().memory), 0));
        let room = |n: u64| {
            let name = format!("room{n}").parse().unwrap();
            let log = store.new_log(&name, config, n.to_string(), None);
            let entry = |seq: u64| {
                LogEntry {
                seq,
                owner: "0".repeat(32).parse().unwrap(),
                json: format!(r#"{{"type":"post","room":"{name}","seq":{seq},"at":1,"user":"bob","cid":"{seq}","text":"hi"}}"#).into(),
            }
            };
            log.append(&(1..=50).map(entry).collect::<Vec<_>>()).unwrap();
            log.maintain(0).unwrap();
            let room = Arc::new(Room::new(name, log, &context));
            room.open().unwrap();
            room.touch([7, 3, 9, 5][usize::try_from(n).unwrap()]);
            room
        };
        let rooms: Vec<Arc<Room>> = (0..4).map(room).collect();
        let sizes = || rooms.iter().map(|room| room.memory()).collect::<Vec<_>>();
        let full = sizes()[0];
        assert!(sizes().iter().all(|size| *size == full) && context.memory.get() == 4 * full);
        release(rooms.clone(), &context.memory, full * 7 / 2);
        let index = sizes()[1];
        assert!(index > 0 && index < full / 2, "room 1 was used first: {:?}", sizes());
        assert_eq!(sizes(), [full, index, full, full]);
        release(rooms.clone(), &context.memory, 1);
        assert_eq!(sizes(), [0, 0, full, 0], "the room that was used last keeps all");
        for room in &rooms {
            let limit = ReadLimit { records: 100, bytes: usize::MAX };
            assert_eq!(room.log.read(0, limit).unwrap().len(), 50);
        }
    }
}
