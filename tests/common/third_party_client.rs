//! A client that does what PROTOCOL.md says and no more, for a WebSocket library that is not ours: the
//! rooms it follows, and what it has sent that is not stored yet. It has no socket: texts in, events out.

use std::collections::VecDeque;

use serde_json::{Value, json};

pub(crate) struct ThirdPartyClient {
    pub(crate) user: String,
    token: String,
    pub(crate) rooms: Vec<Room>,
    /// Sent and not settled, in order.
    pub(crate) pending: VecDeque<Post>,
    /// Whether the server may have lost what was seen; otherwise a reset is a violation.
    pub(crate) may_reset: bool,
}

/// A room that it follows.
pub(crate) struct Room {
    pub(crate) name: String,
    /// The log's id, once joined.
    pub(crate) log: Option<String>,
    /// The newest seq seen.
    pub(crate) seen: u64,
    /// The `at` and the `cid` of its record, if they are known.
    newest: Option<[Value; 2]>,
    /// The newest seq when it was joined on this connection.
    head: Option<u64>,
}

impl Room {
    /// Whether it has seen all there was when it joined.
    pub(crate) fn is_live(&self) -> bool {
        self.head.is_some_and(|head| self.seen >= head)
    }

    fn join(&self, first: &Value) -> Value {
        match (&self.log, &self.newest) {
            (Some(log), Some([at, cid])) => {
                json!({"room": self.name, "since": self.seen, "log": log, "at": at, "cid": cid})
            }
            (Some(log), None) => json!({"room": self.name, "since": self.seen, "log": log}),
            (None, _) if first.is_null() => json!({"room": self.name}),
            (None, _) => json!({"room": self.name, "since": first}),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) room: usize,
    pub(crate) cid: String,
    pub(crate) text: String,
}

/// What a text from the server meant.
pub(crate) enum Event {
    /// A room was joined after `since`; `is_first` if nothing of it was seen before, or `is_reset`.
    Joined { room: usize, since: u64, is_first: bool, is_reset: bool, head: u64 },
    /// A record came: the next, or one seen before. `settled` is the post that it acknowledges.
    Record { room: usize, seq: u64, is_repeat: bool, record: Value, settled: Option<Post> },
    /// Records came that were asked for.
    History { room: usize, records: Vec<Value> },
    /// The server refused something.
    Error(Value),
    /// The server did what it must never do.
    Violation(String),
    /// Presence, typing and the like.
    Other,
}

impl ThirdPartyClient {
    pub(crate) fn new(user: &str, token: String, rooms: &[String]) -> ThirdPartyClient {
        let room = |name: &String| {
            let name = name.clone();
            Room { name, log: None, seen: 0, newest: None, head: None }
        };
        let (user, rooms) = (user.to_owned(), rooms.iter().map(room).collect());
        ThirdPartyClient { user, token, rooms, pending: VecDeque::new(), may_reset: false }
    }

    /// The first message of a connection; a room not seen yet is joined since `first`.
    pub(crate) fn hello(&mut self, first: &Value) -> Value {
        self.rooms.iter_mut().for_each(|room| room.head = None);
        let joins: Vec<Value> = self.rooms.iter().map(|room| room.join(first)).collect();
        json!({"type": "hello", "user": self.user, "token": self.token, "join": joins})
    }

    pub(crate) fn post(&self, post: &Post) -> Value {
        let Post { room, cid, text } = post;
        json!({"type": "post", "room": self.rooms[*room].name, "cid": cid, "text": text})
    }

    pub(crate) fn is_live(&self) -> bool {
        self.rooms.iter().all(Room::is_live)
    }

    /// The newest seq seen in each room.
    pub(crate) fn seen(&self) -> Vec<u64> {
        self.rooms.iter().map(|room| room.seen).collect()
    }

    pub(crate) fn receive(&mut self, text: &str) -> Event {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return Event::Violation(format!("received {text:?}"));
        };
        // Others may write to this client in private; it only looks at its own rooms.
        if message["room"].as_str().is_some_and(|room| room.starts_with('@')) {
            return Event::Other;
        }
        match message["type"].as_str() {
            Some("joined") => self.receive_joined(&message),
            Some("post" | "edit" | "delete" | "topic") => self.receive_record(message),
            Some("history") => {
                let records = message["records"].as_array().cloned().unwrap_or_default();
                Event::History { room: self.room(&message), records }
            }
            Some("error") => Event::Error(message),
            _ => Event::Other,
        }
    }

    fn room(&self, message: &Value) -> usize {
        self.rooms.iter().position(|room| message["room"] == *room.name).unwrap()
    }

    fn receive_joined(&mut self, joined: &Value) -> Event {
        let number = self.room(joined);
        let room = &mut self.rooms[number];
        let (log, since) = (joined["log"].as_str().unwrap(), joined["since"].as_u64().unwrap());
        room.head = joined["head"].as_u64();
        let is_other = joined["reset"] == true || room.log.as_deref().is_some_and(|id| id != log);
        // A room without records is not stored, and has another log after a kill.
        let is_first = room.log.is_none() || room.seen == 0 || is_other && self.may_reset;
        match room.seen {
            seen if !is_first && is_other => {
                return Event::Violation(format!("what was seen up to {seen} is gone: {joined}"));
            }
            seen if !is_first && since > seen => {
                return Event::Violation(format!("seen up to {seen}, and then a gap: {joined}"));
            }
            _ => {}
        }
        room.log = Some(log.to_owned());
        if is_first {
            let named = joined.get("at").cloned().zip(joined.get("cid").cloned());
            (room.seen, room.newest) = (since, named.map(|(at, cid)| [at, cid]));
        }
        let (is_reset, head) = (joined["reset"] == true, room.head.unwrap_or(0));
        Event::Joined { room: number, since, is_first, is_reset, head }
    }

    fn receive_record(&mut self, record: Value) -> Event {
        let room = self.room(&record);
        let seq = record["seq"].as_u64().unwrap();
        if self.rooms[room].log.is_none() {
            return Event::Violation(format!("a record of a room that was not joined: {record}"));
        }
        let is_repeat = seq <= self.rooms[room].seen;
        if !is_repeat {
            self.rooms[room].seen = seq;
            self.rooms[room].newest = Some([record["at"].clone(), record["cid"].clone()]);
        }
        let cid = record["cid"].as_str().unwrap();
        let is_own = record["user"] == *self.user;
        let place = self.pending.iter().position(|post| is_own && post.cid == cid);
        let settled = place.and_then(|place| self.pending.remove(place));
        Event::Record { room, seq, is_repeat, record, settled }
    }
}
