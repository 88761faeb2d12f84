//! The connection as the view knows it: its state, the reason of its loss, the server's welcome.

use talk::chat::protocol::Welcome;
use talk::client::State;

/// What is known about the connection and the server.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    state: Option<State>,
    /// The next attempt, in Unix milliseconds.
    retry_at: u64,
    error: String,
    reported_error: String,
    welcome: Option<Welcome>,
}

/// Bytes of a text, until the server says what it accepts.
const TEXT_MAX: usize = talk::limits::TEXT;

impl Connection {
    pub(crate) fn state(&self) -> Option<State> {
        self.state
    }

    pub(crate) fn is_live(&self) -> bool {
        self.state == Some(State::Live)
    }

    /// Whether the server can be asked for history.
    pub(super) fn can_load(&self) -> bool {
        matches!(self.state, Some(State::Live | State::CatchingUp))
    }

    /// What the server said about itself, once it did.
    pub(crate) fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// Takes the server's welcome; true the first time.
    pub(super) fn set_welcome(&mut self, welcome: Welcome) -> bool {
        self.welcome.replace(welcome).is_none()
    }

    /// The longest text that the server accepts, in bytes.
    pub(crate) fn text_max(&self) -> usize {
        let limit = self.welcome.as_ref().map(|welcome| usize::try_from(welcome.limits.text));
        limit.map_or(TEXT_MAX, |limit| limit.unwrap_or(TEXT_MAX))
    }

    /// Why there is no connection, as far as known.
    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    pub(super) fn set_error(&mut self, error: String) {
        self.error = error;
    }

    pub(super) fn retry_at(&self) -> u64 {
        self.retry_at
    }

    /// Takes a new state at a time in Unix milliseconds.
    pub(super) fn set_state(&mut self, state: State, now: u64) -> Report {
        self.state = Some(state);
        match state {
            State::Offline { retry } => {
                let wait = u64::try_from(retry.as_millis()).unwrap_or(u64::MAX);
                self.retry_at = now.saturating_add(wait);
                // Each attempt may fail for the same reason, which is reported once.
                if self.error.is_empty() || self.error == self.reported_error {
                    return Report::Nothing;
                }
                self.reported_error.clone_from(&self.error);
                Report::Lost(format!("{}; trying again", self.error))
            }
            State::Connecting | State::CatchingUp => Report::Nothing,
            State::Live => {
                self.error.clear();
                let was_reported = !std::mem::take(&mut self.reported_error).is_empty();
                if was_reported { Report::Back } else { Report::Nothing }
            }
        }
    }
}

/// What to tell the person about a new state.
#[derive(Debug)]
pub(super) enum Report {
    Nothing,
    Lost(String),
    Back,
}
