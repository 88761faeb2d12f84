//! Clients with our own client library.

use std::net::SocketAddr;
use std::time::Duration;
use talk::chat::protocol::ErrorMessage;

use talk::chat::protocol::{ServerMessage, Since};
use talk::chat::{Operation, RoomName, Text};
use talk::client::{
    Client, Config, ConnectionError, ConnectionState, Event, Events, SavedSubmission, Submission,
    WaitError, start,
};

use super::history::{ClientConfig, ClientHistory, ROOMS, room_number};
use crate::common::checker::Outcome;
use crate::common::coordinator::{Coordinator, Phase};
use crate::common::rng::Rng;

/// How long a client waits for an event before it looks at the phase.
const READ_TIMEOUT: Duration = Duration::from_millis(20);

/// Longer backoffs are cut short.
const LONGEST_RETRY: Duration = Duration::from_millis(600);

/// What follows an event.
#[derive(PartialEq, Eq)]
enum Next {
    Continue,
    /// The client is closed and started again.
    Restart,
}

/// Takes part in a run, to its end.
pub(super) fn run(
    config: &ClientConfig,
    address: SocketAddr,
    coordinator: &Coordinator,
    rng: Rng,
) -> ClientHistory {
    let mut runner = Runner {
        history: ClientHistory::new(config),
        coordinator,
        rng,
        joined: Default::default(),
        outbox: Vec::new(),
    };
    while runner.connect_once(address) == Next::Restart {
        runner.joined = Default::default();
        if runner.rng.one_in(4) {
            runner.outbox.clear(); // as if nothing had stored it
            runner.history.forget_unsettled();
        }
    }
    runner.history.complete();
    runner.history
}

struct Runner<'c> {
    history: ClientHistory,
    coordinator: &'c Coordinator,
    rng: Rng,
    /// Whether each room was joined since the client was started.
    joined: [bool; ROOMS.len()],
    /// What is sent and not settled, in order: it outlives the client.
    outbox: Vec<Submission>,
}

impl Runner<'_> {
    /// One client, from its start to its end.
    fn connect_once(&mut self, address: SocketAddr) -> Next {
        let (client, events) = self.open(address);
        let mut phase = Phase::Faults;
        loop {
            match self.coordinator.phase() {
                Phase::Done => {
                    client.close();
                    return Next::Continue;
                }
                Phase::Quiet if phase == Phase::Faults => {
                    phase = Phase::Quiet;
                    client.retry_now();
                }
                Phase::Faults | Phase::Quiet => {}
            }
            match events.recv_timeout(READ_TIMEOUT) {
                Ok(event) => {
                    if self.receive(&client, event) == Next::Restart && phase == Phase::Faults {
                        return Next::Restart;
                    }
                }
                Err(WaitError::Timeout | WaitError::Woken) => {}
                Err(WaitError::Disconnected) => {
                    self.history
                        .report_violation(self.coordinator, "the client has ended by itself");
                    return Next::Continue;
                }
            }
            while self.history.unsettled() < self.history.config.window
                && self.coordinator.take_budget()
            {
                self.submit(&client);
            }
            self.history.report_progress(self.coordinator);
        }
    }

    fn open(&self, address: SocketAddr) -> (Client, Events) {
        let config = Config {
            server: address.to_string().parse().unwrap(),
            user: self.history.config.user.parse().unwrap(),
            token: Some(self.history.config.token().parse().unwrap()),
            password: None,
            rooms: ROOMS.iter().map(|room| room.parse().unwrap()).collect(),
            since: Since::Newest,
            agent: "bot",
            presence: true,
            follows_rooms: false,
            outbox: self.outbox.iter().map(saved).collect(),
        };
        start(config).unwrap()
    }

    fn submit(&mut self, client: &Client) {
        let room = self.rng.below(ROOMS.len() as u64) as usize;
        let text = self.history.make_text(&mut self.rng);
        let name: RoomName = ROOMS[room].parse().unwrap();
        let line = client.compose(
            &name,
            Operation::Post { text: Text::parse(&text, 4096).unwrap(), me: false, reply: None },
        );
        self.history.submit(room, line.cid.as_str(), text);
        self.outbox.push(line.clone());
        client.send(line);
    }

    fn receive(&mut self, client: &Client, event: Event) -> Next {
        match event {
            Event::Message(ServerMessage::Joined(joined)) => {
                let room = room_number(joined.room.as_str());
                if joined.reset {
                    self.history.count_reset(room, joined.head);
                }
                if !self.joined[room] {
                    self.joined[room] = true;
                    self.history.begin_view(room, &joined.log, joined.since);
                }
            }
            Event::Record(record) => {
                let room = room_number(record.room.as_str());
                self.history.show(room, record.seq, record.encode());
            }
            Event::Stored { cid, seq } => {
                self.outbox.retain(|line| line.cid != cid);
                if self.history.settle(cid.as_str(), Outcome::Stored(seq)) {
                    self.coordinator.acknowledge();
                }
            }
            Event::State(ConnectionState::Offline { retry }) => {
                let is_patient = retry < LONGEST_RETRY && self.coordinator.phase() == Phase::Faults;
                if !is_patient || !self.rng.one_in(4) {
                    client.retry_now();
                }
            }
            Event::State(ConnectionState::Live) => {
                self.history.connections += 1;
                if self.rng.one_in(10) {
                    return Next::Restart;
                }
            }
            Event::Reset(room) => {
                let room = room_number(room.as_str());
                let may_reset = self.history.config.may_reset;
                if !may_reset && self.history.view(room).is_some_and(|view| !view.shown.is_empty())
                {
                    self.history
                        .report_violation(self.coordinator, "reset after records were shown");
                }
                self.joined[room] = false;
            }
            Event::Gap { room, first } => {
                let what = format!("gap in {}, up to {first}", room.as_str());
                self.history.report_violation(self.coordinator, &what);
            }
            Event::Failed { cid, rejection } => {
                self.history.settle(cid.as_str(), Outcome::Refused);
                self.history.report_violation(
                    self.coordinator,
                    &format!("refused as {}: {rejection}", rejection.code),
                );
            }
            Event::Stopped { code, reason } => {
                self.history
                    .report_violation(self.coordinator, &format!("stopped with {code}: {reason}"));
            }
            Event::Message(ServerMessage::Error(ErrorMessage { code, message, .. })) => {
                self.history
                    .report_violation(self.coordinator, &format!("error {code}: {message}"));
            }
            Event::ConnectionLost(
                fault @ (ConnectionError::WebSocket(_)
                | ConnectionError::BinaryMessage
                | ConnectionError::BadMessage(_)
                | ConnectionError::MissingRecords),
            ) => {
                self.history.report_violation(self.coordinator, &fault.to_string());
            }
            _ => {}
        }
        Next::Continue
    }
}

fn saved(submission: &Submission) -> SavedSubmission {
    SavedSubmission { submission: submission.clone(), rejection: None }
}
