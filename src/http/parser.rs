//! Bytes in, a head out. It looks at each byte once, however the bytes are cut.

use std::fmt;
use std::mem;

use super::error::Error;
use super::headers::Headers;
use crate::limits;

/// A head that a [`Parser`] can read: a [`Request`](crate::http::Request) or a
/// [`ResponseHead`](crate::http::ResponseHead).
pub trait Head: Sized {
    /// The contents of the first line.
    type FirstLine: fmt::Debug;

    /// Empty lines ignored before the first line.
    const LEADING_EMPTY_LINES: usize;

    /// Whether the first line is visible ASCII and spaces only.
    const ASCII_FIRST_LINE: bool;

    /// Reads the first line, without its line end.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn first_line(line: &[u8]) -> Result<Self::FirstLine, Error>;

    /// Builds the head, and checks what needs both parts.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    fn from_parts(first_line: Self::FirstLine, headers: Headers) -> Result<Self, Error>;
}

/// Limits on one head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the first line.
    pub first_line: usize,
    /// Bytes of one header line.
    pub header_line: usize,
    /// Header lines.
    pub headers: usize,
    /// Bytes in all.
    pub head: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            first_line: limits::REQUEST_LINE,
            header_line: limits::HEADER_LINE,
            headers: limits::HEADERS,
            head: limits::HEAD,
        }
    }
}

/// Parses one head from pieces of any size, within its [`Limits`].
///
/// An error is returned as soon as it is seen: for another protocol at its first byte, for a line
/// that is too long at the first byte beyond the limit.
///
/// ```
/// use talk::http::{Parser, Request};
/// let mut parser = Parser::<Request>::new();
/// assert_eq!(parser.feed(b"GET / HTTP/1.1\r\nHost: lo")?, None);
/// let (request, used) = parser.feed(b"calhost\r\n\r\n\x81\x05")?.unwrap();
/// assert_eq!(request.target.path, "/");
/// assert_eq!(used, 11); // the two bytes that follow are not HTTP's
/// # Ok::<(), talk::http::Error>(())
/// ```
#[derive(Debug)]
pub struct Parser<H: Head> {
    /// The limits on this head.
    limits: Limits,
    /// The first line, once it is read.
    first_line: Option<H::FirstLine>,
    /// The header lines read so far.
    headers: Headers,
    /// The line so far; after a carriage return that is its last byte until the line feed comes.
    line: Vec<u8>,
    /// Empty lines ignored before the first line.
    empty_lines: usize,
    /// Bytes of the head so far.
    taken: usize,
    /// Whether this is a HEAD request.
    asks_for_head: bool,
}

impl<H: Head> Parser<H> {
    /// A parser with the limits of [`crate::limits`].
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a half-read head is not a default value")]
    pub fn new() -> Parser<H> {
        Parser::within(Limits::default())
    }

    /// A parser with other limits.
    #[must_use]
    pub fn within(limits: Limits) -> Parser<H> {
        Parser {
            limits,
            first_line: None,
            headers: Headers::default(),
            line: Vec::new(),
            empty_lines: 0,
            taken: 0,
            asks_for_head: false,
        }
    }

    /// Adds bytes. `None`: feed me more. Otherwise the head is complete, and the number is how many
    /// bytes of `input` belong to it. One parser reads one head.
    ///
    /// # Errors
    ///
    /// What is wrong with the head (RFC 9112 §§2 to 6); nothing more can be read from this peer.
    pub fn feed(&mut self, input: &[u8]) -> Result<Option<(H, usize)>, Error> {
        for (&byte, used) in input.iter().zip(1..) {
            self.taken = self.taken.saturating_add(1);
            if self.take(byte)?
                && let Some(head) = self.end_line()?
            {
                return Ok(Some((head, used)));
            }
            if self.remaining() == 0 {
                return Err(Error::HeadTooLong { limit: self.limits.head });
            }
        }
        Ok(None)
    }

    /// Bytes that this head may still have: the caller need not read more.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.limits.head.saturating_sub(self.taken)
    }

    /// Whether no byte has been seen yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.taken == 0
    }

    /// Whether this is a HEAD request, as soon as its method is read: then the response has no body
    /// (RFC 9110 §9.3.2), even if the rest of the head is invalid.
    #[must_use]
    pub fn asks_for_head(&self) -> bool {
        self.asks_for_head
    }

    /// Adds one byte to the line; `true` when it ends the line.
    fn take(&mut self, byte: u8) -> Result<bool, Error> {
        // RFC 9112 §2.2 allows a recipient to accept a bare LF as a line end, and tells it to
        // reject or replace a bare CR. Here both are errors: where two readers of one stream
        // disagree on lines, requests can be smuggled.
        match (self.line.last(), byte) {
            (Some(b'\r'), b'\n') => {
                self.line.pop();
                return Ok(true);
            }
            (Some(b'\r'), _) | (_, b'\n') => return Err(Error::LineEnd),
            (_, b'\r') => {}
            (_, _) => {
                self.check(byte)?;
                let is_word_end = byte == b' ' && self.first_line.is_none();
                self.asks_for_head |= is_word_end && self.line == b"HEAD";
            }
        }
        self.line.push(byte);
        Ok(false)
    }

    /// An error for a byte that is not allowed in this line, or exceeds its limit.
    fn check(&self, byte: u8) -> Result<(), Error> {
        let fits = match byte {
            b' '..=b'~' => true,
            b'\t' | 0x80.. => self.first_line.is_some() || !H::ASCII_FIRST_LINE,
            0..b' ' | 0x7f => false,
        };
        if !fits && self.taken == 1 {
            return Err(Error::NotHttp { first: byte });
        }
        if !fits {
            return Err(Error::Byte { byte });
        }
        let (first_line, header_line) = (self.limits.first_line, self.limits.header_line);
        match self.first_line {
            None if self.line.len() >= first_line => {
                Err(Error::FirstLineTooLong { limit: first_line })
            }
            Some(_) if self.line.len() >= header_line => {
                Err(Error::HeaderLineTooLong { limit: header_line })
            }
            None | Some(_) => Ok(()),
        }
    }

    /// Reads the line that has just ended; returns the head after its last line.
    fn end_line(&mut self) -> Result<Option<H>, Error> {
        let line = mem::take(&mut self.line);
        match (self.first_line.take(), line.is_empty()) {
            (None, true) => {
                self.empty_lines = self.empty_lines.saturating_add(1);
                if self.empty_lines > H::LEADING_EMPTY_LINES {
                    return Err(Error::EmptyLines);
                }
            }
            (None, false) => self.first_line = Some(H::first_line(&line)?),
            (Some(_), false) if self.headers.count() >= self.limits.headers => {
                return Err(Error::TooManyHeaders { limit: self.limits.headers });
            }
            (Some(first_line), false) => {
                self.headers.push_line(&line)?;
                self.first_line = Some(first_line);
            }
            (Some(first_line), true) => {
                return H::from_parts(first_line, mem::take(&mut self.headers)).map(Some);
            }
        }
        Ok(None)
    }
}
