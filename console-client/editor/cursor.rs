//! The places in a text where the cursor can stop.

use super::Editor;
use crate::text::width;

impl Editor {
    pub(super) fn left(&self) -> usize {
        self.back(self.cursor, |before, c| !width::joins(before, c))
    }

    pub(super) fn right(&self) -> usize {
        self.on(self.cursor, |before, c| !width::joins(before, c))
    }

    pub(super) fn word_left(&self) -> usize {
        self.back(self.cursor, |before, c| !is_word(before) && is_word(c))
    }

    pub(super) fn word_right(&self) -> usize {
        self.on(self.cursor, |before, c| is_word(before) && !is_word(c))
    }

    pub(super) fn line_start(&self) -> usize {
        let is_start = |at: &usize| self.char_before(*at).is_none_or(|c| c == '\n');
        (0..=self.cursor).rev().find(is_start).unwrap_or(0)
    }

    pub(super) fn line_end(&self) -> usize {
        let rest = self.text.iter().skip(self.cursor);
        self.cursor + rest.take_while(|c| **c != '\n').count()
    }

    /// The nearest place before `from` where `stops` holds for the characters on its two sides.
    fn back(&self, from: usize, stops: impl Fn(char, char) -> bool) -> usize {
        let stops_at = |at: &usize| self.sides(*at).is_none_or(|(before, c)| stops(before, c));
        (0..from).rev().find(stops_at).unwrap_or(0)
    }

    fn on(&self, from: usize, stops: impl Fn(char, char) -> bool) -> usize {
        let stops_at = |at: &usize| self.sides(*at).is_none_or(|(before, c)| stops(before, c));
        (from + 1..self.text.len()).find(stops_at).unwrap_or(self.text.len())
    }

    fn sides(&self, at: usize) -> Option<(char, char)> {
        Some((self.char_before(at)?, *self.text.get(at)?))
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(at.checked_sub(1)?).copied()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || width::is_combining(c)
}
