//! The costs of many rooms: `cargo bench --bench rooms`. How long a start takes, how much memory the server
//! has and how much CPU time it uses when nothing happens, and the first post in a room after a start.
//!
//! 1,000 public rooms of 2,000 records (460 MB) and 10,000 private rooms of one record, which the bench writes
//! through the library. Its files are still in the page cache when they are read. `-- --quick` takes a tenth;
//! `-- --server=FILE` measures another build.

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
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use support::client::{Client, hello, is};
use support::server::Server;
use support::statistics::{mib, ms};
use talk::chat::{LogEntry, OwnerId, RoomName, UserName};
use talk::limits;
use talk::log::{LogConfig, Store, SyncPolicy};

/// Records of each public room.
const RECORDS: u64 = 2_000;
/// How long an idle server is watched.
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let part = if env::args().any(|argument| argument == "--quick") { 10 } else { 1 };
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (public, private) = (1_000 / part, 10_000 / part);
    let bytes = fill(data.path(), public, private);
    println!(
        "{public} rooms of {RECORDS} records and {private} private ones of 1: {:.0} MiB",
        mib(bytes)
    );
    let begun = Instant::now();
    let server = Server::start(data.path(), &[]);
    server.wait_until_ready();
    println!("start: {:.0} ms to the first answer", ms(begun.elapsed()));
    first_post(&server.address);
    let mut unchecked = metric(&server.address, "talk_logs_unchecked");
    while unchecked.is_some_and(|count| count > 0.0) {
        thread::sleep(Duration::from_millis(50));
        unchecked = metric(&server.address, "talk_logs_unchecked");
    }
    println!(
        "every room checked after {:.0} ms, with {:.2} s of CPU time",
        ms(begun.elapsed()),
        server.cpu().as_secs_f64()
    );
    let memory = metric(&server.address, "talk_room_memory_bytes").unwrap_or(f64::NAN);
    let before = server.cpu();
    thread::sleep(IDLE);
    let share = (server.cpu() - before).as_secs_f64() / IDLE.as_secs_f64();
    println!(
        "idle: RSS {:.1} MiB (peak {:.1}), of which {:.1} MiB are logs and cids; {:.1} % of a core",
        mib(server.rss_kib() * 1_024),
        mib(server.peak_rss_kib() * 1_024),
        memory / 1_048_576.0,
        share * 100.0
    );
}

/// The time from a join of a room that was not loaded yet to its first post. Its cids are read for it.
fn first_post(address: &str) {
    let begun = Instant::now();
    let mut client = Client::connect(address);
    client.send(&hello("writer", "room999", "\"now\""));
    client.wait(|payload| is(payload, "joined"));
    let joined = begun.elapsed();
    client.send(r#"{"type":"post","room":"room999","cid":"first","text":"hello"}"#);
    client.wait(|payload| is(payload, "post"));
    let posted = begun.elapsed() - joined;
    println!(
        "a join before the room was checked: {:.1} ms; the first post there: {:.1} ms",
        ms(joined),
        ms(posted)
    );
}

/// A number of the metrics page.
fn metric(address: &str, name: &str) -> Option<f64> {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let value = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok())
}

/// Writes the logs; returns about how many bytes they have.
fn fill(data: &Path, public: u64, private: u64) -> u64 {
    let store = Store::open(data).unwrap();
    let (sync, file_bytes) = (SyncPolicy::Interval, limits::LOG_FILE);
    let config = LogConfig { sync, file_bytes, retain: None, retain_records: None };
    let owner = |user: u64| format!("{user:032x}").parse::<OwnerId>().unwrap();
    let mut bytes = 0;
    let mut write = |room: &RoomName, id: String, owners, records: u64| {
        let log = store.new_log(room, config, id, owners);
        let entry = |seq: u64| {
            let (at, user) = (1_795_394_177_902 + seq, seq % 50);
            let json = format!(
                r#"{{"type":"post","room":"{room}","seq":{seq},"at":{at},"user":"writer{user}","cid":"{seq:032x}","text":"hello, this is a line of the usual length"}}"#
            );
            LogEntry { seq, owner: owner(user), json: json.into() }
        };
        let batch: Vec<LogEntry> = (1..=records).map(entry).collect();
        bytes += batch.iter().map(|entry| entry.json.len() as u64 + 80).sum::<u64>();
        log.append(&batch).unwrap();
    };
    for n in 0..public {
        let n = if n + 1 == public { 999 } else { n };
        write(&format!("room{n}").parse().unwrap(), format!("{n:032x}"), None, RECORDS);
    }
    let user = |n: u64| format!("user{n:03}").parse::<UserName>().unwrap();
    let pairs = (0..150).flat_map(|one| (one + 1..150).map(move |other| (one, other)));
    for (one, other) in pairs.take(usize::try_from(private).unwrap()) {
        let room = RoomName::private_between(&user(one), &user(other)).unwrap();
        write(&room, format!("{one:016x}{other:016x}"), Some([owner(one), owner(other)]), 1);
    }
    bytes
}
