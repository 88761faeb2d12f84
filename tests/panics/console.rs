//! A console that panics: it restores the terminal, reports the panic, and loses no message.

use std::fs;

use portable_pty::CommandBuilder;

use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

#[test]
fn a_console_that_panics_restores_the_terminal_and_reports_the_panic() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let state = tempfile::tempdir().unwrap();
    for (trap, thread, looks_back) in
        [("painted", "main", false), ("painted", "main", true), ("typed", "stdin", false)]
    {
        let traps = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
        command.args(["--user", "bob", "--server", &server.address.to_string()]);
        command.env("TALK_FAIL", traps.path());
        let mut bob = Terminal::run(command, state.path());
        bob.wait_for("· live ·");
        if looks_back {
            bob.type_in("/goto 1\r");
            bob.wait_for("more below");
        }
        fs::write(traps.path().join(format!("{trap}@{thread}")), "").unwrap();
        ann.post("lobby", &format!("{trap}-{looks_back}"), "something to show");
        bob.type_in("x");
        assert_eq!(bob.wait_exit(), 1, "{trap}@{thread}");
        let rows = bob.wait_for("please report it");
        let said = rows.concat();
        assert!(said.contains(&format!("a trap for {trap} was laid")), "{rows:#?}");
        assert!(said.contains("console: panicked at"), "{rows:#?}");
    }
}

#[test]
fn a_console_that_panics_at_the_password_prompt_restores_the_terminal_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "open sesame").unwrap();
    let server = TestServer::start(&["--password-file", file.to_str().unwrap()]);
    for (trap, thread) in [("painted", "main"), ("typed", "stdin")] {
        let traps = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
        command.args(["--user", "bob", "--server", &server.address.to_string()]);
        command.env("TALK_FAIL", traps.path());
        let mut bob = Terminal::run(command, folder.path());
        bob.wait_for("Password:");
        fs::write(traps.path().join(format!("{trap}@{thread}")), "").unwrap();
        bob.type_in("hunter2");
        assert_eq!(bob.wait_exit(), 1, "{trap}@{thread}");
        bob.wait_for("please report it");
        assert!(!String::from_utf8_lossy(&bob.bytes()).contains("hunter2"));
    }
}
