//! Stdout for programs: whole lines, written when nothing more is ready.

use std::io;
use std::io::ErrorKind;
use std::io::Write;

/// Bytes that are written at once, if many are ready.
const FULL: usize = 64 * 1024;

/// Lines to be written to stdout.
#[derive(Debug, Default)]
pub(crate) struct Output {
    lines: String,
}

/// Whether a reader is left. One that has closed the pipe is no error: it has read enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Reading,
    Gone,
}

impl Output {
    /// Adds a line.
    ///
    /// # Errors
    /// A sentence: stdout cannot be written.
    pub(crate) fn line(&mut self, line: &str) -> Result<Reader, String> {
        self.lines.push_str(line);
        self.lines.push('\n');
        if self.lines.len() < FULL { Ok(Reader::Reading) } else { self.flush() }
    }

    /// Writes all lines added.
    ///
    /// # Errors
    /// A sentence: stdout cannot be written.
    pub(crate) fn flush(&mut self) -> Result<Reader, String> {
        if self.lines.is_empty() {
            return Ok(Reader::Reading);
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(self.lines.as_bytes()).and_then(|()| stdout.flush());
        self.lines.clear();
        reader_after(written)
    }
}

/// Whether stdout has a reader, by the result of a write.
///
/// # Errors
/// A sentence: the write failed for another reason.
pub(crate) fn reader_after(written: io::Result<()>) -> Result<Reader, String> {
    match written {
        Ok(()) => Ok(Reader::Reading),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(format!("cannot write to stdout: {error}")),
    }
}
