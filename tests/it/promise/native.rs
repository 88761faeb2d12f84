//! People with our own client library.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Since;
use talk::chat::{Operation, RoomName, Text};
use talk::client::{
    Client, Config, ConnectionError, Event, SavedSubmission, State, Submission, start,
};

use super::board::{Board, Phase};
use super::chance::Chance;
use super::diary::{Diary, Person};
use super::judge::Fate;
use super::{ROOMS, room_number};

/// How often somebody looks up who hears nothing.
const GLANCE: Duration = Duration::from_millis(20);

/// A longer wait for the next connection is never waited for.
const PATIENCE: Duration = Duration::from_millis(600);

/// What comes of hearing something.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    /// The person closes the window, and opens another.
    BeginAnew,
}

/// Lives through a run.
pub(super) fn live(person: &Person, door: SocketAddr, board: &Board, chance: Chance) -> Diary {
    let mut native = Native {
        diary: Diary::new(person),
        board,
        chance,
        joined: Default::default(),
        outbox: Vec::new(),
    };
    while native.sit_down(door) == Then::BeginAnew {
        native.joined = Default::default();
        if native.chance.one_in(4) {
            native.outbox.clear(); // kept by nobody
            native.diary.give_up();
        }
    }
    native.diary.stay();
    native.diary
}

struct Native<'b> {
    diary: Diary,
    board: &'b Board,
    chance: Chance,
    /// Whether the room was joined in this sitting.
    joined: [bool; ROOMS.len()],
    /// What was said and is not settled, in order: it outlives the client.
    outbox: Vec<Submission>,
}

impl Native<'_> {
    /// One client's life.
    fn sit_down(&mut self, door: SocketAddr) -> Then {
        let (client, events) = self.open(door);
        let mut phase = Phase::War;
        loop {
            match self.board.phase() {
                Phase::Over => {
                    client.close();
                    return Then::GoOn;
                }
                Phase::Peace if phase == Phase::War => {
                    phase = Phase::Peace;
                    client.retry_now();
                }
                Phase::War | Phase::Peace => {}
            }
            match events.recv_timeout(GLANCE) {
                Ok(event) => {
                    if self.hear(&client, event) == Then::BeginAnew && phase == Phase::War {
                        return Then::BeginAnew;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.diary.complain(self.board, "the client has ended by itself");
                    return Then::GoOn;
                }
            }
            while self.diary.unsettled() < self.diary.person.window && self.board.may_say() {
                self.say(&client);
            }
            self.diary.report(self.board);
        }
    }

    fn open(&self, door: SocketAddr) -> (Client, Receiver<Event>) {
        let (sender, events) = channel();
        let config = Config {
            server: door.to_string().parse().unwrap(),
            user: self.diary.person.user.parse().unwrap(),
            token: Some(self.diary.person.token().parse().unwrap()),
            password: None,
            rooms: ROOMS.iter().map(|room| room.parse().unwrap()).collect(),
            since: Since::Newest,
            agent: "bot",
            outbox: self.outbox.iter().map(kept).collect(),
        };
        (start(config, sender).unwrap(), events)
    }

    fn say(&mut self, client: &Client) {
        let room = self.chance.below(ROOMS.len() as u64) as usize;
        let text = self.diary.think(&mut self.chance);
        let name: RoomName = ROOMS[room].parse().unwrap();
        let line = client.compose(
            &name,
            Operation::Post { text: Text::parse(&text, 4096).unwrap(), me: false, reply: None },
        );
        self.diary.say(room, line.cid.as_str(), text);
        self.outbox.push(line.clone());
        client.send(line);
    }

    fn hear(&mut self, client: &Client, event: Event) -> Then {
        match event {
            Event::Message(ServerMessage::Joined(joined)) => {
                let room = room_number(joined.room.as_str());
                if !self.joined[room] {
                    self.joined[room] = true;
                    self.diary.begin_view(room, &joined.log, joined.since);
                }
            }
            Event::Record(record) => {
                let room = room_number(record.room.as_str());
                self.diary.show(room, record.seq, record.encode());
            }
            Event::Stored { cid, seq } => {
                self.outbox.retain(|line| line.cid != cid);
                if self.diary.settle(cid.as_str(), Fate::Stored(seq)) {
                    self.board.acknowledge();
                }
            }
            Event::State(State::Offline { retry }) => {
                let is_patient = retry < PATIENCE && self.board.phase() == Phase::War;
                if !is_patient || !self.chance.one_in(4) {
                    client.retry_now();
                }
            }
            Event::State(State::Live) => {
                self.diary.lives += 1;
                if self.chance.one_in(10) {
                    return Then::BeginAnew;
                }
            }
            Event::Reset(room) => {
                let room = room_number(room.as_str());
                if self.diary.view(room).is_some_and(|view| !view.shown.is_empty()) {
                    self.diary.complain(self.board, "told that what was shown is gone");
                }
                self.joined[room] = false;
            }
            Event::Gap { room, first } => {
                let what = format!("told of a gap in {}, up to {first}", room.as_str());
                self.diary.complain(self.board, &what);
            }
            Event::Failed { cid, rejection } => {
                self.diary.settle(cid.as_str(), Fate::Refused);
                self.diary
                    .complain(self.board, &format!("refused as {}: {rejection}", rejection.code));
            }
            Event::Stopped { code, reason } => {
                self.diary.complain(self.board, &format!("stopped with {code}: {reason}"));
            }
            Event::Message(ServerMessage::Error { code, message, .. }) => {
                self.diary.complain(self.board, &format!("error {code}: {message}"));
            }
            Event::ConnectionLost(
                fault @ (ConnectionError::WebSocket(_)
                | ConnectionError::BinaryMessage
                | ConnectionError::BadMessage(_)
                | ConnectionError::MissingRecords),
            ) => {
                self.diary.complain(self.board, &fault.to_string());
            }
            _ => {}
        }
        Then::GoOn
    }
}

fn kept(line: &Submission) -> SavedSubmission {
    SavedSubmission { submission: line.clone(), rejection: None }
}
