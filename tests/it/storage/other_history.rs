//! One log id, two histories: a restored backup, or a power cut under `--sync interval`, takes the newest
//! records, and other clients post new ones under their seqs before a client returns.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;

use serde_json::{Value, json};
use talk::chat::protocol::Since;
use talk::client::Event;
use tempfile::TempDir;

use crate::common::restarting_server::{copy_dir, cut_records};
use crate::support::commands::{exported, log_file};
use crate::support::piped_console::console;
use crate::support::scripted_server::{connect_since, next_record, until, until_live};
use crate::support::{PortGate, TestClient, TestServer};

/// Posts lines whose texts are these, under the name `user`.
fn post_all(server: &TestServer, user: &str, texts: &[String]) {
    let (mut peer, _) = TestClient::joined(server.address, user, "lobby");
    for text in texts {
        peer.post("lobby", text, text);
        peer.receive_own(user, text);
    }
}

fn texts(what: &str, seqs: std::ops::RangeInclusive<u64>) -> Vec<String> {
    seqs.map(|seq| format!("{what}-{seq}")).collect()
}

/// The seqs and texts of records.
fn seqs_and_texts(records: &[Value]) -> Vec<(u64, String)> {
    let text = |record: &Value| record["text"].as_str().unwrap().to_owned();
    records.iter().map(|record| (record["seq"].as_u64().unwrap(), text(record))).collect()
}

/// A console that follows the lobby from its first record, as JSON.
struct Follower {
    child: Child,
    _state: TempDir,
}

impl Follower {
    /// Starts one; returns what it prints.
    fn start(gate: &PortGate) -> (Follower, impl FnMut() -> Value) {
        let flags = ["--follow", "--json", "--since", "all"];
        let (mut command, state) = console(gate.address, &flags);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let next = move || serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        (Follower { child, _state: state }, next)
    }

    /// Ends it; returns what it printed on stderr.
    fn errors(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        errors
    }
}

/// A console has seen ten records; `lose` takes five of them while the server is down; seven others get the
/// seqs from 6 before the console returns. It must say so, and print the log that is there.
fn a_console_returns_after(flags: &[&str], lose: impl FnOnce(&Path, &Path)) {
    let home = tempfile::tempdir().unwrap();
    let (data, backup) = (home.path().join("data"), home.path().join("backup"));
    let gate = PortGate::new();
    let mut server = TestServer::start_in(&data, flags);
    post_all(&server, "ann", &texts("kept", 1..=5));
    server.kill();
    copy_dir(&data, &backup);
    let mut server = TestServer::start_in(&data, flags);
    gate.open(server.address);
    let (follower, mut next) = Follower::start(&gate);
    post_all(&server, "bob", &texts("lost", 6..=10));
    let before: Vec<Value> = (0..10).map(|_| next()).collect();
    assert_eq!(seqs_and_texts(&before).last(), Some(&(10, String::from("lost-10"))));
    gate.close();
    server.kill();
    lose(&data, &backup);
    let server = TestServer::start_in(&data, flags);
    post_all(&server, "cleo", &texts("anew", 6..=12));
    gate.open(server.address);
    let expected = seqs_and_texts(&exported(&data));
    assert_eq!(expected.len(), 12);
    for record in expected {
        assert_eq!(seqs_and_texts(&[next()]), [record]);
    }
    let errors = follower.errors();
    assert!(errors.contains("lobby was reset"), "{errors}");
}

#[test]
fn a_console_that_returns_to_a_restored_backup_prints_the_log_that_is_there() {
    a_console_returns_after(&[], |data, backup| {
        fs::remove_dir_all(data).unwrap();
        copy_dir(backup, data);
    });
}

#[test]
fn a_console_that_returns_after_a_power_cut_took_the_newest_records_prints_the_log_that_is_there() {
    a_console_returns_after(&["--sync", "interval"], |data, _| {
        assert_eq!(cut_records(&log_file(data), 5), 5);
    });
}

#[test]
fn a_client_that_has_seen_nothing_since_it_joined_gets_what_came_then_in_another_history() {
    let home = tempfile::tempdir().unwrap();
    let (data, backup) = (home.path().join("data"), home.path().join("backup"));
    let gate = PortGate::new();
    let mut server = TestServer::start_in(&data, &[]);
    post_all(&server, "ann", &texts("kept", 1..=5));
    server.kill();
    copy_dir(&data, &backup);
    let mut server = TestServer::start_in(&data, &[]);
    post_all(&server, "bob", &texts("lost", 6..=10));
    gate.open(server.address);
    let (_client, events) = connect_since(gate.address, "reader", "bot", Since::Now);
    until_live(&events);
    gate.close();
    server.kill();
    fs::remove_dir_all(&data).unwrap();
    copy_dir(&backup, &data);
    let server = TestServer::start_in(&data, &[]);
    post_all(&server, "cleo", &texts("anew", 6..=12));
    gate.open(server.address);
    let is_reset = until(&events, |event| match event {
        Event::Reset(_) => Some(true),
        Event::Record(_) => Some(false),
        _ => None,
    });
    assert!(is_reset);
    (1..=12).for_each(|seq| assert_eq!(next_record(&events), seq));
}

// ---- What the server compares ------------------------------------------------------------------

/// Owns the names that come back.
const TOKEN: &str = "00112233445566778899aabbccddeeff";

/// The `joined` that answers a join of the lobby with these fields.
fn join(server: &TestServer, fields: &Value) -> Value {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": "reader", "token": TOKEN}));
    assert_eq!(peer.receive()["type"], "welcome");
    let mut message = json!({"type": "join", "room": "lobby"});
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    peer.send(&message);
    let joined = peer.receive();
    assert_eq!(joined["type"], "joined", "{joined}");
    joined
}

#[test]
fn a_join_that_has_another_record_at_its_since_is_a_reset() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    post_all(&server, "ann", &texts("line", 1..=150));
    let (mut mia, _) = TestClient::joined(server.address, "mia", "lobby");
    mia.post("lobby", "mine", "to be deleted");
    mia.receive_own("mia", "mine");
    mia.send(&json!({"type": "delete", "room": "lobby", "cid": "d", "target": 151}));
    assert_eq!(mia.receive_type("delete")["seq"], 152);
    drop(mia);
    let records = exported(data.path());
    let (at, deleted_at) = (records[119]["at"].clone(), records[150]["at"].clone());
    let log = join(&server, &json!({}))["log"].clone();
    let later = at.as_u64().unwrap() + 1;
    let cid = "line-120";
    for round in ["in memory", "on disk"] {
        for (fields, since, reset) in [
            (json!({"since": 120, "log": log, "at": at, "cid": cid}), 120, false),
            (json!({"since": 120, "at": at, "cid": cid}), 120, false),
            (json!({"since": 120, "log": log}), 120, false),
            (json!({"since": 120, "log": log, "at": later, "cid": cid}), 51, true),
            (json!({"since": 120, "log": log, "at": at, "cid": "line-121"}), 51, true),
            (json!({"since": 120, "log": "another", "at": at, "cid": cid}), 51, true),
            (json!({"since": 153, "log": log, "at": at, "cid": cid}), 51, true),
            (json!({"since": 151, "log": log, "at": deleted_at, "cid": "mine"}), 151, false),
            (json!({"since": 0, "log": log, "at": 7, "cid": "c"}), 0, false),
            (json!({"since": "now", "log": log, "at": 7, "cid": "c"}), 152, false),
            (json!({"log": log, "at": 7, "cid": "c"}), 51, false),
        ] {
            let joined = join(&server, &fields);
            assert_eq!(joined["reset"], reset, "{round}: {fields}");
            assert_eq!(joined["since"], since, "{round}: {fields}");
        }
        let mut greeter = TestClient::connect(server.address);
        let hello = json!({"room": "lobby", "since": 120, "log": log, "at": later, "cid": cid});
        greeter.send(&json!({"type": "hello", "user": "greeter", "token": TOKEN, "join": [hello]}));
        assert_eq!(greeter.receive_type("joined")["reset"], true, "{round}");
        drop(greeter);
        server.kill();
        server = TestServer::start_in(data.path(), &[]); // has read no record into memory
    }
}

#[test]
fn what_others_say_under_the_seqs_of_lost_records_that_were_read_is_unread() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--sync", "interval"];
    let mut server = TestServer::start_in(data.path(), &flags);
    post_all(&server, "ann", &texts("line", 1..=10));
    let enter = |server: &TestServer| {
        let mut peer = TestClient::connect(server.address);
        let join = json!([{"room": "lobby"}]);
        peer.send(&json!({"type": "hello", "user": "bob", "token": TOKEN, "join": join}));
        let joined = peer.receive_type("joined");
        (peer, joined)
    };
    let (mut bob, _) = enter(&server);
    bob.post("lobby", "mine", "the name is held over the restart");
    bob.receive_own("bob", "mine");
    bob.send(&json!({"type": "mark", "room": "lobby", "seq": 11}));
    let file = data.path().join("marks.jsonl");
    while !fs::read_to_string(&file).unwrap().contains("\"seq\":11") {
        std::thread::yield_now(); // the maintenance thread writes it within 100 ms
    }
    server.kill();
    assert_eq!(cut_records(&log_file(data.path()), 6), 6);
    let server = TestServer::start_in(data.path(), &flags);
    post_all(&server, "cleo", &texts("anew", 6..=12));
    let (_bob, joined) = enter(&server);
    assert_eq!((&joined["head"], &joined["marked"]), (&json!(12), &json!(5)));
}
