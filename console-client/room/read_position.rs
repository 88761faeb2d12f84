//! How far a room was read: here, and as the server knows it.

/// The read marker of one room, and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct ReadPosition {
    /// How far the server knows that we have read.
    marker: Option<u64>,
    /// The newest record that was shown to the person.
    seen: u64,
    /// The records that the last join brings, until the first unread one of them has come.
    catching_up: Option<CatchingUp>,
    /// The first unread record, if it is older than what the last join brings.
    pub(crate) unread_from: Option<u64>,
}

/// Records that a join brings.
#[derive(Debug, Clone, Copy)]
struct CatchingUp {
    /// Records up to this one were read.
    after: u64,
    /// The last of them.
    head: u64,
}

impl ReadPosition {
    /// Notes the read marker that a join brings; the records it brings end with `head`.
    pub(crate) fn on_join(&mut self, marker: Option<u64>, head: u64) {
        self.marker = marker;
        // Without a marker nothing was ever read, so the unread messages have no beginning.
        self.catching_up = marker.map(|marker| CatchingUp { after: marker.max(self.seen), head });
    }

    /// Whether this is the first unread record of other users since the join.
    pub(crate) fn begins_unread(&mut self, seq: u64) -> bool {
        let Some(CatchingUp { after, head }) = self.catching_up else { return false };
        if seq > after {
            self.catching_up = None;
        }
        seq > after && seq <= head
    }

    /// Whether a record is unread as far as the server knows.
    pub(crate) fn is_unread(&self, seq: u64) -> bool {
        self.marker.is_none_or(|marker| seq > marker)
    }

    /// Notes that every record up to this one was shown to the person.
    pub(crate) fn mark_seen(&mut self, seq: u64) {
        self.seen = self.seen.max(seq);
    }

    /// Notes that the server knows, from us or from another device, that we have read so far.
    pub(crate) fn set_marker(&mut self, seq: u64) {
        self.marker = Some(self.marker.unwrap_or(0).max(seq));
    }

    /// Forgets the marker: we have another name now, which has a marker of its own.
    pub(crate) fn forget_marker(&mut self) {
        self.marker = None;
        self.unread_from = None;
    }

    /// The newest record read here that the server does not know to be read.
    pub(crate) fn unsent(&self) -> Option<u64> {
        (self.seen > self.marker.unwrap_or(0)).then_some(self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unread_begin_once_a_join_after_the_marker_and_not_with_what_comes_live() {
        let mut position = ReadPosition::default();
        position.on_join(Some(3), 5);
        assert!(!position.begins_unread(3));
        assert!(position.begins_unread(4));
        assert!(!position.begins_unread(5));
        position.on_join(Some(5), 5);
        assert!(!position.begins_unread(6), "this one came live");
        assert!(!position.begins_unread(7));
    }

    #[test]
    fn on_the_very_first_join_nothing_is_unread() {
        let mut position = ReadPosition::default();
        position.on_join(None, 5);
        assert!(!position.begins_unread(1));
    }

    #[test]
    fn what_was_shown_here_and_not_reported_is_reported_again_and_not_unread() {
        let mut position = ReadPosition::default();
        position.on_join(Some(3), 5);
        position.mark_seen(5);
        assert_eq!(position.unsent(), Some(5));
        position.set_marker(5);
        assert_eq!(position.unsent(), None);
        position.on_join(Some(3), 7); // the connection broke before the marker arrived
        assert_eq!(position.unsent(), Some(5));
        assert!(!position.begins_unread(5));
        assert!(position.begins_unread(6));
        position.set_marker(5);
        position.forget_marker();
        assert_eq!(position.unsent(), Some(5));
    }
}
