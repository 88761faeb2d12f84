//! What a terminal sends, as keys: bytes in, keys out, however the bytes are cut.
//!
//! An unknown escape sequence is skipped as a whole, never typed.

/// A key; the editor and the chat decide what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Char(char),
    /// Control and a letter, the letter in lower case.
    Ctrl(char),
    /// Alt (or Escape, then) a character.
    Alt(char),
    Enter,
    /// Alt and Enter: a line break within the message.
    AltEnter,
    Tab,
    BackTab,
    Backspace,
    AltBackspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    AltLeft,
    AltRight,
    AltHome,
    AltEnd,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    /// A bracketed paste: its text with `\n` for every kind of line end, and the number of
    /// characters left out because they are not text (controls, invalid UTF-8) or too many.
    Paste(String, usize),
    /// Bytes that are neither UTF-8 nor a key.
    Unreadable,
}

/// The direction that a navigation key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Back,
    Forward,
}

/// Decodes keys; holds the bytes of an unfinished one.
#[derive(Debug, Default)]
pub(crate) struct KeyDecoder {
    /// The bytes of an unfinished key.
    held: Vec<u8>,
    /// The paste under way.
    paste: Option<Paste>,
}

/// A paste whose end has not come yet.
#[derive(Debug, Default)]
struct Paste {
    /// Its first [`PASTE_MAX`] bytes.
    kept: Vec<u8>,
    /// How many bytes came after them.
    beyond: usize,
    /// It is taken as an empty one.
    is_dropped: bool,
}

/// Bytes kept of a paste: no message may be as long. The rest is counted and left out.
const PASTE_MAX: usize = 64 * 1024;

const PASTE_STARTS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

impl KeyDecoder {
    /// Takes more bytes; returns the keys that are complete now.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.held.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Some(taken) = self.step(&mut keys) {
            self.held.drain(..taken);
        }
        keys
    }

    /// Drops the paste that is under way, with what is still to come of it.
    pub(crate) fn drop_paste(&mut self) {
        if let Some(paste) = &mut self.paste {
            *paste = Paste { is_dropped: true, ..Paste::default() };
        }
    }

    /// Decodes one key from the bytes held; returns its length.
    fn step(&mut self, keys: &mut Vec<Key>) -> Option<usize> {
        if let Some(paste) = &mut self.paste {
            let ends = self.held.windows(PASTE_ENDS.len()).position(|at| at == PASTE_ENDS);
            // Without an end, all but a possible start of one belongs to the paste.
            let taken = ends.unwrap_or((self.held.len() + 1).saturating_sub(PASTE_ENDS.len()));
            paste.keep(self.held.get(..taken).unwrap_or_default());
            if ends.is_none() {
                return (taken > 0).then_some(taken);
            }
            keys.extend(self.paste.take().map(Paste::into_key));
            return Some(taken + PASTE_ENDS.len());
        }
        if self.held.starts_with(PASTE_STARTS) {
            self.paste = Some(Paste::default());
            return Some(PASTE_STARTS.len());
        }
        let (key, taken) = next(&self.held)?;
        keys.extend(key);
        Some(taken)
    }
}

impl Paste {
    fn keep(&mut self, bytes: &[u8]) {
        if self.is_dropped {
            return;
        }
        let space = PASTE_MAX.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend(bytes.iter().take(space));
        self.beyond += bytes.len() - space;
    }

    fn into_key(self) -> Key {
        let text = String::from_utf8_lossy(&self.kept).replace("\r\n", "\n").replace('\r', "\n");
        let is_text = |c: &char| !c.is_control() && *c != '\u{FFFD}' || matches!(c, '\n' | '\t');
        let kept: String = text.chars().filter(is_text).collect();
        let left_out = text.chars().count() - kept.chars().count() + self.beyond;
        Key::Paste(kept, left_out)
    }
}

/// The first key of `input` and its length; a length without a key is a sequence to skip. `None`:
/// more bytes are needed.
fn next(input: &[u8]) -> Option<(Option<Key>, usize)> {
    match *input {
        [] => None,
        [0x1B, b'[', ref rest @ ..] => control_sequence(rest).map(|(key, taken)| (key, taken + 2)),
        [0x1B, b'O'] => None,
        [0x1B, b'O', last, ..] => Some((arrow(last, Modifier::None), 3)),
        [0x1B, 0x1B, ..] => Some((None, 1)),
        [0x1B, ref rest @ ..] => {
            next(rest).map(|(key, taken)| (key.as_ref().and_then(with_alt), taken + 1))
        }
        [first @ 0..0x20 | first @ 0x7F, ..] => Some((Some(control(first)), 1)),
        [..] => character(input).map(|(key, taken)| (Some(key), taken)),
    }
}

fn control(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7F => Key::Backspace,
        1..=0x1A => Key::Ctrl((byte + b'`').into()),
        _ => Key::Unreadable, // only ^@ ^\ ^] ^^ ^_ are left
    }
}

fn with_alt(key: &Key) -> Option<Key> {
    match key {
        Key::Char(c) => Some(Key::Alt(*c)),
        Key::Enter => Some(Key::AltEnter),
        Key::Backspace => Some(Key::AltBackspace),
        Key::Left => Some(Key::AltLeft),
        Key::Right => Some(Key::AltRight),
        Key::Home => Some(Key::AltHome),
        Key::End => Some(Key::AltEnd),
        Key::Ctrl(_) | Key::Alt(_) | Key::AltEnter | Key::Tab | Key::BackTab => None,
        Key::AltBackspace | Key::Delete | Key::WordLeft | Key::WordRight => None,
        Key::AltHome | Key::AltEnd => None,
        Key::AltLeft | Key::AltRight | Key::PageUp | Key::PageDown => None,
        Key::Up | Key::Down | Key::Paste(..) | Key::Unreadable => None,
    }
}

/// `ESC [`, parameters, a final byte (ECMA-48 §5.4).
fn control_sequence(input: &[u8]) -> Option<(Option<Key>, usize)> {
    let end = input.iter().position(|byte| !(0x20..0x40).contains(byte))?;
    let (parameters, last) = (input.get(..end)?, *input.get(end)?);
    if last < 0x20 {
        return Some((None, end)); // interrupted by a control, which is a key itself
    }
    let modifier = match parameters {
        [_, .., b'5'] => Modifier::Ctrl,
        [_, .., b'3'] => Modifier::Alt,
        [..] => Modifier::None,
    };
    let key = match (last, parameters) {
        (b'~', b"1" | b"7") => Some(Key::Home),
        (b'~', b"4" | b"8") => Some(Key::End),
        (b'~', b"3") => Some(Key::Delete),
        (b'~', b"5") => Some(Key::PageUp),
        (b'~', b"6") => Some(Key::PageDown),
        (b'Z', _) => Some(Key::BackTab),
        _ => arrow(last, modifier),
    };
    Some((key, end + 1))
}

/// The modifier held down with a key (xterm's numbers, less one, are bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modifier {
    None,
    Alt,
    Ctrl,
}

fn arrow(last: u8, modifier: Modifier) -> Option<Key> {
    match (last, modifier) {
        (b'A', _) => Some(Key::Up),
        (b'B', _) => Some(Key::Down),
        (b'C', Modifier::None) => Some(Key::Right),
        (b'C', Modifier::Ctrl) => Some(Key::WordRight),
        (b'C', Modifier::Alt) => Some(Key::AltRight),
        (b'D', Modifier::None) => Some(Key::Left),
        (b'D', Modifier::Ctrl) => Some(Key::WordLeft),
        (b'D', Modifier::Alt) => Some(Key::AltLeft),
        (b'H', Modifier::Alt) => Some(Key::AltHome),
        (b'F', Modifier::Alt) => Some(Key::AltEnd),
        (b'H', _) => Some(Key::Home),
        (b'F', _) => Some(Key::End),
        _ => None,
    }
}

fn character(input: &[u8]) -> Option<(Key, usize)> {
    let first = input.get(..input.len().min(4)).unwrap_or(input);
    let (text, error) = match std::str::from_utf8(first) {
        Ok(text) => (text, None),
        Err(error) => (std::str::from_utf8(first.get(..error.valid_up_to())?).ok()?, Some(error)),
    };
    match (text.chars().next(), error) {
        (Some(c), _) if c.is_control() => Some((Key::Unreadable, c.len_utf8())),
        (Some(c), _) => Some((Key::Char(c), c.len_utf8())),
        (None, error) => Some((Key::Unreadable, error?.error_len()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Key> {
        KeyDecoder::default().feed(bytes)
    }

    #[test]
    fn keys_come_out_the_same_wherever_the_bytes_are_cut() {
        let bytes =
            "é🎉\x01\x1b[D\x1b[1;5C\x1bOH\x1b[3~\x1bb\x7f\r\x1b[200~a\r\nb\x1b[201~!".as_bytes();
        let all = read(bytes);
        let expected = [
            Key::Char('é'),
            Key::Char('🎉'),
            Key::Ctrl('a'),
            Key::Left,
            Key::WordRight,
            Key::Home,
            Key::Delete,
            Key::Alt('b'),
            Key::Backspace,
            Key::Enter,
            Key::Paste("a\nb".to_owned(), 0),
            Key::Char('!'),
        ];
        assert_eq!(all, expected);
        for cut in 0..=bytes.len() {
            let mut keys = KeyDecoder::default();
            let mut all = keys.feed(&bytes[..cut]);
            all.extend(keys.feed(&bytes[cut..]));
            assert_eq!(all, expected, "cut at byte {cut}");
        }
    }

    #[test]
    fn a_paste_is_one_key_without_controls_and_counts_what_it_left_out() {
        let keys = read(b"\x1b[200~/quit\r\x1b[A\0\xff\tx\n\x1b[201~");
        assert_eq!(keys, [Key::Paste("/quit\n[A\tx\n".to_owned(), 3)]);
    }

    #[test]
    fn a_paste_too_long_is_cut_and_its_end_is_still_found() {
        let mut keys = KeyDecoder::default();
        let mut all = keys.feed(b"\x1b[200~");
        (0..5).for_each(|_| all.extend(keys.feed(&[b'x'; 16 * 1024])));
        all.extend(keys.feed(b"\x1b[201~\r"));
        assert_eq!(all, [Key::Paste("x".repeat(PASTE_MAX), 16 * 1024), Key::Enter]);
    }

    #[test]
    fn unknown_sequences_are_skipped_and_bad_bytes_are_reported() {
        assert_eq!(read(b"\x1b[15;2~\x1b[<0;1;1M\x1b[?1cx"), [Key::Char('x')]);
        assert_eq!(read(b"\xff\xc0x"), [Key::Unreadable, Key::Unreadable, Key::Char('x')]);
        assert_eq!(read("\u{9b}A".as_bytes()), [Key::Unreadable, Key::Char('A')]);
        assert_eq!(read(b"\x1b[1\x03"), [Key::Ctrl('c')]);
        assert_eq!(read(b"\x1b\x1b[A"), [Key::Up]);
        assert_eq!(read(b"\xe2\x82"), []);
    }

    #[test]
    fn alt_and_the_page_keys_are_keys_of_their_own() {
        let keys = [Key::AltLeft, Key::AltRight, Key::WordLeft, Key::Left];
        assert_eq!(read(b"\x1b[1;3D\x1b[1;3C\x1b[1;5D\x1b[1;2D"), keys);
        assert_eq!(read(b"\x1b[5~\x1b[6~\x1b[5;5~"), [Key::PageUp, Key::PageDown]);
        assert_eq!(read(b"\x1b[1;3H\x1b[1;3F\x1b[H"), [Key::AltHome, Key::AltEnd, Key::Home]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_getting_stuck(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut keys = KeyDecoder::default();
            keys.feed(&bytes);
            // Any pending sequence ends here, except a paste, which only its own end ends.
            let after = keys.feed(b"zz\x1b[201~zz");
            prop_assert_eq!(after.last(), Some(&Key::Char('z')));
        }
    }
}
