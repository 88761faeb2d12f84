//! What the server counts. `http/metrics_page.rs` prints it.
//!
//! Names and labels are fixed: no text of a user, a room or a request is ever a label.

use crate::chat::ErrorCode;
use crate::chat::protocol::Agent;
use crate::http::Status;
use crate::metrics::{Counter, Family, Histogram};
use crate::time::unix_ms;

/// All counters. They are atomics: no lock.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Unix time in ms at which the server started.
    pub(crate) started: u64,
    /// HTTP responses by status code.
    pub(crate) requests: Family<19>,
    /// Panics that were caught.
    pub(crate) panics: Counter,
    /// Files from which deleted texts were erased.
    pub(crate) erased_files: Counter,
    /// About connections.
    pub(crate) connections: ConnectionMetrics,
    /// About messages and rounds.
    pub(crate) messages: MessageMetrics,
}

/// Counters about connections.
#[derive(Debug)]
pub(crate) struct ConnectionMetrics {
    /// Clients that were welcomed, by agent.
    pub(crate) welcomed: Family<3>,
    /// WebSockets that ended, by close code; `left` is a Close of the peer, `gone` a lost connection.
    pub(crate) disconnects: Family<19>,
    /// Clients disconnected because they were too slow.
    pub(crate) evicted: Counter,
    /// Bytes given to sockets or send queues.
    pub(crate) sent_bytes: Counter,
    /// Bytes of text messages received.
    pub(crate) received_bytes: Counter,
}

/// Counters about messages and rounds.
#[derive(Debug)]
pub(crate) struct MessageMetrics {
    /// Records stored and broadcast.
    pub(crate) stored: Counter,
    /// Records written to a client.
    pub(crate) deliveries: Counter,
    /// Rounds: batches that were stored and broadcast.
    pub(crate) rounds: Counter,
    /// How long an append to a log took, fsync included.
    pub(crate) appends: Histogram,
    /// Repeats of a submission that was accepted before.
    pub(crate) duplicates: Counter,
    /// Joins with a `since`, by result.
    pub(crate) resumes: Family<3>,
    /// Records sent to clients that catch up.
    pub(crate) replayed: Counter,
    /// Messages answered with an error, by its code.
    pub(crate) errors: Family<16>,
    /// Questions after which a client waited, because its network was in debt.
    pub(crate) quota_delays: Counter,
}

/// The result of a join with a `since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// The client got everything it had missed.
    Complete,
    /// The client had records of another log, or of another history of this one, and started over.
    OtherLog,
    /// Retention has removed some of what it had missed.
    BeyondRetention,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            started: unix_ms(),
            requests: Family::new([
                "101", "200", "304", "400", "403", "404", "405", "408", "411", "413", "414", "421",
                "426", "429", "431", "501", "503", "505", "other",
            ]),
            panics: Counter::default(),
            erased_files: Counter::default(),
            connections: ConnectionMetrics {
                welcomed: Family::new(["web", "console", "bot"]),
                disconnects: Family::new([
                    "left", "gone", "1001", "1002", "1003", "1007", "1008", "1009", "1011", "1013",
                    "4400", "4401", "4403", "4408", "4409", "4410", "4413", "4429", "other",
                ]),
                evicted: Counter::default(),
                sent_bytes: Counter::default(),
                received_bytes: Counter::default(),
            },
            messages: MessageMetrics {
                stored: Counter::default(),
                deliveries: Counter::default(),
                rounds: Counter::default(),
                appends: Histogram::default(),
                duplicates: Counter::default(),
                resumes: Family::new(["ok", "fresh", "beyond_retention"]),
                replayed: Counter::default(),
                errors: Family::new(ErrorCode::WORDS),
                quota_delays: Counter::default(),
            },
        }
    }
}

impl Metrics {
    /// Counts an HTTP response.
    pub(crate) fn count_response(&self, status: Status) {
        self.requests.count(&status.code().to_string());
    }
}

impl ConnectionMetrics {
    /// Counts a client that was welcomed.
    pub(crate) fn count_welcome(&self, agent: Agent) {
        self.welcomed.count(agent.as_str());
    }
}

impl MessageMetrics {
    /// Counts a message that is answered with an error.
    pub(crate) fn count_rejection(&self, code: ErrorCode) {
        self.errors.count(code.as_str());
    }

    /// Counts a join with a `since`.
    pub(crate) fn count_resume(&self, resume: Resume) {
        self.resumes.count(match resume {
            Resume::Complete => "ok",
            Resume::OtherLog => "fresh",
            Resume::BeyondRetention => "beyond_retention",
        });
    }
}
