//! A line of the chat before it is drawn: styled pieces of sanitized text, and how they wrap.

use super::sanitize::Sanitized;
use super::sanitize::SanitizedLines;
use super::style::Row;
use super::style::Style;
use super::width;

/// A line of any length. Every row but the first is indented when it is drawn, and a row after a
/// line break of the author is marked: no text of another user starts at the left edge, where the
/// time and the name are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<(Style, Sanitized)>,
    /// The lines of the text after its first.
    more: SanitizedLines,
    /// Columns before every row but the first.
    indent: usize,
    /// What is shown of it on a terminal.
    fold: Fold,
}

/// What is shown of a long line on a terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fold {
    #[default]
    Whole,
    /// [`FOLD_ROWS`] rows, and how many more there are.
    Cut,
    /// The same, and the command that prints them: the line is of the record with this seq.
    Record(u64),
}

/// Rows that a message may fill. More are folded: a post of 4,096 line feeds has 4,097 rows, and
/// three of them push out what a terminal keeps.
const FOLD_ROWS: usize = 20;

/// Bytes that the allocator adds to a small string, and those of its smallest block.
const ALLOCATION: usize = 24;

/// Printed before each line of a text but its first.
const CONTINUED: &str = "│ ";

impl Line {
    /// An empty line, whose rows but the first will be indented by `indent` columns.
    pub(crate) fn indented(indent: usize) -> Line {
        Line { indent, ..Line::default() }
    }

    /// Adds a piece on the same line.
    pub(crate) fn with(mut self, style: Style, text: &str) -> Line {
        self.pieces.push((style, Sanitized::one_line(text)));
        self
    }

    /// Adds a text that may have line breaks; the last thing to add.
    pub(crate) fn with_text(mut self, style: Style, text: &str) -> Line {
        let mut lines = Sanitized::lines(text).into_iter();
        self.pieces.extend(lines.next().map(|first| (style, first)));
        lines.for_each(|line| self.more.push(&line));
        self
    }

    /// On a terminal, only its first rows are shown; `/show SEQ` prints all of them.
    pub(crate) fn folded(self, seq: u64) -> Line {
        Line { fold: Fold::Record(seq), ..self }
    }

    /// On a terminal, only its first rows are shown.
    pub(crate) fn cut(self) -> Line {
        Line { fold: Fold::Cut, ..self }
    }

    /// The same line with all its rows.
    pub(crate) fn unfolded(self) -> Line {
        Line { fold: Fold::Whole, ..self }
    }

    /// This line with another before it.
    pub(crate) fn after(mut self, mut head: Line) -> Line {
        head.pieces.append(&mut self.pieces);
        Line { pieces: head.pieces, ..self }
    }

    /// Whether the line reports an error.
    pub(crate) fn is_error(&self) -> bool {
        self.pieces.iter().any(|(style, _)| *style == Style::Alarm)
    }

    /// An estimate of the memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        let piece = |(_, text): &(Style, Sanitized)| {
            size_of::<(Style, Sanitized)>() + ALLOCATION + text.as_str().len()
        };
        size_of::<Line>()
            + 2 * ALLOCATION
            + self.pieces.iter().map(piece).sum::<usize>()
            + self.more.size()
    }

    /// The line as rows of at most `columns` columns, for a terminal: a long one is folded.
    pub(crate) fn rows(&self, columns: usize) -> Vec<Row> {
        let most = if self.fold == Fold::Whole { usize::MAX } else { FOLD_ROWS };
        let (mut rows, hidden) = self.first_rows(columns, most);
        if hidden == 0 {
            return rows;
        }
        let lines = if hidden == 1 { "line" } else { "lines" };
        let text = match self.fold {
            Fold::Whole | Fold::Cut => format!("… {hidden} more {lines}"),
            Fold::Record(seq) => format!("… {hidden} more {lines}: /show {seq}"),
        };
        let mut fold = Wrap::new(columns, Vec::new(), self.indent_at(columns));
        fold.push(Style::Quiet, &format!("{:1$}{text}", "", self.indent_at(columns)));
        rows.extend(fold.done());
        rows
    }

    fn indent_at(&self, columns: usize) -> usize {
        if columns >= 4 * self.indent { self.indent } else { columns / 4 }
    }

    /// The first `most` rows of at most `columns` columns, broken between words where possible, and how
    /// many more there are. Those are not kept in memory: a hostile text has 65,536.
    fn first_rows(&self, columns: usize, most: usize) -> (Vec<Row>, usize) {
        let indent = self.indent_at(columns);
        let mut rows = Wrap::new(columns, Vec::new(), indent);
        for (style, text) in &self.pieces {
            rows.push(*style, text.as_str());
        }
        let (mut first, mut hidden) = (rows.done(), 0);
        for text in self.more.iter() {
            let mark = format!("{:indent$}{CONTINUED}", "");
            let indent = indent + width::of_text(CONTINUED);
            let mut rows = Wrap::new(columns, vec![(Style::Quiet, mark)], indent);
            rows.push(Style::Plain, text);
            let mut rows = rows.done().into_iter();
            first.extend(rows.by_ref().take(most.saturating_sub(first.len())));
            hidden += rows.count();
        }
        hidden += first.len().saturating_sub(most);
        first.truncate(most);
        (first, hidden)
    }

    /// The line for a pipe or a file: never wrapped, still marked.
    pub(crate) fn unwrapped(&self) -> Vec<Row> {
        self.first_rows(usize::MAX / 8, usize::MAX).0
    }
}

/// Breaks one line into rows.
struct Wrap {
    columns: usize,
    indent: usize,
    rows: Vec<Row>,
    row: Row,
    used: usize,
    /// Where the last word of the row begins: the piece, the byte in it, the column.
    word: Option<(usize, usize, usize)>,
    after_space: bool,
}

impl Wrap {
    fn new(columns: usize, head: Row, indent: usize) -> Wrap {
        let used = head.iter().map(|(_, text)| width::of_text(text)).sum();
        let (columns, indent) = (columns.max(8), indent.min(columns.max(8) / 2));
        Wrap { columns, indent, rows: Vec::new(), row: head, used, word: None, after_space: false }
    }

    fn push(&mut self, style: Style, text: &str) {
        self.row.push((style, String::new()));
        for c in text.chars() {
            let takes = width::of(c);
            if self.after_space && c != ' ' {
                let byte = self.row.last().map_or(0, |(_, text)| text.len());
                self.word = Some((self.row.len() - 1, byte, self.used));
            }
            self.after_space = c == ' ';
            if self.used + takes > self.columns {
                self.break_row(c, style);
                if c == ' ' {
                    continue; // the break replaces it
                }
            }
            if let Some((_, text)) = self.row.last_mut() {
                text.push(c);
            }
            self.used += takes;
        }
    }

    /// Ends the row because `c` does not fit: before its last word, if that and `c` fit on a row
    /// together, else right here.
    fn break_row(&mut self, c: char, style: Style) {
        let indent = (Style::Plain, " ".repeat(self.indent));
        let fits = |(_, _, column): &(usize, usize, usize)| {
            c != ' ' && self.indent + self.used - column + width::of(c) <= self.columns
        };
        let Some((piece, byte, column)) = self.word.take().filter(fits) else {
            let full = std::mem::replace(&mut self.row, vec![indent, (style, String::new())]);
            self.rows.push(full);
            self.used = self.indent;
            return;
        };
        let mut rest = self.row.split_off(piece);
        if let Some((style, text)) = rest.first_mut() {
            let word = text.split_off(byte.min(text.len()));
            let before = std::mem::replace(text, word);
            self.row.push((*style, before.trim_end().to_owned()));
        }
        rest.insert(0, indent);
        self.used = self.used - column + self.indent;
        self.rows.push(std::mem::replace(&mut self.row, rest));
    }

    fn done(mut self) -> Vec<Row> {
        self.rows.push(self.row);
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(line: &Line, columns: usize) -> Vec<String> {
        let join = |row: Row| row.into_iter().map(|(_, text)| text).collect::<String>();
        line.rows(columns).into_iter().map(join).collect()
    }

    fn line(text: &str) -> Line {
        Line::indented(6)
            .with(Style::Quiet, "12:34 ")
            .with(Style::Strong, "bob")
            .with_text(Style::Plain, &format!(" {text}"))
    }

    #[test]
    fn words_stay_whole_and_rows_after_the_first_are_indented() {
        let rows = ["12:34 bob one two three", "      four five"];
        assert_eq!(drawn(&line("one two three four five"), 24), rows);
    }

    #[test]
    fn a_word_longer_than_a_row_is_cut() {
        let rows = ["12:34 bob", "      abcdefghijklmnopqr", "      stuvwxyz日本語xab", "      語"];
        assert_eq!(drawn(&line("abcdefghijklmnopqrstuvwxyz日本語xab語"), 24), rows);
    }

    #[test]
    fn a_line_break_of_the_author_is_marked_so_that_it_cannot_pass_for_a_speaker() {
        let rows = ["12:34 bob hi", "      │ 12:35 admin you are", "      │ banned"];
        let rows = rows.map(str::to_owned).to_vec();
        assert_eq!(drawn(&line("hi\n12:35 admin you are banned"), 30)[..2], rows[..2]);
        let piped = drawn(&line("hi\n12:35 admin you are banned"), 400);
        assert_eq!(piped, ["12:34 bob hi", "      │ 12:35 admin you are banned"]);
    }

    #[test]
    fn a_long_line_is_folded_by_rows_on_a_terminal_and_whole_elsewhere() {
        let lines = |count: usize| line(&vec!["x"; count].join("\n"));
        assert_eq!(drawn(&lines(20).folded(12), 40).len(), 20, "it fits");
        let folded = drawn(&lines(4_003).folded(12), 40);
        assert_eq!((folded.len(), folded[19].as_str()), (21, "      │ x"));
        assert_eq!(folded[20], "      … 3983 more lines: /show 12");
        assert_eq!(drawn(&lines(21).cut(), 40)[20], "      … 1 more line");
        assert_eq!(drawn(&lines(4_003).folded(12).unfolded(), 40).len(), 4_003);
        assert_eq!(lines(4_003).folded(12).unwrapped().len(), 4_003, "a pipe gets all of it");
        // A row is what the terminal's width makes one.
        let wide = line(&"y".repeat(1_000)).folded(7);
        assert_eq!(drawn(&wide, 120).len(), 10);
        assert!(drawn(&wide, 40)[20].ends_with(" more lines: /show 7"));
        let narrow = drawn(&lines(99).folded(123_456), 8);
        assert!(narrow.iter().all(|row| width::of_text(row) <= 8), "{narrow:?}");
    }

    #[test]
    fn a_text_of_line_breaks_takes_no_more_memory_than_another() {
        let size = |text: &str| line(text).size();
        assert!(size(&"\n".repeat(4_096)) <= 2 * size(&"x".repeat(4_096)));
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked_and_no_letter_is_lost(
            text in "[a-z 日é\n]{0,80}", columns in 8_usize..60
        ) {
            let line = line(&text);
            let rows = drawn(&line, columns);
            prop_assert!(rows.iter().all(|row| width::of_text(row) <= columns), "{rows:?}");
            let letters = |text: &str| -> String {
                text.chars().filter(|c| !matches!(c, ' ' | '\n' | '│')).collect()
            };
            prop_assert_eq!(letters(&rows.concat()), letters(&format!("12:34bob{text}")));
        }
    }
}
