//! An echo server: it sends every message back. A short tour of `http`, `handshake`, `ws` and
//! `net`, and the server under test in the conformance suite.
//!
//! `cargo run --release --example echo -- --bind 127.0.0.1:9001` (port 0: any free one)

use std::error::Error;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;
use std::{env, thread};

use talk::handshake::{Hosts, Policy, accept};
use talk::http::Parser;
use talk::limits;
use talk::net::deadline::Deadline;
use talk::net::head::read_request;
use talk::net::{MessageError, MessageReader, linger};
use talk::ws::{Close, Decoder, Encoder, Event, Limits, Role};

/// The suite sends messages of 16 MiB, and some in 65,536 frames: far more than a chat allows.
const LIMITS: Limits = Limits { message: 64 * 1024 * 1024, fragments: 1024 * 1024 };

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let bind = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--bind"), Some(address)) => address,
        (None, _) => "127.0.0.1:9001".to_owned(),
        (Some(_), _) => return Err("usage: echo [--bind HOST:PORT]".into()),
    };
    let listener = TcpListener::bind(bind)?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "echo on ws://{address}")?;

    let hosts = Hosts::new(address.ip(), None, Vec::new());
    let policy = Arc::new(Policy { hosts, origins: Vec::new() });
    for stream in listener.incoming() {
        let (stream, policy) = (stream?, Arc::clone(&policy));
        thread::Builder::new().name("session".to_owned()).spawn(move || {
            if let Err(error) = session(&stream, &policy) {
                writeln!(io::stderr(), "echo: {error}").ok();
            }
            linger(&stream); // the peer must be able to read our last frame, and we close first
        })?;
    }
    Ok(())
}

/// Runs one connection: the handshake, then an echo of every message until one end closes.
fn session(mut stream: &TcpStream, policy: &Policy) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(leftover) = upgrade(stream, policy)? else { return Ok(()) };
    let mut reader = MessageReader::new(stream, Decoder::new(Role::Server, LIMITS), &leftover);
    let mut encoder = Encoder::server();
    let mut out = Vec::new();
    let mut open = true;
    while open {
        match reader.next_event() {
            Ok(Some(Event::Text(text))) => encoder.text(&text, &mut out),
            Ok(Some(Event::Binary(bytes))) => encoder.binary(&bytes, &mut out),
            Ok(Some(Event::Ping(payload))) => encoder.pong(&payload, &mut out),
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(close))) => {
                encoder.close(close.as_ref(), &mut out);
                open = false;
            }
            Ok(None) => open = false,
            Err(MessageError::Peer(error)) => {
                let close = Close { code: error.close_code(), reason: error.to_string() };
                encoder.close(Some(&close), &mut out);
                open = false;
            }
            Err(MessageError::Stream(error)) => return Err(error),
        }
        stream.write_all(&out)?;
        out.clear();
    }
    Ok(())
}

/// Reads the request's head and answers it. `None`: no WebSocket; otherwise the bytes after the
/// head, which are frames.
fn upgrade(mut stream: &TcpStream, policy: &Policy) -> io::Result<Option<Vec<u8>>> {
    let deadline = Deadline::new(Instant::now(), limits::HEAD_WAIT);
    let mut parser = Parser::new();
    let (response, leftover) = match read_request(&mut stream, &deadline, &mut parser) {
        Ok((request, leftover)) => match accept(&request, policy) {
            Ok(welcome) => (Some(welcome), Some(leftover)),
            Err(refusal) => (Some(refusal.into()), None),
        },
        Err(error) => (error.response(), None),
    };
    if let Some(response) = response {
        let bare = parser.asks_for_head();
        let bytes = if bare { response.head_to_bytes() } else { response.to_bytes() };
        stream.write_all(&bytes)?;
    }
    stream.set_read_timeout(None)?; // from here on, a silent peer is fine
    Ok(leftover)
}
