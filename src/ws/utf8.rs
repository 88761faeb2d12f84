//! UTF-8 text that arrives in pieces cut anywhere, validated as it arrives (RFC 6455 §8.1).

use std::str;

/// Collects the text of a message. An invalid byte is an error at once, not at the end.
#[derive(Debug, Default)]
pub(super) struct Utf8Collector {
    text: String,
    /// The start of a character whose other bytes have not come yet: at most three bytes.
    partial: Vec<u8>,
}

/// The text is not UTF-8: no more bytes could make it valid. `at` is the offset of the bad
/// character.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8 {
    pub(super) at: usize,
}

impl Utf8Collector {
    /// Bytes held so far.
    pub(super) fn len(&self) -> usize {
        self.text.len().saturating_add(self.partial.len())
    }

    /// Adds the next bytes of the text.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        let mut rest = bytes;
        while !self.partial.is_empty() {
            let Some((&byte, after)) = rest.split_first() else { return Ok(()) };
            self.partial.push(byte);
            rest = after;
            match str::from_utf8(&self.partial) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.partial.clear();
                }
                Err(error) if error.error_len().is_none() => {} // still incomplete
                Err(_) => return Err(self.not_utf8()),
            }
        }
        match str::from_utf8(rest) {
            Ok(text) => {
                self.text.push_str(text);
                Ok(())
            }
            Err(error) => {
                let (valid, beyond) =
                    rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
                self.text.push_str(str::from_utf8(valid).unwrap_or_default());
                if error.error_len().is_some() {
                    return Err(self.not_utf8());
                }
                self.partial.extend_from_slice(beyond);
                Ok(())
            }
        }
    }

    /// The whole text; an error if it ends inside a character.
    pub(super) fn end(self) -> Result<String, NotUtf8> {
        if self.partial.is_empty() { Ok(self.text) } else { Err(self.not_utf8()) }
    }

    fn not_utf8(&self) -> NotUtf8 {
        NotUtf8 { at: self.text.len() }
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
                let mut collector = Utf8Collector::default();
                for piece in [&text[..first], &text[first..second], &text[second..]] {
                    assert_eq!(collector.push(piece), Ok(()), "cut at {first} and {second}");
                }
                assert_eq!(collector.len(), text.len());
                assert_eq!(collector.end().unwrap().as_bytes(), text);
            }
        }
    }

    #[test]
    fn the_first_byte_that_cannot_be_utf8_is_refused_when_it_comes() {
        // The bytes, and how many of them are still the start of valid text.
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
            let mut collector = Utf8Collector::default();
            for (offset, byte) in bytes[..=fine].iter().enumerate() {
                assert_eq!(
                    collector.push(&[*byte]).is_ok(),
                    offset < fine,
                    "{bytes:x?} at {offset}"
                );
            }
            assert!(Utf8Collector::default().push(bytes).is_err(), "{bytes:x?} at once");
        }
        let not_utf8 = Utf8Collector::default().push(b"\xc3\xa9\xe2\x28").unwrap_err();
        assert_eq!(not_utf8, NotUtf8 { at: 2 }, "where the broken character begins");
    }

    #[test]
    fn a_text_that_ends_inside_a_character_is_refused() {
        for (bytes, at) in [(b"a\xe2\x82".as_slice(), 1), (b"\xc3", 0), (b"\xf0\x9f\x98", 0)] {
            let mut collector = Utf8Collector::default();
            collector.push(bytes).unwrap();
            assert_eq!(collector.end(), Err(NotUtf8 { at }));
        }
    }
}
