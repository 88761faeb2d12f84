//! A line of the chat before it is drawn: styled pieces of sanitized text, and how they wrap.

use super::markup::Markup;
use super::mention;
use super::pieces::Marks;
use super::pieces::Piece;
use super::sanitize::Sanitized;
use super::sanitize::SanitizedLines;
use super::style::Row;
use super::style::Style;
use super::width;
use super::wrap::Wrap;

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
    /// What the last piece and the lines after it are.
    text: TextKind,
}

/// What the text of a line is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum TextKind {
    /// Our own words: they have no markup.
    #[default]
    Ours,
    /// A message, and the key of the person's name if it mentions them.
    Message { mentioned: Option<Box<str>> },
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

/// The mark of struck text.
const STRUCK: &str = "~~";

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

    /// Adds the text of a message, which may have markup and line breaks; the last thing to add. A screen
    /// shows its rows one below the other, after the head of the first. `mentioned` is the key of a name
    /// that stands out in it.
    pub(crate) fn with_message(self, style: Style, text: &str, mentioned: Option<String>) -> Line {
        let mentioned = mentioned.map(String::into_boxed_str);
        Line { text: TextKind::Message { mentioned }, ..self.with_text(style, text) }
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

    /// The line as rows of at most `columns` columns, for a terminal without a screen: a long one is
    /// folded.
    pub(crate) fn rows(&self, columns: usize) -> Vec<Row> {
        self.fold(columns, self.first_rows(columns, self.most_rows()))
    }

    /// The line as rows of at most `columns` columns of a screen: a long one is folded, and a message
    /// stands in one column.
    pub(crate) fn screen_rows(&self, columns: usize, markup: Markup) -> Vec<Row> {
        match (&self.text, self.pieces.split_last()) {
            (TextKind::Message { mentioned }, Some((text, head))) => {
                let message =
                    Message { head, text, more: &self.more, mentioned: mentioned.as_deref() };
                let column = message.column(columns, self.indent_at(columns));
                let rows = message.first_rows(columns, column, markup, self.most_rows());
                self.fold(columns, rows)
            }
            (TextKind::Message { .. } | TextKind::Ours, _) => self.rows(columns),
        }
    }

    fn most_rows(&self) -> usize {
        if self.fold == Fold::Whole { usize::MAX } else { FOLD_ROWS }
    }

    /// Adds a row that says how many more there are.
    fn fold(&self, columns: usize, (mut rows, hidden): (Vec<Row>, usize)) -> Vec<Row> {
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

/// A line that is a message: what is before its text, and the text.
struct Message<'a> {
    head: &'a [(Style, Sanitized)],
    text: &'a (Style, Sanitized),
    more: &'a SanitizedLines,
    /// The key of the name that stands out.
    mentioned: Option<&'a str>,
}

impl Message<'_> {
    /// The column where each row of the text begins: after the head, unless that takes half the screen.
    fn column(&self, columns: usize, indent: usize) -> usize {
        let head = self.head.iter().map(|(_, text)| width::of_text(text.as_str())).sum();
        if head <= columns / 2 { head } else { indent + width::of_text(CONTINUED) }
    }

    /// The first `most` rows, and how many more there are.
    fn first_rows(
        &self,
        columns: usize,
        column: usize,
        markup: Markup,
        most: usize,
    ) -> (Vec<Row>, usize) {
        let (style, first) = self.text;
        let mut text = first.as_str().to_owned();
        for line in self.more.iter() {
            text.push('\n');
            text.push_str(line);
        }
        let head: Row = self.head.iter().map(|(s, text)| (*s, text.as_str().to_owned())).collect();
        let indent = column.saturating_sub(width::of_text(CONTINUED));
        let mark: Row = vec![(Style::Quiet, format!("{:indent$}{CONTINUED}", ""))];
        let (mut shown, mut hidden, mut before): (Vec<Row>, usize, Row) = (Vec::new(), 0, head);
        let lines = markup.lines(&text);
        let is_empty = lines.is_empty();
        for line in lines.into_iter().chain(is_empty.then(Vec::new)) {
            let mut rows = Wrap::new(columns, std::mem::replace(&mut before, mark.clone()), column);
            for (style, text) in self.styled(*style, line) {
                rows.push(style, text.as_str());
            }
            let mut rows = rows.done().into_iter();
            shown.extend(rows.by_ref().take(most.saturating_sub(shown.len())));
            hidden += rows.count();
        }
        (shown, hidden)
    }

    /// A line of the text with its styles. What marks were between is sanitized again: a mark on nothing
    /// may begin a piece. Struck text keeps its tildes: a terminal that cannot strike it out would say the
    /// opposite.
    fn styled(&self, style: Style, line: Vec<Piece>) -> Vec<(Style, Sanitized)> {
        let mut styled = Vec::new();
        if line.first().is_some_and(|piece| piece.marks.has(Marks::QUOTE)) {
            styled.push((Style::Quiet, Sanitized::one_line("> ")));
        }
        let mut struck = None;
        for Piece { text, marks } in line {
            let style = style.marked(marks);
            let is_struck = marks.has(Marks::DEL);
            if is_struck != struck.is_some() {
                styled.push((struck.unwrap_or(style), Sanitized::one_line(STRUCK)));
            }
            struck = is_struck.then_some(style);
            for (is_name, part) in mention::split(&text, self.mentioned.unwrap_or_default()) {
                let style = if is_name { Style::Mention } else { style };
                styled.push((style, Sanitized::one_line(part)));
            }
        }
        styled.extend(struck.map(|style| (style, Sanitized::one_line(STRUCK))));
        styled
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
    fn struck_text_keeps_its_tildes() {
        let markup = Markup::Styled { emoji: true };
        let rows = |text: &str| {
            let line = Line::indented(6).with(Style::Strong, "bob ");
            let rows = line.with_message(Style::Plain, text, None).screen_rows(60, markup);
            let join = |row: Row| row.into_iter().map(|(_, text)| text).collect::<String>();
            rows.into_iter().map(join)
        };
        for (text, shown) in [
            ("~~old~~ new", "bob ~~old~~ new"),
            ("on ~~Monday **or** Tuesday~~", "bob on ~~Monday or Tuesday~~"),
            ("~~a~~ ~~b~~", "bob ~~a~~ ~~b~~"),
        ] {
            assert_eq!(rows(text).collect::<Vec<_>>(), [shown]);
        }
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

    fn on_screen(text: &str, columns: usize) -> Vec<String> {
        let line = Line::indented(6).with(Style::Quiet, "12:34 ").with(Style::Strong, "bob");
        let line = line.with(Style::Plain, " ").with_message(Style::Plain, text, None);
        let rows = line.screen_rows(columns, Markup::Styled { emoji: true });
        rows.into_iter().map(|row| row.into_iter().map(|(_, text)| text).collect()).collect()
    }

    #[test]
    fn all_rows_of_a_message_on_a_screen_begin_in_one_column() {
        assert_eq!(on_screen("a  1\nbb 2", 40), ["12:34 bob a  1", "        │ bb 2"]);
        assert_eq!(
            on_screen("see\n```\nif x:\n    y\n```\n> **so**", 40),
            ["12:34 bob see", "        │ if x:", "        │     y", "        │ > so"]
        );
        assert_eq!(
            on_screen("one two three four", 24),
            ["12:34 bob one two three", "          four"]
        );
        assert_eq!(
            on_screen("日本語の文章日本語", 24),
            ["12:34 bob 日本語の文章日", "          本語"]
        );
        // A name that takes more than half the screen leaves too little for that.
        assert_eq!(on_screen("one\ntwo three", 16), ["12:34 bob one", "    │ two three"]);
        assert_eq!(on_screen("", 40), ["12:34 bob "]);
    }

    #[test]
    fn markup_and_a_mention_have_styles_on_a_screen_and_pipes_get_the_text_as_it_was_sent() {
        let text = "**Bob**: `x` *y* :tada:\x1b[2J";
        let line = Line::default().with_message(Style::Strong, text, Some("bob".to_owned()));
        let rows = line.screen_rows(80, Markup::Styled { emoji: true });
        let rows: Vec<_> = rows[0].iter().map(|(style, text)| (*style, text.as_str())).collect();
        assert_eq!(
            rows,
            [
                (Style::Mention, "Bob"),
                (Style::Strong, ": "),
                (Style::Code, "x"),
                (Style::Strong, " "),
                (Style::StrongEm, "y"),
                (Style::Strong, " 🎉\\x1b[2J"),
            ]
        );
        let raw = "**Bob**: `x` *y* :tada:\\x1b[2J";
        assert_eq!(line.unwrapped(), [[(Style::Strong, raw.to_owned())]]);
        assert_eq!(line.rows(80), [[(Style::Strong, raw.to_owned())]], "--plain too");
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
