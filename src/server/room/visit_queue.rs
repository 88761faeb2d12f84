//! A queue of rooms for a periodic thread, which visits only rooms that have something to do: with ten
//! thousand idle rooms it has nothing to do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

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
    pub(crate) fn visit_all(&self, visit: impl FnMut(&Arc<T>)) {
        self.take().run(visit);
    }

    /// The same, with several items at once: on this thread and on as many more of its name.
    pub(crate) fn visit_at_once(&self, most: usize, visit: impl Fn(&Arc<T>) + Sync)
    where
        T: Send + Sync,
    {
        let items = std::mem::take(&mut self.take().items);
        let count = items.len().clamp(1, most);
        let part = || Visits { queue: self, items: VecDeque::new() };
        let (mut first, mut parts) = (part(), (1..count).map(|_| part()).collect::<Vec<_>>());
        for (item, at) in items.into_iter().zip((0..count).cycle()) {
            parts.get_mut(at).unwrap_or(&mut first).items.push_back(item);
        }
        let name = thread::current().name().unwrap_or_default().to_owned();
        thread::scope(|scope| {
            for part in parts {
                let thread = thread::Builder::new().name(name.clone());
                // If the system refuses a thread, its part is dropped, and so in the queue again.
                thread.spawn_scoped(scope, || part.run(&visit)).ok();
            }
            first.run(&visit);
        });
    }

    fn take(&self) -> Visits<'_, T> {
        Visits { queue: self, items: std::mem::take(&mut *self.items()) }
    }
}

/// A pass through the queue.
struct Visits<'q, T> {
    queue: &'q VisitQueue<T>,
    /// The items that are left.
    items: VecDeque<Arc<T>>,
}

impl<T> Visits<'_, T> {
    fn run(mut self, mut visit: impl FnMut(&Arc<T>)) {
        while let Some(item) = self.items.front() {
            (self.queue.mark)(item).store(false, Ordering::Release);
            visit(item);
            self.items.pop_front();
        }
    }
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
    use std::sync::Barrier;

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
    fn several_items_are_visited_at_once_and_each_once() {
        for count in 0..40 {
            let (queue, _) = items();
            let items: Vec<_> =
                (0..count).map(|name| Arc::new(Item { name, ..Item::default() })).collect();
            items.iter().for_each(|item| queue.add(item));
            let (visited, barrier) =
                (Mutex::new(Vec::new()), Barrier::new(items.len().clamp(1, 16)));
            queue.visit_at_once(16, |item| {
                if item.name < 16 {
                    barrier.wait(); // the visits of sixteen threads wait for each other
                }
                visited.lock().unwrap().push(item.name);
            });
            let mut visited = visited.into_inner().unwrap();
            visited.sort_unstable();
            assert_eq!(visited, (0..count).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn a_panic_beside_other_visits_loses_no_item() {
        let (queue, items) = items();
        items.iter().for_each(|item| queue.add(item));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            queue.visit_at_once(2, |item| assert_ne!(item.name, 2));
        }));
        assert!(panicked.is_err());
        let mut left = visited(&queue);
        left.sort_unstable();
        assert!(left.contains(&2) && left.iter().all(|name| [0, 2].contains(name)), "{left:?}");
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
