//! The payload of a Close frame: a code and a reason (RFC 6455 §5.5.1).

use super::close_code::CloseCode;
use super::error::{Error, Violation};
use super::frame::CONTROL_PAYLOAD;
use super::utf8::Utf8Collector;

/// The contents of a Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// For programs.
    pub code: CloseCode,
    /// For people; often empty. Only the first 123 bytes are sent.
    pub reason: String,
}

impl Close {
    /// Reads the payload of a Close frame; `None` for an empty one.
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
        let mut text = Utf8Collector::default();
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
            let parsed = Close::parse(&payload).unwrap().unwrap();
            assert_eq!(parsed, close(code, "was schön"));
            assert_eq!(parsed.payload(), payload);
        }
    }

    #[test]
    fn codes_that_may_not_be_sent_break_the_protocol() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            let parsed = Close::parse(&u16::to_be_bytes(code));
            assert_eq!(parsed, Err(Violation::CloseCode(code).into()), "{code}");
        }
    }

    #[test]
    fn a_close_may_be_empty_but_not_half_a_code() {
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
        assert_eq!(payload.len(), 2 + 122); // 123 would cut the 62nd é in two
        assert_eq!(Close::parse(&payload), Ok(Some(close(1000, &"é".repeat(61)))));
    }
}
