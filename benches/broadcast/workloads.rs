//! The workloads: which load on which servers, and the targets for the figures.

use crate::growth;
use crate::idle;
use crate::load::{Load, Pace};
use crate::ping_pong;
use crate::plan::{Plan, TEXT};
use crate::support::plot::{Axis, HEIGHT, Line, Plot};
use crate::support::statistics::median;
use crate::table::{Figures, Table, ratio};
use crate::targets::Target;

pub(crate) type Workload = fn(&Plan, &mut Table);

pub(crate) const ALL: [(&str, Workload); 8] = [
    ("1", many_listeners),
    ("2", as_fast_as_it_goes),
    ("3", many_messages),
    ("4", two_people),
    ("5", some_never_read),
    ("6", long_texts),
    ("7", idle::measure),
    ("8", growth::measure),
];

/// Runs the load on each available server in turn, `plan.rounds` times.
fn compare<const N: usize>(
    plan: &Plan,
    table: &mut Table,
    title: &str,
    load: Load,
    targets: [Target; N],
) -> [Figures; N] {
    table.title(title);
    let mut all = [(); N].map(|()| Figures::default());
    let available = || targets.into_iter().enumerate().filter(|(_, target)| target.is_available());
    for _ in 0..plan.rounds {
        available().for_each(|(n, target)| all[n].add(&load.run(target, plan.span)));
    }
    available().for_each(|(n, target)| table.row(target.name(), &all[n]));
    all
}

fn many_listeners(plan: &Plan, table: &mut Table) {
    let (clients, pace) = (1_000, Pace::Open(100));
    let load = Load { clients, senders: 10, non_readers: 0, pace, rooms: 1, text: TEXT };
    let title = "1: 1,000 clients, 100 messages/s";
    let targets = [Target::Talk, Target::Bare, Target::Uws, Target::Tokio];
    let [talk, bare, uws, _] = compare(plan, table, title, load, targets);
    table.at_most("1: CPU of a delivery, to bare", ratio(&talk.cost, &bare.cost), 1.1);
    if Target::Uws.is_available() {
        let what = "1: CPU of a delivery, to uWebSockets";
        table.at_most(what, ratio(&talk.cost, &uws.cost), 1.0);
    }
}

fn as_fast_as_it_goes(plan: &Plan, table: &mut Table) {
    for (clients, senders, in_flight) in [(200, 20, 8), (1_000, 50, 4)] {
        let pace = Pace::Closed(in_flight);
        let load = Load { clients, senders, non_readers: 0, pace, rooms: 1, text: TEXT };
        let title = format!("2: {clients} clients, {senders} senders, {in_flight} in flight each");
        let targets = [Target::Talk, Target::Bare, Target::Batch, Target::Uws, Target::Tokio];
        let [talk, _, batch, uws, tokio] = compare(plan, table, &title, load, targets);
        let what = |other| format!("2: {clients} clients: deliveries/s, to {other}");
        table.at_least(&what("bare-batch"), ratio(&talk.rate, &batch.rate), 0.7);
        if Target::Uws.is_available() {
            table.at_least(&what("uWebSockets"), ratio(&talk.rate, &uws.rate), 8.0);
        }
        table.at_least(&what("tokio-tungstenite"), ratio(&talk.rate, &tokio.rate), 2.0);
    }
}

fn many_messages(plan: &Plan, table: &mut Table) {
    let (clients, pace) = (200, Pace::Open(5_000));
    let load = Load { clients, senders: 50, non_readers: 0, pace, rooms: 1, text: TEXT };
    let title = "3: 200 clients, 5,000 messages/s";
    let targets = [Target::Talk, Target::Bare, Target::Batch, Target::Uws, Target::Tokio];
    let all = compare(plan, table, title, load, targets);
    table.plot("latency.svg", latencies(&all, targets, 5_000.0 * clients as f64));
    let [mut talk, ..] = all;
    table.at_most("3: CPU of a delivery, us", median(&mut talk.cost), 0.5);
    table.at_most("3: p99, ms", median(&mut talk.p99), 10.0);
}

/// A curve for each server; the name of one that cannot keep up has the share that it delivers.
fn latencies<const N: usize>(all: &[Figures; N], targets: [Target; N], wanted: f64) -> Plot {
    let y = |latency: u64| latency.max(1) as f64 / 1e3;
    let mut lines = Vec::new();
    for (colour, (figures, target)) in all.iter().zip(targets).enumerate() {
        let Some(latencies) = &figures.latencies else { continue };
        let kept = median(&mut figures.rate.clone()) / wanted;
        let name = match kept {
            0.95.. => String::from(target.name()),
            _ => format!("{} (keeps {:.0} %)", target.name(), kept * 100.0),
        };
        let steps = (0..=100).map(|n| 2.0 * 5_000_f64.powf(f64::from(n) / 100.0));
        let at = |one_in| (one_in, y(latencies.value_at_quantile(1.0 - 1.0 / one_in)));
        lines.push(Line { name, colour, points: steps.map(at).collect(), is_dotted: false });
    }
    let values = || lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
    Plot {
        title: "200 clients, 5,000 messages/s: latency of a delivery".into(),
        x: Axis::percentiles("of all deliveries"),
        y: Axis::log("latency at most, ms", least, most),
        lines,
        marks: Vec::new(),
        height: HEIGHT,
    }
}

fn two_people(plan: &Plan, table: &mut Table) {
    table.title("4: two clients in turn, one message in flight: us until both have it");
    let targets = [
        Target::Talk,
        Target::Threads,
        Target::TalkOnDisk,
        Target::ThreadsOnDisk,
        Target::Uws,
        Target::Tokio,
    ];
    let mut all = targets.map(|_| Vec::new());
    let mut syncs = Vec::new();
    let available = || targets.into_iter().enumerate().filter(|(_, target)| target.is_available());
    for _ in 0..plan.rounds {
        available().for_each(|(n, target)| all[n].push(ping_pong::round(target, plan.span)));
        syncs.push(ping_pong::bare_sync(plan.span / 4));
    }
    available().for_each(|(n, target)| {
        table.line(&format!("{:19} {:>20}", target.name(), crate::table::cell(&all[n], 1)));
    });
    table.line(&format!("{:19} {:>20}", "a bare fsync", crate::table::cell(&syncs, 1)));
    let [talk, threads, on_disk, threads_on_disk, ..] = all;
    let aims: Vec<f64> =
        threads.iter().zip(&syncs).map(|(round, sync)| 1.25 * round + sync).collect();
    table.at_most("4: a round in memory, to tungstenite's", ratio(&talk, &threads), 1.25);
    let what = "4: a round on disk, to 1.25 of tungstenite's and a bare fsync";
    table.at_most(what, ratio(&on_disk, &aims), 1.0);
    let what = "4: a round on disk, to tungstenite's with an fsync";
    table.at_most(what, ratio(&on_disk, &threads_on_disk), 1.25);
}

fn some_never_read(plan: &Plan, table: &mut Table) {
    let load = |clients, non_readers| {
        let pace = Pace::Open(2_000);
        Load { clients, senders: 20, non_readers, pace, rooms: 1, text: 1_024 }
    };
    table.title("5: 180 of 200 clients, 2,000 messages/s of 1 KiB");
    let [mut bare, mut without, mut with] = [(); 3].map(|()| Figures::default());
    for _ in 0..plan.rounds {
        bare.add(&load(180, 0).run(Target::Batch, plan.span));
        without.add(&load(180, 0).run(Target::Talk, plan.span));
        with.add(&load(180, 20).run(Target::Talk, plan.span));
    }
    table.row("bare-batch, 20 absent", &bare);
    table.row("talk, 20 absent", &without);
    table.row("talk, 20 never read", &with);
    table.at_most("5: p99 of the others, ms", median(&mut with.p99.clone()), 5.0);
    table.at_most("5: p99 of the others, to that without", ratio(&with.p99, &without.p99), 1.5);
}

/// The protocol allows texts of 10,000 bytes: a message of 64 KiB can hold one with every byte escaped.
fn long_texts(plan: &Plan, table: &mut Table) {
    let (clients, pace) = (100, Pace::Closed(2));
    let load = Load { clients, senders: 10, non_readers: 0, pace, rooms: 1, text: 10_000 };
    let title = "6: 100 clients, 10 senders, 2 in flight each, texts of 10,000 bytes";
    let targets = [Target::Talk, Target::Bare, Target::Batch, Target::Uws, Target::Tokio];
    compare(plan, table, title, load, targets);
}
