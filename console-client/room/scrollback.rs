//! The lines of a room, kept to repaint the screen, to scroll back, and to show when the person
//! switches to the room.
//!
//! A deleted text is removed here too.

use std::collections::VecDeque;

use talk::time;

use crate::text::line::Line;

/// The newest lines of a room, and how many of them the person has not seen yet.
#[derive(Debug, Default)]
pub(crate) struct Scrollback {
    /// The lines, oldest first.
    recent: VecDeque<KeptLine>,
    /// The memory these take, in bytes.
    size: usize,
    /// The number of the next line: each line has its own for as long as it is kept.
    next: u64,
    /// The person is scrolled back in this room, so more lines are kept.
    is_scrolled_back: bool,
    /// Lines not seen yet.
    unseen: usize,
    /// Messages of others not seen yet, those no longer kept included.
    unread: usize,
    /// The newest unread message that mentions us.
    mention: Option<u64>,
}

/// A line as it is kept.
#[derive(Debug)]
struct KeptLine {
    number: u64,
    line: Line,
    kind: LineKind,
}

/// What a line shows.
#[derive(Debug)]
pub(crate) enum LineKind {
    /// Something about the room: a join, a notice.
    Notice,
    /// The start of a day: local days since 1970.
    Day(i64),
    /// The mark where the unread messages begin.
    Unread,
    Record(RecordInfo),
}

/// What is kept of a record beside its line.
#[derive(Debug)]
pub(crate) struct RecordInfo {
    pub(crate) seq: u64,
    /// Local seconds.
    pub(crate) at: i64,
    /// Whether it is an unread message of another user.
    pub(crate) is_unread: bool,
    /// Whether it mentions us, or is a direct message.
    pub(crate) is_mention: bool,
    /// The post whose text the line shows.
    pub(crate) text_of: Option<u64>,
    /// The line without the text.
    pub(crate) erased: Line,
}

impl KeptLine {
    fn info(&self) -> Option<&RecordInfo> {
        match &self.kind {
            LineKind::Record(info) => Some(info),
            LineKind::Notice | LineKind::Day(_) | LineKind::Unread => None,
        }
    }

    fn size(&self) -> usize {
        size_of::<KeptLine>() + self.line.size() + self.info().map_or(0, |info| info.erased.size())
    }

    fn seq(&self) -> Option<u64> {
        self.info().map(|info| info.seq)
    }
}

/// Lines kept of a room.
const RECENT: usize = 500;

/// Lines kept while the person is scrolled back. Beyond this the oldest 1,000 are dropped together,
/// so the scroll position is re-anchored once rather than on every new line.
const RECENT_SCROLLED_BACK: usize = 1_500;

impl Scrollback {
    pub(crate) fn push(&mut self, line: Line, kind: LineKind, is_seen: bool) {
        let number = self.next;
        self.next += 1;
        if matches!(kind, LineKind::Unread) {
            self.remove_unread_line();
        }
        let kept = KeptLine { number, line, kind };
        let is_unread = kept.info().is_some_and(|info| info.is_unread);
        if let Some(RecordInfo { seq, is_mention: true, is_unread: true, .. }) = kept.info() {
            self.mention = Some(*seq);
        }
        self.size += kept.size();
        self.recent.push_back(kept);
        self.drop_oldest(self.excess(self.recent.len()));
        if is_seen {
            (self.unseen, self.unread, self.mention) = (0, 0, None);
        } else {
            self.unseen += 1;
            self.unread += usize::from(is_unread);
        }
    }

    pub(crate) fn is_scrolled_back(&self) -> bool {
        self.is_scrolled_back
    }

    pub(crate) fn set_scrolled_back(&mut self, is_scrolled_back: bool) {
        self.is_scrolled_back = is_scrolled_back;
        if !is_scrolled_back {
            self.drop_oldest(self.recent.len().saturating_sub(RECENT));
        }
    }

    /// The memory that the lines take, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// How many lines the next [`Scrollback::push`] drops.
    pub(crate) fn dropped_by_next(&self) -> usize {
        self.excess(self.recent.len() + 1)
    }

    /// Half of the lines, which [`Scrollback::drop_oldest`] drops where all rooms together take too much
    /// memory: many at once, so that the scroll position is re-anchored seldom.
    pub(crate) fn half(&self) -> usize {
        self.recent.len().div_ceil(2)
    }

    /// Drops the oldest `count` lines.
    pub(crate) fn drop_oldest(&mut self, count: usize) {
        let dropped = self.recent.drain(..count.min(self.recent.len()));
        self.size -= dropped.map(|kept| kept.size()).sum::<usize>().min(self.size);
        if self.recent.is_empty() {
            self.size = 0; // whatever was counted: a room without lines is never the largest
        }
    }

    /// The first record from this line on, if the line is one of the oldest `count`.
    pub(crate) fn first_record_of(&self, number: u64, count: usize) -> Option<u64> {
        let dropped = self.recent.iter().take(count);
        dropped.skip_while(|kept| kept.number < number).find_map(KeptLine::seq)
    }

    /// How many of `count` lines are too many.
    fn excess(&self, count: usize) -> usize {
        let most = if self.is_scrolled_back { RECENT_SCROLLED_BACK } else { RECENT };
        if count > most { count - RECENT } else { 0 }
    }

    /// Whether an unread message mentions us.
    pub(crate) fn has_mention(&self) -> bool {
        self.mention.is_some()
    }

    /// How many messages of others the person has not seen yet.
    pub(crate) fn unread_count(&self) -> usize {
        self.unread
    }

    /// The lines not seen yet, as far as they are kept. From now on they count as seen.
    pub(crate) fn take_unseen(&mut self) -> Vec<Line> {
        (self.unread, self.mention) = (0, None);
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

    /// The lines kept, without the line of `day` above the first record: loaded history above them
    /// has shown that day already.
    pub(crate) fn numbered_after(&self, day: Option<i64>) -> impl Iterator<Item = (u64, &Line)> {
        let is_no_record = |kept: &&KeptLine| kept.info().is_none();
        let is_shown =
            |kept: &&KeptLine| matches!(kept.kind, LineKind::Day(kept) if Some(kept) == day);
        let above = self.recent.iter().take_while(is_no_record).find(is_shown);
        let left_out = above.map(|kept| kept.number);
        self.numbered().filter(move |(number, _)| Some(*number) != left_out)
    }

    /// The number of the line of the first record for which `is_meant` holds. `None` if that is the
    /// oldest record kept, unless it is the room's first: an older one may be meant.
    pub(crate) fn find(&self, is_meant: impl Fn(&RecordInfo) -> bool) -> Option<u64> {
        let mut records =
            self.recent.iter().filter_map(|kept| kept.info().map(|info| (kept.number, info)));
        let (number, oldest) = records.next()?;
        if is_meant(oldest) {
            return (oldest.seq == 1).then_some(number);
        }
        records.find(|(_, info)| is_meant(info)).map(|(number, _)| number)
    }

    /// Whether a record kept is as new as `at`, in local seconds, or newer.
    pub(crate) fn has_record_since(&self, at: i64) -> bool {
        self.recent.iter().rev().filter_map(KeptLine::info).any(|info| info.at >= at)
    }

    /// The local day of a line, by its number: that of the last record up to it.
    pub(crate) fn day_at(&self, number: u64) -> Option<i64> {
        let day = |kept: &KeptLine| match &kept.kind {
            LineKind::Day(day) => Some(*day),
            LineKind::Record(info) => Some(time::day(info.at)),
            LineKind::Notice | LineKind::Unread => None,
        };
        let mut days = self.recent.iter().filter_map(|kept| Some((kept.number, day(kept)?)));
        let first = days.next()?;
        let last = days.take_while(|(line, _)| *line <= number).last();
        Some(last.unwrap_or(first).1)
    }

    /// The line that shows the record `seq`, if it is kept.
    pub(crate) fn line_of(&self, seq: u64) -> Option<&Line> {
        let found = self.recent.iter().rev().find(|kept| kept.seq() == Some(seq));
        found.map(|kept| &kept.line)
    }

    /// The number of the line where the unread messages begin.
    pub(crate) fn unread_line(&self) -> Option<u64> {
        let found = self.recent.iter().find(|kept| matches!(kept.kind, LineKind::Unread));
        found.map(|kept| kept.number)
    }

    /// Notes that messages up to `seq` were read on another device: they are no longer unread.
    pub(crate) fn mark_read(&mut self, seq: u64) {
        self.mention = self.mention.filter(|mention| *mention > seq);
        let is_any_gone = self.unseen > self.recent.len();
        if is_any_gone && self.oldest_seq().is_some_and(|oldest| seq < oldest) {
            return; // how many of those no longer kept were read is not known
        }
        let unseen = self.recent.iter().rev().take(self.unseen).filter_map(KeptLine::info);
        let is_left = |info: &&RecordInfo| info.is_unread && info.seq > seq;
        self.unread = self.unread.min(unseen.filter(is_left).count());
    }

    /// Removes the text of a deleted post from every line, also from those of its edits.
    pub(crate) fn erase(&mut self, post: u64) {
        for KeptLine { line, kind, .. } in &mut self.recent {
            if let LineKind::Record(info) = kind
                && info.text_of == Some(post)
            {
                info.text_of = None;
                self.size -= line.size().min(self.size);
                *line = info.erased.clone();
                self.size += line.size();
            }
        }
    }

    /// The seq of the oldest record kept.
    pub(crate) fn oldest_seq(&self) -> Option<u64> {
        self.recent.iter().find_map(KeptLine::seq)
    }

    /// Removes the unread mark: there is one at most.
    fn remove_unread_line(&mut self) {
        let is_one = |kept: &KeptLine| matches!(kept.kind, LineKind::Unread);
        let Some(at) = self.recent.iter().position(is_one) else { return };
        if at >= self.recent.len().saturating_sub(self.unseen) {
            self.unseen = self.unseen.saturating_sub(1);
        }
        let removed = self.recent.remove(at).map_or(0, |kept| kept.size());
        self.size -= removed.min(self.size);
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
            is_unread: true,
            is_mention: true,
            text_of: Some(seq),
            erased: line(&format!("{seq} (deleted)")),
        })
    }

    #[test]
    fn unseen_messages_are_counted_beyond_those_kept() {
        let mut lines = Scrollback::default();
        lines.push(Line::default(), post(1), true);
        lines.push(Line::default(), LineKind::Notice, false);
        for seq in 2..RECENT as u64 + 5 {
            lines.push(Line::default(), post(seq), false);
        }
        assert_eq!(lines.unread_count(), RECENT + 3);
        lines.mark_read(3);
        assert_eq!(lines.unread_count(), RECENT + 3, "some of those no longer kept may be unread");
        lines.mark_read(10);
        assert_eq!(lines.unread_count(), RECENT + 4 - 10);
        assert_eq!((lines.take_unseen().len(), lines.unread_count()), (RECENT, 0));
        assert!(lines.take_unseen().is_empty());
    }

    #[test]
    fn what_was_read_elsewhere_is_not_unread_but_still_shown() {
        let mut lines = Scrollback::default();
        (1..=3).for_each(|seq| lines.push(line("x"), post(seq), false));
        lines.mark_read(2);
        assert_eq!(lines.unread_count(), 1);
        lines.mark_read(1);
        assert_eq!(lines.unread_count(), 1);
        assert!(lines.has_mention());
        lines.mark_read(3);
        assert!(!lines.has_mention());
        assert_eq!((lines.unread_count(), lines.take_unseen().len()), (0, 3));
    }

    #[test]
    fn a_deleted_text_is_kept_nowhere() {
        let mut lines = Scrollback::default();
        lines.push(line("secret"), post(1), true);
        let info = |seq| {
            let (is_unread, is_mention) = (false, false);
            RecordInfo { seq, at: 0, is_unread, is_mention, text_of: Some(1), erased: line("gone") }
        };
        lines.push(line("edited: secret too"), LineKind::Record(info(2)), true);
        lines.push(line("other"), post(3), true);
        lines.erase(1);
        assert_eq!(lines.newest(9), [line("1 (deleted)"), line("gone"), line("other")]);
        assert!(!format!("{lines:?}").contains("secret"));
    }

    #[test]
    fn a_line_is_found_by_its_record_unless_an_older_one_may_be_meant() {
        let mut lines = Scrollback::default();
        (1..=3).for_each(|seq| lines.push(line("x"), post(seq), true));
        let find = |lines: &Scrollback, from: i64| lines.find(|info| info.at >= from);
        assert_eq!(
            [0, 1, 2, 3].map(|from| find(&lines, from)),
            [Some(0), Some(0), Some(1), Some(2)]
        );
        assert_eq!(find(&lines, 4), None);
        (4..=RECENT as u64 + 1).for_each(|seq| lines.push(line("x"), post(seq), true));
        assert_eq!([1, 2, 3].map(|from| find(&lines, from)), [None, None, Some(2)]);
        assert_eq!(lines.numbered().next().map(|(number, _)| number), Some(1));
    }

    #[test]
    fn the_unread_lines_begin_at_one_place() {
        let mut lines = Scrollback::default();
        lines.push(line("unread"), LineKind::Unread, true);
        lines.push(line("1"), post(1), true);
        for round in 2..4 {
            lines.push(line("unread"), LineKind::Unread, false);
            lines.push(line(&round.to_string()), post(round), false);
        }
        assert_eq!(lines.newest(9), ["1", "2", "unread", "3"].map(line));
        assert_eq!(lines.take_unseen(), ["2", "unread", "3"].map(line));
    }
}
