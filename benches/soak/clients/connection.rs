//! One connection of somebody who behaves, with a WebSocket library that is not ours.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use super::{Client, said_at};
use crate::coordinator::Phase;

/// Between two lines of one, and between two times that it walks away, about.
const LINE_EVERY: Duration = Duration::from_secs(10);
const WALK_EVERY: Duration = Duration::from_secs(60);
/// One line in so many is said twice in a breath, which must not make two of it.
const AGAIN: u64 = 10;
/// How often somebody looks up who hears nothing.
const GLANCE: Duration = Duration::from_millis(200);
/// The longest wait for an answer of a server that is up.
const PATIENCE: Duration = Duration::from_secs(15);

/// How a connection ended.
pub(super) enum Ending {
    Over,
    Walked,
    Cut { was_live: bool, why: String },
}

pub(super) struct Connection<'p> {
    client: &'p mut Client,
    socket: WebSocket<TcpStream>,
    /// The head that `joined` told.
    head: Option<u64>,
    /// Since when this one has seen all there was, in ns since the run began.
    live_since: Option<u64>,
    /// When a refused line may be sent again.
    again: Option<Instant>,
}

impl Connection<'_> {
    /// From the connection to its end.
    pub(super) fn hold(client: &mut Client) -> Result<Ending, String> {
        let address = client.coordinator.address;
        let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024);
        let url = format!("ws://{address}/ws");
        let upgraded = tungstenite::client::client_with_config(url, stream, Some(config));
        let (socket, _) = upgraded.map_err(|error| error.to_string())?;
        socket.get_ref().set_read_timeout(Some(GLANCE)).unwrap();
        let mut connection =
            Connection { client, socket, head: None, live_since: None, again: None };
        Ok(connection.converse().unwrap_or_else(|error| connection.cut(&error.to_string())))
    }

    fn cut(&self, why: &str) -> Ending {
        Ending::Cut { was_live: self.live_since.is_some(), why: String::from(why) }
    }

    fn converse(&mut self) -> Result<Ending, Box<Error>> {
        let begun = Instant::now();
        self.greet()?;
        let mut next = self.client.soon(LINE_EVERY);
        let walk = self.client.soon(WALK_EVERY);
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => self.hear(&text)?,
                Ok(Message::Close(close)) => return Ok(self.cut(&format!("{close:?}"))),
                Ok(_) => {}
                Err(Error::Io(error)) if is_silence(&error) => {}
                Err(error) => return Err(Box::new(error)),
            }
            let (phase, now) = (self.client.coordinator.phase(), Instant::now());
            if phase == Phase::Done {
                self.socket.close(None).and_then(|()| self.socket.flush()).ok();
                return Ok(Ending::Over);
            }
            if self.live_since.is_none() {
                if begun.elapsed() > PATIENCE {
                    return Ok(self.cut("has not let us see all in time"));
                }
                continue;
            }
            if self.again.is_some_and(|again| now >= again) {
                self.again = None;
                self.send_pending()?;
            }
            if phase == Phase::Faults && now >= next && self.client.pending.is_none() {
                next = self.client.soon(LINE_EVERY);
                self.client.think();
                self.send_pending()?;
                if self.client.dice.roll(AGAIN) == 0 {
                    self.send_pending()?;
                }
                if now >= walk {
                    return Ok(Ending::Walked); // before it can know whether the line is stored
                }
            }
        }
    }

    fn greet(&mut self) -> Result<(), Box<Error>> {
        let Client { user, token, seen, log, .. } = &*self.client;
        let mut join = json!({"room": self.client.room_name(), "since": seen});
        if let Some(log) = log {
            join["log"] = json!(log);
        }
        let hello = json!({"type": "hello", "user": user, "token": token, "join": [join]});
        self.say(&hello)
    }

    fn say(&mut self, message: &Value) -> Result<(), Box<Error>> {
        Ok(self.socket.send(Message::text(message.to_string()))?)
    }

    fn send_pending(&mut self) -> Result<(), Box<Error>> {
        let Some(line) = self.client.pending.clone() else { return Ok(()) };
        let room = self.client.room_name();
        self.say(&json!({"type": "post", "room": room, "cid": line.cid, "text": line.text}))?;
        self.client.stand(true);
        Ok(())
    }

    fn hear(&mut self, text: &str) -> Result<(), Box<Error>> {
        let message: Value = serde_json::from_str(text).unwrap();
        match message["type"].as_str().unwrap() {
            "joined" => self.enter(&message),
            "post" | "edit" | "delete" | "topic" => self.read(&message, text),
            "error" => self.take_refusal(&message),
            _ => {}
        }
        if self.live_since.is_none() && self.head.is_some_and(|head| self.client.seen >= head) {
            self.live_since = Some(self.client.coordinator.begun.elapsed().as_nanos() as u64);
            self.client.stats.arrivals += 1;
            self.client.stats.resent += u64::from(self.client.pending.is_some());
            self.send_pending()?;
        }
        self.client.stand(self.live_since.is_some());
        Ok(())
    }

    fn enter(&mut self, joined: &Value) {
        let client = &mut *self.client;
        let log = joined["log"].as_str().unwrap();
        let is_known = client.log.as_deref().is_none_or(|known| known == log);
        let is_resumed = joined["reset"] == false && is_known;
        // A room in which nobody has said anything is kept nowhere, and has another log after a kill.
        if joined["since"] != client.seen || !is_resumed && client.seen > 0 {
            client
                .coordinator
                .breach(&format!("{} had seen {}: {joined}", client.user, client.seen));
        }
        client.log = Some(String::from(log));
        self.head = joined["head"].as_u64();
    }

    fn read(&mut self, record: &Value, text: &str) {
        let client = &mut *self.client;
        let seq = record["seq"].as_u64().unwrap();
        let cid = record["cid"].as_str().unwrap();
        let is_ours = record["user"] == *client.user;
        if seq <= client.seen && is_ours {
            client.coordinator.see(client.room, seq, text); // the answer to a line that was said again
            self.answers(cid);
            return;
        }
        if seq != client.seen + 1 {
            let (user, seen) = (&client.user, client.seen);
            client.coordinator.breach(&format!("{user} has seen {seen}, then comes {seq}: {text}"));
            return;
        }
        client.coordinator.see(client.room, seq, text);
        client.seen = seq;
        client.stats.seen += 1;
        if let (Some(said), Some(live)) = (said_at(cid), self.live_since)
            && said > live
        {
            let passed =
                (client.coordinator.begun.elapsed().as_nanos() as u64).saturating_sub(said);
            client.stats.latencies.saturating_record(passed / 1_000);
        }
        if is_ours {
            self.answers(cid);
        }
    }

    /// Whether this is the line that waits to be stored: then it waits no more.
    fn answers(&mut self, cid: &str) -> bool {
        let line = self.client.pending.take_if(|line| line.cid == cid);
        let is_it = line.is_some();
        self.client.stats.stored.extend(line.map(|line| line.cid));
        is_it
    }

    fn take_refusal(&mut self, error: &Value) {
        self.client.stats.refused += 1;
        let wait = error["retry_ms"].as_u64().map(Duration::from_millis);
        if wait.is_none() {
            self.client.coordinator.breach(&format!("{} was refused: {error}", self.client.user));
        }
        self.again = wait.map(|wait| Instant::now() + wait);
    }
}

fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
