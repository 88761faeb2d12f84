//! How far everybody has read: one marker for a owner and a log, which only moves forward.
//!
//! Room: values. What is to outlive the process goes out as [`ReadMarker`] and comes back in.

use std::collections::{HashMap, HashSet};

use super::OwnerId;

/// How far one owner has read one log, as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMarker {
    /// Who has read.
    pub owner: OwnerId,
    /// The id of the log: a new log is unread.
    pub log: String,
    /// The seq of the newest record that was read.
    pub seq: u64,
}

/// All read markers.
#[derive(Debug, Default)]
pub struct ReadMarkers {
    seqs: HashMap<(OwnerId, String), u64>,
    /// Those that are not kept yet as they are now.
    changed: HashSet<(OwnerId, String)>,
}

impl ReadMarkers {
    /// Takes up markers that an earlier run has kept, in any order.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = ReadMarker>) {
        for ReadMarker { owner, log, seq } in saved {
            let current = self.seqs.entry((owner, log)).or_default();
            *current = seq.max(*current);
        }
    }

    /// How far `owner` has read the log.
    #[must_use]
    pub fn get(&self, owner: OwnerId, log: &str) -> Option<u64> {
        self.seqs.get(&(owner, String::from(log))).copied()
    }

    /// `owner` has read up to `seq`. False if that is nothing new.
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

    /// The markers that have moved since this was asked last.
    pub fn take_changed(&mut self) -> Vec<ReadMarker> {
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|key| Some(marker(key, *self.seqs.get(key)?))).collect()
    }

    /// What was taken could not be kept: it comes again.
    pub fn put_back(&mut self, markers: &[ReadMarker]) {
        self.changed.extend(markers.iter().map(|marker| (marker.owner, marker.log.clone())));
    }

    /// All of them, once those are forgotten whose owner or log is no more.
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
    fn what_has_moved_is_kept_once_and_comes_again_if_it_could_not_be() {
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
        assert_eq!(again.get(owner("1"), "a"), Some(9), "an older line does not take it back");
        again.advance(owner("2"), "a", 1);
        assert_eq!(again.prune(|one, _| one == owner("1")), taken);
    }
}
