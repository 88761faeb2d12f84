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
