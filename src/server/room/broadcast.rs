//! Broadcast: store a room's batch in its log, then send it to everyone in the room.
//!
//! The thread that submits a record runs one round itself if none is running. If more records arrive
//! meanwhile, a broadcaster thread takes over, so that the session can go back to reading its socket. There
//! are several: a round may wait for the disk, and other rooms may not.

use std::borrow::Cow;
use std::io;
use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::history;
use super::pacing::Pacing;
use super::round_queue::RoundQueue;
use super::state::Receiver;
use super::{Room, RoundGuard};
use crate::chat::protocol::{ErrorMessage, ServerMessage};
use crate::chat::{Batch, BatchItem, ClientId, ErrorCode, LogEntry};
use crate::limits;
use crate::server::clients::delivery::Delivery;
use crate::server::logger::Level;
use crate::ws;

/// Runs rounds.
#[derive(Debug)]
pub(crate) struct Broadcaster {
    /// Sends to the receivers.
    delivery: Arc<Delivery>,
    /// The rooms that the broadcaster threads continue with.
    pub(super) queue: RoundQueue,
}

impl Broadcaster {
    pub(crate) fn new(delivery: Arc<Delivery>) -> Broadcaster {
        Broadcaster { delivery, queue: RoundQueue::default() }
    }

    /// Runs one round, if the caller got the permission to.
    pub(crate) fn run_round(&self, guard: Option<RoundGuard>) {
        if let Some(guard) = guard {
            run_round(&self.delivery, guard.room());
            if let Some(guard) = guard.finish() {
                self.queue.add(guard); // more has arrived meanwhile
            }
        }
    }

    /// Waits for a room with work, and runs rounds until the room that it has in hand needs none. Of several
    /// rooms each gets one round in turn. A broadcaster thread repeats it.
    pub(crate) fn run_queued(&self) {
        let mut guard = self.queue.take();
        loop {
            let start = Instant::now();
            let write_time = run_round(&self.delivery, guard.room());
            pause(guard.room(), start, write_time);
            let Some(next) = guard.finish() else { return };
            guard = self.queue.exchange(next);
        }
    }
}

/// Pauses after a round, so that records gather. The pause grows with the number of receivers: none with two
/// members; with a thousand, records share writes. An fsync does not count as write time: the next batch gathers
/// during it.
fn pause(room: &Room, start: Instant, write_time: Duration) {
    let mut pacing = Pacing::new(start, write_time, Instant::now());
    while let Some(sleep) = pacing.next_sleep(Instant::now(), room.pending_count()) {
        thread::sleep(sleep);
    }
}

/// Stores and broadcasts the batch that has gathered. Returns how long it wrote to receivers, but at most
/// [`PACING_WRITE`](limits::PACING_WRITE) for each: on a busy machine the receivers run before the thread
/// that writes to them.
fn run_round(delivery: &Delivery, room: &Arc<Room>) -> Duration {
    let mut batch = room.take_batch();
    let entries: Vec<LogEntry> = batch.iter().filter_map(entry).collect();
    let start = Instant::now();
    let appended = room.log.append(&entries);
    let metrics = &delivery.metrics.messages;
    if !entries.is_empty() {
        metrics.appends.observe(start.elapsed());
        room.context.maintenance.add(room); // also after an error: maintenance retries
    }
    let stored = match appended {
        Ok(()) => entries.last().map_or(0, |entry| entry.seq),
        Err(error) => {
            reject_batch(delivery, room, &error, &mut batch);
            0
        }
    };
    let encoded = EncodedBatch::encode(&batch);
    let start = Instant::now();
    let receivers = room.commit(stored);
    for Receiver { client, first_ephemeral } in receivers.iter() {
        delivery.send(client, &encoded.frames_for(client.id, *first_ephemeral));
    }
    let write_time = start.elapsed();
    for (client, seq) in room.end_broadcast() {
        answer_repeat(delivery, room, client, seq);
    }
    metrics.rounds.count();
    if stored > 0 {
        metrics.stored.add(entries.len());
        metrics.deliveries.add(entries.len() * receivers.len());
    }
    let receivers = u32::try_from(receivers.len()).unwrap_or(u32::MAX);
    write_time.min(limits::PACING_WRITE.saturating_mul(receivers))
}

/// Sends a record again to a client that submitted it again during the broadcast: it may have received the
/// record just before that.
fn answer_repeat(delivery: &Delivery, room: &Room, client: ClientId, seq: u64) {
    let Some(client) = delivery.poll.find(client) else { return };
    if let Some(entry) = history::read_record(room, seq) {
        delivery.send_json(&client, &entry.json);
    }
}

/// Rejects a batch that could not be stored: sends an error to the author of each record, and leaves only the
/// ephemeral events in the batch.
fn reject_batch(delivery: &Delivery, room: &Room, error: &io::Error, batch: &mut Batch) {
    let also = room.roll_back().into_iter().map(BatchItem::Record);
    let (records, ephemeral) = mem::take(batch)
        .into_iter()
        .chain(also)
        .partition(|item| matches!(item, BatchItem::Record(_)));
    *batch = ephemeral;
    let lost: Vec<BatchItem> = records;
    let (name, error) = (room.name.as_str(), error.to_string());
    delivery.logger.log(Level::Warn, "append-failed", &[("room", name), ("error", &error)]);
    for item in lost {
        let BatchItem::Record(pending) = item else { continue };
        let Some(client) = delivery.poll.find(pending.author.client) else { continue };
        let message = "the server could not store this message, try again later";
        let error = ErrorMessage::new(ErrorCode::Storage, message).about_cid(pending.cid);
        delivery.send_message(&client, &ServerMessage::Error(error));
    }
}

fn entry(item: &BatchItem) -> Option<LogEntry> {
    match item {
        BatchItem::Record(pending) => Some(pending.entry.clone()),
        BatchItem::Ephemeral { .. } => None,
    }
}

/// A batch as WebSocket frames: encoded once, shared by all receivers.
#[derive(Debug)]
pub(super) struct EncodedBatch<'i> {
    /// The batch.
    items: &'i [BatchItem],
    /// The frames for a client that caused none of the ephemeral events.
    everyone: Arc<[u8]>,
    /// The frames for each client that caused one: it does not get its own.
    own_frames: Vec<(ClientId, Arc<[u8]>)>,
    /// The index of the first ephemeral event.
    first_ephemeral: Option<u64>,
}

impl EncodedBatch<'_> {
    pub(super) fn encode(items: &[BatchItem]) -> EncodedBatch<'_> {
        let mut all_causes: Vec<ClientId> = items.iter().flat_map(causes).copied().collect();
        all_causes.sort_unstable();
        all_causes.dedup();
        let frames_for = |client| encode_frames(items, client, 0);
        EncodedBatch {
            items,
            everyone: frames_for(None),
            own_frames: all_causes.into_iter().map(|id| (id, frames_for(Some(id)))).collect(),
            first_ephemeral: items.iter().find_map(index),
        }
    }

    /// The frames for `client`. A client that joined during the batch does not get ephemeral events older
    /// than `first_ephemeral`; its frames are encoded separately. No client gets an ephemeral event that
    /// it caused.
    pub(super) fn frames_for(&self, client: ClientId, first_ephemeral: u64) -> Cow<'_, Arc<[u8]>> {
        if self.first_ephemeral.is_some_and(|first| first < first_ephemeral) {
            return Cow::Owned(encode_frames(self.items, Some(client), first_ephemeral));
        }
        let own = self.own_frames.iter().find(|(id, _)| *id == client);
        Cow::Borrowed(own.map_or(&self.everyone, |(_, frames)| frames))
    }
}

/// Encodes the items that `client` gets, with ephemeral events from the index `first_ephemeral` on.
fn encode_frames(items: &[BatchItem], client: Option<ClientId>, first_ephemeral: u64) -> Arc<[u8]> {
    let mut frames = Vec::new();
    for item in items {
        let is_own = client.is_some_and(|client| causes(item).contains(&client));
        let is_old = index(item).is_some_and(|index| index < first_ephemeral);
        if !is_own && !is_old {
            ws::push_text_frame(&mut frames, json(item).as_bytes());
        }
    }
    frames.into()
}

/// The clients that do not get an ephemeral event, because they caused it or know it already.
fn causes(item: &BatchItem) -> &[ClientId] {
    match item {
        BatchItem::Record(_) => &[],
        BatchItem::Ephemeral { except, .. } => except,
    }
}

fn index(item: &BatchItem) -> Option<u64> {
    match item {
        BatchItem::Record(_) => None,
        BatchItem::Ephemeral { index, .. } => Some(*index),
    }
}

fn json(item: &BatchItem) -> &str {
    match item {
        BatchItem::Record(pending) => &pending.entry.json,
        BatchItem::Ephemeral { json, .. } => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_receivers_share_one_encoding_except_who_caused_an_ephemeral_event() {
        let event =
            |json: &str, except, index| BatchItem::Ephemeral { json: json.into(), except, index };
        let items = [event("{}", vec![], 4), event("[1]", vec![ClientId(7), ClientId(8)], 5)];
        let encoded = EncodedBatch::encode(&items);
        assert_eq!(&**encoded.frames_for(ClientId(1), 4), b"\x81\x02{}\x81\x03[1]");
        assert_eq!(&**encoded.frames_for(ClientId(7), 4), b"\x81\x02{}");
        assert_eq!(&**encoded.frames_for(ClientId(8), 4), b"\x81\x02{}");
        let (one, two) = (encoded.frames_for(ClientId(1), 0), encoded.frames_for(ClientId(2), 4));
        assert!(Arc::ptr_eq(&one, &two), "encoded once");
        assert_eq!(
            &**encoded.frames_for(ClientId(1), 5),
            b"\x81\x03[1]",
            "it joined after the first"
        );
        assert_eq!(&**encoded.frames_for(ClientId(7), 5), b"");
        assert_eq!(&**encoded.frames_for(ClientId(1), 6), b"");
    }
}
