//! Periodic work: the heartbeat of connections and rooms, and the maintenance of what is stored.
//!
//! Maintenance has a thread of its own, because disks may be slow and pings may not.

use std::sync::Arc;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::logger::Level;
use super::state::shared::Shared;
use crate::limits::CLOSE_WAIT;
use crate::time::unix_ms;
use crate::ws::Encoder;

/// Pings idle clients, disconnects silent ones, and checks every room.
pub(super) fn heartbeat(shared: &Shared) {
    for client in shared.delivery.poll.all() {
        check_client(shared, &client);
    }
    let now = Instant::now();
    for room in shared.rooms.each() {
        shared.broadcaster.run_round(room.check(now));
    }
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

/// Maintains every log, and the files of read markers and names: fsync, retention, retries after an error.
pub(super) fn maintenance(shared: &Shared) {
    for room in shared.rooms.each() {
        if let Err(error) = room.log.maintain(unix_ms()) {
            let fields = [("room", room.name.as_str()), ("error", &error.to_string())];
            shared.logger.log(Level::Warn, "maintenance-failed", &fields);
        }
    }
    if let Err(error) = shared.read_markers.maintain(&shared.names, &shared.rooms) {
        let fields = [("error", &*error.to_string())];
        shared.logger.log(Level::Warn, "read-markers-not-saved", &fields);
    }
    if let Err(error) = shared.names.maintain() {
        shared.logger.log(Level::Warn, "names-not-saved", &[("error", &error.to_string())]);
    }
}
