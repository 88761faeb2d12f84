//! The built console in scripts: sends one message, prints records for people and for programs.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::commands::log_file;
use crate::support::piped_console::{console, feed, run};
use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

/// A console that follows a room until this is dropped.
struct Follower {
    child: Child,
    out: BufReader<ChildStdout>,
    _state: TempDir,
}

impl Follower {
    fn start(server: SocketAddr, flags: &[&str]) -> Follower {
        let (mut command, state) = console(server, &[&["--follow"], flags].concat());
        let mut child = command.spawn().unwrap(); // stdin stays open, and nothing reads it
        let out = BufReader::new(child.stdout.take().unwrap());
        Follower { child, out, _state: state }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn record(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_file_that_never_ends_is_not_read_on_and_on() {
    let server = TestServer::start(&[]);
    let send = ["--user", "bob", "--send", "hi"];
    for (flag, said) in [
        ("--key-file", "cannot read the key in /dev/zero: it has more than 32768 bytes"),
        ("--password-file", "cannot read the password in /dev/zero: it has more than 32768 bytes"),
    ] {
        let (code, _, err) = run(server.address, &[&send[..], &[flag, "/dev/zero"]].concat(), b"");
        assert_eq!(code, 1, "{err}");
        assert!(err.contains(said), "{err}");
    }
    let (mut command, state) = console(server.address, &send);
    let output = feed(command.env("TZ", ":/dev/zero").spawn().unwrap(), b"");
    assert!(output.status.success(), "the time is UTC then: {output:?}");

    let directory =
        fs::read_dir(state.path().join("talk")).unwrap().next().unwrap().unwrap().path();
    for name in ["+preferences", "+history", "bob+7"] {
        std::os::unix::fs::symlink("/dev/zero", directory.join(name)).unwrap();
    }
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    bob.wait_for("cannot read your preferences in");
    bob.wait_for("· live ·");
    bob.type_in("/quit\r");
    bob.wait_exit();
}

/// Runs a console with this home directory, which has the keys of its names.
fn run_at(
    home: &TempDir,
    server: SocketAddr,
    flags: &[&str],
    input: &[u8],
) -> (i32, String, String) {
    let (mut command, _) = console(server, flags);
    let output = feed(command.env("XDG_STATE_HOME", home.path()).spawn().unwrap(), input);
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), out, err)
}

/// Posts `texts` to the lobby; returns the client, which stays connected.
fn post_all(server: SocketAddr, texts: &[&str]) -> TestClient {
    let (mut ann, _) = TestClient::joined(server, "ann", "lobby");
    for (at, text) in texts.iter().enumerate() {
        ann.post("lobby", &format!("c{at}"), text);
        ann.receive_own("ann", &format!("c{at}"));
    }
    ann
}

fn records(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_message_is_sent_and_its_seq_printed_once_it_is_stored() {
    let server = TestServer::start(&[]);
    let home = tempfile::tempdir().unwrap();
    let send = |flags: &[&str], input: &[u8]| {
        let flags = [&["--user", "ci", "--room", "builds"], flags].concat();
        run_at(&home, server.address, &flags, input)
    };
    assert_eq!(send(&["--send", "one"], b""), (0, "1\n".into(), String::new()));
    assert_eq!(send(&["--send=/quit"], b"not this\n"), (0, "2\n".into(), String::new()));
    assert_eq!(send(&["--send", "-"], b"two\nlines\n"), (0, "3\n".into(), String::new()));
    let (code, out, err) = send(&["--send", "last", "--json"], b"");
    assert_eq!((code, err.as_str()), (0, ""));

    let (mut ann, joined) = TestClient::joined(server.address, "ann", "builds");
    assert_eq!(joined["head"], 4);
    let received: Vec<Value> = (0..4).map(|_| ann.receive_type("post")).collect();
    let texts: Vec<&Value> = received.iter().map(|record| &record["text"]).collect();
    assert_eq!(texts, ["one", "/quit", "two\nlines", "last"]);
    assert_eq!(records(&out), received[3..]);
}

#[test]
fn each_piped_line_is_sent_when_it_comes() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut command, _state) = console(server.address, &["--user", "ci"]);
    let mut tail = command.spawn().unwrap();
    for line in ["one", "two"] {
        writeln!(tail.stdin.as_mut().unwrap(), "{line}").unwrap();
        assert_eq!(ann.receive_type("post")["text"], line);
    }
    assert_eq!(feed(tail, b"").status.code(), Some(0));
}

#[test]
fn a_message_that_is_not_stored_ends_with_1_no_number_and_the_reason() {
    let server = TestServer::start(&["--max-text", "10"]);
    let (_ann, _) = TestClient::hello(server.address, "ann");
    let home = tempfile::tempdir().unwrap();
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (to, flags, why) in [
        (server.address, &["--user", "ci", "--send", "far too long"][..], "12 bytes"),
        (server.address, &["--user", "ci", "--send", ""], "at least one character"),
        (server.address, &["--user", "ci", "--send", "a\u{7}"], "U+0007"),
        (server.address, &["--user", "ann", "--send", "hi"], "the name ann is in use"),
        (
            server.address,
            &["--user", "ci", "--room", "@a+b", "--send", "hi"],
            "only the two people",
        ),
        (
            nowhere,
            &["--user", "ci", "--send", "hi", "--timeout", "1ms"],
            "no connection for 0.001 s",
        ),
    ] {
        let (code, out, err) = run_at(&home, to, flags, b"");
        assert_eq!((code, out.as_str()), (1, ""), "{flags:?}: {err}");
        let last = err.lines().last().unwrap();
        assert!(last.starts_with("console: not sent: ") && last.contains(why), "{flags:?}: {err}");
    }
}

#[test]
fn a_message_too_fast_for_the_server_waits_and_is_stored() {
    let server = TestServer::start(&["--rate", "1", "--burst", "1"]);
    let home = tempfile::tempdir().unwrap();
    assert_eq!(run_at(&home, server.address, &["--user", "ci"], b"one\ntwo\n").0, 0);
    let flags = ["--user", "ci", "--send", "three"];
    let sent = run_at(&home, server.address, &flags, b"");
    assert_eq!(sent, (0, "3\n".into(), String::new()));
}

#[test]
fn records_are_printed_as_in_the_protocol_and_nothing_else() {
    let server = TestServer::start(&["--motd", "/dev/null"]);
    let mut ann = post_all(server.address, &["tea \"or\" not?\n\ttab", "zo\u{eb} 日本語 \u{202e}"]);
    for act in [
        json!({"type": "post", "room": "lobby", "cid": "r", "text": "yes", "reply": 1, "kind": "me"}),
        json!({"type": "edit", "room": "lobby", "cid": "e", "target": 2, "text": "mended"}),
        json!({"type": "topic", "room": "lobby", "cid": "t", "text": "tea"}),
        json!({"type": "delete", "room": "lobby", "cid": "d", "target": 2}),
    ] {
        ann.send(&act);
        ann.receive_with_cid(act["cid"].as_str().unwrap());
    }
    let (mut reader, _) = TestClient::hello(server.address, "bob");
    reader.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    let kinds = ["post", "edit", "topic", "delete"];
    let all: Vec<Value> = (0..6).map(|_| reader.receive_any_of(&kinds)).collect();

    let read = |flags: &[&str]| {
        let (code, out, err) = run(server.address, &[&["--json"], flags].concat(), b"unread\n");
        assert_eq!((code, err.as_str()), (0, ""), "{flags:?}");
        records(&out)
    };
    assert_eq!(read(&["--since", "all"]), all);
    assert_eq!(read(&["--since", "4"]), all[4..]);
    assert_eq!(read(&["--since", "6"]), [Value::Null; 0]);
    assert_eq!(read(&["--since", "now"]), [Value::Null; 0]);
    let (code, out, err) = run(server.address, &["--json", "--since", "9"], b"");
    assert_eq!((code, records(&out)), (1, all), "as a server answers who knows more than it");
    assert!(err.contains("lobby has no record 9: its newest is 6"), "{err}");
}

#[test]
fn records_for_people_are_lines_without_control_characters() {
    let server = TestServer::start(&[]);
    let mut ann = post_all(server.address, &["one", "two\nlines", "evil \u{202e}"]);
    ann.send(&json!({"type": "join", "room": "tea"}));
    ann.post("tea", "t", "green");
    ann.receive_own("ann", "t");
    let (code, out, err) = run(server.address, &["--since", "all"], b"");
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 5, "{out}");
    assert!(
        lines[0].starts_with("-- ") && lines[0].ends_with(" --"),
        "the day of the first: {out}"
    );
    assert_eq!((&lines[1][5..], &lines[2][5..]), (" ann one", " ann two"));
    assert!(!out.contains('\u{202e}') && lines[3].ends_with("│ lines"), "{out}");
    let (code, out, err) = run(server.address, &["--since", "2", "--room", "lobby,tea"], b"");
    assert_eq!(code, 1, "not all of what was asked for exists");
    assert!(out.contains("[lobby] ") && out.contains(" ann evil"), "{out}");
    assert!(
        out.contains("[tea] ") && err.contains("tea has no record 2: its newest is 1"),
        "{out}{err}"
    );
}

#[test]
fn each_record_is_followed_once_in_order_through_a_server_that_is_killed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let data = tempfile::tempdir().unwrap();
    let start = || TestServer::start_on(&listener, data.path(), &[]);
    let mut server = start();
    let address = listener.local_addr().unwrap();
    let (mut ann, mut name) = (post_all(address, &["0", "1"]), "ann".to_owned());
    let mut follower = Follower::start(address, &["--json", "--since", "1"]);
    assert_eq!(follower.record()["seq"], 2);
    for round in 0..4 {
        for line in 0..20 {
            ann.post("lobby", &format!("{round}-{line}"), &format!("{round} {line}"));
        }
        ann.receive_own(&name, &format!("{round}-19"));
        server.kill(); // while some of this is in flight to the follower
        server = start();
        name = format!("ann{round}"); // the server still has the first name in use
        (ann, _) = TestClient::joined(address, &name, "lobby");
    }
    ann.post("lobby", "end", "end");
    for seq in 3..=83 {
        let record = follower.record();
        assert_eq!(record["seq"], seq);
        let at = seq - 3;
        let text = if at == 80 { "end".into() } else { format!("{} {}", at / 20, at % 20) };
        assert_eq!(record["text"], text);
    }
}

#[test]
fn a_following_console_reads_no_stdin_and_begins_with_new_records() {
    let server = TestServer::start(&[]);
    let mut ann = post_all(server.address, &["old"]);
    let mut follower = Follower::start(server.address, &[]);
    let mut stdin = follower.child.stdin.take().unwrap();
    stdin.write_all(b"unsaid\n").unwrap();
    drop(stdin);
    // Nothing announces it, so ann goes on until it prints something.
    let has_printed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 2.. {
                ann.post("lobby", &format!("new{n}"), "new");
                let record = ann.receive_own("ann", &format!("new{n}"));
                assert_eq!(record["seq"], n, "nothing of its stdin was sent");
                if has_printed.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        assert!(follower.line().ends_with(" --\n"), "the day of the first one");
        assert_eq!(&follower.line()[5..], " ann new\n");
        has_printed.store(true, Ordering::Relaxed);
    });
}

#[test]
fn no_script_is_announced_and_none_is_in_a_list() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let home = tempfile::tempdir().unwrap();
    for (flags, input) in [
        (&["--user", "ci", "--send", "sent"][..], &b""[..]),
        (&["--user", "ci"], b"piped\n"),
        (&["--since", "all"], b""),
    ] {
        let (code, _, err) = run_at(&home, server.address, flags, input);
        assert_eq!((code, err.as_str()), (0, ""), "{flags:?}");
    }
    let mut tail = console(server.address, &["--user", "tail"]).0.spawn().unwrap();
    tail.stdin.as_mut().unwrap().write_all(b"here\n").unwrap();
    let mut said = Vec::new();
    while said.last().is_none_or(|last| last != "here") {
        let next = ann.receive();
        assert_eq!(next["type"], "post", "neither joined nor left: {next}");
        said.push(next["text"].clone());
    }
    assert_eq!(said, ["sent", "piped", "here"]);
    ann.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(ann.receive()["members"], json!(["ann"]), "while a script is connected");
    assert_eq!(feed(tail, b"").status.code(), Some(0));
    ann.receives_nothing();
}

#[test]
fn a_following_console_whose_reader_is_gone_exits_with_0_and_prints_nothing() {
    let server = TestServer::start(&[]);
    let mut ann = post_all(server.address, &["1"]);
    let mut follower = Follower::start(server.address, &["--since", "all"]);
    follower.line();
    let Follower { child, out, .. } = &mut follower;
    drop(std::mem::replace(out, BufReader::new(another())));
    ann.post("lobby", "2", "2");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(err, "");
}

/// An output that replaces one that is dropped.
fn another() -> ChildStdout {
    let mut child = std::process::Command::new("true").stdout(Stdio::piped()).spawn().unwrap();
    child.wait().unwrap();
    child.stdout.take().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_ends_with_1() {
    let server = TestServer::start(&[]);
    let _ann = post_all(server.address, &["1"]);
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for (flags, why) in [
        (&["--since", "all"][..], "cannot write to stdout"),
        (&["--send", "x", "--user", "ci"], "it is stored as 2, but cannot write to stdout"),
        (&["--user", "ed"], "cannot write to stdout"),
    ] {
        let (mut command, _state) = console(server.address, flags);
        let output = feed(command.stdout(full()).spawn().unwrap(), b"piped\n");
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{flags:?}: {err}");
        assert!(err.contains(why), "{flags:?}: {err}");
    }
}

#[test]
fn a_room_that_cannot_be_joined_or_a_missing_password_ends_with_1() {
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("password");
    fs::write(&file, "open sesame\r\nthe first line is the password\n").unwrap();
    let file = file.to_str().unwrap();
    let server = TestServer::start(&["--password-file", file]);
    let (code, out, err) = run(server.address, &["--follow", "--json"], b"");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("the server needs a password"), "{err}");
    let (mut command, _state) = console(server.address, &["--since", "all"]);
    let output = feed(command.env("TALK_PASSWORD", "open sesame").spawn().unwrap(), b"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let flags = ["--since", "all", "--password-file", file];
    assert_eq!(run(server.address, &flags, b"").0, 0, "the server's own file will do");
}

#[test]
fn a_damaged_room_is_read_as_far_as_it_can_be_and_that_is_not_all_well() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    post_all(server.address, &["one", "two", "three", "four"]);
    server.kill();
    let path = log_file(data.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("three", "eerht")).unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    for flags in [&["--since", "all"][..], &["--since", "1", "--json"], &["--since", "now"]] {
        let (code, out, err) = run(server.address, flags, b"");
        assert_eq!(code, 1, "{flags:?}");
        assert!(err.contains("lobby is damaged on the server after #2"), "{err}");
        let is_shown = !flags.contains(&"now");
        assert_eq!(out.contains("two"), is_shown, "{flags:?}: {out}");
        assert!(!out.contains("four"), "{out}");
    }
    let (code, _, err) = run(server.address, &["--user", "ci"], b"five\n");
    assert_eq!(code, 1);
    assert!(err.contains("#lobby is damaged on the server after #2"), "{err}");
    assert!(err.contains("line 1 not sent: \"five\""), "{err}");
    let mut bob = Terminal::start(server.address, "bob", &[]);
    bob.wait_for("#lobby is damaged on the server after #2");
}

#[test]
fn a_state_directory_that_others_may_write_to_is_refused_with_the_cure() {
    let server = TestServer::start(&[]);
    let (mut command, home) = console(server.address, &["--user", "bob", "--send", "hi"]);
    assert!(feed(command.spawn().unwrap(), b"").status.success());
    let talk = fs::read_dir(home.path().join("talk")).unwrap().next().unwrap().unwrap().path();
    fs::set_permissions(&talk, Permissions::from_mode(0o777)).unwrap();
    let output = feed(command.spawn().unwrap(), b"");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(&format!("chmod go-w {}", talk.display())), "{error}");
    fs::set_permissions(&talk, Permissions::from_mode(0o700)).unwrap();
    assert!(feed(command.spawn().unwrap(), b"").status.success());
}

#[test]
fn a_key_or_a_time_zone_that_never_ends_is_not_read_to_its_end() {
    let server = TestServer::start(&[]);
    let flags = ["--user", "bob", "--key-file", "/dev/zero", "--send", "hi"];
    let (mut command, _home) = console(server.address, &flags);
    let error = String::from_utf8(feed(command.spawn().unwrap(), b"").stderr).unwrap();
    assert!(error.contains("cannot read the key in /dev/zero"), "{error}");
    let (mut command, _home) = console(server.address, &["--user", "bob", "--commands"]);
    let output = feed(command.env("TZ", ":../../../dev/zero").spawn().unwrap(), b"/quit\n");
    assert!(output.status.success(), "{output:?}");
}
