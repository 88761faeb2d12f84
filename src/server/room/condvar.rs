//! A condition variable that costs nothing to notify while no thread waits.
//!
//! The one of std makes a system call for each notification, and most rounds of a room end while no thread
//! waits for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};

/// A condition variable for a condition that a lock protects.
#[derive(Debug, Default)]
pub(crate) struct LazyCondvar {
    condvar: Condvar,
    /// How many threads wait. A waiter increments it while it holds the lock.
    waiting: AtomicUsize,
}

impl LazyCondvar {
    /// Waits as `Condvar::wait` does: until a notification, or spuriously.
    pub(crate) fn wait<'g, T>(&self, guard: MutexGuard<'g, T>) -> MutexGuard<'g, T> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = self.condvar.wait(guard).unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Wakes one waiting thread, under the same rule as [`notify_all`](LazyCondvar::notify_all).
    pub(crate) fn notify_one(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_one();
        }
    }

    /// Wakes all waiting threads. Call it after the condition was changed under the lock: a thread that
    /// is not counted by then has not checked the condition yet, and will find it changed.
    pub(crate) fn notify_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn no_notification_is_lost_between_two_threads_that_take_turns() {
        const TURNS: u32 = 20_000;
        let (turn, condvar) = (Mutex::new(0), LazyCondvar::default());
        let play = |own: u32| {
            for _ in 0..TURNS {
                let mut now = turn.lock().unwrap();
                while *now % 2 != own {
                    now = condvar.wait(now);
                }
                *now += 1;
                drop(now);
                condvar.notify_all();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| play(0));
            scope.spawn(|| play(1));
        });
        assert_eq!(turn.into_inner().unwrap(), 2 * TURNS);
        assert_eq!(condvar.waiting.into_inner(), 0);
    }
}
