//! Breaks a styled line into rows: between words, and between ideographs, which have no spaces between them.

use super::style::Row;
use super::style::Style;
use super::width;

/// Breaks one line into rows.
pub(super) struct Wrap {
    columns: usize,
    indent: usize,
    rows: Vec<Row>,
    row: Row,
    used: usize,
    /// Where the last word of the row begins: the piece, the byte in it, the column.
    word: Option<(usize, usize, usize)>,
    /// The last character pushed.
    before: Option<char>,
}

impl Wrap {
    pub(super) fn new(columns: usize, head: Row, indent: usize) -> Wrap {
        let used = head.iter().map(|(_, text)| width::of_text(text)).sum();
        let (columns, indent) = (columns.max(8), indent.min(columns.max(8) / 2));
        Wrap { columns, indent, rows: Vec::new(), row: head, used, word: None, before: None }
    }

    pub(super) fn push(&mut self, style: Style, text: &str) {
        self.row.push((style, String::new()));
        for cluster in width::clusters(text) {
            if self.indent + width::of_text(cluster) <= self.columns {
                self.push_cluster(style, cluster);
            } else {
                cluster.chars().for_each(|c| self.push_cluster(style, c.encode_utf8(&mut [0; 4])));
            }
        }
    }

    /// Adds what is seen as one character.
    fn push_cluster(&mut self, style: Style, cluster: &str) {
        let Some(first) = cluster.chars().next() else { return };
        let takes = width::of_text(cluster);
        if self.before.is_some_and(|before| may_break(before, first)) {
            let byte = self.row.last().map_or(0, |(_, text)| text.len());
            self.word = Some((self.row.len() - 1, byte, self.used));
        }
        self.before = cluster.chars().next_back();
        if self.used + takes > self.columns {
            self.break_row(first, takes, style);
            if first == ' ' {
                return; // the break replaces it
            }
        }
        if let Some((_, text)) = self.row.last_mut() {
            text.push_str(cluster);
        }
        self.used += takes;
    }

    /// Ends the row because `next` does not fit: before its last word, if that and `next` fit on a row
    /// together, else right here.
    fn break_row(&mut self, next: char, takes: usize, style: Style) {
        let indent = (Style::Plain, " ".repeat(self.indent));
        let fits = |(_, _, column): &(usize, usize, usize)| {
            let is_moved = *column > self.indent; // else the next row has no more room for it
            next != ' ' && is_moved && self.indent + self.used - column + takes <= self.columns
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

    pub(super) fn done(mut self) -> Vec<Row> {
        self.rows.push(self.row);
        self.rows
    }
}

/// Whether a row may end between two characters: after a space, and beside an ideograph, a kana or an
/// emoji, but not before punctuation that ends something, and not after what opens it (a short version of
/// Unicode's UAX 14).
fn may_break(before: char, c: char) -> bool {
    if before == ' ' || c == ' ' {
        return before == ' ' && c != ' ';
    }
    (is_wide(before) || is_wide(c)) && !NOT_FIRST.contains(c) && !NOT_LAST.contains(before)
}

/// Korean has spaces between its words.
fn is_wide(c: char) -> bool {
    width::of(c) == 2 && !matches!(c, '\u{1100}'..='\u{115F}' | '\u{AC00}'..='\u{D7A3}')
}

/// Characters that do not begin a row.
const NOT_FIRST: &str = ",.!?:;)]}\"'%…、。，．！？：；）」』】〉》〕］｝ー々ゝ\
    ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ";

/// Characters that do not end a row.
const NOT_LAST: &str = "([{\"'（「『【〈《〔［｛";

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        let mut rows = Wrap::new(columns, vec![(Style::Plain, "ann ".to_owned())], 4);
        rows.push(Style::Plain, text);
        let join = |row: Row| row.into_iter().map(|(_, text)| text).collect();
        rows.done().into_iter().map(join).collect()
    }

    #[test]
    fn a_text_without_spaces_begins_after_the_name() {
        assert_eq!(wrapped("日本語の文章です。", 12), ["ann 日本語の", "    文章で", "    す。"]);
        assert_eq!(wrapped("日本語の、文章", 12), ["ann 日本語", "    の、文章"]);
        assert_eq!(wrapped("（日本語）（文", 14), ["ann （日本語）", "    （文"]);
        assert_eq!(
            wrapped("see https://a.example", 12),
            ["ann see", "    https://", "    a.exampl", "    e"]
        );
        assert_eq!(wrapped("abcdefghijkl", 12), ["ann abcdefgh", "    ijkl"]);
        assert_eq!(wrapped("한국어 문장 입니다", 14), ["ann 한국어", "    문장", "    입니다"]);
    }

    #[test]
    fn no_row_ends_inside_a_sequence_of_emoji() {
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(
            wrapped(&format!("ab{family}cd"), 12),
            [format!("ann ab{family}"), "    cd".to_owned()]
        );
        assert_eq!(
            wrapped(&format!("abc{family}"), 12),
            ["ann abc".to_owned(), format!("    {family}")]
        );
        let chain = "👩\u{200d}".repeat(99);
        assert!(wrapped(&chain, 9).iter().all(|row| width::of_text(row) <= 9));
    }
}
