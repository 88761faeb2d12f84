//! How a server is run: every choice its operator has.

use std::time::Duration;

use crate::chat::Password;
use crate::handshake::Policy;
use crate::limits;
use crate::log::{Rules, Sync};

/// The choices, with what they mean. `--help` of the server says the same in its words.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which hosts it answers to, and which pages may connect.
    pub policy: Policy,
    /// What a new client is told in `welcome`.
    pub motd: Option<String>,
    /// What a client must show in `hello`.
    pub password: Option<Password>,
    /// Connections at once.
    pub max_clients: usize,
    /// Connections of one address at once; 0 turns off every limit per address.
    pub max_per_address: usize,
    /// Posts of one client per second; 0 for no limit.
    pub rate: u32,
    /// Posts of one client at once.
    pub burst: u32,
    /// Bytes of a posted text.
    pub max_text: usize,
    /// How long a name that has posted is held after its last use.
    pub hold_names: Duration,
    /// How rooms are kept.
    pub rules: Rules,
    /// Waits that tests shorten.
    pub waits: Waits,
}

/// The waits of one connection. Each is a constant of [`limits`] in life.
#[derive(Debug, Clone)]
pub struct Waits {
    /// See [`limits::HEAD_WAIT`].
    pub head: Duration,
    /// See [`limits::HELLO_WAIT`].
    pub hello: Duration,
    /// See [`limits::MESSAGE_WAIT`].
    pub message: Duration,
    /// See [`limits::PING_EVERY`].
    pub ping: Duration,
    /// See [`limits::PONG_WAIT`].
    pub pong: Duration,
}

impl Default for Waits {
    fn default() -> Waits {
        Waits {
            head: limits::HEAD_WAIT,
            hello: limits::HELLO_WAIT,
            message: limits::MESSAGE_WAIT,
            ping: limits::PING_EVERY,
            pong: limits::PONG_WAIT,
        }
    }
}

impl Config {
    /// The defaults, for a server bound to this address.
    #[must_use]
    pub fn new(policy: Policy) -> Config {
        Config {
            policy,
            motd: None,
            password: None,
            max_clients: 1_000,
            max_per_address: limits::PER_ADDRESS,
            rate: limits::RATE,
            burst: limits::BURST,
            max_text: limits::TEXT,
            hold_names: limits::HOLD_NAMES,
            rules: Rules {
                sync: Sync::Always,
                file_bytes: limits::LOG_FILE,
                retain: None,
                retain_records: None,
            },
            waits: Waits::default(),
        }
    }
}
