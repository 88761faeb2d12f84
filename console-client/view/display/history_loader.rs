//! Loading older messages, so that the person can scroll back beyond the scrollback.
//!
//! It only says which pages of history to request; the chat sends the requests.

use std::collections::VecDeque;

use talk::chat::Operation;
use talk::chat::RoomName;
use talk::chat::protocol::HistoryRange;
use talk::chat::protocol::Record;
use talk::chat::protocol::RecordKind;
use talk::time;

use crate::room::HistoryWindow;
use crate::room::Room;
use crate::text::line::Line;
use crate::view::format;
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
    /// The first record of each local day in the window: its seq, and the day.
    days: Vec<(u64, i64)>,
    /// A page key that waits for lines: its columns and rows.
    pub(in crate::view) pending_page: Option<(usize, usize)>,
    /// The Unix time in milliseconds whose first record the window will begin with, until that comes.
    start: Option<u64>,
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
    /// To list the first so many.
    ListFirst(usize),
    /// To print this one of its records.
    Show(u64),
    /// To scroll through.
    Window(HistoryRange),
}

/// What has become of a page of history for the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::view) enum Received {
    /// The person has scrolled elsewhere since.
    Ignored,
    /// Its records are loaded.
    Loaded,
    /// They are the first since the time that the person goes to, and begin with this seq.
    LoadedSince(u64),
    /// There are none since that time.
    NoneSince,
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
        if let Some(at) = self.start {
            Some(HistoryRange::At(at))
        } else if window.is_empty() && !adjoins {
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

    /// Takes the records of a page.
    pub(in crate::view) fn receive(
        &mut self,
        room: &Room,
        range: HistoryRange,
        records: Vec<Record>,
    ) -> Received {
        let Some(window) = self.window.as_mut().filter(|w| w.requested() == Some(range)) else {
            return Received::Ignored;
        };
        let HistoryRange::At(_) = range else {
            window.receive(records, room.seqs.first, room.kept_from());
            return Received::Loaded;
        };
        self.start = None;
        let Some(seq) = records.first().map(|first| first.seq) else { return Received::NoneSince };
        *window = HistoryWindow::new(seq);
        window.set_requested(Some(HistoryRange::After(seq.saturating_sub(1))));
        window.receive(records, room.seqs.first, room.kept_from());
        Received::LoadedSince(seq)
    }

    /// Takes a request for a time that the server has refused, if the oldest request for this room is one.
    pub(in crate::view) fn take_request_for_time(&mut self, name: &RoomName) -> bool {
        let oldest = self.requests.iter().find(|(room, _)| room == name);
        let is_for_time = oldest.is_some_and(|(_, purpose)| match purpose {
            Purpose::Window(HistoryRange::At(_)) | Purpose::ListFirst(_) => true,
            Purpose::Window(HistoryRange::Before(_) | HistoryRange::After(_))
            | Purpose::List(_)
            | Purpose::Show(_) => false,
        });
        is_for_time && self.take_request(name).is_some()
    }

    /// Whether the page of a time is on its way.
    pub(in crate::view) fn is_searching(&self) -> bool {
        self.start.is_some()
    }

    // ---- What is loaded ------------------------------------------------------------------------

    /// Forgets what is loaded.
    pub(in crate::view) fn clear(&mut self) {
        (self.window, self.start, self.pending_page) = (None, None, None);
        (self.lines, self.days) = (Vec::new(), Vec::new());
    }

    /// Starts loading from the first record since a time, in Unix milliseconds.
    pub(in crate::view) fn load_since(&mut self, at: u64, room_first: u64) {
        self.load_at(room_first);
        self.start = Some(at);
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
        self.days.last().map(|(_, day)| *day)
    }

    /// The local day of the record `seq`.
    pub(in crate::view) fn day_of(&self, seq: u64) -> Option<i64> {
        let next = self.days.partition_point(|(first, _)| *first <= seq);
        self.days.get(next.checked_sub(1)?).map(|(_, day)| *day)
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
        let (mut lines, mut days) = (Vec::new(), Vec::new());
        for record in window.records().filter(|record| style.shows(record)) {
            let day = time::day(style.clock.local(record.at));
            if days.last().is_none_or(|(_, last)| *last != day) {
                days.push((record.seq, day));
                lines.push((LineId::Loaded(record.seq, 0), format::day(day)));
            }
            if let RecordKind::Operation(Operation::Post { reply: Some(seq), .. }) = &record.kind {
                let post = posts.find(*seq).or_else(|| room.posts.find(*seq));
                lines.push((LineId::Loaded(record.seq, 1), format::reply_to(*seq, post)));
            }
            let line = format::record(record, &style.stamp(record), style.me).folded(record.seq);
            lines.push((LineId::Loaded(record.seq, 2), line));
        }
        (self.lines, self.days) = (lines, days);
    }
}
