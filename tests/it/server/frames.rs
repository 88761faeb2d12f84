//! RFC 6455 at the server, byte by byte: how it answers each wrong frame, and each valid one.

use crate::support::raw_client::{self, RawClient, frame};
use crate::support::under_attack::under_attack;
use crate::support::{TestClient, TestServer};

/// Sends `bytes` after a hello: the code of the server's Close frame, after which the connection ends.
fn code_after(server: &TestServer, bytes: &[u8]) -> u16 {
    let mut raw = RawClient::welcomed(server.address, &format!("user{}", fresh()));
    raw.try_send(bytes);
    raw.read_close()
}

fn fresh() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A frame whose header claims `length` in the longest form, without any payload.
fn header_claiming(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | 127];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn a_frame_that_breaks_a_rule_ends_in_1002() {
    under_attack(&[], |server| {
        let mid_message = |second: Vec<u8>| [frame(0x01, b"a", true), second].concat();
        let cases = [
            ("unmasked", frame(0x81, b"x", false)),
            ("RSV1", frame(0xC1, b"x", true)),
            ("RSV2 on a continuation", mid_message(frame(0xA0, b"x", true))),
            ("RSV3 on a ping", frame(0x99, b"", true)),
            ("RSV1 on a close", frame(0xC8, b"", true)),
            ("opcode 3, no payload", header_claiming(0x83, 1 << 40)),
            ("opcode 11, no payload", header_claiming(0x8B, 1 << 40)),
            ("a ping of 126 bytes", frame(0x89, &[0; 126], true)),
            ("a ping that goes on", frame(0x09, b"", true)),
            ("a close that goes on", frame(0x08, b"", true)),
            ("a continuation first", frame(0x80, b"x", true)),
            ("a text inside a text", mid_message(frame(0x81, b"x", true))),
            ("a fragment of a text inside a text", mid_message(frame(0x01, b"x", true))),
            ("5 in 16 bits", vec![0x81, 0xFE, 0, 5, 0, 0, 0, 0, b'h', b'e', b'l', b'l', b'o']),
            ("65535 in 64 bits", header_claiming(0x81, 65_535)),
            ("2^63", header_claiming(0x81, 1 << 63)),
            ("2^64-1", header_claiming(0x81, u64::MAX)),
            ("a close of one byte", frame(0x88, b"x", true)),
            ("a close with 1005", frame(0x88, &1005_u16.to_be_bytes(), true)),
            ("a close with 999", frame(0x88, &999_u16.to_be_bytes(), true)),
        ];
        for (what, bytes) in cases {
            assert_eq!(code_after(server, &bytes), 1002, "{what}");
        }
    });
}

#[test]
fn a_message_too_long_is_1009_from_its_header_alone() {
    under_attack(&[], |server| {
        let before = server.rss_kib();
        for (what, bytes) in [
            ("65537", header_claiming(0x81, 65_537)),
            ("2^32+1", header_claiming(0x81, (1 << 32) + 1)),
            ("2^63-1", header_claiming(0x81, (1 << 63) - 1)),
            (
                "fragments that add up",
                [frame(0x01, &[b'x'; 60_000], true), frame(0x80, &[b'x'; 6_000], true)].concat(),
            ),
        ] {
            assert_eq!(code_after(server, &bytes), 1009, "{what}");
        }
        assert!(server.rss_kib() < before + 16 * 1024, "a claimed length allocates nothing");
    });
}

#[test]
fn too_many_fragments_are_1008() {
    under_attack(&[], |server| {
        let fragments = [frame(0x01, b"", true), frame(0x00, b"", true).repeat(1_024)].concat();
        assert_eq!(code_after(server, &fragments), 1008);
    });
}

#[test]
fn invalid_utf_8_is_1007_at_the_offending_byte() {
    under_attack(&[], |server| {
        for bytes in [&b"\xC0\xAF"[..], b"\xED\xA0\x80", b"\xF4\x90", b"\xFF"] {
            // The header promises 100 bytes more, which never come: the answer may not wait for them.
            let mut wire = frame(0x81, &[0; 110], true);
            wire.truncate(6);
            wire.extend(bytes);
            assert_eq!(code_after(server, &wire), 1007, "{bytes:?}");
        }
        assert_eq!(code_after(server, &frame(0x88, b"\x03\xe8\xff", true)), 1007, "a reason");
    });
}

#[test]
fn a_binary_message_is_1003() {
    under_attack(&[], |server| {
        assert_eq!(code_after(server, &frame(0x82, b"x", true)), 1003);
    });
}

#[test]
fn a_close_is_answered_with_its_own_code_and_the_connection_ends() {
    under_attack(&[], |server| {
        for code in [1000_u16, 1001, 1003, 1007, 1011, 1014, 3000, 4999] {
            let close = frame(0x88, &code.to_be_bytes(), true);
            assert_eq!(code_after(server, &[close, frame(0x81, b"later", true)].concat()), code);
        }
        assert_eq!(code_after(server, &frame(0x88, b"", true)), 1005);
    });
}

#[test]
fn a_ping_between_fragments_is_answered_before_the_message() {
    under_attack(&[], |server| {
        let mut raw = RawClient::welcomed(server.address, "bob");
        let message = br#"{"type":"rooms"}"#;
        raw.send(&frame(0x01, &message[..5], true));
        raw.send(&frame(0x89, b"are you there", true));
        raw.send(&frame(0x80, &message[5..], true));
        assert_eq!(raw.read_frame(), (0x8A, b"are you there".to_vec()));
        assert!(raw.read_text().starts_with(r#"{"type":"rooms""#));
    });
}

#[test]
fn an_unsolicited_pong_is_ignored() {
    under_attack(&[], |server| {
        let mut raw = RawClient::welcomed(server.address, "bob");
        raw.send(&frame(0x8A, b"whatever", true));
        raw.send(&raw_client::text(r#"{"type":"rooms"}"#));
        assert!(raw.read_text().starts_with(r#"{"type":"rooms""#));
    });
}

#[test]
fn a_message_cut_at_every_byte_arrives_whole() {
    under_attack(&[], |server| {
        let mut reader = TestClient::joined(server.address, "reader", "lobby").0;
        let mut raw = RawClient::welcomed(server.address, "writer");
        raw.send(&raw_client::text(r#"{"type":"join","room":"lobby"}"#));
        raw.read_text();
        let length = raw_client::text(&post(0)).len();
        for cut in 1..length {
            let wire = raw_client::text(&post(cut));
            let (first, second) = wire.split_at(cut.min(wire.len()));
            raw.send(first);
            raw.send(second);
            assert_eq!(reader.receive_type("post")["cid"], format!("c{cut}"));
        }
    });
}

fn post(number: usize) -> String {
    format!(r#"{{"type":"post","room":"lobby","cid":"c{number}","text":"naïve {number} 😀"}}"#)
}

#[test]
fn ten_thousand_frames_in_one_write_are_all_served_in_order() {
    under_attack(&[], |server| {
        let mut raw = RawClient::welcomed(server.address, "writer");
        raw.send(&raw_client::text(r#"{"type":"join","room":"lobby"}"#));
        raw.read_text();
        let wire: Vec<u8> =
            (0..10_000).flat_map(|number| raw_client::text(&post(number))).collect();
        let mut sender = raw.0.try_clone().unwrap();
        let sending =
            std::thread::spawn(move || std::io::Write::write_all(&mut sender, &wire).unwrap());
        for number in 0..10_000 {
            let record: serde_json::Value = serde_json::from_str(&raw.read_text()).unwrap();
            assert_eq!(
                (&record["seq"], &record["cid"]),
                (&(number + 1).into(), &format!("c{number}").into())
            );
        }
        sending.join().unwrap();
    });
}
