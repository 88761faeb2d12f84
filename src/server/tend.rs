//! What is done for stored things by the clock: forced to disk, dropped, tried again.
//!
//! Room: one pass over every log and the files of names and read markers, in a thread of its own, because disks may be
//! slow and pings may not.

use super::logger::Level;
use super::state::shared::Shared;
use crate::time::unix_ms;

/// One pass.
pub(super) fn pass(shared: &Shared) {
    for room in shared.all_rooms() {
        if let Err(error) = room.log.maintain(unix_ms()) {
            let particulars = [("room", room.name.as_str()), ("error", &error.to_string())];
            shared.logger.log(Level::Warn, "not-tended", &particulars);
        }
    }
    if let Err(error) = shared.tend_marks() {
        shared.logger.log(Level::Warn, "marks-not-kept", &[("error", &error.to_string())]);
    }
    if let Err(error) = shared.tend_names() {
        shared.logger.log(Level::Warn, "names-not-kept", &[("error", &error.to_string())]);
    }
}
