//! The bytes fed to a decoder and not decoded yet.
//!
//! Taking bytes moves an offset. Bytes are moved rarely, and never more of them than were taken, so
//! that ten thousand frames in one slice cost ten thousand steps.

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Bytes at the start of `bytes` that were taken; at most its length.
    taken: usize,
}

impl Buffer {
    /// Adds `bytes` at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.taken >= self.rest().len() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes not taken yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Takes the next `count` bytes, or as many as there are; the caller may change them in place.
    pub(super) fn take(&mut self, count: usize) -> &mut [u8] {
        let from = self.taken;
        self.taken = from.saturating_add(count).min(self.bytes.len());
        self.bytes.get_mut(from..self.taken).unwrap_or_default()
    }

    /// Frees all memory except for the bytes not taken yet: all, if there are none.
    pub(super) fn shrink(&mut self) {
        self.bytes = self.rest().to_vec();
        self.taken = 0;
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut input = Buffer::default();
        let (mut fed, mut taken) = (0_u8, 0_u8);
        for round in 0..100_usize {
            for _ in 0..round % 7 {
                input.push(&[fed]);
                fed = fed.wrapping_add(1);
            }
            for byte in input.take(round % 5) {
                assert_eq!(*byte, taken);
                taken = taken.wrapping_add(1);
            }
            if round % 11 == 0 {
                input.shrink();
            }
        }
        assert_eq!(input.rest().len(), usize::from(fed.wrapping_sub(taken)));
    }

    #[test]
    fn a_buffer_that_is_never_quite_drained_does_not_grow() {
        let mut input = Buffer::default();
        input.push(b"x");
        for _ in 0..1_000 {
            input.push(&[0; 100]);
            input.take(100);
        }
        assert_eq!(input.rest().len(), 1);
        assert!(input.capacity() < 1_000, "{} bytes", input.capacity());
    }

    #[test]
    fn an_empty_buffer_holds_no_memory() {
        let mut input = Buffer::default();
        input.push(&[0; 4_096]);
        input.take(4_096);
        input.shrink();
        assert_eq!(input.capacity(), 0);
    }
}
