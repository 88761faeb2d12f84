//! Looking back: older lines of the room one is in, while what is new waits below.
//!
//! Whoever looks back is not looking at what comes in: it is neither shown nor read until then.

use talk::chat::RoomName;
use talk::time::DAY;

use super::OutputMode;
use super::View;
use super::format;
use crate::room::HistoryWindow;
use crate::room::Room;
use crate::stdio::keys::Direction;
use crate::text::line::Line;
use crate::text::style::Row;

/// LineKind stands at the top: which line, and which of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScrollPosition {
    part: LineId,
    row: usize,
}

/// A line that is looked back at: those that are kept come after those that were loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LineId {
    /// Of this record, and which of its lines.
    Loaded(u64, usize),
    /// The number of a kept line.
    Kept(u64),
}

/// Lines told once more where there is no screen to look back on.
const TOLD_AGAIN: usize = 20;

impl ScrollPosition {
    /// Where the record `seq` begins, once it is loaded.
    pub(super) fn of(seq: u64) -> ScrollPosition {
        ScrollPosition { part: LineId::Loaded(seq, 0), row: 0 }
    }
}

impl View {
    pub(crate) fn is_looking_back(&self) -> bool {
        self.looks_back.is_some()
    }

    /// Goes a page of `height` rows up or down; down at the end, to what is new.
    pub(crate) fn page(&mut self, direction: Direction, columns: usize, height: usize) {
        self.page_waits = None;
        if self.sought.is_some() {
            self.load_nothing(); // one no longer waits for it
        }
        let window = self.window(columns, 2 * height, 2 * height);
        let last_top = window.rows.len().saturating_sub(height);
        let is_last = window.ends && window.at >= last_top && self.adjoins();
        let top = if is_last { last_top } else { window.at };
        let step = height.saturating_sub(1).max(1); // one row of the page before stays in sight
        let top = match direction {
            // Half a page is no page: it waits for the rest. The row at the very top is a day that has
            // begun before.
            Direction::Back if top <= step && self.has_older() && self.can_ask() => {
                self.hint(Some(LOADING));
                self.page_waits = Some((columns, height));
                top
            }
            Direction::Back if top == 0 => return self.hint(Some(self.what_is_older())),
            Direction::Back => top.saturating_sub(step),
            Direction::Forward if window.ends && top + step >= last_top => {
                if self.adjoins() {
                    return self.look_ahead();
                }
                self.hint(Some(if self.can_ask() { LOADING } else { UNREACHED }));
                top.max(last_top)
            }
            Direction::Forward => top + step,
        };
        let place = window.rows.get(top).map(|(place, _)| *place);
        self.look_from(place.or(self.looks_back));
    }

    /// Looks at where the room begins.
    pub(crate) fn look_at_first(&mut self) -> Result<(), String> {
        let first = self.here().map_or(1, |room| room.first.max(1));
        if self.here().is_some_and(|room| room.newest < first) {
            return Err("nothing was said here yet".to_owned());
        }
        self.look_at(first).map(|_| ())
    }

    /// Looks at the first line that was not read before, shown here already or not.
    pub(crate) fn look_at_unread(&mut self) {
        let Some(room) = self.here() else { return };
        match (room.unread_from, room.lines.unread()) {
            (Some(seq), _) if self.look_at(seq.max(room.first)).is_ok() => {}
            (_, Some(line)) => self.look_from_line(line),
            (_, None) => self.hint(Some("nothing is unread here")),
        }
    }

    /// Whether the server keeps lines before those that can be looked back at now.
    fn has_older(&self) -> bool {
        let begins =
            |room: &Room| self.stretch.as_ref().map_or(room.kept_from(), HistoryWindow::first);
        self.here().is_some_and(|room| begins(room) > room.first)
    }

    /// Why one cannot look further back.
    fn what_is_older(&self) -> &'static str {
        match self.here().map(|room| room.first) {
            _ if self.has_older() => UNREACHED,
            Some(0 | 1) => "this is where the room begins",
            Some(_) => "what is older is no longer kept",
            None => "no room: /join one",
        }
    }

    /// Looks at the line of the record `seq`, which may have to be loaded first. Without a screen, false
    /// where it is older than all that are kept.
    ///
    /// # Errors
    /// There is no such line, not yet or no more.
    pub(crate) fn look_at(&mut self, seq: u64) -> Result<bool, String> {
        let room = self.here().ok_or("you are in no room (try /join lobby)")?;
        if seq > room.newest {
            return Err(format!("the newest line is #{}", room.newest));
        }
        if seq < room.first {
            return Err(format!("the oldest line that is kept is #{}", room.first));
        }
        if let Some(line) = room.lines.find(|info| info.seq >= seq) {
            self.look_from_line(line);
            return Ok(true);
        }
        if self.shows == OutputMode::OneRoom {
            self.look_from(Some(ScrollPosition::of(seq)));
            self.load_from(seq);
        }
        Ok(self.shows == OutputMode::OneRoom)
    }

    /// Looks at the first line since it was last so many minutes after midnight.
    ///
    /// # Errors
    /// No such line is kept, or there is none.
    pub(crate) fn look_at_clock(&mut self, minutes: u32, now: u64) -> Result<(), String> {
        let now = self.local(now);
        let today = now - now.rem_euclid(DAY) + i64::from(minutes) * 60;
        let since = if today > now { today - DAY } else { today };
        let room = self.here().ok_or("you are in no room (try /join lobby)")?;
        if !room.lines.is_any_since(since) {
            return Err("nothing was said here since then".to_owned());
        }
        if let Some(line) = room.lines.find(|info| info.at >= since) {
            self.look_from_line(line);
        } else if self.shows == OutputMode::OneRoom && room.kept_from() > room.first {
            self.look_for(since);
        } else {
            let hint = "no line kept here is from before that: /history asks for more";
            return Err(hint.to_owned());
        }
        Ok(())
    }

    /// Looks from this line on; without a screen, tells some of the lines once more.
    fn look_from_line(&mut self, number: u64) {
        if self.shows == OutputMode::OneRoom {
            self.load_nothing();
            return self.look_from(Some(ScrollPosition { part: LineId::Kept(number), row: 0 }));
        }
        let Some(room) = self.here() else { return };
        let kept = room.lines.numbered().skip_while(|(line, _)| *line < number);
        let lines: Vec<Line> = kept.take(TOLD_AGAIN).map(|(_, line)| line.clone()).collect();
        self.confirm("from before");
        lines.into_iter().for_each(|line| self.remark(line));
        self.confirm("and back to now");
    }

    /// Before one more line of a room is kept: where that lets go of the one that is looked at, it is
    /// loaded instead.
    pub(super) fn keep_place(&mut self, name: &RoomName) {
        let (Some(place), Some(room)) = (self.looks_back, self.here()) else { return };
        let LineId::Kept(number) = place.part else { return };
        if room.name == *name
            && let Some(seq) = room.lines.goes_next(number)
        {
            self.load_from(seq);
            self.looks_back = Some(ScrollPosition { part: LineId::Loaded(seq, 2), ..place }); // its words
        }
    }

    pub(super) fn look_from(&mut self, place: Option<ScrollPosition>) {
        self.settle_comings();
        self.looks_back = place;
        if let Some(room) = self.rooms.get_mut(self.here) {
            room.lines.hold(place.is_some());
        }
    }

    /// LineKind is seen of the room while one looks back: at most `height` rows.
    pub(crate) fn pane(&self, columns: usize, height: usize) -> Vec<Row> {
        let Window { rows, at, ends } = self.window(columns, height, height);
        let last_top = rows.len().saturating_sub(height);
        // LineKind is not loaded yet leaves its rows empty: the place stays where it is.
        let top = if ends && self.adjoins() { at.min(last_top) } else { at };
        rows.into_iter().skip(top).take(height).map(|(_, row)| row).collect()
    }

    /// Says that there is more below.
    pub(crate) fn more_below(&self) -> Line {
        let news = self.here().map_or(0, |room| room.lines.news());
        let new = if news == 0 { String::new() } else { format!(" · {news} new") };
        let is_empty =
            self.stretch.as_ref().is_some_and(HistoryWindow::is_empty) && !self.adjoins();
        let what = match self.sought {
            _ if is_empty && !self.can_ask() => UNREACHED,
            Some(_) => "looking for it",
            None if is_empty => LOADING,
            None => "more below",
        };
        format::note(&format!("{what}{new} · PgDn"))
    }

    /// Looks at what is new again.
    pub(crate) fn look_ahead(&mut self) {
        if self.looks_back.take().is_none() {
            return;
        }
        self.load_nothing();
        let Some(room) = self.rooms.get_mut(self.here) else { return };
        room.read_position.saw(room.newest);
        room.lines.hold(false);
        let (news, unseen) = (room.lines.news(), room.lines.take_unseen());
        if news > unseen.len() {
            let label = self.label(&self.here().map(|room| room.name.clone()).unwrap_or_default());
            self.remark(format::note(&format!("{news} new in {label}, of which the last")));
        }
        self.show_again(unseen);
    }

    /// The rows about the place one looks at, or about the end: `above` of them before it, as far as
    /// there are, and `below`.
    pub(super) fn window(&self, columns: usize, above: usize, below: usize) -> Window {
        let Some(room) = self.here() else { return Window::default() };
        let mut lines: Vec<(LineId, &Line)> =
            self.loaded.iter().map(|(part, line)| (*part, line)).collect();
        if self.adjoins() {
            lines.extend(
                room.lines.after(self.loaded_day()).map(|(line, text)| (LineId::Kept(line), text)),
            );
        }
        let part = self.looks_back.map(|place| place.part);
        let split = part.map_or(lines.len(), |part| lines.partition_point(|(at, _)| *at < part));
        let (older, newer) = lines.split_at(split);
        let mut before = Vec::new(); // the nearest row first
        for (part, line) in older.iter().rev() {
            if before.len() >= above {
                break;
            }
            before.extend(placed(*part, line, columns).into_iter().rev());
        }
        let mut rows: Vec<_> = before.into_iter().rev().collect();
        // The place itself may be gone, or the rows broken anew.
        let mut at = rows.len();
        let mut ends = true;
        for (part, line) in newer {
            if rows.len() >= at + below {
                ends = false;
                break;
            }
            rows.extend(placed(*part, line, columns));
        }
        at += self.looks_back.map_or(0, |place| {
            rows.get(at..).unwrap_or_default().partition_point(|(row, _)| *row < place)
        });
        Window { rows, at, ends }
    }
}

/// A line as rows, each with its place.
fn placed(part: LineId, line: &Line, columns: usize) -> Vec<(ScrollPosition, Row)> {
    let rows = line.rows(columns).into_iter().enumerate();
    rows.map(|(row, text)| (ScrollPosition { part, row }, text)).collect()
}

/// Rows about a place.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) rows: Vec<(ScrollPosition, Row)>,
    /// Which of them is the place.
    pub(super) at: usize,
    /// Whether the last of them is the last there is.
    pub(super) ends: bool,
}

/// LineKind is older, or newer, is on its direction.
const LOADING: &str = "loading more lines";

/// It cannot be asked for.
const UNREACHED: &str = "more lines can be loaded once there is a connection";
