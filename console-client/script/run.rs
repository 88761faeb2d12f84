//! What every script does with a connection: wait for it, save the name's key, and print on stderr
//! what is wrong.

use std::time::Duration;
use talk::chat::protocol::ErrorMessage;

use talk::chat::RoomName;
use talk::chat::UserName;
use talk::chat::protocol::ServerMessage;
use talk::chat::protocol::Welcome;
use talk::client::Client;
use talk::client::Event;
use talk::client::Events;
use talk::client::WaitError;

use crate::connection_status::ConnectionChange;
use crate::connection_status::ConnectionStatus;
use crate::exit::print_error;
use crate::storage::tokens::TokenStore;
use crate::text::timezone::TimeZone;

/// A running script.
#[derive(Debug)]
pub(crate) struct ScriptRun {
    /// Sends and joins.
    pub(super) client: Client,
    /// What the client reports.
    events: Events,
    /// The rooms to send to or to read.
    pub(super) rooms: Vec<RoomName>,
    /// The name of this run.
    pub(super) me: UserName,
    /// Stores the key of the name; `None` for a name of this run alone.
    tokens: Option<TokenStore>,
    /// The time zone of the time stamps.
    pub(super) zone: TimeZone,
    /// How long to wait without a connection.
    timeout: Duration,
    /// Whether a password was given.
    has_password: bool,
    /// The state of the connection.
    connection: ConnectionStatus,
}

/// How long a script waits without a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until the timeout.
    Limited,
    /// Without end.
    Forever,
}

impl ScriptRun {
    pub(crate) fn new(
        client: Client,
        events: Events,
        rooms: Vec<RoomName>,
        me: UserName,
    ) -> ScriptRun {
        ScriptRun {
            client,
            events,
            rooms,
            me,
            tokens: None,
            zone: TimeZone::default(),
            timeout: Duration::MAX,
            has_password: false,
            connection: ConnectionStatus::new(),
        }
    }

    /// Gives up after this time without a connection.
    pub(crate) fn with_timeout(self, timeout: Duration) -> ScriptRun {
        ScriptRun { timeout, ..self }
    }

    /// Saves the key of its name there.
    pub(crate) fn with_tokens(self, tokens: Option<TokenStore>) -> ScriptRun {
        ScriptRun { tokens, ..self }
    }

    /// Whether the person gave a key for the name, which may be wrong.
    pub(crate) fn with_key_given(mut self, is_given: bool) -> ScriptRun {
        if is_given {
            self.connection.set_key_given();
        }
        self
    }

    /// Prints times in this time zone.
    pub(crate) fn with_zone(self, zone: TimeZone) -> ScriptRun {
        ScriptRun { zone, ..self }
    }

    /// Whether a password was given, which may be wrong.
    pub(crate) fn with_password(self, has_password: bool) -> ScriptRun {
        ScriptRun { has_password, ..self }
    }

    /// An event that has already arrived, if there is one.
    pub(super) fn try_next(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for the next event.
    ///
    /// # Errors
    /// There was no connection until the timeout, or the client has ended.
    pub(super) fn next(&mut self, wait: Wait) -> Result<Event, String> {
        let ended = || "the connection's thread has ended".to_owned();
        let left = self.connection.time_left(self.timeout);
        match left.filter(|_| wait == Wait::Limited) {
            None => self.events.recv().map_err(|_| ended()),
            Some(left) => self.events.recv_timeout(left).map_err(|error| match error {
                WaitError::Timeout | WaitError::Woken => self.connection.out_of_time(self.timeout),
                WaitError::Disconnected => ended(),
            }),
        }
    }

    /// Does what every script does with an event.
    ///
    /// # Errors
    /// Why the script cannot go on.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), String> {
        self.connection.apply(event);
        if let Some(reason) = self.connection.final_reason(&self.me, self.has_password) {
            return Err(reason);
        }
        match self.connection.report_once() {
            Some(ConnectionChange::Lost(sentence)) => print_error(&sentence),
            Some(ConnectionChange::Restored) => print_error("connected again"),
            None => {}
        }
        if let Event::Message(ServerMessage::Welcome(Welcome { user, token, .. })) = event {
            self.me = user.clone();
            if let Some(Err(sentence)) = self.tokens.as_mut().map(|tokens| tokens.save(user, token))
            {
                print_error(&sentence);
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
            print_error(&format!(
                "records of {room} are missing: the server keeps #{first} and later"
            ));
        }
        if let Event::Reset(room) = event {
            print_error(&format!(
                "{room} was reset: the server no longer has all records printed here; its newest follow"
            ));
        }
        Ok(())
    }
}
