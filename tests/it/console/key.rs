//! The key of a name on another device: asked for, from a file, from stdin; shown nowhere and kept nowhere else.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use portable_pty::CommandBuilder;
use serde_json::json;

use crate::support::piped_console::{console, feed, run};
use crate::support::scripted_server::listener;
use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

/// A key that owns no name.
const WRONG: &str = "0123456789abcdef0123456789abcdef";

/// The key of a name that a client has claimed; it has left since.
fn claim(server: SocketAddr, name: &str) -> String {
    let (_client, welcome) = TestClient::hello(server, name);
    welcome["token"].as_str().unwrap().to_owned()
}

/// All files under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files under a directory that hold `secret`, by name.
fn files_with(secret: &str, directory: &Path) -> Vec<String> {
    let holds = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains(secret);
    let names = files(directory).into_iter().filter(holds);
    names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn assert_not_shown(secret: &str, terminal: &Terminal) {
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains(secret), "{secret} was shown");
}

/// Waits until the console asks again after it has said `text`.
fn wait_for_question_after(terminal: &mut Terminal, text: &str) {
    terminal.wait_until(&format!("it asks after {text}"), |rows| {
        let at = |text: &str| rows.iter().rposition(|row| row.contains(text));
        at(text).is_some() && at("Key:") > at(text)
    });
}

#[test]
fn the_key_of_a_name_in_use_is_asked_for_without_echo_until_it_is_right_and_then_saved() {
    let server = TestServer::start(&[]);
    for (user, flags) in [("bob", &[][..]), ("tom", &["--plain"])] {
        let key = claim(server.address, user);
        let state = tempfile::tempdir().unwrap();
        let mut bob = Terminal::start_in(state.path(), server.address, user, flags);
        let rows = bob.wait_for("Key:");
        let said = rows.join(" ");
        for part in [&format!("the name {user} is in use"), "Settings", "/key", "Enter alone"] {
            assert!(said.contains(part), "{part}: {rows:#?}");
        }
        bob.type_in("hunter2\r");
        wait_for_question_after(&mut bob, "that is no key");
        bob.type_in(&format!("{WRONG}\r"));
        wait_for_question_after(&mut bob, &format!("wrong key for {user}"));
        bob.type_in(&format!("x\x15  {} \r", key.to_uppercase()));
        bob.wait_for(&format!("you are {user}"));
        bob.type_in("/quit\r");
        if !flags.is_empty() {
            bob.type_in("/quit\n");
        }
        assert_eq!(bob.wait_exit(), 0);
        for secret in ["hunter2", WRONG, &key, &key.to_uppercase()] {
            assert_not_shown(secret, &bob);
        }
        assert_eq!(files_with(&key, state.path()), [user]);
        for file in files(state.path()).iter().filter(|path| path.ends_with(user)) {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for secret in ["hunter2", WRONG] {
            assert!(files_with(secret, state.path()).is_empty());
        }
        let mut again = Terminal::start_in(state.path(), server.address, user, &[]);
        again.wait_until("it is live at once", |rows| status(rows).contains("· live ·"));
    }
}

#[test]
fn a_pasted_key_counts_with_the_lines_around_it() {
    let server = TestServer::start(&[]);
    let key = claim(server.address, "bob");
    let mut bob = Terminal::start(server.address, "bob", &[]);
    bob.wait_for("Key:");
    bob.type_in(&format!("\x1b[200~\n {key}\n\n\x1b[201~\r"));
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    assert_not_shown(&key, &bob);
}

#[test]
fn a_person_may_try_five_keys_or_give_up() {
    let server = TestServer::start(&[]);
    claim(server.address, "bob");
    for flags in [&[][..], &["--plain"]] {
        let mut bob = Terminal::start(server.address, "bob", flags);
        bob.wait_for("Key:");
        for tries in 1..5 {
            bob.type_in(&format!("{WRONG}\r"));
            bob.wait_until("it asks again", |rows| {
                let questions = rows.iter().filter(|row| row.contains("wrong key for bob"));
                questions.count() == tries && rows.iter().any(|row| row.trim_end() == "Key:")
            });
        }
        bob.type_in(&format!("{WRONG}\r"));
        bob.wait_for("wrong key for bob: the name is in use");
        assert_eq!(bob.wait_exit(), 1, "{flags:?}");
        assert_not_shown(WRONG, &bob);

        for (keys, code) in [("\r", 1), ("\x03", 0), ("hunter2\x04", 0)] {
            let mut bob = Terminal::start(server.address, "bob", flags);
            bob.wait_for("Key:");
            bob.type_in(keys);
            assert_eq!(bob.wait_exit(), code, "{flags:?} {keys:?}");
            assert_not_shown("hunter2", &bob);
        }
    }
}

#[test]
fn a_name_that_passed_on_meanwhile_is_asked_for_with_its_key_and_nothing_is_lost() {
    let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut other = TestServer::start_on(&listener(), new.path(), &[]);
    let key = claim(other.address, "bob");
    other.kill();
    let listener = listener();
    let mut server = TestServer::start_on(&listener, old.path(), &[]);
    let mut bob = Terminal::start(server.address, "bob", &[]);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    server.kill();
    bob.wait_until("it is offline", |rows| status(rows).contains("offline"));
    bob.type_in("written meanwhile\rhalf");
    bob.wait_until("it waits", |rows| input(rows) == "half");
    let server = TestServer::start_on(&listener, new.path(), &[]);
    wait_for_question_after(&mut bob, "the name bob is in use");
    bob.type_in(&format!("{key}\r"));
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·") && input(rows) == "half");
    let (mut ann, _) = TestClient::hello(server.address, "ann");
    ann.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    assert_eq!(ann.receive_type("post")["text"], "written meanwhile");
}

#[test]
fn a_wrong_key_file_is_said_to_be_wrong_and_keeps_its_key_when_the_right_one_is_pasted() {
    let server = TestServer::start(&[]);
    let key = claim(server.address, "bob");
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("other.key");
    fs::write(&file, WRONG).unwrap();
    let flags = ["--key-file", file.to_str().unwrap()];
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &flags);
    wait_for_question_after(&mut bob, "wrong key for bob");
    bob.type_in(&format!("{key}\r"));
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), WRONG);
    assert_eq!(files_with(&key, state.path()), ["bob"]);
    assert_not_shown(WRONG, &bob);
}

#[test]
fn a_key_pasted_where_a_key_file_did_not_exist_is_saved_there() {
    let server = TestServer::start(&[]);
    let key = claim(server.address, "bob");
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("new.key");
    let flags = ["--key-file", file.to_str().unwrap()];
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &flags);
    wait_for_question_after(&mut bob, "the name bob is in use");
    bob.type_in(&format!("{key}\r"));
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.kill();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{key}\n"));
}

#[test]
fn a_script_takes_the_key_from_stdin_or_a_pipe_and_saves_it() {
    let server = TestServer::start(&[]);
    let key = claim(server.address, "ci");
    let send = ["--user", "ci", "--send", "hi"];
    let (mut command, state) = console(server.address, &[&send[..], &["--key-file", "-"]].concat());
    let output = feed(command.spawn().unwrap(), format!(" {key}\r\nnot this\n").as_bytes());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(files_with(&key, state.path()), ["ci"]);

    let (mut without, _gone) = console(server.address, &send);
    without.env("XDG_STATE_HOME", state.path());
    assert!(feed(without.spawn().unwrap(), b"").status.success(), "the saved key is found");

    let state = tempfile::tempdir().unwrap();
    let script = format!(
        "{} --server {} --user ci --send hi --key-file <(echo {key})",
        env!("CARGO_BIN_EXE_console"),
        server.address
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).env("XDG_STATE_HOME", state.path());
    let output = shell.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(files_with(&key, state.path()), ["ci"]);
}

#[test]
fn without_a_terminal_the_error_says_what_to_try_and_shows_no_key() {
    let server = TestServer::start(&[]);
    claim(server.address, "ci");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let file_name = file.to_str().unwrap();
    let send = ["--user", "ci", "--send", "hi"];
    let from_file = [&send[..], &["--key-file", file_name]].concat();
    let from_stdin = [&send[..], &["--key-file", "-"]].concat();
    let spoilt = &WRONG[1..];
    for (flags, text, said) in [
        (
            &send[..],
            "",
            "the name ci is in use (try another with --user; if it is yours, give its key",
        ),
        (&from_file, WRONG, "wrong key for ci: the name is in use, and this is not its key"),
        (&from_file, spoilt, "contains no key (a key is 32 characters"),
        (&from_stdin, WRONG, "wrong key for ci: the name is in use, and this is not its key"),
        (&from_stdin, spoilt, "the first line of stdin is no key (a key is 32 characters"),
        (&from_stdin, "", "the first line of stdin is no key"),
    ] {
        fs::write(&file, text).unwrap();
        let (code, out, err) = run(server.address, flags, text.as_bytes());
        assert_eq!((code, err.contains(said)), (1, true), "{flags:?} {err}");
        assert!(!err.contains(spoilt) && !out.contains(spoilt), "{flags:?} {err}");
    }
    for flags in
        [&["--user", "ci", "--key-file", "-"][..], &[&from_stdin[..], &["--send", "-"]].concat()]
    {
        let (code, _, err) = run(server.address, flags, WRONG.as_bytes());
        assert_eq!((code, err.contains("put the key in a file")), (2, true), "{err}");
        assert!(!err.contains(WRONG), "{err}");
    }
}

#[test]
fn a_key_is_not_read_from_a_terminal_that_would_show_it() {
    let server = TestServer::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_console"));
    command.args(["--server", &server.address.to_string(), "--user", "bob"]);
    command.args(["--send", "hi", "--key-file", "-"]);
    let mut bob = Terminal::run(command, state.path());
    bob.wait_for("stdin is a terminal");
    assert_eq!(bob.wait_exit(), 2);
}

#[test]
fn a_key_behind_the_key_command_is_not_sent_not_kept_and_answered() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let state = tempfile::tempdir().unwrap();
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    while ann.receive_type("presence")["user"] != "bob" {}
    bob.type_in("before\r");
    assert_eq!(ann.receive_type("post")["text"], "before");
    for typed in [format!("/key {WRONG}\r"), format!("\x1b[200~/KEY\n{WRONG}\x1b[201~\r")] {
        bob.type_in(&typed);
        bob.wait_until("it is answered", |rows| {
            input(rows).is_empty()
                && rows.iter().any(|row| row.contains("a key is not entered here"))
        });
        bob.type_in("\x1b[A");
        bob.wait_until("the input before it", |rows| input(rows) == "before");
        bob.type_in("\x15");
    }
    bob.type_in("after\r");
    assert_eq!(ann.receive_type("post")["text"], "after", "nothing was sent between");
    bob.type_in(&format!("/key {WRONG}"));
    bob.wait_until("it is typed", |rows| input(rows).ends_with(WRONG));
    bob.type_in("\x04\x15\x04");
    assert_eq!(bob.wait_exit(), 0);
    assert!(files_with(WRONG, state.path()).is_empty());
}

#[test]
fn the_key_command_says_what_a_key_is_and_how_each_client_takes_it() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    bob.type_in("/key\r");
    let rows = bob.wait_for("--key-file FILE");
    let said = rows.iter().map(|row| row.trim()).collect::<Vec<_>>().join(" ");
    for part in ["it makes you bob on any device", "keep it secret", "I have a key for this name"] {
        assert!(said.contains(part), "{part}: {rows:#?}");
    }
}
