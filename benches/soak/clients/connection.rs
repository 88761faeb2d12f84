//! One connection of a client that behaves, with a WebSocket library that is not ours.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use super::client::{Client, sent_at};
use crate::common::coordinator::Phase;
use crate::common::local_address::connect_from;
use crate::common::third_party_client::Event;

/// Between two messages of one client, and between two times that it disconnects by itself, about.
const MESSAGE_EVERY: Duration = Duration::from_secs(10);
const DISCONNECT_EVERY: Duration = Duration::from_secs(60);
/// One message in so many is sent twice in a row, and must be stored once.
const REPEATED: u64 = 10;
/// How long a client waits for a message before it looks at the phase.
const READ_TIMEOUT: Duration = Duration::from_millis(200);
/// The longest wait for an answer of a server that is up.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How a connection ended.
pub(super) enum End {
    Done,
    /// The client ended it by itself.
    Disconnected,
    Lost {
        was_live: bool,
        why: String,
    },
}

pub(super) struct Connection<'c> {
    client: &'c mut Client,
    socket: WebSocket<TcpStream>,
    /// When the client had seen all there was, in ns since the start of the run.
    live_since: Option<u64>,
    /// When a refused message may be sent again.
    resend_at: Option<Instant>,
}

impl Connection<'_> {
    /// From the connection to its end.
    pub(super) fn run(client: &mut Client) -> Result<End, String> {
        let address = client.run.address;
        let stream = connect_from(client.host(), address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(TIMEOUT)).unwrap();
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024);
        let url = format!("ws://{address}/ws");
        let upgraded = tungstenite::client::client_with_config(url, stream, Some(config));
        let (socket, _) = upgraded.map_err(|error| error.to_string())?;
        socket.get_ref().set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let mut connection = Connection { client, socket, live_since: None, resend_at: None };
        Ok(connection.talk().unwrap_or_else(|error| connection.lost(&error.to_string())))
    }

    fn lost(&self, why: &str) -> End {
        End::Lost { was_live: self.live_since.is_some(), why: String::from(why) }
    }

    fn talk(&mut self) -> Result<End, Box<Error>> {
        let begun = Instant::now();
        let hello = self.client.state.hello(&json!(0));
        self.send(&hello)?;
        let mut next = self.client.due(MESSAGE_EVERY);
        let disconnect = self.client.due(DISCONNECT_EVERY);
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => self.receive(&text)?,
                Ok(Message::Close(close)) => return Ok(self.lost(&format!("{close:?}"))),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(Box::new(error)),
            }
            let (phase, now) = (self.client.run.phase(), Instant::now());
            if phase == Phase::Done {
                self.socket.close(None).and_then(|()| self.socket.flush()).ok();
                return Ok(End::Done);
            }
            if self.live_since.is_none() {
                if begun.elapsed() > TIMEOUT {
                    return Ok(self.lost("not live in time"));
                }
                continue;
            }
            if self.resend_at.is_some_and(|at| now >= at) {
                self.resend_at = None;
                self.send_pending()?;
            }
            if phase == Phase::Faults && now >= next && self.client.state.pending.is_empty() {
                next = self.client.due(MESSAGE_EVERY);
                self.client.submit();
                self.send_pending()?;
                if self.client.rng.one_in(REPEATED) {
                    self.send_pending()?;
                }
                if now >= disconnect {
                    return Ok(End::Disconnected); // before it can know whether the message is stored
                }
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), Box<Error>> {
        Ok(self.socket.send(Message::text(message.to_string()))?)
    }

    fn send_pending(&mut self) -> Result<(), Box<Error>> {
        let Some(post) = self.client.state.pending.front() else { return Ok(()) };
        let message = self.client.state.post(post);
        self.send(&message)?;
        self.client.report_progress(true);
        Ok(())
    }

    fn receive(&mut self, text: &str) -> Result<(), Box<Error>> {
        let before = self.client.state.rooms[0].seen;
        let user = self.client.state.user.clone();
        match self.client.state.receive(text) {
            Event::Joined { since, .. } if since != before => {
                let what = format!("{user} had seen {before}, and joined since {since}");
                self.client.run.report_violation(&what);
            }
            Event::Record { seq, is_repeat, record, settled, .. } => {
                // A repeat is the answer to a message of its own that was sent again.
                let is_right = if is_repeat { record["user"] == *user } else { seq == before + 1 };
                if is_right {
                    self.client.run.compare(self.client.stats.room, seq, text);
                } else {
                    let what = format!("{user} has seen {before}, and then received {seq}: {text}");
                    self.client.run.report_violation(&what);
                }
                if !is_repeat {
                    self.measure(&record);
                }
                if settled.is_some() {
                    self.client.settle(seq);
                }
            }
            Event::Error(error) => self.receive_error(&error),
            Event::Violation(what) => self.client.run.report_violation(&format!("{user}: {what}")),
            Event::Joined { .. } | Event::History { .. } | Event::Other => {}
        }
        if self.live_since.is_none() && self.client.state.is_live() {
            self.live_since = Some(self.client.run.start.elapsed().as_nanos() as u64);
            self.client.stats.connections += 1;
            self.client.stats.resent += self.client.state.pending.len() as u64;
            self.send_pending()?;
        }
        self.client.report_progress(self.live_since.is_some());
        Ok(())
    }

    /// Counts a record, and how long it took if it was sent while this client was live.
    fn measure(&mut self, record: &Value) {
        self.client.stats.seen += 1;
        let sent = record["cid"].as_str().and_then(sent_at);
        if let (Some(sent), Some(live)) = (sent, self.live_since)
            && sent > live
        {
            let now = self.client.run.start.elapsed().as_nanos() as u64;
            self.client.stats.latencies.saturating_record(now.saturating_sub(sent) / 1_000);
        }
    }

    fn receive_error(&mut self, error: &Value) {
        self.client.stats.refused += 1;
        let wait = error["retry_ms"].as_u64().map(Duration::from_millis);
        if wait.is_none() {
            let user = &self.client.state.user;
            self.client.run.report_violation(&format!("{user} was refused: {error}"));
        }
        self.resend_at = wait.map(|wait| Instant::now() + wait);
    }
}
