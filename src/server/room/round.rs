//! The permission to run a round for a room, and the rooms that wait for one.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Room;
use super::condvar::LazyCondvar;
use crate::failpoint;

/// Permission to run rounds for a room; at most one exists.
///
/// Its holder runs one round and then calls [`finish`](RoundGuard::finish). If it is dropped instead, by a
/// panic, then the room is free again, and the heartbeat starts the next round.
#[derive(Debug)]
#[must_use]
pub(crate) struct RoundGuard {
    room: Arc<Room>,
    /// False once the room is free again.
    is_held: bool,
}

impl RoundGuard {
    /// For [`Room::try_start_round`] only, which has marked the round as running.
    pub(super) fn new(room: &Arc<Room>) -> RoundGuard {
        RoundGuard { room: Arc::clone(room), is_held: true }
    }

    pub(crate) fn room(&self) -> &Room {
        &self.room
    }

    /// Ends the round. If more has arrived meanwhile, the room goes to `queue`, for the broadcaster thread.
    pub(crate) fn finish(mut self, queue: &RoundQueue) {
        self.is_held = !self.room.end_round();
        if self.is_held {
            queue.add(self);
        }
    }
}

impl Drop for RoundGuard {
    fn drop(&mut self) {
        if self.is_held {
            self.room.abort_round();
        }
    }
}

/// The rooms for which the broadcaster thread runs the next round.
///
/// The lock protects the queue; it is held for a push, or to take all of it.
#[derive(Debug, Default)]
pub(crate) struct RoundQueue {
    rounds: Mutex<VecDeque<RoundGuard>>,
    /// Notified when a room is added.
    added: LazyCondvar,
}

impl RoundQueue {
    fn rounds(&self) -> MutexGuard<'_, VecDeque<RoundGuard>> {
        failpoint::check(self.rounds.lock().unwrap_or_else(PoisonError::into_inner), "rounds")
    }

    fn add(&self, guard: RoundGuard) {
        self.rounds().push_back(guard);
        self.added.notify_all();
    }

    /// Waits until there is at least one, and takes all.
    pub(crate) fn take(&self) -> VecDeque<RoundGuard> {
        let mut rounds = self.rounds();
        while rounds.is_empty() {
            rounds = self.added.wait(rounds);
        }
        mem::take(&mut *rounds)
    }
}
