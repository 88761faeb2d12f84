//! Resizing in tmux, which wraps rows again when it becomes narrower, and joins them when it becomes wider.

use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{TIMEOUT, TestClient, TestServer};

/// A tmux of its own with one window.
struct Tmux(TempDir);

impl Tmux {
    /// Starts a console in a window of 24 rows and 100 columns.
    fn start(server: SocketAddr, user: &str) -> Tmux {
        let tmux = Tmux(tempfile::tempdir().unwrap());
        let state = tmux.0.path().join("state");
        let console = env!("CARGO_BIN_EXE_console");
        let command = format!(
            "XDG_STATE_HOME={} LC_ALL=C.UTF-8 TZ=UTC {console} --server {server} --user {user}",
            state.display()
        );
        tmux.run(&["new-session", "-d", "-x", "100", "-y", "24", &command]);
        tmux.wait_until("it is live", |rows| rows.contains("· live ·"));
        tmux
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(self.0.path().join("socket")).args(["-u", "-f", "/dev/null"]);
        let output = tmux.args(arguments).env_remove("TMUX").output().expect("tmux is installed");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Everything on the screen and above it.
    fn rows(&self) -> String {
        self.run(&["capture-pane", "-p", "-S", "-"])
    }

    /// Waits until the rows are as they should be, and returns them. tmux reports no change.
    fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let rows = self.rows();
            if is_so(&rows) {
                return rows;
            }
            assert!(Instant::now() < deadline, "waited in vain until {what}:\n{rows}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn no_message_is_lost_when_tmux_becomes_narrower_and_wider() {
    let server = TestServer::start(&[]);
    let tmux = Tmux::start(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let said = ["one", "two 日本語の文", "three"];
    for (n, text) in said.iter().enumerate() {
        ann.post("lobby", &n.to_string(), text);
    }
    tmux.wait_until("all is said", |rows| rows.contains(" ann three"));
    let typed = "123456789-".repeat(8);
    tmux.run(&["send-keys", "-l", &typed]);
    tmux.wait_until("it is typed", |rows| rows.contains(&typed));
    for columns in [60, 100, 72, 40, 30, 59] {
        tmux.run(&["resize-window", "-x", &columns.to_string(), "-y", "24"]);
        let rows = tmux.wait_until("the input is painted for this width", |rows| {
            let input: Vec<&str> = rows.lines().skip_while(|row| !row.starts_with("> ")).collect();
            let widest = input.iter().map(|row| row.len()).max().unwrap_or(0);
            let shown: String = input.iter().filter_map(|row| row.get(2..)).collect();
            shown == typed && widest < columns && widest + 2 >= columns.min(typed.len() + 2)
        });
        for text in said {
            let shown = rows.lines().filter(|row| row.ends_with(&format!(" ann {text}"))).count();
            assert_eq!(shown, 1, "{text} at {columns} columns:\n{rows}");
        }
        // Later, tmux has moved rows into its scrollback that cannot be painted over.
        if columns >= 60 {
            let status = rows.lines().filter(|row| row.starts_with("[lobby] bob · live")).count();
            assert_eq!(status, 1, "{columns} columns:\n{rows}");
        }
    }
}
