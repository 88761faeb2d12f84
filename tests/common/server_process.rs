//! A child process that prints its URL, and what `/proc` says about it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// A server that has not printed its URL by then does not start.
const START: Duration = Duration::from_secs(60);

/// A process that listens. Dropped, it is killed: the server is made to be stopped like that.
pub(crate) struct ServerProcess {
    child: Child,
    /// Kept open: the process may write more to it.
    stdout: Option<BufReader<ChildStdout>>,
}

impl ServerProcess {
    /// Starts it, and does not wait.
    pub(crate) fn launch(command: &mut Command) -> ServerProcess {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let stdout = child.stdout.take().map(BufReader::new);
        ServerProcess { child, stdout }
    }

    /// Starts it, and waits until it listens: its address.
    pub(crate) fn start(command: &mut Command) -> (ServerProcess, SocketAddr) {
        let mut process = ServerProcess::launch(command);
        let line = process.read_line();
        let url = line.trim_start_matches("http://").trim_end_matches('/');
        let address = url.parse().unwrap_or_else(|_| panic!("not a URL: {line:?}"));
        (process, address)
    }

    /// The next line of its output, without the line end; empty if none comes in time.
    pub(crate) fn read_line(&mut self) -> String {
        let mut stdout = self.stdout.take().expect("the last line came in time");
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).ok();
            sender.send((line, stdout)).ok();
        });
        let Ok((line, stdout)) = lines.recv_timeout(START) else { return String::new() };
        self.stdout = Some(stdout);
        line.trim_end().to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap().count()
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// Its resident memory in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    /// The most memory that it ever had, in KiB.
    pub(crate) fn peak_rss_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    /// A number of kB in `/proc/PID/status` (proc_pid_status(5)).
    fn status_kib(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn cpu(&self) -> Duration {
        cpu(self.pid())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The CPU time of a process, user and system: `utime` and `stime` of `/proc/PID/stat`, in the 10 ms in
/// which Linux counts (proc_pid_stat(5)).
pub(crate) fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks = after_name.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().unwrap());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
