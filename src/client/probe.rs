//! A look at the line to a server, step by step: nothing is said in any room, no room is joined.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::address::Address;
use super::connect;
use super::connection::LIMITS;
use super::error::Fault;
use crate::chat::protocol::{ClientMessage, ServerMessage, Welcome};
use crate::chat::{Password, Token, UserName};
use crate::handshake::UpgradeRequest;
use crate::limits;
use crate::net::deadline::Deadline;
use crate::net::entropy::Entropy;
use crate::net::head::{HeadError, read_response};
use crate::net::{MessageError, MessageReader, Step, linger};
use crate::ws::{Close, CloseCode, Decoder, Encoder, Event, Role};

/// Something learned about the line, in this order.
#[derive(Debug)]
pub enum Finding {
    /// The host's name leads there.
    Resolved {
        /// The addresses, in the order they are tried.
        addresses: Vec<SocketAddr>,
        /// How long that took.
        took: Duration,
    },
    /// A TCP connection stands.
    Connected {
        /// To whom.
        to: SocketAddr,
        /// How long that took.
        took: Duration,
    },
    /// Somebody answered our request.
    Answered {
        /// With a WebSocket.
        upgraded: bool,
        /// How long that took.
        took: Duration,
        /// What it says of itself and of those on the way: `Server` and `Via`.
        who: Vec<String>,
        /// Its `Date`.
        date: Option<String>,
        /// If it is no WebSocket, the first line of the page that came instead.
        words: Option<String>,
    },
    /// The protocol's error that answered our hello.
    Refused(String),
    /// The server knows us.
    Welcome(Welcome),
    /// Pings and their answers.
    RoundTrips(Vec<Duration>),
}

/// Pings that are timed.
const PINGS: u8 = 5;

/// Bytes read of a page that came instead of a WebSocket.
const PAGE: u64 = 1_024;

/// Goes through all that a client goes through before it joins a room, and tells what it finds.
///
/// # Errors
/// What is in the way; nothing behind it could be looked at.
pub fn probe(
    address: &Address,
    user: UserName,
    password: Option<String>,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), Fault> {
    let entropy = Entropy::open().map_err(Fault::System)?;
    let begun = Instant::now();
    let addresses = connect::resolve(address)?;
    tell(Finding::Resolved { addresses: addresses.clone(), took: begun.elapsed() });

    let begun = Instant::now();
    let stream = connect::reach(address, &addresses)?;
    let to = stream.peer_addr().map_err(Fault::Broken)?;
    tell(Finding::Connected { to, took: begun.elapsed() });
    stream.set_nodelay(true).map_err(Fault::Broken)?;
    stream.set_write_timeout(Some(limits::STALL_WAIT)).map_err(Fault::Broken)?;

    let leftover = upgrade(address, &stream, entropy.nonce().map_err(Fault::System)?, tell)?;
    let token = Token::from_bytes(entropy.nonce().map_err(Fault::System)?);
    let encoder = Encoder::client(entropy.into_masks().map_err(Fault::System)?);
    let reader = MessageReader::new(&stream, Decoder::new(Role::Client, LIMITS), &leftover);
    let mut line = Line { stream: &stream, reader, encoder, begun: Instant::now() };
    let password = password.map(Password::new);
    line.say(&ClientMessage::Hello {
        user,
        token: Some(token),
        password,
        agent: None,
        join: Vec::new(),
    })?;
    line.await_welcome(tell)?;
    line.ping(tell)?;
    line.encode(|encoder, out| {
        encoder.close(Some(&Close { code: CloseCode::NORMAL, reason: String::new() }), out);
    })?;
    linger(&stream);
    Ok(())
}

/// Asks for a WebSocket. Returns the bytes of its first frames that came with the answer.
fn upgrade(
    address: &Address,
    stream: &TcpStream,
    nonce: [u8; 16],
    tell: &mut dyn FnMut(Finding),
) -> Result<Vec<u8>, Fault> {
    let no_answer = |error| Fault::NoAnswer { address: address.clone(), error };
    let failed = |source| no_answer(HeadError::Io(source));
    let offer = UpgradeRequest::new(address.authority(), address.target(), nonce)
        .map_err(|error| failed(std::io::Error::new(ErrorKind::InvalidInput, error)))?;
    let begun = Instant::now();
    let deadline = Deadline::new(begun, limits::CONNECT_WAIT);
    let mut reader = stream;
    reader.write_all(&offer.to_bytes()).map_err(failed)?;
    let (answer, leftover) = read_response(&mut reader, &deadline).map_err(no_answer)?;
    let took = begun.elapsed();
    let verdict = offer.verify(&answer);
    let headers = &answer.headers;
    let who = headers.values("Server").chain(headers.values("Via")).map(String::from).collect();
    let date = headers.values("Date").next().map(String::from);
    let is_text = headers.values("Content-Type").any(|kind| kind.starts_with("text/plain"));
    let words = (verdict.is_err() && is_text).then(|| first_line(leftover.clone(), stream));
    let upgraded = verdict.is_ok();
    tell(Finding::Answered { upgraded, took, who, date, words: words.flatten() });
    verdict.map_err(|mismatch| Fault::NotWebSocket { address: address.clone(), mismatch })?;
    Ok(leftover)
}

/// The first line of a page, of which `begun` is here already.
fn first_line(mut begun: Vec<u8>, stream: &TcpStream) -> Option<String> {
    if !begun.contains(&b'\n') {
        stream.set_read_timeout(Some(limits::CLOSE_WAIT)).ok()?;
        stream.take(PAGE).read_to_end(&mut begun).ok(); // what has come by then will do
    }
    let text = String::from_utf8_lossy(&begun);
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(String::from)
}

/// An open WebSocket.
struct Line<'s> {
    stream: &'s TcpStream,
    reader: MessageReader<&'s TcpStream>,
    encoder: Encoder,
    /// When we began to wait.
    begun: Instant,
}

impl Line<'_> {
    fn await_welcome(&mut self, tell: &mut dyn FnMut(Finding)) -> Result<(), Fault> {
        self.begun = Instant::now();
        loop {
            let Event::Text(text) = self.hear()? else { continue };
            match ServerMessage::parse(&text).map_err(Fault::Speech)? {
                ServerMessage::Welcome(welcome) => {
                    tell(Finding::Welcome(welcome));
                    return Ok(());
                }
                ServerMessage::Error(error) => {
                    tell(Finding::Refused(error.message.into_owned()));
                }
                ServerMessage::Joined(_)
                | ServerMessage::Record(_)
                | ServerMessage::History { .. }
                | ServerMessage::Found { .. }
                | ServerMessage::Presence { .. }
                | ServerMessage::Renamed { .. }
                | ServerMessage::Away { .. }
                | ServerMessage::Members { .. }
                | ServerMessage::Rooms { .. }
                | ServerMessage::Left { .. }
                | ServerMessage::Typing { .. }
                | ServerMessage::Marked { .. }
                | ServerMessage::Other(_) => {}
            }
        }
    }

    /// One ping after the other: what is timed is the line, not a queue.
    fn ping(&mut self, tell: &mut dyn FnMut(Finding)) -> Result<(), Fault> {
        let mut times = Vec::new();
        for ping in 0..PINGS {
            self.begun = Instant::now();
            self.encode(|encoder, out| encoder.ping(&[ping], out))?;
            while self.hear()? != Event::Pong(vec![ping]) {}
            times.push(self.begun.elapsed());
        }
        tell(Finding::RoundTrips(times));
        Ok(())
    }

    /// The next event that asks for nothing.
    fn hear(&mut self) -> Result<Event, Fault> {
        loop {
            let left = limits::CONNECT_WAIT.saturating_sub(self.begun.elapsed());
            if left.is_zero() {
                return Err(Fault::Silence(limits::CONNECT_WAIT));
            }
            self.stream.set_read_timeout(Some(left)).map_err(Fault::Broken)?;
            match self.reader.step() {
                Ok(Step::Event(Event::Ping(payload))) => {
                    self.encode(|encoder, out| encoder.pong(&payload, out))?;
                }
                Ok(Step::Event(Event::Close(close))) => {
                    let code = close.as_ref().map(|close| close.code);
                    let reason = close.map(|close| close.reason).unwrap_or_default();
                    return Err(Fault::Closed { code, reason });
                }
                Ok(Step::Event(Event::Binary(_))) => return Err(Fault::Binary),
                Ok(Step::Event(event @ (Event::Text(_) | Event::Pong(_)))) => return Ok(event),
                Ok(Step::Partial) => {}
                Ok(Step::End) => return Err(Fault::Cut),
                Err(MessageError::Stream(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(MessageError::Stream(error)) => return Err(Fault::Broken(error)),
                Err(MessageError::Peer(error)) => return Err(Fault::Frames(error)),
            }
        }
    }

    fn say(&mut self, request: &ClientMessage) -> Result<(), Fault> {
        self.encode(|encoder, out| encoder.text(&request.encode(), out))
    }

    fn encode(&mut self, push: impl FnOnce(&mut Encoder, &mut Vec<u8>)) -> Result<(), Fault> {
        let mut frame = Vec::new();
        push(&mut self.encoder, &mut frame);
        let mut stream = self.stream;
        stream.write_all(&frame).map_err(Fault::Broken)
    }
}
