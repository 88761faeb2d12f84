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

mod plan; // what was asked for
mod board; // what everybody in the run knows
mod lives; // the server, killed and started again
mod sampler; // its memory, threads and descriptors, each second
mod good; // those who behave
mod bad; // those who do not
mod verdict; // what is found
mod picture; // what is drawn

#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use board::{Board, Phase};
use lives::Lives;
use plan::Plan;
use sampler::Sampler;
use verdict::Verdict;

/// Between a kill and the next start.
const AWAY: Duration = Duration::from_secs(1);
/// For those who behave to come in, and at the end to have seen everything.
const PATIENCE: Duration = Duration::from_secs(60);
/// For what the others have left behind to be gone.
const CLEARANCE: Duration = Duration::from_secs(5);
/// How often something is looked at that is waited for.
const GLANCE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let plan = Plan::from_words();
    println!("{plan}");
    let mut lives = Lives::new();
    let board = Arc::new(Board::new(&plan, lives.address));
    lives.start();
    board.turn();
    let sampler = Sampler::start(&board, &lives);
    let good = good::start(&plan, &board);
    let mut verdict = Verdict::default();
    let all_in = wait(PATIENCE, || board.good_live() == plan.good());
    verdict.must("all who behave are in before anything else begins", all_in, "");
    thread::sleep(Duration::from_secs(1)); // threads that greeted them end
    let calm = sampler.now();
    println!("calm: {calm}");

    let bad = bad::start(&plan, &board);
    let last = plan.kills + 1;
    for life in 1..=last {
        let end = plan.span() * life / last;
        wait(plan.span(), || board.begun.elapsed() >= end);
        let panics = lives.counter("talk_panics_total");
        verdict.must(&format!("life {life}: no panic"), panics == Some(0), &lives.figures());
        if life < last {
            board.turn();
            lives.kill();
            thread::sleep(AWAY);
            lives.start();
            board.turn();
            sampler.look_at(&lives);
        }
    }

    board.enter(Phase::Peace);
    let deeds = bad::finish(bad);
    let begun = Instant::now();
    let is_cleared = wait(CLEARANCE, || {
        sampler.now().is_near(&calm) && lives.connections() == Some(plan.good() as u64)
    });
    verdict.must(
        "descriptors and threads are back within 5 s",
        is_cleared,
        &format!("after {:.1} s: {}; calm: {calm}", begun.elapsed().as_secs_f64(), sampler.now()),
    );
    let all_seen =
        wait(PATIENCE, || lives.connections() == Some(plan.good() as u64) && board.is_settled());
    verdict.must("everybody who behaves has seen everything", all_seen, &board.standings());
    board.enter(Phase::Over);
    let diaries = good::finish(good);
    let panics = lives.counter("talk_panics_total");
    verdict.must("after all: no panic", panics == Some(0), "");
    lives.kill();
    let samples = sampler.finish();

    verdict.conclude(&board, &lives, diaries, &deeds, &samples);
    if let Some(file) = &plan.svg {
        std::fs::write(file, picture::draw(&plan, &samples)).unwrap();
    }
    verdict.print();
    if verdict.has_failed() {
        println!("kept: {}", lives.keep().display());
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
