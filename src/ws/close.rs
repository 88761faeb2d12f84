//! Why a connection ends: the code and reason of a Close frame (RFC 6455 §7.4).
//!
//! Room: a Close frame's payload; when to send one is the session's.

use std::fmt;

use super::error::{Error, Violation};
use super::frame::CONTROL_PAYLOAD;
use super::utf8::Text;

/// A code that may stand in a Close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: a server going down, a page left.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a kind of message that is not understood here.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// 1007: a message that is not what it says, such as text that is not UTF-8.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// 1008: a message against the rules of the house.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// 1009: a message too big to take.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1011: the server met something it did not expect.
    pub const INTERNAL: CloseCode = CloseCode(1011);
    /// 1013: overloaded, try again later.
    pub const TRY_AGAIN: CloseCode = CloseCode(1013);

    /// `code`, if it may be sent. The codes 1004 to 1006 and 1015 may not (§7.4.1), nor may those
    /// that nobody has defined.
    ///
    /// ```
    /// use talk::ws::CloseCode;
    /// assert_eq!(CloseCode::new(4413).map(CloseCode::get), Some(4413));
    /// assert_eq!(CloseCode::new(1006), None);
    /// ```
    #[must_use]
    pub const fn new(code: u16) -> Option<CloseCode> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(CloseCode(code)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a Close frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Why, for programs.
    pub code: CloseCode,
    /// Why, for people; often empty. Of a longer one only the first 123 bytes travel.
    pub reason: String,
}

impl Close {
    /// Reads the payload of a Close frame. An empty one says nothing: `None`.
    pub(super) fn parse(payload: &[u8]) -> Result<Option<Close>, Error> {
        let Some((&code, reason)) = payload.split_first_chunk() else {
            return if payload.is_empty() {
                Ok(None)
            } else {
                Err(Violation::HalfCloseCode.into())
            };
        };
        let code = u16::from_be_bytes(code);
        let code = CloseCode::new(code).ok_or(Violation::CloseCode(code))?;
        let mut text = Text::default();
        text.push(reason)?;
        Ok(Some(Close { code, reason: text.end()? }))
    }

    /// The payload of a Close frame: the code, and as much of the reason as fits.
    pub(super) fn payload(&self) -> Vec<u8> {
        let mut payload = self.code.get().to_be_bytes().to_vec();
        for character in self.reason.chars() {
            if payload.len().saturating_add(character.len_utf8()) > CONTROL_PAYLOAD {
                break;
            }
            payload.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16, reason: &str) -> Close {
        Close { code: CloseCode::new(code).unwrap(), reason: reason.to_owned() }
    }

    #[test]
    fn codes_that_may_be_sent_are_read_and_written_alike() {
        for code in [1000, 1001, 1002, 1003, 1007, 1010, 1011, 1012, 1013, 1014, 3000, 4413, 4999] {
            let payload = [&u16::to_be_bytes(code), "was schön".as_bytes()].concat();
            let heard = Close::parse(&payload).unwrap().unwrap();
            assert_eq!(heard, close(code, "was schön"));
            assert_eq!(heard.payload(), payload);
        }
    }

    #[test]
    fn codes_that_may_not_be_sent_break_the_protocol() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            let heard = Close::parse(&u16::to_be_bytes(code));
            assert_eq!(heard, Err(Violation::CloseCode(code).into()), "{code}");
        }
    }

    #[test]
    fn an_empty_close_says_nothing_and_half_a_code_is_refused() {
        assert_eq!(Close::parse(b""), Ok(None));
        assert_eq!(Close::parse(b"\x03"), Err(Violation::HalfCloseCode.into()));
    }

    #[test]
    fn a_reason_that_is_not_utf8_is_invalid_data() {
        assert_eq!(Close::parse(b"\x03\xe8ok\xff"), Err(Error::NotUtf8 { at: 2 }));
        assert_eq!(Close::parse(b"\x03\xe8\xe2\x82"), Err(Error::NotUtf8 { at: 0 }));
    }

    #[test]
    fn a_reason_too_long_is_cut_between_characters() {
        let payload = close(1000, &"é".repeat(100)).payload();
        assert_eq!(payload.len(), 2 + 122); // 123 would halve the 62nd é
        assert_eq!(Close::parse(&payload), Ok(Some(close(1000, &"é".repeat(61)))));
    }
}
