//! The page `/metrics`, in Prometheus' text format.

use std::fs;

use crate::chat::protocol::Agent;
use crate::metrics::PrometheusText;
use crate::server::state::shared::Shared;

/// The page at this moment.
pub(super) fn render(shared: &Shared) -> String {
    let mut page = PrometheusText::default();
    let version = [(env!("CARGO_PKG_VERSION"), 1)];
    page.gauges("talk_build_info", "The version of the server.", "version", version);
    push_connections(shared, &mut page);
    push_messages(shared, &mut page);
    push_storage(shared, &mut page);
    push_process(shared, &mut page);
    push_quotas(shared, &mut page);
    page.end()
}

fn push_connections(shared: &Shared, page: &mut PrometheusText) {
    let metrics = &shared.metrics.connections;
    let clients = shared.delivery.poll.all();
    let of = |agent| clients.iter().filter(|client| client.agent == agent).count();
    let unknown = shared.admission.open_connections().saturating_sub(clients.len());
    let kinds = [Agent::Web, Agent::Console, Agent::Bot].map(|agent| (agent.as_str(), of(agent)));
    page.gauges(
        "talk_connections",
        "Open connections; those of kind unknown have not said hello.",
        "kind",
        kinds.into_iter().chain([("unknown", unknown)]),
    );
    let max = shared.config.max_clients;
    page.gauge("talk_connections_max", "Connections the server accepts at once.", max);
    page.family("talk_connections_total", "Clients that were welcomed.", "kind", &metrics.welcomed);
    page.family(
        "talk_disconnects_total",
        "WebSockets that ended, by the close code that was sent; left: the peer closed; gone: the \
         connection was lost.",
        "reason",
        &metrics.disconnects,
    );
    page.family("talk_http_requests_total", "HTTP responses.", "code", &shared.metrics.requests);
    page.gauge("talk_rooms", "Open rooms.", shared.rooms.all().len());
    let slow = shared.delivery.slow_clients.count();
    page.gauge("talk_clients_behind", "Clients with bytes waiting to be sent.", slow);
    let bytes = shared.admission.memory_budget.bytes();
    page.gauge("talk_unfinished_bytes", "Bytes of partial messages in memory.", bytes);
}

fn push_quotas(shared: &Shared, page: &mut PrometheusText) {
    let (limits, [public, private]) = (&shared.config.limits, shared.rooms.count());
    let rooms = [("public", public), ("private", private)];
    let max = [("public", limits.rooms.public), ("private", limits.rooms.private)];
    page.gauges("talk_rooms_held", "Open rooms, by kind.", "kind", rooms);
    page.gauges("talk_rooms_max", "Rooms there may be; lobby is not counted.", "kind", max);
    page.gauge("talk_names_held", "Names held now.", shared.names.count());
    page.gauge("talk_names_max", "Names that may be held.", limits.rooms.names);
    let refused = [
        ("rooms", &shared.quotas.rooms),
        ("private_rooms", &shared.quotas.private_rooms),
        ("names", &shared.quotas.names),
    ];
    page.counters(
        "talk_quota_refusals_total",
        "Rooms and names that were not created, because a share or a bound was reached.",
        "resource",
        refused.map(|(resource, quota)| (resource, quota.refused.get())),
    );
}

fn push_messages(shared: &Shared, page: &mut PrometheusText) {
    let (messages, connections) = (&shared.metrics.messages, &shared.metrics.connections);
    for (name, help, counter) in [
        ("talk_messages_total", "Records stored and broadcast.", &messages.stored),
        ("talk_deliveries_total", "Records written to a client.", &messages.deliveries),
        ("talk_batches_total", "Batches stored and broadcast.", &messages.rounds),
        (
            "talk_duplicates_suppressed_total",
            "Repeats of a message that was accepted before.",
            &messages.duplicates,
        ),
        (
            "talk_quota_delays_total",
            "Questions after which a client waited, because its address was over its share.",
            &messages.quota_delays,
        ),
        (
            "talk_replayed_messages_total",
            "Records sent to clients that catch up.",
            &messages.replayed,
        ),
        (
            "talk_slow_clients_evicted_total",
            "Clients disconnected because they were too slow.",
            &connections.evicted,
        ),
        (
            "talk_sent_bytes_total",
            "Bytes given to sockets or send queues.",
            &connections.sent_bytes,
        ),
        ("talk_received_bytes_total", "Bytes of messages received.", &connections.received_bytes),
    ] {
        page.counter(name, help, counter.get());
    }
    page.family(
        "talk_resumes_total",
        "Joins with a since; ok: nothing was missing, fresh: another log or history, \
         beyond_retention: some records are deleted.",
        "result",
        &messages.resumes,
    );
    page.family("talk_refused_total", "Messages answered with an error.", "code", &messages.errors);
}

fn push_storage(shared: &Shared, page: &mut PrometheusText) {
    let (appends, log) = (&shared.metrics.messages.appends, shared.rooms.log_metrics());
    page.histogram("talk_log_append_seconds", "Time to store a batch, fsync included.", appends);
    page.histogram("talk_log_sync_seconds", "Time of an fsync of a log.", &log.syncs);
    page.counter("talk_log_written_bytes_total", "Bytes written to logs.", log.written.get());
    let rooms = &shared.rooms.context;
    page.gauge("talk_room_memory_bytes", "Bytes of logs and cids in memory.", rooms.memory.get());
    page.gauge(
        "talk_logs_unchecked",
        "Logs that were not loaded and verified since the start.",
        rooms.unopened.get(),
    );
    page.counter(
        "talk_log_erased_files_total",
        "Files that were written again without deleted texts.",
        shared.metrics.erased_files.get(),
    );
    let space = shared.rooms.disk_space.figures();
    page.gauge("talk_data_bytes", "Bytes of the data directory.", space.used);
    if let Some(max) = space.max {
        page.gauge("talk_data_bytes_max", "From which on posts are refused (--max-data).", max);
    }
    if let Some(free) = space.free {
        page.gauge("talk_disk_free_bytes", "Free bytes of the disk of the data directory.", free);
        let help = "Below which posts are refused (--min-free).";
        page.gauge("talk_disk_free_bytes_min", help, space.reserve);
    }
    if let Some(age) = shared.rooms.disk_space.age() {
        let help = "Time since df has told the free bytes; after a minute they do not count.";
        page.gauge("talk_disk_free_age_seconds", help, age.as_secs());
    }
    let is_full = shared.rooms.disk_space.is_full();
    let is_writable = usize::from(shared.write_error().is_none() && !is_full);
    page.gauge("talk_log_writable", "1 if everything can be stored now, else 0.", is_writable);
}

fn push_process(shared: &Shared, page: &mut PrometheusText) {
    let dropped = shared.logger.dropped();
    page.counter(
        "talk_log_lines_dropped_total",
        "Log lines for the operator that were dropped.",
        dropped,
    );
    let panics = shared.metrics.panics.get();
    page.counter("talk_panics_total", "Panics that were caught; each one is a bug.", panics);
    let started = shared.metrics.started / 1_000;
    page.gauge("process_start_time_seconds", "Unix time at which the server started.", started);
    let count = |path| fs::read_dir(path).map_or(0, Iterator::count);
    page.gauge("process_open_fds", "Open file descriptors.", count("/proc/self/fd"));
    page.gauge("process_threads", "Threads.", count("/proc/self/task"));
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let bytes = kib.unwrap_or(0) * 1024;
    page.gauge("process_resident_memory_bytes", "Resident memory.", bytes);
}
