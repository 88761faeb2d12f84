//! The thread that drains those who are behind, so that nobody else waits for them.
//!
//! Room: a list of clients whose sockets were full, and a clock.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::Client;
use crate::failpoint;
use crate::limits;
use crate::net::Drained;

/// Everybody who has bytes waiting.
#[derive(Debug, Default)]
pub(crate) struct SlowClients {
    behind: Mutex<Vec<SlowClient>>,
    more: Condvar,
}

/// A client and when to try its socket again.
#[derive(Debug)]
struct SlowClient {
    client: Arc<Client>,
    again: Instant,
    pause: Duration,
}

impl SlowClients {
    /// The one place the lock is taken. The list is only ever pushed to and taken whole.
    fn behind(&self) -> MutexGuard<'_, Vec<SlowClient>> {
        failpoint::check(self.behind.lock().unwrap_or_else(PoisonError::into_inner), "behind")
    }

    /// Takes charge of a client that has just fallen behind.
    pub(crate) fn add(&self, client: &Arc<Client>) {
        let again = Instant::now() + limits::RETRY_WRITE_MIN;
        let pause = limits::RETRY_WRITE_MIN;
        self.behind().push(SlowClient { client: Arc::clone(client), again, pause });
        self.more.notify_one();
    }

    /// Waits for clients, and for the next of them to be due, and tries those that are; who takes nothing
    /// for `stall_wait` is dropped. Returns how many were.
    pub(crate) fn round(&self, stall_wait: Duration) -> usize {
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
        let (mut still, mut dropped) = (Vec::new(), 0);
        for behind in Vec::into_iter(due) {
            match behind.retry(now, stall_wait) {
                Retry::SlowClient(behind) => still.push(behind),
                Retry::Done => {}
                Retry::Evicted => dropped += 1,
            }
        }
        self.behind().extend(still);
        dropped
    }

    /// How many there are, save those that are being tried just now.
    pub(crate) fn count(&self) -> usize {
        self.behind().len()
    }
}

/// What a try has left.
enum Retry {
    /// There is more.
    SlowClient(SlowClient),
    /// Nothing is left, or nobody.
    Done,
    /// It took nothing for too long, and was dropped.
    Evicted,
}

impl SlowClient {
    /// Drains what the socket takes.
    fn retry(mut self, now: Instant, stall_wait: Duration) -> Retry {
        match self.client.send_queue.drain(now) {
            Drained::Empty | Drained::Closed => return Retry::Done,
            Drained::Progress => self.pause = limits::RETRY_WRITE_MIN,
            Drained::Stalled(wait) if wait >= stall_wait => {
                self.client.send_queue.shutdown();
                return Retry::Evicted;
            }
            Drained::Stalled(_) => self.pause = (self.pause * 2).min(limits::RETRY_WRITE_MAX),
        }
        self.again = now + self.pause;
        Retry::SlowClient(self)
    }
}
