//! What is where on the terminal: the chat scrolls above; below it a live part stays in place, with
//! unsent messages, the status line and the input line.
//!
//! It appends rows and escape sequences to a `String`, and never writes to the terminal itself.

use std::fmt::Write;

use crate::editor::Editor;
use crate::stdio::look::Look;
use crate::stdio::look::OnResize;
use crate::stdio::terminal::Size;
use crate::text::line::Line;
use crate::text::sanitize::Sanitized;
use crate::text::style::Row;
use crate::text::style::Style;
use crate::text::width;
use crate::tui::screen::frame::CursorPosition;
use crate::tui::screen::frame::Frame;
use crate::tui::screen::resize::Printed;
use crate::tui::screen::resize::SizesSince;

mod resize; // what a resize does to what is painted
mod frame; // the live part as it was painted

/// The terminal as we painted it last.
#[derive(Debug)]
pub(crate) struct Screen {
    size: Size,
    look: Look,
    live: Frame,
    /// What was printed above it, unless a resize cannot damage that.
    printed: Printed,
    /// The sizes since the last painting, if it was resized.
    resized: Option<SizesSince>,
    /// What was painted last on the terminal's alternate screen, while the person was scrolled back.
    pane: String,
}

/// The start and the end of a synchronized update: terminals that know it show the change at once.
pub(crate) const BEGIN: &str = "\x1b[?2026h";
pub(crate) const END: &str = "\x1b[?2026l";

/// Erases the row of the cursor and all below: first all but one cell, because tmux moves the whole screen
/// to its scrollback when it is erased from its first cell on.
const ERASE: &str = "\r\x1b[C\x1b[J\r\x1b[2K";

/// Rows that the input line may take before it scrolls.
const INPUT_ROWS: usize = 8;

/// Columns before every row of the input line but the first: those of `> `.
const INDENT: usize = 2;

impl Screen {
    pub(crate) fn new(size: Size, look: Look) -> Screen {
        Screen {
            size,
            look,
            live: Frame::default(),
            printed: Printed::default(),
            resized: None,
            pane: String::new(),
        }
    }

    /// Columns that a row may fill. The last one stays free: terminals differ in what they do after it
    /// is filled.
    pub(crate) fn columns(&self) -> usize {
        self.size.columns.saturating_sub(1).max(8)
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Paints `above` in the place of the live part, and the live part below it.
    pub(crate) fn paint(
        &mut self,
        above: &[Line],
        pending: &[Line],
        status: &Line,
        editor: &Editor,
        out: &mut String,
    ) {
        let (rows, cursor) = self.live_rows(pending, status, editor);
        let live = self.paint_live(&rows, cursor);
        if above.is_empty() && live.painted == self.live.painted {
            return;
        }
        out.push_str(BEGIN);
        let damaged = self.go_to_top(out);
        damaged.iter().chain(above).for_each(|line| self.print(line, out));
        out.push_str(&live.painted);
        out.push_str(END);
        self.live = live;
    }

    /// Prints a line above the live part, where the cursor is.
    fn print(&mut self, line: &Line, out: &mut String) {
        let rows = line.screen_rows(self.columns(), self.look.markup);
        for row in &rows {
            self.look.palette.paint(row, out);
            out.push_str("\x1b[K\r\n");
        }
        match self.look.on_resize {
            OnResize::Unknown => self.printed.push(line, &rows),
            OnResize::WrapsAgain => {}
        }
    }

    /// Forgets what was printed: it is not to be printed again.
    pub(crate) fn forget_printed(&mut self) {
        self.printed.clear();
    }

    /// Rows left above the live part.
    pub(crate) fn height(&self, pending: &[Line], status: &Line, editor: &Editor) -> usize {
        self.size.rows.max(2) - self.live_rows(pending, status, editor).0.len()
    }

    /// Paints the terminal's alternate screen: `pane` fills it down to the live part. The first screen
    /// stays as it is.
    pub(crate) fn paint_pane(
        &mut self,
        pane: &[Row],
        pending: &[Line],
        status: &Line,
        editor: &Editor,
        out: &mut String,
    ) {
        let (rows, cursor) = self.live_rows(pending, status, editor);
        let mut text = String::from("\x1b[H");
        for at in 0..self.size.rows.max(2) - rows.len() {
            pane.get(at).into_iter().for_each(|row| self.look.palette.paint(row, &mut text));
            text.push_str("\x1b[K\r\n");
        }
        text.push_str(&self.paint_live(&rows, cursor).painted);
        if text != self.pane {
            out.push_str(BEGIN);
            out.push_str(&text);
            out.push_str(END);
            self.pane = text;
        }
    }

    /// Forgets what the alternate screen shows, so that it is painted again.
    pub(crate) fn forget_pane(&mut self) {
        self.pane.clear();
    }

    fn paint_live(&self, rows: &[Row], cursor: CursorPosition) -> Frame {
        let mut painted = String::new();
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                painted.push_str("\r\n");
            }
            self.look.palette.paint(row, &mut painted);
            painted.push_str("\x1b[K");
        }
        painted.push_str("\x1b[J\r"); // erase what was below
        push_move(&mut painted, rows.len() - 1 - cursor.row, 'A');
        let text = |row: &Row| row.iter().map(|(_, text)| text.as_str()).collect();
        let mut frame = Frame { painted, rows: rows.iter().map(text).collect(), cursor };
        let before = frame.before_cursor();
        if width::is_uncertain(before) {
            // Only the terminal knows how many columns this takes: it moves the cursor over it.
            let before = before.to_owned();
            frame.painted.push_str(&before);
        } else {
            push_move(&mut frame.painted, cursor.column, 'C');
        }
        frame
    }

    /// Removes the live part; the next output is in its place.
    pub(crate) fn erase(&mut self, out: &mut String) {
        _ = self.go_to_top(out);
        out.push_str(ERASE);
        self.live = Frame::default();
        self.printed.clear(); // others may print below it
    }

    /// Clears the terminal, but not what has scrolled out of it.
    pub(crate) fn clear(&mut self, out: &mut String) {
        out.push_str("\x1b[H\x1b[2J");
        self.live = Frame::default();
        self.printed.clear();
    }

    /// Takes a new size.
    pub(crate) fn resize(&mut self, size: Size) {
        self.resized.get_or_insert(SizesSince::new(self.size)).add(size);
        self.live.painted.clear();
        self.pane.clear();
        self.size = size;
    }

    /// Moves to the first row of the live part. After a resize it moves to the oldest line that may be
    /// damaged and erases everything below, also the terminal's notes on which rows continue: tmux joins
    /// rows with such a note when it becomes wider, whatever was painted over them. It returns the lines to
    /// print again.
    fn go_to_top(&mut self, out: &mut String) -> Vec<Line> {
        out.push('\r');
        let row = self.live.cursor.row;
        let Some(sizes) = self.resized.take() else {
            push_move(out, row, 'A');
            return Vec::new();
        };
        let (damaged, up) = match self.look.on_resize {
            OnResize::WrapsAgain => {
                let columns = self.size.columns;
                // Where terminals disagree, the least: too low leaves a row behind, too high takes one away.
                (Vec::new(), self.live.rows_above_cursor(columns, width::least_of_cluster))
            }
            OnResize::Unknown => {
                let most = self.live.rows_above_cursor(sizes.narrowest, width::of_text);
                let (damaged, rows) = self.printed.take_damaged(most.saturating_sub(row), sizes);
                (damaged, row + rows)
            }
        };
        push_move(out, up, 'A');
        out.push_str(ERASE);
        damaged
    }

    /// The rows of the live part, fewer than the terminal has, and the position of the cursor.
    fn live_rows(
        &self,
        pending: &[Line],
        status: &Line,
        editor: &Editor,
    ) -> (Vec<Row>, CursorPosition) {
        let available = self.size.rows.max(2) - 1;
        let (input, mut cursor) = input_rows(editor, self.columns(), INPUT_ROWS.min(available));
        let mut rows: Vec<Row> =
            pending.iter().flat_map(|l| l.screen_rows(self.columns(), self.look.markup)).collect();
        rows.extend(status.rows(self.columns()).into_iter().take(1));
        // Rows that do not fit are cut from the top: the oldest unsent first, the status line last.
        let excess = (rows.len() + input.len()).saturating_sub(available).min(rows.len());
        rows.drain(..excess);
        cursor.row += rows.len();
        rows.extend(input);
        (rows, cursor)
    }
}

fn push_move(out: &mut String, by: usize, direction: char) {
    if by > 0 {
        _ = write!(out, "\x1b[{by}{direction}");
    }
}

/// The input line, over at most `max_rows` rows around the cursor, and the position of the cursor.
fn input_rows(editor: &Editor, columns: usize, max_rows: usize) -> (Vec<Row>, CursorPosition) {
    let (before, after) = editor.halves();
    let prompt = prompt(editor, columns);
    let mut layout = Layout { column: width::of_text(&prompt), rows: vec![prompt], columns };
    layout.push(before);
    let mut cursor = CursorPosition { row: layout.rows.len() - 1, column: layout.column };
    layout.push(after);
    let top = (cursor.row + 1).saturating_sub(max_rows);
    cursor.row -= top;
    let rows = layout.rows.into_iter().skip(top).take(max_rows);
    (rows.map(|row| vec![(Style::Plain, row)]).collect(), cursor)
}

/// The prompt before the text; of a long one the end, which is next to the cursor.
fn prompt(editor: &Editor, columns: usize) -> String {
    let prompt = Sanitized::one_line(&editor.prompt()).as_str().to_owned();
    let mut left = columns / 2;
    let fits = |c: &char| {
        left.checked_sub(width::of(*c)).is_some_and(|rest| {
            left = rest;
            true
        })
    };
    let mut end: Vec<char> = prompt.chars().rev().take_while(fits).collect();
    end.reverse();
    end.into_iter().skip_while(|c| width::is_combining(*c)).collect()
}

/// Rows being filled with the input.
struct Layout {
    rows: Vec<String>,
    column: usize,
    columns: usize,
}

impl Layout {
    fn push(&mut self, mut chars: &[char]) {
        while let Some(first) = chars.first() {
            let count = if matches!(first, '\n' | '\t') { 1 } else { width::cluster(chars) };
            let (letter, rest) = chars.split_at_checked(count).unwrap_or((chars, &[]));
            chars = rest;
            match first {
                '\n' => self.new_row(),
                '\t' => self.push_letter("    "),
                _ => self.push_letter(Sanitized::one_line(&String::from_iter(letter)).as_str()),
            }
        }
    }

    fn push_letter(&mut self, shown: &str) {
        let takes = width::of_text(shown);
        if takes > 1 && INDENT + takes >= self.columns && shown.chars().nth(1).is_some() {
            // Wider than a row: an escape, or emoji, on a very narrow terminal.
            return shown.chars().for_each(|c| self.push_letter(c.encode_utf8(&mut [0; 4])));
        }
        // A full row is left at once, because the cursor needs a free column.
        if self.column + takes >= self.columns {
            self.new_row();
        }
        self.column += takes;
        if let Some(row) = self.rows.last_mut() {
            row.push_str(shown);
        }
    }

    fn new_row(&mut self) {
        self.rows.push(" ".repeat(INDENT));
        self.column = INDENT;
    }
}

#[cfg(test)]
mod emulators;
#[cfg(test)]
mod resize_tests;
#[cfg(test)]
mod tests;
