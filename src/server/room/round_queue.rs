//! The rooms that wait for the broadcaster thread.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::RoundGuard;
use super::condvar::LazyCondvar;
use crate::failpoint;

/// The rooms for which the broadcaster thread runs the next round.
///
/// The lock protects the queue; it is held for a push, or to take all of it.
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
        self.added.notify_all();
    }

    /// Waits until at least one room is queued, and takes all.
    pub(crate) fn take(&self) -> VecDeque<RoundGuard> {
        let mut rounds = self.rounds();
        while rounds.is_empty() {
            rounds = self.added.wait(rounds);
        }
        mem::take(&mut *rounds)
    }
}
