//! The connection to the server, as the client's events report it, and what to say about it.

use std::mem;
use std::time::Duration;
use std::time::Instant;

use talk::chat::ErrorCode;
use talk::chat::UserName;
use talk::chat::close_code;
use talk::chat::protocol::ErrorMessage;
use talk::chat::protocol::ServerMessage;
use talk::client::ConnectionError;
use talk::client::ConnectionState;
use talk::client::Event;

use crate::editor::input_gate::SecretKind;

/// What to try when the server needs a password.
pub(crate) const PASSWORD_HINT: &str = "(try --password-file FILE or TALK_PASSWORD)";

/// Where a person finds the key of their name.
pub(crate) const KEY_PLACES: &str = "Settings on the page, or /key in another console";

/// The state of the connection, and why there is none.
#[derive(Debug)]
pub(crate) struct ConnectionStatus {
    /// `None` before the first event.
    state: Option<ConnectionState>,
    /// How far the best connection so far has come.
    progress: Progress,
    /// When it was last live, or the server has last sent something; or when the program started.
    silent_since: Instant,
    /// Why it was lost, or could not be made; empty if it was not, or once it is live again.
    error: String,
    /// Whether that error is that too many wrong passwords came from here.
    is_locked_out: bool,
    /// The error that the person knows already.
    reported: String,
    /// The server's answer to our `hello`, if it rejected it.
    rejection: String,
    /// Whether that was because no one may claim the name now, though no one holds it.
    is_bad_name: bool,
    /// Whether the person gave a key for the name.
    is_key_given: bool,
    /// The close code and reason after which the client does not reconnect.
    stopped: Option<(u16, String)>,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    None,
    /// The server has accepted our `hello`.
    Welcomed,
    Live,
}

/// A change of the connection that the person has to know about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConnectionChange {
    /// It is lost, or could not be made, for this reason.
    Lost(String),
    /// It is live again after that.
    Restored,
}

impl ConnectionStatus {
    pub(crate) fn new() -> ConnectionStatus {
        ConnectionStatus {
            state: None,
            progress: Progress::None,
            silent_since: Instant::now(),
            error: String::new(),
            is_locked_out: false,
            reported: String::new(),
            rejection: String::new(),
            is_bad_name: false,
            is_key_given: false,
            stopped: None,
        }
    }

    /// The person gave a key for the name, which may be wrong.
    pub(crate) fn set_key_given(&mut self) {
        self.is_key_given = true;
    }

    /// Takes an event into account.
    pub(crate) fn apply(&mut self, event: &Event) {
        if is_from_server(event) {
            self.silent_since = Instant::now();
        }
        if let Event::State(state) = event {
            self.enter(*state);
        } else if let Event::ConnectionLost(error) = event {
            self.error = match self.rejection.as_str() {
                "" => error.to_string(),
                rejection => format!("the server refused the connection: {rejection}"),
            };
            self.is_locked_out = matches!(error, ConnectionError::LockedOut { .. });
        } else if let Event::Message(ServerMessage::Welcome(_)) = event
            && !self.is_live()
        {
            self.enter(ConnectionState::CatchingUp); // an event of its own follows
        } else if let Event::Stopped { code, reason } = event {
            self.stopped = Some((*code, reason.clone()));
        } else if let Event::Message(ServerMessage::Error(ErrorMessage { code, message, .. })) =
            event
            && !self.was_welcomed()
        {
            self.rejection = message.to_string();
            self.is_bad_name = *code == ErrorCode::BadName;
        }
    }

    fn enter(&mut self, state: ConnectionState) {
        if self.is_live() {
            self.silent_since = Instant::now();
        }
        self.state = Some(state);
        let progress = match state {
            ConnectionState::Connecting => {
                self.stopped = None;
                self.rejection.clear();
                Progress::None
            }
            ConnectionState::Offline { .. } | ConnectionState::Stopped => Progress::None,
            ConnectionState::CatchingUp => Progress::Welcomed,
            ConnectionState::Live => Progress::Live,
        };
        self.progress = self.progress.max(progress);
        if self.is_live() {
            self.error.clear();
        }
    }

    pub(crate) fn state(&self) -> Option<ConnectionState> {
        self.state
    }

    pub(crate) fn is_live(&self) -> bool {
        self.state == Some(ConnectionState::Live)
    }

    /// Whether the server answers requests, though not everything missed may be shown yet.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, Some(ConnectionState::CatchingUp | ConnectionState::Live))
    }

    /// Whether it was live at any time.
    pub(crate) fn was_live(&self) -> bool {
        self.progress == Progress::Live
    }

    /// Whether the server has accepted us at any time. An error before that rejects our `hello`,
    /// and [`ConnectionStatus::final_reason`] quotes it.
    pub(crate) fn was_welcomed(&self) -> bool {
        self.progress >= Progress::Welcomed
    }

    /// Whether the person gave a key for the name.
    pub(crate) fn is_key_given(&self) -> bool {
        self.is_key_given
    }

    /// The secret that is missing or wrong, if the client has stopped because of one.
    pub(crate) fn refused_secret(&self) -> Option<SecretKind> {
        match self.stopped.as_ref()?.0 {
            close_code::BAD_PASSWORD => Some(SecretKind::Password),
            close_code::NAME_TAKEN if !self.is_bad_name => Some(SecretKind::Key),
            _ => None,
        }
    }

    /// What to report after a change of the state. Each attempt to connect may fail for the same
    /// reason; it is reported once.
    pub(crate) fn report_once(&mut self) -> Option<ConnectionChange> {
        if self.is_live() {
            let was_reported = !mem::take(&mut self.reported).is_empty();
            return was_reported.then_some(ConnectionChange::Restored);
        }
        let is_offline = matches!(self.state, Some(ConnectionState::Offline { .. }));
        if !is_offline || self.error == self.reported {
            return None;
        }
        self.reported.clone_from(&self.error);
        // A lockout names the time of the next attempt itself.
        let ending = if self.is_locked_out { "" } else { "; reconnecting" };
        Some(ConnectionChange::Lost(format!("{}{ending}", self.error)))
    }

    /// Why the client does not reconnect, once it has stopped, and what to try.
    pub(crate) fn final_reason(&self, me: &UserName, has_password: bool) -> Option<String> {
        let (code, reason) = self.stopped.as_ref()?;
        let quoted = if self.rejection.is_empty() { reason } else { &self.rejection };
        let quoted = if quoted.is_empty() { String::new() } else { format!(": {quoted}") };
        Some(match *code {
            close_code::BAD_PASSWORD if has_password => format!("wrong password {PASSWORD_HINT}"),
            close_code::BAD_PASSWORD => format!("the server needs a password {PASSWORD_HINT}"),
            close_code::NAME_TAKEN if self.is_bad_name => {
                format!("the server refused the name {me}{quoted} (try another with --user)")
            }
            close_code::NAME_TAKEN if self.is_key_given => format!(
                "wrong key for {me}: the name is in use, and this is not its key (it is in {KEY_PLACES}; \
                 or try another name with --user)"
            ),
            close_code::NAME_TAKEN => format!(
                "the name {me} is in use (try another with --user; if it is yours, give its key with \
                 --key-file FILE: it is in {KEY_PLACES})"
            ),
            close_code::KICKED => format!("you were removed from this server{quoted}"),
            _ => format!("the server refused the connection ({code}){quoted}"),
        })
    }

    /// How long to wait for a connection yet, of `timeout`; `None` while it is live. The time counts only
    /// while the server sends nothing.
    pub(crate) fn time_left(&self, timeout: Duration) -> Option<Duration> {
        (!self.is_live()).then(|| timeout.saturating_sub(self.silent_since.elapsed()))
    }

    /// That there was no connection for all of `timeout`, and why.
    pub(crate) fn out_of_time(&self, timeout: Duration) -> String {
        let no_answer = "the server does not answer";
        let why = if self.error.is_empty() { no_answer } else { &self.error };
        format!("no connection for {} s: {why}", timeout.as_secs_f32())
    }
}

/// Whether the server has sent something that led to this event.
fn is_from_server(event: &Event) -> bool {
    match event {
        Event::State(ConnectionState::CatchingUp | ConnectionState::Live)
        | Event::Record(_)
        | Event::Stored { .. }
        | Event::Message(_) => true,
        Event::State(
            ConnectionState::Offline { .. } | ConnectionState::Connecting | ConnectionState::Stopped,
        )
        | Event::ConnectionLost(_)
        | Event::Stopped { .. }
        | Event::Reset(_)
        | Event::Gap { .. }
        | Event::Pending(_)
        | Event::Failed { .. } // also one of our own making
        | Event::Dropped(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lose(status: &mut ConnectionStatus, error: ConnectionError) -> Option<ConnectionChange> {
        status.apply(&Event::State(ConnectionState::Connecting));
        status.apply(&Event::ConnectionLost(error));
        assert_eq!(status.report_once(), None, "the state follows");
        status.apply(&Event::State(ConnectionState::Offline { retry: Duration::ZERO }));
        status.report_once()
    }

    #[test]
    fn a_lost_connection_is_reported_once_for_each_reason_and_so_is_its_return() {
        let mut status = ConnectionStatus::new();
        let lost = lose(&mut status, ConnectionError::Eof);
        assert_eq!(
            lost,
            Some(ConnectionChange::Lost(format!("{}; reconnecting", ConnectionError::Eof)))
        );
        assert_eq!(lose(&mut status, ConnectionError::Eof), None);
        assert!(lose(&mut status, ConnectionError::WriteStalled).is_some());
        for expected in [Some(ConnectionChange::Restored), None] {
            status.apply(&Event::State(ConnectionState::Live));
            assert_eq!(status.report_once(), expected);
        }
        assert!(lose(&mut status, ConnectionError::WriteStalled).is_some(), "after it was live");
    }

    #[test]
    fn the_answer_to_the_hello_is_the_reason_for_the_end() {
        let mut status = ConnectionStatus::new();
        let me: UserName = "bob".parse().unwrap();
        let error = |message: &str| {
            Event::Message(ServerMessage::Error(ErrorMessage {
                code: ErrorCode::Forbidden,
                message: message.to_owned().into(),
                cid: None,
                room: None,
                peer: None,
                retry_ms: None,
            }))
        };
        status.apply(&error("no"));
        assert_eq!(status.final_reason(&me, false), None);
        let (code, reason) = (close_code::BAD_PASSWORD, "closed".to_owned());
        status.apply(&Event::Stopped { code, reason });
        let reason = status.final_reason(&me, true);
        assert_eq!(reason, Some(format!("wrong password {PASSWORD_HINT}")));
        assert_eq!(status.refused_secret(), Some(SecretKind::Password));
        let reason = status.final_reason(&me, false);
        assert_eq!(reason, Some(format!("the server needs a password {PASSWORD_HINT}")));
        status.apply(&Event::State(ConnectionState::Connecting));
        assert_eq!(status.refused_secret(), None, "another password is tried");
    }

    #[test]
    fn a_hello_that_is_refused_for_now_is_reported_with_the_servers_reason() {
        let mut status = ConnectionStatus::new();
        status.apply(&Event::State(ConnectionState::Connecting));
        status.apply(&Event::Message(ServerMessage::Error(ErrorMessage::new(
            ErrorCode::RateLimited,
            "too many of them",
        ))));
        status.apply(&Event::ConnectionLost(ConnectionError::Eof));
        status.apply(&Event::State(ConnectionState::Offline { retry: Duration::ZERO }));
        let sentence = "the server refused the connection: too many of them; reconnecting";
        assert_eq!(status.report_once(), Some(ConnectionChange::Lost(sentence.to_owned())));
        assert_eq!(
            lose(&mut status, ConnectionError::Eof),
            Some(ConnectionChange::Lost(format!("{}; reconnecting", ConnectionError::Eof)))
        );
    }

    #[test]
    fn a_lockout_is_said_as_such_with_its_time() {
        let mut status = ConnectionStatus::new();
        for seconds in [12, 11] {
            let wait = Duration::from_secs(seconds);
            let lost = lose(&mut status, ConnectionError::LockedOut { wait });
            let sentence =
                format!("too many wrong passwords from this address; try again in {seconds} s");
            assert_eq!(lost, Some(ConnectionChange::Lost(sentence)));
        }
    }
}
