//! From bytes to events: puts the fragments of messages together, and refuses what breaks RFC 6455.
//!
//! It holds the bytes of one connection that are not decoded yet. The caller sets timeouts; it asks
//! [`Decoder::is_mid_message`] whether the peer must send more.

use std::mem;

use super::buffer::Buffer;
use super::close::Close;
use super::error::{Error, Violation};
use super::frame::{CONTROL_PAYLOAD, FrameHeader, Opcode, Role};
use super::mask;
use super::utf8::{NotUtf8, Utf8Collector};

/// Limits on one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of payload, over all its fragments.
    pub message: usize,
    /// Fragments: frames of one message.
    pub fragments: usize,
}

/// What a peer has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole text message.
    Text(String),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A ping, to be answered with a pong of the same payload; it may come between the fragments of
    /// a message.
    Ping(Vec<u8>),
    /// A pong, solicited or not.
    Pong(Vec<u8>),
    /// The peer's Close: it sends nothing more.
    Close(Option<Close>),
}

/// Decodes the bytes of a peer, in pieces of any size, into events.
///
/// It allocates for bytes that have come, never for bytes that a header only announces. Between
/// messages it holds no memory.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    limits: Limits,
    /// Bytes fed and not decoded yet.
    input: Buffer,
    /// Where in the stream of frames it is.
    state: DecoderState,
    /// The message being received.
    message: PartialMessage,
    /// Frames of `message` so far.
    fragments: usize,
}

#[derive(Debug, Clone, Copy)]
enum DecoderState {
    /// The next bytes are a header.
    BetweenFrames,
    /// The next `left` bytes are payload of `message`. Control frames never come here: they are
    /// short enough to wait until they are complete.
    InPayload { fin: bool, left: usize, mask: Option<[u8; 4]> },
    /// The peer has closed or broken the rules: all further bytes are ignored (§1.4, §7.1.7).
    Done,
}

impl Decoder {
    /// A decoder for our end of a connection, after the handshake.
    #[must_use]
    pub fn new(role: Role, limits: Limits) -> Decoder {
        Decoder {
            role,
            limits,
            input: Buffer::default(),
            state: DecoderState::BetweenFrames,
            message: PartialMessage::None,
            fragments: 0,
        }
    }

    /// Adds bytes from the peer. The caller must take all events with [`Decoder::next_event`]
    /// before it feeds more: that bounds the memory.
    pub fn feed(&mut self, bytes: &[u8]) {
        match self.state {
            DecoderState::BetweenFrames | DecoderState::InPayload { .. } => self.input.push(bytes),
            DecoderState::Done => {}
        }
    }

    /// The next event; `None` means "feed me more". After a Close or an error it is always `None`.
    ///
    /// # Errors
    /// The peer breaks RFC 6455 or exceeds a limit; the answer is a Close with
    /// [`Error::close_code`]. A bad header is refused before its payload comes, and a byte that
    /// cannot be UTF-8 before the rest of its message.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let event = self.decode();
        match &event {
            Ok(None) => self.input.shrink(),
            Ok(Some(Event::Close(_))) | Err(_) => {
                self.state = DecoderState::Done;
                self.message = PartialMessage::None;
                self.input = Buffer::default();
            }
            Ok(Some(Event::Text(_) | Event::Binary(_) | Event::Ping(_) | Event::Pong(_))) => {}
        }
        event
    }

    /// Whether a frame or message is incomplete; valid once [`Decoder::next_event`] has returned
    /// `None`.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        !self.input.rest().is_empty() || !matches!(self.message, PartialMessage::None)
    }

    /// Bytes of an incomplete frame or message that it holds.
    #[must_use]
    pub fn partial_bytes(&self) -> usize {
        self.input.rest().len().saturating_add(self.message.len())
    }

    fn decode(&mut self) -> Result<Option<Event>, Error> {
        loop {
            match self.state {
                DecoderState::BetweenFrames => {
                    let Some((header, size)) = FrameHeader::parse(self.role, self.input.rest())?
                    else {
                        return Ok(None);
                    };
                    match header.opcode {
                        Opcode::Close | Opcode::Ping | Opcode::Pong => {
                            return self.take_control(&header, size);
                        }
                        Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                            self.begin_payload(&header)?;
                            self.input.take(size);
                        }
                    }
                }
                DecoderState::InPayload { fin, left, mask } => {
                    let bytes = self.input.take(left);
                    let taken = bytes.len();
                    unmask(mask, bytes);
                    self.message.push(bytes)?;
                    if taken < left {
                        let left = left.saturating_sub(taken);
                        let mask = mask.map(|mask| mask::after(mask, taken));
                        self.state = DecoderState::InPayload { fin, left, mask };
                        return Ok(None);
                    }
                    self.state = DecoderState::BetweenFrames;
                    if fin {
                        self.fragments = 0;
                        return Ok(mem::take(&mut self.message).end()?);
                    }
                }
                DecoderState::Done => return Ok(None),
            }
        }
    }

    /// Takes a control frame, once it is complete.
    fn take_control(&mut self, header: &FrameHeader, size: usize) -> Result<Option<Event>, Error> {
        let length = usize::try_from(header.length).unwrap_or(CONTROL_PAYLOAD);
        if self.input.rest().len() < size.saturating_add(length) {
            return Ok(None);
        }
        self.input.take(size);
        let payload = self.input.take(length);
        unmask(header.mask, payload);
        Ok(match header.opcode {
            Opcode::Close => Some(Event::Close(Close::parse(payload)?)),
            Opcode::Ping => Some(Event::Ping(payload.to_vec())),
            Opcode::Pong => Some(Event::Pong(payload.to_vec())),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => None,
        })
    }

    /// Starts the payload of a data frame, if the frame may follow the frames before it.
    fn begin_payload(&mut self, header: &FrameHeader) -> Result<(), Error> {
        let new_message = match header.opcode {
            Opcode::Text => Some(PartialMessage::Text(Utf8Collector::default())),
            Opcode::Binary => Some(PartialMessage::Binary(Vec::new())),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong => None,
        };
        match (&self.message, new_message) {
            (PartialMessage::None, Some(new_message)) => self.message = new_message,
            (PartialMessage::None, None) => return Err(Violation::Orphan.into()), // §5.4
            (PartialMessage::Text(_) | PartialMessage::Binary(_), None) => {}
            (PartialMessage::Text(_) | PartialMessage::Binary(_), Some(_)) => {
                return Err(Violation::Interruption.into()); // §5.4: "fragments of one message MUST NOT be interleaved"
            }
        }
        self.fragments = self.fragments.saturating_add(1);
        if self.fragments > self.limits.fragments {
            return Err(Error::TooManyFragments { limit: self.limits.fragments });
        }
        let left = usize::try_from(header.length).unwrap_or(usize::MAX);
        let bytes = self.message.len().saturating_add(left);
        if bytes > self.limits.message {
            return Err(Error::TooBig { bytes, limit: self.limits.message });
        }
        self.state = DecoderState::InPayload { fin: header.fin, left, mask: header.mask };
        Ok(())
    }
}

fn unmask(mask: Option<[u8; 4]>, bytes: &mut [u8]) {
    if let Some(mask) = mask {
        mask::apply(mask, bytes);
    }
}

/// The message being received.
#[derive(Debug, Default)]
enum PartialMessage {
    #[default]
    None,
    Text(Utf8Collector),
    Binary(Vec<u8>),
}

impl PartialMessage {
    fn len(&self) -> usize {
        match self {
            PartialMessage::None => 0,
            PartialMessage::Text(text) => text.len(),
            PartialMessage::Binary(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), NotUtf8> {
        match self {
            PartialMessage::None => {}
            PartialMessage::Text(text) => text.push(bytes)?,
            PartialMessage::Binary(held) => held.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn end(self) -> Result<Option<Event>, NotUtf8> {
        Ok(match self {
            PartialMessage::None => None,
            PartialMessage::Text(text) => Some(Event::Text(text.end()?)),
            PartialMessage::Binary(bytes) => Some(Event::Binary(bytes)),
        })
    }
}

#[cfg(test)]
mod tests;
