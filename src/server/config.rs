//! The configuration of a server: every choice of its operator.

use std::time::Duration;

use super::tunable_limits::Limits;
use crate::chat::Password;
use crate::handshake::{Policy, Proxies};
use crate::limits;
use crate::log::{LogConfig, SyncPolicy};

/// The configuration. `server --help` explains the same choices.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host names it answers to, and the web origins that may connect.
    pub policy: Policy,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub proxies: Proxies,
    /// The message of the day, sent in `welcome`.
    pub motd: Option<String>,
    /// The password that `hello` must have.
    pub password: Option<Password>,
    /// Connections at once.
    pub max_clients: usize,
    /// Connections of one address at once; 0 turns off every limit per address.
    pub max_per_address: usize,
    /// Limits of posts.
    pub posts: PostLimits,
    /// How long a name that has posted is reserved after its last use.
    pub hold_names: Duration,
    /// How logs are stored: fsync, file size, retention.
    pub log: LogConfig,
    /// Limits on what clients may use.
    pub limits: Limits,
}

/// Limits of the posts of one client.
#[derive(Debug, Clone, Copy)]
pub struct PostLimits {
    /// Posts per second; 0 for no limit.
    pub rate: u32,
    /// Posts at once, before the rate applies.
    pub burst: u32,
    /// Bytes of one post.
    pub max_text: usize,
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
            posts: PostLimits { rate: limits::RATE, burst: limits::BURST, max_text: limits::TEXT },
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
