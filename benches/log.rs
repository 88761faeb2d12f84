//! The costs of a long log: a start, a page of history, a thousand clients that reconnect:
//! `cargo bench --bench log`.
//!
//! The bench writes the log through the library: 1,000,000 records of a usual length (250 MB). Its files are
//! still in the page cache when it is read. `-- --quick` takes a tenth of everything.

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
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::rng::Rng;
use support::client::{Client, TIMEOUT, is};
use support::client_pool::ClientPool;
use support::server::Server;
use support::statistics::{median, mib, ms, quantile};
use talk::chat::LogEntry;
use talk::limits;
use talk::log::{LogConfig, Store, SyncPolicy};

/// Records of a page, and how many pages are requested.
const PAGE: u64 = 100;
const PAGES: usize = 1_000;
/// Clients that request them in turn: the server would delay a single client that asks so often.
const CLIENTS: usize = 10;
/// Between two pages.
const PAUSE: Duration = Duration::from_millis(8);
/// Starts of which the median is printed.
const STARTS: usize = 5;

fn main() {
    let quick = env::args().any(|argument| argument == "--quick");
    let part = if quick { 10 } else { 1 };
    let (records, clients, missed) = (1_000_000 / part, 1_000 / part as usize, 10_000 / part);
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bytes = fill(data.path(), records);
    println!("a log of {records} records, {:.0} MiB", mib(bytes));
    start(data.path());
    pages(data.path(), records, PAGES / part as usize);
    resume(data.path(), records, clients, missed);
}

/// Writes a log like that of long conversations.
fn fill(data: &Path, records: u64) -> u64 {
    let store = Store::open(data).unwrap();
    let file_bytes = limits::LOG_FILE;
    let config =
        LogConfig { sync: SyncPolicy::Interval, file_bytes, retain: None, retain_records: None };
    let log = store.new_log(&"lobby".parse().unwrap(), config, String::from("a6fa"), None);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for seq in 1..=records {
        let (at, user) = (1_795_394_177_902 + seq, seq % 50);
        let json = format!(
            r#"{{"type":"post","room":"lobby","seq":{seq},"at":{at},"user":"writer{user}","cid":"{seq:032x}","text":"hello, this is a line of the usual length, give or take some"}}"#
        );
        bytes += json.len() as u64 + 80; // the owner and the check value
        let owner = format!("{user:032x}").parse().unwrap();
        batch.push(LogEntry { seq, owner, json: json.into() });
        if batch.len() == 1_000 {
            log.append(&batch).unwrap();
            batch.clear();
        }
    }
    log.append(&batch).unwrap();
    log.maintain(0).unwrap();
    bytes
}

/// From the command to the first answer.
fn start(data: &Path) {
    let (mut waits, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let begun = Instant::now();
        let server = Server::start(data, &[]);
        server.wait_until_ready();
        waits.push(begun.elapsed().as_secs_f64());
        peaks.push(mib(server.peak_rss_kib() * 1_024));
    }
    println!(
        "start: {:.2} s to the first answer ({:.2} to {:.2}), peak RSS {:.1} MiB",
        median(&mut waits),
        waits[0],
        waits[STARTS - 1],
        quantile(&mut peaks, 1.0)
    );
}

/// A page of records at a random place.
fn pages(data: &Path, records: u64, count: usize) {
    let server = Server::start(data, &[]);
    let client = |n| Client::join(&server.address, &format!("asker{n}"), "\"now\"");
    let mut clients: Vec<Client> = (0..CLIENTS).map(client).collect();
    clients.iter_mut().for_each(|client| client.wait(|payload| is(payload, "joined")));
    let (mut rng, mut waits, mut empty) = (Rng::new(42), Vec::new(), Vec::new());
    for n in 0..count {
        let after = rng.below(records - PAGE);
        let (first, last) = (after + 1, after + PAGE);
        let client = &mut clients[n % CLIENTS];
        let begun = Instant::now();
        client.send(&format!(
            r#"{{"type":"history","room":"lobby","after":{after},"limit":{PAGE}}}"#
        ));
        client.wait(|payload| {
            if !is(payload, "history") {
                return false;
            }
            let (begin, end) = (&payload[..200], &payload[payload.len().saturating_sub(300)..]);
            holds(begin, first) && holds(end, last)
        });
        waits.push(ms(begun.elapsed()));
        thread::sleep(PAUSE);
        let begun = Instant::now();
        client.send(r#"{"type":"who","room":"lobby"}"#);
        client.wait(|payload| is(payload, "members"));
        empty.push(ms(begun.elapsed()));
        thread::sleep(PAUSE);
    }
    println!(
        "a page of {PAGE} at random, {count} times: median {:.2} ms, p99 {:.2} ms",
        median(&mut waits),
        quantile(&mut waits, 0.99)
    );
    println!(
        "  a request that needs no log, in between: median {:.2} ms, p99 {:.2} ms",
        median(&mut empty),
        quantile(&mut empty, 0.99)
    );
}

fn holds(payload: &[u8], seq: u64) -> bool {
    let part = format!("\"seq\":{seq},");
    payload.windows(part.len()).any(|window| window == part.as_bytes())
}

/// All clients were disconnected for a while, and reconnect at once.
fn resume(data: &Path, records: u64, clients: usize, missed: u64) {
    let server = Server::start(data, &[]);
    let (before, cpu) = (server.rss_kib(), server.cpu());
    let begun = Instant::now();
    let (since, mut pool) = ((records - missed).to_string(), ClientPool::new());
    let (mut received, mut current, mut joined) = (vec![0; clients], 0, Duration::ZERO);
    while current < clients {
        assert!(begun.elapsed() < TIMEOUT * 5, "{current} of {clients} have caught up");
        let wait = match pool.len() {
            n if n < clients => {
                pool.add(Client::join(&server.address, &format!("client{n}"), &since));
                joined = begun.elapsed();
                Duration::ZERO
            }
            _ => TIMEOUT,
        };
        pool.poll(wait, |place, payload, _| {
            if is(payload, "post") {
                received[place] += 1;
                current += usize::from(received[place] == missed);
            }
        });
    }
    let caught_up = begun.elapsed();
    // A client is live once it receives a new message.
    pool.send(0, br#"{"type":"post","room":"lobby","cid":"now","text":"who is here?"}"#);
    let mut live = 0;
    while live < clients {
        pool.poll(TIMEOUT, |_, payload, _| live += usize::from(is(payload, "post")));
    }
    let (peak, cpu) = (server.peak_rss_kib(), server.cpu() - cpu);
    println!(
        "{clients} clients reconnect, {missed} records behind: connected in {:.1} s, caught up in \
         {:.1} s ({:.2} M records a second, {:.2} us of CPU each), all live in {:.1} s",
        joined.as_secs_f64(),
        caught_up.as_secs_f64(),
        (clients as u64 * missed) as f64 / caught_up.as_secs_f64() / 1e6,
        cpu.as_secs_f64() * 1e6 / (clients as u64 * missed) as f64,
        begun.elapsed().as_secs_f64(),
    );
    println!("  RSS {:.1} MiB before, {:.1} MiB at most", mib(before * 1_024), mib(peak * 1_024));
}
