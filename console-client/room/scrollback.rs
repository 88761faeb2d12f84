//! The lines of a room as they are kept: for painting the screen anew, and for whoever turns there.
//!
//! Room: drawn lines, and the seqs they stand for. A deleted text is forgotten here too.

use std::collections::VecDeque;

use crate::text::line::Line;

/// The newest lines of a room, and how many of them were not looked at yet.
#[derive(Debug, Default)]
pub(crate) struct Scrollback {
    recent: VecDeque<KeptLine>,
    /// The number of the next line: each has its own, for as long as it is kept.
    next: u64,
    /// They are looked back at, and more of them are held.
    is_held: bool,
    /// Of these, how many were not looked at yet.
    unseen: usize,
    /// Scrollback that somebody said and that were not looked at yet, those no longer kept included.
    news: usize,
    /// The newest of them that is said to us.
    call: Option<u64>,
}

/// A line as it is kept.
#[derive(Debug)]
struct KeptLine {
    number: u64,
    line: Line,
    what: LineKind,
}

/// LineKind a line stands for.
#[derive(Debug)]
pub(crate) enum LineKind {
    /// Something about the room: a coming, a note.
    Notice,
    /// A day begins: so many days since 1970, as the person counts them.
    Day(i64),
    /// The place where the unread lines begin.
    Unread,
    Record(RecordInfo),
}

/// LineKind is kept of a record besides its line.
#[derive(Debug)]
pub(crate) struct RecordInfo {
    pub(crate) seq: u64,
    /// Local seconds.
    pub(crate) at: i64,
    /// Whether it is something to come and look at.
    pub(crate) is_news: bool,
    /// Whether it is said to us.
    pub(crate) mentions_us: bool,
    /// The post whose words the line shows.
    pub(crate) words_of: Option<u64>,
    /// The line without the words.
    pub(crate) erased: Line,
}

impl KeptLine {
    fn seq(&self) -> Option<u64> {
        match &self.what {
            LineKind::Record(info) => Some(info.seq),
            LineKind::Notice | LineKind::Day(_) | LineKind::Unread => None,
        }
    }
}

/// Scrollback kept of a room to be shown again.
const RECENT: usize = 500;

/// And while one looks back at them. Beyond that the older ones go all at once, so that whoever looks
/// just there is moved to what is loaded once, not with every line that comes.
const HELD: usize = 1_500;

impl Scrollback {
    pub(crate) fn keep(&mut self, line: Line, what: LineKind, is_seen: bool) {
        let is_news = matches!(&what, LineKind::Record(info) if info.is_news);
        if let LineKind::Record(RecordInfo { seq, mentions_us: true, is_news: true, .. }) = &what {
            self.call = Some(*seq);
        }
        if matches!(what, LineKind::Unread) {
            self.drop_unread_line();
        }
        let number = self.next;
        self.next += 1;
        self.recent.push_back(KeptLine { number, line, what });
        self.recent.drain(..self.excess(self.recent.len()));
        if is_seen {
            (self.unseen, self.news, self.call) = (0, 0, None);
        } else {
            self.unseen += 1;
            self.news += usize::from(is_news);
        }
    }

    /// They are looked back at, or no longer.
    pub(crate) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
        if !is_held {
            self.recent.drain(..self.recent.len().saturating_sub(RECENT));
        }
    }

    /// The first record from this line on, if the line goes when one more is kept.
    pub(crate) fn goes_next(&self, number: u64) -> Option<u64> {
        let going = self.recent.iter().take(self.excess(self.recent.len() + 1));
        going.skip_while(|kept| kept.number < number).find_map(KeptLine::seq)
    }

    /// How many of `count` lines are too many.
    fn excess(&self, count: usize) -> usize {
        let most = if self.is_held { HELD } else { RECENT };
        if count > most { count - RECENT } else { 0 }
    }

    /// Whether one of them is said to us.
    pub(crate) fn calls(&self) -> bool {
        self.call.is_some()
    }

    /// How many lines were said that were not looked at yet.
    pub(crate) fn news(&self) -> usize {
        self.news
    }

    /// The lines not looked at yet, as far as they are kept. From now on they are looked at.
    pub(crate) fn take_unseen(&mut self) -> Vec<Line> {
        (self.news, self.call) = (0, None);
        let unseen = std::mem::take(&mut self.unseen);
        self.newest(unseen)
    }

    /// The newest `count` lines.
    pub(crate) fn newest(&self, count: usize) -> Vec<Line> {
        let skipped = self.recent.len().saturating_sub(count);
        self.recent.iter().skip(skipped).map(|kept| kept.line.clone()).collect()
    }

    /// The lines kept, oldest first, with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Line)> {
        self.recent.iter().map(|kept| (kept.number, &kept.line))
    }

    /// The same but for a day above the first record that has `begun` before.
    pub(crate) fn after(&self, begun: Option<i64>) -> impl Iterator<Item = (u64, &Line)> {
        let is_no_record = |kept: &&KeptLine| !matches!(kept.what, LineKind::Record(_));
        let is_begun =
            |kept: &&KeptLine| matches!(kept.what, LineKind::Day(day) if Some(day) == begun);
        let above = self.recent.iter().take_while(is_no_record).find(is_begun);
        let left_out = above.map(|kept| kept.number);
        self.numbered().filter(move |(number, _)| Some(*number) != left_out)
    }

    /// The number of the line of the first record of which this holds; `None` where that is the
    /// oldest kept, unless nothing was before it: then one that is no longer kept may be meant.
    pub(crate) fn find(&self, is_meant: impl Fn(&RecordInfo) -> bool) -> Option<u64> {
        let mut records = self.recent.iter().filter_map(|kept| match &kept.what {
            LineKind::Record(info) => Some((kept.number, info)),
            LineKind::Notice | LineKind::Day(_) | LineKind::Unread => None,
        });
        let (number, oldest) = records.next()?;
        if is_meant(oldest) {
            return (oldest.seq == 1).then_some(number);
        }
        records.find(|(_, info)| is_meant(info)).map(|(number, _)| number)
    }

    /// Whether something was said since then, as far as is kept here.
    pub(crate) fn is_any_since(&self, at: i64) -> bool {
        let is_since =
            |kept: &KeptLine| matches!(&kept.what, LineKind::Record(info) if info.at >= at);
        self.recent.iter().rev().any(is_since)
    }

    /// The number of the line where the unread ones begin.
    pub(crate) fn unread(&self) -> Option<u64> {
        let found = self.recent.iter().find(|kept| matches!(kept.what, LineKind::Unread));
        found.map(|kept| kept.number)
    }

    /// LineKind was said up to `seq` was read elsewhere, and is no news here.
    pub(crate) fn read_elsewhere(&mut self, seq: u64) {
        self.call = self.call.filter(|call| *call > seq);
        let is_any_gone = self.unseen > self.recent.len();
        if is_any_gone && self.oldest().is_some_and(|oldest| seq < oldest) {
            return; // how many of those no longer kept were read is not known
        }
        let unseen = self.recent.iter().rev().take(self.unseen);
        let is_left = |kept: &&KeptLine| matches!(&kept.what, LineKind::Record(info) if info.is_news && info.seq > seq);
        self.news = self.news.min(unseen.filter(is_left).count());
    }

    /// The words of a post are deleted: no line shows them any more, nor those of its edits.
    pub(crate) fn erase(&mut self, post: u64) {
        for KeptLine { line, what, .. } in &mut self.recent {
            if let LineKind::Record(info) = what
                && info.words_of == Some(post)
            {
                info.words_of = None;
                *line = info.erased.clone();
            }
        }
    }

    /// The seq of the oldest record kept.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.recent.iter().find_map(KeptLine::seq)
    }

    /// There is one such line at most.
    fn drop_unread_line(&mut self) {
        let is_one = |kept: &KeptLine| matches!(kept.what, LineKind::Unread);
        let Some(at) = self.recent.iter().position(is_one) else { return };
        if at >= self.recent.len().saturating_sub(self.unseen) {
            self.unseen = self.unseen.saturating_sub(1);
        }
        self.recent.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::style::Style;

    fn line(text: &str) -> Line {
        Line::default().with(Style::Plain, text)
    }

    fn post(seq: u64) -> LineKind {
        LineKind::Record(RecordInfo {
            seq,
            at: i64::try_from(seq).unwrap(),
            is_news: true,
            mentions_us: true,
            words_of: Some(seq),
            erased: line(&format!("{seq} (deleted)")),
        })
    }

    #[test]
    fn lines_not_looked_at_are_counted_beyond_those_kept() {
        let mut lines = Scrollback::default();
        lines.keep(Line::default(), post(1), true);
        lines.keep(Line::default(), LineKind::Notice, false);
        for seq in 2..RECENT as u64 + 5 {
            lines.keep(Line::default(), post(seq), false);
        }
        assert_eq!(lines.news(), RECENT + 3);
        lines.read_elsewhere(3);
        assert_eq!(lines.news(), RECENT + 3, "some of those no longer kept may be unread");
        lines.read_elsewhere(10);
        assert_eq!(lines.news(), RECENT + 4 - 10);
        assert_eq!((lines.take_unseen().len(), lines.news()), (RECENT, 0));
        assert!(lines.take_unseen().is_empty());
    }

    #[test]
    fn what_was_read_elsewhere_is_no_news_but_still_shown() {
        let mut lines = Scrollback::default();
        (1..=3).for_each(|seq| lines.keep(line("x"), post(seq), false));
        lines.read_elsewhere(2);
        assert_eq!(lines.news(), 1);
        lines.read_elsewhere(1);
        assert_eq!(lines.news(), 1);
        assert!(lines.calls());
        lines.read_elsewhere(3);
        assert!(!lines.calls());
        assert_eq!((lines.news(), lines.take_unseen().len()), (0, 3));
    }

    #[test]
    fn a_deleted_text_is_kept_nowhere() {
        let mut lines = Scrollback::default();
        lines.keep(line("secret"), post(1), true);
        let info = |seq| {
            let (is_news, mentions_us) = (false, false);
            RecordInfo { seq, at: 0, is_news, mentions_us, words_of: Some(1), erased: line("gone") }
        };
        lines.keep(line("edited: secret too"), LineKind::Record(info(2)), true);
        lines.keep(line("other"), post(3), true);
        lines.erase(1);
        assert_eq!(lines.newest(9), [line("1 (deleted)"), line("gone"), line("other")]);
        assert!(!format!("{lines:?}").contains("secret"));
    }

    #[test]
    fn a_line_is_found_by_what_it_stands_for_unless_an_older_one_may_be_meant() {
        let mut lines = Scrollback::default();
        (1..=3).for_each(|seq| lines.keep(line("x"), post(seq), true));
        let find = |lines: &Scrollback, from: i64| lines.find(|info| info.at >= from);
        assert_eq!(
            [0, 1, 2, 3].map(|from| find(&lines, from)),
            [Some(0), Some(0), Some(1), Some(2)]
        );
        assert_eq!(find(&lines, 4), None);
        (4..=RECENT as u64 + 1).for_each(|seq| lines.keep(line("x"), post(seq), true));
        assert_eq!([1, 2, 3].map(|from| find(&lines, from)), [None, None, Some(2)]);
        assert_eq!(lines.numbered().next().map(|(number, _)| number), Some(1));
    }

    #[test]
    fn the_unread_lines_begin_at_one_place() {
        let mut lines = Scrollback::default();
        lines.keep(line("unread"), LineKind::Unread, true);
        lines.keep(line("1"), post(1), true);
        for round in 2..4 {
            lines.keep(line("unread"), LineKind::Unread, false);
            lines.keep(line(&round.to_string()), post(round), false);
        }
        assert_eq!(lines.newest(9), ["1", "2", "unread", "3"].map(line));
        assert_eq!(lines.take_unseen(), ["2", "unread", "3"].map(line));
    }
}
