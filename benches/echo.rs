//! How long the console takes to echo a key on the terminal while messages arrive:
//! `cargo bench --bench echo`, or `-- 5000` for another number of messages a second.

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
use std::num::NonZeroU16;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use support::client::{Client, TIMEOUT, is};
use support::server::Server;
use support::statistics::{ms, quantile};

/// Messages a second, unless an argument says otherwise.
const RATE: u32 = 1_000;

/// Keys that are measured, and the time between two of them: a fast typist's, and no multiple of the flood's.
const KEYS: usize = 1_000;
const PAUSE: Duration = Duration::from_micros(13_300);

/// Keys after which the line is cleared.
const LINE: usize = 60;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

fn main() {
    let asked = env::args().skip(1).find_map(|word| word.parse().ok());
    for rate in [0, asked.unwrap_or(RATE)] {
        let (mut echoes, shown) = echoes(rate);
        let [half, most, all] = [0.5, 0.99, 1.0].map(|part| quantile(&mut echoes, part));
        println!(
            "{shown:>6.0} lines a second shown: a key is on the screen after {half:.2} ms (median), \
             {most:.2} ms (99 of 100), {all:.2} ms (all {KEYS})"
        );
    }
}

/// The times of all keys in milliseconds, and how many messages a second the console has shown.
fn echoes(rate: u32) -> (Vec<f64>, f64) {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Server::start(data.path(), &["--sync", "interval"]);
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
    command.args(["--server", &server.address, "--user", "bob"]);
    command.env("TERM", "xterm-256color");
    command.env("XDG_STATE_HOME", data.path());
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let seen = watch(pair.master.try_clone_reader().unwrap());
    let mut keyboard = pair.master.take_writer().unwrap();
    wait(&seen, |rows| rows.iter().any(|row| row.contains(" live ")));
    let flood = (rate > 0).then(|| flood(&server.address, rate));
    if rate > 0 {
        wait(&seen, |rows| rows[0].contains(" ann "));
    }

    let (mut times, start, first) = (Vec::new(), Instant::now(), newest(&seen, rate));
    for key in 0..KEYS {
        thread::sleep(PAUSE);
        let typed = format!("> {}", "x".repeat(key % LINE + 1));
        let start = Instant::now();
        if key % LINE == 0 {
            keyboard.write_all(b"\x15").unwrap(); // ^U
        }
        keyboard.write_all(b"x").unwrap();
        let shown = wait(&seen, |rows| rows.contains(&typed));
        times.push(ms(shown - start));
    }
    let lines = newest(&seen, rate) - first;
    let shown = lines / start.elapsed().as_secs_f64();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(server);
    flood.map(|flood| flood.join());
    (times, shown)
}

/// The seq of the newest message, from the status line of the next screen.
fn newest(seen: &Receiver<(Instant, Vec<String>)>, rate: u32) -> f64 {
    let mut newest = 0.0;
    let is_told = |rows: &[String]| {
        let status = rows.iter().rfind(|row| row.starts_with("[lobby]"));
        let parts = status.into_iter().flat_map(|row| row.split(" · "));
        let numbers = parts.filter_map(|part| part.strip_prefix('#')?.parse().ok());
        newest = numbers.last().unwrap_or(newest);
        newest > 0.0
    };
    if rate > 0 {
        wait(seen, is_told);
    }
    newest
}

/// A terminal: after each chunk of output, the time when it was read, and the screen then.
fn watch(mut reader: Box<dyn Read + Send>) -> Receiver<(Instant, Vec<String>)> {
    let (sender, seen) = mpsc::channel();
    let [rows, columns] = [ROWS, COLUMNS].map(|size| NonZeroU16::new(size).unwrap());
    let mut emulator = vt100::Parser::new(rows, columns, 0);
    thread::spawn(move || {
        let mut chunk = [0; 64 * 1024];
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            let now = Instant::now();
            emulator.process(&chunk[..count]);
            let rows = emulator.screen().rows(0, COLUMNS);
            let rows = rows.map(|row| row.trim_end().to_owned()).collect();
            if sender.send((now, rows)).is_err() {
                return;
            }
        }
    });
    seen
}

/// The time when the screen was first as expected.
fn wait(
    seen: &Receiver<(Instant, Vec<String>)>,
    mut is_so: impl FnMut(&[String]) -> bool,
) -> Instant {
    loop {
        let (at, rows) = seen.recv_timeout(TIMEOUT).unwrap();
        if is_so(&rows) {
            return at;
        }
    }
}

/// Ann posts so many messages a second until the server is gone.
fn flood(address: &str, rate: u32) -> thread::JoinHandle<()> {
    let mut ann = Client::join(address, "ann", "\"now\"");
    ann.wait(|payload| is(payload, "joined"));
    let mut ears = ann.stream.try_clone().unwrap();
    thread::spawn(move || {
        let mut chunk = [0; 64 * 1024];
        while let Ok(1..) = ears.read(&mut chunk) {}
    });
    thread::spawn(move || {
        let mut frame = Vec::new();
        let start = Instant::now();
        for n in 0_u32.. {
            let due = start + Duration::from_secs(1) * n / rate;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let text = "hello, this is a line of the usual length, give or take some";
            let post =
                format!(r#"{{"type":"post","room":"lobby","cid":"c{n}","text":"{text} {n}"}}"#);
            frame.clear();
            support::frames::push(&mut frame, post.as_bytes());
            if ann.stream.write_all(&frame).is_err() {
                return;
            }
        }
    })
}
