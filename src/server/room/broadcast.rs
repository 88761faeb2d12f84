//! Carrying: a room's batch into its log, and then to everyone in the room.
//!
//! Room: rounds, and the thread that goes on with them. Whoever finds nobody carrying a room carries
//! it for one round; if more has gathered meanwhile, the carrier thread goes on until nothing is
//! left, so that no session is kept from its own reading.

use std::io;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use super::history;
use super::pacing::Pacing;
use super::parcel::EncodedBatch;
use super::{Load, Receiver, Room};
use crate::chat::protocol::ServerMessage;
use crate::chat::{Batch, BatchItem, ClientId, ErrorCode, LogEntry};
use crate::limits;
use crate::server::logger::Level;
use crate::server::state::shared::Shared;

impl Shared {
    /// Carries a room for one round, if that fell to the caller.
    pub(crate) fn carry(&self, load: Option<Load>) {
        if let Some(load) = load {
            drop(carry(self, load));
        }
    }

    /// What the carrier thread does: waits for work, does one round for every room that has any, and
    /// rests. Two members feel no delay, a thousand share writes. The time in which the log was forced to
    /// the disk does not count as work: meanwhile the next batch gathered.
    pub(crate) fn carry_on(&self) {
        let loads = self.carrier.take();
        let begun = Instant::now();
        let bearers: Vec<Bearer<'_>> = loads.into_iter().map(|load| carry(self, load)).collect();
        let worked = bearers.iter().map(|bearer| bearer.worked).sum();
        let mut pacing = Pacing::new(begun, worked, Instant::now());
        let pending_count = || bearers.iter().map(Bearer::pending_count).sum();
        while let Some(nap) = pacing.next_pause(Instant::now(), pending_count()) {
            thread::sleep(nap);
        }
        drop(bearers);
    }
}

/// One round for one room. Once the bearer is dropped the load is set down; if more has gathered by
/// then, the carrier thread goes on.
fn carry(shared: &Shared, load: Load) -> Bearer<'_> {
    let mut bearer = Bearer { shared, load: Some(load), worked: Duration::ZERO };
    bearer.worked = bearer.round();
    bearer
}

/// Holds a load for one round. Dropped, by a panic too, it passes on what is still to be carried.
#[must_use]
struct Bearer<'h> {
    shared: &'h Shared,
    load: Option<Load>,
    /// How long it wrote to receivers, as far as that was work: on a busy machine those who receive run
    /// before the one who writes to them.
    worked: Duration,
}

impl Drop for Bearer<'_> {
    fn drop(&mut self) {
        if let Some(load) = self.load.take().and_then(Load::set_down) {
            self.shared.carrier.add(load);
        }
    }
}

impl Bearer<'_> {
    /// How much waits for the next round.
    fn pending_count(&self) -> usize {
        self.load.as_ref().map_or(0, |load| load.room().pending_count())
    }

    /// Does the round; returns how long it worked.
    fn round(&self) -> Duration {
        let Some(room) = self.load.as_ref().map(Load::room) else { return Duration::ZERO };
        let mut batch = room.take();
        let entries: Vec<LogEntry> = batch.iter().filter_map(entry).collect();
        let begun = Instant::now();
        let appended = room.log.append(&entries);
        if !entries.is_empty() {
            self.shared.metrics.appends.observe(begun.elapsed());
        }
        let stored = match appended {
            Ok(()) => entries.last().map_or(0, |entry| entry.seq),
            Err(error) => {
                self.refuse(room, &error, &mut batch);
                0
            }
        };
        let encoded = EncodedBatch::encode(&batch);
        let start = Instant::now();
        let receivers = room.publish(stored);
        for Receiver { client, aside } in receivers.iter() {
            self.shared.deliver(client, &encoded.for_client(client.id, *aside));
        }
        let worked = start.elapsed();
        for (client, seq) in room.published() {
            self.answer(room, client, seq);
        }
        let metrics = &self.shared.metrics;
        metrics.batches.count();
        if stored > 0 {
            metrics.messages.add(entries.len());
            metrics.deliveries.add(entries.len() * receivers.len());
        }
        let receivers = u32::try_from(receivers.len()).unwrap_or(u32::MAX);
        worked.min(limits::PACING_WRITE.saturating_mul(receivers))
    }

    /// Who said something again while it was written out may have heard it just before: it is told
    /// once more.
    fn answer(&self, room: &Room, client: ClientId, seq: u64) {
        let Some(client) = self.shared.poll.find(client) else { return };
        if let Some(entry) = history::record(room, seq) {
            self.shared.tell_json(&client, &entry.json);
        }
    }

    /// A batch could not be stored: its authors are told, and only asides are left in it.
    fn refuse(&self, room: &Room, error: &io::Error, batch: &mut Batch) {
        let also = room.roll_back().into_iter().map(BatchItem::Record);
        let (records, asides) = mem::take(batch)
            .into_iter()
            .chain(also)
            .partition(|i| matches!(i, BatchItem::Record(_)));
        *batch = asides;
        let lost: Vec<BatchItem> = records;
        let (name, error) = (room.name.as_str(), error.to_string());
        self.shared.logger.log(Level::Warn, "not-stored", &[("room", name), ("error", &error)]);
        for item in lost {
            let BatchItem::Record(offered) = item else { continue };
            let Some(client) = self.shared.poll.find(offered.author.client) else { continue };
            self.shared.tell(
                &client,
                &ServerMessage::Error {
                    code: ErrorCode::Storage,
                    message: String::from("the server could not store this line, try again later"),
                    cid: Some(offered.cid),
                    room: None,
                    retry_ms: None,
                },
            );
        }
    }
}

fn entry(item: &BatchItem) -> Option<LogEntry> {
    match item {
        BatchItem::Record(offered) => Some(offered.entry.clone()),
        BatchItem::Ephemeral { .. } => None,
    }
}
