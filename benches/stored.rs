//! How many posts a second are stored and shown, by how many writers, beside what the disk itself can
//! do: `cargo bench --bench stored`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench that meets an error has nothing to say but that"
)]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::Message;

/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(3);

/// Bytes of a line of a log with a short text.
const LINE: usize = 250;

fn main() {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("a bare loop of write and fdatasync: {:>9.0} a second", bare(data.path()));
    println!("posts stored and shown to their writer, each with one in flight, in one room:");
    for sync in ["always", "interval"] {
        for writers in [1, 8, 64] {
            let dir = data.path().join(format!("{sync}-{writers}"));
            let rate = posts(&dir, sync, writers);
            println!("  --sync {sync:8} {writers:3} writers: {rate:>9.0} a second");
        }
    }
}

/// What one writer of lines gets out of this disk.
fn bare(dir: &Path) -> f64 {
    let path = dir.join("bare");
    File::create(&path).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < SPAN {
        file.write_all(&[b'x'; LINE]).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn posts(data: &Path, sync: &str, writers: usize) -> f64 {
    let (mut server, address) = server(data, sync);
    let (stored, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut rate = 0.0;
    thread::scope(|scope| {
        for n in 0..writers {
            let (stored, done, address) = (&stored, &done, &address);
            scope.spawn(move || write(address, n, stored, done));
        }
        thread::sleep(SPAN / 4); // everybody has joined
        let (start, before) = (Instant::now(), stored.load(Ordering::Relaxed));
        thread::sleep(SPAN);
        let count = stored.load(Ordering::Relaxed) - before;
        rate = count as f64 / start.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
    });
    server.kill().unwrap();
    server.wait().unwrap();
    rate
}

/// A server on a port of its own, and where it is.
fn server(data: &Path, sync: &str) -> (Child, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["--bind", "127.0.0.1:0", "--max-per-address", "0", "--rate", "0"])
        .args(["--sync", sync, "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/');
    (server, String::from(address))
}

/// Posts one line after another, each when the one before has come back.
fn write(address: &str, n: usize, stored: &AtomicU64, done: &AtomicBool) {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/ws"), stream).unwrap();
    let hello = format!(
        r#"{{"type":"hello","user":"writer{n}","join":[{{"room":"lobby","since":"now"}}]}}"#
    );
    socket.send(Message::text(hello)).unwrap();
    let mut count = 0;
    let post = |count: u64| {
        let text = "hello, this is a line of the usual length, give or take some";
        let cid = format!("{n}-{count}");
        let post = format!(r#"{{"type":"post","room":"lobby","cid":"{cid}","text":"{text}"}}"#);
        (Message::text(post), format!(r#""cid":"{cid}","#))
    };
    let mut awaited = String::from(r#""type":"joined""#);
    while !done.load(Ordering::Relaxed) {
        let Message::Text(text) = socket.read().unwrap() else { continue };
        if text.contains(&awaited) {
            stored.fetch_add(1, Ordering::Relaxed);
            let (message, cid) = post(count);
            socket.send(message).unwrap();
            (awaited, count) = (cid, count + 1);
        }
    }
}
