//! Everything that can be wrong with a head, and the status of the response to it.
//!
//! No sentence repeats the peer's text: it could be markup for a page or an escape for a terminal.

use std::fmt;

use super::status::Status;
use crate::limits;

/// Why bytes are not a head we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first byte cannot begin a head: it is TLS, or another protocol.
    NotHttp {
        /// That byte.
        first: u8,
    },
    /// A byte that is not allowed in this line.
    Byte {
        /// That byte.
        byte: u8,
    },
    /// A line feed without a carriage return before it, or a carriage return without a line feed.
    LineEnd,
    /// More than [`limits::LEADING_EMPTY_LINES`] empty lines before the first line.
    EmptyLines,
    /// A first line that is not `METHOD target HTTP/1.1`.
    RequestLine,
    /// A first line that is not `HTTP/1.1 200 reason`.
    StatusLine,
    /// A version of HTTP other than 1.0 and 1.1.
    Version {
        /// Its first digit.
        major: u8,
        /// Its second digit.
        minor: u8,
    },
    /// A method that no standard defines.
    UnknownMethod,
    /// A known method, not in capitals.
    MethodCase,
    /// A target that is invalid, or invalid for this method.
    Target,
    /// A first line that is too long.
    FirstLineTooLong {
        /// The maximum of bytes.
        limit: usize,
    },
    /// A header line that is not `name: value`.
    HeaderLine,
    /// A header line that begins with white space (obsolete line folding).
    Folded,
    /// A header line that is too long.
    HeaderLineTooLong {
        /// The maximum of bytes.
        limit: usize,
    },
    /// Too many header lines.
    TooManyHeaders {
        /// The maximum of lines.
        limit: usize,
    },
    /// A head that is too long.
    HeadTooLong {
        /// The maximum of bytes.
        limit: usize,
    },
    /// A header that is given more than once and may not be.
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// HTTP/1.1 without a `Host`.
    HostMissing,
    /// A `Host`, or a target's authority, that is not `host` or `host:port`.
    Host,
    /// A `Content-Length` that is not one number that fits 64 bits.
    ContentLength,
    /// A `Transfer-Encoding` other than `chunked`.
    UnknownTransferEncoding,
    /// A `Transfer-Encoding` that is not allowed: together with a `Content-Length`, twice, or in
    /// HTTP/1.0.
    TransferEncoding,
    /// A body with a method that has none.
    UnexpectedBody,
}

impl Error {
    /// The status of the response to a request with this error.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Error::NotHttp { .. }
            | Error::Byte { .. }
            | Error::LineEnd
            | Error::EmptyLines
            | Error::RequestLine
            | Error::StatusLine
            | Error::Target
            | Error::HeaderLine
            | Error::Folded
            | Error::Repeated { .. }
            | Error::HostMissing
            | Error::Host
            | Error::ContentLength
            | Error::TransferEncoding
            | Error::UnexpectedBody => Status::BAD_REQUEST,
            Error::MethodCase => Status::METHOD_NOT_ALLOWED,
            Error::FirstLineTooLong { .. } => Status::URI_TOO_LONG,
            Error::HeaderLineTooLong { .. }
            | Error::TooManyHeaders { .. }
            | Error::HeadTooLong { .. } => Status::HEADERS_TOO_LARGE,
            Error::UnknownMethod | Error::UnknownTransferEncoding => Status::NOT_IMPLEMENTED,
            Error::Version { .. } => Status::VERSION_NOT_SUPPORTED,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotHttp { first: TLS_HANDSHAKE } => {
                f.write_str("this is TLS, but this server speaks plain HTTP (try http:// or ws://)")
            }
            Error::NotHttp { first } => write!(f, "this is not HTTP: it begins with {first:#04x}"),
            Error::Byte { byte } => write!(f, "the byte {byte:#04x} is not allowed in this line"),
            Error::LineEnd => f.write_str("a line must end in CR LF and contain neither elsewhere"),
            Error::EmptyLines => write!(
                f,
                "more than {} empty lines before the request line",
                limits::LEADING_EMPTY_LINES
            ),
            Error::RequestLine => f.write_str("the first line is not `METHOD target HTTP/1.1`"),
            Error::StatusLine => f.write_str("the first line is not `HTTP/1.1 200 reason`"),
            Error::Version { major, minor } => {
                write!(f, "HTTP/{major}.{minor} is not supported (HTTP/1.1 is)")
            }
            Error::UnknownMethod => f.write_str("unknown method"),
            Error::MethodCase => f.write_str("methods are written in capitals: GET"),
            Error::Target => {
                f.write_str("the target is neither a path such as `/` nor an http:// address")
            }
            Error::FirstLineTooLong { limit } => {
                write!(f, "the first line has more than {limit} bytes")
            }
            Error::HeaderLine => f.write_str("a header line is not `name: value`"),
            Error::Folded => f.write_str("a header line begins with white space"),
            Error::HeaderLineTooLong { limit } => {
                write!(f, "a header line has more than {limit} bytes")
            }
            Error::TooManyHeaders { limit } => write!(f, "more than {limit} header lines"),
            Error::HeadTooLong { limit } => write!(f, "the head has more than {limit} bytes"),
            Error::Repeated { name } => write!(f, "{name} is given more than once"),
            Error::HostMissing => f.write_str("Host is missing"),
            Error::Host => f.write_str("Host is not `host` or `host:port`"),
            Error::ContentLength => f.write_str("Content-Length is not a number"),
            Error::UnknownTransferEncoding => {
                f.write_str("this Transfer-Encoding is not implemented")
            }
            Error::TransferEncoding => f.write_str("Transfer-Encoding is not allowed here"),
            Error::UnexpectedBody => f.write_str("a request with this method cannot have a body"),
        }
    }
}

impl std::error::Error for Error {}

/// The first byte of every TLS connection: a record of type handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
