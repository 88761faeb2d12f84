//! A pseudo-terminal with the built console on it, an emulator that shows what it draws, and every byte of
//! its output.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::thread::JoinHandle;
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use crate::support::TIMEOUT;

/// A terminal and the process on it.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    settings_before: String,
    _state: Option<TempDir>,
}

/// The output so far.
struct Seen {
    emulator: vt100::Parser,
    bytes: Vec<u8>,
}

impl Seen {
    /// Whether a synchronised update (mode 2026) has begun and not ended: a real terminal shows nothing of it
    /// yet.
    fn is_mid_painting(&self) -> bool {
        let last = |mark: &[u8]| self.bytes.windows(mark.len()).rposition(|bytes| bytes == mark);
        last(b"\x1b[?2026h") > last(b"\x1b[?2026l")
    }
}

impl Terminal {
    /// Starts a console named `user` on a terminal of 24 rows and 80 columns.
    pub(crate) fn start(server: SocketAddr, user: &str, flags: &[&str]) -> Terminal {
        let state = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start_in(state.path(), server, user, flags);
        terminal._state = Some(state);
        terminal
    }

    /// The same, with its keys and unsent messages in a directory that outlives it.
    pub(crate) fn start_in(
        state: &Path,
        server: SocketAddr,
        user: &str,
        flags: &[&str],
    ) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
        command.args(["--server", &server.to_string(), "--user", user]);
        command.args(flags);
        Terminal::run(command, state)
    }

    /// A shell with job control, in whose script `"$@"` starts the console.
    pub(crate) fn shell(server: SocketAddr, user: &str, script: &str) -> Terminal {
        let state = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-m", "-c", script, "sh", env!("CARGO_BIN_EXE_console")]);
        command.args(["--server", &server.to_string(), "--user", user]);
        let mut terminal = Terminal::run(command, state.path());
        terminal._state = Some(state);
        terminal
    }

    /// An interactive shell.
    pub(crate) fn interactive_shell() -> Terminal {
        let state = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-i"]);
        command.env("PS1", "$ ");
        let mut terminal = Terminal::run(command, state.path());
        terminal._state = Some(state);
        terminal
    }

    /// Sends a signal to the process that the shell runs now.
    pub(crate) fn signal_child(&self, signal: &str) {
        let shell = self.child.process_id().unwrap();
        let children = format!("/proc/{shell}/task/{shell}/children");
        let child = std::fs::read_to_string(children).unwrap().trim().to_owned();
        let killed = Command::new("kill").args([&format!("-{signal}"), &child]).status();
        assert!(killed.unwrap().success(), "no one child: {child:?}");
    }

    /// Any command, with the console's keys and unsent messages in `state`.
    pub(crate) fn run(mut command: CommandBuilder, state: &Path) -> Terminal {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let settings_before = settings(pair.master.as_ref());
        for (name, value) in [("TERM", "xterm-256color"), ("TZ", "UTC"), ("TALK_ROOM", "")] {
            command.env(name, value);
        }
        command.env("XDG_STATE_HOME", state);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);

        let emulator = emulator(24, 80);
        let seen = Arc::new((Mutex::new(Seen { emulator, bytes: Vec::new() }), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&seen);
        let read = move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let mut seen = shared.0.lock().unwrap();
                seen.bytes.extend(&chunk[..count]);
                seen.emulator.process(&chunk[..count]);
                shared.1.notify_all();
            }
        };
        let reader = thread::Builder::new().name("terminal".to_owned()).spawn(read).unwrap();
        let writer = pair.master.take_writer().unwrap();
        Terminal {
            master: pair.master,
            writer,
            child,
            seen,
            reader: Some(reader),
            settings_before,
            _state: None,
        }
    }

    /// The same, once it is live.
    pub(crate) fn live(server: SocketAddr, user: &str) -> Terminal {
        let mut terminal = Terminal::start(server, user, &[]);
        terminal.wait_until("it is live", |rows| status(rows).contains("· live ·"));
        terminal
    }

    pub(crate) fn type_in(&mut self, keys: &str) {
        self.type_bytes(keys.as_bytes());
    }

    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits until the rows of the screen are as they should be, and returns them.
    pub(crate) fn wait_until(
        &mut self,
        what: &str,
        is_so: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let deadline = Instant::now() + TIMEOUT;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            let rows = rows(&seen.emulator);
            if !seen.is_mid_painting() && is_so(&rows) {
                return rows;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited in vain until {what}; the screen:\n{}",
                rows.join("\n")
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until a row holds `text`.
    pub(crate) fn wait_for(&mut self, text: &str) -> Vec<String> {
        self.wait_until(text, |rows| rows.iter().any(|row| row.contains(text)))
    }

    /// The process on it.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Every byte of the output so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().bytes.clone()
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        {
            let mut seen = self.seen.0.lock().unwrap();
            let [rows, columns] = [rows, columns].map(|size| NonZeroU16::new(size).unwrap());
            seen.emulator.screen_mut().set_size(rows, columns);
        }
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).unwrap();
    }

    /// Ends the console with SIGKILL, and reads all that it wrote.
    pub(crate) fn kill(&mut self) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(Command::new("kill").args(["-KILL", &id]).status().unwrap().success());
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
    }

    /// Waits for the end of the console: its exit code. The terminal's settings must be restored.
    pub(crate) fn wait_exit(&mut self) -> u32 {
        let deadline = Instant::now() + TIMEOUT;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(Instant::now() < deadline, "the console does not end");
            thread::yield_now();
        };
        assert_eq!(
            settings(self.master.as_ref()),
            self.settings_before,
            "the terminal is restored"
        );
        let is_marked = |seen: &mut Seen| seen.emulator.screen().bracketed_paste();
        let seen = self.seen.0.lock().unwrap();
        let waited = self.seen.1.wait_timeout_while(seen, TIMEOUT, is_marked).unwrap();
        assert!(!waited.1.timed_out(), "pastes are still marked");
        assert!(!waited.0.emulator.screen().alternate_screen(), "the first screen is back");
        drop(waited);
        code
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The row of the status line: the last that begins like one.
pub(crate) fn status(rows: &[String]) -> &str {
    rows.iter().rfind(|row| row.starts_with('[')).map_or("", String::as_str)
}

/// The text of the input line, without its prompt.
pub(crate) fn input(rows: &[String]) -> String {
    let Some(at) = rows.iter().rposition(|row| row.starts_with("> ") || row == ">") else {
        return String::new();
    };
    rows[at..].iter().map(|row| row.get(2..).unwrap_or_default()).collect()
}

fn emulator(rows: u16, columns: u16) -> vt100::Parser {
    let [rows, columns] = [rows, columns].map(|size| NonZeroU16::new(size).unwrap());
    vt100::Parser::new(rows, columns, 2000)
}

fn rows(emulator: &vt100::Parser) -> Vec<String> {
    let screen = emulator.screen();
    let columns = screen.size().1.get();
    let mut rows: Vec<String> =
        screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}
