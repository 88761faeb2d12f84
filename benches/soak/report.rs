//! The report: plain lines, each with a condition, whether it holds, and the figures.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::args::{MAX_DATA, ROOMS};
use crate::attackers::AttackCounts;
use crate::clients::{Stats, histogram};
use crate::common::checker::{Outcome, RoomHistory, Submission, check};
use crate::common::restarting_server::RestartingServer;
use crate::run::{Run, hash, room_name};
use crate::sampler::Sample;
use crate::support::statistics::{median, mib};

/// The most that the 99th percentile of latency may be, in ms.
const P99_MS: f64 = 250.0;
/// The most that RSS may grow from the second quarter of a life to its last, in MiB.
const GROWTH_MIB: f64 = 16.0;
/// The shortest life, in seconds, whose quarters are compared.
const LONG: f64 = 60.0;

#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<String>,
    has_failed: bool,
}

impl Report {
    pub(crate) fn must(&mut self, what: &str, is_so: bool, figures: &str) {
        let word = if is_so { "ok    " } else { "FAILED" };
        let colon = if figures.is_empty() { "" } else { ": " };
        self.lines.push(format!("{word} {what}{colon}{figures}"));
        self.has_failed |= !is_so;
    }

    /// A figure without a condition.
    fn note(&mut self, what: &str) {
        self.lines.push(format!("       {what}"));
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub(crate) fn print(&self) {
        self.lines.iter().for_each(|line| println!("{line}"));
        println!("{}", if self.has_failed { "soak: FAILED" } else { "soak: passed" });
    }

    /// Checks everything once the run is over.
    pub(crate) fn conclude(
        &mut self,
        run: &Run,
        server: &RestartingServer,
        clients: Vec<Stats>,
        counts: &AttackCounts,
        samples: &[Sample],
    ) {
        let (is_sound, output) = server.verify();
        let last = output.lines().last().unwrap_or_default();
        self.must("server verify", is_sound, if is_sound { last } else { &output });
        let panics = server.panics();
        self.must("no panic in its log", panics.is_empty(), &panics.join("; "));
        self.check_latency(&clients);
        self.check_rooms(run, server, clients);
        self.check_memory(samples);
        let (count, first) = run.coordinator.violations();
        self.must("no violation during the run", count == 0, &format!("{count} violations"));
        first.iter().for_each(|violation| self.note(violation));
        let total: u64 = counts.values().sum();
        let each: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        self.note(&format!("{total} attacks: {}", each.join(", ")));
        let bytes = disk_usage(&server.data());
        let figures = format!("{:.1} MiB of {:.0}", mib(bytes), mib(MAX_DATA));
        self.must("the data directory stays within --max-data", bytes <= MAX_DATA, &figures);
    }

    fn check_latency(&mut self, clients: &[Stats]) {
        let mut all = histogram();
        clients.iter().for_each(|client| all.add(&client.latencies).unwrap());
        let at = |part| all.value_at_quantile(part) as f64 / 1e3;
        let (half, p99, most) = (at(0.5), at(0.99), at(1.0));
        let figures = format!(
            "median {half:.1} ms, p99 {p99:.1}, p99.9 {:.1}, most {most:.1}, of {} deliveries",
            at(0.999),
            all.len()
        );
        let what = format!("messages of clients: p99 at most {P99_MS} ms");
        self.must(&what, !all.is_empty() && p99 <= P99_MS, &figures);
    }

    /// Compares the logs with what was sent, acknowledged and seen.
    fn check_rooms(&mut self, run: &Run, server: &RestartingServer, clients: Vec<Stats>) {
        let total = |of: fn(&Stats) -> u64| clients.iter().map(of).sum::<u64>();
        let sent = total(|client| client.submissions.len() as u64);
        self.note(&format!(
            "{sent} messages sent, {} sent again, {} refused for a while; {} records seen on {} connections, \
             {} of which the client ended",
            total(|client| client.resent),
            total(|client| client.refused),
            total(|client| client.seen),
            total(|client| client.connections),
            total(|client| client.disconnects),
        ));
        let users: BTreeSet<String> =
            (0..clients.len()).map(|number| format!("client{number}")).collect();
        let mut rooms = [(); ROOMS]
            .map(|()| RoomHistory { users: Some(users.clone()), ..RoomHistory::default() });
        for client in clients {
            rooms[client.room].submissions.extend(client.submissions);
        }
        let (mut records, mut acknowledged, mut faults) = (0, 0, Vec::new());
        for (number, room) in rooms.iter_mut().enumerate() {
            let name = room_name(number);
            room.log = server.export(&name).unwrap_or_default();
            records += room.log.len();
            let is_stored = |sent: &&Submission| matches!(sent.outcome, Outcome::Stored(_));
            acknowledged += room.submissions.iter().filter(is_stored).count() as u64;
            let order = run.order(number);
            let is_other = |(record, seen): (&String, &u64)| hash(record) != *seen;
            match room.log.iter().zip(&order).position(is_other) {
                Some(at) => faults.push(format!("{name}, {}: another was seen", at + 1)),
                None if room.log.len() == order.len() => {}
                None => {
                    let (stored, seen) = (room.log.len(), order.len());
                    faults.push(format!("{name}: {stored} are stored, {seen} were seen"));
                }
            }
            faults.extend(check(room).iter().map(|violation| format!("{name}: {violation}")));
        }
        let figures = format!("{records} records in {ROOMS} rooms {}", faults.join("; "));
        self.must(
            "the logs hold what was seen, each once, in one order",
            faults.is_empty(),
            &figures,
        );
        let figures = format!("{sent} sent, {acknowledged} acknowledged");
        self.must("each message was acknowledged", acknowledged == sent && sent > 0, &figures);
    }

    /// Compares the last quarter of each life with its second.
    fn check_memory(&mut self, samples: &[Sample]) {
        for (number, life) in samples.chunk_by(|one, next| one.pid == next.pid).enumerate() {
            let (first, last) = (life[0].at, life[life.len() - 1].at);
            let part = |from: f64, to: f64| {
                let at = |share: f64| first + (last - first) * share;
                let within = life.iter().filter(|it| (at(from)..=at(to)).contains(&it.at));
                let mut found: Vec<f64> = within.map(|it| it.rss_kib as f64 / 1024.0).collect();
                if found.is_empty() { f64::NAN } else { median(&mut found) }
            };
            let (second, fourth) = (part(0.25, 0.5), part(0.75, 1.0));
            let growth = fourth - second;
            let slope = growth / ((last - first) / 60.0 / 2.0);
            let most = life.iter().map(|it| it.rss_kib).max().unwrap_or(0) as f64 / 1024.0;
            let figures = format!(
                "{second:.1} MiB in the second quarter, {fourth:.1} in the last: {growth:+.1}, {slope:+.2} a \
                 minute; at most {most:.1}"
            );
            match last - first {
                LONG.. => {
                    let what =
                        format!("life {}: RSS grows by at most {GROWTH_MIB} MiB", number + 1);
                    self.must(&what, growth <= GROWTH_MIB, &figures);
                }
                _ => self.note(&format!(
                    "life {}, too short to compare: at most {most:.1} MiB",
                    number + 1
                )),
            }
        }
    }
}

/// How many bytes the files of a folder have.
fn disk_usage(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let bytes = |entry: fs::DirEntry| match entry.metadata().unwrap() {
        found if found.is_dir() => disk_usage(&entry.path()),
        found => found.len(),
    };
    entries.map(bytes).sum()
}
