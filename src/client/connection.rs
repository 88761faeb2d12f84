//! One connection's life: what the server says goes to the desk, what we say goes out in order.
//!
//! Two threads: the caller's reads; one of its own writes, so that neither the person nor the
//! reader ever waits for a socket that takes nothing.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::connect::Opened;
use super::error::ConnectionError;
use super::shared::Desk;
use crate::chat::protocol::{ClientMessage, ServerMessage};
use crate::limits;
use crate::net::entropy::Entropy;
use crate::net::{MessageError, MessageReader, Step, linger};
use crate::ws::{Close, CloseCode, Decoder, Encoder, Event, Limits, Role};

/// The way to the server: messages put here go out in order.
#[derive(Debug)]
pub(super) struct Link {
    stream: Arc<TcpStream>,
    outgoing: SyncSender<Outgoing>,
}

/// A message on its way out.
#[derive(Debug)]
enum Outgoing {
    ClientMessage(ClientMessage),
    Pong(Vec<u8>),
    Close(Option<Close>),
}

impl Link {
    /// Sends a message; `false` where the connection takes nothing any more, and is cut.
    pub(super) fn send(&self, request: ClientMessage) -> bool {
        self.put(Outgoing::ClientMessage(request))
    }

    /// Asks the server to end the connection.
    pub(super) fn close(&self, code: CloseCode) {
        self.put(Outgoing::Close(Some(Close { code, reason: String::new() })));
    }

    /// Ends the connection at once.
    pub(super) fn cut(&self) {
        self.stream.shutdown(Shutdown::Both).ok(); // it may be gone already
    }

    /// A full queue means a socket that takes nothing: the connection is dead.
    fn put(&self, outgoing: Outgoing) -> bool {
        let is_put = self.outgoing.try_send(outgoing).is_ok();
        if !is_put {
            self.cut();
        }
        is_put
    }
}

/// Talks over an open WebSocket until it ends, and says why it did.
pub(super) fn converse(opened: Opened, desk: &Desk) -> ConnectionError {
    let Opened { stream, leftover, token } = opened;
    let stream = Arc::new(stream);
    let (outgoing, queue) = sync_channel(limits::CLIENT_QUEUE);
    let writer = match spawn_writer(Arc::clone(&stream), queue) {
        Ok(writer) => writer,
        Err(error) => return ConnectionError::System(error),
    };
    desk.open(Link { stream: Arc::clone(&stream), outgoing: outgoing.clone() }, token);
    let decoder = Decoder::new(Role::Client, LIMITS);
    let mut reader = Reader {
        reader: MessageReader::new(&*stream, decoder, &leftover),
        outgoing,
        heard: Instant::now(),
        silence: limits::SERVER_SILENCE,
    };
    let heard = reader.listen(desk);
    let error = desk.unlink().unwrap_or(heard);
    reader.say_goodbye(&error);
    drop(reader);
    let is_stuck = writer.join().unwrap_or(true);
    linger(&stream);
    if is_stuck { ConnectionError::WriteStalled } else { error }
}

/// What a server may send at once.
pub(super) const LIMITS: Limits =
    Limits { message: limits::CLIENT_MESSAGE, fragments: limits::FRAGMENTS };

struct Reader<'s> {
    reader: MessageReader<&'s TcpStream>,
    outgoing: SyncSender<Outgoing>,
    /// When the last byte came.
    heard: Instant,
    /// After this long without one, the server is gone.
    silence: Duration,
}

impl Reader<'_> {
    fn listen(&mut self, desk: &Desk) -> ConnectionError {
        loop {
            if let Err(error) = self.step(desk) {
                return error;
            }
        }
    }

    /// Hears one thing, or waits for it.
    fn step(&mut self, desk: &Desk) -> Result<(), ConnectionError> {
        let now = Instant::now();
        let silence = self.silence.saturating_sub(now.duration_since(self.heard));
        if silence.is_zero() {
            return Err(ConnectionError::Timeout(self.silence));
        }
        let wait = desk.rest(now).map_or(silence, |rest| rest.min(silence));
        self.reader
            .stream()
            .set_read_timeout(Some(wait.max(Duration::from_millis(1)))) // zero would mean for ever
            .map_err(ConnectionError::Io)?;
        let event = match self.reader.step() {
            Ok(Step::Event(event)) => event,
            Ok(Step::Partial) => {
                self.heard = Instant::now();
                return Ok(());
            }
            Ok(Step::End) => return Err(ConnectionError::Eof),
            Err(MessageError::Stream(error)) if is_pause(error.kind()) => {
                return Ok(());
            }
            Err(MessageError::Stream(error)) => return Err(ConnectionError::Io(error)),
            Err(MessageError::Peer(error)) => return Err(ConnectionError::WebSocket(error)),
        };
        self.heard = Instant::now();
        match event {
            Event::Text(text) => {
                desk.hear(ServerMessage::parse(&text).map_err(ConnectionError::BadMessage)?)
            }
            Event::Binary(_) => Err(ConnectionError::BinaryMessage),
            Event::Ping(payload) => self.put(Outgoing::Pong(payload)),
            Event::Pong(_) => Ok(()),
            Event::Close(close) => {
                let (code, reason) = match &close {
                    Some(close) => (Some(close.code), close.reason.clone()),
                    None => (None, String::new()),
                };
                // §5.5.1: a Close is answered with a Close, unless ours went first.
                self.put(Outgoing::Close(close)).ok();
                Err(ConnectionError::Closed { code, reason })
            }
        }
    }

    fn put(&self, outgoing: Outgoing) -> Result<(), ConnectionError> {
        self.outgoing.try_send(outgoing).map_err(|_| ConnectionError::WriteStalled)
    }

    /// Tells a server at error why we leave; and lets a writer that waits for a dead one go.
    fn say_goodbye(&self, error: &ConnectionError) {
        match error.close_code_to_send() {
            Some(code) => {
                self.put(Outgoing::Close(Some(Close { code, reason: error.to_string() }))).ok();
            }
            None if matches!(error, ConnectionError::Closed { .. }) => {}
            None => {
                self.reader.stream().shutdown(Shutdown::Both).ok(); // it may be gone already
            }
        }
    }
}

/// Whether a read merely had nothing in its time.
fn is_pause(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Starts the thread that writes until every sender is gone, a Close is written, or the socket
/// takes nothing. It returns whether that last was so.
fn spawn_writer(
    stream: Arc<TcpStream>,
    queue: Receiver<Outgoing>,
) -> std::io::Result<JoinHandle<bool>> {
    let mut encoder = Encoder::client(Entropy::open()?.into_masks()?);
    thread::Builder::new()
        .name(String::from("client-writer"))
        .stack_size(limits::SESSION_STACK)
        .spawn(move || {
            let mut frame = Vec::new();
            for outgoing in queue {
                frame.clear();
                let is_last = push(&mut encoder, &outgoing, &mut frame);
                if let Err(error) = (&*stream).write_all(&frame) {
                    stream.shutdown(Shutdown::Both).ok(); // the reader shall notice
                    return is_pause(error.kind());
                }
                if is_last {
                    return false; // §5.5.1: nothing may follow a Close
                }
            }
            false
        })
}

/// Appends the frame, and says whether it is the last one.
fn push(encoder: &mut Encoder, outgoing: &Outgoing, frame: &mut Vec<u8>) -> bool {
    match outgoing {
        Outgoing::ClientMessage(request) => encoder.text(&request.encode(), frame),
        Outgoing::Pong(payload) => encoder.pong(payload, frame),
        Outgoing::Close(close) => encoder.close(close.as_ref(), frame),
    }
    matches!(outgoing, Outgoing::Close(_))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::client::session::{Credentials, Session};

    #[test]
    fn a_server_without_a_byte_for_too_long_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let identity =
            Credentials { user: "bob".parse().unwrap(), token: None, password: None, agent: None };
        let desk = Desk::new(Session::new(identity, Vec::new()), channel().0, [0; 16]);
        let mut reader = Reader {
            reader: MessageReader::new(&stream, Decoder::new(Role::Client, LIMITS), b"\x89\x00"),
            outgoing: sync_channel(1).0,
            heard: Instant::now(),
            silence: Duration::from_millis(20),
        };
        assert!(matches!(reader.listen(&desk), ConnectionError::WriteStalled)); // nobody takes the pong
        let silence = Duration::from_millis(20);
        assert!(matches!(reader.listen(&desk), ConnectionError::Timeout(wait) if wait == silence));
    }
}
