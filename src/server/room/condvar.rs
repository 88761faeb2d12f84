//! A condition variable that costs nothing to signal while nobody waits for it.
//!
//! Room: a condition variable and a count. The one of std makes a system call for each signal, and most
//! rounds of a room end with nobody waiting for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};

/// What threads wait for under a lock that guards the condition.
#[derive(Debug, Default)]
pub(crate) struct LazyCondvar {
    condition: Condvar,
    /// It goes up under the lock, before that is given back.
    waiting: AtomicUsize,
}

impl LazyCondvar {
    /// Waits as `Condvar::wait` does: until a signal, or for no reason at all.
    pub(crate) fn wait<'g, T>(&self, guard: MutexGuard<'g, T>) -> MutexGuard<'g, T> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = self.condition.wait(guard).unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Wakes everybody who waits. Called after the condition was changed under the lock: who has not
    /// counted itself by then has not looked at the condition yet, and will find it changed.
    pub(crate) fn notify_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condition.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn no_signal_is_lost_between_two_threads_that_take_turns() {
        const TURNS: u32 = 20_000;
        let (turn, signal) = (Mutex::new(0), LazyCondvar::default());
        let play = |own: u32| {
            for _ in 0..TURNS {
                let mut now = turn.lock().unwrap();
                while *now % 2 != own {
                    now = signal.wait(now);
                }
                *now += 1;
                drop(now);
                signal.notify_all();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| play(0));
            scope.spawn(|| play(1));
        });
        assert_eq!(turn.into_inner().unwrap(), 2 * TURNS);
        assert_eq!(signal.waiting.into_inner(), 0);
    }
}
