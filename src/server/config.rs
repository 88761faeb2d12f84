//! How a server is run: every choice its operator has.

use std::time::Duration;

use super::tunable_limits::Limits;
use crate::chat::Password;
use crate::handshake::{Policy, Proxies};
use crate::limits;
use crate::log::{LogConfig, SyncPolicy};

/// The choices, with what they mean. `--help` of the server says the same in its words.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which hosts it answers to, and which pages may connect.
    pub policy: Policy,
    /// The proxies in front of it, which say for whom they ask.
    pub proxies: Proxies,
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
    pub log: LogConfig,
    /// How much strangers may ask of it.
    pub limits: Limits,
}

impl Config {
    /// The defaults, for a server bound to this address.
    #[must_use]
    pub fn new(policy: Policy) -> Config {
        Config {
            policy,
            proxies: Proxies::default(),
            motd: None,
            password: None,
            max_clients: 1_000,
            max_per_address: limits::PER_ADDRESS,
            rate: limits::RATE,
            burst: limits::BURST,
            max_text: limits::TEXT,
            hold_names: limits::HOLD_NAMES,
            log: LogConfig {
                sync: SyncPolicy::Always,
                file_bytes: limits::LOG_FILE,
                retain: None,
                retain_records: None,
            },
            limits: Limits::default(),
        }
    }
}
