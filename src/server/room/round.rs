//! The rooms that wait for the carrier thread.
//!
//! Room: a queue. What is done with them is in `carry`.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Load;
use super::condvar::LazyCondvar;
use crate::failpoint;

/// The rooms that the carrier thread is to go on with.
#[derive(Debug, Default)]
pub(crate) struct Carrier {
    loads: Mutex<VecDeque<Load>>,
    more: LazyCondvar,
}

impl Carrier {
    /// The one place the lock is taken. A queue is only ever pushed to and taken whole.
    fn loads(&self) -> MutexGuard<'_, VecDeque<Load>> {
        failpoint::check(self.loads.lock().unwrap_or_else(PoisonError::into_inner), "loads")
    }

    pub(crate) fn add(&self, load: Load) {
        self.loads().push_back(load);
        self.more.notify_all();
    }

    /// Waits until there is work, and takes all of it.
    pub(crate) fn take(&self) -> VecDeque<Load> {
        let mut loads = self.loads();
        while loads.is_empty() {
            loads = self.more.wait(loads);
        }
        mem::take(&mut *loads)
    }
}
