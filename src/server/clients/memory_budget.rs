//! Unfinished messages: how many bytes of them all clients together may have here.
//!
//! Room: one count. A [`Share`] is one connection's part of it; dropped, it is given back.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The count.
#[derive(Debug)]
pub(crate) struct Unfinished {
    most: usize,
    bytes: AtomicUsize,
}

/// What one connection has of it.
#[derive(Debug)]
pub(crate) struct Share<'u> {
    of: &'u Unfinished,
    bytes: usize,
}

/// All clients together have as much as they may.
#[derive(Debug)]
pub(crate) struct Full;

impl Unfinished {
    /// So many bytes at most.
    pub(crate) fn new(most: usize) -> Unfinished {
        Unfinished { most, bytes: AtomicUsize::new(0) }
    }

    /// How many there are now.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A share that is empty.
    pub(crate) fn share(&self) -> Share<'_> {
        Share { of: self, bytes: 0 }
    }
}

impl Share<'_> {
    /// Makes it so many bytes.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Full> {
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
        if before.saturating_add(more) > self.of.most { Err(Full) } else { Ok(()) }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_refused_and_what_it_had_is_free_again() {
        let unfinished = Unfinished::new(100);
        let (mut one, mut owners) = (unfinished.share(), unfinished.share());
        assert!(one.hold(60).is_ok());
        assert!(owners.hold(40).is_ok());
        assert!(owners.hold(41).is_err());
        drop(owners);
        assert!(one.hold(100).is_ok());
        assert!(one.hold(0).is_ok());
        let mut three = unfinished.share();
        assert!(three.hold(100).is_ok());
        drop((one, three));
        assert_eq!(unfinished.bytes.load(Ordering::Relaxed), 0);
    }
}
