//! The cids of a room's newest records, to recognize repeats (idempotent submissions).
//!
//! A cid is up to 64 bytes of text that a client chose. What is kept of it is an 8-byte hash of owner
//! and cid, with a random key (SipHash): at most 30 bytes for each record, whatever its cid. Among
//! 10,000 records, a new cid is taken for an old one once in 10^15 submissions; the client is then
//! answered `cid_conflict`, and nothing is lost.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use super::protocol::{Record, RecordKind};
use super::{Cid, Operation, OwnerId};
use crate::json;
use crate::limits;

/// The cids of the newest [`CID_WINDOW`](limits::CID_WINDOW) records, each with a hash of its
/// operation. Their seqs have no gap.
#[derive(Debug, Default)]
pub struct RecentCids {
    /// Hashes with a random key, which no client knows.
    hasher: RandomState,
    /// What is kept of each record, the oldest first.
    records: VecDeque<RecordHash>,
    /// The seq of the oldest of them.
    first: u64,
    /// The newest `at` of the records that were restored.
    at: u64,
    /// An open-addressing table of `records`: the seq of each in the first free slot at or after that
    /// of its hash; 0 is free. Its length is a power of two, and at most three quarters are taken.
    slots: Vec<u64>,
}

/// What is kept of one record.
#[derive(Debug, Clone, Copy, Default)]
struct RecordHash {
    /// The hash of its owner and cid.
    cid: u64,
    /// The hash of its operation; 0 where its text was erased, so that it cannot be compared.
    operation: u64,
}

impl RecentCids {
    /// The seq of `cid`, and whether it was used for the same operation.
    pub(super) fn find(
        &self,
        owner: OwnerId,
        cid: &Cid,
        operation: &Operation,
    ) -> Option<(u64, bool)> {
        let (hash, mut slot) = self.hash(owner, cid);
        loop {
            let seq = *self.slots.get(slot)?;
            let record = self.record(seq)?; // a free slot: seq 0
            if record.cid == hash {
                let is_same = [0, self.hash_operation(operation)].contains(&record.operation);
                return Some((seq, is_same));
            }
            slot = self.next(slot);
        }
    }

    /// Adds the record `seq`, the next of the room. A record without `cid` is of a later version,
    /// which this version cannot read.
    pub(super) fn add(
        &mut self,
        seq: u64,
        cid: Option<(OwnerId, &Cid)>,
        operation: Option<&Operation>,
    ) {
        if self.records.is_empty() {
            self.first = seq;
        }
        if self.records.len() >= limits::CID_WINDOW {
            self.remove(self.first);
            self.records.pop_front();
            self.first += 1;
        }
        let operation = operation.map_or(0, |operation| self.hash_operation(operation));
        let cid = match cid {
            Some((owner, cid)) => self.hash(owner, cid).0,
            None => self.hasher.hash_one(seq),
        };
        if self.records.len() == self.records.capacity() {
            // Doubles, but not beyond the window.
            let more = self.records.len().max(8).min(limits::CID_WINDOW - self.records.len());
            self.records.reserve_exact(more.max(1));
        }
        self.records.push_back(RecordHash { cid, operation });
        if self.records.len() * 4 > self.slots.len() * 3 {
            self.rebuild();
        } else {
            self.insert(seq, cid);
        }
    }

    /// Restores the next record of the log, as JSON, the oldest first.
    pub fn restore(&mut self, seq: u64, owner: OwnerId, record: &str) {
        let value = json::parse(record).ok();
        match value.and_then(|value| Record::from_json(&value).ok().flatten()) {
            Some(record) => {
                self.at = self.at.max(record.at);
                let operation = match &record.kind {
                    RecordKind::Operation(operation) => Some(operation),
                    RecordKind::Erased { .. } => None,
                };
                self.add(seq, Some((owner, &record.cid)), operation);
            }
            None => self.add(seq, None, None),
        }
    }

    /// The newest `at` of the records that were restored.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Forgets the records after `last`.
    pub(super) fn forget_after(&mut self, last: u64) {
        while !self.records.is_empty() && self.first + self.records.len() as u64 > last + 1 {
            self.remove(self.first + self.records.len() as u64 - 1);
            self.records.pop_back();
        }
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<RecentCids>()
            + self.records.capacity() * size_of::<RecordHash>()
            + self.slots.capacity() * size_of::<u64>()
    }

    // ---- The table -----------------------------------------------------------------------------

    /// The hash of a cid, and the slot where its search begins.
    fn hash(&self, owner: OwnerId, cid: &Cid) -> (u64, usize) {
        let hash = self.hasher.hash_one((owner, cid));
        (hash, self.slot_of(hash))
    }

    fn hash_operation(&self, operation: &Operation) -> u64 {
        self.hasher.hash_one(operation).max(1)
    }

    fn record(&self, seq: u64) -> Option<RecordHash> {
        let index = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        if seq == 0 { None } else { self.records.get(index).copied() }
    }

    fn slot_of(&self, hash: u64) -> usize {
        usize::try_from(hash & self.mask()).unwrap_or(0)
    }

    fn mask(&self) -> u64 {
        (self.slots.len() as u64).wrapping_sub(1)
    }

    fn next(&self, slot: usize) -> usize {
        if slot + 1 < self.slots.len() { slot + 1 } else { 0 }
    }

    fn insert(&mut self, seq: u64, hash: u64) {
        let mut slot = self.slot_of(hash);
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = self.next(slot);
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = seq;
        }
    }

    /// Removes a record from the table, and moves those behind it back, so that no search ends at the
    /// gap (Knuth, volume 3, 6.4, algorithm R).
    fn remove(&mut self, seq: u64) {
        let Some(record) = self.record(seq) else { return };
        let mut gap = self.slot_of(record.cid);
        while self.slots.get(gap).is_some_and(|found| *found != seq) {
            gap = self.next(gap);
        }
        let mut slot = gap;
        loop {
            if let Some(free) = self.slots.get_mut(gap) {
                *free = 0;
            }
            let moved = loop {
                slot = self.next(slot);
                let Some(moved) = self.slots.get(slot).and_then(|found| self.record(*found)) else {
                    return; // the end of the run
                };
                let home = self.slot_of(moved.cid);
                let stays = if gap <= slot {
                    gap < home && home <= slot
                } else {
                    gap < home || home <= slot
                };
                if !stays {
                    break self.slots.get(slot).copied().unwrap_or(0);
                }
            };
            if let Some(free) = self.slots.get_mut(gap) {
                *free = moved;
            }
            gap = slot;
        }
    }

    /// Makes a table with room for half as many records again.
    fn rebuild(&mut self) {
        self.slots = vec![0; (self.records.len() * 2).next_power_of_two().max(8)];
        for (seq, index) in (self.first..).zip(0..self.records.len()) {
            let hash = self.records.get(index).map_or(0, |record| record.cid);
            self.insert(seq, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::chat::Text;

    fn cid(n: u64) -> Cid {
        format!("c{n}").parse().unwrap()
    }

    fn post(text: &str) -> Operation {
        Operation::Post { text: Text::parse(text, 100).unwrap(), me: false, reply: None }
    }

    #[test]
    fn it_finds_what_a_map_finds_through_any_adding_and_forgetting() {
        let owner: OwnerId = "0".repeat(32).parse().unwrap();
        let mut cids = RecentCids::default();
        let (mut seqs, mut turns) = (HashMap::new(), VecDeque::new()); // the same, slowly and simply
        let (mut head, mut random) = (0, 11_u64);
        for turn in 0..40_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if random >> 60 == 0 && head > 0 {
                let forgotten = (random >> 40) % 20 % head;
                head -= forgotten;
                cids.forget_after(head);
                for _ in 0..forgotten {
                    turns.pop_back().map(|turn| seqs.remove(&turn));
                }
            } else {
                head += 1;
                cids.add(head, Some((owner, &cid(turn))), Some(&post("a")));
                seqs.insert(turn, head);
                turns.push_back(turn);
                if turns.len() > limits::CID_WINDOW {
                    turns.pop_front().map(|turn| seqs.remove(&turn));
                }
            }
            for asked in [turn, turn / 2, turn.saturating_sub(limits::CID_WINDOW as u64)] {
                let found = cids.find(owner, &cid(asked), &post("a"));
                assert_eq!(found, seqs.get(&asked).map(|seq| (*seq, true)), "turn {turn}");
            }
        }
        let taken = cids.slots.iter().filter(|slot| **slot != 0).count();
        assert_eq!((taken, cids.records.len()), (seqs.len(), seqs.len()));
        assert!(taken > limits::CID_WINDOW / 2);
        let each = cids.memory() / limits::CID_WINDOW;
        assert!(each <= 30, "{each} bytes for each record");
    }

    #[test]
    fn a_record_of_a_later_version_keeps_the_place_of_its_seq() {
        let owner: OwnerId = "0".repeat(32).parse().unwrap();
        let mut cids = RecentCids::default();
        cids.restore(
            7,
            owner,
            r#"{"type":"post","room":"lobby","seq":7,"at":9,"user":"bob","cid":"c7","text":"a"}"#,
        );
        cids.restore(
            8,
            owner,
            r#"{"type":"poll","room":"lobby","seq":8,"at":9,"user":"bob","cid":"c8"}"#,
        );
        cids.restore(
            9,
            owner,
            r#"{"type":"post","room":"lobby","seq":9,"at":9,"user":"bob","cid":"c9","text":"a"}"#,
        );
        assert_eq!(cids.find(owner, &cid(7), &post("a")), Some((7, true)));
        assert_eq!(cids.find(owner, &cid(8), &post("a")), None);
        assert_eq!(cids.find(owner, &cid(9), &post("b")), Some((9, false)));
        assert_eq!(cids.at(), 9);
    }
}
