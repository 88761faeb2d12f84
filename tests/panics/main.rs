//! A panic while a thread holds a lock: for each lock, in each kind of thread that takes it. It may end
//! only the connection that the thread works for.
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

#[path = "../common/mod.rs"]
mod common; // server processes
#[path = "../it/support/mod.rs"]
mod support; // servers, clients and terminals for tests
mod console; // a panic in the console
mod trigger; // clients that make threads take their locks

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use serde_json::json;
use support::commands::{exported, printed};
use support::raw_client::RawClient;
use support::{TIMEOUT, TestClient, TestServer};

/// Each lock with the threads that take it.
const LOCKS: &[(&str, &[&str])] = &[
    ("counts", &["main", "hello", "session"]),
    ("clients", &["hello", "session", "heartbeat"]),
    ("invitations", &["hello", "session"]),
    ("names", &["hello", "session", "maintenance"]),
    ("names_file", &["hello", "session", "maintenance"]),
    ("read_markers", &["hello", "session", "maintenance"]),
    ("read_markers_file", &["hello", "maintenance"]),
    ("memberships", &["hello", "session", "maintenance"]),
    ("memberships_file", &["hello", "session", "maintenance"]),
    ("rooms", &["hello", "session", "loader"]),
    ("state", &["hello", "session", "broadcaster", "maintenance", "loader"]),
    ("cids", &["session"]),
    ("maintenance", &["session", "maintenance"]),
    ("erasures", &["eraser"]),
    ("checks", &["heartbeat"]),
    ("send_queue", &["hello", "session", "broadcaster", "slow-clients", "heartbeat"]),
    ("identity", &["hello", "session"]),
    ("rounds", &["session", "broadcaster"]),
    ("slow_clients", &["session", "slow-clients"]),
    ("writer", &["session", "broadcaster", "maintenance"]),
    ("read_state", &["hello", "session", "broadcaster", "maintenance", "eraser"]),
    ("fsync", &["session"]),
    ("rate_quota", &["hello", "session"]),
    ("share_quota", &["main", "hello", "session"]),
    ("reserved", &["session"]),
    ("questions", &["hello", "session"]),
    ("load", &["hello", "session"]),
];

/// The locks that the maintenance thread takes only with `--sync interval`, when it does the fsync.
const LOCKS_OF_INTERVAL: &[(&str, &[&str])] =
    &[("writer", &["maintenance"]), ("read_state", &["maintenance"]), ("fsync", &["maintenance"])];

#[test]
fn a_panic_under_any_lock_in_any_thread_harms_one_connection_at_most() {
    survives_panics(LOCKS, "always");
}

#[test]
fn a_panic_of_the_fsync_thread_harms_one_connection_at_most() {
    survives_panics(LOCKS_OF_INTERVAL, "interval");
}

#[test]
fn a_trap_lets_the_threads_of_bystanders_pass() {
    for lock in ["state", "send_queue", "identity"] {
        let dir = tempfile::tempdir().unwrap();
        let server = start_with_traps(dir.path(), "always");
        let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
        let trap = dir.path().join("traps").join(format!("{lock}@session"));
        lay(&trap, &[&ann]);
        ann.post("lobby", "1", "her session takes each of these locks");
        ann.receive_own("ann", "1");
        ann.round_trip();
        assert!(trap.exists(), "{lock}: she is the only client");
        trigger::spring(server.address, &trap, lock, 0, || {});
        ann.round_trip();
        each_trap_caused_one_panic(server.address, 1);
    }
}

/// Starts a server whose traps are the files in `dir`/traps.
fn start_with_traps(dir: &Path, sync: &str) -> TestServer {
    let traps = dir.join("traps");
    fs::create_dir(&traps).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.env("TALK_FAIL", &traps).stderr(Stdio::null());
    let limits = [
        "ping-every=200ms",
        "pong-wait=2m",
        "control-rate=100000",
        "stall-wait=1s",
        "new-private-rooms=100000",
        "posted-bytes=1GiB",
        "answer-bytes=1GiB",
        "room-memory=1KiB", // rooms are unloaded as soon as they are idle
    ];
    let mut flags: Vec<&str> = limits.iter().flat_map(|limit| ["--limit", limit]).collect();
    flags.extend(["--max-per-address", "100000", "--sync", sync]);
    TestServer::start_by(&mut command, &dir.join("data"), &flags)
}

/// Lays a trap that only threads of other clients spring. A session does more after its client has received
/// an answer: it ends the round, and makes its socket blocking again. On a busy machine it does so when the
/// next trap lies there, and a panic would end the connection of a bystander, as it should.
fn lay(trap: &Path, bystanders: &[&TestClient]) {
    let address = |client: &&TestClient| client.socket.get_ref().local_addr().unwrap().to_string();
    let spared: Vec<String> = bystanders.iter().map(address).collect();
    let new = trap.with_extension("new"); // the trap appears with all its lines
    fs::write(&new, spared.join("\n")).unwrap();
    fs::rename(&new, trap).unwrap();
}

/// Each trap causes one panic. A trap vanishes before its panic is caught and counted: the test waits for that.
fn each_trap_caused_one_panic(address: SocketAddr, sprung: u8) {
    let since = Instant::now();
    loop {
        let panics = RawClient::connect(address).count("talk_panics_total");
        if panics >= f64::from(sprung) || since.elapsed() > TIMEOUT / 3 {
            assert_eq!(panics, f64::from(sprung));
            return;
        }
    }
}

/// Causes a panic for every pair of `locks` in one server, which must serve two clients all the time.
fn survives_panics(locks: &[(&str, &[&str])], sync: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (traps, data) = (dir.path().join("traps"), dir.path().join("data"));
    let mut server = start_with_traps(dir.path(), sync);

    // A server that hangs still answers pings: a thread of the test enforces the time limit of each trap.
    let (next, reached) = mpsc::channel::<String>();
    thread::spawn(move || {
        let mut now = String::new();
        loop {
            match reached.recv_timeout(TIMEOUT) {
                Ok(trap) => now = trap,
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
                Err(mpsc::RecvTimeoutError::Timeout) => break,
            }
        }
        eprintln!("it hangs at {now}");
        process::abort();
    });

    let mut said = 0;
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut ben, _) = TestClient::joined(server.address, "ben", "lobby");
    let mut sprung: u8 = 0;
    for (lock, threads) in locks {
        for thread in *threads {
            let trap = format!("{lock}@{thread}");
            lay(&traps.join(&trap), &[&ann, &ben]);
            next.send(trap.clone()).unwrap();
            eprintln!("{trap}"); // the last line is the trap of a failure
            // They read, so that their sockets do not fill, and send only pongs.
            let read = || {
                ann.drain();
                ben.drain();
            };
            trigger::spring(server.address, &traps.join(&trap), &trap, sprung, read);
            sprung += 1;
            assert!(server.is_alive(), "{trap} ended the server");
            said += 1;
            chat_goes_on(&trap, said, &mut ann, &mut ben);
            becomes_ready_again(server.address, &trap);
        }
    }
    each_trap_caused_one_panic(server.address, sprung);
    // A thread that panics while it frees its slot does not free it.
    let lost = locks.iter().filter(|(lock, _)| *lock == "counts").map(|(_, threads)| threads.len());
    only_two_clients_are_left(server.address, lost.sum());
    ann.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(ann.receive_type("members")["members"], json!(["ann", "ben"]));
    server.kill();
    assert!(printed(&["verify"], &data).contains("lobby"));
    let cids: Vec<String> = exported(&data)
        .iter()
        .filter(|record| record["user"] == "ann")
        .map(|record| record["cid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(cids, (1..=said).map(|n| n.to_string()).collect::<Vec<_>>(), "once and in order");
}

/// Ann posts a message, and both receive it. A log in doubt refuses messages for some seconds; then she
/// posts the same message again.
fn chat_goes_on(trap: &str, said: usize, ann: &mut TestClient, ben: &mut TestClient) {
    let (cid, since) = (said.to_string(), Instant::now());
    let text = format!("{trap} {}", "x".repeat(3_000)); // fills the sockets of clients that do not read
    loop {
        ann.post("lobby", &cid, &text);
        let answer = loop {
            let received = ann.receive();
            let is_own = received["type"] == "error" || received["user"] == "ann"; // others use cids like hers
            if received["cid"] == *cid && is_own {
                break received;
            }
        };
        if answer["type"] == "post" {
            break;
        }
        assert_eq!(answer["code"], "storage", "after {trap}: {answer}");
        assert!(since.elapsed() < TIMEOUT, "nothing can be said after {trap}");
    }
    let seen = ben.receive_own("ann", &cid);
    assert_eq!(seen["text"], text);
}

fn becomes_ready_again(address: SocketAddr, trap: &str) {
    let since = Instant::now();
    while !RawClient::connect(address).get("/readyz").starts_with("HTTP/1.1 200 ") {
        assert!(since.elapsed() < TIMEOUT, "not ready any more after {trap}");
    }
}

/// The connection that reads the metrics is a new one as well.
fn only_two_clients_are_left(address: SocketAddr, lost: usize) {
    let most_new = 1.0 + lost as f64;
    let since = Instant::now();
    loop {
        let here = RawClient::connect(address).count("talk_connections{kind=\"bot\"}");
        let new = RawClient::connect(address).count("talk_connections{kind=\"unknown\"}");
        if here == 2.0 && new <= most_new {
            return;
        }
        assert!(since.elapsed() < TIMEOUT / 3, "{here} clients and {new} others are left");
    }
}

#[test]
fn the_default_build_has_no_traps() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("fail-points = []") && !manifest.contains("default ="));
}
