//! Every way a console ends: the terminal is restored, and no message is lost.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Instant;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::scripted_server::ScriptedServer;
use crate::support::terminal::{Terminal, input, status};
use crate::support::{TIMEOUT, TestClient, TestServer};

/// A console on a terminal that will hang up: no other process may hold the terminal's other end.
struct Caller {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    reader: Box<dyn Read + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Vec<u8>,
}

impl Caller {
    /// In the script, `"$@"` is the console.
    fn start(script: &str, state: &Path, server: &str) -> Caller {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_console")]);
        command.args(["--user", "bob", "--server", server]);
        command.env("TERM", "xterm");
        command.env("XDG_STATE_HOME", state);
        let child = pair.slave.spawn_command(command).unwrap();
        let (reader, writer) =
            (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        Caller { master: pair.master, writer, reader, child, seen: Vec::new() }
    }

    fn wait_for(&mut self, words: &str) {
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&self.seen).contains(words) {
            let count = self.reader.read(&mut chunk).unwrap();
            assert_ne!(count, 0, "the console has ended without {words}");
            self.seen.extend(&chunk[..count]);
        }
    }

    fn hang_up(mut self) -> Box<dyn portable_pty::Child + Send + Sync> {
        // When `writer` is dropped it types ^D: that is part of a paste that never ends.
        self.writer.write_all(b"\x1b[200~").unwrap();
        drop((self.writer, self.reader, self.master));
        self.child
    }
}

/// A console whose terminal hangs up ends; the next console sends its unsent messages.
fn check_hang_up(script: &str) {
    let (data, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut caller = Caller::start(script, state.path(), &address.to_string());
    let mut silent = ScriptedServer::accept(&listener);
    silent.welcome(0, 0);
    caller.wait_for("live"); // before a welcome it takes no input
    drop(silent);
    caller.writer.write_all(b"not lost\r").unwrap();
    caller.wait_for("\u{2026}"); // the unsent message is above the status line, and was stored before it was drawn
    let mut console = caller.hang_up();
    let deadline = Instant::now() + TIMEOUT;
    while console.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "the console runs on without a terminal");
        thread::yield_now();
    }

    let server = TestServer::start_on(&listener, data.path(), &[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut again = Terminal::start_in(state.path(), server.address, "bob", &[]);
    assert_eq!(ann.receive_type("post")["text"], "not lost");
    again.type_in("\x04");
    assert_eq!(again.wait_exit(), 0);
    ann.receive_type("presence");
    ann.receives_nothing();
}

#[test]
fn a_terminal_that_hangs_up_ends_it_and_loses_nothing() {
    check_hang_up("exec \"$@\"");
}

#[test]
fn a_terminal_that_hangs_up_ends_a_console_that_ignores_sighup() {
    check_hang_up("trap '' HUP; exec \"$@\"");
}

/// Posts more messages to the lobby than fit on a screen.
fn fill(server: &TestServer) {
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..40 {
        ann.post("lobby", &n.to_string(), &format!("line {n}"));
    }
    ann.receive_own("ann", "39");
}

#[test]
fn an_interactive_shell_restores_the_terminal_after_a_killed_console() {
    let server = TestServer::start(&[]);
    fill(&server);
    for (signal, looks_back) in [("TERM", false), ("INT", false), ("KILL", false), ("TERM", true)] {
        let mut bob = Terminal::interactive_shell();
        bob.wait_for("$");
        let (console, user) = (env!("CARGO_BIN_EXE_console"), format!("{signal}{looks_back}"));
        bob.type_in(&format!("{console} --user {user} --server {}\r", server.address));
        bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
        bob.wait_for("line 39");
        bob.type_in(if looks_back { "\x1b[5~half a line" } else { "half a line" });
        bob.wait_until("all is typed", |rows| {
            input(rows) == "half a line"
                && rows.iter().any(|row| row.contains("more below")) == looks_back
        });
        bob.signal_child(signal);
        bob.wait_until("the prompt is back", |rows| {
            rows.last().is_some_and(|row| row.ends_with('$'))
        });
        if looks_back {
            bob.type_in("tput rmcup\r"); // the manual page names it: no shell leaves the alternate screen
        }
        bob.type_in("echo a$((1 + 1))b; stty -a | grep -o ' icanon\\| echo '\r");
        let rows = bob.wait_for("a2b");
        assert!(
            rows.iter().any(|row| row.contains("$((1 + 1))")),
            "what is typed is seen: {rows:#?}"
        );
        bob.wait_until("its settings are a shell's", |rows| {
            [" icanon", " echo"].iter().all(|setting| rows.iter().any(|row| row == setting))
        });
        bob.type_in("exit\r");
        assert_eq!(bob.wait_exit(), 0);
    }
}

#[test]
fn leaving_while_scrolled_back_restores_the_first_screen() {
    let server = TestServer::start(&[]);
    fill(&server);
    for (user, keys) in [("quit", "/quit\r"), ("twice", "\x03\x03"), ("end", "\x04")] {
        let mut bob = Terminal::live(server.address, user);
        bob.wait_for("line 39");
        bob.type_in("\x1b[5~");
        bob.wait_for("more below");
        bob.type_in(keys);
        assert_eq!(bob.wait_exit(), 0, "{keys:?}");
        let rows = bob.wait_for("line 39");
        assert!(!rows.concat().contains("more below"), "{rows:#?}");
    }
}
