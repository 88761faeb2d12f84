//! The decoder on random bytes, and compared with `tungstenite`.

use proptest::prelude::*;

use super::{LIMITS, decoded, drain, frame, server};
use crate::ws::decoder::{Decoder, Event};
use crate::ws::encoder::Encoder;
use crate::ws::frame::{Opcode, Role};
use crate::ws::mask;

/// A message, and where to cut it into frames.
fn message() -> impl Strategy<Value = (Event, Vec<usize>)> {
    let event = prop_oneof![
        ".{0,200}".prop_map(Event::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Event::Binary),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(Event::Ping),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(Event::Pong),
    ];
    (event, prop::collection::vec(0..200_usize, 0..5))
}

/// The frames of `event`, cut at `cuts`, with a ping between any two.
fn frames(event: &Event, cuts: &[usize]) -> (Vec<u8>, usize) {
    let (opcode, payload) = match event {
        Event::Text(text) => (Opcode::Text, text.as_bytes()),
        Event::Binary(bytes) => (Opcode::Binary, bytes.as_slice()),
        Event::Ping(bytes) => return (frame(true, Opcode::Ping, bytes), 0),
        Event::Pong(bytes) => return (frame(true, Opcode::Pong, bytes), 0),
        Event::Close(_) => return (frame(true, Opcode::Close, b""), 0),
    };
    let mut cuts: Vec<usize> = cuts.iter().copied().filter(|cut| *cut <= payload.len()).collect();
    cuts.sort_unstable();
    let (mut wire, mut start) = (Vec::new(), 0);
    let kind = |first: bool| if first { opcode } else { Opcode::Continuation };
    for (index, cut) in cuts.iter().enumerate() {
        wire.extend(frame(false, kind(index == 0), &payload[start..*cut]));
        wire.extend(frame(true, Opcode::Ping, b"?"));
        start = *cut;
    }
    wire.extend(frame(true, kind(cuts.is_empty()), &payload[start..]));
    (wire, cuts.len())
}

/// Frames that are nearly valid: any first byte, any form of length, the mask bit right or wrong.
fn rough_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => prop::sample::select(vec![0x81_u8, 0x01, 0x80, 0x00, 0x82, 0x02, 0x89, 0x8a]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        3 => ".{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..140),
    ];
    (first, payload, 0..40_u8, any::<[u8; 4]>()).prop_map(|(first, payload, fault, key)| {
        let masked = if fault == 0 { 0 } else { 0x80 };
        let length = u8::try_from(payload.len()).unwrap();
        let mut wire = vec![first];
        match (fault, length) {
            (1, _) => wire.extend([masked | 127, 0, 0, 0, 0, 0, 0, 0, length]),
            (2, _) => wire.extend([masked | 127, 0x80, 0, 0, 0, 0, 0, 0, length]),
            (3, _) | (_, 126..) => wire.extend([masked | 126, 0, length]),
            (_, 0..126) => wire.push(masked | length),
        }
        wire.extend(key);
        let start = wire.len();
        wire.extend(payload);
        mask::apply(key, &mut wire[start..]);
        wire
    })
}

/// What `tungstenite` reads from `wire`, until it needs more or refuses.
fn tungstenite_decoded(wire: &[u8]) -> Vec<Event> {
    use std::io;
    use tungstenite::protocol::{Message, Role, WebSocket};

    struct Wire<'w>(&'w [u8]);
    impl io::Read for Wire<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }
    impl io::Write for Wire<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut socket = WebSocket::from_raw_socket(Wire(wire), Role::Server, None);
    let mut events = Vec::new();
    while let Ok(message) = socket.read() {
        events.push(match message {
            Message::Text(text) => Event::Text(text.to_string()),
            Message::Binary(bytes) => Event::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Event::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Event::Pong(bytes.to_vec()),
            Message::Close(_) | Message::Frame(_) => break,
        });
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_messages_in_any_frames_in_any_pieces_arrive_the_same(
        messages in prop::collection::vec(message(), 0..8),
        pieces in prop::collection::vec(1..700_usize, 0..40),
    ) {
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        for (event, cuts) in &messages {
            let (bytes, pings) = frames(event, cuts);
            wire.extend(bytes);
            expected.extend(vec![Event::Ping(b"?".to_vec()); pings]);
            expected.push(event.clone());
        }
        prop_assert_eq!(&tungstenite_decoded(&wire), &expected);
        let (mut decoder, mut events, mut rest) = (server(), Vec::new(), wire.as_slice());
        for piece in pieces {
            let (bytes, after) = rest.split_at(piece.min(rest.len()));
            decoder.feed(bytes);
            events.extend(drain(&mut decoder).unwrap());
            rest = after;
        }
        decoder.feed(rest);
        events.extend(drain(&mut decoder).unwrap());
        prop_assert_eq!(events, expected);
        prop_assert!(!decoder.is_mid_message());
    }

    #[test]
    fn messages_we_accept_tungstenite_reads_the_same(
        wire in prop::collection::vec(rough_frame(), 1..6),
    ) {
        let wire = wire.concat();
        if let Ok(mut events) = decoded(&wire) {
            events.retain(|event| !matches!(event, Event::Close(_))); // the comparison ends there
            prop_assert_eq!(events, tungstenite_decoded(&wire));
        }
    }

    #[test]
    fn any_bytes_in_any_pieces_have_the_same_result_and_never_panic(
        mut wire in prop::collection::vec(rough_frame(), 0..6).prop_map(|frames| frames.concat()),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        for (index, byte) in noise {
            if !wire.is_empty() {
                let at = index.index(wire.len());
                wire[at] = byte;
            }
        }
        wire.extend(tail);
        let mut whole = server();
        whole.feed(&wire);
        let mut bytewise = server();
        let mut fed = wire.iter();
        loop {
            let expected = whole.next_event();
            let event = loop {
                match bytewise.next_event() {
                    Ok(None) => match fed.next() {
                        Some(byte) => bytewise.feed(&[*byte]),
                        None => break Ok(None),
                    },
                    event => break event,
                }
            };
            prop_assert_eq!(&event, &expected);
            if !matches!(event, Ok(Some(_))) {
                break;
            }
        }
    }

    #[test]
    fn the_other_end_reads_what_an_encoder_writes(
        events in prop::collection::vec(message().prop_map(|(event, _)| event), 0..8),
        key: [u8; 4],
    ) {
        for (role, mut encoder) in
            [(Role::Server, Encoder::client(move || key)), (Role::Client, Encoder::server())]
        {
            let mut wire = Vec::new();
            for event in &events {
                match event {
                    Event::Text(text) => encoder.text(text, &mut wire),
                    Event::Binary(bytes) => encoder.binary(bytes, &mut wire),
                    Event::Ping(bytes) => encoder.ping(bytes, &mut wire),
                    Event::Pong(bytes) => encoder.pong(bytes, &mut wire),
                    Event::Close(close) => encoder.close(close.as_ref(), &mut wire),
                }
            }
            let mut decoder = Decoder::new(role, LIMITS);
            decoder.feed(&wire);
            prop_assert_eq!(&drain(&mut decoder).unwrap(), &events);
        }
    }
}
