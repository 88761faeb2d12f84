//! Scrolling back: older lines of the current room, while new ones wait below.
//!
//! New lines are neither shown nor counted as read until the person returns to them.

use talk::chat::RoomName;
use talk::chat::protocol::HistoryRange;

use super::history_loader::HistoryLoader;
use super::history_loader::LineId;
use crate::room::Room;
use crate::stdio::keys::Direction;
use crate::text::line::Line;
use crate::text::markup::Markup;
use crate::text::style::Row;
use crate::view::format;

/// How far the person is scrolled back in the current room, and what is loaded for it.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    /// The row at the top of the screen; `None` at the newest lines.
    position: Option<ScrollPosition>,
    /// Older messages, loaded for it.
    pub(crate) history: HistoryLoader,
    /// What the screen makes of markup.
    markup: Markup,
}

/// A row: of which line, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScrollPosition {
    line: LineId,
    row: usize,
}

/// Rows around the scroll position.
#[derive(Debug, Default)]
struct RowsAround {
    rows: Vec<(ScrollPosition, Row)>,
    /// The index of the scroll position.
    at: usize,
    /// Whether the last of the rows is the room's last.
    reaches_end: bool,
}

/// Where a page key leads.
#[derive(Debug)]
pub(super) enum PageTarget {
    Position(Option<ScrollPosition>),
    Newest,
    Nowhere,
}

const LOADING: &str = "loading more messages";

const OFFLINE: &str = "offline: more messages can be loaded when connected";

impl ScrollPosition {
    /// The first row of the record `seq`, once it is loaded.
    pub(in crate::view) fn of_record(seq: u64) -> ScrollPosition {
        ScrollPosition::of_line(LineId::Loaded(seq, 0))
    }

    /// The first row of a line.
    pub(super) fn of_line(line: LineId) -> ScrollPosition {
        ScrollPosition { line, row: 0 }
    }
}

impl Scroll {
    pub(crate) fn is_active(&self) -> bool {
        self.position.is_some()
    }

    /// Notes what the screen makes of markup.
    pub(crate) fn set_markup(&mut self, markup: Markup) {
        self.markup = markup;
    }

    pub(super) fn set_position(&mut self, position: Option<ScrollPosition>) {
        self.position = position;
    }

    /// Forgets the position and what is loaded.
    pub(in crate::view) fn leave(&mut self) {
        self.position = None;
        self.history.clear();
    }

    /// The rows on the screen while scrolled back: at most `height`.
    pub(crate) fn pane(&self, room: Option<&Room>, columns: usize, height: usize) -> Vec<Row> {
        self.positioned_pane(room, columns, height).into_iter().map(|(_, row)| row).collect()
    }

    /// The local day of the row at the top of the screen.
    pub(crate) fn day_at_top(
        &self,
        room: Option<&Room>,
        columns: usize,
        height: usize,
    ) -> Option<i64> {
        let pane = self.positioned_pane(room, columns, height);
        match pane.first()?.0.line {
            LineId::Loaded(seq, _) => self.history.day_of(seq),
            LineId::Scrollback(number) => room?.scrollback.day_at(number),
        }
    }

    fn positioned_pane(
        &self,
        room: Option<&Room>,
        columns: usize,
        height: usize,
    ) -> Vec<(ScrollPosition, Row)> {
        let RowsAround { rows, at, reaches_end } = self.rows_around(room, columns, height, height);
        let last_top = rows.len().saturating_sub(height);
        // Rows that are not loaded yet stay empty, so that the position stays where it is.
        let top = if reaches_end && self.history.adjoins(room) { at.min(last_top) } else { at };
        rows.into_iter().skip(top).take(height).collect()
    }

    /// The line below the rows, which says that there is more.
    pub(crate) fn more_below(&self, room: Option<&Room>) -> Line {
        let unread = room.map_or(0, |room| room.scrollback.unread_count());
        let new = if unread == 0 { String::new() } else { format!(" · {unread} new") };
        let is_empty = self.history.is_empty() && !self.history.adjoins(room);
        let what = match (is_empty, self.history.is_online()) {
            (true, false) => OFFLINE,
            (_, _) if self.history.is_searching() => "searching",
            (true, true) => LOADING,
            (false, _) => "more below",
        };
        format::notice(&format!("{what}{new} · PgDn"))
    }

    /// The page of history to request next, so that the person finds lines above and below.
    /// `height` rows are on the screen.
    pub(crate) fn next_request(
        &mut self,
        room: Option<&Room>,
        columns: usize,
        height: usize,
    ) -> Option<(RoomName, HistoryRange)> {
        if !self.is_active() || !self.history.is_online() {
            return None;
        }
        let around = self.rows_around(room, columns, 2 * height, 2 * height);
        let is_near_top = around.at < 2 * height;
        let is_near_end = around.reaches_end && around.rows.len() - around.at < 2 * height;
        let room = room?;
        let range = self.history.next_request(room, is_near_top, is_near_end)?;
        Some((room.name.clone(), range))
    }

    /// Where a page of `height` rows up or down leads, and a hint for the status line.
    pub(super) fn page(
        &mut self,
        room: Option<&Room>,
        direction: Direction,
        columns: usize,
        height: usize,
    ) -> (PageTarget, Option<&'static str>) {
        self.history.pending_page = None;
        if self.history.is_searching() {
            self.history.clear(); // the person no longer waits for the search
        }
        let around = self.rows_around(room, columns, 2 * height, 2 * height);
        let last_top = around.rows.len().saturating_sub(height);
        let adjoins = self.history.adjoins(room);
        let is_last = around.reaches_end && around.at >= last_top && adjoins;
        let top = if is_last { last_top } else { around.at };
        let step = height.saturating_sub(1).max(1); // one row of the page before stays on the screen
        let mut hint = None;
        let top = match direction {
            // Never half a page: the key waits for the rest. The row at the very top is the line of
            // a day that began before.
            Direction::Back
                if top <= step && self.history.has_older(room) && self.history.is_online() =>
            {
                hint = Some(LOADING);
                self.history.pending_page = Some((columns, height));
                top
            }
            Direction::Back if top == 0 => {
                return (PageTarget::Nowhere, Some(self.why_nothing_older(room)));
            }
            Direction::Back => top.saturating_sub(step),
            Direction::Forward if around.reaches_end && top + step >= last_top => {
                if adjoins {
                    return (PageTarget::Newest, None);
                }
                hint = Some(if self.history.is_online() { LOADING } else { OFFLINE });
                top.max(last_top)
            }
            Direction::Forward => top + step,
        };
        let position = around.rows.get(top).map(|(position, _)| *position);
        (PageTarget::Position(position.or(self.position)), hint)
    }

    /// Why the person cannot scroll further back.
    fn why_nothing_older(&self, room: Option<&Room>) -> &'static str {
        match room.map(|room| room.seqs.first) {
            _ if self.history.has_older(room) => OFFLINE,
            Some(0 | 1) => "start of the room",
            Some(_) => "older messages are no longer kept",
            None => "no room: /join one",
        }
    }

    /// Prepares for the loss of the oldest `count` lines of the current room: if the line at the top of
    /// the screen is one of them, the position moves to the same record in loaded history.
    pub(in crate::view) fn keep_position(&mut self, room: &Room, count: usize) {
        let Some(position) = self.position else { return };
        let LineId::Scrollback(number) = position.line else { return };
        if let Some(seq) = room.scrollback.first_record_of(number, count) {
            self.history.load_at(seq);
            let line = LineId::Loaded(seq, 2); // the line with its text
            self.position = Some(ScrollPosition { line, ..position });
        }
    }

    /// The rows around the position, or around the end: `above` of them before it, if there are as
    /// many, and `below` from it on.
    fn rows_around(
        &self,
        room: Option<&Room>,
        columns: usize,
        above: usize,
        below: usize,
    ) -> RowsAround {
        let Some(room) = room else { return RowsAround::default() };
        let mut lines: Vec<(LineId, &Line)> = self.history.lines().collect();
        if self.history.adjoins(Some(room)) {
            let kept = room.scrollback.numbered_after(self.history.last_day());
            lines.extend(kept.map(|(number, line)| (LineId::Scrollback(number), line)));
        }
        let id = self.position.map(|position| position.line);
        let split = id.map_or(lines.len(), |id| lines.partition_point(|(at, _)| *at < id));
        let (older, newer) = lines.split_at(split);
        let mut before = Vec::new(); // the nearest row first
        for (id, line) in older.iter().rev() {
            if before.len() >= above {
                break;
            }
            before.extend(self.positioned_rows(*id, line, columns).into_iter().rev());
        }
        let mut rows: Vec<_> = before.into_iter().rev().collect();
        // The very row of the position may be gone, or wrapped differently.
        let mut at = rows.len();
        let mut reaches_end = true;
        for (id, line) in newer {
            if rows.len() >= at + below {
                reaches_end = false;
                break;
            }
            rows.extend(self.positioned_rows(*id, line, columns));
        }
        at += self.position.map_or(0, |position| {
            rows.get(at..).unwrap_or_default().partition_point(|(row, _)| *row < position)
        });
        RowsAround { rows, at, reaches_end }
    }

    /// A line as rows, each with its position.
    fn positioned_rows(
        &self,
        line: LineId,
        text: &Line,
        columns: usize,
    ) -> Vec<(ScrollPosition, Row)> {
        let rows = text.screen_rows(columns, self.markup).into_iter().enumerate();
        rows.map(|(row, text)| (ScrollPosition { line, row }, text)).collect()
    }
}
