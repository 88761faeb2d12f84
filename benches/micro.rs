//! The parsers and encoders alone, each compared with another library: `cargo bench --bench micro`, or
//! `-- masking` for some of them. Sizes are bytes of payload or text.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that meets an error has nothing to say but that"
)]

use std::io::{self, Cursor, Read, Write};
use std::time::Duration;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use talk::chat::protocol::{ClientMessage, Record, RecordKind};
use talk::chat::{Operation, Text};
use talk::http::Parser;
use talk::json;
use talk::ws::{Decoder, Encoder, Event, Limits, Role, push_text_frame};
use tungstenite::Bytes;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};

// Private modules of the library, from the same files. Only some of their items are used here.
#[path = "../src/ws/mask.rs"]
#[allow(dead_code, unused_imports, reason = "a bench needs one function of it")]
mod mask;
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "a bench needs one function of it"
)]
#[path = "../src/ws"]
mod ws {
    pub mod close;
    pub mod close_code;
    pub mod error;
    pub mod frame;
    pub mod utf8;

    /// The payload length in the header at the start of `input`.
    pub fn claimed(input: &[u8]) -> u64 {
        frame::FrameHeader::parse(frame::Role::Server, input).unwrap().unwrap().0.length
    }
}

const SIZES: [usize; 4] = [16, 200, 16 << 10, 1 << 20];
const TEXTS: [usize; 3] = [16, 200, 16 << 10];
const LIMITS: Limits = Limits { message: 2 << 20, fragments: 1_024 };
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn main() {
    divan::Divan::from_args().min_time(Duration::from_millis(200)).main();
}

/// A text with the letters of a chat.
fn text(size: usize) -> String {
    "hello, this is a line of the usual sort. ".chars().cycle().take(size).collect()
}

/// A client's text message as bytes.
fn message(size: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    Encoder::client(|| KEY).text(&text(size), &mut wire);
    wire
}

mod masking {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let mut bytes = vec![7; size];
        bencher
            .counter(BytesCount::new(size))
            .bench_local(|| mask::apply(black_box(KEY), black_box(&mut bytes)));
    }

    #[divan::bench(args = SIZES)]
    fn byte_by_byte(bencher: Bencher<'_, '_>, size: usize) {
        let mut bytes = vec![7; size];
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            for (place, byte) in black_box(&mut bytes).iter_mut().enumerate() {
                *byte ^= black_box(KEY)[place & 3];
            }
        });
    }
}

mod frame_header {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let wire = message(size);
        bencher.bench_local(|| ws::claimed(black_box(&wire)));
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite(bencher: Bencher<'_, '_>, size: usize) {
        let wire = message(size);
        bencher.bench_local(|| {
            FrameHeader::parse(&mut Cursor::new(black_box(&wire))).unwrap().unwrap().1
        });
    }
}

/// A server's text message into a buffer that has room for it.
mod encode_as_server {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let (text, mut out) = (text(size), Vec::new());
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            out.clear();
            push_text_frame(&mut out, black_box(text.as_bytes()));
            black_box(out.len())
        });
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite(bencher: Bencher<'_, '_>, size: usize) {
        let (text, mut out) = (Bytes::from(text(size)), Vec::new());
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            out.clear();
            let frame = Frame::message(black_box(&text).clone(), OpCode::Data(Data::Text), true);
            frame.format(&mut out).unwrap();
            black_box(out.len())
        });
    }
}

/// The same for a client, masked.
mod encode_as_client {
    use super::*;

    #[divan::bench(args = SIZES)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let (text, mut out) = (text(size), Vec::new());
        let mut encoder = Encoder::client(|| KEY);
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            out.clear();
            encoder.text(black_box(&text), &mut out);
            black_box(out.len())
        });
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite(bencher: Bencher<'_, '_>, size: usize) {
        let (text, mut out) = (Bytes::from(text(size)), Vec::new());
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            out.clear();
            let text = black_box(&text).clone();
            let mut frame = Frame::message(text, OpCode::Data(Data::Text), true);
            frame.header_mut().mask = Some(KEY);
            frame.format(&mut out).unwrap();
            black_box(out.len())
        });
    }
}

/// A client's text message, from bytes to a string.
mod decode {
    use super::*;

    /// The bytes of one read of the server.
    const CHUNK: usize = 16 << 10;

    #[divan::bench(args = SIZES)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let (wire, mut decoder) = (message(size), Decoder::new(Role::Server, LIMITS));
        bencher.counter(BytesCount::new(size)).bench_local(|| {
            let mut received = None;
            for chunk in black_box(&wire).chunks(CHUNK) {
                decoder.feed(chunk);
                received = decoder.next_event().unwrap();
            }
            assert!(matches!(received, Some(Event::Text(_))));
            assert!(decoder.next_event().unwrap().is_none()); // a session asks as well
            received
        });
    }

    #[divan::bench(args = SIZES)]
    fn tungstenite(bencher: Bencher<'_, '_>, size: usize) {
        let wire = Again { wire: message(size), at: 0 };
        let config = WebSocketConfig::default().read_buffer_size(CHUNK);
        let mut socket = WebSocket::from_raw_socket(wire, TheirRole::Server, Some(config));
        bencher.counter(BytesCount::new(size)).bench_local(|| socket.read().unwrap());
    }

    /// A client that sends the same message again and again; each read returns a message or a chunk.
    struct Again {
        wire: Vec<u8>,
        at: usize,
    }

    impl Read for Again {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let rest = &self.wire[self.at..];
            let count = rest.len().min(into.len()).min(CHUNK);
            into[..count].copy_from_slice(&rest[..count]);
            self.at = (self.at + count) % self.wire.len();
            Ok(count)
        }
    }

    impl Write for Again {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

/// A post with a text of that size.
fn post(size: usize) -> String {
    let text = text(size);
    format!(r#"{{"type":"post","room":"lobby","cid":"3f9a0c77-000000012","text":"{text}"}}"#)
}

mod json_read_a_post {
    use super::*;

    #[divan::bench(args = TEXTS)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let post = post(size);
        bencher
            .counter(BytesCount::new(post.len()))
            .bench_local(|| json::parse(black_box(&post)).unwrap());
    }

    #[divan::bench(args = TEXTS)]
    fn serde_json(bencher: Bencher<'_, '_>, size: usize) {
        let post = post(size);
        bencher
            .counter(BytesCount::new(post.len()))
            .bench_local(|| serde_json::from_str::<serde_json::Value>(black_box(&post)).unwrap());
    }

    /// With every rule of the protocol: names, lengths, the characters of a text.
    #[divan::bench(args = TEXTS)]
    fn talk_as_a_request(bencher: Bencher<'_, '_>, size: usize) {
        let post = post(size);
        bencher.counter(BytesCount::new(post.len())).bench_local(|| {
            ClientMessage::parse(black_box(&post), 1 << 20, json::Limits::default()).unwrap()
        });
    }
}

/// The record of a post, into a buffer that has room for it.
mod json_write_a_record {
    use super::*;

    fn record(size: usize) -> Record {
        let text = Text::parse(&text(size), 1 << 20).unwrap();
        Record {
            room: "lobby".parse().unwrap(),
            seq: 1_234_567,
            at: 1_795_394_177_902,
            user: "alice".parse().unwrap(),
            cid: "3f9a0c77-000000012".parse().unwrap(),
            kind: RecordKind::Operation(Operation::Post { text, me: false, reply: None }),
            new_owner: false,
        }
    }

    #[divan::bench(args = TEXTS)]
    fn talk(bencher: Bencher<'_, '_>, size: usize) {
        let (record, mut out) = (record(size), String::new());
        bencher.counter(BytesCount::new(record.encode().len())).bench_local(|| {
            out.clear();
            black_box(&record).push_json(&mut out);
            black_box(out.len())
        });
    }

    #[divan::bench(args = TEXTS)]
    fn serde_json(bencher: Bencher<'_, '_>, size: usize) {
        let json = record(size).encode();
        let (value, mut out) =
            (serde_json::from_str::<serde_json::Value>(&json).unwrap(), Vec::new());
        bencher.counter(BytesCount::new(json.len())).bench_local(|| {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&value)).unwrap();
            black_box(out.len())
        });
    }
}

/// A browser's upgrade request. Ours also copies it and checks what any request must have, which httparse
/// leaves to its caller.
mod http_head {
    use super::*;

    const HEAD: &[u8] = b"GET /ws HTTP/1.1\r\nHost: chat.example:8080\r\nConnection: Upgrade\r\n\
        Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) \
        AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\n\
        Origin: http://chat.example:8080\r\nSec-WebSocket-Version: 13\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

    #[divan::bench]
    fn talk(bencher: Bencher<'_, '_>) {
        bencher.counter(BytesCount::new(HEAD.len())).bench_local(|| {
            let mut parser = Parser::<talk::http::Request>::new();
            parser.feed(black_box(HEAD)).unwrap().unwrap()
        });
    }

    #[divan::bench]
    fn httparse(bencher: Bencher<'_, '_>) {
        bencher.counter(BytesCount::new(HEAD.len())).bench_local(|| {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            httparse::Request::new(&mut headers).parse(black_box(HEAD)).unwrap().unwrap()
        });
    }
}
