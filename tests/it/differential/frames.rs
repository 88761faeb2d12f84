//! Frames, beside `tungstenite`.

use std::io::{self, Read, Write};

use talk::ws::{Close, CloseCode, Decoder, Encoder, Error, Event, Limits, Role, Violation};
use tungstenite::Message;
use tungstenite::error::{Error as Theirs, ProtocolError};
use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};

use super::{Difference, INPUTS, explained, shown_by_its_example};
use crate::properties::bodies::frames::encode;
use crate::properties::generators::hold;

const LIMITS: Limits = Limits { message: 1_024, fragments: 8 };

/// Where we differ from tungstenite: in what is refused, and when.
pub(super) const FRAMES: &[Difference] = &[
    ("length not minimal", b"\x82\xfe\x00\x01\0\0\0\0x"),
    ("header refused early", b"\xc1\x85\0\0\0\0Hel"),
    ("text refused early", b"\x81\x85\0\0\0\0\xff"),
    ("close code that may not be sent", b"\x88\x82\0\0\0\0\x03\xed"),
    ("close code registered later", b"\x88\x82\0\0\0\0\x03\xf6"),
    (
        "too many frames",
        b"\x01\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0\
          \x00\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0\x00\x80\0\0\0\0",
    ),
];

#[test]
fn frames_are_read_as_tungstenite_reads_them_or_the_table_says_why_not() {
    shown_by_its_example(FRAMES, to_a_server);
    hold("frames", INPUTS, Vec::new(), |input| {
        explained(FRAMES, input, to_a_server(input));
        explained(FRAMES, input, kind(Role::Client, TheirRole::Client, input));
    });
}

#[test]
fn both_encoders_write_the_same_bytes_and_read_each_other() {
    hold("shown", INPUTS, Vec::new(), |input| {
        let messages = messages(input);
        let (mut encoder, mut ours) = (Encoder::server(), Vec::new());
        let config = WebSocketConfig::default().write_buffer_size(0);
        let wire = Wire { left: &[], written: Vec::new() };
        let mut theirs = WebSocket::from_raw_socket(wire, TheirRole::Server, Some(config));
        for message in &messages {
            encode(&mut encoder, message, &mut ours);
            theirs.send(their_message(message)).unwrap();
        }
        assert_eq!(theirs.get_ref().written, ours);
        let (received, outcome) = their_result(TheirRole::Client, &ours);
        assert_eq!((received, outcome), (messages.clone(), Outcome::WantsMore));
        assert_eq!(our_result(Role::Client, &ours), (messages, Ok(())));
    });
}

fn to_a_server(input: &[u8]) -> Option<&'static str> {
    kind(Role::Server, TheirRole::Server, input)
}

/// The difference, if there is one.
fn kind(role: Role, their_role: TheirRole, input: &[u8]) -> Option<&'static str> {
    let (ours, we) = our_result(role, input);
    let (theirs, they) = their_result(their_role, input);
    if let (Some(Event::Close(Some(ours))), Some(Event::Close(Some(theirs)))) =
        (ours.last(), theirs.last())
        && (ours.code.get(), theirs.code) == (1014, CloseCode::PROTOCOL_ERROR)
    {
        return Some("close code registered later");
    }
    let common = ours.len().min(theirs.len());
    assert_eq!(ours[..common], theirs[..common], "both read the same");
    let more = &theirs[common..];
    let controls = more.iter().all(|event| matches!(event, Event::Ping(_) | Event::Pong(_)));
    match (we, they) {
        (Ok(()), Outcome::Done | Outcome::WantsMore) if ours == theirs => None,
        (Ok(()), _) => Some("we go on where they do not"),
        (Err(_), Outcome::Refused) if ours == theirs => None,
        (Err(Error::Protocol(Violation::WastefulLength(_))), _) => Some("length not minimal"),
        // A control frame cannot have a longer form of its length, so we report it as too long.
        (Err(Error::Protocol(Violation::LongControl)), _)
            if matches!(more, [Event::Ping(_) | Event::Pong(_) | Event::Close(_), ..]) =>
        {
            Some("length not minimal")
        }
        (Err(Error::Protocol(Violation::CloseCode(code))), Outcome::Done)
            if CloseCode::new(code).is_none() && matches!(more, [Event::Close(_)]) =>
        {
            Some("close code that may not be sent")
        }
        (Err(Error::TooManyFragments { .. }), _) => Some("too many frames"),
        // Inside a fragmented message, whole frames may follow that one.
        (Err(Error::NotUtf8 { .. }), Outcome::WantsMore | Outcome::Refused) if controls => {
            Some("text refused early")
        }
        (Err(Error::Protocol(_)), Outcome::WantsMore) if ours == theirs => {
            Some("header refused early")
        }
        (Err(_), _) => Some("we refuse what they do not"),
    }
}

fn our_result(role: Role, wire: &[u8]) -> (Vec<Event>, Result<(), Error>) {
    let (mut decoder, mut events) = (Decoder::new(role, LIMITS), Vec::new());
    decoder.feed(wire);
    loop {
        match decoder.next_event() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, Ok(())),
            Err(error) => return (events, Err(error)),
        }
    }
}

/// How tungstenite ends.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// By a Close.
    Done,
    WantsMore,
    Refused,
}

fn their_result(role: TheirRole, wire: &[u8]) -> (Vec<Event>, Outcome) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMITS.message))
        .max_frame_size(Some(LIMITS.message));
    let wire = Wire { left: wire, written: Vec::new() };
    let mut socket = WebSocket::from_raw_socket(wire, role, Some(config));
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Message::Text(text)) => Event::Text(text.to_string()),
            Ok(Message::Binary(bytes)) => Event::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Event::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Event::Pong(bytes.to_vec()),
            Ok(Message::Close(close)) => {
                let close = close.and_then(|close| {
                    let code = CloseCode::new(u16::from(close.code))?;
                    Some(Close { code, reason: close.reason.to_string() })
                });
                events.push(Event::Close(close));
                return (events, Outcome::Done);
            }
            Ok(Message::Frame(_)) => unreachable!("reading gives no frames"),
            Err(Theirs::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return (events, Outcome::WantsMore);
            }
            Err(_) => return (events, Outcome::Refused),
        });
    }
}

/// Messages made from `input`: the first byte of each is its kind, the second its length.
fn messages(mut input: &[u8]) -> Vec<Event> {
    let mut messages = Vec::new();
    while let [kind, length, rest @ ..] = input {
        let (payload, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        let short = payload[..payload.len().min(125)].to_vec();
        messages.push(match kind % 4 {
            0 => Event::Ping(short),
            1 => Event::Pong(short),
            2 => Event::Binary(payload.repeat(1 + usize::from(kind / 64))),
            _ => Event::Text(String::from_utf8_lossy(payload).into_owned()),
        });
        input = rest;
    }
    messages
}

fn their_message(message: &Event) -> Message {
    match message {
        Event::Text(text) => Message::text(text.as_str()),
        Event::Binary(bytes) => Message::binary(bytes.clone()),
        Event::Ping(bytes) => Message::Ping(bytes.clone().into()),
        Event::Pong(bytes) => Message::Pong(bytes.clone().into()),
        Event::Close(_) => Message::Close(None),
    }
}

/// A connection that ends where its bytes end.
struct Wire<'w> {
    left: &'w [u8],
    written: Vec<u8>,
}

impl Read for Wire<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.left.read(into)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
