//! Looking back: older lines of the room one is in, while what is new waits below.
//!
//! Whoever looks back is not looking at what comes in: it is neither shown nor read until then.

use crate::editor::Way;
use crate::line::Line;
use crate::line::Row;
use crate::phrases;
use crate::view::Shows;
use crate::view::View;

/// What stands at the top: the number of a kept line, and which of its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    line: u64,
    row: usize,
}

/// Lines told once more where there is no screen to look back on.
const TOLD_AGAIN: usize = 20;

/// Seconds.
const DAY: i64 = 86_400;

impl View {
    pub(crate) fn is_looking_back(&self) -> bool {
        self.looks_back.is_some()
    }

    /// Goes a page of `height` rows up or down; down at the end, to what is new.
    pub(crate) fn page(&mut self, way: Way, columns: usize, height: usize) {
        let rows = self.rows_here(columns);
        let last_top = rows.len().saturating_sub(height);
        let step = height.saturating_sub(1).max(1); // one row of the page before stays in sight
        let top = self.looks_back.map_or(last_top, |top| first_from(&rows, top).min(last_top));
        let top = match way {
            Way::Back if top == 0 => {
                self.hint(Some("nothing older is kept here: /history asks for more"));
                return;
            }
            Way::Back => top.saturating_sub(step),
            Way::On => top + step,
        };
        if top < last_top {
            let place = rows.get(top).map(|(place, _)| *place);
            self.look_from(place);
        } else {
            self.look_ahead();
        }
    }

    /// Looks at the line of the record `seq`; false where it is older than all that are kept.
    ///
    /// # Errors
    /// There is no such line yet.
    pub(crate) fn look_at(&mut self, seq: u64) -> Result<bool, String> {
        let room = self.here().ok_or("you are in no room (try /join lobby)")?;
        if seq > room.newest {
            return Err(format!("the newest line is #{}", room.newest));
        }
        let found = room.lines.find(|trace| trace.seq >= seq);
        found.into_iter().for_each(|line| self.look_from_line(line));
        Ok(found.is_some())
    }

    /// Looks at the first line since it was last so many minutes after midnight.
    ///
    /// # Errors
    /// No such line is kept.
    pub(crate) fn look_at_clock(&mut self, minutes: u32, now: u64) -> Result<(), String> {
        let now = self.local(now);
        let today = now - now.rem_euclid(DAY) + i64::from(minutes) * 60;
        let since = if today > now { today - DAY } else { today };
        let room = self.here().ok_or("you are in no room (try /join lobby)")?;
        let found = room.lines.find(|trace| trace.at >= since);
        let nothing = "no line kept here is from before that: /history asks for more";
        let line = found.ok_or(nothing)?;
        self.look_from_line(line);
        Ok(())
    }

    /// Looks from this line on; without a screen, tells some of the lines once more.
    fn look_from_line(&mut self, number: u64) {
        if self.shows == Shows::Here {
            return self.look_from(Some(Place { line: number, row: 0 }));
        }
        let Some(room) = self.here() else { return };
        let kept = room.lines.numbered().skip_while(|(line, _)| *line < number);
        let lines: Vec<Line> = kept.take(TOLD_AGAIN).map(|(_, line)| line.clone()).collect();
        self.confirm("from before");
        lines.into_iter().for_each(|line| self.remark(line));
        self.confirm("and back to now");
    }

    fn look_from(&mut self, place: Option<Place>) {
        self.settle_comings();
        self.looks_back = place;
    }

    /// What is seen of the room while one looks back: at most `height` rows.
    pub(crate) fn pane(&self, columns: usize, height: usize) -> Vec<Row> {
        let rows = self.rows_here(columns);
        let last_top = rows.len().saturating_sub(height);
        let top = self.looks_back.map_or(last_top, |top| first_from(&rows, top).min(last_top));
        rows.into_iter().skip(top).take(height).map(|(_, row)| row).collect()
    }

    /// Says that there is more below.
    pub(crate) fn more_below(&self) -> Line {
        let news = self.here().map_or(0, |room| room.lines.news());
        let new = if news == 0 { String::new() } else { format!(" · {news} new") };
        phrases::note(&format!("more below{new} · PgDn"))
    }

    /// Looks at what is new again.
    pub(crate) fn look_ahead(&mut self) {
        if self.looks_back.take().is_none() {
            return;
        }
        let Some(room) = self.rooms.get_mut(self.here) else { return };
        room.reading.saw(room.newest);
        let (news, unseen) = (room.lines.news(), room.lines.take_unseen());
        if news > unseen.len() {
            let label = self.label(&self.here().map(|room| room.name.clone()).unwrap_or_default());
            self.remark(phrases::note(&format!("{news} new in {label}, of which the last")));
        }
        self.show_again(unseen);
    }

    fn rows_here(&self, columns: usize) -> Vec<(Place, Row)> {
        let Some(room) = self.here() else { return Vec::new() };
        let numbered = |(line, text): (u64, &Line)| {
            let rows = text.rows(columns).into_iter().enumerate();
            rows.map(|(row, text)| (Place { line, row }, text)).collect::<Vec<_>>()
        };
        room.lines.numbered().flat_map(numbered).collect()
    }
}

/// The first row from this place on: the place itself may be gone, or the rows broken anew.
fn first_from(rows: &[(Place, Row)], place: Place) -> usize {
    rows.partition_point(|(at, _)| *at < place)
}
