//! The sequencer of a room: numbers records, recognizes repeated cids (idempotent submissions), and
//! collects the next batch.
//!
//! Values only. It is the state behind a room's lock; `server/room` stores and broadcasts the
//! batches.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::Arc;

use super::protocol::{Record, RecordId, RecordKind};
use super::{Cid, Operation, OwnerId, RoomName, UserName};
use crate::json;
use crate::limits;

/// Identifies a connection among all that this server process has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// The author of a submission: a name, its owner, and the connection.
#[derive(Debug, Clone)]
pub struct Author {
    /// The connection.
    pub client: ClientId,
    /// The owner of the name.
    pub owner: OwnerId,
    /// The name.
    pub user: UserName,
}

/// One record with its seq: the bytes that are stored and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// 1, 2, 3 … without a gap.
    pub seq: u64,
    /// The author's owner id. It is not sent; the log stores it in the same line as the record.
    pub owner: OwnerId,
    /// The record's JSON: the same bytes for every client.
    pub json: Arc<str>,
}

impl LogEntry {
    /// The id of its record, whatever its `type`.
    #[must_use]
    pub fn record_id(&self) -> Option<RecordId> {
        RecordId::from_json(&json::parse(&self.json).ok()?).ok()
    }
}

/// A record that is not stored yet, and who must get an error if storing fails.
#[derive(Debug, Clone)]
pub struct PendingRecord {
    /// The record.
    pub entry: LogEntry,
    /// Its author.
    pub author: Author,
    /// Its cid.
    pub cid: Cid,
}

/// One item that a room broadcasts to its members.
#[derive(Debug, Clone)]
pub enum BatchItem {
    /// A record: broadcast once it is stored.
    Record(PendingRecord),
    /// An ephemeral event (presence, typing): not numbered, not stored, and not sent to the client
    /// that caused it.
    Ephemeral {
        /// The message's JSON.
        json: String,
        /// The client that does not get it.
        except: Option<ClientId>,
        /// How many ephemeral events the room had before it.
        index: u64,
    },
}

/// What a room broadcasts next, in order.
pub type Batch = Vec<BatchItem>;

/// The result of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the batch, with a seq.
    Accepted,
    /// It is a repeat, and is stored under this seq.
    AlreadyStored(u64),
    /// It is a repeat, and is not stored yet.
    InFlight,
    /// Its cid was used for other content.
    CidConflict,
    /// It replies to a seq that does not exist.
    NoSuchTarget,
}

/// Numbers what is submitted to one room.
#[derive(Debug)]
pub struct Sequencer {
    /// The room whose records it numbers.
    room: RoomName,
    /// The newest seq that is stored.
    last_committed: u64,
    /// The newest seq assigned to a record.
    last_assigned: u64,
    /// The `at` of the newest record.
    at: u64,
    /// What the next round stores and broadcasts.
    batch: Batch,
    /// Ephemeral events so far.
    ephemeral_count: u64,
    /// The cids of the newest records, to recognize repeats.
    recent_cids: RecentCids,
}

impl Sequencer {
    /// A room whose log ends with `head`, at the time `at` (Unix time in ms).
    #[must_use]
    pub fn new(room: RoomName, head: u64, at: u64) -> Sequencer {
        Sequencer {
            room,
            last_committed: head,
            last_assigned: head,
            at,
            batch: Batch::new(),
            ephemeral_count: 0,
            recent_cids: RecentCids::default(),
        }
    }

    /// Restores a record that an earlier run stored. The caller restores the oldest first. Its cid
    /// is recognized again, and later records have no earlier `at`.
    pub fn restore(&mut self, entry: &LogEntry) {
        let value = json::parse(&entry.json).ok();
        let Some(record) = value.and_then(|value| Record::from_json(&value).ok().flatten()) else {
            return; // a type of a later version: this version does not know its cid
        };
        self.at = self.at.max(record.at);
        let operation = match &record.kind {
            RecordKind::Operation(operation) => Some(operation),
            RecordKind::Erased { .. } => None,
        };
        self.recent_cids.add(entry.owner, record.cid, operation, entry.seq);
    }

    /// The newest seq that is stored.
    #[must_use]
    pub fn last_committed(&self) -> u64 {
        self.last_committed
    }

    /// The newest seq assigned to a record.
    #[must_use]
    pub fn last_assigned(&self) -> u64 {
        self.last_assigned
    }

    /// The `at` of the newest record, in Unix time in ms.
    #[must_use]
    pub fn newest_at(&self) -> u64 {
        self.at
    }

    /// How many items the batch has.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.batch.len()
    }

    /// Whether the batch is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// The outcome of an earlier submission under `cid`, if there was one.
    #[must_use]
    pub fn find(&self, owner: OwnerId, cid: &Cid, operation: &Operation) -> Option<Outcome> {
        let (seq, same) = self.recent_cids.find(owner, cid, operation)?;
        Some(match (same, seq <= self.last_committed) {
            (false, _) => Outcome::CidConflict,
            (true, true) => Outcome::AlreadyStored(seq),
            (true, false) => Outcome::InFlight,
        })
    }

    /// Submits an operation under `cid`; `now` is Unix time in ms, and `at` never goes back in a
    /// room.
    pub fn submit(&mut self, author: &Author, cid: Cid, operation: Operation, now: u64) -> Outcome {
        if let Some(outcome) = self.find(author.owner, &cid, &operation) {
            return outcome;
        }
        if let Operation::Post { reply: Some(seq), .. } = operation
            && !(1..=self.last_assigned).contains(&seq)
        {
            return Outcome::NoSuchTarget;
        }
        self.last_assigned += 1;
        self.at = self.at.max(now);
        self.recent_cids.add(author.owner, cid.clone(), Some(&operation), self.last_assigned);
        let record = Record {
            room: self.room.clone(),
            seq: self.last_assigned,
            at: self.at,
            user: author.user.clone(),
            cid: cid.clone(),
            kind: RecordKind::Operation(operation),
        };
        let entry = LogEntry { seq: record.seq, owner: author.owner, json: record.encode().into() };
        self.batch.push(BatchItem::Record(PendingRecord { entry, author: author.clone(), cid }));
        Outcome::Accepted
    }

    /// Adds an ephemeral event to the batch, in order with the records.
    pub fn push_ephemeral(&mut self, json: String, except: Option<ClientId>) {
        self.batch.push(BatchItem::Ephemeral { json, except, index: self.ephemeral_count });
        self.ephemeral_count += 1;
    }

    /// How many ephemeral events there have been: the index of the next.
    #[must_use]
    pub fn ephemeral_count(&self) -> u64 {
        self.ephemeral_count
    }

    /// Takes the batch.
    pub fn take_batch(&mut self) -> Batch {
        mem::take(&mut self.batch)
    }

    /// Notes that everything up to `seq` is stored.
    pub fn commit(&mut self, seq: u64) {
        self.last_committed = self.last_committed.max(seq);
    }

    /// Call it when the batch that was taken could not be stored. Its seqs, and those assigned
    /// since, are free again. Returns the records collected since: they are lost too, because their
    /// seqs follow. Ephemeral events stay in the batch.
    pub fn roll_back(&mut self) -> Vec<PendingRecord> {
        self.last_assigned = self.last_committed;
        self.recent_cids.forget_after(self.last_committed);
        let mut lost = Vec::new();
        for item in mem::take(&mut self.batch) {
            match item {
                BatchItem::Record(pending) => lost.push(pending),
                ephemeral @ BatchItem::Ephemeral { .. } => self.batch.push(ephemeral),
            }
        }
        lost
    }
}

/// A hash of the operation; `None` where its text was erased, so that it can no longer be compared.
type Digest = Option<u64>;

/// The cids of the newest records by owner, each with a hash of its operation.
#[derive(Debug, Default)]
struct RecentCids {
    /// Hashes operations, with a random key.
    digests: RandomState,
    /// The seq and the digest of each cid.
    seqs: HashMap<(OwnerId, Cid), (u64, Digest)>,
    /// The same cids, the oldest first.
    order: VecDeque<(OwnerId, Cid)>,
}

impl RecentCids {
    /// The seq of `cid`, and whether it was used for the same operation.
    fn find(&self, owner: OwnerId, cid: &Cid, operation: &Operation) -> Option<(u64, bool)> {
        let (seq, digest) = self.seqs.get(&(owner, cid.clone()))?;
        Some((*seq, digest.is_none_or(|digest| digest == self.digests.hash_one(operation))))
    }

    fn add(&mut self, owner: OwnerId, cid: Cid, operation: Option<&Operation>, seq: u64) {
        let key = (owner, cid);
        let digest = operation.map(|operation| self.digests.hash_one(operation));
        self.seqs.insert(key.clone(), (seq, digest));
        self.order.push_back(key);
        if self.order.len() > limits::CID_WINDOW {
            self.order.pop_front().map(|oldest| self.seqs.remove(&oldest));
        }
    }

    fn forget_after(&mut self, last_committed: u64) {
        while let Some(newest) = self.order.back()
            && self.seqs.get(newest).is_none_or(|(seq, _)| *seq > last_committed)
        {
            self.seqs.remove(newest);
            self.order.pop_back();
        }
    }
}

#[cfg(test)]
mod tests;
