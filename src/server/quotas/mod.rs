//! Quotas: what clients can make grow, or make work for others, is shared fairly.
//!
//! Each such resource has a bound for all, a share for each network of clients, and a way back: what
//! is used least is given back first. A client that reaches its share is refused, and no other is.
//!
//! Depends on `config`, `limits` and `failpoint`; never on rooms, names or clients.

mod network; // what counts as one user
mod rate_quota; // so much in a time
mod share_quota; // so much at once

use crate::limits;
use crate::server::config::Config;
pub(crate) use rate_quota::RateQuota;

/// The quotas of one server. Each has its own lock.
#[derive(Debug)]
pub(crate) struct Quotas {
    /// Bytes of texts that the clients of a network post, edits and topics included.
    pub(crate) posted_bytes: RateQuota,
}

impl Quotas {
    /// The quotas that `config` asks for; with a `--max-per-address` of 0, networks have none.
    pub(crate) fn new(config: &Config) -> Quotas {
        let of = |amount: usize| if config.max_per_address == 0 { 0 } else { amount as u64 };
        let limits = &config.limits.per_address;
        Quotas { posted_bytes: RateQuota::new(of(limits.posted_bytes), limits::POSTED_BYTES_FILL) }
    }
}
