//! Which deleted text is erased next, and how fast: a fair queue over the people who delete, and a
//! budget of bytes. Values only; the server's `eraser` thread does what they say.
//!
//! Each erasure rewrites one file of up to [`limits::LOG_FILE`] bytes, however short the text. So
//! the people whose texts wait take turns, one file each: a person who deletes in a thousand files
//! delays another person by one. If more people wait than files, the files take turns instead: a
//! person with a thousand names delays another by the files that wait, and not by a thousand.
//!
//! With p other owners and f other files in line before it, a file has its turn after p + f turns at most:
//! each turn takes one of them out of one of the two lines, and what comes later stands behind. Mostly it is
//! the smaller of the two.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Log, PendingErasure};
use crate::chat::OwnerId;
use crate::limits;

/// A file of a log: the log's address in memory, and the seq of the file's first record.
type FileId = (usize, u64);

fn file_id(log: &Arc<dyn Log>, segment: u64) -> FileId {
    (Arc::as_ptr(log).cast::<()>().addr(), segment)
}

/// The files that wait for an erasure.
#[derive(Debug, Default)]
pub struct ErasureQueue {
    /// They, in the order in which they were found.
    waiting: Vec<Waiting>,
    /// When each owner of them got in line.
    turns: HashMap<OwnerId, u64>,
    /// The number of the next who gets in line.
    next_turn: u64,
    /// The owner who had the last turn: gets in line again behind all who came during it.
    served: Option<OwnerId>,
    /// Files whose erasure has failed, and when it is tried again.
    failed: HashMap<FileId, Instant>,
}

/// One file that waits, for one owner.
#[derive(Debug)]
struct Waiting {
    owner: OwnerId,
    log: Arc<dyn Log>,
    segment: u64,
}

impl Waiting {
    fn file(&self) -> FileId {
        file_id(&self.log, self.segment)
    }
}

impl ErasureQueue {
    /// Looks at every log for what is left to erase. What was not known waits behind the rest.
    pub fn update<'l>(&mut self, logs: impl IntoIterator<Item = &'l Arc<dyn Log>>, now: Instant) {
        self.failed.retain(|_, until| *until > now);
        let mut found = Vec::new();
        for log in logs {
            found.extend(log.pending_erasures().into_iter().map(|pending| {
                let PendingErasure { owner, segment } = pending;
                Waiting { owner, log: Arc::clone(log), segment }
            }));
        }
        let key = |waiting: &Waiting| (waiting.file(), waiting.owner);
        let pending: HashSet<_> = found.iter().map(key).collect();
        self.waiting.retain(|waiting| pending.contains(&key(waiting)));
        let known: HashSet<_> = self.waiting.iter().map(key).collect();
        self.waiting.extend(found.into_iter().filter(|waiting| !known.contains(&key(waiting))));
        let owners: HashSet<OwnerId> = self.waiting.iter().map(|waiting| waiting.owner).collect();
        self.turns.retain(|owner, _| owners.contains(owner));
        let served = self.served.take().filter(|served| owners.contains(served));
        let others = self.waiting.iter().map(|waiting| waiting.owner);
        for owner in others.filter(|owner| Some(*owner) != served).chain(served) {
            self.turns.entry(owner).or_insert_with(|| {
                self.next_turn += 1;
                self.next_turn
            });
        }
    }

    /// Takes the next file: of the owner who is first in line, the one that waits longest; if there are more owners
    /// than files, the one of all that waits longest. The next [`ErasureQueue::update`] puts the owner in line again.
    /// Everybody's deleted texts in that file are erased with it.
    pub fn take_next(&mut self) -> Option<(Arc<dyn Log>, u64)> {
        let ready =
            self.waiting.iter().filter(|waiting| !self.failed.contains_key(&waiting.file()));
        let is_by_file = self.turns.len() > self.len();
        let turn = |waiting: &&Waiting| {
            let of_owner = self.turns.get(&waiting.owner).copied().unwrap_or(u64::MAX);
            if is_by_file { 0 } else { of_owner } // of equals, the first is taken
        };
        let Waiting { owner, log, segment } = ready.min_by_key(turn)?;
        let (owner, log, segment) = (*owner, Arc::clone(log), *segment);
        self.turns.remove(&owner);
        self.served = Some(owner);
        self.waiting.retain(|waiting| waiting.file() != file_id(&log, segment));
        Some((log, segment))
    }

    /// The erasure of a file has failed: the others go first, and it is tried again after
    /// [`limits::ERASE_RETRY`].
    pub fn set_failed(&mut self, log: &Arc<dyn Log>, segment: u64, now: Instant) {
        self.failed.insert(file_id(log, segment), now + limits::ERASE_RETRY);
    }

    /// How many files wait.
    #[must_use]
    pub fn len(&self) -> usize {
        let files: HashSet<FileId> = self.waiting.iter().map(Waiting::file).collect();
        files.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// How many bytes erasure may write: [`limits::ERASE_BURST`] at once, then
/// [`limits::ERASE_BYTES_PER_SECOND`].
#[derive(Debug, Default)]
pub struct ErasureBudget {
    /// When all bytes written so far are paid for.
    paid: Option<Instant>,
}

impl ErasureBudget {
    /// Takes `bytes`; returns how long to wait before the next are written.
    pub fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        let cost = |bytes: u64| {
            Duration::from_micros(bytes.saturating_mul(1_000_000) / limits::ERASE_BYTES_PER_SECOND)
        };
        let paid = self.paid.map_or(now, |paid| paid.max(now)) + cost(bytes as u64);
        self.paid = Some(paid);
        paid.saturating_duration_since(now).saturating_sub(cost(limits::ERASE_BURST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_has_a_burst_and_then_a_rate() {
        let (start, mut budget) = (Instant::now(), ErasureBudget::default());
        let chunk = 1024 * 1024;
        for _ in 0..limits::ERASE_BURST / chunk {
            assert_eq!(budget.take(chunk as usize, start), Duration::ZERO);
        }
        assert_eq!(budget.take(chunk as usize, start), Duration::from_secs(1));
        let later = start + Duration::from_secs(2);
        assert_eq!(budget.take(chunk as usize, later), Duration::ZERO, "it was paid meanwhile");
        assert_eq!(budget.take(chunk as usize, later), Duration::from_secs(1));
        let rested = later + Duration::from_secs(3_600);
        let free = (0..100).filter(|_| budget.take(chunk as usize, rested).is_zero()).count();
        assert_eq!(free as u64, limits::ERASE_BURST / chunk, "a rest brings back the burst only");
    }
}
