//! Periodic work: the heartbeat of connections and rooms, the maintenance of what is stored, the erasure of
//! deleted texts, and the check of every room after the start.
//!
//! Maintenance has a thread of its own, because disks may be slow and pings may not. Erasure has one too: it
//! waits for its budget, and fsyncs may not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::clients::client::Client;
use super::clients::disconnect;
use super::clock::{ClockEvent, WallClockWatch};
use super::logger::Level;
use super::room::Room;
use super::state::shared::Shared;
use crate::limits::{self, CLOSE_WAIT};
use crate::log::{DroppedSegment, ErasureBudget, ErasureQueue, LockState, LockWatch, Log};
use crate::time::utc;
use crate::ws::Encoder;

/// Compares the clock with the wall clock, and logs what the operator should know.
pub(super) fn follow_clock(shared: &Shared, mut watch: WallClockWatch) -> WallClockWatch {
    let seconds = |ms: i64| (ms / 1_000).to_string();
    let log = |event, fields: &[(&str, &str)]| shared.logger.log(Level::Warn, event, fields);
    match shared.rooms.clock.follow(&mut watch) {
        None => {}
        Some(ClockEvent::Jumped(by)) => log(
            "clock-jumped",
            &[
                ("seconds", &seconds(by)),
                ("dates", "follow if it stays for 10 minutes"),
                ("retention", "rests until it was right for a day"),
            ],
        ),
        Some(ClockEvent::Believed(by)) => log("clock-followed", &[("seconds", &seconds(by))]),
        Some(ClockEvent::RightAgain) => log("clock-right-again", &[]),
    }
    watch
}

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

/// Logs that retention has dropped a file, also at the default verbosity: its records are gone.
fn log_dropped(shared: &Shared, room: &Room, dropped: &DroppedSegment) {
    let DroppedSegment { file, records, newest, why } = dropped;
    let fields = [
        ("room", room.name.as_str()),
        ("file", &*file.file_name().unwrap_or_default().to_string_lossy()),
        ("records", &*records.to_string()),
        ("newest", &*utc(*newest)),
        ("why", why),
    ];
    shared.logger.log(Level::Notice, "records-dropped", &fields);
}

fn log_written_again(shared: &Shared, file: &str) {
    let why =
        "another program has removed or changed it; stop the server before you restore a backup";
    let fields = [("file", file), ("why", why)];
    shared.logger.log(Level::Warn, "file-written-again", &fields);
}

/// Looks whether this server still has the lock of the data directory. If another server has it, this one
/// stores nothing any more: both would write the same files.
pub(super) fn check_lock(shared: &Shared, watch: &mut Option<LockWatch>) {
    let checked = match watch {
        Some(watch) => watch.check(),
        None => shared.rooms.watch_lock().and_then(|new| watch.insert(new).check()),
    };
    let is_lost = matches!(checked, Ok(LockState::InUse(_)));
    let was_lost = shared.rooms.set_lock_lost(is_lost);
    let log = |event, fields: &[(&str, &str)]| shared.logger.log(Level::Warn, event, fields);
    match checked {
        Ok(LockState::Held) => {}
        Ok(LockState::TakenAgain) => {
            log("lock-taken-again", &[("why", "its file was removed or replaced")]);
        }
        Ok(LockState::InUse(_)) if was_lost => {}
        Ok(LockState::InUse(by)) => log(
            "lock-lost",
            &[("error", &*by), ("cure", "stop one of the two servers, then restart the other")],
        ),
        Err(error) => log("lock-not-checked", &[("error", &error.to_string())]),
    }
}

/// What the eraser thread knows.
#[derive(Debug, Default)]
pub(super) struct Eraser {
    /// The logs with deleted texts that are still on the disk.
    logs: Vec<Arc<dyn Log>>,
    /// Whose turn it is.
    queue: ErasureQueue,
    /// How much it may write.
    budget: ErasureBudget,
}

impl Eraser {
    /// Erases deleted texts from the disk, until none is left. One file that fails does not hold up another.
    pub(super) fn run(&mut self, shared: &Shared) {
        loop {
            self.logs.retain(|log| log.is_erasure_pending());
            shared.rooms.context.erasures.visit_all(|room| {
                if self.logs.iter().all(|log| !Arc::ptr_eq(log, &room.log)) {
                    self.logs.push(Arc::clone(&room.log));
                }
            });
            self.queue.update(&self.logs, Instant::now());
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

/// Maintains the logs that were written, and the files of read markers, memberships and names: fsync, retention, retries
/// after an error. Once a minute retention looks at every log. `pass` counts the calls.
pub(super) fn maintenance(shared: &Shared, pass: usize) {
    log_load_changes(shared);
    if shared.rooms.is_lock_lost() {
        return; // the files belong to another server now
    }
    let maintenance = &shared.rooms.context.maintenance;
    let log = shared.config.log;
    let is_limited = log.retain.is_some() || log.retain_records.is_some();
    if is_limited && pass.is_multiple_of(limits::RETENTION_PASSES) {
        shared.rooms.each().for_each(|room| maintenance.add(&room));
    }
    maintenance.visit_at_once(limits::MAINTAINED_AT_ONCE, |room| maintain_room(shared, room));
    match shared.read_markers.maintain(&shared.names, &shared.rooms) {
        Ok(false) => {}
        Ok(true) => log_written_again(shared, "marks.jsonl"),
        Err(error) => {
            let fields = [("error", &*error.to_string())];
            shared.logger.log(Level::Warn, "read-markers-not-saved", &fields);
        }
    }
    match shared.memberships.maintain(&shared.rooms) {
        Ok(false) => {}
        Ok(true) => log_written_again(shared, "memberships.jsonl"),
        Err(error) => {
            let fields = [("error", &*error.to_string())];
            shared.logger.log(Level::Warn, "memberships-not-saved", &fields);
        }
    }
    match shared.names.maintain() {
        Ok(false) => {}
        Ok(true) => log_written_again(shared, "names.jsonl"),
        Err(error) => {
            shared.logger.log(Level::Warn, "names-not-saved", &[("error", &error.to_string())]);
        }
    }
    let read_markers = shared.read_markers.file_bytes();
    let journals = shared.names.file_bytes() + read_markers + shared.memberships.file_bytes();
    shared.rooms.disk_space.set_journals(journals);
}

/// Logs which rooms cannot be loaded, and which can again: once each, however often clients ask for them.
fn log_load_changes(shared: &Shared) {
    if !shared.rooms.log_metrics().load_changed.swap(false, Ordering::Relaxed) {
        return;
    }
    for room in shared.rooms.each() {
        let name = ("room", room.name.as_str());
        match room.take_load_change() {
            None => {}
            Some(Some(error)) => {
                let fields = [name, ("error", &*error), ("again", "when it is used next")];
                shared.logger.log(Level::Warn, "room-not-loaded", &fields);
            }
            Some(None) => shared.logger.log(Level::Warn, "room-loaded-again", &[name]),
        }
    }
}

fn maintain_room(shared: &Shared, room: &Arc<Room>) {
    if let Err(error) = room.log.maintain(shared.rooms.clock.retention_ms()) {
        let fields = [("room", room.name.as_str()), ("error", &error.to_string())];
        shared.logger.log(Level::Warn, "maintenance-failed", &fields);
    }
    room.log.take_dropped().iter().for_each(|dropped| log_dropped(shared, room, dropped));
    if room.log.is_erasure_pending() {
        shared.rooms.context.erasures.add(room);
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
        shared.read_markers.check_room(room);
        shared.rooms.context.maintenance.add(room);
        if room.context.is_memory_scarce() && room.used_at() == 0 {
            room.log.unload();
        }
    }
    thread::sleep(start.elapsed());
}
