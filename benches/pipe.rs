//! Many lines through the console: `cargo bench --bench pipe` (`-- 10000` for another number of lines, 100,000
//! without). Against a server without a rate limit it compares `seq N | console` with the client library
//! alone, which sends the same lines from this process: each stored before the next one is sent. In turn, twice
//! each, each time in a new room; `--sync interval`, so that the disk does not hide the difference. It exits
//! with 1 if the console takes over three times as long as the library.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a bench that meets an error has nothing to say but that"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::env;
use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::server::Server;
use support::statistics::mib;
use talk::chat::protocol::Since;
use talk::chat::{RoomName, Text};
use talk::client::{Config, Event, start};
use talk::limits;

/// How often each way is measured.
const ROUNDS: usize = 2;

/// The console may take this many times what the library takes.
const WANTED: f64 = 3.0;

fn main() -> ExitCode {
    let lines = env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Server::start(data.path(), &["--sync", "interval"]);
    server.wait_until_ready();
    let (mut alone, mut piped) = (Duration::MAX, Duration::MAX);
    for round in 0..ROUNDS {
        let took = run_client(&server.address, &format!("client{round}"), lines);
        println!("talk::client alone: {lines} lines in {:.2} s", took.as_secs_f64());
        alone = alone.min(took);
        let (took, cpu, peak) = run_console(&server.address, &format!("console{round}"), lines);
        println!(
            "console:            {lines} lines in {:.2} s, {:.2} s of CPU time, peak {:.1} MiB",
            took.as_secs_f64(),
            cpu.as_secs_f64(),
            mib(peak)
        );
        piped = piped.min(took);
    }
    let ratio = piped.as_secs_f64() / alone.as_secs_f64();
    println!("the console takes {ratio:.2} times as long (wanted: at most {WANTED})");
    if ratio <= WANTED { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Sends the lines with the library; as many wait as in the console.
fn run_client(address: &str, room: &str, lines: usize) -> Duration {
    let room: RoomName = room.parse().unwrap();
    let begun = Instant::now();
    let config = Config {
        server: address.parse().unwrap(),
        user: "bench".parse().unwrap(),
        token: Some("0123456789abcdef0123456789abcdef".parse().unwrap()),
        password: None,
        rooms: vec![room.clone()],
        since: Since::Now,
        agent: "bot",
        presence: false,
        follows_rooms: false,
        outbox: Vec::new(),
    };
    let (client, events) = start(config).unwrap();
    let (mut sent, mut stored) = (0, 0);
    while stored < lines {
        while sent < lines && sent - stored < limits::PIPED_LINES {
            sent += 1;
            client.post(&room, Text::parse(&format!("line {sent}"), 100).unwrap(), false);
        }
        stored += usize::from(matches!(events.recv().unwrap(), Event::Stored { .. }));
    }
    let took = begun.elapsed();
    client.close();
    took
}

/// Pipes the lines into the console. Returns also its CPU time, and its peak memory in bytes.
fn run_console(address: &str, room: &str, lines: usize) -> (Duration, Duration, u64) {
    let state = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_console"))
        .args(["--server", address, "--user", room, "--room", room])
        .env("XDG_STATE_HOME", state.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = thread::spawn(move || {
        let text: String = (1..=lines).map(|n| format!("line {n}\n")).collect();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin // open until the end was read: until then `/proc` has the figures
    });
    let (mut stdout, mut buffer, mut seen) = (child.stdout.take().unwrap(), vec![0; 65_536], 0);
    while seen < lines {
        let count = stdout.read(&mut buffer).unwrap();
        assert!(count > 0, "the console ends after {seen} lines");
        seen += buffer[..count].iter().filter(|byte| **byte == b'\n').count();
    }
    let took = begun.elapsed();
    let cpu = common::server_process::cpu(child.id());
    let peak = peak_bytes(child.id());
    drop(feeder.join().unwrap());
    assert!(child.wait().unwrap().success());
    (took, cpu, peak)
}

/// The most memory that a process ever had (proc_pid_status(5)).
fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}
