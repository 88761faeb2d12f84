//! A panic while a thread holds a lock: for each lock, in each kind of thread that takes it. Only the
//! connection that the thread served may be affected.
//!
//! Needs `--features fail-points`; the shipped binary has no traps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    clippy::print_stderr,
    dead_code,
    unused_imports,
    reason = "to panic is how a test fails; the support is shared with tests that need more of it"
)]

#[path = "../it/support/mod.rs"]
mod support; // a running server, and peers that talk to it
#[path = "../it/terminal.rs"]
mod terminal; // a pseudo-terminal with a console on it
mod consoles; // the same for a console
mod provoker; // clients that make threads take their locks

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use serde_json::json;
use support::commands::{exported, printed};
use support::raw::Raw;
use support::{Peer, Running, SOON};

/// Each lock with the threads that take it.
const LOCKS: &[(&str, &[&str])] = &[
    ("counts", &["main", "hello", "session"]),
    ("clients", &["hello", "session", "heartbeat"]),
    ("invitations", &["hello", "session"]),
    ("names", &["hello", "session", "maintenance"]),
    ("names_file", &["hello", "session", "maintenance"]),
    ("read_markers", &["hello", "session", "maintenance"]),
    ("read_markers_file", &["hello", "maintenance"]),
    ("rooms", &["hello", "session", "heartbeat", "maintenance"]),
    ("state", &["hello", "session", "broadcaster", "heartbeat"]),
    ("pace", &["hello", "session", "broadcaster", "slow-clients", "heartbeat"]),
    ("identity", &["hello", "session"]),
    ("rounds", &["session", "broadcaster"]),
    ("slow_clients", &["session", "slow-clients"]),
    ("writer", &["session", "broadcaster", "maintenance"]),
    ("shelf", &["hello", "session", "broadcaster", "maintenance"]),
    ("forcing", &["session"]),
];

/// The same with `--sync interval`, where the maintenance thread does the fsync.
const LOCKS_OF_INTERVAL: &[(&str, &[&str])] =
    &[("writer", &["maintenance"]), ("shelf", &["maintenance"]), ("forcing", &["maintenance"])];

#[test]
fn a_panic_under_any_lock_in_any_thread_harms_one_connection_at_most() {
    outlives(LOCKS, "always");
}

#[test]
fn a_panic_of_the_thread_that_fsyncs_logs_harms_one_connection_at_most() {
    outlives(LOCKS_OF_INTERVAL, "interval");
}

/// One server meets a panic for every pair of `locks`, and serves two people all along.
fn outlives(locks: &[(&str, &[&str])], sync: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (traps, data) = (dir.path().join("traps"), dir.path().join("data"));
    fs::create_dir(&traps).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.env("TALK_FAIL", &traps).stderr(Stdio::null());
    let limits = ["ping-every=200ms", "pong-wait=2m", "control-rate=100000", "stall-wait=1s"];
    let mut flags: Vec<&str> = limits.iter().flat_map(|limit| ["--limit", limit]).collect();
    flags.extend(["--max-per-address", "100000", "--sync", sync]);
    let mut server = Running::start_by(&mut command, &data, &flags);

    // A watchdog: a server that hangs still answers pings, so no read would time out.
    let now = Arc::new(Mutex::new(String::new()));
    let (done, patience) = (Arc::clone(&now), SOON);
    let (_alive, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("it hangs at {}", done.lock().unwrap());
            process::abort();
        }
    });

    let mut said = 0;
    let (mut ann, _) = Peer::joined(server.address, "ann", "lobby");
    let (mut ben, _) = Peer::joined(server.address, "ben", "lobby");
    let mut sprung = 0;
    for (lock, threads) in locks {
        for thread in *threads {
            let trap = format!("{lock}@{thread}");
            fs::write(traps.join(&trap), "").unwrap();
            *now.lock().unwrap() = trap.clone();
            provoker::provoke(server.address, &traps.join(&trap), &trap, sprung);
            sprung += 1;
            assert!(server.is_alive(), "{trap} has ended the server");
            said += 1;
            goes_on(&trap, said, &mut ann, &mut ben);
            returns_to_readiness(server.address, &trap);
        }
    }
    assert_eq!(Raw::connect(server.address).count("talk_panics_total"), sprung as f64);
    // A thread that panics while it frees its slot has not freed it.
    let lost = locks.iter().filter(|(lock, _)| *lock == "counts").map(|(_, threads)| threads.len());
    only_those_two_are_left(server.address, lost.sum());
    ann.say(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(ann.hear_type("members")["members"], json!(["ann", "ben"]));
    server.kill();
    assert!(printed(&["verify"], &data).contains("lobby"));
    let cids: Vec<String> = exported(&data)
        .iter()
        .filter(|record| record["user"] == "ann")
        .map(|record| record["cid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(cids, (1..=said).map(|n| n.to_string()).collect::<Vec<_>>(), "once and in order");
}

/// Ann posts a message, and both receive it. A log in an uncertain state refuses messages for some seconds;
/// then she sends the same one again.
fn goes_on(trap: &str, said: usize, ann: &mut Peer, ben: &mut Peer) {
    let (cid, since) = (said.to_string(), Instant::now());
    let text = format!("{trap} {}", "x".repeat(3_000)); // fills the sockets of clients that do not read
    loop {
        ann.post("lobby", &cid, &text);
        let answer = loop {
            let heard = ann.hear();
            if heard["cid"] == *cid && heard["type"] != "presence" {
                break heard;
            }
        };
        if answer["type"] == "post" {
            break;
        }
        assert_eq!(answer["code"], "storage", "after {trap}: {answer}");
        assert!(since.elapsed() < SOON, "no message is accepted after {trap}");
    }
    let seen = ben.hear_own("ann", &cid);
    assert_eq!(seen["text"], text);
}

fn returns_to_readiness(address: SocketAddr, trap: &str) {
    let since = Instant::now();
    while !Raw::connect(address).get("/readyz").starts_with("HTTP/1.1 200 ") {
        assert!(since.elapsed() < SOON, "not ready any more after {trap}");
    }
}

/// The connection that asks is counted as new, too.
fn only_those_two_are_left(address: SocketAddr, lost: usize) {
    let most_new = 1.0 + lost as f64;
    let since = Instant::now();
    loop {
        let here = Raw::connect(address).count("talk_connections{kind=\"bot\"}");
        let new = Raw::connect(address).count("talk_connections{kind=\"unknown\"}");
        if here == 2.0 && new <= most_new {
            return;
        }
        assert!(since.elapsed() < SOON / 3, "{here} clients and {new} others are left");
    }
}

#[test]
fn the_default_build_has_no_traps() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("fail-points = []") && !manifest.contains("default ="));
}
