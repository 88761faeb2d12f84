//! A console on another computer: two network namespaces joined by a cable that can be cut.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Two hosts, `10.99.0.1` and `10.99.0.2`, until this is dropped.
struct Lan {
    hosts: [String; 2],
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.expect("iproute2 is installed").success(), "ip {arguments}");
}

impl Lan {
    fn new() -> Lan {
        let id = std::process::id();
        let hosts = [format!("talk-{id}-a"), format!("talk-{id}-b")];
        let lan = Lan { hosts };
        for host in &lan.hosts {
            ip(&format!("netns add {host}"));
            ip(&format!("-n {host} link set lo up"));
        }
        let [a, b] = &lan.hosts;
        ip(&format!("-n {a} link add cable type veth peer name cable netns {b}"));
        for (host, address) in [(a, "10.99.0.1/24"), (b, "10.99.0.2/24")] {
            ip(&format!("-n {host} addr add {address} dev cable"));
            ip(&format!("-n {host} link set cable up"));
        }
        lan
    }

    fn cable(&self, state: &str) {
        ip(&format!("-n {} link set cable {state}", self.hosts[1]));
    }

    fn run(&self, host: usize, program: &str, arguments: &[&str]) -> Program {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.hosts[host], program])
            .args(arguments)
            .env("XDG_STATE_HOME", tempfile::tempdir().unwrap().keep())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, out) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).all(|line| lines.send(line).is_ok())
        });
        Program { stdin: child.stdin.take().unwrap(), child, out, kept: VecDeque::new() }
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for host in &self.hosts {
            Command::new("ip").args(["netns", "delete", host]).status().ok();
        }
    }
}

/// A process on one of the hosts.
struct Program {
    child: Child,
    stdin: ChildStdin,
    out: Receiver<String>,
    kept: VecDeque<String>,
}

impl Program {
    fn send(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Reads its output until a line contains `part`; keeps all lines.
    fn wait_for(&mut self, part: &str, within: Duration) {
        let deadline = Instant::now() + within;
        while !self.kept.back().is_some_and(|line| line.contains(part)) {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.out.recv_timeout(left);
            self.kept
                .push_back(line.unwrap_or_else(|_| panic!("no {part:?} after {:?}", self.kept)));
        }
    }

    /// The numbered lines it has printed, in order.
    fn numbered(&self) -> Vec<&str> {
        let numbered = self.kept.iter().filter_map(|line| line.split_once("line "));
        numbered.map(|(_, number)| number).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
#[ignore = "needs root and iproute2, and takes a minute: tests/run runs it"]
fn a_console_on_another_computer_loses_and_repeats_nothing_over_a_cut_of_thirty_seconds() {
    const TIMEOUT: Duration = Duration::from_secs(15);
    let lan = Lan::new();
    let server = env!("CARGO_BIN_EXE_server");
    let console = env!("CARGO_BIN_EXE_console");
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    let flags = ["--bind", "10.99.0.1:0", "--rate", "0", "--data", data];
    let mut server = lan.run(0, server, &flags);
    server.wait_for("http://", TIMEOUT);
    let url = server.kept[0].clone();
    let address = url.trim_start_matches("http://").trim_end_matches('/');

    let mut near = lan.run(0, console, &["--user", "near", "--server", address]);
    let mut far = lan.run(1, console, &["--user", "far", "--server", address]);
    for console in [&mut near, &mut far] {
        console.send("here"); // its own line shows that it has joined: it prints none of before
        console.wait_for("here", TIMEOUT);
    }
    far.send("line 0");
    near.wait_for("line 0", TIMEOUT);
    far.wait_for("line 0", TIMEOUT);
    near.send("line 1");
    far.wait_for("line 1", TIMEOUT);
    near.wait_for("line 1", TIMEOUT);

    lan.cable("down");
    let cut = Instant::now();
    let mut said = 2;
    while cut.elapsed() < Duration::from_secs(30) {
        let who = if said % 2 == 0 { &mut far } else { &mut near };
        who.send(&format!("line {said}"));
        said += 1;
        thread::park_timeout(Duration::from_secs(3)); // the user types now and then during the cut
    }
    lan.cable("up");

    // A console that noticed the cut reconnects within half a minute; one that did not goes on.
    far.send("line last");
    near.wait_for("line last", Duration::from_secs(120));
    far.wait_for("line last", TIMEOUT);
    assert_eq!(near.numbered(), far.numbered(), "one order");
    let mut numbers: Vec<usize> =
        near.numbered().iter().filter_map(|number| number.parse().ok()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..said).collect::<Vec<usize>>(), "each once");
}
