//! The server, killed and started again on the same port and the same data, and what it says of itself.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{self, Command, Output};

use tempfile::TempDir;

use crate::support::process::Server;

pub(crate) struct ServerProcess {
    home: Option<TempDir>,
    pub(crate) address: SocketAddr,
    server: Option<Server>,
}

impl ServerProcess {
    /// A server that does not run yet.
    pub(crate) fn new() -> ServerProcess {
        // Below what Linux gives to those who ask for any port: else one of all these connections could sit
        // on it when the server comes back.
        let base = 10_000 + process::id() % 10_000;
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = (0..20_000).map(|n| (base + n) as u16).find(free).unwrap();
        let home = Some(tempfile::tempdir().unwrap());
        ServerProcess { home, address: ([127, 0, 0, 1], port).into(), server: None }
    }

    /// Starts it with its own limits, but for those per address: all of these clients are of one.
    pub(crate) fn start(&mut self) {
        let words = OpenOptions::new().create(true).append(true).open(self.words()).unwrap();
        let mut command = self.command(&["--max-per-address", "0"]);
        command.args(["--bind", &self.address.to_string()]).stderr(words);
        let server = Server::run(command);
        server.answers();
        self.server = Some(server);
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.server = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.as_ref().unwrap().pid()
    }

    /// One of its counters.
    pub(crate) fn counter(&self, name: &str) -> Option<u64> {
        let page = self.page();
        let mut lines = page.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    /// How many have said hello and are there.
    pub(crate) fn connections(&self) -> Option<u64> {
        self.counter("talk_connections{kind=\"bot\"}")
    }

    /// What it has done in this life.
    pub(crate) fn figures(&self) -> String {
        let of = |name| self.counter(name).map_or(String::from("?"), |count| count.to_string());
        format!(
            "{} records, {} deliveries, {} replayed, {} repeats known, {} fell too far behind, {} s of CPU",
            of("talk_messages_total"),
            of("talk_deliveries_total"),
            of("talk_replayed_messages_total"),
            of("talk_duplicates_suppressed_total"),
            of("talk_slow_clients_evicted_total"),
            self.server.as_ref().map_or(0, |server| server.cpu().as_secs()),
        )
    }

    fn page(&self) -> String {
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut page = String::new();
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    /// Whether `server verify` finds everything sound, and its words where it does not.
    pub(crate) fn verify(&self) -> (bool, String) {
        let Output { status, stdout, stderr } = self.command(&["verify"]).output().unwrap();
        let words = String::from_utf8([stdout, stderr].concat()).unwrap();
        let last = words.lines().last().unwrap_or_default();
        (status.success(), if status.success() { String::from(last) } else { words })
    }

    /// A room's records, as `server export` prints them.
    pub(crate) fn export(&self, room: &str) -> Vec<String> {
        let output = self.command(&["export", room, "--format", "jsonl"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if said.contains("there is no log of room") {
            return Vec::new(); // nobody has said anything there
        }
        assert!(output.status.success(), "the export of {room} fails: {said}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// The lines of its log that tell of a panic.
    pub(crate) fn panics(&self) -> Vec<String> {
        let mut words = String::new();
        File::open(self.words()).unwrap().read_to_string(&mut words).unwrap();
        words.lines().filter(|line| line.contains("panic")).map(str::to_owned).collect()
    }

    /// How many bytes are kept of all rooms.
    pub(crate) fn kept(&self) -> u64 {
        let mut folders = vec![self.data()];
        let mut bytes = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.metadata().unwrap() {
                    found if found.is_dir() => folders.push(entry.path()),
                    found => bytes += found.len(),
                }
            }
        }
        bytes
    }

    /// Leaves everything where it is, for whoever wants to know why.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.home.take().unwrap().keep()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Server::program();
        command.args(words).arg("--data").arg(self.data());
        command
    }

    fn data(&self) -> PathBuf {
        self.home.as_ref().unwrap().path().join("data")
    }

    fn words(&self) -> PathBuf {
        self.home.as_ref().unwrap().path().join("stderr")
    }
}
