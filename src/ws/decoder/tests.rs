//! The decoder on literal bytes, whole and cut anywhere.

mod random; // random bytes, and a comparison with `tungstenite`

use super::{Decoder, Event, Limits};
use crate::ws::close::Close;
use crate::ws::close_code::CloseCode;
use crate::ws::error::{Error, Violation};
use crate::ws::frame::{FrameHeader, Opcode, Role};
use crate::ws::mask;

const LIMITS: Limits = Limits { message: 65_536, fragments: 1_024 };

fn server() -> Decoder {
    Decoder::new(Role::Server, LIMITS)
}

/// All events until `decoder` needs more bytes.
fn drain(decoder: &mut Decoder) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    while let Some(event) = decoder.next_event()? {
        events.push(event);
    }
    Ok(events)
}

fn decoded(wire: &[u8]) -> Result<Vec<Event>, Error> {
    let mut decoder = server();
    decoder.feed(wire);
    drain(&mut decoder)
}

fn refused(wire: &[u8]) -> u16 {
    decoded(wire).expect_err("bad bytes must be refused").close_code().get()
}

/// A client's frame, masked.
fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut wire = Vec::new();
    FrameHeader { fin, opcode, mask: Some(key), length: payload.len() as u64 }.push(&mut wire);
    let start = wire.len();
    wire.extend_from_slice(payload);
    mask::apply(key, &mut wire[start..]);
    wire
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

#[test]
fn the_samples_of_the_rfc_are_read() {
    // §5.7
    let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(decoded(hello), Ok(vec![text("Hello")]));
    let pong = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(decoded(pong), Ok(vec![Event::Pong(b"Hello".to_vec())]));

    let mut client = Decoder::new(Role::Client, LIMITS);
    client.feed(b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello");
    client.feed(&[b"\x82\x7e\x01\x00".as_slice(), &[1; 256]].concat());
    client.feed(&[b"\x82\x7f\0\0\0\0\0\x01\0\0".as_slice(), &[2; 65_536]].concat());
    let expected = vec![
        text("Hello"),
        text("Hello"),
        Event::Ping(b"Hello".to_vec()),
        Event::Binary(vec![1; 256]),
        Event::Binary(vec![2; 65_536]),
    ];
    assert_eq!(drain(&mut client), Ok(expected));
}

#[test]
fn a_frame_cut_anywhere_decodes_the_same() {
    let wire = [
        frame(false, Opcode::Text, "né".as_bytes()),
        frame(true, Opcode::Ping, &[7; 125]),
        frame(false, Opcode::Continuation, b""),
        frame(true, Opcode::Continuation, "€ und 😀".as_bytes()),
        frame(true, Opcode::Binary, &[9; 300]),
        frame(true, Opcode::Close, b"\x03\xe8bye"),
    ]
    .concat();
    let expected = vec![
        Event::Ping(vec![7; 125]),
        text("né€ und 😀"),
        Event::Binary(vec![9; 300]),
        Event::Close(Some(Close { code: CloseCode::NORMAL, reason: "bye".to_owned() })),
    ];
    for cut in 0..=wire.len() {
        let mut decoder = server();
        decoder.feed(&wire[..cut]);
        let mut events = drain(&mut decoder).unwrap();
        decoder.feed(&wire[cut..]);
        events.extend(drain(&mut decoder).unwrap());
        assert_eq!(events, expected, "cut at byte {cut}");
    }
    let mut decoder = server();
    let mut events = Vec::new();
    for byte in wire {
        decoder.feed(&[byte]);
        events.extend(drain(&mut decoder).unwrap());
    }
    assert_eq!(events, expected, "byte by byte");
}

#[test]
fn messages_of_every_awkward_length_arrive_whole() {
    for length in (0..=300).chain([65_534, 65_535, 65_536]) {
        let payload = vec![0xA5; length];
        let wire = frame(true, Opcode::Binary, &payload);
        assert_eq!(decoded(&wire), Ok(vec![Event::Binary(payload)]), "{length} bytes");
    }
}

#[test]
fn ten_thousand_frames_in_one_slice_all_arrive_in_order() {
    let wire: Vec<u8> =
        (0..10_000).flat_map(|n| frame(true, Opcode::Text, format!("{n}").as_bytes())).collect();
    let expected: Vec<Event> = (0..10_000).map(|n| text(&format!("{n}"))).collect();
    assert_eq!(decoded(&wire), Ok(expected));
}

#[test]
fn a_decoder_between_messages_holds_no_memory_and_within_one_little_more_than_came() {
    let wire = frame(true, Opcode::Text, &[b'x'; 4_000]);
    let mut decoder = server();
    decoder.feed(&wire);
    assert!(decoder.next_event().unwrap().is_some());
    decoder.feed(&wire[..3]);
    assert_eq!(decoder.next_event(), Ok(None));
    assert!(decoder.input.capacity() <= 8, "half a header: {} bytes", decoder.input.capacity());
    decoder.feed(&wire[3..]);
    assert!(decoder.next_event().unwrap().is_some());
    assert_eq!(decoder.next_event(), Ok(None));
    assert_eq!(decoder.input.capacity(), 0);
}

#[test]
fn fragments_that_do_not_belong_are_refused() {
    let begun = frame(false, Opcode::Text, b"a");
    for (wire, violation) in [
        (frame(true, Opcode::Continuation, b"b"), Violation::Orphan),
        (frame(false, Opcode::Continuation, b"b"), Violation::Orphan),
        ([begun.clone(), frame(true, Opcode::Text, b"b")].concat(), Violation::Interruption),
        ([begun.clone(), frame(false, Opcode::Text, b"b")].concat(), Violation::Interruption),
        ([begun, frame(true, Opcode::Binary, b"b")].concat(), Violation::Interruption),
    ] {
        assert_eq!(decoded(&wire), Err(violation.into()), "{wire:x?}");
    }
}

#[test]
fn a_message_too_long_is_refused_by_its_header_and_nothing_is_allocated() {
    assert_eq!(decoded(b"\x82\xff\0\0\0\0\0\x01\0\0mask"), Ok(vec![])); // 65,536
    assert_eq!(refused(b"\x82\xff\0\0\0\0\0\x01\0\x01mask"), 1009);
    assert_eq!(refused(b"\x82\xff\0\0\0\x01\0\0\0\x01mask"), 1009);
    assert_eq!(refused(b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask"), 1009);
    let half = frame(false, Opcode::Binary, &[0; 40_000]);
    let error = decoded(&[half.as_slice(), b"\x80\xfe\x63\xc1mask"].concat()).unwrap_err();
    assert_eq!(error, Error::TooBig { bytes: 65_537, limit: 65_536 });
    let endless = b"\x02\x81mask\x00\x00\xff\x80\0\0\0\0\0\0\x05";
    assert_eq!(refused(endless), 1002);
    // What a header announces is not allocated.
    let mut decoder = server();
    decoder.feed(b"\x82\xff\0\0\0\0\0\x01\0\0mask");
    assert_eq!(decoder.next_event(), Ok(None));
    assert!(format!("{decoder:?}").contains("Binary([])"), "{decoder:?}");
}

#[test]
fn a_message_of_too_many_frames_is_refused_at_the_first_one_too_many() {
    let mut wire = frame(false, Opcode::Text, b"");
    for _ in 0..1_022 {
        wire.extend(frame(false, Opcode::Continuation, b"x"));
    }
    let allowed = [wire.as_slice(), &frame(true, Opcode::Continuation, b"x")].concat();
    assert_eq!(decoded(&allowed), Ok(vec![text(&"x".repeat(1_023))]));
    let twice = [allowed.as_slice(), &allowed].concat();
    assert_eq!(decoded(&twice).map(|events| events.len()), Ok(2), "each message has its own count");
    wire.extend(frame(false, Opcode::Continuation, b""));
    assert_eq!(decoded(&wire), Ok(vec![]));
    wire.extend(frame(false, Opcode::Continuation, b""));
    assert_eq!(decoded(&wire), Err(Error::TooManyFragments { limit: 1_024 }));
}

#[test]
fn an_invalid_byte_is_refused_before_the_rest_of_its_frame_comes() {
    // Autobahn 6.4.3: κόσμε, then F4 90, which cannot start a character; the rest is held back.
    let payload = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65\x64";
    let wire = frame(true, Opcode::Text, payload);
    let mut decoder = server();
    let fine = 6 + 12; // the header, and all up to F4
    decoder.feed(&wire[..fine]);
    assert_eq!(decoder.next_event(), Ok(None));
    decoder.feed(&wire[fine..=fine]);
    assert_eq!(decoder.next_event(), Err(Error::NotUtf8 { at: 11 }));
}

#[test]
fn text_that_is_not_utf8_is_invalid_data() {
    for payload in
        [b"\xc0\xaf".as_slice(), b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]
    {
        assert_eq!(refused(&frame(true, Opcode::Text, payload)), 1007, "{payload:x?}");
    }
    let torn = [frame(false, Opcode::Text, b"\xe2"), frame(true, Opcode::Continuation, b"\x82")];
    assert_eq!(refused(&torn.concat()), 1007, "a message that ends inside a character");
}

#[test]
fn a_close_frame_with_a_code_or_reason_that_may_not_be_sent_is_refused() {
    assert_eq!(decoded(&frame(true, Opcode::Close, b"")), Ok(vec![Event::Close(None)]));
    assert_eq!(refused(&frame(true, Opcode::Close, b"\x03\xed")), 1002);
    assert_eq!(refused(&frame(true, Opcode::Close, b"\x03")), 1002);
    assert_eq!(refused(&frame(true, Opcode::Close, b"\x03\xe8\xff")), 1007);
}

#[test]
fn nothing_is_decoded_after_a_close_or_an_error() {
    let after = frame(true, Opcode::Text, b"too late");
    let mut closed = server();
    closed.feed(&[frame(false, Opcode::Text, b"a"), frame(true, Opcode::Close, b"")].concat());
    closed.feed(&after);
    assert_eq!(drain(&mut closed), Ok(vec![Event::Close(None)]));
    let mut failed = server();
    failed.feed(b"\x81\x00");
    failed.feed(&after);
    assert_eq!(failed.next_event(), Err(Violation::Unmasked.into()));
    for mut decoder in [closed, failed] {
        decoder.feed(&after);
        assert_eq!(decoder.next_event(), Ok(None));
        assert!(!decoder.is_mid_message());
    }
}

#[test]
fn a_decoder_knows_whether_it_is_inside_a_message() {
    let wire = [frame(false, Opcode::Text, b"ab"), frame(true, Opcode::Continuation, b"")].concat();
    let mut decoder = server();
    for (offset, byte) in wire.iter().enumerate() {
        assert_eq!(decoder.is_mid_message(), offset > 0, "before byte {offset}");
        decoder.feed(&[*byte]);
        let event = decoder.next_event().unwrap();
        assert_eq!(event.is_some(), offset + 1 == wire.len());
    }
    assert!(!decoder.is_mid_message());
    let ping = frame(true, Opcode::Ping, b"abc");
    decoder.feed(&ping[..8]);
    assert_eq!(decoder.next_event(), Ok(None));
    assert!(decoder.is_mid_message(), "half a ping");
}
