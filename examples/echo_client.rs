//! An echo client: it runs every case of an Autobahn fuzzing server and echoes its messages.
//!
//! `cargo run --release --example echo_client -- ws://127.0.0.1:9001`

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use talk::handshake::UpgradeRequest;
use talk::http::Authority;
use talk::net::deadline::Deadline;
use talk::net::entropy::Entropy;
use talk::net::head::read_response;
use talk::net::{MessageError, MessageReader};
use talk::ws::{Close, Decoder, Encoder, Event, Limits, Role};

/// The suite sends messages of 16 MiB, and some in 65,536 frames.
const LIMITS: Limits = Limits { message: 64 * 1024 * 1024, fragments: 1024 * 1024 };

/// A server that sends nothing for this long is given up. A slow case takes seconds.
const SILENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001".to_owned());
    let host = url.strip_prefix("ws://").ok_or("usage: echo_client ws://HOST:PORT")?;
    let server: Authority = host.trim_end_matches('/').parse()?;

    let mut count = String::new();
    run_connection(&server, "/getCaseCount", |event| {
        if let Event::Text(text) = event {
            count = text;
        }
        None
    })?;
    for case in 1..=count.parse::<u32>()? {
        let target = format!("/runCase?case={case}&agent=talk");
        if let Err(error) = run_connection(&server, &target, Some) {
            writeln!(io::stderr(), "echo_client: case {case}: {error}")?;
        }
    }
    run_connection(&server, "/updateReports?agent=talk", Some)?;
    writeln!(io::stdout(), "echo_client: {count} cases run")?;
    Ok(())
}

/// Runs one connection to `target` until the server closes it. `answer` returns what to send for a
/// message.
fn run_connection(
    server: &Authority,
    target: &str,
    mut answer: impl FnMut(Event) -> Option<Event>,
) -> Result<(), Box<dyn Error>> {
    let stream = TcpStream::connect(server.to_string())?;
    stream.set_nodelay(true)?;
    let entropy = Entropy::open()?;
    let request = UpgradeRequest::new(server, target, entropy.nonce()?)?;
    (&stream).write_all(&request.to_bytes())?;
    let deadline = Deadline::new(Instant::now(), SILENCE);
    let (head, leftover) = read_response(&mut &stream, &deadline)?;
    request.verify(&head)?;

    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = MessageReader::new(&stream, Decoder::new(Role::Client, LIMITS), &leftover);
    let mut encoder = Encoder::client(entropy.into_masks()?);
    let mut out = Vec::new();
    let mut open = true;
    while open {
        match reader.next_event() {
            Ok(Some(Event::Ping(payload))) => encoder.pong(&payload, &mut out),
            Ok(Some(Event::Pong(_))) => {}
            Ok(Some(Event::Close(close))) => {
                encoder.close(close.as_ref(), &mut out);
                open = false;
            }
            Ok(Some(message @ (Event::Text(_) | Event::Binary(_)))) => match answer(message) {
                Some(Event::Text(text)) => encoder.text(&text, &mut out),
                Some(Event::Binary(bytes)) => encoder.binary(&bytes, &mut out),
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) | None => {}
            },
            Ok(None) => open = false,
            Err(MessageError::Peer(error)) => {
                let close = Close { code: error.close_code(), reason: error.to_string() };
                encoder.close(Some(&close), &mut out);
                open = false;
            }
            Err(MessageError::Stream(error)) => return Err(error.into()),
        }
        (&stream).write_all(&out)?;
        out.clear();
    }
    // The server closes TCP first (RFC 6455 §7.1.1); a reset is fine too.
    while let Ok(Some(_)) = reader.next_event() {}
    Ok(())
}
