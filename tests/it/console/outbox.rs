//! Unsent messages outlive the console: the built console, killed with SIGKILL and started again.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::support::scripted_server::{ScriptedServer, listener};
use crate::support::terminal::{Terminal, status};
use crate::support::{TIMEOUT, TestClient, TestServer};

/// A home directory with a key for `bob`, whose server has stopped.
struct Away {
    home: TempDir,
    address: SocketAddr,
}

impl Away {
    fn new() -> Away {
        let home = tempfile::tempdir().unwrap();
        let mut server = TestServer::start(&[]);
        let mut bob = Terminal::start_in(home.path(), server.address, "bob", &[]);
        bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
        bob.type_in("/quit\r");
        assert_eq!(bob.wait_exit(), 0);
        server.kill();
        let address = server.address;
        Away { home, address }
    }

    fn bob(&self, flags: &[&str]) -> Terminal {
        Terminal::start_in(self.home.path(), self.address, "bob", flags)
    }

    /// A console that was welcomed, so that it takes input, by a server that has stopped since.
    fn welcomed_bob(&self, flags: &[&str]) -> Terminal {
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut bob = self.bob(flags);
        let (is_welcomed, since) = (AtomicBool::new(false), Instant::now());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut servers = Vec::new(); // consoles that a test started before connect again, too
                while !is_welcomed.load(Ordering::Relaxed) && since.elapsed() < TIMEOUT {
                    let Ok((stream, _)) = listener.accept() else {
                        thread::yield_now();
                        continue;
                    };
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
                    let mut server = ScriptedServer(tungstenite::accept(stream).unwrap());
                    server.welcome(0, 0);
                    servers.push(server);
                }
            });
            bob.wait_for("you are bob");
            is_welcomed.store(true, Ordering::Relaxed);
        });
        bob
    }

    fn returns(&self) -> TestServer {
        TestServer::start(&["--bind", &self.address.to_string()])
    }

    /// The files with unsent messages.
    fn outboxes(&self) -> Vec<PathBuf> {
        outboxes(self.home.path())
    }
}

fn outboxes(home: &Path) -> Vec<PathBuf> {
    let servers = fs::read_dir(home.join("talk")).unwrap();
    let files = servers.flat_map(|server| fs::read_dir(server.unwrap().path()).unwrap());
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "lines"))
        .collect()
}

/// The texts of the lobby, in order, once it has so many records.
fn lobby(server: &TestServer, count: u64) -> Vec<Value> {
    let (mut ann, mut joined) = TestClient::joined(server.address, "ann", "lobby");
    let deadline = Instant::now() + TIMEOUT;
    while joined["head"].as_u64() < Some(count) {
        assert!(Instant::now() < deadline, "the lobby has {}", joined["head"]);
        ann.send(&json!({"type": "join", "room": "lobby", "since": 0}));
        joined = ann.receive_type("joined");
        thread::yield_now();
    }
    assert_eq!(joined["head"], count);
    ann.send(&json!({"type": "history", "room": "lobby", "after": 0, "limit": 200}));
    let history = ann.receive_type("history");
    let records = history["records"].as_array().unwrap();
    records.iter().map(|record| record["text"].clone()).collect()
}

/// The unsent messages that the rows show.
fn pending(rows: &[String]) -> Vec<String> {
    let said = |row: &String| row.strip_prefix("  …   bob ").map(str::to_owned);
    rows.iter().filter_map(said).collect()
}

#[test]
fn a_killed_console_loses_no_message_it_has_shown_and_the_next_sends_each_once_and_in_order() {
    let away = Away::new();
    let mut sent = Vec::new();
    for round in 0..4 {
        let mut bob = away.welcomed_bob(&[]);
        bob.wait_until("the lines of before wait", |rows| {
            status(rows).contains("offline") && pending(rows).len() == sent.len().min(6)
        });
        let lines: Vec<String> = (0..5).map(|n| format!("line {round}.{n}")).collect();
        bob.type_in(&(lines.join("\r") + "\r"));
        let seen = lines[round].clone(); // the console is killed as soon as this one is on the screen
        bob.wait_until("it is seen", |rows| pending(rows).contains(&seen));
        bob.kill();
        let shown = bob.wait_until("all that it had drawn", |_| true);
        let last = pending(&shown).pop().unwrap();
        let mut found = away.bob(&[]);
        let rows = found.wait_until("they are back", |rows| {
            status(rows).contains("offline") && rows.concat().contains("from an earlier run")
        });
        let last_found = pending(&rows).pop().unwrap();
        let place = |line: &String| lines.iter().position(|said| said == line);
        assert!(place(&last_found) >= place(&last), "{last} was shown, {last_found} was found");
        sent.extend(lines[..=place(&last_found).unwrap()].iter().cloned());
        found.kill();
    }

    let server = away.returns();
    let mut bob = away.bob(&[]);
    bob.wait_until("all is stored", |rows| {
        status(rows).contains("· live ·")
            && pending(rows).is_empty()
            && rows.concat().contains(sent.last().unwrap())
    });
    assert_eq!(lobby(&server, sent.len() as u64), sent);
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);
    assert!(away.outboxes().is_empty(), "no message is left to send");
}

#[test]
fn leaving_with_unsent_messages_reports_that_they_are_stored_and_the_next_run_has_them() {
    let away = Away::new();
    let mut bob = away.welcomed_bob(&[]);
    bob.wait_until("offline", |rows| status(rows).contains("offline"));
    bob.type_in("/join rust\rhello rust\r/me waits\r");
    bob.wait_until("both wait", |rows| rows.iter().any(|row| row.contains("…   * bob waits")));
    bob.type_in("/quit\r");
    bob.wait_for("console: not sent to #rust: hello rust");
    bob.wait_for("console: saved: they are sent when you start the console as bob again");
    assert_eq!(bob.wait_exit(), 1);

    let _server = away.returns();
    let mut bob = away.bob(&[]);
    bob.wait_for("-- 2 messages from an earlier run are not sent yet --");
    bob.wait_until("they are sent", |rows| {
        status(rows).contains("· live ·") && !rows.concat().contains('…')
    });
    bob.type_in("\x1b2"); // Alt-2
    let is_said = |row: &String| row.ends_with(" * bob waits") && !row.contains('…');
    let rows = bob.wait_until("it is sent", |rows| rows.iter().any(is_said));
    assert!(rows.iter().any(|row| row.ends_with(" bob hello rust")), "{rows:#?}");
}

#[test]
fn without_a_screen_unsent_messages_are_stored_and_sent_too() {
    let away = Away::new();
    let mut bob = away.welcomed_bob(&["--plain"]);
    bob.wait_for("reconnecting");
    bob.type_in("one\ntwo\n");
    let deadline = Instant::now() + TIMEOUT;
    let is_kept = || {
        let kept = away.outboxes().into_iter().map(|path| fs::read_to_string(path).unwrap());
        kept.collect::<String>().contains("\"text\":\"two\"")
    };
    while !is_kept() {
        assert!(Instant::now() < deadline, "the messages are not stored");
        thread::yield_now();
    }
    bob.kill();
    let server = away.returns();
    let mut bob = away.bob(&["--plain"]);
    bob.wait_for("-- 2 messages from an earlier run are not sent yet --");
    bob.wait_until("they are sent", |rows| rows.iter().any(|row| row.ends_with(" bob two")));
    assert_eq!(lobby(&server, 2), ["one", "two"]);
}

#[test]
fn each_of_two_consoles_stores_its_own_unsent_messages_and_the_next_adopts_those_of_killed_ones() {
    let away = Away::new();
    let mut one = away.welcomed_bob(&[]);
    one.wait_until("offline", |rows| status(rows).contains("offline"));
    one.type_in("of one\r");
    one.wait_for("…   bob of one");
    let mut two = away.welcomed_bob(&[]);
    two.wait_until("offline", |rows| status(rows).contains("offline"));
    two.type_in("of two\r");
    let rows = two.wait_for("…   bob of two");
    assert_eq!(pending(&rows), ["of two"]);
    one.kill();
    let mut three = away.welcomed_bob(&[]);
    three.wait_until("offline", |rows| status(rows).contains("offline"));
    three.type_in("of three\r");
    let rows = three.wait_for("…   bob of three");
    assert_eq!(pending(&rows), ["of one", "of three"]);

    let server = away.returns();
    let mut consoles = [two, three];
    for console in &mut consoles {
        console.type_in("/reconnect\r");
        console.wait_until("all are sent", |rows| {
            let said = |of: &str| rows.iter().any(|row| row.ends_with(of));
            pending(rows).is_empty() && said("of one") && said("of two") && said("of three")
        });
    }
    let texts = lobby(&server, 3);
    let texts: BTreeSet<&str> = texts.iter().filter_map(Value::as_str).collect();
    assert_eq!(texts, BTreeSet::from(["of one", "of two", "of three"]));
    for console in &mut consoles {
        console.type_in("/quit\r");
        assert_eq!(console.wait_exit(), 0);
    }
    assert!(away.outboxes().is_empty());
}

#[test]
fn a_message_whose_acknowledgement_was_lost_is_sent_again_with_its_cid() {
    let home = tempfile::tempdir().unwrap();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let start = || Terminal::start_in(home.path(), address, "bob", &[]);
    let mut bob = start();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("one\rtwo\r");
    let post = server.receive_action();
    bob.wait_for("…   bob two");
    bob.kill(); // the server has stored the message, and is killed before it acknowledges it
    drop(server);

    let mut bob = start();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(1, 1);
    bob.wait_until("both wait", |rows| pending(rows) == ["one", "two"]);
    assert_eq!(server.receive_action(), post, "the same message, byte for byte");
    server.send_record(1, "bob", &post["cid"], "one"); // stored the first time
    let second = server.receive_action();
    assert_eq!(second["text"], "two");
    server.send(json!({
        "type": "error", "code": "rate_limited", "message": "slowly", "retry_ms": 1,
        "cid": second["cid"],
    }));
    assert_eq!(server.receive_action(), second);
    server.send(json!({
        "type": "error", "code": "storage", "message": "disk full", "cid": second["cid"],
    }));
    bob.wait_for("not sent: disk full (/resend or /drop)");
    bob.kill();
    drop(server);

    let mut bob = start();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(1, 1);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    let rows = bob.wait_for("not sent: disk full (/resend or /drop)");
    assert!(rows.iter().any(|row| row == "  ✗   bob two"), "{rows:#?}");
    bob.type_in("/resend\r");
    assert_eq!(server.receive_action(), second, "only now");
    server.send_record(2, "bob", &second["cid"], "two");
    bob.wait_until("it is stored", |rows| {
        rows.iter().any(|row| row.ends_with(" bob two") && !row.contains(['…', '✗']))
    });
    bob.type_in("/quit\r");
    while server.0.read().is_ok() {} // its Close is answered
    assert_eq!(bob.wait_exit(), 0);
    assert!(outboxes(home.path()).is_empty());
}

#[test]
fn a_damaged_outbox_file_is_reported_and_kept_and_the_console_starts() {
    let away = Away::new();
    let mut bob = away.welcomed_bob(&[]);
    bob.wait_until("offline", |rows| status(rows).contains("offline"));
    bob.type_in("one\r");
    bob.wait_for("…   bob one");
    bob.kill();
    let file = away.outboxes().pop().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend(b"\x1b]0;damage\x07\n");
    fs::write(&file, bytes).unwrap();
    let server = away.returns();
    let mut bob = away.bob(&[]);
    bob.wait_for("!! a file of unsent messages is damaged and was renamed to");
    bob.wait_until("the rest is sent", |rows| rows.iter().any(|row| row.ends_with(" bob one")));
    assert_eq!(lobby(&server, 1), ["one"]);
    assert!(file.with_extension("lines.damaged").exists());
}

#[test]
fn unsent_messages_follow_the_user_to_another_name() {
    let away = Away::new();
    let mut server = away.returns();
    let mut bob = away.bob(&[]);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("/nick rob\r");
    bob.wait_until("it is rob", |rows| status(rows).starts_with("[lobby] rob · live"));
    server.kill();
    bob.wait_until("offline", |rows| status(rows).contains("offline"));
    bob.type_in("one\r");
    bob.wait_for("…   rob one");
    bob.kill();

    let server = away.returns();
    let mut bob = away.bob(&[]);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    let mut rob = Terminal::start_in(away.home.path(), away.address, "rob", &[]);
    rob.wait_for("-- 1 message from an earlier run is not sent yet --");
    rob.wait_until("it is sent", |rows| rows.iter().any(|row| row.ends_with(" rob one")));
    assert_eq!(lobby(&server, 1), ["one"], "and only by rob");
}

#[test]
fn a_script_neither_stores_its_unsent_messages_nor_sends_those_of_a_user() {
    let home = tempfile::tempdir().unwrap();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let mut bob = Terminal::start_in(home.path(), address, "bob", &[]);
    let mut unheard = ScriptedServer::accept(&listener);
    unheard.welcome(0, 0);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    bob.type_in("of a person\r");
    bob.wait_for("…   bob of a person");
    bob.kill();
    drop(unheard);

    let mut script = Command::new(env!("CARGO_BIN_EXE_console"));
    script.args(["--server", &address.to_string(), "--user", "bob"]);
    script.env("XDG_STATE_HOME", home.path()).env_remove("TALK_ROOM");
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut script = script.spawn().unwrap();
    script.stdin.take().unwrap().write_all(b"of a script\n").unwrap();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    assert_eq!(server.receive()["text"], "of a script", "and no other message");
    let (code, reason) = (CloseCode::from(4403), "put out".into());
    server.0.close(Some(CloseFrame { code, reason })).unwrap();
    while server.0.read().is_ok() {} // its Close is answered
    let output = script.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("console: not sent to #lobby: line 1: of a script"), "{stderr}");
    assert!(!stderr.contains("kept"), "{stderr}");

    let kept = outboxes(home.path()).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let kept: String = kept.collect();
    assert!(kept.contains("of a person") && !kept.contains("of a script"), "{kept}");
}
