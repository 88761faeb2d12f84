//! How much is measured, and with which text.

use std::time::Duration;

/// How much is measured.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) span: Duration,
}

/// Bytes of a text: with it a record has 200.
pub(crate) const TEXT: usize = 64;
