//! Everything that can be wrong with a head, and the status that says so.
//!
//! No sentence repeats a peer's text: it could be a page's markup or a terminal's escape.

use std::fmt;

use super::status::Status;
use crate::limits;

/// Why bytes are not a head we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The first byte cannot begin a head: TLS, or another protocol altogether.
    NotHttp {
        /// That byte.
        first: u8,
    },
    /// A byte that can stand nowhere in this line.
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
    /// A method no standard we know defines.
    UnknownMethod,
    /// A known method, but not in capitals.
    MethodCase,
    /// A target that is none, or none for this method.
    Target,
    /// A first line that is too long.
    FirstLineTooLong {
        /// Bytes it may have.
        limit: usize,
    },
    /// A header line that is not `name: value`.
    HeaderLine,
    /// A header line that begins with white space: the folding of old.
    Folded,
    /// A header line that is too long.
    HeaderLineTooLong {
        /// Bytes it may have.
        limit: usize,
    },
    /// Too many header lines.
    TooManyHeaders {
        /// Lines it may have.
        limit: usize,
    },
    /// A head that does not end early enough.
    HeadTooLong {
        /// Bytes it may have.
        limit: usize,
    },
    /// A header that may stand only once and does not.
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
    /// A `Transfer-Encoding` where none may be: beside a `Content-Length`, twice, or in HTTP/1.0.
    TransferEncoding,
    /// A body where the method has none.
    UnexpectedBody,
}

impl Error {
    /// The status of the answer to a request that is wrong in this way.
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
                f.write_str("this is TLS, and plain HTTP is spoken here (try http:// or ws://)")
            }
            Error::NotHttp { first } => write!(f, "this is not HTTP: it begins with {first:#04x}"),
            Error::Byte { byte } => write!(f, "the byte {byte:#04x} cannot stand in this line"),
            Error::LineEnd => {
                f.write_str("a line must end in CR LF, and only there may they stand")
            }
            Error::EmptyLines => write!(
                f,
                "more than {} empty lines before the request line",
                limits::LEADING_EMPTY_LINES
            ),
            Error::RequestLine => f.write_str("the first line is not `METHOD target HTTP/1.1`"),
            Error::StatusLine => f.write_str("the first line is not `HTTP/1.1 200 reason`"),
            Error::Version { major, minor } => {
                write!(f, "HTTP/{major}.{minor} is not spoken here (HTTP/1.1 is)")
            }
            Error::UnknownMethod => f.write_str("unknown method"),
            Error::MethodCase => f.write_str("methods are written in capitals: GET"),
            Error::Target => {
                f.write_str("the target is neither a path such as `/` nor an http:// address")
            }
            Error::FirstLineTooLong { limit } => {
                write!(f, "a first line of more than {limit} bytes")
            }
            Error::HeaderLine => f.write_str("a header line is not `name: value`"),
            Error::Folded => f.write_str("a header line begins with white space"),
            Error::HeaderLineTooLong { limit } => {
                write!(f, "a header line of more than {limit} bytes")
            }
            Error::TooManyHeaders { limit } => write!(f, "more than {limit} header lines"),
            Error::HeadTooLong { limit } => write!(f, "a head of more than {limit} bytes"),
            Error::Repeated { name } => write!(f, "{name} stands more than once"),
            Error::HostMissing => f.write_str("Host is missing"),
            Error::Host => f.write_str("Host is not `host` or `host:port`"),
            Error::ContentLength => f.write_str("Content-Length is not a number"),
            Error::UnknownTransferEncoding => {
                f.write_str("this Transfer-Encoding is not implemented")
            }
            Error::TransferEncoding => f.write_str("Transfer-Encoding cannot stand here"),
            Error::UnexpectedBody => f.write_str("a request of this method has no body"),
        }
    }
}

impl std::error::Error for Error {}

/// The first byte of every TLS connection: a record of type handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
