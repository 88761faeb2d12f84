//! What is being said in one room: numbers records, knows repeated cids, gathers the next batch.
//!
//! Room: values alone. It is the state behind a room's lock; who stores a batch and who receives it
//! is not known here.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::Arc;

use super::protocol::{Kind, Record};
use super::{Cid, Operation, OwnerId, RoomName, UserName};
use crate::json;
use crate::limits;

/// A connection, among all that this server has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Who says something: a name, who holds it, and over which connection.
#[derive(Debug, Clone)]
pub struct Author {
    /// The connection.
    pub client: ClientId,
    /// Who holds the name.
    pub owner: OwnerId,
    /// The name.
    pub user: UserName,
}

/// One numbered record, as it is last_committed and as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// 1, 2, 3 … without holes.
    pub seq: u64,
    /// Who said it. It does not travel: the log keeps it beside the record.
    pub owner: OwnerId,
    /// The record's JSON: the same bytes for everyone.
    pub json: Arc<str>,
}

/// A record on its way into the log, and whom to tell if it does not get there.
#[derive(Debug, Clone)]
pub struct PendingRecord {
    /// The record.
    pub entry: LogEntry,
    /// Who said it, by which name.
    pub author: Author,
    /// The cid it was said under.
    pub cid: Cid,
}

/// One thing that a room tells its members.
#[derive(Debug, Clone)]
pub enum BatchItem {
    /// Something numbered, once it is last_committed.
    Record(PendingRecord),
    /// Something that is neither numbered nor last_committed, and not told to one client, its cause.
    Ephemeral {
        /// The message's JSON.
        json: String,
        /// Who is left out.
        except: Option<ClientId>,
        /// How many asides the room had before it.
        index: u64,
    },
}

/// What a room tells its members next, in order.
pub type Batch = Vec<BatchItem>;

/// What became of a line that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the batch, under a number.
    Accepted,
    /// It was said before and is last_committed under this seq.
    AlreadyStored(u64),
    /// It was said before and is on its way into the log.
    InFlight,
    /// Its cid was used for something else.
    CidConflict,
    /// It answers a record that there is not.
    NoSuchTarget,
}

/// The state of one room's conversation.
#[derive(Debug)]
pub struct Sequencer {
    room: RoomName,
    /// The newest last_committed seq.
    last_committed: u64,
    /// The newest seq last_assigned out.
    last_assigned: u64,
    /// The `at` of the record last_assigned out last.
    at: u64,
    batch: Batch,
    /// Asides that there have been.
    ephemeral_count: u64,
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

    /// Takes note of a last_committed record of an earlier run, the oldest first: a repeat of it is known
    /// again, and time does not go back behind it.
    pub fn restore(&mut self, entry: &LogEntry) {
        let value = json::parse(&entry.json).ok();
        let Some(record) = value.and_then(|value| Record::from_json(&value).ok().flatten()) else {
            return; // of a kind that a later version wrote: it has no cid that we would meet
        };
        self.at = self.at.max(record.at);
        let operation = match &record.kind {
            Kind::Operation(operation) => Some(operation),
            Kind::Erased { .. } => None,
        };
        self.recent_cids.add(entry.owner, record.cid, operation, entry.seq);
    }

    /// The newest last_committed seq.
    #[must_use]
    pub fn last_committed(&self) -> u64 {
        self.last_committed
    }

    /// The newest seq last_assigned out.
    #[must_use]
    pub fn last_assigned(&self) -> u64 {
        self.last_assigned
    }

    /// How many items wait to be told.
    #[must_use]
    pub fn pending_count(&self) -> usize {
        self.batch.len()
    }

    /// Whether nothing waits to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// What became of an operation that was done before under `cid`, if one was.
    #[must_use]
    pub fn find(&self, owner: OwnerId, cid: &Cid, operation: &Operation) -> Option<Outcome> {
        let (seq, same) = self.recent_cids.find(owner, cid, operation)?;
        Some(match (same, seq <= self.last_committed) {
            (false, _) => Outcome::CidConflict,
            (true, true) => Outcome::AlreadyStored(seq),
            (true, false) => Outcome::InFlight,
        })
    }

    /// `author` does something under `cid`; `now` is Unix time in ms, and never goes back in a room.
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
            kind: Kind::Operation(operation),
        };
        let entry = LogEntry { seq: record.seq, owner: author.owner, json: record.encode().into() };
        self.batch.push(BatchItem::Record(PendingRecord { entry, author: author.clone(), cid }));
        Outcome::Accepted
    }

    /// Tells the members something that is not numbered, in order with everything else.
    pub fn push_ephemeral(&mut self, json: String, except: Option<ClientId>) {
        self.batch.push(BatchItem::Ephemeral { json, except, index: self.ephemeral_count });
        self.ephemeral_count += 1;
    }

    /// How many asides there have been: the number of the next.
    #[must_use]
    pub fn ephemeral_count(&self) -> u64 {
        self.ephemeral_count
    }

    /// Takes the batch that has gathered.
    pub fn take_batch(&mut self) -> Batch {
        mem::take(&mut self.batch)
    }

    /// Everything up to `seq` is last_committed.
    pub fn commit(&mut self, seq: u64) {
        self.last_committed = self.last_committed.max(seq);
    }

    /// What was taken could not be last_committed: its numbers, and those last_assigned out since, come again.
    /// Returns what has gathered meanwhile and goes down with it; asides stay in the batch.
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

/// What was done, in short; nothing for words that were deleted and that nobody knows any more.
type Digest = Option<u64>;

/// The cids of the newest records, by who used them, and a digest of what was said.
#[derive(Debug, Default)]
struct RecentCids {
    digests: RandomState,
    seqs: HashMap<(OwnerId, Cid), (u64, Digest)>,
    order: VecDeque<(OwnerId, Cid)>,
}

impl RecentCids {
    /// The seq that `cid` has, and whether it stands for the same words.
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
