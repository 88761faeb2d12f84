//! Quotas: what clients can make grow, or make work for others, is shared fairly.
//!
//! Each such resource has a bound for all, a share for each network of clients, and a way back: what
//! is used least is given back first. A client that reaches its share is refused, and no other is.
//!
//! Depends on `config`, `limits` and `failpoint`; never on rooms, names or clients.

mod network; // what counts as one user
mod rate_quota; // so much in a time
mod share_quota; // so much at once
mod question_quota; // time and bytes of answers

use crate::limits;
use crate::server::config::Config;
pub(crate) use question_quota::QuestionQuota;
pub(crate) use rate_quota::RateQuota;
pub(crate) use share_quota::{Holding, QuotaExceeded, ShareQuota};

/// The quotas of one server. Each has its own lock.
#[derive(Debug)]
pub(crate) struct Quotas {
    /// Bytes of texts that the clients of a network post, edits and topics included.
    pub(crate) posted_bytes: RateQuota,
    /// Joins, pages of history, searches, lists.
    pub(crate) questions: QuestionQuota,
}

impl Quotas {
    /// The quotas that `config` asks for; with a `--max-per-address` of 0, networks have no shares.
    pub(crate) fn new(config: &Config) -> Quotas {
        let has_shares = config.max_per_address > 0;
        let of = |amount: usize| if has_shares { amount as u64 } else { 0 };
        let limits = &config.limits.per_address;
        Quotas {
            posted_bytes: RateQuota::new(of(limits.posted_bytes), limits::POSTED_BYTES_FILL),
            questions: QuestionQuota::new(has_shares, limits.answer_bytes),
        }
    }
}
