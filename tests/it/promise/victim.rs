//! The built server, killed and started again on the same port and the same data.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::chance::Chance;

const SERVER: &str = env!("CARGO_BIN_EXE_server");

/// A server that takes longer to start does not start.
const START: Duration = Duration::from_secs(30);

pub(super) struct Victim {
    home: PathBuf,
    pub(super) address: SocketAddr,
    child: Option<Child>,
}

impl Victim {
    /// One that does not run yet, and keeps everything in `home`.
    pub(super) fn new(home: &Path) -> Victim {
        // Below what Linux gives to those who ask for any port: else a connection of somebody's
        // could sit on it when the server comes back.
        let base = 10_000 + id() % 10_000;
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = (0..20_000).map(|n| (base + n) as u16).find(free).unwrap();
        Victim { home: home.to_owned(), address: ([127, 0, 0, 1], port).into(), child: None }
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Starts it, and does not wait.
    pub(super) fn start(&mut self, sync: &str) {
        let words = OpenOptions::new().create(true).append(true).open(self.words()).unwrap();
        let child = Command::new(SERVER)
            .args(["--bind", &self.address.to_string(), "--sync", sync, "--data"])
            .arg(self.data())
            .args(["--max-per-address", "0", "--rate", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(words)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Waits until it says where it is.
    pub(super) fn wait_until_up(&mut self) {
        let out = self.child.as_mut().unwrap().stdout.take().unwrap();
        let (said, heard) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line).ok();
            said.send(line).ok();
        });
        let line = heard.recv_timeout(START).unwrap_or_default();
        let expected = format!("http://{}/\n", self.address);
        assert_eq!(line, expected, "the server does not start; it said:\n{}", self.last_words());
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Leaves at the end of a room's log what a machine that stops in the middle of a write can
    /// leave: nobody has seen it, as it never was a whole line. Only while it does not run.
    pub(super) fn tear(&self, room: &str, chance: &mut Chance) -> bool {
        let files = fs::read_dir(self.data().join("rooms").join(room)).into_iter().flatten();
        let newest = files.map(|file| file.unwrap().path()).filter(|path| is_log(path)).max();
        let Some(newest) = newest else { return false };
        let kept = fs::read(&newest).unwrap();
        let Some(line) = kept.split_inclusive(|byte| *byte == b'\n').next_back() else {
            return false;
        };
        let length = 1 + chance.below(line.len() as u64 - 1) as usize;
        let torn = match chance.below(3) {
            0 => vec![0; length],
            1 => (0..length).map(|_| chance.next() as u8).collect(),
            _ => line[..length].to_vec(),
        };
        OpenOptions::new().append(true).open(newest).unwrap().write_all(&torn).unwrap();
        true
    }

    /// What `server verify` finds: whether all is sound, and its words.
    pub(super) fn verify(&self) -> (bool, String) {
        let output = self.look("verify", &[]);
        let words = [output.stdout, output.stderr].map(|out| String::from_utf8(out).unwrap());
        (output.status.success(), words.concat())
    }

    /// A room's records, as `server export` prints them.
    pub(super) fn export(&self, room: &str) -> Vec<String> {
        let output = self.look("export", &[room, "--format", "jsonl"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "the export of {room} fails: {said}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn look(&self, what: &str, flags: &[&str]) -> std::process::Output {
        let mut command = Command::new(SERVER);
        command.arg(what).args(flags).arg("--data").arg(self.data()).output().unwrap()
    }

    fn words(&self) -> PathBuf {
        self.home.join("stderr")
    }

    /// What it said on standard error in all of its lives.
    pub(super) fn all_words(&self) -> String {
        fs::read_to_string(self.words()).unwrap_or_default()
    }

    /// The last of it.
    pub(super) fn last_words(&self) -> String {
        let words = self.all_words();
        let lines: Vec<&str> = words.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
        && File::open(path).is_ok_and(|file| file.metadata().is_ok_and(|of| of.len() > 0))
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.kill();
    }
}
