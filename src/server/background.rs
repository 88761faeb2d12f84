//! Periodic work: the heartbeat of connections and rooms, the maintenance of what is stored, and the check of
//! every room after the start.
//!
//! Maintenance has a thread of its own, because disks may be slow and pings may not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::logger::Level;
use super::room::Room;
use super::state::shared::Shared;
use crate::limits::{self, CLOSE_WAIT};
use crate::time::unix_ms;
use crate::ws::Encoder;

/// Pings idle clients, disconnects silent ones, and checks the rooms that asked for it; after a panic, every
/// room. `panics_seen` is how many there were at the last call.
pub(super) fn heartbeat(shared: &Shared, panics_seen: &AtomicU64) {
    for client in shared.delivery.poll.all() {
        check_client(shared, &client);
    }
    let (now, context) = (Instant::now(), &shared.rooms.context);
    let panics = shared.metrics.panics.get();
    if panics_seen.swap(panics, Ordering::Relaxed) != panics {
        // A thread may have panicked between a change and the round for it, or between a write and its fsync.
        for room in shared.rooms.all() {
            context.checks.add(&room);
            context.maintenance.add(&room);
        }
    }
    context.checks.visit_all(|room| shared.broadcaster.run_round(room.check(now)));
}

fn check_client(shared: &Shared, client: &Arc<Client>) {
    let limits = &shared.config.limits;
    if let Some(closing) = client.closing_time() {
        if closing >= CLOSE_WAIT {
            client.send_queue.shutdown();
        }
    } else if let Some(unanswered) = client.unanswered_ping() {
        if unanswered >= limits.timeouts.pong {
            shared.delivery.disconnect(client, disconnect::NO_PONG, "no answer to a ping");
        }
    } else if client.idle_time() >= limits.timeouts.ping_every {
        let mut frame = Vec::new();
        Encoder::server().ping(&[], &mut frame);
        client.mark_pinged();
        shared.delivery.send(client, &frame.into());
    }
}

/// Maintains the logs that were written, and the files of read markers and names: fsync, retention, retries
/// after an error. Once a minute retention looks at every log. `pass` counts the calls.
pub(super) fn maintenance(shared: &Shared, pass: usize) {
    let maintenance = &shared.rooms.context.maintenance;
    let log = shared.config.log;
    let is_limited = log.retain.is_some() || log.retain_records.is_some();
    if is_limited && pass.is_multiple_of(limits::RETENTION_PASSES) {
        shared.rooms.all().iter().for_each(|room| maintenance.add(room));
    }
    maintenance.visit_all(|room| maintain_room(shared, room));
    if let Err(error) = shared.read_markers.maintain(&shared.names, &shared.rooms) {
        let fields = [("error", &*error.to_string())];
        shared.logger.log(Level::Warn, "read-markers-not-saved", &fields);
    }
    if let Err(error) = shared.names.maintain() {
        shared.logger.log(Level::Warn, "names-not-saved", &[("error", &error.to_string())]);
    }
}

fn maintain_room(shared: &Shared, room: &Arc<Room>) {
    if let Err(error) = room.log.maintain(unix_ms()) {
        let fields = [("room", room.name.as_str()), ("error", &error.to_string())];
        shared.logger.log(Level::Warn, "maintenance-failed", &fields);
    }
    room.measure_memory();
    if room.log.needs_maintenance() {
        shared.rooms.context.maintenance.add(room); // for the next pass
    }
}

/// Loads a room that no client has needed since the start, so that damage is found and logged, and retention
/// applied. Then it rests as long as that took: it uses half a core at most.
pub(super) fn check_room(shared: &Shared, room: &Arc<Room>) {
    let start = Instant::now();
    if shared.rooms.load(room).is_ok() {
        shared.rooms.context.maintenance.add(room);
        if shared.rooms.is_memory_scarce() && room.used_at() == 0 {
            room.log.unload();
        }
    }
    thread::sleep(start.elapsed());
}
