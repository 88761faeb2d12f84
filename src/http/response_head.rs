//! The head of a response, which a client reads (RFC 9112 §4).

use super::error::Error;
use super::headers::Headers;
use super::parser::Head;
use super::request::Version;
use super::status::Status;

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The version.
    pub version: Version,
    /// The status.
    pub status: Status,
    /// All header lines.
    pub headers: Headers,
}

impl Head for ResponseHead {
    type FirstLine = (Version, Status);

    const LEADING_EMPTY_LINES: usize = 0;
    const ASCII_FIRST_LINE: bool = false; // a reason phrase may be in any language

    fn first_line(line: &[u8]) -> Result<Self::FirstLine, Error> {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let mut word = || words.next().and_then(|word| str::from_utf8(word).ok());
        let version = word().and_then(Version::parse).ok_or(Error::StatusLine)??;
        let digits = word().filter(|word| word.len() == 3).ok_or(Error::StatusLine)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::StatusLine); // parse would accept a sign
        }
        // The reason is for people and is not compared; some servers leave out the space before an
        // empty one.
        let status = digits.parse().ok().and_then(Status::new).ok_or(Error::StatusLine)?;
        Ok((version, status))
    }

    fn from_parts(
        (version, status): Self::FirstLine,
        headers: Headers,
    ) -> Result<ResponseHead, Error> {
        Ok(ResponseHead { version, status, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Parser;

    fn parse(head: &str) -> Result<ResponseHead, Error> {
        Parser::new().feed(head.as_bytes()).map(|done| done.expect("a whole head").0)
    }

    #[test]
    fn a_status_line_is_a_version_three_digits_and_any_reason() {
        let head = parse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n").unwrap();
        assert_eq!((head.version, head.status), (Version::Http11, Status::SWITCHING_PROTOCOLS));
        assert!(head.headers.has_token("upgrade", "WebSocket"));
        for line in ["HTTP/1.0 599", "HTTP/1.0 599 ", "HTTP/1.0 599 Hélas,\ttant pis"] {
            let head = parse(&format!("{line}\r\n\r\n")).unwrap();
            assert_eq!((head.version, head.status.code()), (Version::Http10, 599), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_not_a_status_line_is_rejected() {
        let cases = [
            ("HTTP/1.1 99 x", Error::StatusLine),
            ("HTTP/1.1 099 x", Error::StatusLine),
            ("HTTP/1.1 +99 x", Error::StatusLine),
            ("HTTP/1.1 1000 x", Error::StatusLine),
            ("HTTP/1.1  200 x", Error::StatusLine),
            ("HTTP/1.1", Error::StatusLine),
            ("http/1.1 200 x", Error::StatusLine),
            ("GET / HTTP/1.1", Error::StatusLine),
            ("HTTP/2.0 200 x", Error::Version { major: 2, minor: 0 }),
            ("", Error::EmptyLines),
            ("HTTP/1.1 200 \x1b[2J", Error::Byte { byte: 0x1b }),
            ("\x15\x03\x03", Error::NotHttp { first: 0x15 }),
        ];
        for (line, error) in cases {
            assert_eq!(parse(&format!("{line}\r\n\r\n")), Err(error), "{line:?}");
        }
    }
}
