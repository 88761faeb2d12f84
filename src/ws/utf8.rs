//! Text that arrives in pieces cut anywhere, checked as it arrives (RFC 6455 §8.1).
//!
//! Room: a string and the few bytes of a character that is not whole yet.

use std::str;

/// What has come of a text message. An invalid byte is found when it comes, not at the end.
#[derive(Debug, Default)]
pub(super) struct Text {
    whole: String,
    /// The start of a character whose other bytes have not come yet: at most three bytes.
    torn: Vec<u8>,
}

/// Bytes that no further byte could make UTF-8, at this offset of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8 {
    pub(super) at: usize,
}

impl Text {
    /// Bytes held so far.
    pub(super) fn len(&self) -> usize {
        self.whole.len().saturating_add(self.torn.len())
    }

    /// Adds the next bytes of the text.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        let mut rest = bytes;
        while !self.torn.is_empty() {
            let Some((&byte, after)) = rest.split_first() else { return Ok(()) };
            self.torn.push(byte);
            rest = after;
            match str::from_utf8(&self.torn) {
                Ok(character) => {
                    self.whole.push_str(character);
                    self.torn.clear();
                }
                Err(error) if error.error_len().is_none() => {} // still torn
                Err(_) => return Err(self.fault()),
            }
        }
        match str::from_utf8(rest) {
            Ok(text) => {
                self.whole.push_str(text);
                Ok(())
            }
            Err(error) => {
                let (valid, beyond) =
                    rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
                self.whole.push_str(str::from_utf8(valid).unwrap_or_default());
                if error.error_len().is_some() {
                    return Err(self.fault());
                }
                self.torn.extend_from_slice(beyond);
                Ok(())
            }
        }
    }

    /// The whole text, if it does not end inside a character.
    pub(super) fn end(self) -> Result<String, NotUtf8> {
        if self.torn.is_empty() { Ok(self.whole) } else { Err(self.fault()) }
    }

    fn fault(&self) -> NotUtf8 {
        NotUtf8 { at: self.whole.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cut_at_any_two_bytes_arrives_whole() {
        let text = "aé€😀\u{10ffff}κόσμε".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut heard = Text::default();
                for piece in [&text[..first], &text[first..second], &text[second..]] {
                    assert_eq!(heard.push(piece), Ok(()), "cut at {first} and {second}");
                }
                assert_eq!(heard.len(), text.len());
                assert_eq!(heard.end().unwrap().as_bytes(), text);
            }
        }
    }

    #[test]
    fn the_first_byte_that_cannot_be_utf8_is_refused_when_it_comes() {
        // The bytes, and how many of them are still the start of something valid.
        let cases: [(&[u8], usize); 12] = [
            (b"ok\xc0\xaf", 2),
            (b"\xe0\x80\xaf", 1),
            (b"\xed\xa0\x80", 1),
            (b"\xf4\x90\x80\x80", 1),
            (b"\xff", 0),
            (b"\xf5\x80\x80\x80", 0),
            (b"\x80", 0),
            (b"\xe2\x28", 1),
            (b"\xe2\x82\x28", 2),
            (b"\xf0\x9f\x98\xc3", 3),
            (b"\xc3\xa9\xc3\xc3", 3),
            (b"\xf8\x88\x80\x80\x80", 0),
        ];
        for (bytes, fine) in cases {
            let mut heard = Text::default();
            for (offset, byte) in bytes[..=fine].iter().enumerate() {
                assert_eq!(heard.push(&[*byte]).is_ok(), offset < fine, "{bytes:x?} at {offset}");
            }
            assert!(Text::default().push(bytes).is_err(), "{bytes:x?} at once");
        }
        let fault = Text::default().push(b"\xc3\xa9\xe2\x28").unwrap_err();
        assert_eq!(fault, NotUtf8 { at: 2 }, "where the broken character begins");
    }

    #[test]
    fn a_text_that_ends_inside_a_character_is_refused() {
        for (bytes, at) in [(b"a\xe2\x82".as_slice(), 1), (b"\xc3", 0), (b"\xf0\x9f\x98", 0)] {
            let mut heard = Text::default();
            heard.push(bytes).unwrap();
            assert_eq!(heard.end(), Err(NotUtf8 { at }));
        }
    }
}
