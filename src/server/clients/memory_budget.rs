//! A budget for partial messages: how many bytes of them all clients together may have in memory.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The budget.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    /// How many bytes may be reserved.
    max: usize,
    /// How many bytes are reserved.
    bytes: AtomicUsize,
}

/// One connection's part of the budget. Dropping it returns its bytes.
#[derive(Debug)]
pub(crate) struct Reservation<'b> {
    budget: &'b MemoryBudget,
    bytes: usize,
}

/// All connections together have reserved more than the budget.
#[derive(Debug)]
pub(crate) struct OverBudget;

impl MemoryBudget {
    /// A budget of `max` bytes.
    pub(crate) fn new(max: usize) -> MemoryBudget {
        MemoryBudget { max, bytes: AtomicUsize::new(0) }
    }

    /// How many bytes are reserved now.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// An empty reservation.
    pub(crate) fn reservation(&self) -> Reservation<'_> {
        Reservation { budget: self, bytes: 0 }
    }
}

impl Reservation<'_> {
    /// Changes this reservation to `bytes`.
    ///
    /// # Errors
    /// When the budget is exceeded; the bytes are reserved all the same, until the connection ends.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), OverBudget> {
        if bytes <= self.bytes {
            if bytes < self.bytes {
                self.budget.bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
                self.bytes = bytes;
            }
            return Ok(());
        }
        let more = bytes - self.bytes;
        let before = self.budget.bytes.fetch_add(more, Ordering::Relaxed);
        self.bytes = bytes;
        if before.saturating_add(more) > self.budget.max { Err(OverBudget) } else { Ok(()) }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_over_the_budget_is_refused_and_frees_its_bytes() {
        let budget = MemoryBudget::new(100);
        let (mut one, mut two) = (budget.reservation(), budget.reservation());
        assert!(one.resize(60).is_ok());
        assert!(two.resize(40).is_ok());
        assert!(two.resize(41).is_err());
        drop(two);
        assert!(one.resize(100).is_ok());
        assert!(one.resize(0).is_ok());
        let mut three = budget.reservation();
        assert!(three.resize(100).is_ok());
        drop((one, three));
        assert_eq!(budget.bytes.load(Ordering::Relaxed), 0);
    }
}
