//! How many posts a second are stored and delivered, by number of writers, compared with what the disk itself
//! can do at the same time: `cargo bench --bench stored`, or `-- always 64` for one figure.

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
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use support::client::{Client, TIMEOUT, is};
use support::client_pool::ClientPool;
use support::server::Server;
use support::statistics::median;

/// How long each figure is measured, and how long the writers run before that.
const SPAN: Duration = Duration::from_secs(2);
const WARMUP: Duration = Duration::from_millis(500);

/// Each figure is measured so often, in turn with the others: the speed of a disk varies.
const ROUNDS: usize = 3;

/// Bytes of a line of a log with a short text.
const LINE: usize = 250;

const WAYS: [(&str, usize); 6] = [
    ("always", 1),
    ("always", 8),
    ("always", 64),
    ("interval", 1),
    ("interval", 8),
    ("interval", 64),
];

fn main() {
    let asked: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_asked = |sync: &str, writers: usize| match &*asked {
        [only_sync, only_writers] => sync == only_sync && writers.to_string() == *only_writers,
        _ => true,
    };
    let mut ways = WAYS.to_vec();
    ways.retain(|(sync, writers)| is_asked(sync, *writers));
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (mut syncs, mut rates) = (Vec::new(), vec![Vec::new(); ways.len()]);
    for round in 0..ROUNDS {
        for (way, (sync, writers)) in ways.iter().enumerate() {
            syncs.push(bare(data.path()));
            let dir = data.path().join(format!("{round}-{sync}-{writers}"));
            rates[way].push(posts(&dir, sync, *writers));
        }
    }
    let syncs = median(&mut syncs);
    println!("a bare loop of write and fdatasync: {syncs:>9.0} a second");
    println!(
        "posts stored and received by their writer, one in flight for each writer, in one room:"
    );
    for ((sync, writers), rates) in ways.iter().zip(&mut rates) {
        let (rate, low, high) = (median(rates), rates[0], rates[ROUNDS - 1]);
        println!(
            "  --sync {sync:8} {writers:3} writers: {rate:>9.0} a second ({low:.0} to {high:.0}), \
             {:.1} for each bare sync",
            rate / syncs
        );
    }
}

/// How many lines a second one writer can write and fsync on this disk.
fn bare(dir: &Path) -> f64 {
    let path = dir.join("bare");
    File::create(&path).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < SPAN / 2 {
        file.write_all(&[b'x'; LINE]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Each writer posts its next message when it has received the record of the one before.
fn posts(data: &Path, sync: &str, writers: usize) -> f64 {
    let server = Server::start(data, &["--sync", sync]);
    let mut pool = ClientPool::new();
    for n in 0..writers {
        let mut client = Client::join(&server.address, &format!("writer{n}"), "\"now\"");
        client.wait(|payload| is(payload, "joined"));
        pool.add(client);
    }
    let mut said = vec![0_u64; writers];
    let mut awaited: Vec<String> = (0..writers).map(|n| cid(n, 0)).collect();
    (0..writers).for_each(|n| say(&mut pool, n, &awaited[n]));
    let (begun, mut start, mut stored, mut back) = (Instant::now(), None, 0, Vec::new());
    loop {
        pool.poll(TIMEOUT, |place, payload, _| {
            let own = payload.len().checked_sub(FROM_END).map(|at| &payload[at..at + CID]);
            if own == Some(awaited[place].as_bytes()) {
                back.push(place);
            }
        });
        let now = Instant::now();
        match start {
            None if now - begun >= WARMUP => start = Some(now),
            None => {}
            Some(start) if now - start >= SPAN => {
                return stored as f64 / (now - start).as_secs_f64();
            }
            Some(_) => stored += back.len(),
        }
        for place in back.drain(..) {
            said[place] += 1;
            awaited[place] = cid(place, said[place]);
            say(&mut pool, place, &awaited[place]);
        }
    }
}

/// A writer's post, and where its cid is in the record: read without a search, because each writer receives
/// the records of all.
const TEXT: &str = "hello, this is a line of the usual length, give or take some";
const CID: usize = 16;
const FROM_END: usize = CID + "\",\"text\":\"\"}".len() + TEXT.len();

fn cid(place: usize, count: u64) -> String {
    format!("{place:04}-{count:011}")
}

fn say(pool: &mut ClientPool, place: usize, cid: &str) {
    let post = format!(r#"{{"type":"post","room":"lobby","cid":"{cid}","text":"{TEXT}"}}"#);
    pool.send(place, post.as_bytes());
}
