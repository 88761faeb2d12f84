//! A queue of rooms for a periodic thread, which visits only rooms that have something to do: with ten
//! thousand idle rooms it has nothing to do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::failpoint;

/// Items that a thread visits next, each once.
///
/// The lock protects the queue; it is held for a push, or to take all of it. To add an item that is in the
/// queue already takes no lock.
#[derive(Debug)]
pub(crate) struct VisitQueue<T> {
    /// The items, in order.
    items: Mutex<VecDeque<Arc<T>>>,
    /// Where an item notes that it is in this queue. Changed under the lock.
    mark: fn(&T) -> &AtomicBool,
    /// The name of the lock, for [`failpoint::check`].
    name: &'static str,
}

impl<T> VisitQueue<T> {
    pub(super) fn new(name: &'static str, mark: fn(&T) -> &AtomicBool) -> VisitQueue<T> {
        VisitQueue { items: Mutex::default(), mark, name }
    }

    fn items(&self) -> MutexGuard<'_, VecDeque<Arc<T>>> {
        failpoint::check(self.items.lock().unwrap_or_else(PoisonError::into_inner), self.name)
    }

    /// Adds an item, unless it is in the queue.
    pub(crate) fn add(&self, item: &Arc<T>) {
        let mark = (self.mark)(item);
        if mark.load(Ordering::Acquire) {
            return; // the visit to come takes the mark away before it looks
        }
        let mut items = self.items();
        if !mark.swap(true, Ordering::AcqRel) {
            items.push_back(Arc::clone(item));
        }
    }

    /// Visits every item that is in the queue now. After a panic, the items that were not visited yet are in
    /// it again, and behind them the one of the panic.
    pub(crate) fn visit_all(&self, mut visit: impl FnMut(&Arc<T>)) {
        let items = std::mem::take(&mut *self.items());
        let mut visits = Visits { queue: self, items };
        while let Some(item) = visits.items.front() {
            (self.mark)(item).store(false, Ordering::Release);
            visit(item);
            visits.items.pop_front();
        }
    }
}

/// A pass through the queue.
struct Visits<'q, T> {
    queue: &'q VisitQueue<T>,
    /// The items that are left.
    items: VecDeque<Arc<T>>,
}

impl<T> Drop for Visits<'_, T> {
    fn drop(&mut self) {
        if self.items.is_empty() {
            return;
        }
        self.items.rotate_left(1);
        for item in self.items.drain(..) {
            (self.queue.mark)(&item).store(false, Ordering::Release);
            self.queue.add(&item);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[derive(Default)]
    struct Item {
        is_queued: AtomicBool,
        name: u32,
    }

    fn items() -> (VisitQueue<Item>, Vec<Arc<Item>>) {
        let queue = VisitQueue::new("test", |item: &Item| &item.is_queued);
        let items = (0..4).map(|name| Arc::new(Item { name, ..Item::default() })).collect();
        (queue, items)
    }

    fn visited(queue: &VisitQueue<Item>) -> Vec<u32> {
        let mut names = Vec::new();
        queue.visit_all(|item| names.push(item.name));
        names
    }

    #[test]
    fn each_item_is_visited_once_however_often_it_was_added() {
        let (queue, items) = items();
        for item in [&items[1], &items[0], &items[1]] {
            queue.add(item);
        }
        assert_eq!(visited(&queue), [1, 0]);
        assert_eq!(visited(&queue).len(), 0, "nothing is visited without a reason");
        queue.add(&items[1]);
        assert_eq!(visited(&queue), [1]);
    }

    #[test]
    fn an_item_that_is_added_during_its_visit_is_visited_again() {
        let (queue, items) = items();
        queue.add(&items[2]);
        queue.visit_all(|item| queue.add(item));
        assert_eq!(visited(&queue), [2]);
    }

    #[test]
    fn a_panic_loses_no_item_and_the_others_come_first() {
        let (queue, items) = items();
        items.iter().for_each(|item| queue.add(item));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            queue.visit_all(|item| assert_ne!(item.name, 1));
        }));
        assert!(panicked.is_err());
        assert_eq!(visited(&queue), [2, 3, 1]);
    }
}
