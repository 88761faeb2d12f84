//! Tests a connection step by step, without joining a room.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::address::Address;
use super::connect;
use super::connect::Answer;
use super::connection::LIMITS;
use super::error::ConnectionError;
use crate::chat::protocol::{ClientMessage, ErrorMessage, ServerMessage, Welcome};
use crate::chat::{Password, Token, UserName};
use crate::limits;
use crate::net::entropy::Entropy;
use crate::net::{MessageError, MessageReader, Step, linger};
use crate::ws::{Close, CloseCode, Decoder, Encoder, Event, Role};

/// The result of one step. The steps come in this order.
#[derive(Debug)]
pub enum Finding {
    /// The host's name is resolved.
    Resolved {
        /// The addresses, in the order they are tried.
        addresses: Vec<SocketAddr>,
        /// How long that took.
        took: Duration,
    },
    /// TCP is connected.
    Connected {
        /// The server's address.
        to: SocketAddr,
        /// How long that took.
        took: Duration,
    },
    /// The upgrade request was answered.
    Answered {
        /// Whether the answer opens a WebSocket.
        upgraded: bool,
        /// How long that took.
        took: Duration,
        /// The server and the proxies before it, by their `Server` and `Via` headers.
        software: Vec<String>,
        /// The `Date` header.
        date: Option<String>,
        /// If it is not a WebSocket: the first line of the text that came instead.
        body: Option<String>,
    },
    /// The server rejected the `hello` with this message.
    Rejected(String),
    /// The server accepted the `hello`.
    Welcome(Welcome),
    /// The round-trip times of the pings.
    RoundTrips(Vec<Duration>),
}

/// Pings that are timed.
const PINGS: u8 = 5;

/// Bytes read of a body that comes instead of a WebSocket.
const BODY: u64 = 1_024;

/// Does what a client does before it joins a room, and reports the result of each step.
///
/// # Errors
/// The step that failed; the steps after it are not tested.
pub fn probe(
    address: &Address,
    user: UserName,
    password: Option<String>,
    report: &mut dyn FnMut(Finding),
) -> Result<(), ConnectionError> {
    let entropy = Entropy::open().map_err(ConnectionError::System)?;
    let start = Instant::now();
    let addresses = connect::resolve(address)?;
    report(Finding::Resolved { addresses: addresses.clone(), took: start.elapsed() });

    let start = Instant::now();
    let stream = connect::connect(address, &addresses)?;
    let to = stream.peer_addr().map_err(ConnectionError::Io)?;
    report(Finding::Connected { to, took: start.elapsed() });

    let nonce = entropy.nonce().map_err(ConnectionError::System)?;
    let leftover = upgrade(address, &stream, nonce, report)?;
    let token = Token::from_bytes(entropy.nonce().map_err(ConnectionError::System)?);
    let encoder = Encoder::client(entropy.into_masks().map_err(ConnectionError::System)?);
    let reader = MessageReader::new(&stream, Decoder::new(Role::Client, LIMITS), &leftover);
    let mut probe = Probe { stream: &stream, reader, encoder, wait_start: Instant::now() };
    let password = password.map(Password::new);
    probe.send(&ClientMessage::Hello {
        user,
        token: Some(token),
        password,
        agent: None,
        presence: false,
        rooms: false,
        join: Vec::new(),
    })?;
    probe.await_welcome(report)?;
    probe.ping(report)?;
    probe.write(|encoder, out| {
        encoder.close(Some(&Close { code: CloseCode::NORMAL, reason: String::new() }), out);
    })?;
    linger(&stream);
    Ok(())
}

/// Requests a WebSocket. Returns the bytes of the first frames that came with the answer.
fn upgrade(
    address: &Address,
    stream: &TcpStream,
    nonce: [u8; 16],
    report: &mut dyn FnMut(Finding),
) -> Result<Vec<u8>, ConnectionError> {
    let start = Instant::now();
    let Answer { verified, headers, leftover } = connect::request_upgrade(address, stream, nonce)?;
    let took = start.elapsed();
    let software =
        headers.values("Server").chain(headers.values("Via")).map(String::from).collect();
    let date = headers.values("Date").next().map(String::from);
    let is_text = headers.values("Content-Type").any(|kind| kind.starts_with("text/plain"));
    let body = (verified.is_err() && is_text).then(|| first_line(leftover.clone(), stream));
    let upgraded = verified.is_ok();
    report(Finding::Answered { upgraded, took, software, date, body: body.flatten() });
    verified.map_err(|mismatch| connect::no_websocket(address, mismatch, &headers))?;
    Ok(leftover)
}

/// The first line of a body that starts with the bytes in `body`.
fn first_line(mut body: Vec<u8>, stream: &TcpStream) -> Option<String> {
    if !body.contains(&b'\n') {
        stream.set_read_timeout(Some(limits::CLOSE_WAIT)).ok()?;
        stream.take(BODY).read_to_end(&mut body).ok(); // what has arrived by then is enough
    }
    let text = String::from_utf8_lossy(&body);
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(String::from)
}

/// An open WebSocket to test.
struct Probe<'s> {
    stream: &'s TcpStream,
    reader: MessageReader<&'s TcpStream>,
    encoder: Encoder,
    /// When the present wait started.
    wait_start: Instant,
}

impl Probe<'_> {
    fn await_welcome(&mut self, report: &mut dyn FnMut(Finding)) -> Result<(), ConnectionError> {
        self.wait_start = Instant::now();
        loop {
            let Event::Text(text) = self.next_event()? else { continue };
            let message = ServerMessage::parse(&text).map_err(ConnectionError::BadMessage)?;
            if let ServerMessage::Welcome(welcome) = message {
                report(Finding::Welcome(welcome));
                return Ok(());
            }
            if let ServerMessage::Error(ErrorMessage { message, .. }) = message {
                report(Finding::Rejected(message.into_owned()));
            }
        }
    }

    /// Sends one ping after the other, so that each measures the network and not a queue.
    fn ping(&mut self, report: &mut dyn FnMut(Finding)) -> Result<(), ConnectionError> {
        let mut times = Vec::new();
        for ping in 0..PINGS {
            self.wait_start = Instant::now();
            self.write(|encoder, out| encoder.ping(&[ping], out))?;
            while self.next_event()? != Event::Pong(vec![ping]) {}
            times.push(self.wait_start.elapsed());
        }
        report(Finding::RoundTrips(times));
        Ok(())
    }

    /// The next text or pong. Answers pings.
    fn next_event(&mut self) -> Result<Event, ConnectionError> {
        loop {
            let left = limits::CONNECT_WAIT.saturating_sub(self.wait_start.elapsed());
            if left.is_zero() {
                return Err(ConnectionError::Timeout(limits::CONNECT_WAIT));
            }
            self.stream.set_read_timeout(Some(left)).map_err(ConnectionError::Io)?;
            match self.reader.step() {
                Ok(Step::Event(Event::Ping(payload))) => {
                    self.write(|encoder, out| encoder.pong(&payload, out))?;
                }
                Ok(Step::Event(Event::Close(close))) => {
                    let code = close.as_ref().map(|close| close.code);
                    let reason = close.map(|close| close.reason).unwrap_or_default();
                    return Err(ConnectionError::Closed { code, reason });
                }
                Ok(Step::Event(Event::Binary(_))) => return Err(ConnectionError::BinaryMessage),
                Ok(Step::Event(event @ (Event::Text(_) | Event::Pong(_)))) => return Ok(event),
                Ok(Step::Partial) => {}
                Ok(Step::End) => return Err(ConnectionError::Eof),
                Err(MessageError::Stream(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(MessageError::Stream(error)) => return Err(ConnectionError::Io(error)),
                Err(MessageError::Peer(error)) => return Err(ConnectionError::WebSocket(error)),
            }
        }
    }

    fn send(&mut self, message: &ClientMessage) -> Result<(), ConnectionError> {
        self.write(|encoder, out| encoder.text(&message.encode(), out))
    }

    fn write(
        &mut self,
        encode: impl FnOnce(&mut Encoder, &mut Vec<u8>),
    ) -> Result<(), ConnectionError> {
        let mut frame = Vec::new();
        encode(&mut self.encoder, &mut frame);
        let mut stream = self.stream;
        stream.write_all(&frame).map_err(ConnectionError::Io)
    }
}
