//! What one client sent and measured.

use hdrhistogram::Histogram;

use crate::common::checker::Submission;

#[derive(Debug)]
pub(crate) struct Stats {
    pub(crate) room: usize,
    /// What was sent, and with which outcome.
    pub(crate) submissions: Vec<Submission>,
    /// Records seen.
    pub(crate) seen: u64,
    /// Messages sent again, after a connection was lost.
    pub(crate) resent: u64,
    /// Connections that became live, and those that the client ended by itself.
    pub(crate) connections: u64,
    pub(crate) disconnects: u64,
    /// Messages refused with a time to wait.
    pub(crate) refused: u64,
    /// From sent to read by a client that is live, in us.
    pub(crate) latencies: Histogram<u64>,
}

impl Stats {
    pub(crate) fn new(room: usize) -> Stats {
        Stats {
            room,
            submissions: Vec::new(),
            seen: 0,
            resent: 0,
            connections: 0,
            disconnects: 0,
            refused: 0,
            latencies: histogram(),
        }
    }
}

/// From 1 us to a minute, to two digits: each client has one.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 2).unwrap()
}
