//! What a resize does to the rows on a terminal, and which lines to print again because of it.
//!
//! Terminals differ when they become narrower: some cut off what is right of the last column (xterm, GNU
//! screen, the Linux console), others wrap each row again. xterm.js wraps all but the cursor's.

use std::collections::VecDeque;

use crate::stdio::terminal::Size;
use crate::text::line::Line;
use crate::text::style::Row;
use crate::text::width;

/// The sizes that the terminal has had since the last painting.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizesSince {
    pub(super) narrowest: usize,
    pub(super) tallest: usize,
}

impl SizesSince {
    pub(super) fn new(size: Size) -> SizesSince {
        SizesSince { narrowest: size.columns, tallest: size.rows }
    }

    pub(super) fn add(&mut self, size: Size) {
        self.narrowest = self.narrowest.min(size.columns);
        self.tallest = self.tallest.max(size.rows);
    }
}

/// The newest lines printed above the live part, newest first, to be printed again if a resize may have
/// damaged them.
#[derive(Debug, Default)]
pub(super) struct Printed {
    lines: VecDeque<PrintedLine>,
    rows: usize,
    size: usize,
}

#[derive(Debug)]
struct PrintedLine {
    line: Line,
    /// The rows it took.
    rows: usize,
    /// The columns of its widest row.
    width: usize,
}

/// Rows kept: more than a terminal shows at once.
const ROWS: usize = 500;

/// Bytes kept. A screen of messages is far less.
const SIZE: usize = 512 * 1024;

impl Printed {
    pub(super) fn push(&mut self, line: &Line, rows: &[Row]) {
        let columns = |row: &Row| row.iter().map(|(_, text)| width::of_text(text)).sum();
        let width = rows.iter().map(columns).max().unwrap_or(0);
        self.rows += rows.len();
        self.size += line.size();
        self.lines.push_front(PrintedLine { line: line.clone(), rows: rows.len(), width });
        while self.lines.len() > 1 && (self.rows > ROWS || self.size > SIZE) {
            let oldest = self.lines.pop_back();
            self.rows -= oldest.as_ref().map_or(0, |oldest| oldest.rows);
            self.size -= oldest.map_or(0, |oldest| oldest.line.size());
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Printed::default();
    }

    /// Removes the lines to print again, oldest first, and the rows that they took: those that `overwritten`
    /// rows above the live part belong to, and those that were shown and cut off.
    pub(super) fn take_damaged(
        &mut self,
        overwritten: usize,
        sizes: SizesSince,
    ) -> (Vec<Line>, usize) {
        let (mut above, mut count) = (0, 0);
        for (at, printed) in self.lines.iter().enumerate() {
            let is_cut = printed.width > sizes.narrowest && above < sizes.tallest;
            if above < overwritten || is_cut {
                count = at + 1;
            }
            above += printed.rows;
        }
        let damaged: Vec<PrintedLine> = self.lines.drain(..count).collect();
        let rows = damaged.iter().map(|printed| printed.rows).sum();
        self.rows -= rows;
        self.size -= damaged.iter().map(|printed| printed.line.size()).sum::<usize>();
        (damaged.into_iter().rev().map(|printed| printed.line).collect(), rows)
    }
}
