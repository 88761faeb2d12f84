//! Scrolling back: older lines of the current room, while new ones wait below.
//!
//! New lines are neither shown nor counted as read until the person returns to them.

use talk::chat::RoomName;
use talk::chat::protocol::Range;
use talk::time::DAY;

use super::Display;
use super::history_loader::HistoryLoader;
use crate::room::Room;
use crate::stdio::keys::Direction;
use crate::text::line::Line;
use crate::text::style::Row;
use crate::view::format;

/// How far the person is scrolled back in the current room, and what is loaded for it.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    /// The row at the top of the screen; `None` at the newest lines.
    position: Option<ScrollPosition>,
    pub(crate) history: HistoryLoader,
}

/// A row: of which line, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScrollPosition {
    line: LineId,
    row: usize,
}

/// A line that can be scrolled to, in order: loaded history comes before the scrollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LineId {
    /// A line of loaded history: the record's seq, and which of its lines.
    Loaded(u64, usize),
    /// The number of a line in the scrollback.
    Kept(u64),
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
enum PageTarget {
    Position(Option<ScrollPosition>),
    Newest,
    Nowhere,
}

/// Lines printed again where there is no screen to scroll.
const PRINTED_AGAIN: usize = 20;

const LOADING: &str = "loading more messages";

const OFFLINE: &str = "offline: more messages can be loaded when connected";

const NO_ROOM: &str = "you are in no room (try /join lobby)";

impl ScrollPosition {
    /// The first row of the record `seq`, once it is loaded.
    pub(in crate::view) fn of_record(seq: u64) -> ScrollPosition {
        ScrollPosition { line: LineId::Loaded(seq, 0), row: 0 }
    }
}

impl Scroll {
    pub(crate) fn is_active(&self) -> bool {
        self.position.is_some()
    }

    /// Forgets the position and what is loaded: the room is left.
    pub(in crate::view) fn leave(&mut self) {
        self.position = None;
        self.history.clear();
    }

    /// The rows on the screen while scrolled back: at most `height`.
    pub(crate) fn pane(&self, room: Option<&Room>, columns: usize, height: usize) -> Vec<Row> {
        let RowsAround { rows, at, reaches_end } = self.rows_around(room, columns, height, height);
        let last_top = rows.len().saturating_sub(height);
        // Rows that are not loaded yet stay empty, so that the position stays where it is.
        let top = if reaches_end && self.history.adjoins(room) { at.min(last_top) } else { at };
        rows.into_iter().skip(top).take(height).map(|(_, row)| row).collect()
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
    ) -> Option<(RoomName, Range)> {
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
    fn page(
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

    /// Prepares for one more line in the current room: if that drops the line at the top of the
    /// screen, the position moves to the same record in loaded history.
    pub(in crate::view) fn keep_position(&mut self, room: &Room) {
        let Some(position) = self.position else { return };
        let LineId::Kept(number) = position.line else { return };
        if let Some(seq) = room.scrollback.drops_next(number) {
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
            lines.extend(kept.map(|(number, line)| (LineId::Kept(number), line)));
        }
        let id = self.position.map(|position| position.line);
        let split = id.map_or(lines.len(), |id| lines.partition_point(|(at, _)| *at < id));
        let (older, newer) = lines.split_at(split);
        let mut before = Vec::new(); // the nearest row first
        for (id, line) in older.iter().rev() {
            if before.len() >= above {
                break;
            }
            before.extend(positioned_rows(*id, line, columns).into_iter().rev());
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
            rows.extend(positioned_rows(*id, line, columns));
        }
        at += self.position.map_or(0, |position| {
            rows.get(at..).unwrap_or_default().partition_point(|(row, _)| *row < position)
        });
        RowsAround { rows, at, reaches_end }
    }
}

/// A line as rows, each with its position.
fn positioned_rows(line: LineId, text: &Line, columns: usize) -> Vec<(ScrollPosition, Row)> {
    let rows = text.rows(columns).into_iter().enumerate();
    rows.map(|(row, text)| (ScrollPosition { line, row }, text)).collect()
}

impl Display {
    /// Scrolls a page of `height` rows up or down; down at the end, to the newest lines.
    pub(crate) fn page(&mut self, direction: Direction, columns: usize, height: usize) {
        let (target, hint) = self.scroll.page(self.rooms.current(), direction, columns, height);
        if hint.is_some() {
            self.output.set_hint(hint);
        }
        match target {
            PageTarget::Position(position) => self.scroll_to(position),
            PageTarget::Newest => self.scroll_to_newest(),
            PageTarget::Nowhere => {}
        }
    }

    /// Scrolls to the start of the room.
    ///
    /// # Errors
    /// A sentence: the room has no messages, or we are in none.
    pub(crate) fn go_to_first(&mut self) -> Result<(), String> {
        let seqs = self.rooms.current().map(|room| &room.seqs);
        let first = seqs.map_or(1, |seqs| seqs.first.max(1));
        if seqs.is_some_and(|seqs| seqs.newest < first) {
            return Err("no messages here yet".to_owned());
        }
        self.go_to(first).map(|_| ())
    }

    /// Scrolls to the first unread message, shown here already or not.
    pub(crate) fn go_to_unread(&mut self) {
        let Some(room) = self.rooms.current() else { return };
        let (first, line) = (room.seqs.first, room.scrollback.unread_line());
        match (room.read_position.unread_from, line) {
            (Some(seq), _) if self.go_to(seq.max(first)).is_ok() => {}
            (_, Some(line)) => self.go_to_line(line),
            (_, None) => self.output.set_hint(Some("no unread messages here")),
        }
    }

    /// Scrolls to the record `seq`, which may have to be loaded first. Without a screen, false if it
    /// is older than the scrollback.
    ///
    /// # Errors
    /// A sentence: there is no such record, not yet or no longer.
    pub(crate) fn go_to(&mut self, seq: u64) -> Result<bool, String> {
        let room = self.rooms.current().ok_or(NO_ROOM)?;
        if seq > room.seqs.newest {
            return Err(format!("the newest message is #{}", room.seqs.newest));
        }
        if seq < room.seqs.first {
            return Err(format!("the oldest message kept is #{}", room.seqs.first));
        }
        if let Some(line) = room.scrollback.find(|info| info.seq >= seq) {
            self.go_to_line(line);
            return Ok(true);
        }
        let has_screen = self.output.has_screen();
        if has_screen {
            self.scroll_to(Some(ScrollPosition::of_record(seq)));
            self.scroll.history.load_at(seq);
        }
        Ok(has_screen)
    }

    /// Scrolls to the first message since a time of day, in minutes after midnight: today's, or
    /// yesterday's if it is not that late yet. `now` is in Unix milliseconds.
    ///
    /// # Errors
    /// A sentence: there is no such message, or it is not kept.
    pub(crate) fn go_to_time(&mut self, minutes: u32, now: u64) -> Result<(), String> {
        let now = self.clock.local(now);
        let today = now - now.rem_euclid(DAY) + i64::from(minutes) * 60;
        let since = if today > now { today - DAY } else { today };
        let room = self.rooms.current().ok_or(NO_ROOM)?;
        if !room.scrollback.has_record_since(since) {
            return Err("no messages here since then".to_owned());
        }
        let (first, end) = (room.seqs.first, room.kept_from());
        if let Some(line) = room.scrollback.find(|info| info.at >= since) {
            self.go_to_line(line);
        } else if self.output.has_screen() && end > first {
            self.scroll_to(Some(ScrollPosition::of_record(end)));
            self.scroll.history.search(since, first.max(1), end);
        } else {
            return Err("messages from before that are not loaded (try /history)".to_owned());
        }
        Ok(())
    }

    /// Scrolls to a line of the scrollback; without a screen, prints some lines again.
    fn go_to_line(&mut self, number: u64) {
        if self.output.has_screen() {
            self.scroll.history.clear();
            let line = LineId::Kept(number);
            return self.scroll_to(Some(ScrollPosition { line, row: 0 }));
        }
        let Some(room) = self.rooms.current() else { return };
        let kept = room.scrollback.numbered().skip_while(|(line, _)| *line < number);
        let lines: Vec<Line> = kept.take(PRINTED_AGAIN).map(|(_, line)| line.clone()).collect();
        self.notice("older messages");
        lines.into_iter().for_each(|line| self.print(line));
        self.notice("end of older messages");
    }

    pub(in crate::view) fn scroll_to(&mut self, position: Option<ScrollPosition>) {
        self.flush_presence();
        self.scroll.position = position;
        if let Some(room) = self.rooms.current_mut() {
            room.scrollback.set_scrolled_back(position.is_some());
        }
    }

    /// Returns to the newest lines.
    pub(crate) fn scroll_to_newest(&mut self) {
        if self.scroll.position.take().is_none() {
            return;
        }
        self.scroll.history.clear();
        let Some(room) = self.rooms.current_mut() else { return };
        room.read_position.mark_seen(room.seqs.newest);
        room.scrollback.set_scrolled_back(false);
        let (unread, unseen) = (room.scrollback.unread_count(), room.scrollback.take_unseen());
        if unread > unseen.len() {
            let name = room.name.clone();
            self.notice(&format!("{unread} new in {}, the latest:", self.label(&name)));
        }
        self.output.push_unseen(unseen);
    }
}
