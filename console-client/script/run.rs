//! What every script does with a connection: wait for it, save the name's key, and print on stderr
//! what is wrong.

use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use talk::chat::protocol::ErrorMessage;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::Event;

use crate::complain;
use crate::connection_status::ConnectionChange;
use crate::connection_status::ConnectionStatus;
use crate::storage::tokens::Keep;
use crate::text::timezone::Zone;

/// A running script.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) client: Client,
    events: Receiver<Event>,
    pub(super) rooms: Vec<RoomName>,
    pub(super) me: UserName,
    /// Stores the key of the name; `None` for a name of this run alone.
    keep: Option<Keep>,
    pub(super) zone: Zone,
    patience: Duration,
    has_password: bool,
    connection: ConnectionStatus,
}

/// How long a script waits without a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Until the timeout.
    Some,
    /// Without end.
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
            connection: ConnectionStatus::new(),
        }
    }

    /// Gives up after this time without a connection.
    pub(crate) fn patient(self, patience: Duration) -> Run {
        Run { patience, ..self }
    }

    /// Stores the key of its name there.
    pub(crate) fn keeping(self, keep: Option<Keep>) -> Run {
        Run { keep, ..self }
    }

    /// Shows times in this time zone.
    pub(crate) fn within(self, zone: Zone) -> Run {
        Run { zone, ..self }
    }

    /// Whether a password was given, which may be wrong.
    pub(crate) fn with_password(self, has_password: bool) -> Run {
        Run { has_password, ..self }
    }

    /// An event that has already arrived, if there is one.
    pub(super) fn at_hand(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// There was no connection until the timeout, or the client has ended.
    pub(super) fn next(&mut self, patience: Patience) -> Result<Event, String> {
        let ended = || "the connection's thread has ended".to_owned();
        let left = self.connection.time_left(self.patience);
        match left.filter(|_| patience == Patience::Some) {
            None => self.events.recv().map_err(|_| ended()),
            Some(left) => self.events.recv_timeout(left).map_err(|error| match error {
                RecvTimeoutError::Timeout => self.connection.out_of_time(self.patience),
                RecvTimeoutError::Disconnected => ended(),
            }),
        }
    }

    /// Does what every script does with an event.
    ///
    /// # Errors
    /// Why the script cannot go on.
    pub(super) fn note(&mut self, event: &Event) -> Result<(), String> {
        self.connection.apply(event);
        if let Some(reason) = self.connection.final_reason(&self.me, self.has_password) {
            return Err(reason);
        }
        match self.connection.say_once() {
            Some(ConnectionChange::Lost(sentence)) => complain(&sentence),
            Some(ConnectionChange::Restored) => complain("connected again"),
            None => {}
        }
        if let Event::Message(ServerMessage::Welcome(Welcome { user, token, .. })) = event {
            self.me = user.clone();
            if let Some(Err(sentence)) = self.keep.as_ref().map(|keep| keep.store(user, token)) {
                complain(&sentence);
            }
        }
        if let Event::Message(ServerMessage::Error(ErrorMessage {
            message, room: Some(room), ..
        })) = event
            && self.rooms.contains(room)
        {
            return Err(format!("cannot join {room}: {message}"));
        }
        if let Event::Gap { room, first } = event {
            complain(&format!("{room} keeps its records from {first} on: some are missing"));
        }
        if let Event::Reset(room) = event {
            complain(&format!("{room} was reset: its records are new ones"));
        }
        Ok(())
    }
}
