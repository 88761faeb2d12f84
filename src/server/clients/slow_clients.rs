//! Clients whose socket was full: a thread retries their writes, so that no other thread waits for them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use crate::failpoint;
use crate::limits;
use crate::net::DrainResult;

/// All clients that have bytes waiting in their send queue.
///
/// The lock protects the list. The thread takes the clients that are due out of the list and writes
/// without the lock.
#[derive(Debug, Default)]
pub(crate) struct SlowClients {
    /// The clients, in any order.
    waiting: Mutex<Vec<SlowClient>>,
    /// Notified when a client is added.
    added: Condvar,
}

/// A client and when its socket is tried again.
#[derive(Debug)]
struct SlowClient {
    /// The client.
    client: Arc<Client>,
    /// When to try again.
    due: Instant,
    /// The pause before the retry after that; it doubles while the socket takes nothing.
    pause: Duration,
}

impl SlowClients {
    /// The list is only pushed to and taken from in single calls.
    fn waiting(&self) -> MutexGuard<'_, Vec<SlowClient>> {
        failpoint::check(
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner),
            "slow_clients",
        )
    }

    /// Adds a client whose socket has just become full.
    pub(crate) fn add(&self, client: &Arc<Client>) {
        let due = Instant::now() + limits::RETRY_WRITE_MIN;
        let pause = limits::RETRY_WRITE_MIN;
        self.waiting().push(SlowClient { client: Arc::clone(client), due, pause });
        self.added.notify_one();
    }

    /// Waits until at least one client is due, and retries all that are. A client that has taken nothing
    /// for `stall_wait` is evicted. Returns how many were.
    pub(crate) fn retry_due(&self, stall_wait: Duration) -> usize {
        let mut waiting = self.waiting();
        let now = loop {
            let now = Instant::now();
            waiting = match waiting.iter().map(|slow| slow.due).min() {
                None => self.added.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(due) if due <= now => break now,
                Some(due) => {
                    let waited = self.added.wait_timeout(waiting, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        let (due, later) = std::mem::take(&mut *waiting).into_iter().partition(|s| s.due <= now);
        *waiting = later;
        drop(waiting);
        let (mut still_slow, mut evicted) = (Vec::new(), 0);
        for slow in Vec::into_iter(due) {
            match slow.retry(now, stall_wait) {
                Retry::Later(slow) => still_slow.push(slow),
                Retry::Done => {}
                Retry::Evicted => evicted += 1,
            }
        }
        self.waiting().extend(still_slow);
        evicted
    }

    /// How many clients wait, except those that are being retried at this moment.
    pub(crate) fn count(&self) -> usize {
        self.waiting().len()
    }
}

/// The result of one retry.
enum Retry {
    /// More bytes are waiting.
    Later(SlowClient),
    /// The send queue is empty or closed.
    Done,
    /// The socket took nothing for too long; the connection was shut down.
    Evicted,
}

impl SlowClient {
    /// Writes as many bytes as the socket takes.
    fn retry(mut self, now: Instant, stall_wait: Duration) -> Retry {
        match self.client.send_queue.drain(now) {
            DrainResult::Empty | DrainResult::Closed => return Retry::Done,
            DrainResult::Progress => self.pause = limits::RETRY_WRITE_MIN,
            DrainResult::Stalled(wait) if wait >= stall_wait => {
                self.client.send_queue.shutdown();
                return Retry::Evicted;
            }
            DrainResult::Stalled(_) => self.pause = (self.pause * 2).min(limits::RETRY_WRITE_MAX),
        }
        self.due = now + self.pause;
        Retry::Later(self)
    }
}
