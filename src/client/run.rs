//! The connection's thread: makes one connection after the other, and reads from each.

use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::address::Address;
use super::connect;
use super::connect::OpenWebSocket;
use super::connection::{ConnectionSender, LIMITS, Outgoing, spawn_writer};
use super::driver::Driver;
use super::error::ConnectionError;
use crate::chat::protocol::ServerMessage;
use crate::limits;
use crate::net::entropy::Entropy;
use crate::net::{MessageError, MessageReader, Step, linger};
use crate::ws::{Close, Decoder, Event, Role};

/// Connects again and again until the client is closed.
pub(super) fn stay_connected(server: &Address, driver: &Driver, entropy: &Entropy) {
    while driver.wait_to_connect() {
        driver.wait_for_space(); // attempts report events too
        let error = match connect::open(server, entropy) {
            Ok(opened) => run_connection(opened, driver),
            Err(error) => error,
        };
        driver.on_close(error, jitter(entropy));
    }
}

/// A random number from 0 to, not including, 1. Without randomness it is 0, which does not shorten
/// the wait.
fn jitter(entropy: &Entropy) -> f64 {
    let mut bytes = [0; 4];
    let filled = entropy.fill(&mut bytes);
    if filled.is_ok() { f64::from(u32::from_ne_bytes(bytes)) / 2_f64.powi(32) } else { 0.0 }
}

/// Runs an open connection until it ends. Returns why it did.
fn run_connection(opened: OpenWebSocket, driver: &Driver) -> ConnectionError {
    let OpenWebSocket { stream, leftover, token } = opened;
    let stream = Arc::new(stream);
    let (outgoing, queue) = sync_channel(limits::CLIENT_QUEUE);
    let writer = match spawn_writer(Arc::clone(&stream), queue) {
        Ok(writer) => writer,
        Err(error) => return ConnectionError::System(error),
    };
    driver.on_open(ConnectionSender::new(Arc::clone(&stream), outgoing.clone()), token);
    let decoder = Decoder::new(Role::Client, LIMITS);
    let mut reader = ConnectionReader {
        reader: MessageReader::new(&*stream, decoder, &leftover),
        outgoing,
        last_read: Instant::now(),
        timeout: limits::SERVER_SILENCE,
    };
    let error = reader.run(driver);
    let error = driver.on_end().unwrap_or(error);
    reader.close(&error);
    drop(reader);
    let is_stalled = writer.join().unwrap_or(true);
    linger(&stream);
    if is_stalled { ConnectionError::WriteStalled } else { error }
}

/// Reads messages from the server, and answers pings and Closes.
struct ConnectionReader<'s> {
    reader: MessageReader<&'s TcpStream>,
    outgoing: SyncSender<Outgoing>,
    /// When the last byte arrived.
    last_read: Instant,
    /// A server that sends nothing for this long is gone.
    timeout: Duration,
}

impl ConnectionReader<'_> {
    fn run(&mut self, driver: &Driver) -> ConnectionError {
        loop {
            if let Err(error) = self.step(driver) {
                return error;
            }
        }
    }

    /// Reads one event, or waits for it until a submission is due to be sent again. It reads nothing
    /// while the caller's queue is full.
    fn step(&mut self, driver: &Driver) -> Result<(), ConnectionError> {
        if driver.wait_for_space() {
            self.last_read = Instant::now(); // until now we did not listen
        }
        let now = Instant::now();
        let left = self.timeout.saturating_sub(now.duration_since(self.last_read));
        if left.is_zero() {
            return Err(ConnectionError::Timeout(self.timeout));
        }
        let wait = driver.resend_due(now).map_or(left, |resend| resend.min(left));
        self.reader
            .stream()
            .set_read_timeout(Some(wait.max(Duration::from_millis(1)))) // zero would mean for ever
            .map_err(ConnectionError::Io)?;
        let event = match self.reader.step() {
            Ok(Step::Event(event)) => event,
            Ok(Step::Partial) => {
                self.last_read = Instant::now();
                return Ok(());
            }
            Ok(Step::End) => return Err(ConnectionError::Eof),
            Err(MessageError::Stream(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                return Ok(());
            }
            Err(MessageError::Stream(error)) => return Err(ConnectionError::Io(error)),
            Err(MessageError::Peer(error)) => return Err(ConnectionError::WebSocket(error)),
        };
        self.last_read = Instant::now();
        match event {
            Event::Text(text) => {
                let message = ServerMessage::parse(&text).map_err(ConnectionError::BadMessage)?;
                driver.on_message(message, memory_of(&text))
            }
            Event::Binary(_) => Err(ConnectionError::BinaryMessage),
            Event::Ping(payload) => self.send(Outgoing::Pong(payload)),
            Event::Pong(_) => Ok(()),
            Event::Close(close) => {
                let (code, reason) = match &close {
                    Some(close) => (Some(close.code), close.reason.clone()),
                    None => (None, String::new()),
                };
                // §5.5.1: a Close is answered with a Close, unless ours went first.
                self.send(Outgoing::Close(close)).ok();
                Err(ConnectionError::Closed { code, reason })
            }
        }
    }

    fn send(&self, outgoing: Outgoing) -> Result<(), ConnectionError> {
        self.outgoing.try_send(outgoing).map_err(|_| ConnectionError::WriteStalled)
    }

    /// Sends a Close that names the error if the server caused it. Otherwise shuts the socket down,
    /// which also ends a writer that waits for it.
    fn close(&self, error: &ConnectionError) {
        match error.close_code_to_send() {
            Some(code) => {
                self.send(Outgoing::Close(Some(Close { code, reason: error.to_string() }))).ok();
            }
            None if matches!(error, ConnectionError::Closed { .. }) => {}
            None => {
                self.reader.stream().shutdown(Shutdown::Both).ok(); // it may be gone already
            }
        }
    }
}

/// An estimate of the memory that a message takes once it is read: more than it has bytes, if it is a
/// list of many small things. 64 bytes for each value, 256 for each list or object.
fn memory_of(text: &str) -> usize {
    let count = |is_counted: fn(u8) -> bool| text.bytes().filter(|byte| is_counted(*byte)).count();
    let values = count(|byte| byte == b',').saturating_mul(64);
    let containers = count(|byte| matches!(byte, b'{' | b'[')).saturating_mul(256);
    text.len().saturating_add(values).saturating_add(containers)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::client::event_queue::event_queue;
    use crate::client::session::{Credentials, Session};

    #[test]
    fn a_server_that_sends_nothing_for_too_long_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let user = "bob".parse().unwrap();
        let credentials = Credentials {
            user,
            token: None,
            password: None,
            agent: None,
            presence: true,
            follows_rooms: false,
        };
        let driver = Driver::new(Session::new(credentials, Vec::new()), event_queue().0, [0; 16]);
        let mut reader = ConnectionReader {
            reader: MessageReader::new(&stream, Decoder::new(Role::Client, LIMITS), b"\x89\x00"),
            outgoing: sync_channel(1).0,
            last_read: Instant::now(),
            timeout: Duration::from_millis(20),
        };
        // No writer takes the pong.
        assert!(matches!(reader.run(&driver), ConnectionError::WriteStalled));
        let timeout = Duration::from_millis(20);
        assert!(matches!(reader.run(&driver), ConnectionError::Timeout(wait) if wait == timeout));
    }
}
