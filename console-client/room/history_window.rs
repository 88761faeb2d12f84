//! A window of a room's log, loaded for whoever looks back beyond the lines that are kept.
//!
//! Room: records in order, with no hole between them. Who asks the server is decided elsewhere.

use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::protocol::Kind;
use talk::chat::protocol::Range;
use talk::chat::protocol::Record;

use super::recent_posts::RecentPosts;

/// The records, and where they begin and end.
#[derive(Debug)]
pub(crate) struct HistoryWindow {
    records: VecDeque<Record>,
    /// LineKind is older than this seq is not loaded.
    first: u64,
    /// Nor is this one, and what is newer.
    end: u64,
    asked: Option<Range>,
}

/// Records held: as more come on one side, those on the other are let go.
const HELD: usize = 1_000;

impl HistoryWindow {
    /// Nothing yet: the place between the record `seq` and the one before.
    pub(crate) fn at(seq: u64) -> HistoryWindow {
        HistoryWindow { records: VecDeque::new(), first: seq, end: seq, asked: None }
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

    /// LineKind was asked for and has not come.
    pub(crate) fn asked(&self) -> Option<Range> {
        self.asked
    }

    /// Something is asked for; or what was asked for will not come.
    pub(crate) fn ask(&mut self, range: Option<Range>) {
        self.asked = range;
    }

    /// LineKind was asked for has come. The room keeps its records from `kept` on; what is `beyond`, and
    /// newer, stands elsewhere.
    pub(crate) fn take(&mut self, records: Vec<Record>, kept: u64, beyond: u64) {
        match self.asked {
            None => {} // of a window that was looked at before
            Some(Range::Before(seq)) if seq == self.first => {
                self.asked = None;
                self.first = records.first().map_or(kept.min(self.first), |record| record.seq);
                records.into_iter().rev().for_each(|record| self.records.push_front(record));
                self.records.truncate(HELD);
                self.end = self.records.back().map_or(self.end, |last| last.seq + 1);
            }
            Some(Range::After(seq)) if seq + 1 == self.end => {
                if records.is_empty() {
                    return; // nor will it come: it is not asked for again
                }
                self.asked = None;
                self.records.extend(records.into_iter().filter(|record| record.seq < beyond));
                let more = self.records.len().saturating_sub(HELD);
                if more > 0 {
                    self.records.drain(..more);
                    self.first = self.records.front().map_or(self.first, |first| first.seq);
                }
                self.end = self.records.back().map_or(beyond, |last| last.seq + 1);
            }
            Some(Range::Before(_) | Range::After(_)) => self.asked = None,
        }
    }

    /// The words of a post are deleted: no record has them any more.
    pub(crate) fn erase(&mut self, post: u64) {
        for record in &mut self.records {
            let edit_of = match &record.kind {
                Kind::Operation(Operation::Post { .. }) if record.seq == post => None,
                Kind::Operation(Operation::Edit { target, .. }) if *target == post => Some(post),
                Kind::Operation(
                    Operation::Post { .. }
                    | Operation::Edit { .. }
                    | Operation::Delete { .. }
                    | Operation::Topic { .. },
                )
                | Kind::Erased { .. } => continue,
            };
            record.kind = Kind::Erased { edit_of };
        }
    }

    /// The posts among them, for lines that answer one.
    pub(crate) fn posts(&self) -> RecentPosts {
        let mut posts = RecentPosts::default();
        self.records.iter().for_each(|record| posts.take(record));
        posts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use talk::chat::RoomName;
    use talk::chat::Text;

    fn record(seq: u64) -> Record {
        let act =
            Operation::Post { text: Text::parse("secret", 9).unwrap(), me: false, reply: None };
        let (user, cid) = ("ann".parse().unwrap(), "c".parse().unwrap());
        Record { room: RoomName::default(), seq, at: seq, user, cid, kind: Kind::Operation(act) }
    }

    fn records(seqs: std::ops::Range<u64>) -> Vec<Record> {
        seqs.map(record).collect()
    }

    /// Asks, and is answered with these.
    fn load(window: &mut HistoryWindow, range: Range, seqs: std::ops::Range<u64>) {
        window.ask(Some(range));
        window.take(records(seqs), 1, 5_000);
    }

    fn held(window: &HistoryWindow) -> (u64, u64, usize) {
        let seqs: Vec<u64> = window.records().map(|record| record.seq).collect();
        assert!(seqs.windows(2).all(|two| two[0] + 1 == two[1]), "{seqs:?}");
        (window.first(), window.end(), seqs.len())
    }

    #[test]
    fn it_grows_on_both_sides_and_is_let_go_on_the_other() {
        let mut window = HistoryWindow::at(2_000);
        load(&mut window, Range::After(1_999), 2_000..2_100);
        load(&mut window, Range::Before(2_000), 1_900..2_000);
        assert_eq!(held(&window), (1_900, 2_100, 200));
        for first in (9..19).rev().map(|hundred| hundred * 100) {
            load(&mut window, Range::Before(first + 100), first..first + 100);
        }
        assert_eq!(held(&window), (900, 1_900, 1_000));
        load(&mut window, Range::After(1_899), 1_900..2_000);
        assert_eq!(held(&window), (1_000, 2_000, 1_000));
    }

    #[test]
    fn what_nobody_asked_for_or_what_fits_nowhere_is_not_taken() {
        let mut window = HistoryWindow::at(100);
        window.take(records(90..100), 1, 5_000);
        load(&mut window, Range::Before(50), 40..50);
        load(&mut window, Range::After(200), 201..300);
        assert_eq!((held(&window), window.asked()), ((100, 100, 0), None));
    }

    #[test]
    fn it_ends_where_the_room_begins_and_where_kept_lines_do() {
        let mut window = HistoryWindow::at(4_990);
        load(&mut window, Range::After(4_989), 4_990..5_020);
        assert_eq!(held(&window), (4_990, 5_000, 10));
        let mut begins = HistoryWindow::at(3);
        load(&mut begins, Range::Before(3), 0..0);
        assert_eq!(begins.first(), 1, "there is nothing older to ask for");
        window.ask(Some(Range::After(4_999)));
        window.take(Vec::new(), 1, 5_000);
        assert_eq!(window.asked(), Some(Range::After(4_999)), "it is not asked for again");
    }

    #[test]
    fn a_deleted_text_is_held_nowhere() {
        let mut window = HistoryWindow::at(1);
        load(&mut window, Range::After(0), 1..2);
        window.erase(1);
        assert!(!format!("{window:?}").contains("secret"));
    }
}
