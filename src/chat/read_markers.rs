//! Read markers: how far each owner has read each log. A marker only moves forward.
//!
//! Markers leave as [`ReadMarker`] to be stored, and come back in at the next start.

use std::collections::{HashMap, HashSet};

use super::OwnerId;

/// How far one owner has read one log, as it is stored over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMarker {
    /// The owner.
    pub owner: OwnerId,
    /// The id of the log. A new log has no marker: all of it is unread.
    pub log: String,
    /// The seq of the newest record read.
    pub seq: u64,
}

/// All read markers.
#[derive(Debug, Default)]
pub struct ReadMarkers {
    /// The seq of each marker, by owner and log id.
    seqs: HashMap<(OwnerId, String), u64>,
    /// The markers that have changed since they were stored.
    changed: HashSet<(OwnerId, String)>,
    /// The owners of markers of an earlier run that were not compared with their log yet, by log id.
    unchecked: HashMap<String, Vec<OwnerId>>,
}

impl ReadMarkers {
    /// Restores the markers that an earlier run stored, in any order.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = ReadMarker>) {
        for ReadMarker { owner, log, seq } in saved {
            self.unchecked.entry(log.clone()).or_default().push(owner);
            let current = self.seqs.entry((owner, log)).or_default();
            *current = seq.max(*current);
        }
    }

    /// Compares the markers of an earlier run with their log, which ended with the record `head` at the
    /// start. Those beyond it go back to it: what was read there is lost, and other records get its seqs.
    pub fn check_log(&mut self, log: &str, head: u64) {
        for owner in self.unchecked.remove(log).unwrap_or_default() {
            let key = (owner, String::from(log));
            if let Some(seq) = self.seqs.get_mut(&key).filter(|seq| **seq > head) {
                *seq = head;
                self.changed.insert(key);
            }
        }
    }

    /// How far `owner` has read the log.
    #[must_use]
    pub fn get(&self, owner: OwnerId, log: &str) -> Option<u64> {
        self.seqs.get(&(owner, String::from(log))).copied()
    }

    /// Moves the marker of `owner` to `seq`. False if it was there already.
    pub fn advance(&mut self, owner: OwnerId, log: &str, seq: u64) -> bool {
        let key = (owner, String::from(log));
        let current = self.seqs.entry(key.clone()).or_default();
        if seq <= *current {
            return false;
        }
        *current = seq;
        self.changed.insert(key);
        true
    }

    /// The markers that have moved since the last call.
    pub fn take_changed(&mut self) -> Vec<ReadMarker> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|key| Some(marker(key, *self.seqs.get(key)?))).collect()
    }

    /// Puts back markers that could not be stored: the next [`ReadMarkers::take_changed`] returns
    /// them again.
    pub fn put_back(&mut self, markers: &[ReadMarker]) {
        self.changed.extend(markers.iter().map(|marker| (marker.owner, marker.log.clone())));
    }

    /// All markers, after those are removed whose owner or log no longer exists.
    pub fn prune(&mut self, is_alive: impl Fn(OwnerId, &str) -> bool) -> Vec<ReadMarker> {
        self.seqs.retain(|(owner, log), _| is_alive(*owner, log));
        self.seqs.iter().map(|(key, seq)| marker(key, *seq)).collect()
    }
}

fn marker((owner, log): &(OwnerId, String), seq: u64) -> ReadMarker {
    ReadMarker { owner: *owner, log: log.clone(), seq }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(digit: &str) -> OwnerId {
        digit.repeat(32).parse().unwrap()
    }

    #[test]
    fn a_marker_moves_forward_and_never_back() {
        let mut markers = ReadMarkers::default();
        assert_eq!(markers.get(owner("1"), "a"), None);
        assert!(markers.advance(owner("1"), "a", 7));
        assert!(!markers.advance(owner("1"), "a", 7) && !markers.advance(owner("1"), "a", 3));
        assert!(!markers.advance(owner("2"), "a", 0), "nothing is read");
        assert_eq!((markers.get(owner("1"), "a"), markers.get(owner("1"), "b")), (Some(7), None));
    }

    #[test]
    fn a_marker_of_an_earlier_run_beyond_the_head_of_its_log_goes_back_to_it_once() {
        let mut markers = ReadMarkers::default();
        let saved = |log: &str| ReadMarker { owner: owner("1"), log: String::from(log), seq: 7 };
        markers.restore(["a", "b"].map(saved));
        markers.advance(owner("1"), "c", 7);
        for (log, head) in [("a", 5), ("b", 9), ("c", 5), ("none", 5)] {
            markers.check_log(log, head);
        }
        let seqs = ["a", "b", "c", "none"].map(|log| markers.get(owner("1"), log));
        assert_eq!(seqs, [Some(5), Some(7), Some(7), None]);
        markers.advance(owner("1"), "a", 8);
        markers.check_log("a", 5);
        assert_eq!(markers.get(owner("1"), "a"), Some(8));
    }

    #[test]
    fn a_moved_marker_is_taken_once_and_again_if_it_was_not_stored() {
        let mut markers = ReadMarkers::default();
        markers.advance(owner("1"), "a", 7);
        markers.advance(owner("1"), "a", 9);
        let taken = markers.take_changed();
        assert_eq!(taken, [ReadMarker { owner: owner("1"), log: String::from("a"), seq: 9 }]);
        assert!(markers.take_changed().is_empty());
        markers.put_back(&taken);
        assert_eq!(markers.take_changed(), taken);

        let mut again = ReadMarkers::default();
        again.restore(taken.iter().cloned().chain([ReadMarker { seq: 4, ..taken[0].clone() }]));
        assert_eq!(again.get(owner("1"), "a"), Some(9), "an older line does not move it back");
        again.advance(owner("2"), "a", 1);
        assert_eq!(again.prune(|one, _| one == owner("1")), taken);
    }
}
