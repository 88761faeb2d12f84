//! Loading older messages, so that the person can scroll back beyond the scrollback.
//!
//! It only says which pages of history to request; the chat sends the requests.

use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::limits;
use talk::time;

use crate::room::HistoryWindow;
use crate::room::Room;
use crate::text::line::Line;
use crate::view::format;
use crate::view::format::Clock;
use crate::view::format::RecordStyle;

/// What is loaded of the current room's history, and what is requested.
#[derive(Debug, Default)]
pub(crate) struct HistoryLoader {
    /// The server can be asked now.
    is_online: bool,
    /// The pages of history requested and not received yet; they come in this order.
    requests: VecDeque<(RoomName, Purpose)>,
    /// The records loaded; `None` if the scrollback is enough.
    window: Option<HistoryWindow>,
    /// The lines of the window.
    lines: Vec<(LineId, Line)>,
    /// The local day of the last record of the window.
    last_day: Option<i64>,
    /// A page key that waits for lines: its columns and rows.
    pub(in crate::view) pending_page: Option<(usize, usize)>,
    /// The search of `/goto HH:MM`, while it runs.
    time_search: Option<TimeSearch>,
}

/// A line that can be scrolled to, in order: loaded history comes before the scrollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LineId {
    /// A line of loaded history: the record's seq, and which of its lines.
    Loaded(u64, usize),
    /// The number of a line in the scrollback.
    Scrollback(u64),
}

/// What a page of history was requested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To list the last so many of its records.
    List(usize),
    /// To print this one of its records.
    Show(u64),
    /// To scroll through.
    Window(HistoryRange),
}

/// A binary search for the first record since a time: it is one of `from..to`, or `to`.
#[derive(Debug, Clone, Copy)]
struct TimeSearch {
    /// Local seconds.
    since: i64,
    from: u64,
    to: u64,
}

impl TimeSearch {
    /// Where to look next. Records are in order of time, so each page halves what is left: even a
    /// very long room takes few requests, well within the server's rate limit.
    fn next(&self) -> u64 {
        let left = self.to.saturating_sub(self.from);
        if left <= limits::HISTORY_PAGE as u64 { self.from } else { self.from + left / 2 }
    }

    /// What is left to search, by the records of `window`.
    fn narrowed(self, window: &HistoryWindow, clock: &Clock) -> TimeSearch {
        let is_since = |record: &&Record| clock.local(record.at) >= self.since;
        let found = window.records().find(is_since).map(|record| record.seq);
        match (window.records().next(), found) {
            (None, _) => TimeSearch { from: self.to, ..self }, // they are no longer kept
            (Some(first), Some(seq)) if seq == first.seq => TimeSearch { to: seq, ..self },
            (Some(_), Some(seq)) => TimeSearch { from: seq, to: seq, ..self },
            (Some(_), None) => TimeSearch { from: window.end(), ..self },
        }
    }
}

impl HistoryLoader {
    // ---- Requests ------------------------------------------------------------------------------

    /// Whether the server can be asked now.
    pub(in crate::view) fn is_online(&self) -> bool {
        self.is_online
    }

    pub(in crate::view) fn set_online(&mut self, is_online: bool) {
        self.is_online = is_online;
    }

    /// The page to request next for the window; `None` if one is on its way or none is needed.
    pub(in crate::view) fn next_request(
        &mut self,
        room: &Room,
        is_near_top: bool,
        is_near_end: bool,
    ) -> Option<HistoryRange> {
        let (first, kept_from) = (room.seqs.first, room.kept_from());
        if is_near_top && self.window.is_none() && kept_from > first {
            self.window = Some(HistoryWindow::new(kept_from));
        }
        let adjoins = self.adjoins(Some(room));
        let window = self.window.as_ref().filter(|window| window.requested().is_none())?;
        if window.is_empty() && !adjoins {
            Some(HistoryRange::After(window.end() - 1))
        } else if is_near_top && window.first() > first {
            Some(HistoryRange::Before(window.first()))
        } else if is_near_end && !adjoins {
            Some(HistoryRange::After(window.end() - 1))
        } else {
            None
        }
    }

    /// Notes that a page of history was requested.
    pub(crate) fn expect(&mut self, room: RoomName, purpose: Purpose) {
        self.requests.push_back((room, purpose));
        if let (Purpose::Window(range), Some(window)) = (purpose, &mut self.window) {
            window.set_requested(Some(range));
        }
    }

    /// Removes the oldest request for this room. Its page has come, or will not come: then the
    /// window still counts it as requested, because the server would answer the same again.
    pub(in crate::view) fn take_request(&mut self, name: &RoomName) -> Option<Purpose> {
        let at = self.requests.iter().position(|(room, _)| room == name)?;
        self.requests.remove(at).map(|(_, purpose)| purpose)
    }

    /// Forgets all requests: the connection is lost.
    pub(in crate::view) fn cancel_requests(&mut self) {
        self.requests.clear();
        self.pending_page = None;
        self.window.iter_mut().for_each(|window| window.set_requested(None));
    }

    /// Takes the records of a page; false if the person has scrolled elsewhere since.
    pub(in crate::view) fn receive(
        &mut self,
        room: &Room,
        range: HistoryRange,
        records: Vec<Record>,
    ) -> bool {
        let Some(window) = &mut self.window else { return false };
        let is_requested = window.requested() == Some(range);
        if is_requested {
            window.receive(records, room.seqs.first, room.kept_from());
        }
        is_requested
    }

    // ---- The search for a time -----------------------------------------------------------------

    pub(in crate::view) fn is_searching(&self) -> bool {
        self.time_search.is_some()
    }

    /// Starts the search for the first record since a time, in local seconds, between two seqs.
    pub(in crate::view) fn search(&mut self, since: i64, from: u64, to: u64) {
        self.load_next(TimeSearch { since, from, to });
    }

    fn load_next(&mut self, search: TimeSearch) {
        self.load_at(search.next());
        self.time_search = Some(search);
    }

    /// Continues the search after a page has come; the seq found, once it is.
    pub(in crate::view) fn continue_search(&mut self, clock: &Clock) -> Option<u64> {
        let search = self.time_search?;
        let search = self.window.as_ref().map_or(search, |window| search.narrowed(window, clock));
        if search.from < search.to {
            self.load_next(search);
            return None;
        }
        self.time_search = None;
        if !self.window.as_ref().is_some_and(|window| window.contains(search.to)) {
            self.load_at(search.to);
        }
        Some(search.to)
    }

    // ---- What is loaded ------------------------------------------------------------------------

    /// Forgets what is loaded.
    pub(in crate::view) fn clear(&mut self) {
        (self.window, self.time_search, self.pending_page) = (None, None, None);
        (self.lines, self.last_day) = (Vec::new(), None);
    }

    /// Starts loading around the record `seq`, on both sides.
    pub(in crate::view) fn load_at(&mut self, seq: u64) {
        self.clear();
        self.window = Some(HistoryWindow::new(seq));
    }

    /// Whether the scrollback continues where the window ends; true without a window.
    pub(in crate::view) fn adjoins(&self, room: Option<&Room>) -> bool {
        let (Some(window), Some(room)) = (&self.window, room) else { return true };
        window.end() >= room.kept_from()
    }

    /// Whether the server keeps records before those that are loaded.
    pub(in crate::view) fn has_older(&self, room: Option<&Room>) -> bool {
        let begins =
            |room: &Room| self.window.as_ref().map_or(room.kept_from(), HistoryWindow::first);
        room.is_some_and(|room| begins(room) > room.seqs.first)
    }

    /// Whether there is a window with nothing in it yet.
    pub(in crate::view) fn is_empty(&self) -> bool {
        self.window.as_ref().is_some_and(HistoryWindow::is_empty)
    }

    pub(in crate::view) fn lines(&self) -> impl Iterator<Item = (LineId, &Line)> {
        self.lines.iter().map(|(id, line)| (*id, line))
    }

    /// The local day of the last record loaded.
    pub(in crate::view) fn last_day(&self) -> Option<i64> {
        self.last_day
    }

    /// Removes the text that a record deletes.
    pub(in crate::view) fn erase(&mut self, record: &Record, room: &Room, style: &RecordStyle<'_>) {
        if let (RecordKind::Operation(Operation::Delete { target }), Some(window)) =
            (&record.kind, &mut self.window)
        {
            window.erase(*target);
            self.draw(room, style);
        }
    }

    /// Draws the lines of the window, under their days, as the scrollback's lines look.
    pub(in crate::view) fn draw(&mut self, room: &Room, style: &RecordStyle<'_>) {
        let Some(window) = &self.window else { return };
        let posts = window.posts(|record| style.shows(record));
        let mut lines = Vec::new();
        let mut last = None;
        let day_of = |record: &Record| time::day(style.clock.local(record.at));
        for record in window.records().filter(|record| style.shows(record)) {
            let day = day_of(record);
            if last.replace(day) != Some(day) {
                lines.push((LineId::Loaded(record.seq, 0), format::day(day)));
            }
            if let RecordKind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
                let post = posts.find(*seq).or_else(|| room.posts.find(*seq));
                lines.push((LineId::Loaded(record.seq, 1), format::reply_to(*seq, post)));
            }
            let line = format::record(record, &style.stamp(record), style.me).folded(record.seq);
            lines.push((LineId::Loaded(record.seq, 2), line));
        }
        self.last_day = window.records().next_back().map(day_of);
        self.lines = lines;
    }
}
