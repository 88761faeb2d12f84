//! Emulators of terminals that cut rows off when they become narrower, or wrap them again.

use std::num::NonZeroU16;

use crate::stdio::terminal::Size;
use crate::text::width;

/// A terminal and what scrolled out of it.
pub(super) trait Emulator {
    fn write(&mut self, text: &str);
    fn resize(&mut self, size: Size);
    /// All rows, from the oldest that scrolled out to the last that holds anything.
    fn rows(&mut self) -> Vec<String>;
}

// ---- Cuts off ----------------------------------------------------------------------------------

/// A terminal that cuts rows off, as xterm does.
pub(super) struct Cutting(vt100::Parser);

impl Cutting {
    pub(super) fn new(size: Size) -> Cutting {
        let [rows, columns] = numbers(size);
        Cutting(vt100::Parser::new(rows, columns, 10_000))
    }
}

fn numbers(size: Size) -> [NonZeroU16; 2] {
    [size.rows, size.columns].map(|n| NonZeroU16::new(u16::try_from(n).unwrap()).unwrap())
}

impl Emulator for Cutting {
    fn write(&mut self, text: &str) {
        self.0.process(text.as_bytes());
    }

    fn resize(&mut self, size: Size) {
        let [rows, columns] = numbers(size);
        self.0.screen_mut().set_size(rows, columns);
    }

    fn rows(&mut self) -> Vec<String> {
        let screen = self.0.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut rows = Vec::new();
        for offset in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(offset);
            rows.extend(screen.rows(0, u16::MAX).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, u16::MAX));
        trimmed(rows)
    }
}

fn trimmed(mut rows: Vec<String>) -> Vec<String> {
    rows.iter_mut().for_each(|row| row.truncate(row.trim_end().len()));
    rows.truncate(rows.iter().rposition(|row| !row.is_empty()).map_or(0, |at| at + 1));
    rows
}

// ---- Wraps again -------------------------------------------------------------------------------

/// A terminal that wraps rows again. A row keeps its note that the next continues it until the row is
/// erased from its first column, and erasing the whole screen from its first cell on moves it to the
/// scrollback, as in tmux.
pub(super) struct Wrapping {
    size: Size,
    rows: Vec<Row>,
    /// The first row on the screen.
    top: usize,
    /// The cursor.
    row: usize,
    column: usize,
    /// Whether it wraps the cursor's row too: xterm.js does not.
    wraps_cursor: bool,
    /// Whether it shows a sequence of emoji as one picture.
    is_picture: bool,
}

#[derive(Clone, Default)]
struct Row {
    /// The cells, each with its columns.
    cells: Vec<(String, usize)>,
    /// The next row continues it.
    continues: bool,
}

impl Row {
    /// Removes what is from a column on.
    fn cut(&mut self, column: usize) {
        let mut used = 0;
        self.cells.retain(|(_, takes)| {
            used += takes;
            used <= column
        });
    }
}

impl Wrapping {
    pub(super) fn new(size: Size, wraps_cursor: bool, is_picture: bool) -> Wrapping {
        let rows = vec![Row::default()];
        Wrapping { size, rows, top: 0, row: 0, column: 0, wraps_cursor, is_picture }
    }

    fn line_feed(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Row::default());
        }
        self.top = self.top.max((self.row + 1).saturating_sub(self.size.rows));
    }

    fn print(&mut self, cluster: &str, takes: usize) {
        if self.column + takes > self.size.columns {
            self.rows[self.row].continues = true;
            self.line_feed();
            self.column = 0;
        }
        let row = &mut self.rows[self.row];
        let used: usize = row.cells.iter().map(|(_, takes)| takes).sum();
        let mut end = Row::default();
        let mut at = 0;
        for cell in &row.cells {
            if at >= self.column + takes {
                end.cells.push(cell.clone());
            }
            at += cell.1;
        }
        row.cut(self.column);
        row.cells.extend((used..self.column).map(|_| (" ".to_owned(), 1)));
        row.cells.push((cluster.to_owned(), takes));
        row.cells.append(&mut end.cells);
        self.column += takes;
    }

    fn control(&mut self, number: usize, kind: char) {
        match kind {
            'A' => self.row = self.row.saturating_sub(number.max(1)).max(self.top),
            'C' => self.column = (self.column + number.max(1)).min(self.size.columns - 1),
            'K' if number == 2 => self.erase_row(),
            'K' => self.rows[self.row].cut(self.column),
            'J' if self.column == 0 && self.row == self.top => {
                self.rows.push(Row::default());
                self.row = self.rows.len() - 1;
                self.top = self.row;
            }
            'J' => {
                self.rows.truncate(self.row + 1);
                if self.column == 0 {
                    self.erase_row();
                } else {
                    self.rows[self.row].cut(self.column);
                }
            }
            'm' | 'h' | 'l' => {}
            other => panic!("{other} is not emulated"),
        }
    }

    /// Erases the cursor's row, and the note that it continues the one before.
    fn erase_row(&mut self) {
        self.rows[self.row] = Row::default();
        if let Some(before) = self.row.checked_sub(1) {
            self.rows[before].continues = false;
        }
    }

    /// Wraps all rows for a new width.
    fn wrap(&mut self, columns: usize) {
        let mut wrapped: Vec<Row> = Vec::new();
        let mut cursor = (0, 0);
        let old = std::mem::take(&mut self.rows);
        let mut at = 0;
        while at < old.len() {
            let last = (at..old.len()).find(|row| !old[*row].continues).unwrap_or(old.len() - 1);
            let holds_cursor = (at..=last).contains(&self.row);
            if holds_cursor && !self.wraps_cursor {
                cursor = (wrapped.len() + self.row - at, self.column.min(columns - 1));
                wrapped.extend(old[at..=last].iter().cloned().map(|mut row| {
                    row.cut(columns);
                    row
                }));
                at = last + 1;
                continue;
            }
            let (mut row, mut used) = (Row::default(), 0);
            for (index, part) in old[at..=last].iter().enumerate() {
                let is_cursors = at + index == self.row;
                let mut column = 0;
                for (cluster, takes) in &part.cells {
                    if used + takes > columns {
                        row.continues = true;
                        wrapped.push(std::mem::take(&mut row));
                        used = 0;
                    }
                    if is_cursors && column <= self.column {
                        cursor = (wrapped.len(), used);
                    }
                    row.cells.push((cluster.clone(), *takes));
                    (used, column) = (used + takes, column + takes);
                }
                if is_cursors && column <= self.column {
                    cursor = (wrapped.len(), (used + self.column - column).min(columns - 1));
                }
            }
            wrapped.push(row);
            at = last + 1;
        }
        (self.rows, self.row, self.column) = (wrapped, cursor.0, cursor.1);
    }
}

impl Emulator for Wrapping {
    fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let number = sequence[..end].parse().unwrap_or(0);
                self.control(number, sequence[end..].chars().next().unwrap());
                rest = &sequence[end + 1..];
                continue;
            }
            let cluster = width::clusters(rest).next().unwrap();
            rest = &rest[cluster.len()..];
            match c {
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                _ if self.is_picture => self.print(cluster, width::least_of_text(cluster)),
                _ => self.print(cluster, width::of_text(cluster)),
            }
        }
    }

    fn resize(&mut self, size: Size) {
        if size.columns != self.size.columns {
            self.wrap(size.columns);
        }
        self.size = size;
        let last = self.rows.len().saturating_sub(size.rows);
        self.top = last.min(self.row).max((self.row + 1).saturating_sub(size.rows));
    }

    fn rows(&mut self) -> Vec<String> {
        let text = |row: &Row| row.cells.iter().map(|(cell, _)| cell.as_str()).collect();
        trimmed(self.rows.iter().map(text).collect())
    }
}
