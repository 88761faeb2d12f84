//! The connection as the view shows it: its status, the next attempt, the server's welcome.

use std::time::Duration;

use talk::chat::Token;
use talk::chat::protocol::Welcome;

use crate::connection_status::ConnectionStatus;

/// What is known about the connection and the server.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) status: ConnectionStatus,
    /// The next attempt to connect, in Unix milliseconds.
    retry_at: u64,
    /// What the server said about itself, once it did.
    welcome: Option<Welcome>,
}

/// The longest text in bytes, until the server says what it accepts.
const TEXT_MAX: usize = talk::limits::TEXT;

impl Connection {
    pub(super) fn new() -> Connection {
        Connection { status: ConnectionStatus::new(), retry_at: 0, welcome: None }
    }

    pub(crate) fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// Notes with which key we are connected now. False if it is another one: then we are another person.
    pub(super) fn set_key(&mut self, key: &Token) -> bool {
        let Some(welcome) = &mut self.welcome else { return true };
        let is_same = welcome.token == *key;
        welcome.token = key.clone();
        is_same
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

    /// Notes that the client connects again after `wait`; `now` is in Unix milliseconds.
    pub(super) fn set_retry(&mut self, wait: Duration, now: u64) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.retry_at = now.saturating_add(wait);
    }

    /// The seconds until the next attempt, rounded up.
    pub(super) fn seconds_to_retry(&self, now: u64) -> u64 {
        self.retry_at.saturating_sub(now).div_ceil(1000)
    }
}
