//! What time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::chat::Now;

/// This moment.
pub(crate) fn now() -> Now {
    Now { instant: Instant::now(), unix_ms: unix_ms() }
}

/// Unix time in ms; 0 for a clock set before 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
