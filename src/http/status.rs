//! Status codes and their reason phrases (RFC 9110 §15).

use std::fmt;

/// The status of a response, 100 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(u16);

impl Status {
    /// 101 Switching Protocols
    pub const SWITCHING_PROTOCOLS: Status = Status(101);
    /// 200 OK
    pub const OK: Status = Status(200);
    /// 304 Not Modified
    pub const NOT_MODIFIED: Status = Status(304);
    /// 400 Bad Request
    pub const BAD_REQUEST: Status = Status(400);
    /// 401 Unauthorized
    pub const UNAUTHORIZED: Status = Status(401);
    /// 403 Forbidden
    pub const FORBIDDEN: Status = Status(403);
    /// 404 Not Found
    pub const NOT_FOUND: Status = Status(404);
    /// 405 Method Not Allowed
    pub const METHOD_NOT_ALLOWED: Status = Status(405);
    /// 408 Request Timeout
    pub const REQUEST_TIMEOUT: Status = Status(408);
    /// 411 Length Required
    pub const LENGTH_REQUIRED: Status = Status(411);
    /// 413 Content Too Large
    pub const CONTENT_TOO_LARGE: Status = Status(413);
    /// 414 URI Too Long
    pub const URI_TOO_LONG: Status = Status(414);
    /// 415 Unsupported Media Type
    pub const UNSUPPORTED_MEDIA_TYPE: Status = Status(415);
    /// 421 Misdirected Request
    pub const MISDIRECTED: Status = Status(421);
    /// 426 Upgrade Required
    pub const UPGRADE_REQUIRED: Status = Status(426);
    /// 429 Too Many Requests
    pub const TOO_MANY_REQUESTS: Status = Status(429);
    /// 431 Request Header Fields Too Large (RFC 6585 §5)
    pub const HEADERS_TOO_LARGE: Status = Status(431);
    /// 500 Internal Server Error
    pub const INTERNAL_ERROR: Status = Status(500);
    /// 501 Not Implemented
    pub const NOT_IMPLEMENTED: Status = Status(501);
    /// 503 Service Unavailable
    pub const UNAVAILABLE: Status = Status(503);
    /// 505 HTTP Version Not Supported
    pub const VERSION_NOT_SUPPORTED: Status = Status(505);

    /// The status with this code; `None` below 100 and above 999.
    #[must_use]
    pub fn new(code: u16) -> Option<Status> {
        (100..1000).contains(&code).then_some(Status(code))
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> u16 {
        self.0
    }

    /// Whether this is a 1xx: another response follows, or another protocol.
    #[must_use]
    pub fn is_informational(self) -> bool {
        self.0 < 200
    }

    /// Whether this is a 4xx or 5xx.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 >= 400
    }

    /// The standard phrase; empty where none is known here.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self.0 {
            101 => "Switching Protocols",
            200 => "OK",
            201 => "Created",
            204 => "No Content",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            304 => "Not Modified",
            307 => "Temporary Redirect",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            407 => "Proxy Authentication Required",
            408 => "Request Timeout",
            409 => "Conflict",
            411 => "Length Required",
            413 => "Content Too Large",
            414 => "URI Too Long",
            415 => "Unsupported Media Type",
            421 => "Misdirected Request",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            505 => "HTTP Version Not Supported",
            _ => "",
        }
    }
}

impl fmt::Display for Status {
    /// `404 Not Found`, or `599` where no phrase is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrase = self.phrase();
        write!(f, "{}{}{phrase}", self.0, if phrase.is_empty() { "" } else { " " })
    }
}
