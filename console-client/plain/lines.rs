//! Input in lines: bytes in, numbered lines out, one at a time.

/// A line is read as far as this many bytes; the server accepts far less.
const LINE_MAX: usize = 1024 * 1024;

/// Input that was read from stdin and not taken yet.
#[derive(Debug, Default)]
pub(super) struct InputLines {
    bytes: Vec<u8>,
    /// Where the next line starts in `bytes`.
    start: usize,
    /// Before this place the next line does not end.
    searched: usize,
    /// Lines that were taken.
    taken: u64,
    /// The line at `start` is longer than [`LINE_MAX`], and what was read of it was dropped.
    is_too_long: bool,
    /// Nothing more comes.
    is_closed: bool,
}

/// A line of the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputLine {
    /// Its number; the first is 1.
    pub(super) number: u64,
    /// Without its end; `None` if it is longer than any that is read.
    pub(super) bytes: Option<Vec<u8>>,
}

impl InputLines {
    /// Adds what was read.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.drain(..self.start);
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > LINE_MAX && self.line_end().is_none() {
            self.is_too_long = true;
            (self.bytes, self.searched) = (Vec::new(), 0);
        }
    }

    /// Nothing more comes: what is left is the last line.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// How many lines were taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether nothing is left to take, and nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        self.is_closed && !self.has_rest()
    }

    /// Whether bytes are left of which no line was taken.
    pub(super) fn has_rest(&self) -> bool {
        self.is_too_long || self.start < self.bytes.len()
    }

    /// Whether a whole line is there.
    pub(super) fn has_line(&mut self) -> bool {
        self.line_end().is_some() || self.is_closed && self.has_rest()
    }

    /// The next line, if it is there as a whole; the next call returns the same until it is taken.
    pub(super) fn peek(&mut self) -> Option<&[u8]> {
        let end = match self.line_end() {
            Some(end) => end,
            None if self.is_closed && self.has_rest() => self.bytes.len(),
            None => return None,
        };
        let line = self.bytes.get(self.start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Takes the next line, if it is there as a whole.
    pub(super) fn take(&mut self) -> Option<InputLine> {
        let line = self.peek()?.to_vec();
        self.start = self.line_end().unwrap_or(self.bytes.len());
        self.searched = self.start;
        self.taken += 1;
        let is_too_long = std::mem::take(&mut self.is_too_long) || line.len() > LINE_MAX;
        Some(InputLine { number: self.taken, bytes: (!is_too_long).then_some(line) })
    }

    /// Where the next line ends, behind its line feed.
    fn line_end(&mut self) -> Option<usize> {
        let from = self.searched.max(self.start);
        let rest = self.bytes.get(from..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                self.searched = from + at; // found again at once
                Some(from + at + 1)
            }
            None => {
                self.searched = self.bytes.len();
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut InputLines) -> Vec<(u64, Option<String>)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        std::iter::from_fn(|| lines.take())
            .map(|line| (line.number, line.bytes.map(text)))
            .collect()
    }

    fn line(number: u64, text: &str) -> (u64, Option<String>) {
        (number, Some(text.to_owned()))
    }

    #[test]
    fn lines_are_numbered_wherever_the_chunks_are_cut() {
        let input = b"one\n\ntwo\r\n\rthree";
        let expected = [line(1, "one"), line(2, ""), line(3, "two"), line(4, "\rthree")];
        for size in 1..=input.len() {
            let (mut lines, mut found) = (InputLines::default(), Vec::new());
            for chunk in input.chunks(size) {
                lines.push(chunk);
                found.extend(all(&mut lines));
            }
            assert!(!lines.is_over() && !lines.has_line());
            lines.close();
            assert!(lines.has_line());
            found.extend(all(&mut lines));
            assert_eq!(found, expected, "chunks of {size}");
            assert!(lines.is_over() && lines.taken() == 4);
        }
    }

    #[test]
    fn a_line_stays_until_it_is_taken() {
        let mut lines = InputLines::default();
        lines.push(b"a\nb");
        assert_eq!(lines.peek(), Some(&b"a"[..]));
        assert_eq!(lines.peek(), Some(&b"a"[..]));
        lines.push(b"c\n");
        assert_eq!(all(&mut lines), [line(1, "a"), line(2, "bc")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line_and_takes_no_memory() {
        let mut lines = InputLines::default();
        for _ in 0..1_000 {
            lines.push(&[b'x'; 4096]);
            assert!(!lines.has_line() && lines.bytes.len() <= LINE_MAX + 4096);
        }
        lines.push(b"end\nnext\n");
        assert_eq!(all(&mut lines), [(1, None), line(2, "next")]);
        lines.push(&[b'x'; 2 * LINE_MAX]);
        lines.push(&[b'x'; 2 * LINE_MAX]);
        lines.close();
        assert_eq!(all(&mut lines), [(3, None)]);
    }
}
