//! The rooms that wait for a broadcaster thread.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::RoundGuard;
use super::condvar::LazyCondvar;
use crate::failpoint;

/// The rooms for which a broadcaster thread runs the next round.
///
/// The lock protects the queue; it is held for a push and a pop.
#[derive(Debug, Default)]
pub(crate) struct RoundQueue {
    /// The permissions of these rooms, in order.
    rounds: Mutex<VecDeque<RoundGuard>>,
    /// Notified when a room is added.
    added: LazyCondvar,
}

impl RoundQueue {
    fn rounds(&self) -> MutexGuard<'_, VecDeque<RoundGuard>> {
        failpoint::check(self.rounds.lock().unwrap_or_else(PoisonError::into_inner), "rounds")
    }

    pub(super) fn add(&self, guard: RoundGuard) {
        self.rounds().push_back(guard);
        self.added.notify_one();
    }

    /// Waits until a room is queued, and takes the first.
    pub(crate) fn take(&self) -> RoundGuard {
        let mut rounds = self.rounds();
        loop {
            if let Some(guard) = rounds.pop_front() {
                return guard;
            }
            rounds = self.added.wait(rounds);
        }
    }

    /// Adds a room behind all others, and takes the first. No thread needs to wake: as many rooms wait as before.
    pub(super) fn exchange(&self, guard: RoundGuard) -> RoundGuard {
        let mut rounds = self.rounds();
        let Some(first) = rounds.pop_front() else { return guard };
        rounds.push_back(guard);
        first
    }
}
