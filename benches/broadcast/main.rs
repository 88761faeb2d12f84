//! The cost of delivering messages, compared with bare system calls and with other servers.
//!
//! `cargo bench --bench broadcast` runs everything, about seven minutes. `-- 2 5` picks workloads,
//! `-- --quick` measures shortly and once, `-- --rounds=9` more often. The servers take turns, each in a
//! process of its own, so other load of the machine affects all of them; the table has medians, and in
//! brackets the minimum and the maximum.
//!
//! `-- --svg` draws workloads 3 and 8 into `docs/`, `-- --svg=DIR` elsewhere.
//!
//! Workloads 7 and 8 have 15,000 and 10,000 connections: run `ulimit -n 20000` before, or they take fewer and
//! say so.
//!
//! The clients share one thread and count frames; what they read of a payload is at a fixed place.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench that meets an error has nothing to say but that"
)]

mod plan; // how much is measured
mod bare; // the system calls alone
mod growth; // more clients, more rooms
mod presence; // joins and leaves
mod connect_storm; // many connect at once
mod idle; // idle connections
mod targets; // the servers that are compared
mod load; // the load on one of them
mod peers; // other servers, in Rust
mod uwebsockets; // another server, in C++
mod ping_pong; // two clients in turn
mod table; // the printed table
mod workloads; // which load on which servers

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::path::Path;
use std::time::Duration;

use plan::Plan;
use table::Table;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["serve-bare"] => bare::serve(bare::Sends::Each),
        ["serve-batch"] => bare::serve(bare::Sends::Batches),
        ["serve-tokio"] => peers::tokio(),
        ["serve-threads"] => peers::threads(None),
        ["serve-threads", file] => peers::threads(Some(file)),
        _ => measure(&words),
    }
}

fn measure(words: &[&str]) {
    let quick = words.contains(&"--quick");
    let rounds = words.iter().find_map(|word| word.strip_prefix("--rounds="));
    let plan = Plan {
        rounds: rounds.map_or(if quick { 1 } else { 5 }, |rounds| rounds.parse().unwrap()),
        span: if quick { Duration::from_secs(1) } else { Duration::from_secs(3) },
    };
    let asked: Vec<&str> =
        words.iter().copied().filter(|word| word.len() == 1 && *word != "-").collect();
    let is_asked = |name: &str| asked.is_empty() || asked.contains(&name);
    let mut table = Table::default();
    for (name, workload) in workloads::ALL {
        if is_asked(name) {
            workload(&plan, &mut table);
        }
    }
    table.print_targets();
    let svg = words.iter().find_map(|word| word.strip_prefix("--svg"));
    if let Some(folder) = svg {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
        table.draw(Path::new(folder.strip_prefix('=').unwrap_or(docs)));
    }
}
