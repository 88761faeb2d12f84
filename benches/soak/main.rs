//! A long run: half of the clients behave, half attack, and the server is killed.
//!
//! `cargo bench --bench soak -- --minutes 20 --clients 500 --svg docs/soak.svg`, after `ulimit -n 20000`. Without
//! arguments it takes a minute with 100 clients. `--seed N` repeats the decisions of a run; it cannot repeat what
//! the operating system does in between. `--server=FILE` takes another build.
//!
//! At 25, 50 and 75 % of the time the server is killed with SIGKILL and started again on its port and data;
//! `--kills 1` kills it once, in the middle.
//! It prints a report in plain lines, and exits with 1 if one of them is FAILED.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench that meets an error has nothing to say but that"
)]

mod args; // the command line
mod run; // what every thread shares
mod sampler; // the server's memory, threads and descriptors, each second
mod clients; // half of the clients: they behave
mod attackers; // the other half
mod report; // the result
mod chart; // the result, drawn

#[path = "../../tests/common/mod.rs"]
mod common; // shared with the tests: the server process, the checker
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use args::Args;
use common::coordinator::Phase;
use common::restarting_server::RestartingServer;
use report::Report;
use run::Run;
use sampler::Sampler;
use support::server::{program, wait_until_ready};

/// Between a kill and the next start.
const DOWN: Duration = Duration::from_secs(1);
/// For the clients to become live, and at the end to have seen everything.
const TIMEOUT: Duration = Duration::from_secs(60);
/// For the connections of the attackers to be gone.
const CLEANUP: Duration = Duration::from_secs(5);
/// Shares per address as they come, but more new connections: the attackers come back all the time.
const FLAGS: &[&str] = &[
    "--max-per-address",
    "64",
    "--limit",
    "new-per-address=2000",
    "--max-data",
    "1GiB",
    "--min-free",
    "256MiB",
];

/// How often a condition that is waited for is checked.
const POLL_EVERY: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let args = Args::parse();
    println!("{args}");
    let home = tempfile::tempdir().unwrap();
    let mut server = RestartingServer::new(&program(), home.path());
    let run = Arc::new(Run::new(&args, server.address));
    start(&mut server, &run);
    let sampler = Sampler::start(&run, server.process().pid());
    let clients = clients::start(&args, &run);
    let mut report = Report::default();
    let all_live = wait(TIMEOUT, || run.live_clients() == args.clients());
    report.must("all clients are live before the attacks begin", all_live, "");
    thread::sleep(Duration::from_secs(1)); // the hello threads end
    let calm = sampler.now();
    println!("before the attacks: {calm}");

    let attackers = attackers::start(&args, &run);
    let last = args.kills + 1;
    for life in 1..=last {
        let end = args.span() * life / last;
        wait(args.span(), || run.start.elapsed() >= end);
        let panics = server.counter("talk_panics_total");
        report.must(&format!("life {life}: no panic"), panics == Some(0), &figures(&server));
        if life < last {
            run.next_epoch();
            server.kill();
            thread::sleep(DOWN);
            start(&mut server, &run);
            sampler.set_pid(server.process().pid());
        }
    }

    run.coordinator.enter(Phase::Quiet);
    let counts = attackers::finish(attackers);
    let begun = Instant::now();
    let only_clients = || connections(&server) == Some(args.clients() as u64);
    let is_clean = wait(CLEANUP, || sampler.now().is_near(&calm) && only_clients());
    report.must(
        "descriptors and threads are back within 5 s",
        is_clean,
        &format!("after {:.1} s: {}; before: {calm}", begun.elapsed().as_secs_f64(), sampler.now()),
    );
    let all_seen = wait(TIMEOUT, || only_clients() && run.behind().is_empty());
    report.must(
        "every client has seen everything",
        all_seen,
        &format!("behind: {:?}", run.behind()),
    );
    run.coordinator.enter(Phase::Done);
    let clients = clients::finish(clients);
    let panics = server.counter("talk_panics_total");
    report.must("after all: no panic", panics == Some(0), "");
    server.kill();
    let samples = sampler.finish();

    report.conclude(&run, &server, clients, &counts, &samples);
    if let Some(file) = &args.svg {
        std::fs::write(file, chart::draw(&args, &samples)).unwrap();
    }
    report.print();
    if report.has_failed() {
        println!("data kept in {}", home.keep().display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Starts the server, and returns once it is ready.
fn start(server: &mut RestartingServer, run: &Run) {
    server.start(FLAGS);
    server.wait_until_up();
    wait_until_ready(server.address);
    run.next_epoch();
}

/// How many connections have been welcomed.
fn connections(server: &RestartingServer) -> Option<u64> {
    server.counter("talk_connections{kind=\"bot\"}")
}

/// What the server has done in this life.
fn figures(server: &RestartingServer) -> String {
    let of = |name| server.counter(name).map_or(String::from("?"), |count| count.to_string());
    format!(
        "{} records, {} deliveries, {} replayed, {} repeats known, {} fell too far behind, {} s of CPU",
        of("talk_messages_total"),
        of("talk_deliveries_total"),
        of("talk_replayed_messages_total"),
        of("talk_duplicates_suppressed_total"),
        of("talk_slow_clients_evicted_total"),
        server.process().cpu().as_secs(),
    )
}

/// Waits until it is so; `false` if that takes too long.
fn wait(most: Duration, is_so: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < most {
        if is_so() {
            return true;
        }
        thread::sleep(POLL_EVERY);
    }
    is_so()
}
