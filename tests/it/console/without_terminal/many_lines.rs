//! Many lines piped in: time, and the outcome when the server dies in the middle.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use super::piped::after_the_day;
use crate::common::server_process::cpu;
use crate::support::TestServer;
use crate::support::piped_console::{console, run};

/// A console that lines are piped into by a thread.
struct Pipe {
    child: Child,
    out: BufReader<ChildStdout>,
    feeder: Option<JoinHandle<ChildStdin>>,
    _state: TempDir,
}

impl Pipe {
    /// Pipes `text 1` to `text COUNT` in. The input stays open.
    fn start(server: SocketAddr, flags: &[&str], count: usize) -> Pipe {
        let (mut command, state) = console(server, &[&["--user", "ci"], flags].concat());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let feeder = thread::spawn(move || {
            let lines: String = (1..=count).map(|n| format!("text {n}\n")).collect();
            let fed = stdin.write_all(lines.as_bytes());
            // A console that gives up reads no more.
            assert!(fed.is_ok() || fed.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe));
            stdin
        });
        let out = BufReader::new(child.stdout.take().unwrap());
        Pipe { child, out, feeder: Some(feeder), _state: state }
    }

    /// The text of the next line that it prints, except days.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        if line.starts_with("-- ") {
            return self.line();
        }
        line.trim_end().get(9..).unwrap_or_default().to_owned() // behind `12:34 ci `
    }

    fn expect_lines(&mut self, from: usize, to: usize) {
        for n in from..=to {
            assert_eq!(self.line(), format!("text {n}"));
        }
    }

    /// Ends its input, and waits until it has ended: exit code and stderr.
    fn end(mut self) -> (i32, String) {
        drop(self.feeder.take().map(|feeder| feeder.join().unwrap()));
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap(), err)
    }
}

#[test]
fn the_time_for_piped_lines_grows_with_their_number_and_not_with_its_square() {
    let cpu_for = |count: usize| {
        let server = TestServer::start(&["--sync", "interval"]);
        let mut pipe = Pipe::start(server.address, &[], count);
        pipe.expect_lines(1, count);
        let used = cpu(pipe.child.id());
        assert_eq!(pipe.end(), (0, String::new()));
        used.max(Duration::from_millis(10)) // the unit it is counted in
    };
    let (few, many) = (cpu_for(1_000), cpu_for(10_000));
    assert!(many < few * 35, "{few:?} for 1,000 lines, {many:?} for 10,000");
}

#[test]
fn lines_are_stored_once_and_in_order_through_a_server_that_is_killed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let data = tempfile::tempdir().unwrap();
    let start = || TestServer::start_on(&listener, data.path(), &["--sync", "interval"]);
    let mut server = start();
    let mut pipe = Pipe::start(listener.local_addr().unwrap(), &[], 2_000);
    pipe.expect_lines(1, 500);
    server.kill();
    server = start();
    pipe.expect_lines(501, 1_200);
    server.kill();
    let server = start();
    pipe.expect_lines(1_201, 2_000);
    let (code, err) = pipe.end();
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("not sent"), "{err}");
    let (_, out, _) = run(server.address, &["--since", "all"], b"");
    let stored: Vec<&str> = after_the_day(&out).map(|line| &line[9..]).collect();
    let expected: Vec<String> = (1..=2_000).map(|n| format!("text {n}")).collect();
    assert_eq!(stored, expected);
}

#[test]
fn after_the_server_has_died_exactly_the_lines_that_are_not_stored_are_named() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &["--sync", "interval"]);
    let mut pipe = Pipe::start(server.address, &["--timeout", "2s"], 3_000);
    pipe.expect_lines(1, 700);
    server.kill();
    let (code, err) = pipe.end();
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("no connection for 2 s"), "{err}");

    let server = TestServer::start_in(data.path(), &[]);
    let (_, out, _) = run(server.address, &["--since", "all"], b"");
    let stored: BTreeSet<u64> =
        after_the_day(&out).map(|line| line[14..].parse().unwrap()).collect();
    let (mut unsent, mut in_doubt) = (BTreeSet::new(), BTreeSet::new());
    for line in err.lines().filter_map(|line| line.split_once("not sent").map(|(_, what)| what)) {
        if let Some(range) = line.strip_prefix(": lines ") {
            let (first, last) = range.split_once(" to ").unwrap();
            unsent.extend(first.parse::<u64>().unwrap()..=last.parse().unwrap());
            continue;
        }
        let line = line.strip_prefix(" to #lobby: line ").unwrap();
        let (number, text) = line.split_once(": ").unwrap();
        let number: u64 = number.parse().unwrap();
        assert!(text.starts_with(&format!("text {number}")), "{text}");
        if text.contains("it may be stored") { &mut in_doubt } else { &mut unsent }.insert(number);
    }
    assert!(in_doubt.len() <= 1, "one is in flight at a time: {err}");
    assert!(unsent.is_disjoint(&stored), "{err}");
    let all: BTreeSet<u64> = stored.iter().chain(&unsent).chain(&in_doubt).copied().collect();
    assert_eq!(all, (1..=3_000).collect(), "{err}");
    assert!(stored.len() >= 700);
}

#[test]
fn a_server_that_is_not_there_ends_it_in_time_however_much_is_piped_in() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pipe = Pipe::start(nowhere, &["--timeout", "1s"], 20_000);
    let (code, err) = pipe.end();
    assert_eq!(code, 1);
    let unsent: Vec<&str> =
        err.lines().filter_map(|line| line.strip_prefix("console: not sent")).collect();
    assert_eq!(unsent.len(), 11, "{err}");
    assert_eq!(unsent[0], " to #lobby: line 1: text 1", "it was never sent");
    assert_eq!(unsent[10], ": lines 11 to 20000", "{err}");
}

#[test]
fn an_input_that_never_ends_is_reported_without_its_end() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (mut command, _state) = console(nowhere, &["--user", "ci", "--timeout", "1s"]);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    while stdin.write_all(&b"y\n".repeat(2_000)).is_ok() {}
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(err.ends_with("console: not sent: line 11 and all after it\n"), "{err}");
}

#[test]
fn lines_that_nobody_reads_back_any_more_are_not_lost_silently() {
    let server = TestServer::start(&["--sync", "interval"]);
    let mut pipe = Pipe::start(server.address, &[], 5_000);
    pipe.expect_lines(1, 1);
    let Pipe { child, out, feeder, .. } = &mut pipe;
    drop(std::mem::replace(out, BufReader::new(another())));
    let output = {
        drop(feeder.take().map(|feeder| feeder.join().unwrap()));
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (child.wait().unwrap().code().unwrap(), err)
    };
    let (_, out, _) = run(server.address, &["--since", "all"], b"");
    let stored = after_the_day(&out).count();
    if stored == 5_000 {
        assert_eq!(output, (0, String::new()));
    } else {
        let expected = format!("console: not sent: lines {} to 5000\n", stored + 1);
        assert_eq!(output, (1, expected));
    }
}

/// An output that replaces one that is dropped.
fn another() -> ChildStdout {
    let mut child =
        std::process::Command::new("true").stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.wait().unwrap();
    child.stdout.take().unwrap()
}
