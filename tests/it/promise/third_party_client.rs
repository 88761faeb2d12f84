//! Clients with a WebSocket library that is not ours, which do what PROTOCOL.md says and no more.
//!
//! They send several messages before the first is stored, send again what is stored, use the same cids as
//! each other, join a room again while in it, read older records, and disconnect at any moment.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Error, Message};

use super::history::{ClientConfig, ClientHistory, ROOMS};
use crate::common::checker::Outcome;
use crate::common::coordinator::{Coordinator, Phase};
use crate::common::rng::Rng;
use crate::common::third_party_client::{Event, Post, ThirdPartyClient};
use crate::support::TestClient;

/// How long a client waits for a message before it looks at the phase.
const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// Takes part in a run, to its end.
pub(super) fn run(
    config: &ClientConfig,
    address: SocketAddr,
    coordinator: &Coordinator,
    rng: Rng,
) -> ClientHistory {
    let mut client = ThirdPartyClient::new(config.user, config.token(), &ROOMS.map(String::from));
    client.may_reset = config.may_reset;
    let mut runner =
        Runner { client, history: ClientHistory::new(config), coordinator, rng, sent: 0 };
    while coordinator.phase() != Phase::Done {
        runner.connect(address).ok(); // however it ended: the next connection resumes
        runner.history.report_progress(coordinator);
    }
    runner.history.complete();
    runner.history
}

struct Runner<'c> {
    client: ThirdPartyClient,
    history: ClientHistory,
    coordinator: &'c Coordinator,
    rng: Rng,
    /// Messages sent so far.
    sent: u64,
}

type Done = Result<(), Box<Error>>;

impl Runner<'_> {
    /// One connection, from its start to its end.
    fn connect(&mut self, address: SocketAddr) -> Done {
        let mut peer = TestClient::try_connect(address)?;
        let timeout = peer.socket.get_ref().set_read_timeout(Some(READ_TIMEOUT));
        timeout.map_err(Error::Io).map_err(Box::new)?;
        let first = self.rng.pick(&[json!(0), json!("now"), Value::Null]).clone();
        send(&mut peer, &self.client.hello(&first))?;
        let mut was_live = false;
        while self.coordinator.phase() != Phase::Done {
            match peer.socket.read() {
                Ok(Message::Text(text)) => self.receive(&mut peer, &text)?,
                Ok(Message::Close(close)) => {
                    let code = close.map_or(1005, |close| u16::from(close.code));
                    if !matches!(code, 1001 | 1005 | 1013 | 4413) {
                        self.report_violation(&format!("closed with {code}"));
                    }
                }
                Ok(Message::Binary(_)) => self.report_violation("received a binary message"),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error @ (Error::Utf8(_) | Error::Capacity(_))) => {
                    self.report_violation(&error.to_string());
                    return Err(Box::new(error));
                }
                Err(error) => return Err(Box::new(error)),
            }
            if !was_live && self.client.is_live() {
                was_live = true;
                self.history.connections += 1;
                for post in self.client.pending.clone() {
                    self.post(&mut peer, &post)?; // again, in order
                }
            }
            let window = self.history.config.window;
            while was_live && self.client.pending.len() < window && self.coordinator.take_budget() {
                let post = self.submit();
                self.post(&mut peer, &post)?;
                if self.rng.one_in(4) {
                    self.post(&mut peer, &post)?; // twice in a row
                }
            }
            self.history.report_progress(self.coordinator);
            if self.coordinator.phase() == Phase::Faults && self.rng.one_in(400) {
                return Ok(()); // disconnects, in the middle of whatever it was
            }
        }
        Ok(())
    }

    /// Makes up the next message.
    fn submit(&mut self) -> Post {
        self.sent += 1;
        let room = self.rng.below(ROOMS.len() as u64) as usize;
        let (cid, text) = (self.sent.to_string(), self.history.make_text(&mut self.rng));
        self.history.submit(room, &cid, text.clone());
        let post = Post { room, cid, text };
        self.client.pending.push_back(post.clone());
        post
    }

    fn post(&self, peer: &mut TestClient, post: &Post) -> Done {
        send(peer, &self.client.post(post))
    }

    fn report_violation(&self, what: &str) {
        self.history.report_violation(self.coordinator, what);
    }

    fn receive(&mut self, peer: &mut TestClient, text: &str) -> Done {
        let was_live = self.client.is_live();
        match self.client.receive(text) {
            Event::Joined { room, since, is_first: true, is_reset, head } => {
                let log = self.client.rooms[room].log.clone().unwrap();
                if is_reset {
                    self.history.count_reset(room, head);
                }
                self.history.begin_view(room, &log, since);
            }
            Event::Record { room, seq, is_repeat, record, settled } => {
                if is_repeat {
                    self.history.view(room).unwrap().extra.push(record);
                } else {
                    self.history.show(room, seq, text.to_owned()); // the checker sees whether it is the next
                }
                if let Some(post) = settled
                    && self.history.settle(&post.cid, Outcome::Stored(seq))
                {
                    self.coordinator.acknowledge();
                    self.history.late_acknowledgements += u64::from(is_repeat || !was_live);
                    self.send_again(peer, &post)?;
                }
                if self.rng.one_in(20) {
                    self.look_back(peer, room)?;
                }
            }
            Event::History { room, records } => {
                self.history.view(room).unwrap().extra.extend(records);
            }
            Event::Error(error) if error["code"] == "cid_conflict" => {} // provoked by `send_again`
            Event::Error(error) => self.report_violation(&format!("received {error}")),
            Event::Violation(what) => self.report_violation(&what),
            Event::Joined { .. } | Event::Other => {}
        }
        Ok(())
    }

    /// A message that is stored is sent again, at times: with the same text, or with another.
    fn send_again(&mut self, peer: &mut TestClient, post: &Post) -> Done {
        match self.rng.below(20) {
            0 | 1 => self.post(peer, post),
            2 => self.post(peer, &Post { text: String::from("another text"), ..post.clone() }),
            _ => Ok(()),
        }
    }

    /// Reads older records, or joins the room again while in it.
    fn look_back(&mut self, peer: &mut TestClient, room: usize) -> Done {
        let (name, room) = (ROOMS[room], &self.client.rooms[room]);
        let back = room.seen.saturating_sub(self.rng.magnitude(6));
        let request = match self.rng.below(3) {
            0 => json!({"type": "join", "room": name, "since": back, "log": room.log}),
            1 => json!({"type": "history", "room": name, "before": room.seen + 1, "limit": 30}),
            _ => json!({"type": "history", "room": name, "after": back, "limit": 30}),
        };
        send(peer, &request)
    }
}

fn send(peer: &mut TestClient, message: &Value) -> Done {
    peer.socket.send(Message::text(message.to_string())).map_err(Box::new)
}
