//! People with somebody else's WebSocket library, who do what PROTOCOL.md says and no more.
//!
//! They send several lines before the first is stored, repeat what is stored, use the same cids as
//! each other, join again where they are, read back, and walk away in the middle.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Error, Message};

use super::board::{Board, Phase};
use super::chance::Chance;
use super::diary::{Diary, Person};
use super::judge::Fate;
use super::{ROOMS, room_number};
use crate::support::TestClient;

/// How often somebody looks up who hears nothing.
const GLANCE: Duration = Duration::from_millis(20);

/// Lives through a run.
pub(super) fn live(person: &Person, door: SocketAddr, board: &Board, chance: Chance) -> Diary {
    let mut foreign = Foreign {
        diary: Diary::new(person),
        board,
        chance,
        pending: VecDeque::new(),
        places: Default::default(),
        lines: 0,
    };
    while board.phase() != Phase::Over {
        foreign.connect(door).ok(); // however it ended: the next connection takes it up
        foreign.diary.report(board);
    }
    foreign.diary.stay();
    foreign.diary
}

struct Foreign<'b> {
    diary: Diary,
    board: &'b Board,
    chance: Chance,
    /// What is said and not settled, in order.
    pending: VecDeque<Line>,
    places: [Place; ROOMS.len()],
    lines: u64,
}

#[derive(Clone)]
struct Line {
    room: usize,
    cid: String,
    text: String,
}

/// How a room stands.
#[derive(Default)]
struct Place {
    /// The log's id and the newest seq, of whoever has been here.
    seen: Option<(String, u64)>,
    /// The head that the last `joined` told, on this connection.
    head: Option<u64>,
}

impl Place {
    fn is_live(&self) -> bool {
        self.head.zip(self.seen.as_ref()).is_some_and(|(head, (_, seq))| *seq >= head)
    }

    /// What to say to join, from what is shown.
    fn join(&self, room: &str, first: &Value) -> Value {
        match &self.seen {
            Some((log, seq)) => json!({"type": "join", "room": room, "since": seq, "log": log}),
            None if first.is_null() => json!({"type": "join", "room": room}),
            None => json!({"type": "join", "room": room, "since": first}),
        }
    }
}

type Outcome = Result<(), Box<Error>>;

impl Foreign<'_> {
    /// One connection's life.
    fn connect(&mut self, door: SocketAddr) -> Outcome {
        let mut peer = TestClient::try_connect(door)?;
        peer.socket
            .get_ref()
            .set_read_timeout(Some(GLANCE))
            .map_err(Error::Io)
            .map_err(Box::new)?;
        for place in &mut self.places {
            place.head = None;
        }
        let first = [json!(0), json!("now"), Value::Null][self.chance.below(3) as usize].clone();
        let joins: Vec<Value> =
            self.places.iter().zip(ROOMS).map(|(place, room)| place.join(room, &first)).collect();
        let Person { user, .. } = self.diary.person;
        let token = self.diary.person.token();
        say(&mut peer, &json!({"type": "hello", "user": user, "token": token, "join": joins}))?;
        let mut live = false;
        while self.board.phase() != Phase::Over {
            match peer.socket.read() {
                Ok(Message::Text(text)) => self.hear(&mut peer, &text)?,
                Ok(Message::Close(close)) => {
                    let code = close.map_or(1005, |close| u16::from(close.code));
                    if !matches!(code, 1001 | 1005 | 1013 | 4413) {
                        self.complain(&format!("closed with {code}"));
                    }
                }
                Ok(Message::Binary(_)) => self.complain("heard a binary message"),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error @ (Error::Utf8(_) | Error::Capacity(_))) => {
                    self.complain(&error.to_string());
                    return Err(Box::new(error));
                }
                Err(error) => return Err(Box::new(error)),
            }
            if !live && self.places.iter().all(Place::is_live) {
                live = true;
                self.diary.lives += 1;
                for line in self.pending.clone() {
                    post(&mut peer, &line)?; // again, in order
                }
            }
            while live && self.pending.len() < self.diary.person.window && self.board.may_say() {
                self.think_of_a_line();
                if let Some(line) = self.pending.back().cloned() {
                    post(&mut peer, &line)?;
                    if self.chance.one_in(4) {
                        post(&mut peer, &line)?; // twice in a breath
                    }
                }
            }
            self.diary.report(self.board);
            if self.board.phase() == Phase::War && self.chance.one_in(400) {
                return Ok(()); // walks away, in the middle of whatever it was
            }
        }
        Ok(())
    }

    fn think_of_a_line(&mut self) {
        self.lines += 1;
        let room = self.chance.below(ROOMS.len() as u64) as usize;
        let (cid, text) = (self.lines.to_string(), self.diary.think(&mut self.chance));
        self.diary.say(room, &cid, text.clone());
        self.pending.push_back(Line { room, cid, text });
    }

    fn complain(&mut self, what: &str) {
        self.diary.complain(self.board, what);
    }

    fn hear(&mut self, peer: &mut TestClient, text: &str) -> Outcome {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            self.complain(&format!("heard {text:?}"));
            return Ok(());
        };
        match message["type"].as_str() {
            Some("joined") => self.hear_joined(&message),
            Some("post") => self.hear_record(peer, text, &message)?,
            Some("history") => {
                let records = message["records"].as_array().cloned().unwrap_or_default();
                let room = room_number(message["room"].as_str().unwrap_or_default());
                self.diary.view(room).unwrap().aside.extend(records);
            }
            Some("error") if message["code"] == "cid_conflict" => {} // we asked for it
            Some("error") => self.complain(&format!("heard {text}")),
            _ => {}
        }
        Ok(())
    }

    fn hear_joined(&mut self, joined: &Value) {
        let room = room_number(joined["room"].as_str().unwrap());
        let (log, since) = (joined["log"].as_str().unwrap(), joined["since"].as_u64().unwrap());
        let head = joined["head"].as_u64().unwrap();
        let shown = self.diary.view(room).is_some_and(|view| !view.shown.is_empty());
        match self.places[room].seen.clone() {
            Some((ours, seq)) if shown && (joined["reset"] == true || ours != log) => {
                self.complain(&format!("what was shown up to {seq} is gone: {joined}"));
            }
            Some((_, seq)) if shown && since > seq => {
                self.complain(&format!("shown up to {seq}, and told of a gap: {joined}"));
            }
            Some(_) if shown => {}
            Some(_) | None => {
                self.diary.begin_view(room, log, since);
                self.places[room].seen = Some((log.to_owned(), since));
            }
        }
        self.places[room].head = Some(head);
    }

    fn hear_record(&mut self, peer: &mut TestClient, text: &str, record: &Value) -> Outcome {
        let room = room_number(record["room"].as_str().unwrap());
        let seq = record["seq"].as_u64().unwrap();
        let was_live = self.places.iter().all(Place::is_live);
        let Some((_, newest)) = &mut self.places[room].seen else {
            self.complain(&format!("a record of a room that was not joined: {text}"));
            return Ok(());
        };
        let is_repeat = seq <= *newest;
        if is_repeat {
            self.diary.view(room).unwrap().aside.push(record.clone());
        } else {
            *newest = seq;
            self.diary.show(room, seq, text.to_owned()); // the judge sees whether it is the next
        }
        let (user, cid) = (record["user"].as_str().unwrap(), record["cid"].as_str().unwrap());
        if user == self.diary.person.user && self.diary.settle(cid, Fate::Stored(seq)) {
            self.board.acknowledge();
            self.diary.rescued += u64::from(is_repeat || !was_live);
            let place = self.pending.iter().position(|line| line.cid == cid);
            let line = place.and_then(|place| self.pending.remove(place)).unwrap();
            self.play_tricks(peer, &line)?;
        }
        if self.chance.one_in(20) {
            self.look_around(peer, room)?;
        }
        Ok(())
    }

    /// A line that is stored comes again: in the same words, or in others.
    fn play_tricks(&mut self, peer: &mut TestClient, line: &Line) -> Outcome {
        match self.chance.below(20) {
            0 | 1 => post(peer, line),
            2 => post(peer, &Line { text: String::from("other words"), ..line.clone() }),
            _ => Ok(()),
        }
    }

    /// Reads back, or joins the room again while in it.
    fn look_around(&mut self, peer: &mut TestClient, room: usize) -> Outcome {
        let (name, place) = (ROOMS[room], &self.places[room]);
        let Some((log, seq)) = &place.seen else { return Ok(()) };
        let back = seq.saturating_sub(self.chance.magnitude(6));
        let question = match self.chance.below(3) {
            0 => json!({"type": "join", "room": name, "since": back, "log": log}),
            1 => json!({"type": "history", "room": name, "before": seq + 1, "limit": 30}),
            _ => json!({"type": "history", "room": name, "after": back, "limit": 30}),
        };
        say(peer, &question)
    }
}

fn say(peer: &mut TestClient, message: &Value) -> Outcome {
    peer.socket.send(Message::text(message.to_string())).map_err(Box::new)
}

fn post(peer: &mut TestClient, line: &Line) -> Outcome {
    let Line { room, cid, text } = line;
    say(peer, &json!({"type": "post", "room": ROOMS[*room], "cid": cid, "text": text}))
}
