//! A server of a bench's own, as a process, and what the system says about a process.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::iter;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running process that listens. Dropped, it is killed: that is how this server is stopped anyway.
pub(crate) struct Server {
    child: Child,
    /// `host:port`.
    pub(crate) address: String,
}

impl Server {
    /// The server under measurement, with its rooms in `data`, without limits that a bench would meet:
    /// the one just built, or with `-- --server=FILE` another, to compare with.
    pub(crate) fn start(data: &Path, flags: &[&str]) -> Server {
        Server::run(Server::ours(data, flags))
    }

    /// The same, where a process may have only so many files open; and how many connections it says it has
    /// room for.
    pub(crate) fn start_within(files: usize, data: &Path) -> (Server, usize) {
        let ours = Server::ours(data, &[]);
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}")).arg(ours.get_program()).args(ours.get_args());
        let (server, last) = Server::run_until(command, "room for");
        let room = last.split_whitespace().find_map(|word| word.parse().ok());
        (server, room.unwrap())
    }

    /// The program under measurement, with no flags yet.
    pub(crate) fn program() -> Command {
        let other = env::args().find_map(|word| word.strip_prefix("--server=").map(String::from));
        Command::new(other.unwrap_or_else(|| String::from(env!("CARGO_BIN_EXE_server"))))
    }

    fn ours(data: &Path, flags: &[&str]) -> Command {
        let mut command = Server::program();
        command.args(["--bind", "127.0.0.1:0", "--max-per-address", "0", "--rate", "0"]);
        command.args(flags).arg("--data").arg(data);
        command
    }

    /// Another server, which this bench's own binary is when it is called with `words`.
    pub(crate) fn reference(words: &[&str]) -> Server {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(words);
        Server::run(command)
    }

    /// Any command whose first line of output tells where it listens.
    pub(crate) fn run(command: Command) -> Server {
        Server::run_until(command, "").0
    }

    /// The same, and the first line that contains this.
    fn run_until(mut command: Command, what: &str) -> (Server, String) {
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        let address = first.trim_start_matches("http://").trim_end_matches('/').into();
        let found = iter::once(first).chain(lines).find(|line| line.contains(what)).unwrap();
        (Server { child, address }, found)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns once it has answered a request.
    pub(crate) fn answers(&self) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    /// Bytes of memory that it holds now.
    pub(crate) fn rss(&self) -> u64 {
        status(self.pid(), "VmRSS:")
    }

    /// The most that it ever held.
    pub(crate) fn peak_rss(&self) -> u64 {
        status(self.pid(), "VmHWM:")
    }

    /// What it has used of the processors, in user mode and in the system.
    pub(crate) fn cpu(&self) -> Duration {
        cpu(self.pid())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A number of kB in `/proc/PID/status` (proc_pid_status(5)), as bytes.
fn status(pid: u32, key: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

/// How many files, and so sockets, this process and those that it starts may have open.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = line.split_whitespace().next().unwrap();
    soft.parse().unwrap_or(usize::MAX) // "unlimited"
}

/// `utime` and `stime` of `/proc/PID/stat`, in the 10 ms in which the system counts (proc_pid_stat(5)).
pub(crate) fn cpu(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = text.rsplit(") ").next().unwrap();
    let ticks = after_name.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
