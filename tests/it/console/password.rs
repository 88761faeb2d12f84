//! The server's password: asked for on the terminal, shown nowhere, and sent and saved nowhere else.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::support::scripted_server::{ScriptedServer, listener};
use crate::support::terminal::{Terminal, input, status};
use crate::support::{TIMEOUT, TestClient, TestServer, read_head};

const PASSWORD: &str = "open sesame";

/// A file with the password, and the flags of a server that wants it.
fn password_file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, PASSWORD).unwrap();
    (folder, file.to_str().unwrap().to_owned())
}

/// A member of the lobby who knows the password.
fn member(server: &TestServer, name: &str) -> TestClient {
    let mut ann = TestClient::connect(server.address);
    ann.send(
        &json!({"type": "hello", "user": name, "password": PASSWORD, "join": [{"room": "lobby"}]}),
    );
    ann.receive_type("joined");
    ann
}

/// All files under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn assert_in_no_file(text: &str, directory: &Path) {
    for file in files(directory) {
        let bytes = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(text), "{text} is in {}", file.display());
    }
}

fn assert_not_shown(text: &str, terminal: &Terminal) {
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains(text), "{text} was shown");
}

/// Whether the rows show an input line.
fn has_input_line(rows: &[String]) -> bool {
    rows.iter().any(|row| row == ">" || row.starts_with("> "))
}

#[test]
fn the_password_is_asked_for_without_echo_and_again_when_it_was_wrong() {
    let (_folder, file) = password_file();
    let server = TestServer::start(&["--password-file", &file]);
    for (user, flags) in [("bob", &[][..]), ("tom", &["--plain"])] {
        let mut ann = member(&server, &format!("ann-of-{user}"));
        let state = tempfile::tempdir().unwrap();
        let mut bob = Terminal::start_in(state.path(), server.address, user, flags);
        let rows = bob.wait_for("Password:");
        assert!(!has_input_line(&rows), "{rows:#?}");
        bob.type_in("hunter2\r");
        bob.wait_for("wrong password");
        bob.wait_until("it asks again", |rows| {
            rows.iter().rposition(|row| row.contains("Password:"))
                > rows.iter().rposition(|row| row.contains("wrong password"))
        });
        bob.type_in(&format!("x\x15{PASSWORD}\r"));
        bob.wait_for(&format!("you are {user}"));
        while ann.receive_type("presence")["user"] != user {} // those before may still leave
        bob.type_in("hello\r");
        assert_eq!(ann.receive_type("post")["text"], "hello", "the first text of the room");
        for secret in ["hunter2", PASSWORD] {
            assert_not_shown(secret, &bob);
            assert_in_no_file(secret, state.path());
        }
        bob.type_in(if flags.is_empty() { "/quit\r" } else { "/quit\n" });
        assert_eq!(bob.wait_exit(), 0);
    }
}

#[test]
fn a_password_given_by_file_that_is_wrong_is_asked_for_too() {
    let (folder, file) = password_file();
    let server = TestServer::start(&["--password-file", &file]);
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, "guess").unwrap();
    let flags = ["--password-file", wrong.to_str().unwrap()];
    let mut bob = Terminal::start(server.address, "bob", &flags);
    bob.wait_for("wrong password");
    bob.wait_for("Password:");
    bob.type_in(&format!("{PASSWORD}\r"));
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·") && has_input_line(rows));
}

#[test]
fn ctrl_c_and_ctrl_d_end_the_prompt_and_restore_the_terminal() {
    let (_folder, file) = password_file();
    let server = TestServer::start(&["--password-file", &file]);
    for flags in [&[][..], &["--plain"]] {
        for keys in ["\x03", "\x04", "hunter2\x03", "hunter2\x04"] {
            let mut bob = Terminal::start(server.address, "bob", flags);
            bob.wait_for("Password:");
            bob.type_in(keys);
            assert_eq!(bob.wait_exit(), 0, "{flags:?} {keys:?}");
            assert_not_shown("hunter2", &bob);
        }
    }
}

#[test]
fn a_shell_restores_the_terminal_of_a_console_killed_at_the_prompt() {
    let (_folder, file) = password_file();
    let server = TestServer::start(&["--password-file", &file]);
    for flags in ["", "--plain"] {
        let mut bob = Terminal::interactive_shell();
        bob.wait_for("$");
        let console = env!("CARGO_BIN_EXE_console");
        bob.type_in(&format!("{console} --user bob --server {} {flags}\r", server.address));
        bob.wait_for("Password:");
        bob.type_in("hunter2");
        bob.signal_child("TERM");
        bob.wait_until("the prompt is back", |rows| {
            rows.last().is_some_and(|row| row.ends_with('$'))
        });
        bob.type_in("stty -a | grep -o ' icanon\\| echo '\r");
        bob.wait_until("its settings are a shell's", |rows| {
            [" icanon", " echo"].iter().all(|setting| rows.iter().any(|row| row == setting))
        });
        assert_not_shown("hunter2", &bob);
        bob.type_in("exit\r");
        assert_eq!(bob.wait_exit(), 0);
    }
}

/// Answers one WebSocket request as a server does after too many wrong passwords.
fn refuse(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    read_head(&mut stream);
    let answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n\
        Talk-Refused: wrong-passwords\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(answer).unwrap();
}

#[test]
fn a_password_typed_while_the_server_answers_429_is_in_no_room_and_no_file() {
    for flags in [&[][..], &["--plain"]] {
        let (_folder, file) = password_file();
        let [data, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let mut bob = Terminal::start_in(state.path(), address, "bob", flags);
        refuse(&listener);
        let rows = bob.wait_for("too many wrong passwords from this address; try again in 1 s");
        assert!(!has_input_line(&rows), "{rows:#?}");
        assert!(!rows.concat().contains("chat server"), "{rows:#?}");
        bob.type_in("hunter2\r/join hunter2\r\x1b[200~hunter2\n");
        refuse(&listener);
        bob.type_in("hunter2\n\x1b[201~\r");
        refuse(&listener);

        let server = TestServer::start_on(&listener, data.path(), &["--password-file", &file]);
        let mut ann = member(&server, "ann");
        let rows = bob.wait_for("Password:");
        assert!(!has_input_line(&rows), "{rows:#?}");
        bob.type_in(&format!("{PASSWORD}\r"));
        bob.wait_for("you are bob");
        ann.receive_type("presence");
        bob.type_in("hello\r");
        assert_eq!(ann.receive_type("post")["text"], "hello");
        bob.type_in("/quit\r");
        assert_eq!(bob.wait_exit(), 0);
        ann.send(&json!({"type": "history", "room": "lobby", "after": 0}));
        assert_eq!(ann.receive_type("history")["records"].as_array().unwrap().len(), 1);
        assert_not_shown("hunter2", &bob);
        for directory in [&data, &state] {
            assert_in_no_file("hunter2", directory.path());
            assert_in_no_file(PASSWORD, directory.path());
        }
    }
}

#[test]
fn nothing_typed_before_the_first_welcome_is_kept_or_sent() {
    let state = tempfile::tempdir().unwrap();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let mut bob = Terminal::start_in(state.path(), address, "bob", &[]);
    let mut server = ScriptedServer::accept(&listener);
    let rows = bob.wait_for("connecting");
    assert!(!has_input_line(&rows), "{rows:#?}");
    bob.type_in("too early\r\x1b[200~half a paste of too early");
    drop(server);
    bob.wait_for("; reconnecting"); // so what was typed has come
    server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·") && has_input_line(rows));
    bob.type_in("the rest\x1b[201~");
    bob.type_in("hello");
    bob.wait_until("all is typed", |rows| input(rows) == "hello");
    bob.type_in("\r");
    assert_eq!(server.receive_action()["text"], "hello");
    bob.type_in("\x1b[A");
    bob.wait_until("the only input that is kept", |rows| input(rows) == "hello");
    bob.kill();
    assert_in_no_file("early", state.path());
}

#[test]
fn a_password_that_the_operator_changes_is_asked_for_again_and_nothing_is_lost() {
    let (_folder, file) = password_file();
    let data = tempfile::tempdir().unwrap();
    let listener = listener();
    let flags = ["--password-file", &file];
    let mut server = TestServer::start_on(&listener, data.path(), &flags);
    let mut bob = Terminal::start(server.address, "bob", &flags);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    server.kill();
    bob.wait_until("it is offline", |rows| status(rows).contains("offline"));
    bob.type_in("written meanwhile\rhalf");
    bob.wait_until("it waits", |rows| input(rows) == "half");
    fs::write(&file, "changed").unwrap();
    let server = TestServer::start_on(&listener, data.path(), &flags);
    bob.wait_for("wrong password");
    bob.wait_for("Password:");
    bob.type_in("changed\r");
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·") && input(rows) == "half");
    let mut ann = TestClient::connect(server.address);
    ann.send(&json!({"type": "hello", "user": "ann", "password": "changed"}));
    ann.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    assert_eq!(ann.receive_type("post")["text"], "written meanwhile");
}
