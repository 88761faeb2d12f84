//! Periodic work: the heartbeat of connections and rooms, the maintenance of what is stored, and the erasure of
//! deleted texts.
//!
//! Maintenance has a thread of its own, because disks may be slow and pings may not. Erasure has one too: it
//! waits for its budget, and fsyncs may not.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::logger::Level;
use super::state::shared::Shared;
use crate::limits::{self, CLOSE_WAIT};
use crate::log::{ErasureBudget, ErasureQueue, Log};
use crate::time::unix_ms;
use crate::ws::Encoder;

/// Pings idle clients, disconnects silent ones, and checks every room.
pub(super) fn heartbeat(shared: &Shared) {
    for client in shared.delivery.poll.all() {
        check_client(shared, &client);
    }
    let now = Instant::now();
    for room in shared.rooms.all() {
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

/// What the eraser thread knows.
#[derive(Debug, Default)]
pub(super) struct Eraser {
    /// Whose turn it is.
    queue: ErasureQueue,
    /// How much it may write.
    budget: ErasureBudget,
}

impl Eraser {
    /// Erases deleted texts from the disk, until none is left. One file that fails does not hold up another.
    pub(super) fn run(&mut self, shared: &Shared) {
        loop {
            let logs: Vec<Arc<dyn Log>> =
                shared.rooms.all().iter().map(|room| Arc::clone(&room.log)).collect();
            self.queue.update(&logs, Instant::now());
            let Some((log, segment)) = self.queue.take_next() else { return };
            let budget = &mut self.budget;
            let mut pace = |bytes| thread::sleep(budget.take(bytes, Instant::now()));
            pace(limits::ERASE_FILE_COST);
            match log.erase(segment, &mut pace) {
                Ok(()) => shared.metrics.erased_files.count(),
                Err(error) => {
                    self.queue.set_failed(&log, segment, Instant::now());
                    let fields = [("error", &*error.to_string())];
                    shared.logger.log(Level::Warn, "erasure-failed", &fields);
                }
            }
        }
    }
}

/// Maintains every log, and the files of read markers and names: fsync, retention, retries after an error.
pub(super) fn maintenance(shared: &Shared) {
    for room in shared.rooms.all() {
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
