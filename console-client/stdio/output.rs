//! Standard output for programs: whole lines, out as soon as nothing more is at hand.
//!
//! Room: stdout. A reader that goes away is no error: it has seen enough.

use std::io;
use std::io::ErrorKind;
use std::io::Write;

/// This many bytes go out at once where a lot is at hand.
const FULL: usize = 64 * 1024;

/// Lines on their direction to stdout.
#[derive(Debug, Default)]
pub(crate) struct Output {
    lines: String,
}

/// Whether somebody still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Reading,
    Gone,
}

impl Output {
    /// Puts down a line.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub(crate) fn line(&mut self, line: &str) -> Result<Reader, String> {
        self.lines.push_str(line);
        self.lines.push('\n');
        if self.lines.len() < FULL { Ok(Reader::Reading) } else { self.flush() }
    }

    /// Writes all that was put down.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub(crate) fn flush(&mut self) -> Result<Reader, String> {
        if self.lines.is_empty() {
            return Ok(Reader::Reading);
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(self.lines.as_bytes()).and_then(|()| stdout.flush());
        self.lines.clear();
        outcome(written)
    }
}

/// What a write to stdout came to.
///
/// # Errors
/// A sentence: it failed, and not because the reader has gone.
pub(crate) fn outcome(written: io::Result<()>) -> Result<Reader, String> {
    match written {
        Ok(()) => Ok(Reader::Reading),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(format!("cannot write to stdout: {error}")),
    }
}
