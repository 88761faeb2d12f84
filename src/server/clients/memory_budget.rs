//! Unfinished messages: how many bytes of them all clients together may have here.
//!
//! Room: one count. A [`Reservation`] is one connection's part of it; dropped, it is given back.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The count.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    most: usize,
    bytes: AtomicUsize,
}

/// What one connection has of it.
#[derive(Debug)]
pub(crate) struct Reservation<'u> {
    of: &'u MemoryBudget,
    bytes: usize,
}

/// All clients together have as much as they may.
#[derive(Debug)]
pub(crate) struct OverBudget;

impl MemoryBudget {
    /// So many bytes at most.
    pub(crate) fn new(most: usize) -> MemoryBudget {
        MemoryBudget { most, bytes: AtomicUsize::new(0) }
    }

    /// How many there are now.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A reservation that is empty.
    pub(crate) fn reservation(&self) -> Reservation<'_> {
        Reservation { of: self, bytes: 0 }
    }
}

impl Reservation<'_> {
    /// Makes it so many bytes.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), OverBudget> {
        if bytes <= self.bytes {
            if bytes < self.bytes {
                self.of.bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
                self.bytes = bytes;
            }
            return Ok(());
        }
        let more = bytes - self.bytes;
        let before = self.of.bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes = bytes;
        if before.saturating_add(more) > self.of.most { Err(OverBudget) } else { Ok(()) }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_refused_and_what_it_had_is_free_again() {
        let memory_budget = MemoryBudget::new(100);
        let (mut one, mut owners) = (memory_budget.reservation(), memory_budget.reservation());
        assert!(one.resize(60).is_ok());
        assert!(owners.resize(40).is_ok());
        assert!(owners.resize(41).is_err());
        drop(owners);
        assert!(one.resize(100).is_ok());
        assert!(one.resize(0).is_ok());
        let mut three = memory_budget.reservation();
        assert!(three.resize(100).is_ok());
        drop((one, three));
        assert_eq!(memory_budget.bytes.load(Ordering::Relaxed), 0);
    }
}
