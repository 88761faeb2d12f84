//! The built server, killed and started again on the same port and the same data.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};

use super::rng::Rng;
use super::server_process::ServerProcess;

/// How many this process has made.
static SERVERS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct RestartingServer {
    program: PathBuf,
    /// Where its data and its log are.
    home: PathBuf,
    pub(crate) address: SocketAddr,
    process: Option<ServerProcess>,
}

impl RestartingServer {
    /// One that does not run yet, and keeps everything in `home`.
    pub(crate) fn new(program: &Path, home: &Path) -> RestartingServer {
        // Below the ports that Linux gives to outgoing connections: one of these could otherwise have
        // the port when the server is started again.
        // The servers of one process are a hundred ports apart: while one is down, its port looks free.
        let base = 10_000 + id() % 10_000 + 100 * SERVERS.fetch_add(1, Ordering::Relaxed);
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = (0..20_000).map(|n| (base + n) as u16).find(free).unwrap();
        let address = ([127, 0, 0, 1], port).into();
        RestartingServer { program: program.into(), home: home.into(), address, process: None }
    }

    /// Starts it with these flags and without limits per address, as all clients have one, and does not
    /// wait.
    pub(crate) fn start(&mut self, flags: &[&str]) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command(&["--bind", &self.address.to_string()]);
        command.args(["--max-per-address", "0"]).args(flags).stdin(Stdio::null()).stderr(log);
        self.process = Some(ServerProcess::launch(&mut command));
    }

    /// Waits until it listens.
    pub(crate) fn wait_until_up(&mut self) {
        let line = self.process.as_mut().unwrap().read_line();
        let expected = format!("http://{}/", self.address);
        assert_eq!(line, expected, "the server does not start; its log ends:\n{}", self.log_tail());
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// The running process.
    pub(crate) fn process(&self) -> &ServerProcess {
        self.process.as_ref().unwrap()
    }

    /// Leaves at the end of a room's log what a machine that stops in the middle of a write can leave.
    /// No client has seen it, as it never was a whole line. Only while the server does not run.
    pub(crate) fn tear(&self, room: &str, rng: &mut Rng) -> bool {
        let Some(newest) = self.newest_file(room) else { return false };
        let bytes = fs::read(&newest).unwrap();
        let Some(line) = bytes.split_inclusive(|byte| *byte == b'\n').next_back() else {
            return false;
        };
        let length = 1 + rng.below(line.len() as u64 - 1) as usize;
        let torn = match rng.below(3) {
            0 => vec![0; length],
            1 => (0..length).map(|_| rng.next() as u8).collect(),
            _ => line[..length].to_vec(),
        };
        OpenOptions::new().append(true).open(newest).unwrap().write_all(&torn).unwrap();
        true
    }

    /// Copies its data, as an operator does who makes a backup. Only while it does not run.
    pub(crate) fn back_up(&self) {
        fs::remove_dir_all(self.backup()).ok(); // an older one, if there is one
        copy_dir(&self.data(), &self.backup());
    }

    /// Puts the last backup in the place of its data. Only while it does not run.
    pub(crate) fn restore(&self) {
        fs::remove_dir_all(self.data()).unwrap();
        copy_dir(&self.backup(), &self.data());
    }

    /// Cuts up to `count` whole records off a room's log, as a power cut under `--sync interval` does. Returns
    /// how many. Only while it does not run.
    pub(crate) fn lose_records(&self, room: &str, count: usize) -> usize {
        self.newest_file(room).map_or(0, |file| cut_records(&file, count))
    }

    /// What `server verify` finds: whether all is sound, and its output.
    pub(crate) fn verify(&self) -> (bool, String) {
        let Output { status, stdout, stderr } = self.command(&["verify"]).output().unwrap();
        (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    /// A room's records, as `server export` prints them; `None` if the room has no log.
    pub(crate) fn export(&self, room: &str) -> Option<Vec<String>> {
        let output = self.command(&["export", room, "--format", "jsonl"]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        if error.contains("there is no log of room") {
            return None;
        }
        assert!(output.status.success(), "the export of {room} fails: {error}");
        let records = String::from_utf8(output.stdout).unwrap();
        Some(records.lines().map(str::to_owned).collect())
    }

    /// One of its counters; `None` if the metrics page does not have it.
    pub(crate) fn counter(&self, name: &str) -> Option<u64> {
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut page = String::new();
        stream.write_all(head.as_bytes()).unwrap();
        stream.read_to_string(&mut page).unwrap();
        let mut lines = page.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    /// The lines of its log that report a panic, in any of its lives.
    pub(crate) fn panics(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().filter(|line| line.contains("panic")).map(str::to_owned).collect()
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn backup(&self) -> PathBuf {
        self.home.join("backup")
    }

    /// The last file of a room's log.
    fn newest_file(&self, room: &str) -> Option<PathBuf> {
        let files = fs::read_dir(self.data().join("rooms").join(room)).into_iter().flatten();
        files.map(|file| file.unwrap().path()).filter(|path| is_log(path)).max()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--data").arg(self.data());
        command
    }

    fn log(&self) -> PathBuf {
        self.home.join("stderr")
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// Copies a directory and all in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy_dir(&path, &to) } else { assert!(fs::copy(&path, &to).is_ok()) }
    }
}

/// Cuts up to `count` records off the end of a log's file, as a power cut does to what is not fsynced, and
/// leaves at least one. Returns how many it has cut. Only while no server runs.
pub(crate) fn cut_records(file: &Path, count: usize) -> usize {
    let bytes = fs::read(file).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let kept = lines.len().saturating_sub(count).max(2.min(lines.len())); // the header, one record
    let len: usize = lines[..kept].iter().map(|line| line.len()).sum();
    OpenOptions::new().write(true).open(file).unwrap().set_len(len as u64).unwrap();
    lines.len() - kept
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
        && File::open(path).is_ok_and(|file| file.metadata().is_ok_and(|of| of.len() > 0))
}
