//! What is found: plain lines, each with what was asked, whether it is so, and the figures.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::args::ROOMS;
use crate::attackers::AttackCounts;
use crate::clients::{Stats, histogram};
use crate::coordinator::{Coordinator, hash, name};
use crate::sampler::Sample;
use crate::server_process::ServerProcess;
use crate::support::figures::{median, mib};

/// The longest latency of one line in a hundred, in ms.
const P99_MS: f64 = 250.0;
/// From the second quarter of a life to its last, in MiB.
const GROWTH_MIB: f64 = 16.0;
/// Of a life, in seconds, from which its quarters mean something.
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

    /// A figure that nothing is demanded of.
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

    /// Looks at everything once it is over.
    pub(crate) fn conclude(
        &mut self,
        coordinator: &Coordinator,
        server: &ServerProcess,
        stats: Vec<Stats>,
        counts: &AttackCounts,
        samples: &[Sample],
    ) {
        let (is_sound, words) = server.verify();
        self.must("server verify", is_sound, &words);
        let panics = server.panics();
        self.must("no panic in its log", panics.is_empty(), &panics.join("; "));
        self.judge_latency(&stats);
        self.judge_talk(coordinator, server, stats);
        self.judge_memory(samples);
        let (count, told) = coordinator.breaches();
        self.must("nothing was broken on the way", count == 0, &format!("{count} breaches"));
        told.iter().for_each(|breach| self.note(breach));
        let total: u64 = counts.values().sum();
        let each: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        self.note(&format!("{total} misdeeds: {}", each.join(", ")));
        self.note(&format!("{:.1} MiB are kept", mib(server.kept())));
    }

    fn judge_latency(&mut self, stats: &[Stats]) {
        let mut all = histogram();
        stats.iter().for_each(|stats| all.add(&stats.latencies).unwrap());
        let at = |part| all.value_at_quantile(part) as f64 / 1e3;
        let (half, p99, most) = (at(0.5), at(0.99), at(1.0));
        let figures = format!(
            "median {half:.1} ms, p99 {p99:.1}, p99.9 {:.1}, most {most:.1}, of {} deliveries",
            at(0.999),
            all.len()
        );
        let what = format!("lines of those who behave: p99 at most {P99_MS} ms");
        self.must(&what, !all.is_empty() && p99 <= P99_MS, &figures);
    }

    /// Compares the log with what was seen and acknowledged.
    fn judge_talk(&mut self, coordinator: &Coordinator, server: &ServerProcess, stats: Vec<Stats>) {
        let total = |of: fn(&Stats) -> u64| stats.iter().map(of).sum::<u64>();
        let figures = format!(
            "{} lines said, {} sent again, {} refused for a while; {} records seen in {} sittings, {} of which \
             ended by walking away",
            total(|stats| stats.said),
            total(|stats| stats.resent),
            total(|stats| stats.refused),
            total(|stats| stats.seen),
            total(|stats| stats.arrivals),
            total(|stats| stats.walks),
        );
        self.note(&figures);
        let said = total(|stats| stats.said);
        let mut stored: [HashSet<String>; ROOMS] = Default::default();
        let acknowledged: usize = stats.iter().map(|stats| stats.stored.len()).sum();
        for stats in stats {
            stored[stats.room].extend(stats.stored);
        }
        let (mut records, mut theirs, mut faults) = (0, 0, Vec::new());
        for (room, acknowledged) in stored.iter().enumerate() {
            let log = server.export(&name(room));
            records += log.len();
            let order = coordinator.order(room);
            let is_other = |(record, seen): (&String, &u64)| hash(record) != *seen;
            match log.iter().zip(&order).position(is_other) {
                Some(at) => faults.push(format!("{}, {}: another was seen", name(room), at + 1)),
                None if log.len() == order.len() => {}
                None => {
                    let (stored, seen) = (log.len(), order.len());
                    faults.push(format!("{}: {stored} are stored, {seen} were seen", name(room)));
                }
            }
            let mut times: HashMap<String, u32> = HashMap::new();
            for record in &log {
                let record: Value = serde_json::from_str(record).unwrap();
                let cid = record["cid"].as_str().unwrap();
                if cid.starts_with("good-") {
                    *times.entry(cid.into()).or_default() += 1;
                }
            }
            theirs += times.len();
            let twice = times.values().filter(|count| **count > 1).count();
            let lost = acknowledged.iter().filter(|cid| !times.contains_key(*cid)).count();
            if twice + lost > 0 {
                faults.push(format!("{}: {twice} lines stored twice, {lost} lost", name(room)));
            }
        }
        let figures = format!("{records} records in {ROOMS} rooms {}", faults.join("; "));
        self.must(
            "the logs hold what was seen, each once, in one order",
            faults.is_empty(),
            &figures,
        );
        let is_all = acknowledged as u64 == said && theirs as u64 == said && said > 0;
        let figures = format!("{said} said, {acknowledged} acknowledged, {theirs} in the logs");
        self.must("each line said was acknowledged and is stored", is_all, &figures);
    }

    /// Compares the last quarter of each life with its second.
    fn judge_memory(&mut self, samples: &[Sample]) {
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
                    "life {}, too short to judge: at most {most:.1} MiB",
                    number + 1
                )),
            }
        }
    }
}
