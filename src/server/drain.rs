//! The thread that drains those who are behind, so that nobody else waits for them.
//!
//! Room: a list of clients whose sockets were full, and a clock.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use crate::limits;
use crate::net::Drained;

/// Everybody who has bytes waiting.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    behind: Mutex<Vec<Behind>>,
    more: Condvar,
}

/// A client and when to try its socket again.
#[derive(Debug)]
struct Behind {
    client: Arc<Client>,
    again: Instant,
    pause: Duration,
}

impl Drain {
    /// The one place the lock is taken. The list is only ever pushed to and taken whole.
    fn behind(&self) -> MutexGuard<'_, Vec<Behind>> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes charge of a client that has just fallen behind.
    pub(crate) fn add(&self, client: &Arc<Client>) {
        let again = Instant::now() + limits::DRAIN_PAUSE_MIN;
        let pause = limits::DRAIN_PAUSE_MIN;
        self.behind().push(Behind { client: Arc::clone(client), again, pause });
        self.more.notify_one();
    }

    /// Waits for clients, and for the next of them to be due, and tries those that are; who takes nothing
    /// for `stall_wait` is dropped.
    pub(crate) fn round(&self, stall_wait: Duration) {
        let mut list = self.behind();
        let now = loop {
            let now = Instant::now();
            list = match list.iter().map(|behind| behind.again).min() {
                None => self.more.wait(list).unwrap_or_else(PoisonError::into_inner),
                Some(again) if again <= now => break now,
                Some(again) => {
                    let waited = self.more.wait_timeout(list, again - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        let (due, later) = std::mem::take(&mut *list).into_iter().partition(|b| b.again <= now);
        *list = later;
        drop(list);
        let still = Vec::into_iter(due).filter_map(|behind| behind.tried(now, stall_wait));
        let still: Vec<Behind> = still.collect();
        self.behind().extend(still);
    }
}

impl Behind {
    /// Drains what the socket takes; `None` once the client needs this thread no longer.
    fn tried(mut self, now: Instant, stall_wait: Duration) -> Option<Behind> {
        match self.client.outbound.drain(now) {
            Drained::Empty | Drained::Gone => return None,
            Drained::Moving => self.pause = limits::DRAIN_PAUSE_MIN,
            Drained::Stuck(wait) if wait >= stall_wait => {
                self.client.outbound.abandon();
                return None;
            }
            Drained::Stuck(_) => self.pause = (self.pause * 2).min(limits::DRAIN_PAUSE_MAX),
        }
        self.again = now + self.pause;
        Some(self)
    }
}
