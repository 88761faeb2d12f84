//! What a server writes to standard error, while it runs.

use std::fs::{self, OpenOptions};
use std::process::Command;
use std::time::Instant;

use tempfile::NamedTempFile;

use super::TIMEOUT;

/// The operator's log of the servers that write to it.
pub(crate) struct ServerLog(NamedTempFile);

impl ServerLog {
    pub(crate) fn new() -> ServerLog {
        ServerLog(NamedTempFile::new().unwrap())
    }

    /// A command whose standard error is appended to it.
    pub(crate) fn of(&self, command: &mut Command) {
        command.stderr(OpenOptions::new().append(true).open(self.0.path()).unwrap());
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.0.path()).unwrap()
    }

    /// How many lines name an event.
    pub(crate) fn count(&self, event: &str) -> usize {
        self.text().lines().filter(|line| line.split(' ').nth(2) == Some(event)).count()
    }

    /// Waits until a line names an event.
    pub(crate) fn wait_for(&self, event: &str) {
        let since = Instant::now();
        while self.count(event) == 0 {
            assert!(since.elapsed() < TIMEOUT, "no {event} in {:?}", self.text());
        }
    }
}
