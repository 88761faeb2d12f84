//! What is done for stored things by the clock: forced to disk, dropped, tried again.
//!
//! Room: one pass over every log and the files of names and read markers, in a thread of its own, because disks may be
//! slow and pings may not.

use super::logger::Level;
use super::state::shared::House;
use crate::time::unix_ms;

/// One pass.
pub(super) fn pass(house: &House) {
    for room in house.all_rooms() {
        if let Err(error) = room.log.maintain(unix_ms()) {
            let particulars = [("room", room.name.as_str()), ("error", &error.to_string())];
            house.logger.tell(Level::Warn, "not-tended", &particulars);
        }
    }
    if let Err(error) = house.tend_marks() {
        house.logger.tell(Level::Warn, "marks-not-kept", &[("error", &error.to_string())]);
    }
    if let Err(error) = house.tend_names() {
        house.logger.tell(Level::Warn, "names-not-kept", &[("error", &error.to_string())]);
    }
}
