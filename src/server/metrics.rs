//! What the server counts, and the page on which it is told (`/metrics`).
//!
//! Room: counters, and a look at the shared state when somebody asks. NameRegistry and labels are fixed: no word of a
//! user, a room or a request is ever among them.

use std::fs;

use super::clients::disconnect::Disconnect;
use super::state::shared::Shared;
use crate::chat::ErrorCode;
use crate::chat::protocol::Agent;
use crate::http::Status;
use crate::metrics::{Counter, Family, Histogram, Page};
use crate::time::unix_ms;
use crate::ws::CloseCode;

/// The counts. A name of a counter here is its name on the page.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Unix time in ms.
    started: u64,
    connections: Family<3>,
    disconnects: Family<19>,
    requests: Family<19>,
    errors: Family<16>,
    pub(crate) messages: Counter,
    pub(crate) deliveries: Counter,
    pub(crate) batches: Counter,
    pub(crate) duplicates: Counter,
    resumes: Family<3>,
    pub(crate) replayed: Counter,
    pub(crate) evicted: Counter,
    pub(crate) sent_bytes: Counter,
    pub(crate) received_bytes: Counter,
    pub(crate) appends: Histogram,
    pub(crate) panics: Counter,
}

/// How a client's coming back went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// It got all that it had missed.
    Whole,
    /// It had another log, and began anew.
    Fresh,
    /// Some of what it had missed is not kept any more.
    BeyondRetention,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            started: unix_ms(),
            connections: Family::new(["web", "console", "bot"]),
            disconnects: Family::new([
                "left", "gone", "1001", "1002", "1003", "1007", "1008", "1009", "1011", "1013",
                "4400", "4401", "4403", "4408", "4409", "4410", "4413", "4429", "other",
            ]),
            requests: Family::new([
                "101", "200", "304", "400", "403", "404", "405", "408", "411", "413", "414", "421",
                "426", "429", "431", "501", "503", "505", "other",
            ]),
            errors: Family::new(ErrorCode::WORDS),
            messages: Counter::default(),
            deliveries: Counter::default(),
            batches: Counter::default(),
            duplicates: Counter::default(),
            resumes: Family::new(["ok", "fresh", "beyond_retention"]),
            replayed: Counter::default(),
            evicted: Counter::default(),
            sent_bytes: Counter::default(),
            received_bytes: Counter::default(),
            appends: Histogram::default(),
            panics: Counter::default(),
        }
    }
}

impl Metrics {
    /// Somebody was welcomed.
    pub(crate) fn welcomed(&self, agent: Agent) {
        self.connections.count(agent.as_str());
    }

    /// A WebSocket has ended; `dismissed` says with which code it was sent away, if it was.
    pub(super) fn ended(&self, ending: &Disconnect, dismissed: Option<CloseCode>) {
        let code = dismissed.or(match ending {
            Disconnect::ByServer(code, _) => Some(*code),
            Disconnect::ByPeer(_) | Disconnect::Lost => None,
        });
        match (code, ending) {
            (Some(code), _) => self.disconnects.count(&code.get().to_string()),
            (None, Disconnect::ByPeer(_)) => self.disconnects.count("left"),
            (None, Disconnect::Lost | Disconnect::ByServer(..)) => self.disconnects.count("gone"),
        }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, status: Status) {
        self.requests.count(&status.code().to_string());
    }

    /// A message was refused.
    pub(crate) fn refused(&self, code: ErrorCode) {
        self.errors.count(code.as_str());
    }

    /// Somebody has come back to a room.
    pub(crate) fn resumed(&self, resume: Resume) {
        self.resumes.count(match resume {
            Resume::Whole => "ok",
            Resume::Fresh => "fresh",
            Resume::BeyondRetention => "beyond_retention",
        });
    }
}

/// The page, as of now.
pub(super) fn page(shared: &Shared) -> String {
    let mut page = Page::default();
    let version = [(env!("CARGO_PKG_VERSION"), 1)];
    page.gauges("talk_build_info", "The version that runs.", "version", version);
    people(shared, &mut page);
    talk(shared, &mut page);
    storage(shared, &mut page);
    process(shared, &mut page);
    page.end()
}

fn people(shared: &Shared, page: &mut Page) {
    let metrics = &shared.metrics;
    let clients = shared.poll.all();
    let of = |agent| clients.iter().filter(|client| client.agent == agent).count();
    let unknown = shared.admission.inside().saturating_sub(clients.len());
    let kinds = [Agent::Web, Agent::Console, Agent::Bot].map(|agent| (agent.as_str(), of(agent)));
    page.gauges(
        "talk_connections",
        "Connections now; those of kind unknown have not said hello.",
        "kind",
        kinds.into_iter().chain([("unknown", unknown)]),
    );
    let most = shared.config.max_clients;
    page.gauge("talk_connections_max", "Connections that there is room for.", most);
    page.family(
        "talk_connections_total",
        "Clients that were welcomed.",
        "kind",
        &metrics.connections,
    );
    page.family(
        "talk_disconnects_total",
        "WebSockets that have ended, by the close code that was sent; or the peer left, or was gone.",
        "reason",
        &metrics.disconnects,
    );
    page.family("talk_http_requests_total", "Requests answered.", "code", &metrics.requests);
    page.gauge("talk_rooms", "Rooms that are open.", shared.all_rooms().len());
    page.gauge("talk_clients_behind", "Clients with bytes waiting.", shared.slow_clients.count());
    let bytes = shared.memory_budget.bytes();
    page.gauge("talk_unfinished_bytes", "Bytes of unfinished messages.", bytes);
}

fn talk(shared: &Shared, page: &mut Page) {
    let metrics = &shared.metrics;
    for (name, help, counter) in [
        ("talk_messages_total", "Records stored and shown.", &metrics.messages),
        ("talk_deliveries_total", "Records written to a client's socket.", &metrics.deliveries),
        ("talk_batches_total", "Rounds that carried something.", &metrics.batches),
        (
            "talk_duplicates_suppressed_total",
            "Repeats of what was said already.",
            &metrics.duplicates,
        ),
        ("talk_replayed_messages_total", "Records sent to those who joined.", &metrics.replayed),
        (
            "talk_slow_clients_evicted_total",
            "Clients dropped for being too far behind.",
            &metrics.evicted,
        ),
        ("talk_sent_bytes_total", "Bytes given to sockets or backlogs.", &metrics.sent_bytes),
        ("talk_received_bytes_total", "Bytes of messages heard.", &metrics.received_bytes),
    ] {
        page.counter(name, help, counter.get());
    }
    page.family(
        "talk_resumes_total",
        "Joins with a since: all was there, another log was, or some is not kept any more.",
        "result",
        &metrics.resumes,
    );
    page.family("talk_refused_total", "Messages answered with an error.", "code", &metrics.errors);
}

fn storage(shared: &Shared, page: &mut Page) {
    let (appends, log) = (&shared.metrics.appends, shared.meters());
    page.histogram("talk_log_append_seconds", "Storing a batch, its sync included.", appends);
    page.histogram("talk_log_sync_seconds", "Forcing a log to the disk.", &log.syncs);
    page.counter("talk_log_written_bytes_total", "Bytes written to logs.", log.written.get());
    let is_well = usize::from(shared.write_error().is_none());
    page.gauge("talk_log_writable", "Whether everything can be stored now.", is_well);
}

fn process(shared: &Shared, page: &mut Page) {
    let lost = shared.logger.dropped();
    page.counter("talk_log_lines_dropped_total", "Lines for the operator that were lost.", lost);
    let panics = shared.metrics.panics.get();
    page.counter("talk_panics_total", "Panics of threads; each one is a defect.", panics);
    let started = shared.metrics.started / 1_000;
    page.gauge("process_start_time_seconds", "Unix time at which the server began.", started);
    let count = |path| fs::read_dir(path).map_or(0, Iterator::count);
    page.gauge("process_open_fds", "Descriptors.", count("/proc/self/fd"));
    page.gauge("process_threads", "Threads.", count("/proc/self/task"));
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let bytes = kib.unwrap_or(0) * 1024;
    page.gauge("process_resident_memory_bytes", "Resident memory.", bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::clients::disconnect;

    #[test]
    fn every_code_that_is_sent_has_a_place_of_its_own() {
        let metrics = Metrics::default();
        let sent = [
            disconnect::BAD_HELLO,
            disconnect::BAD_PASSWORD,
            disconnect::NO_PONG,
            disconnect::NAME_TAKEN,
            disconnect::TOO_FAR_BEHIND,
            disconnect::FLOODING,
            CloseCode::GOING_AWAY,
            CloseCode::PROTOCOL_ERROR,
            CloseCode::UNSUPPORTED,
            CloseCode::INVALID_DATA,
            CloseCode::POLICY,
            CloseCode::TOO_BIG,
            CloseCode::INTERNAL,
            CloseCode::TRY_AGAIN,
        ];
        for code in sent {
            metrics.ended(&Disconnect::by_server(code, ""), None);
        }
        metrics.ended(&Disconnect::Lost, Some(disconnect::NO_PONG));
        metrics.ended(&Disconnect::Lost, None);
        let counted: Vec<_> = metrics.disconnects.each().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted.len(), sent.len() + 1);
        assert!(counted.contains(&("4408", 2)) && counted.contains(&("gone", 1)), "{counted:?}");
        assert!(counted.iter().all(|(word, _)| *word != "other"));
    }
}
