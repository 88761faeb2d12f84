//! A wall clock that a test moves for one process, while its monotonic clock goes on.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::ServerLog;

/// The clock of the servers that are started by its commands.
pub(crate) struct WallClock(TempDir);

/// Seconds of a day.
pub(crate) const DAY: i64 = 24 * 60 * 60;

impl WallClock {
    /// A clock that is right. Builds the library that moves it, with the C compiler that Rust links with.
    pub(crate) fn new() -> WallClock {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/wall_clock.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.path().join("wall_clock.so"));
        assert!(cc.arg(source).status().unwrap().success());
        WallClock(folder)
    }

    /// Sets it to this many seconds ahead of the time, at once.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        let (new, file) = (self.0.path().join("new"), self.0.path().join("ahead"));
        fs::write(&new, seconds.to_string()).unwrap();
        fs::rename(new, file).unwrap();
    }

    /// The server's command, and its log.
    pub(crate) fn server(&self) -> (Command, ServerLog) {
        let log = ServerLog::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.env("LD_PRELOAD", self.0.path().join("wall_clock.so"));
        command.env("TALK_TEST_CLOCK", self.0.path().join("ahead"));
        log.of(&mut command);
        (command, log)
    }
}
