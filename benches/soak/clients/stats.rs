//! What came of one who behaves.

use hdrhistogram::Histogram;

#[derive(Debug)]
pub(crate) struct Stats {
    pub(crate) room: usize,
    /// Lines thought of; and the cids of those that have come back.
    pub(crate) said: u64,
    pub(crate) stored: Vec<String>,
    /// Records seen.
    pub(crate) seen: u64,
    /// Lines sent again, after a connection was lost.
    pub(crate) resent: u64,
    /// Times it was there and had seen all, and times it went away by itself.
    pub(crate) arrivals: u64,
    pub(crate) walks: u64,
    pub(crate) refused: u64,
    /// From said to read by one who is there, in us.
    pub(crate) latencies: Histogram<u64>,
}

impl Stats {
    pub(crate) fn new(room: usize) -> Stats {
        Stats {
            room,
            said: 0,
            stored: Vec::new(),
            seen: 0,
            resent: 0,
            arrivals: 0,
            walks: 0,
            refused: 0,
            latencies: histogram(),
        }
    }
}

/// From 1 us to a minute, to two digits: there is one for each who behaves.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 2).unwrap()
}
