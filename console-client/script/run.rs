//! What every script does with a connection: wait with patience, keep the name's key, say on stderr
//! what is wrong.

use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::time::Instant;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::Event;
use talk::client::State;

use crate::complain;
use crate::connection_status;
use crate::storage::tokens::Keep;
use crate::text::timezone::Zone;

/// A script at work.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) client: Client,
    events: Receiver<Event>,
    pub(super) rooms: Vec<RoomName>,
    pub(super) me: UserName,
    /// Where the key of a name of one's own is kept.
    keep: Option<Keep>,
    pub(super) zone: Zone,
    patience: Duration,
    has_password: bool,
    is_live: bool,
    /// Since when there is no connection.
    offline_since: Instant,
    trouble: String,
    told_trouble: String,
    /// What the server said to our hello, if it does not want us.
    refusal: String,
    is_known: bool,
}

/// What a script waits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as was said.
    Some,
    /// For ever.
    Endless,
}

impl Run {
    pub(crate) fn new(
        client: Client,
        events: Receiver<Event>,
        rooms: Vec<RoomName>,
        me: UserName,
    ) -> Run {
        Run {
            client,
            events,
            rooms,
            me,
            keep: None,
            zone: Zone::default(),
            patience: Duration::MAX,
            has_password: false,
            is_live: false,
            offline_since: Instant::now(),
            trouble: String::new(),
            told_trouble: String::new(),
            refusal: String::new(),
            is_known: false,
        }
    }

    /// Gives up after so long without a connection.
    pub(crate) fn patient(self, patience: Duration) -> Run {
        Run { patience, ..self }
    }

    /// Keeps the key of its name there.
    pub(crate) fn keeping(self, keep: Option<Keep>) -> Run {
        Run { keep, ..self }
    }

    /// Says the time as it is there.
    pub(crate) fn within(self, zone: Zone) -> Run {
        Run { zone, ..self }
    }

    /// Has a password, which may be a wrong one.
    pub(crate) fn with_password(self, has_password: bool) -> Run {
        Run { has_password, ..self }
    }

    /// What has happened already, if anything.
    pub(super) fn at_hand(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// What happens next.
    ///
    /// # Errors
    /// A sentence: there is no hope, or no more patience.
    pub(super) fn next(&mut self, patience: Patience) -> Result<Event, String> {
        let lost = || "the connection's thread has ended".to_owned();
        if self.is_live || patience == Patience::Endless {
            return self.events.recv().map_err(|_| lost());
        }
        let left = self.patience.saturating_sub(self.offline_since.elapsed());
        self.events.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => connection_status::unreached(self.patience, &self.trouble),
            RecvTimeoutError::Disconnected => lost(),
        })
    }

    /// Takes note of what is the same for every script.
    ///
    /// # Errors
    /// A sentence: it is over.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), String> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "most events are for who draws a chat")]
        match event {
            Event::State(state) => self.enter(*state),
            Event::ConnectionLost(fault) => self.trouble = fault.to_string(),
            Event::Stopped { code, reason } => {
                let said = if self.refusal.is_empty() { reason } else { &self.refusal };
                return Err(connection_status::sentence(*code, said, &self.me, self.has_password));
            }
            Event::Message(ServerMessage::Welcome(Welcome { user, token, .. })) => {
                self.is_known = true;
                self.me = user.clone();
                if let Some(Err(sentence)) = self.keep.as_ref().map(|keep| keep.store(user, token))
                {
                    complain(&sentence);
                }
            }
            Event::Message(ServerMessage::Error { message, room: Some(room), .. })
                if self.rooms.contains(room) =>
            {
                return Err(format!("cannot join {room}: {message}"));
            }
            Event::Message(ServerMessage::Error { message, .. }) if !self.is_known => {
                self.refusal.clone_from(message);
            }
            Event::Gap { room, first } => {
                complain(&format!("{room} keeps its records from {first} on: some are missing"));
            }
            Event::Reset(room) => complain(&format!("{room} has begun anew, with other records")),
            _ => {}
        }
        Ok(())
    }

    fn enter(&mut self, state: State) {
        let was_live = std::mem::replace(&mut self.is_live, state == State::Live);
        if was_live && !self.is_live {
            self.offline_since = Instant::now();
        }
        match state {
            // Each attempt may fail for the same reason; it is told once.
            State::Offline { .. } if self.trouble != self.told_trouble => {
                self.told_trouble.clone_from(&self.trouble);
                complain(&format!("{}; trying again", self.trouble));
            }
            State::Live if !std::mem::take(&mut self.told_trouble).is_empty() => {
                complain("connected again");
            }
            State::Offline { .. }
            | State::Connecting
            | State::CatchingUp
            | State::Live
            | State::Stopped => {}
        }
    }
}
