//! Messages in: reads a stream chunk by chunk into a decoder.
//!
//! The caller holds the deadlines: it sets the stream's timeout between two steps.

use std::io::{self, ErrorKind, Read};
use std::{error, fmt};

use crate::limits;
use crate::ws::{self, Decoder, Event};

/// The receiving half of a WebSocket connection.
///
/// ```
/// use talk::net::MessageReader;
/// use talk::ws::{Decoder, Event, Limits, Role};
///
/// let stream: &[u8] = b"\x81\x05Hello\x8a\x00";
/// let decoder = Decoder::new(Role::Client, Limits { message: 1_000, fragments: 10 });
/// let mut inbound = MessageReader::new(stream, decoder, b"");
/// assert_eq!(inbound.next_event()?, Some(Event::Text("Hello".to_owned())));
/// assert_eq!(inbound.next_event()?, Some(Event::Pong(vec![])));
/// assert_eq!(inbound.next_event()?, None);
/// # Ok::<(), talk::net::MessageError>(())
/// ```
#[derive(Debug)]
pub struct MessageReader<S> {
    stream: S,
    decoder: Decoder,
    /// The last read filled its chunk: more is there.
    read_large: bool,
}

/// The result of one step of a [`MessageReader`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A whole message or control frame.
    Event(Event),
    /// Some bytes, but no whole message yet.
    Partial,
    /// The peer has closed its sending side.
    End,
}

impl<S: Read> MessageReader<S> {
    /// Reads messages from `stream`, starting with `leftover`: what was read past the end of the
    /// HTTP head.
    #[must_use]
    pub fn new(stream: S, mut decoder: Decoder, leftover: &[u8]) -> MessageReader<S> {
        decoder.feed(leftover);
        MessageReader { stream, decoder, read_large: false }
    }

    /// The next event, however many reads it takes; `None` at the end of the stream. After a Close,
    /// or an error of the peer, it only reads on to the end.
    ///
    /// A peer that sends a byte now and then keeps this call busy for ever: a caller with a
    /// deadline uses [`MessageReader::step`].
    ///
    /// # Errors
    /// As [`MessageReader::step`].
    pub fn next_event(&mut self) -> Result<Option<Event>, MessageError> {
        loop {
            match self.step()? {
                Step::Event(event) => return Ok(Some(event)),
                Step::Partial => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// The next event that needs no read.
    ///
    /// # Errors
    /// [`MessageError::Peer`] when the peer breaks RFC 6455 or a limit.
    pub fn buffered(&mut self) -> Result<Option<Event>, MessageError> {
        Ok(self.decoder.next_event()?)
    }

    /// The next buffered event, or else the result of one read.
    ///
    /// # Errors
    /// [`MessageError::Peer`] when the peer breaks RFC 6455 or a limit. [`MessageError::Stream`]
    /// when reading fails; `WouldBlock` and `TimedOut` among these lose nothing, and the caller may
    /// try another step.
    pub fn step(&mut self) -> Result<Step, MessageError> {
        if let Some(event) = self.buffered()? {
            return Ok(Step::Event(event));
        }
        let count = match self.read_large {
            false => self.read::<{ limits::CHUNK }>()?,
            true => self.read::<{ limits::LARGE_CHUNK }>()?,
        };
        if count == 0 {
            return Ok(Step::End);
        }
        Ok(self.decoder.next_event()?.map_or(Step::Partial, Step::Event))
    }

    /// Reads into a chunk on its own stack frame, so that a thread touches a large one only when it
    /// needs it: a thread keeps every page of its stack that it has touched, and each connection
    /// has a thread.
    #[inline(never)]
    fn read<const SIZE: usize>(&mut self) -> io::Result<usize> {
        let mut chunk = [0; SIZE];
        let count = loop {
            match self.stream.read(&mut chunk) {
                Ok(count) => break count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.decoder.feed(chunk.get(..count).unwrap_or_default());
        self.read_large = count == SIZE;
        Ok(count)
    }

    /// Bytes of a partial message that are buffered.
    #[must_use]
    pub fn partial_bytes(&self) -> usize {
        self.decoder.partial_bytes()
    }

    /// Whether a message is incomplete; valid after any step that returned no event.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        self.decoder.is_mid_message()
    }

    /// The decoder with what was read and not returned yet, for another reader of the same stream.
    #[must_use]
    pub fn into_decoder(self) -> Decoder {
        self.decoder
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &S {
        &self.stream
    }
}

/// Why no message could be read.
#[derive(Debug)]
pub enum MessageError {
    /// The peer broke RFC 6455 or a limit.
    Peer(ws::Error),
    /// The stream failed, or its timeout passed.
    Stream(io::Error),
}

impl From<ws::Error> for MessageError {
    fn from(error: ws::Error) -> MessageError {
        MessageError::Peer(error)
    }
}

impl From<io::Error> for MessageError {
    fn from(error: io::Error) -> MessageError {
        MessageError::Stream(error)
    }
}

impl error::Error for MessageError {}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageError::Peer(error) => error.fmt(f),
            MessageError::Stream(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::ws::{Limits, Role, Violation};

    /// A stream that follows a script, one item per read, and then ends.
    struct ChunkedStream(VecDeque<io::Result<Vec<u8>>>);

    impl Read for ChunkedStream {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.pop_front().unwrap_or(Ok(Vec::new()))?;
            assert!(bytes.len() <= into.len(), "a script's step fits in one read");
            into[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }
    }

    fn reader(
        steps: impl IntoIterator<Item = io::Result<Vec<u8>>>,
        leftover: &[u8],
    ) -> MessageReader<ChunkedStream> {
        let decoder = Decoder::new(Role::Client, Limits { message: 100, fragments: 10 });
        MessageReader::new(ChunkedStream(steps.into_iter().collect()), decoder, leftover)
    }

    fn text(text: &str) -> Event {
        Event::Text(text.to_owned())
    }

    const WIRE: &[u8] = b"\x81\x05Hello\x01\x02he\x89\x01?\x80\x02y!";

    #[test]
    fn a_stream_of_single_bytes_reads_the_same_as_one_of_large_chunks() {
        for size in 1..=WIRE.len() {
            let mut reader = reader(WIRE.chunks(size).map(|bytes| Ok(bytes.to_vec())), b"");
            assert_eq!(reader.next_event().unwrap(), Some(text("Hello")), "{size} at a time");
            assert_eq!(reader.next_event().unwrap(), Some(Event::Ping(b"?".to_vec())));
            assert_eq!(reader.next_event().unwrap(), Some(text("hey!")));
            assert_eq!(reader.next_event().unwrap(), None);
        }
    }

    #[test]
    fn what_was_read_past_the_head_comes_first_and_needs_no_read() {
        for cut in 0..=WIRE.len() {
            let (leftover, later) = WIRE.split_at(cut);
            let steps = [later].into_iter().filter(|bytes| !bytes.is_empty());
            let mut reader = reader(steps.map(|bytes| Ok(bytes.to_vec())), leftover);
            if cut >= 7 {
                assert_eq!(reader.step().unwrap(), Step::Event(text("Hello")));
                assert_eq!(reader.stream().0.len(), usize::from(cut < WIRE.len()));
            } else {
                assert_eq!(reader.next_event().unwrap(), Some(text("Hello")));
            }
            assert_eq!(reader.next_event().unwrap(), Some(Event::Ping(b"?".to_vec())));
            assert_eq!(reader.next_event().unwrap(), Some(text("hey!")));
        }
    }

    #[test]
    fn a_wait_that_ends_without_bytes_loses_nothing() {
        let waits = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
        for wait in waits {
            let steps = WIRE.iter().flat_map(|byte| [Err(wait.into()), Ok(vec![*byte])]);
            let mut reader = reader(steps, b"");
            let (mut events, mut waited) = (Vec::new(), 0);
            loop {
                match reader.step() {
                    Ok(Step::Event(event)) => events.push(event),
                    Ok(Step::Partial) => assert!(reader.is_mid_message()),
                    Ok(Step::End) => break,
                    Err(MessageError::Stream(error)) if error.kind() == wait => waited += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(events, [text("Hello"), Event::Ping(b"?".to_vec()), text("hey!")]);
            assert_eq!(waited, WIRE.len());
        }
    }

    #[test]
    fn an_interrupted_read_is_tried_again() {
        let steps = [
            Err(ErrorKind::Interrupted.into()),
            Err(ErrorKind::Interrupted.into()),
            Ok(b"\x81\x00".to_vec()),
        ];
        assert_eq!(reader(steps, b"").step().unwrap(), Step::Event(text("")));
    }

    #[test]
    fn a_stream_that_fails_or_ends_inside_a_message_is_an_error() {
        let steps = [Ok(b"\x81\x05He".to_vec()), Err(ErrorKind::ConnectionReset.into())];
        let mut failing = reader(steps, b"");
        let error = failing.next_event().unwrap_err();
        assert!(
            matches!(error, MessageError::Stream(error) if error.kind() == ErrorKind::ConnectionReset)
        );
        let mut ending = reader([Ok(b"\x81\x05He".to_vec())], b"");
        assert_eq!(ending.next_event().unwrap(), None);
        assert!(ending.is_mid_message());
    }

    #[test]
    fn after_a_close_or_an_error_only_the_end_is_read() {
        for wire in [b"\x88\x00".as_slice(), b"\x81\x80"] {
            let after = [Ok(b"\x81\x02no".to_vec()), Ok(b"\xff\xff".to_vec())];
            let mut reader = reader([Ok(wire.to_vec())].into_iter().chain(after), b"");
            match reader.next_event() {
                Ok(event) => assert_eq!(event, Some(Event::Close(None))),
                Err(error) => {
                    assert!(matches!(
                        error,
                        MessageError::Peer(ws::Error::Protocol(Violation::Masked))
                    ));
                }
            }
            assert_eq!(reader.next_event().unwrap(), None);
        }
    }
}
