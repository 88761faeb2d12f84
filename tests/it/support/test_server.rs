//! The built server as a child process, on a port of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// A server that runs until this is dropped.
pub(crate) struct TestServer {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Its data directory, where that goes with it.
    data: Option<TempDir>,
    _out: BufReader<ChildStdout>, // kept open: a server may write to it
}

impl TestServer {
    /// Starts the server with these flags, without limits per address or on posts unless they say
    /// otherwise: tests are one busy address.
    pub(crate) fn start(flags: &[&str]) -> TestServer {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("data");
        let mut running = TestServer::start_in(&path, flags);
        running.data = Some(data);
        running
    }

    /// The same on a data directory of the test's own, which stays.
    pub(crate) fn start_in(data: &Path, flags: &[&str]) -> TestServer {
        TestServer::start_by(&mut Command::new(env!("CARGO_BIN_EXE_server")), data, flags)
    }

    /// The same by a command that becomes the server with the arguments it is given.
    pub(crate) fn start_by(command: &mut Command, data: &Path, flags: &[&str]) -> TestServer {
        command.args(["--bind", "127.0.0.1:0"]).stdin(Stdio::null());
        TestServer::spawn(command, data, flags)
    }

    /// The same on a socket that is the test's, and stays.
    pub(crate) fn start_on(listener: &TcpListener, data: &Path, flags: &[&str]) -> TestServer {
        let socket = listener.as_fd().try_clone_to_owned().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.args(["--bind", "fd:0"]).stdin(socket);
        TestServer::spawn(&mut command, data, flags)
    }

    fn spawn(command: &mut Command, data: &Path, flags: &[&str]) -> TestServer {
        let mut child = command
            .args(["--max-per-address", "0", "--rate", "0"])
            .arg("--data")
            .arg(data)
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).expect("the server says where it is");
        let address = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.and_then(|address| address.parse().ok());
        TestServer {
            address: address.unwrap_or_else(|| panic!("not a URL: {line:?}")),
            child,
            data: None,
            _out: out,
        }
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many threads it has now.
    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().count()
    }

    /// How many descriptors it has open now.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Its resident memory in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// The seconds of CPU it has used.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
        let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        ticks as f64 / 100.0 // USER_HZ is 100 on Linux
    }

    /// Whether the process is still there.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself: how.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends it at once, as SIGKILL does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
