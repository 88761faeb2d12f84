//! The ways in which a peer breaks RFC 6455 or a limit, and the close code for each.

use std::{error, fmt};

use super::close_code::CloseCode;
use super::utf8::NotUtf8;

/// Why decoding has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The peer violates RFC 6455.
    Protocol(Violation),
    /// A text message, or the reason of a Close, is not UTF-8.
    NotUtf8 {
        /// Bytes of the text before the first invalid character.
        at: usize,
    },
    /// A message is too long, or its header announces one that is.
    TooBig {
        /// Bytes of the message, at least.
        bytes: usize,
        /// The maximum.
        limit: usize,
    },
    /// A message has too many fragments.
    TooManyFragments {
        /// The maximum.
        limit: usize,
    },
}

/// A violation of RFC 6455 that is answered with 1002.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A reserved bit is set, and no extension that defines it was negotiated.
    ReservedBits,
    /// The opcode is undefined: 3 to 7 or 11 to 15.
    ReservedOpcode(u8),
    /// A client's frame without a mask.
    Unmasked,
    /// A server's frame with a mask.
    Masked,
    /// A fragmented control frame.
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    LongControl,
    /// A length that is not in its shortest form.
    WastefulLength(u64),
    /// A length of 2^63 or more.
    EndlessLength,
    /// A continuation frame without a message before it.
    Orphan,
    /// A new message before the last fragment of the one before.
    Interruption,
    /// A Close frame with a payload of one byte.
    HalfCloseCode,
    /// A close code that may not be sent.
    CloseCode(u16),
}

impl Error {
    /// The code to close the connection with.
    #[must_use]
    pub fn close_code(&self) -> CloseCode {
        match self {
            Error::Protocol(_) => CloseCode::PROTOCOL_ERROR,
            Error::NotUtf8 { .. } => CloseCode::INVALID_DATA,
            Error::TooBig { .. } => CloseCode::TOO_BIG,
            Error::TooManyFragments { .. } => CloseCode::POLICY,
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Error {
        Error::Protocol(violation)
    }
}

impl From<NotUtf8> for Error {
    fn from(NotUtf8 { at }: NotUtf8) -> Error {
        Error::NotUtf8 { at }
    }
}

impl error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Protocol(violation) => violation.fmt(f),
            Error::NotUtf8 { at } => write!(f, "text that is not UTF-8 at byte {at}"),
            Error::TooBig { bytes, limit } => {
                write!(f, "message of {bytes} bytes exceeds the limit of {limit} bytes")
            }
            Error::TooManyFragments { limit } => {
                write!(f, "message of more than {limit} frames")
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::ReservedBits => f.write_str("frame with a reserved bit set"),
            Violation::ReservedOpcode(opcode) => write!(f, "frame with reserved opcode {opcode}"),
            Violation::Unmasked => f.write_str("client frame without a mask"),
            Violation::Masked => f.write_str("server frame with a mask"),
            Violation::FragmentedControl => f.write_str("control frame in fragments"),
            Violation::LongControl => f.write_str("control frame of more than 125 bytes"),
            Violation::WastefulLength(length) => {
                write!(f, "length {length} written in more bytes than it needs")
            }
            Violation::EndlessLength => f.write_str("length with the top bit set"),
            Violation::Orphan => f.write_str("continuation frame without a message"),
            Violation::Interruption => f.write_str("new message before the last one has ended"),
            Violation::HalfCloseCode => f.write_str("close frame with a payload of one byte"),
            Violation::CloseCode(code) => write!(f, "close code {code}, which may not be sent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_numbers_and_its_close_code() {
        let cases = [
            (Error::Protocol(Violation::ReservedOpcode(11)), 1002, "frame with reserved opcode 11"),
            (Error::NotUtf8 { at: 7 }, 1007, "text that is not UTF-8 at byte 7"),
            (
                Error::TooBig { bytes: 70_000, limit: 65_536 },
                1009,
                "message of 70000 bytes exceeds the limit of 65536 bytes",
            ),
            (Error::TooManyFragments { limit: 1_024 }, 1008, "message of more than 1024 frames"),
        ];
        for (error, code, text) in cases {
            assert_eq!(error.close_code().get(), code);
            assert_eq!(error.to_string(), text);
        }
    }
}
