//! The sequencer of a room: numbers records, recognizes repeated cids (idempotent submissions), and
//! collects the next batch.
//!
//! Values only. It is the state behind a room's lock; `server/room` stores and broadcasts the
//! batches.

use std::mem;
use std::sync::Arc;

use super::authors::Authors;
use super::protocol::{Record, RecordId, RecordKind};
use super::recent_cids::RecentCids;
use super::{Cid, Operation, OwnerId, RoomName, UserName};
use crate::json;

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
        /// The clients that do not get it.
        except: Vec<ClientId>,
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
    /// Whether it is a repeat is unknown: the caller must call [`Sequencer::set_cids`] first.
    CidsUnknown,
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
    /// The cids of the newest records, to recognize repeats; `None` while they are in the log only.
    recent_cids: Option<Box<RecentCids>>,
    /// The names whose newest post is not stored yet, and is of another owner than the stored one before.
    new_owners: Authors,
}

impl Sequencer {
    /// A room whose log ends with `head`, at the time `at` (Unix time in ms). It accepts nothing before
    /// it has the cids of the log, unless the log is empty.
    #[must_use]
    pub fn new(room: RoomName, head: u64, at: u64) -> Sequencer {
        Sequencer {
            room,
            last_committed: head,
            last_assigned: head,
            at,
            batch: Batch::new(),
            ephemeral_count: 0,
            recent_cids: (head == 0).then(Box::default),
            new_owners: Authors::default(),
        }
    }

    /// Whether it knows the cids of the newest records.
    #[must_use]
    pub fn has_cids(&self) -> bool {
        self.recent_cids.is_some()
    }

    /// Sets the cids of the newest records, which were read from the log, unless they are known. Later
    /// records have no earlier `at` than these.
    pub fn set_cids(&mut self, cids: RecentCids) {
        self.at = self.at.max(cids.at());
        self.recent_cids.get_or_insert(Box::new(cids));
    }

    /// Forgets the cids, which are in the log. False if some of them are not, because their records
    /// are not stored yet.
    pub fn forget_cids(&mut self) -> bool {
        let all_stored = self.last_assigned == self.last_committed;
        if all_stored && self.last_committed > 0 {
            self.recent_cids = None;
        }
        all_stored
    }

    /// How many bytes the cids take.
    #[must_use]
    pub fn cid_memory(&self) -> usize {
        match &self.recent_cids {
            Some(cids) if self.last_assigned > 0 => cids.memory(),
            Some(_) | None => 0,
        }
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
        let Some(recent_cids) = &self.recent_cids else { return Some(Outcome::CidsUnknown) };
        let (seq, same) = recent_cids.find(owner, cid, operation)?;
        Some(match (same, seq <= self.last_committed) {
            (false, _) => Outcome::CidConflict,
            (true, true) => Outcome::AlreadyStored(seq),
            (true, false) => Outcome::InFlight,
        })
    }

    /// Submits an operation under `cid`; `now` is Unix time in ms, and `at` never goes back in a
    /// room. `stored` is the owner of the newest stored post under the author's name: a post of another owner
    /// says that the name has a new one.
    pub fn submit(
        &mut self,
        author: &Author,
        cid: Cid,
        operation: Operation,
        now: u64,
        stored: Option<OwnerId>,
    ) -> Outcome {
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
        let is_post = matches!(operation, Operation::Post { .. });
        let new_owner = is_post && self.note_author(author, stored);
        if let Some(recent_cids) = &mut self.recent_cids {
            recent_cids.add(self.last_assigned, Some((author.owner, &cid)), Some(&operation));
        }
        let record = Record {
            room: self.room.clone(),
            seq: self.last_assigned,
            at: self.at,
            user: author.user.clone(),
            cid: cid.clone(),
            kind: RecordKind::Operation(operation),
            new_owner,
        };
        let entry = LogEntry { seq: record.seq, owner: author.owner, json: record.encode().into() };
        self.batch.push(BatchItem::Record(PendingRecord { entry, author: author.clone(), cid }));
        Outcome::Accepted
    }

    /// Notes the author of the newest record, a post. Returns whether the post before it under the same name,
    /// if there is one, was another owner's.
    fn note_author(&mut self, author: &Author, stored: Option<OwnerId>) -> bool {
        let before = if self.new_owners.is_empty() {
            stored
        } else {
            self.new_owners.last_owner(&author.user).or(stored)
        };
        if before != Some(author.owner) {
            self.new_owners.add(author.user.as_str(), author.owner, self.last_assigned);
        }
        before.is_some_and(|before| before != author.owner)
    }

    /// Adds an ephemeral event to the batch, in order with the records. The clients in `except` do not get it.
    pub fn push_ephemeral(&mut self, json: String, except: impl IntoIterator<Item = ClientId>) {
        let (except, index) = (except.into_iter().collect(), self.ephemeral_count);
        self.batch.push(BatchItem::Ephemeral { json, except, index });
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
        if !self.new_owners.is_empty() {
            self.new_owners.forget_before(self.last_committed + 1); // the log knows them now
        }
    }

    /// Call it when the batch that was taken could not be stored. Its seqs, and those assigned
    /// since, are free again. Returns the records collected since: they are lost too, because their
    /// seqs follow. Ephemeral events stay in the batch.
    pub fn roll_back(&mut self) -> Vec<PendingRecord> {
        self.last_assigned = self.last_committed;
        if let Some(recent_cids) = &mut self.recent_cids {
            recent_cids.forget_after(self.last_committed);
        }
        self.new_owners = Authors::default(); // the posts that are stored are not in it
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

#[cfg(test)]
mod tests;
