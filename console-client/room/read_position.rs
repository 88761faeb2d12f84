//! How far a room was read: here, and as the server knows it.
//!
//! Room: seqs.

/// The read marker of one room, and what is to be made of it.
#[derive(Debug, Default)]
pub(crate) struct ReadPosition {
    /// How far the server knows that we have read.
    marker: Option<u64>,
    /// The newest record that was shown to the person.
    seen: u64,
    /// LineKind the last join shows, while it has not come to something unread.
    catching_up: Option<CatchingUp>,
}

/// Records that a join shows.
#[derive(Debug, Clone, Copy)]
struct CatchingUp {
    /// Those up to this one were read.
    after: u64,
    /// The last of them.
    head: u64,
}

impl ReadPosition {
    /// A join says how far we have read; what it shows ends with `head`.
    pub(crate) fn joined(&mut self, marker: Option<u64>, head: u64) {
        self.marker = marker;
        // Where nothing was ever read there is nothing to tell the unread from.
        self.catching_up = marker.map(|marker| CatchingUp { after: marker.max(self.seen), head });
    }

    /// Whether the first unread record of somebody else since the join is this one.
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

    /// The person was shown everything up to this record.
    pub(crate) fn saw(&mut self, seq: u64) {
        self.seen = self.seen.max(seq);
    }

    /// The server knows, from us or from another device, that we have read so far.
    pub(crate) fn marked(&mut self, seq: u64) {
        self.marker = Some(self.marker.unwrap_or(0).max(seq));
    }

    /// We have another name now, whose marker is its own.
    pub(crate) fn renamed(&mut self) {
        self.marker = None;
    }

    /// LineKind was read here and the server does not know.
    pub(crate) fn unsent(&self) -> Option<u64> {
        (self.seen > self.marker.unwrap_or(0)).then_some(self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unread_begin_once_a_join_after_the_marker_and_not_with_what_comes_live() {
        let mut read_position = ReadPosition::default();
        read_position.joined(Some(3), 5);
        assert!(!read_position.begins_unread(3));
        assert!(read_position.begins_unread(4));
        assert!(!read_position.begins_unread(5));
        read_position.joined(Some(5), 5);
        assert!(!read_position.begins_unread(6), "this one came live");
        assert!(!read_position.begins_unread(7));
    }

    #[test]
    fn on_the_very_first_join_nothing_is_unread() {
        let mut read_position = ReadPosition::default();
        read_position.joined(None, 5);
        assert!(!read_position.begins_unread(1));
    }

    #[test]
    fn what_was_shown_here_and_not_told_is_told_again_and_not_unread() {
        let mut read_position = ReadPosition::default();
        read_position.joined(Some(3), 5);
        read_position.saw(5);
        assert_eq!(read_position.unsent(), Some(5));
        read_position.marked(5);
        assert_eq!(read_position.unsent(), None);
        read_position.joined(Some(3), 7); // a cut, and it was never heard
        assert_eq!(read_position.unsent(), Some(5));
        assert!(!read_position.begins_unread(5));
        assert!(read_position.begins_unread(6));
        read_position.marked(5);
        read_position.renamed();
        assert_eq!(read_position.unsent(), Some(5));
    }
}
