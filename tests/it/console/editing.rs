//! The input line: recall of earlier input, search in it, long pastes.

use std::path::Path;

use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

fn live_in(home: &Path, server: &TestServer, flags: &[&str]) -> Terminal {
    let mut bob = Terminal::start_in(home, server.address, "bob", flags);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob
}

/// The input history stored under `home`.
fn history(home: &Path) -> String {
    let mut servers = std::fs::read_dir(home.join("talk")).unwrap();
    let path = servers.next().unwrap().unwrap().path().join("+history");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn earlier_input_is_recalled_and_found_in_the_next_run() {
    let server = TestServer::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let mut bob = live_in(home.path(), &server, &[]);
    bob.type_in("tea at four?\r/who\rhalf");
    bob.wait_until("half is typed", |rows| input(rows) == "half");
    bob.type_in("\x03/quit\r"); // ^C
    assert_eq!(bob.wait_exit(), 0);

    let mut bob = live_in(home.path(), &server, &[]);
    let typed = |bob: &mut Terminal, keys: &str, text: &str| {
        bob.type_in(keys);
        bob.wait_until(text, |rows| input(rows) == text);
    };
    typed(&mut bob, "\x1b[A\x1b[A", "/who");
    typed(&mut bob, "\x1b[A", "tea at four?");
    typed(&mut bob, "\x1b[B\x1b[B\x1b[B", "");
    bob.type_in("\x12FOUR"); // ^R
    bob.wait_until("it is found", |rows| {
        rows.last().is_some_and(|row| row == "search \"FOUR\": tea at four?")
    });
    typed(&mut bob, "\r", "tea at four?");
    typed(&mut bob, "\x12x\x07", "tea at four?"); // ^G
    assert_eq!(history(home.path()), "tea at four?\n/who\n/quit\n");
}

#[test]
fn input_with_a_secret_in_it_is_stored_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, "hunter2hunter2\n").unwrap();
    let flags = ["--password-file", password.to_str().unwrap()];
    let server = TestServer::start(&flags);
    let state = home.path().join("state");
    let mut bob = live_in(&state, &server, &flags);
    bob.type_in("before\roh, hunter2hunter2 is it\r/nick hunter2hunter2\r/key\r");
    bob.wait_for("key for ");
    bob.type_in("after\r\x1b[A\x1b[A");
    bob.wait_until("the sanitized text", |rows| input(rows) == "before");
    assert_eq!(history(&state), "before\nafter\n");
}

#[test]
fn a_long_paste_that_is_declined_leaves_the_input_line_unchanged() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("ab\x1b[D\x1b[200~1\n2\n3\n4\n5\n6\n\x1b[201~");
    bob.wait_until("it asks", |rows| {
        rows.last().is_some_and(|row| row == "paste 6 lines? y or n: ab")
    });
    bob.type_in("n\x1b[200~1\n2\n3\n4\n5\n\x1b[201~\r");
    assert_eq!(ann.receive_type("post")["text"], "a1\n2\n3\n4\n5b");
}
