//! A long run: half of the clients behave, half do whatever comes to their minds, and the server is killed.
//!
//! `cargo bench --bench soak -- --minutes 20 --clients 500 --svg docs/soak.svg`, after `ulimit -n 20000`. Without
//! words it is a minute with 100 clients. `--seed N` repeats the decisions of a run; what the system does in
//! between it cannot repeat. `--server=FILE` takes another build.
//!
//! At 25, 50 and 75 % of the time the server is killed with SIGKILL and started again on its port and data;
//! `--kills 1` has it killed once, in the middle.
//! What is found is printed in plain lines; the exit code is 1 if one of them is FAILED.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench that meets an error has nothing to say but that"
)]

mod args; // what was asked for
mod coordinator; // what everybody in the run knows
mod server_process; // the server, killed and started again
mod sampler; // its memory, threads and descriptors, each second
mod clients; // those who behave
mod attackers; // those who do not
mod report; // what is found
mod chart; // what is drawn

#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use args::Args;
use coordinator::{Coordinator, Phase};
use report::Report;
use sampler::Sampler;
use server_process::ServerProcess;

/// Between a kill and the next start.
const AWAY: Duration = Duration::from_secs(1);
/// For those who behave to come in, and at the end to have seen everything.
const PATIENCE: Duration = Duration::from_secs(60);
/// For what the others have left behind to be gone.
const CLEARANCE: Duration = Duration::from_secs(5);
/// How often something is looked at that is waited for.
const GLANCE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let args = Args::from_words();
    println!("{args}");
    let mut server = ServerProcess::new();
    let coordinator = Arc::new(Coordinator::new(&args, server.address));
    server.start();
    coordinator.turn();
    let sampler = Sampler::start(&coordinator, &server);
    let good = clients::start(&args, &coordinator);
    let mut report = Report::default();
    let all_in = wait(PATIENCE, || coordinator.good_live() == args.good());
    report.must("all who behave are in before anything else begins", all_in, "");
    thread::sleep(Duration::from_secs(1)); // threads that greeted them end
    let calm = sampler.now();
    println!("calm: {calm}");

    let bad = attackers::start(&args, &coordinator);
    let last = args.kills + 1;
    for life in 1..=last {
        let end = args.span() * life / last;
        wait(args.span(), || coordinator.begun.elapsed() >= end);
        let panics = server.counter("talk_panics_total");
        report.must(&format!("life {life}: no panic"), panics == Some(0), &server.figures());
        if life < last {
            coordinator.turn();
            server.kill();
            thread::sleep(AWAY);
            server.start();
            coordinator.turn();
            sampler.look_at(&server);
        }
    }

    coordinator.enter(Phase::Quiet);
    let counts = attackers::finish(bad);
    let begun = Instant::now();
    let is_cleared = wait(CLEARANCE, || {
        sampler.now().is_near(&calm) && server.connections() == Some(args.good() as u64)
    });
    report.must(
        "descriptors and threads are back within 5 s",
        is_cleared,
        &format!("after {:.1} s: {}; calm: {calm}", begun.elapsed().as_secs_f64(), sampler.now()),
    );
    let all_seen = wait(PATIENCE, || {
        server.connections() == Some(args.good() as u64) && coordinator.is_settled()
    });
    report.must("everybody who behaves has seen everything", all_seen, &coordinator.standings());
    coordinator.enter(Phase::Done);
    let stats = clients::finish(good);
    let panics = server.counter("talk_panics_total");
    report.must("after all: no panic", panics == Some(0), "");
    server.kill();
    let samples = sampler.finish();

    report.conclude(&coordinator, &server, stats, &counts, &samples);
    if let Some(file) = &args.svg {
        std::fs::write(file, chart::draw(&args, &samples)).unwrap();
    }
    report.print();
    if report.has_failed() {
        println!("kept: {}", server.keep().display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Waits until it is so; `false` if that takes too long.
fn wait(most: Duration, is_so: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < most {
        if is_so() {
            return true;
        }
        thread::sleep(GLANCE);
    }
    is_so()
}
