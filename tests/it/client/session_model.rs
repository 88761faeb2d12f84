//! The client's state machine against a model of the server, over a connection that is cut anywhere: what
//! is sent is stored once and in order, and what is stored is shown once and in order.
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, in its helpers as well"
)]

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use talk::chat::protocol::{
    ClientMessage, ErrorMessage, Joined, Limits, Record, RecordKind, ServerMessage, Since, Welcome,
};
use talk::chat::{Cid, ErrorCode, Operation, RoomName, Text, UserName};
use talk::client::session::{Action, Credentials, Input, Session};
use talk::client::{Event, Submission};

/// One step of a run.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The user sends the next message.
    Say,
    /// Another user does.
    Other,
    /// The server receives the oldest message in flight to it.
    ServerHears,
    /// The client receives the oldest message in flight to it.
    ClientHears,
    /// The connection breaks: what is in flight is lost.
    Cut,
    /// The client reconnects.
    Connect,
    /// The server refuses the next post as too fast.
    Limit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Say),
        2 => Just(Step::Other),
        8 => Just(Step::ServerHears),
        8 => Just(Step::ClientHears),
        1 => Just(Step::Cut),
        2 => Just(Step::Connect),
        1 => Just(Step::Limit),
    ]
}

/// The model of a server, the connection, and the client.
struct World {
    session: Session,
    log: Vec<Record>,
    joined: bool,
    limits: bool,
    rests: bool,
    to_server: VecDeque<ClientMessage>,
    to_client: VecDeque<ServerMessage>,
    said: usize,
    others: usize,
    shown: Vec<Record>,
    stored: Vec<Cid>,
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

impl World {
    fn new() -> World {
        let credentials = Credentials {
            user: user("bob"),
            token: None,
            password: None,
            agent: None,
            presence: true,
            follows_rooms: false,
        };
        let session = Session::new(credentials, vec![RoomName::default()]);
        let (to_server, to_client) = (VecDeque::new(), VecDeque::new());
        let (log, shown, stored) = (Vec::new(), Vec::new(), Vec::new());
        let (joined, limits, rests, said, others) = (false, false, false, 0, 0);
        World {
            session,
            log,
            joined,
            limits,
            rests,
            to_server,
            to_client,
            said,
            others,
            shown,
            stored,
        }
    }

    fn feed(&mut self, input: Input) {
        for action in self.session.handle(input) {
            match action {
                Action::Send(request) => self.to_server.push_back(request),
                Action::ResendIn(_) => self.rests = true,
                Action::Connect | Action::Retry(_) => {}
                Action::Disconnect(_) => unreachable!("this server is honest: {action:?}"),
                Action::Emit(event) => match event {
                    Event::Record(record) => self.shown.push(record),
                    Event::Stored { cid, .. } => self.stored.push(cid),
                    Event::State(_) | Event::Pending(_) | Event::Message(_) => {}
                    Event::Reset(_)
                    | Event::Gap { .. }
                    | Event::Failed { .. }
                    | Event::Dropped(_)
                    | Event::Stopped { .. }
                    | Event::ConnectionLost(_) => unreachable!("this server is honest: {event:?}"),
                },
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Say => {
                self.said += 1;
                let cid = format!("b{}", self.said).parse().unwrap();
                let text = Text::parse("hello", 4096).unwrap();
                self.feed(Input::Submit(Submission {
                    room: RoomName::default(),
                    cid,
                    operation: Operation::Post { text, me: false, reply: None },
                }));
            }
            Step::Other => {
                self.others += 1;
                let cid = format!("x{}", self.others).parse().unwrap();
                self.store("alice", cid);
            }
            Step::ServerHears => {
                if let Some(request) = self.to_server.pop_front() {
                    self.answer(request);
                }
            }
            Step::ClientHears => {
                if let Some(reply) = self.to_client.pop_front() {
                    self.feed(Input::Received(reply));
                } else if self.rests {
                    self.rests = false;
                    self.feed(Input::ResendDue);
                }
            }
            Step::Cut => {
                self.to_server.clear();
                self.to_client.clear();
                self.joined = false;
                let (reason, least_wait) = (String::new(), Duration::ZERO);
                self.feed(Input::Closed { code: 1006, reason, jitter: 0.5, least_wait });
            }
            Step::Connect => {
                self.feed(Input::Start);
                self.feed(Input::Opened);
            }
            Step::Limit => self.limits = true,
        }
    }

    fn answer(&mut self, request: ClientMessage) {
        match request {
            ClientMessage::Hello { join, .. } => {
                let limits = Limits { text: 4096, rate: 5, burst: 20, page: 100 };
                let token = "00112233445566778899aabbccddeeff".parse().unwrap();
                let server = String::from("model/1");
                let welcome = Welcome {
                    former: Vec::new(),
                    user: user("bob"),
                    token,
                    server,
                    limits,
                    motd: None,
                    away: None,
                    rooms: None,
                };
                self.to_client.push_back(ServerMessage::Welcome(welcome));
                let since = match join[0].since {
                    Since::Newest | Since::Now => 0,
                    Since::After(since) => since,
                };
                self.joined = true;
                self.to_client.push_back(ServerMessage::Joined(Joined {
                    room: RoomName::default(),
                    peer: None,
                    asked: None,
                    log: String::from("L1"),
                    first: 1,
                    head: self.log.len() as u64,
                    since,
                    record: None,
                    reset: false,
                    damaged: false,
                    topic: None,
                    marked: None,
                    count: 1,
                    members: None,
                    away: Vec::new(),
                    absent: None,
                    absent_members: None,
                }));
                let rest = self.log.iter().filter(|record| record.seq > since);
                self.to_client.extend(rest.cloned().map(ServerMessage::Record));
            }
            ClientMessage::Submit { cid, .. } => {
                if let Some(record) = self.log.iter().find(|record| record.cid == cid) {
                    self.to_client.push_back(ServerMessage::Record(record.clone()));
                } else if std::mem::take(&mut self.limits) {
                    self.to_client.push_back(ServerMessage::Error(ErrorMessage {
                        code: ErrorCode::RateLimited,
                        message: "too fast".into(),
                        cid: Some(cid),
                        room: None,
                        peer: None,
                        retry_ms: Some(1),
                    }));
                } else {
                    self.store("bob", cid);
                }
            }
            other => unreachable!("an honest server leaves no reason for {other:?}"),
        }
    }

    fn store(&mut self, author: &str, cid: Cid) {
        let kind = RecordKind::Operation(Operation::Post {
            text: Text::parse("hello", 4096).unwrap(),
            me: false,
            reply: None,
        });
        let seq = self.log.len() as u64 + 1;
        let record = Record {
            room: RoomName::default(),
            seq,
            at: seq,
            user: user(author),
            cid,
            kind,
            new_owner: false,
        };
        if self.joined {
            self.to_client.push_back(ServerMessage::Record(record.clone()));
        }
        self.log.push(record);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_is_lost_repeated_or_reordered_wherever_the_connection_is_cut(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.take(Step::Connect);
        for _ in 0..10_000 { // without faults, everything is delivered
            world.take(Step::ServerHears);
            world.take(Step::ClientHears);
        }
        let ours: Vec<String> = (1..=world.said).map(|n| format!("b{n}")).collect();
        let logged = world.log.iter().filter(|record| record.user == user("bob"));
        let logged: Vec<&str> = logged.map(|record| record.cid.as_str()).collect();
        prop_assert_eq!(&logged, &ours, "stored once each, in the order they were sent");
        let stored: Vec<&str> = world.stored.iter().map(Cid::as_str).collect();
        prop_assert_eq!(&stored, &ours, "acknowledged once each");
        prop_assert_eq!(&world.shown, &world.log, "shown once each, in the order of the log");
    }
}
