//! Responses, which a server writes; the headers that protect browsers are added here.

use std::borrow::Cow;

use super::error::Error;
use super::headers::{is_token, is_value};
use super::status::Status;
use crate::time;

/// A whole response. The connection closes after it, unless it is a 101.
///
/// ```
/// use talk::http::{Response, Status};
/// let response = Response::with_body(Status::OK, "text/plain; charset=utf-8", b"ok\n");
/// let bytes = response.to_bytes();
/// assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"));
/// assert!(bytes.ends_with(b"Content-Length: 3\r\nConnection: close\r\n\r\nok\n"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: Status,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// A response without a body.
    #[must_use]
    pub fn new(status: Status) -> Response {
        Response { status, headers: Vec::new(), body: Cow::Borrowed(&[]) }
    }

    /// A response with a body of this type; a text type must name its charset.
    #[must_use]
    pub fn with_body(
        status: Status,
        content_type: &'static str,
        body: impl Into<Cow<'static, [u8]>>,
    ) -> Response {
        let typed = Response::new(status).header("Content-Type", content_type);
        Response { body: body.into(), ..typed }
    }

    /// An error for people: its status and a sentence, which must not repeat text from the peer. It
    /// may not be cached.
    #[must_use]
    pub fn error(status: Status, sentence: &str) -> Response {
        let body = format!("{status}: {sentence}\n").into_bytes();
        Response::with_body(status, "text/plain; charset=utf-8", body)
            .header("Cache-Control", "no-store")
    }

    /// Adds a header. An invalid header line is left out: with a line break in it, the author of
    /// the value could write the rest of the response (response splitting).
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Response {
        let value = value.into();
        if is_token(name) && is_value(&value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Adds a `Date` header from Unix time in ms: a server with a clock must send it (RFC 9110
    /// §6.6.1).
    #[must_use]
    pub fn dated(self, unix_ms: u64) -> Response {
        self.header("Date", time::http_date(unix_ms))
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The bytes of the response to any method but HEAD.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head_to_bytes();
        if !self.is_bodiless() {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }

    /// The bytes of the response to HEAD: the same head with its `Content-Length`, and no body (RFC
    /// 9110 §9.3.2).
    #[must_use]
    pub fn head_to_bytes(&self) -> Vec<u8> {
        // RFC 9112 §4: the space before the reason is required even where there is no reason.
        let (code, phrase) = (self.status.code(), self.status.phrase());
        let mut head = format!("HTTP/1.1 {code} {phrase}\r\n");
        let mut line = |name: &str, value: &str| {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        };
        for (name, value) in &self.headers {
            line(name, value);
        }
        if self.status == Status::SWITCHING_PROTOCOLS {
            line("Connection", "Upgrade");
        } else {
            for (name, value) in SECURITY {
                line(name, value);
            }
            if !self.is_bodiless() {
                line("Content-Length", &self.body.len().to_string());
            }
            // RFC 9110 §7.8: a sender of Upgrade must list it in Connection.
            let upgrade = self.headers.iter().any(|(name, _)| *name == "Upgrade");
            line("Connection", if upgrade { "close, Upgrade" } else { "close" });
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Whether a response with this status never has a body (RFC 9112 §6.3).
    fn is_bodiless(&self) -> bool {
        self.status.is_informational() || matches!(self.status.code(), 204 | 304)
    }
}

impl From<Error> for Response {
    /// The response to a request with this error.
    fn from(error: Error) -> Response {
        let response = Response::error(error.status(), &error.to_string());
        if error.status() == Status::METHOD_NOT_ALLOWED {
            return response.header("Allow", "GET"); // RFC 9110 §15.5.6: a 405 lists the allowed methods
        }
        response
    }
}

/// Security headers for browsers. Every response has them: a browser can open any of them as a
/// page, errors too.
const SECURITY: [(&str, &str); 6] = [
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// Allows our own scripts, styles, images and manifest, our own WebSocket (`'self'` includes ws: of
/// the same origin), and nothing else. `trusted-types 'none'` is not set: only our own scripts run,
/// and they create no policy; it would only break a future service worker, and scripts that browser
/// extensions add.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Parser, ResponseHead};

    fn head(bytes: &[u8]) -> (ResponseHead, usize) {
        Parser::new().feed(bytes).unwrap().unwrap()
    }

    #[test]
    fn an_error_response_closes_is_not_cached_and_has_the_security_headers() {
        let bytes = Response::from(Error::HeaderLine).to_bytes();
        let (head, used) = head(&bytes);
        assert_eq!(head.status, Status::BAD_REQUEST);
        let body = "400 Bad Request: a header line is not `name: value`\n";
        assert_eq!(&bytes[used..], body.as_bytes());
        let expected = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'; require-trusted-types-for 'script'",
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Content-Length", "52"),
            ("Connection", "close"),
        ];
        assert_eq!(head.headers.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn head_is_answered_like_get_without_the_body() {
        let response = Response::with_body(Status::OK, "text/html; charset=utf-8", vec![b'x'; 7]);
        let (whole, bare) = (response.to_bytes(), response.head_to_bytes());
        assert_eq!(whole, [bare.as_slice(), b"xxxxxxx"].concat());
        assert_eq!(head(&bare).0.headers.single("content-length"), Ok(Some("7")));
    }

    #[test]
    fn a_304_has_neither_body_nor_length() {
        let bytes = Response::with_body(Status::NOT_MODIFIED, "text/css", b"x").to_bytes();
        let (head, used) = head(&bytes);
        assert_eq!(used, bytes.len());
        assert_eq!(head.headers.single("Content-Length"), Ok(None));
    }

    #[test]
    fn a_value_cannot_become_a_second_header() {
        for value in ["a\r\nSet-Cookie: b", "a\nb", "a\0", " a", "\u{85}"] {
            let response = Response::new(Status::OK).header("X-A", value);
            assert_eq!(response, Response::new(Status::OK), "{value:?}");
        }
    }

    #[test]
    fn a_method_in_lower_case_is_answered_with_the_allowed_methods() {
        let (head, _) = head(&Response::from(Error::MethodCase).to_bytes());
        assert_eq!(head.status.code(), 405);
        assert_eq!(head.headers.single("Allow"), Ok(Some("GET")));
    }
}
