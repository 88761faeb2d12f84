//! What is where on the terminal: the chat scrolls above; below it a live part stays in place, with
//! unsent messages, the status line and the input line.
//!
//! It appends rows and escape sequences to a `String`, and never writes to the terminal itself.

use std::fmt::Write;

use crate::editor::Editor;
use crate::stdio::terminal::Size;
use crate::text::line::Line;
use crate::text::sanitize::Sanitized;
use crate::text::style::Palette;
use crate::text::style::Row;
use crate::text::style::Style;
use crate::text::width;

/// The terminal as we painted it last.
#[derive(Debug)]
pub(crate) struct Screen {
    size: Size,
    palette: Palette,
    live: Frame,
    /// What was painted last on the terminal's alternate screen, while the person was scrolled back.
    pane: String,
}

/// The live part as it was last painted.
#[derive(Debug, Default)]
struct Frame {
    text: String,
    widths: Vec<usize>,
    cursor: CursorPosition,
}

/// A row and a column of the live part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct CursorPosition {
    row: usize,
    column: usize,
}

/// The start and the end of a synchronized update: terminals that know it show the change at once.
pub(crate) const BEGIN: &str = "\x1b[?2026h";
pub(crate) const END: &str = "\x1b[?2026l";

/// Rows that the input line may take before it scrolls.
const INPUT_ROWS: usize = 8;

/// Columns before every row of the input line but the first: those of `> `.
const INDENT: usize = 2;

impl Screen {
    pub(crate) fn new(size: Size, palette: Palette) -> Screen {
        Screen { size, palette, live: Frame::default(), pane: String::new() }
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
        let mut text = String::new();
        self.push_live(&rows, cursor, &mut text);
        if above.is_empty() && text == self.live.text {
            return;
        }
        out.push_str(BEGIN);
        self.go_to_top(out);
        for row in above.iter().flat_map(|line| line.rows(self.columns())) {
            self.palette.paint(&row, out);
            out.push_str("\x1b[K\r\n");
        }
        out.push_str(&text);
        out.push_str(END);
        let widths = rows.iter().map(|row| row.iter().map(|(_, text)| width::of_text(text)).sum());
        self.live = Frame { text, widths: widths.collect(), cursor };
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
            pane.get(at).into_iter().for_each(|row| self.palette.paint(row, &mut text));
            text.push_str("\x1b[K\r\n");
        }
        self.push_live(&rows, cursor, &mut text);
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

    fn push_live(&self, rows: &[Row], cursor: CursorPosition, text: &mut String) {
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                text.push_str("\r\n");
            }
            self.palette.paint(row, text);
            text.push_str("\x1b[K");
        }
        text.push_str("\x1b[J\r"); // erase what was below
        push_move(text, rows.len() - 1 - cursor.row, 'A');
        push_move(text, cursor.column, 'C');
    }

    /// Removes the live part; the next output is in its place.
    pub(crate) fn erase(&mut self, out: &mut String) {
        self.go_to_top(out);
        out.push_str("\x1b[J");
        self.live = Frame::default();
    }

    /// Clears the terminal, but not what has scrolled out of it.
    pub(crate) fn clear(&mut self, out: &mut String) {
        out.push_str("\x1b[H\x1b[2J");
        self.live = Frame::default();
    }

    /// Takes a new size. Most terminals that become narrower wrap our rows again, which moves the cursor
    /// down; those that do not lose some rows of the chat.
    pub(crate) fn resize(&mut self, size: Size) {
        let columns = size.columns.max(1);
        let CursorPosition { row, column } = self.live.cursor;
        let above = self.live.widths.iter().take(row).map(|width| width.div_ceil(columns).max(1));
        self.live.cursor.row = above.sum::<usize>() + column / columns;
        self.live.text.clear();
        self.pane.clear();
        self.size = size;
    }

    fn go_to_top(&self, out: &mut String) {
        out.push('\r');
        push_move(out, self.live.cursor.row, 'A');
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
            pending.iter().flat_map(|line| line.rows(self.columns())).collect();
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
        while let Some((first, rest)) = chars.split_first() {
            let marks = rest.iter().take_while(|c| width::is_combining(**c)).count();
            let (letter, rest) = chars.split_at_checked(1 + marks).unwrap_or((chars, &[]));
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
mod tests;
