//! Frames: any bytes, and valid or nearly valid frames against a model that knows how they were built.

use arbitrary::Unstructured;
use talk::ws::{Close, CloseCode, Decoder, Encoder, Event, Limits, Role};

/// Small, so that inputs of a few hundred bytes reach them.
const LIMITS: Limits = Limits { message: 256, fragments: 4 };

/// What a decoder read from its input.
#[derive(Debug, PartialEq)]
struct Decoded {
    events: Vec<Event>,
    /// The close code of an error.
    refused: Option<u16>,
    /// The peer has not sent the rest of a frame or message.
    mid_message: bool,
}

/// However bytes are cut, the decoder reads the same, and no more than was sent. What it reads, encoded by
/// our encoder, is read the same again, and is not longer than it was.
pub(crate) fn any_bytes(wire: &[u8]) {
    for role in [Role::Server, Role::Client] {
        let whole = received(role, &mut [wire].into_iter());
        if wire.len().is_multiple_of(2) {
            assert_eq!(received(role, &mut wire.chunks(1)), whole, "byte by byte");
        } else {
            assert_eq!(received(role, &mut pieces(wire)), whole, "in pieces");
        }

        let again = encoded(role, &whole.events);
        assert!(again.len() <= wire.len(), "more is received than was said");
        let ours = received(role, &mut [again.as_slice()].into_iter());
        assert_eq!(ours.events, whole.events, "said again");
        assert_eq!((ours.refused, ours.mid_message), (None, false), "said again");
    }
}

/// Frames of any kind, most of them valid: the decoder reads what the model says, which knows no bytes.
pub(crate) fn built(input: &[u8]) {
    let mut choices = Unstructured::new(input);
    let mut next = move || choices.arbitrary::<u8>().unwrap_or_default();
    let role = if next() % 4 == 0 { Role::Client } else { Role::Server };
    let frames: Vec<Frame> = (0..1 + next() % 12).map(|_| Frame::make(role, &mut next)).collect();
    let mut wire = Vec::new();
    frames.iter().for_each(|frame| frame.push(&mut wire));
    assert_eq!(received(role, &mut pieces(&wire)), expected(role, &frames), "{frames:x?}");
}

/// `wire` in pieces, whose lengths its own bytes determine.
fn pieces(mut wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (piece, rest) = wire.split_at(wire.len().min(usize::from(*wire.first()?) % 23 + 1));
        wire = rest;
        Some(piece)
    })
}

fn received(role: Role, pieces: &mut dyn Iterator<Item = &[u8]>) -> Decoded {
    let mut decoder = Decoder::new(role, LIMITS);
    let mut received = Decoded { events: Vec::new(), refused: None, mid_message: false };
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => received.events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(received.refused, None, "an error after an error");
                    received.refused = Some(error.close_code().get());
                }
            }
        }
        received.mid_message = decoder.is_mid_message();
    }
    let done =
        received.refused.is_some() || matches!(received.events.last(), Some(Event::Close(_)));
    assert!(!(done && received.mid_message), "nothing is owed after the end");
    received
}

/// The bytes that the peer of a decoder in `role` sends for these events.
fn encoded(role: Role, events: &[Event]) -> Vec<u8> {
    let mut encoder = match role {
        Role::Server => Encoder::client(|| [0x37, 0xfa, 0x21, 0x3d]),
        Role::Client => Encoder::server(),
    };
    let mut wire = Vec::new();
    events.iter().for_each(|event| encode(&mut encoder, event, &mut wire));
    wire
}

/// Appends the bytes that the other end reads as `event`.
pub(crate) fn encode(encoder: &mut Encoder, event: &Event, wire: &mut Vec<u8>) {
    match event {
        Event::Text(text) => encoder.text(text, wire),
        Event::Binary(bytes) => encoder.binary(bytes, wire),
        Event::Ping(bytes) => encoder.ping(bytes, wire),
        Event::Pong(bytes) => encoder.pong(bytes, wire),
        Event::Close(close) => encoder.close(close.as_ref(), wire),
    }
}

// ---- Frames as they are built --------------------------------------------------------------------

#[derive(Debug)]
struct Frame {
    /// Fin, reserved bits, opcode.
    first: u8,
    key: Option<[u8; 4]>,
    form: Form,
    payload: Vec<u8>,
}

/// How a length is written.
#[derive(Debug, PartialEq)]
enum Form {
    Shortest,
    In16,
    In64,
    /// In 64 bits, the highest of them set.
    Endless,
}

/// Characters of one to four bytes, to be cut anywhere.
const TEXT: &str = "né€😀 a text that goes on for a while — κόσμε, and ends in 日本語";

impl Frame {
    /// A frame that fits `role` in all but one case of 32.
    fn make(role: Role, next: &mut impl FnMut() -> u8) -> Frame {
        let mut first = [0x81, 0x01, 0x00, 0x00, 0x80, 0x80, 0x82, 0x02, 0x89, 0x8a, 0x88]
            [usize::from(next() % 11)];
        let content = next();
        let (from, count) = (usize::from(next()), usize::from(next()));
        let mut payload: Vec<u8> = match content % 16 {
            0 => (0..count % 140).map(|_| next()).collect(),
            1 => vec![b'x'; count],
            _ => {
                let text = TEXT.as_bytes().get(from % 64..).unwrap_or_default();
                text.iter().copied().take(count % 16).collect()
            }
        };
        if first == 0x88 {
            let codes = [1000, 1001, 1003, 1005, 1006, 1007, 1014, 1015, 1016, 2999, 3000, 4999];
            let code: u16 = codes[from % codes.len()];
            payload.splice(..0, code.to_be_bytes().into_iter().take(count % 4)); // sometimes half
        }
        let masked = role == Role::Server;
        let mut key = masked.then(|| [next(), next(), next(), next()]);
        let mut form = Form::Shortest;
        match next() {
            0 => first ^= 0x10 << (from % 3),
            1 => first ^= 1 << (from % 4),
            2 => first ^= 0x80,
            3 => key = if masked { None } else { Some([1, 2, 3, 4]) },
            4 => form = Form::In16,
            5 => form = Form::In64,
            6 => form = Form::Endless,
            7 => payload.resize(300, b'y'),
            _ => {}
        }
        Frame { first, key, form, payload }
    }

    fn push(&self, wire: &mut Vec<u8>) {
        let masked = if self.key.is_some() { 0x80 } else { 0 };
        let length = u16::try_from(self.payload.len()).expect("payloads are short here");
        wire.push(self.first);
        match self.form {
            Form::Shortest if length < 126 => wire.push(masked | length.to_be_bytes()[1]),
            Form::Shortest | Form::In16 => {
                wire.push(masked | 126);
                wire.extend(length.to_be_bytes());
            }
            Form::In64 => {
                wire.push(masked | 127);
                wire.extend(u64::from(length).to_be_bytes());
            }
            Form::Endless => {
                wire.push(masked | 127);
                wire.extend((u64::from(length) | 1 << 63).to_be_bytes());
            }
        }
        wire.extend(self.key.unwrap_or_default().into_iter().take(4 * usize::from(masked / 0x80)));
        let key = self.key.unwrap_or_default();
        wire.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }

    fn opcode(&self) -> u8 {
        self.first & 0x0F
    }

    fn fin(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// Whether the header alone breaks RFC 6455.
    fn is_against_the_rfc(&self, role: Role) -> bool {
        let length = self.payload.len();
        let fits = match self.form {
            Form::Shortest => true,
            Form::In16 => length >= 126,
            Form::In64 | Form::Endless => false, // no payload here is as long
        };
        let kind = match self.opcode() {
            0..=2 => true,
            8..=10 => self.fin() && length <= 125 && !(self.opcode() == 8 && length == 1),
            _ => false,
        };
        self.first & 0x70 != 0 || self.key.is_some() != (role == Role::Server) || !fits || !kind
    }
}

/// The rules of RFC 6455 for whole frames.
fn expected(role: Role, frames: &[Frame]) -> Decoded {
    let (mut events, mut message, mut fragments) = (Vec::new(), None::<(u8, Vec<u8>)>, 0);
    for frame in frames {
        let refused = |code, events| Decoded { events, refused: Some(code), mid_message: false };
        if frame.is_against_the_rfc(role) {
            return refused(1002, events);
        }
        let payload = frame.payload.clone();
        let (opcode, bytes) = match (frame.opcode(), message.take()) {
            (8, _) => {
                match close(&payload) {
                    Ok(close) => events.push(Event::Close(close)),
                    Err(code) => return refused(code, events),
                }
                return Decoded { events, refused: None, mid_message: false };
            }
            (9 | 10, unfinished) => {
                events.push(if frame.opcode() == 9 {
                    Event::Ping(payload)
                } else {
                    Event::Pong(payload)
                });
                message = unfinished;
                continue;
            }
            (0, None) | (1 | 2, Some(_)) => return refused(1002, events),
            (0, Some((opcode, bytes))) => (opcode, bytes),
            (opcode, None) => (opcode, Vec::new()),
            (opcode, Some(_)) => unreachable!("opcode {opcode} is against the rfc"),
        };
        fragments += 1;
        if fragments > LIMITS.fragments {
            return refused(1008, events);
        }
        if bytes.len() + payload.len() > LIMITS.message {
            return refused(1009, events);
        }
        let bytes = [bytes, payload].concat();
        let text = std::str::from_utf8(&bytes);
        let is_text = opcode == 1;
        if is_text && text.is_err_and(|error| frame.fin() || error.error_len().is_some()) {
            return refused(1007, events);
        }
        if !frame.fin() {
            message = Some((opcode, bytes));
            continue;
        }
        fragments = 0;
        events.push(match text {
            Ok(text) if is_text => Event::Text(text.to_owned()),
            Ok(_) | Err(_) => Event::Binary(bytes),
        });
    }
    Decoded { events, refused: None, mid_message: message.is_some() }
}

fn close(payload: &[u8]) -> Result<Option<Close>, u16> {
    let [high, low, reason @ ..] = payload else { return Ok(None) };
    let code = CloseCode::new(u16::from_be_bytes([*high, *low])).ok_or(1002_u16)?;
    let reason = String::from_utf8(reason.to_vec()).map_err(|_| 1007_u16)?;
    Ok(Some(Close { code, reason }))
}
