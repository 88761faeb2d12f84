//! The live part as it was painted, and where a terminal that wraps rows again has put it.

use crate::text::width;

/// The live part as it was last painted.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Its rows, with escape sequences.
    pub(super) painted: String,
    /// The text of each row.
    pub(super) rows: Vec<String>,
    pub(super) cursor: CursorPosition,
}

/// A row and a column of the live part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CursorPosition {
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Frame {
    /// The rows above the cursor, once a terminal of `columns` has wrapped each row again; `measure` gives
    /// the columns of one cluster.
    pub(super) fn rows_above_cursor(&self, columns: usize, measure: fn(&str) -> usize) -> usize {
        let above = self.rows.iter().take(self.cursor.row);
        let above: usize = above.map(|row| wrap_at(row, row.len(), columns, measure) + 1).sum();
        let row = self.rows.get(self.cursor.row).map_or("", String::as_str);
        above + wrap_at(row, self.before_cursor().len(), columns, measure)
    }

    /// The text before the cursor, on its row.
    pub(super) fn before_cursor(&self) -> &str {
        let row = self.rows.get(self.cursor.row).map_or("", String::as_str);
        before(row, self.cursor.column)
    }
}

/// The text of a row before a column.
fn before(row: &str, column: usize) -> &str {
    let mut used = 0;
    let end = row.char_indices().find(|(_, c)| {
        used += width::of(*c);
        used > column
    });
    end.and_then(|(at, _)| row.get(..at)).unwrap_or(row)
}

/// Which of the rows that `text` fills on a terminal holds its byte `at`: 0 is the first.
fn wrap_at(text: &str, at: usize, columns: usize, measure: fn(&str) -> usize) -> usize {
    let (mut row, mut used, mut byte) = (0, 0, 0);
    for cluster in width::clusters(text) {
        let takes = measure(cluster);
        if used + takes > columns.max(1) {
            (row, used) = (row + 1, 0);
        }
        if byte >= at {
            break;
        }
        used += takes;
        byte += cluster.len();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_wider_than_the_terminal_is_wrapped() {
        let row = "abcdefghij".to_owned();
        let at = |column, columns| {
            let cursor = CursorPosition { row: 1, column };
            let rows = vec!["[lobby]".to_owned(), row.clone()];
            let frame = Frame { painted: String::new(), rows, cursor };
            frame.rows_above_cursor(columns, width::of_text)
        };
        assert_eq!(
            [at(3, 20), at(10, 20), at(10, 10), at(3, 8), at(8, 8), at(9, 8)],
            [1, 1, 1, 1, 2, 2]
        );
        assert_eq!([at(4, 5), at(5, 5), at(10, 5)], [2, 3, 3], "the row above is two");
        // A wide character that does not fit at the end of a row leaves a column free.
        assert_eq!(wrap_at("a日日日", 10, 4, width::of_text), 1);
        assert_eq!(wrap_at("日日日日", 12, 3, width::of_text), 3);
    }
}
