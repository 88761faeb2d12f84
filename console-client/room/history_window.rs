//! A contiguous range of a room's records, loaded for a person who scrolls back beyond the
//! scrollback.

use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;

use super::recent_posts::RecentPosts;

/// Records in order with none missing between them, and where they begin and end.
#[derive(Debug)]
pub(crate) struct HistoryWindow {
    records: VecDeque<Record>,
    /// The seq of the first record loaded.
    first: u64,
    /// The seq after the last record loaded.
    end: u64,
    /// The page requested and not received yet.
    requested: Option<HistoryRange>,
}

/// Records held: as more come on one side, those on the other are dropped.
const MAX_RECORDS: usize = 1_000;

/// Bytes of their texts: 500 of the longest that a server accepts as it comes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

impl HistoryWindow {
    /// An empty window just before the record `seq`.
    pub(crate) fn new(seq: u64) -> HistoryWindow {
        HistoryWindow { records: VecDeque::new(), first: seq, end: seq, requested: None }
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The page requested and not received yet.
    pub(crate) fn requested(&self) -> Option<HistoryRange> {
        self.requested
    }

    /// Sets the page that is requested now, or that none is.
    pub(crate) fn set_requested(&mut self, range: Option<HistoryRange>) {
        self.requested = range;
    }

    /// Takes the records of the page requested. The server keeps the room from `kept` on; records
    /// from `scrollback` on are in the scrollback and not needed here.
    pub(crate) fn receive(&mut self, records: Vec<Record>, kept: u64, scrollback: u64) {
        match self.requested {
            None => {} // requested for a window that was left since
            Some(HistoryRange::Before(seq)) if seq == self.first => {
                self.requested = None;
                self.first = records.first().map_or(kept.min(self.first), |record| record.seq);
                records.into_iter().rev().for_each(|record| self.records.push_front(record));
                self.records.truncate(fitting(self.records.iter()));
                self.end = self.records.back().map_or(self.end, |last| last.seq + 1);
            }
            Some(HistoryRange::After(seq)) if seq + 1 == self.end => {
                if records.is_empty() {
                    return; // it stays requested: the server would send nothing again
                }
                self.requested = None;
                self.records.extend(records.into_iter().filter(|record| record.seq < scrollback));
                let more = self.records.len() - fitting(self.records.iter().rev());
                if more > 0 {
                    self.records.drain(..more);
                    self.first = self.records.front().map_or(self.first, |first| first.seq);
                }
                self.end = self.records.back().map_or(scrollback, |last| last.seq + 1);
            }
            Some(HistoryRange::Before(_) | HistoryRange::After(_) | HistoryRange::At(_)) => {
                self.requested = None;
            }
        }
    }

    /// Removes the text of a deleted post from its record and those of its edits.
    pub(crate) fn erase(&mut self, post: u64) {
        for record in &mut self.records {
            let edit_of = match &record.kind {
                RecordKind::Operation(Operation::Post { .. }) if record.seq == post => None,
                RecordKind::Operation(Operation::Edit { target, .. }) if *target == post => {
                    Some(post)
                }
                RecordKind::Operation(
                    Operation::Post { .. }
                    | Operation::Edit { .. }
                    | Operation::Delete { .. }
                    | Operation::Topic { .. },
                )
                | RecordKind::Erased { .. } => continue,
            };
            record.kind = RecordKind::Erased { edit_of };
        }
    }

    /// The posts among the records that are shown, for lines that reply to one.
    pub(crate) fn posts(&self, is_shown: impl Fn(&Record) -> bool) -> RecentPosts {
        let mut posts = RecentPosts::default();
        let shown = self.records.iter().filter(|record| is_shown(record));
        shown.for_each(|record| posts.apply(record));
        posts
    }
}

/// How many of the first records fit; one always does.
fn fitting<'a>(records: impl Iterator<Item = &'a Record>) -> usize {
    let text = |record: &Record| match &record.kind {
        RecordKind::Operation(Operation::Post { text, .. } | Operation::Edit { text, .. }) => {
            text.as_str().len()
        }
        RecordKind::Operation(Operation::Delete { .. } | Operation::Topic { .. })
        | RecordKind::Erased { .. } => 0,
    };
    let mut bytes = 0;
    let fits = |record: &&Record| {
        bytes += text(record);
        bytes <= MAX_BYTES
    };
    records.take(MAX_RECORDS).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk::chat::RoomName;
    use talk::chat::Text;

    fn record(seq: u64) -> Record {
        let operation =
            Operation::Post { text: Text::parse("secret", 9).unwrap(), me: false, reply: None };
        let (user, cid) = ("ann".parse().unwrap(), "c".parse().unwrap());
        Record {
            room: RoomName::default(),
            seq,
            at: seq,
            user,
            cid,
            kind: RecordKind::Operation(operation),
            new_owner: false,
        }
    }

    fn records(seqs: std::ops::Range<u64>) -> Vec<Record> {
        seqs.map(record).collect()
    }

    /// Requests a range and receives these records.
    fn load(window: &mut HistoryWindow, range: HistoryRange, seqs: std::ops::Range<u64>) {
        window.set_requested(Some(range));
        window.receive(records(seqs), 1, 5_000);
    }

    fn held(window: &HistoryWindow) -> (u64, u64, usize) {
        let seqs: Vec<u64> = window.records().map(|record| record.seq).collect();
        assert!(seqs.windows(2).all(|two| two[0] + 1 == two[1]), "{seqs:?}");
        (window.first(), window.end(), seqs.len())
    }

    #[test]
    fn it_grows_on_one_side_and_shrinks_on_the_other() {
        let mut window = HistoryWindow::new(2_000);
        load(&mut window, HistoryRange::After(1_999), 2_000..2_100);
        load(&mut window, HistoryRange::Before(2_000), 1_900..2_000);
        assert_eq!(held(&window), (1_900, 2_100, 200));
        for first in (9..19).rev().map(|hundred| hundred * 100) {
            load(&mut window, HistoryRange::Before(first + 100), first..first + 100);
        }
        assert_eq!(held(&window), (900, 1_900, 1_000));
        load(&mut window, HistoryRange::After(1_899), 1_900..2_000);
        assert_eq!(held(&window), (1_000, 2_000, 1_000));
    }

    #[test]
    fn what_was_not_requested_or_does_not_adjoin_is_not_taken() {
        let mut window = HistoryWindow::new(100);
        window.receive(records(90..100), 1, 5_000);
        load(&mut window, HistoryRange::Before(50), 40..50);
        load(&mut window, HistoryRange::After(200), 201..300);
        assert_eq!((held(&window), window.requested()), ((100, 100, 0), None));
    }

    #[test]
    fn it_ends_where_the_room_begins_and_where_kept_lines_do() {
        let mut window = HistoryWindow::new(4_990);
        load(&mut window, HistoryRange::After(4_989), 4_990..5_020);
        assert_eq!(held(&window), (4_990, 5_000, 10));
        let mut begins = HistoryWindow::new(3);
        load(&mut begins, HistoryRange::Before(3), 0..0);
        assert_eq!(begins.first(), 1, "there is nothing older to request");
        window.set_requested(Some(HistoryRange::After(4_999)));
        window.receive(Vec::new(), 1, 5_000);
        assert_eq!(
            window.requested(),
            Some(HistoryRange::After(4_999)),
            "it is not requested again"
        );
    }

    #[test]
    fn a_deleted_text_is_held_nowhere() {
        let mut window = HistoryWindow::new(1);
        load(&mut window, HistoryRange::After(0), 1..2);
        window.erase(1);
        assert!(!format!("{window:?}").contains("secret"));
    }
}
