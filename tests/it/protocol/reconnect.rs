//! Reconnects: after a cut, to another log, many at once, with many records to catch up.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::json;
use talk::chat::{Cid, RoomName};
use talk::client::Event;

use crate::common::restarting_server::copy_dir;
use crate::support::commands::exported;
use crate::support::fixtures::fill;
use crate::support::scripted_server::{connect_as, next_record, text, until, until_live};
use crate::support::{PortGate, TestClient, TestServer};

// ---- The same message again --------------------------------------------------------------------

#[test]
fn a_cid_posted_on_a_hundred_connections_at_once_is_one_record() {
    let server = TestServer::start(&[]);
    let address = server.address;
    let (mut reader, _) = TestClient::joined(address, "reader", "lobby");
    let start = Arc::new(Barrier::new(100));
    let devices: Vec<_> = (0..100)
        .map(|_| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                let mut bob = TestClient::connect(address);
                bob.send(&json!({"type": "hello", "user": "bob", "token": "0".repeat(32),
                    "join": [{"room": "lobby"}]}));
                bob.receive_type("joined");
                start.wait();
                bob.post("lobby", "c", "once");
                assert_eq!(bob.receive_own("bob", "c")["seq"], 1);
                bob // no client leaves before all messages are sent
            })
        })
        .collect();
    let mut devices: Vec<TestClient> =
        devices.into_iter().map(|device| device.join().unwrap()).collect();
    devices[0].post("lobby", "d", "twice");
    assert_eq!(devices[0].receive_own("bob", "d")["seq"], 2, "the hundred posts have used one seq");
    assert_eq!(reader.receive()["type"], "presence");
    assert_eq!(reader.receive_seqs(2), [1, 2]);
    reader.receives_nothing();
}

#[test]
fn a_cid_that_another_user_has_used_is_not_taken() {
    let server = TestServer::start(&[]);
    let (mut alice, _) = TestClient::joined(server.address, "alice", "lobby");
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    bob.post("lobby", "alices-next", "I have guessed it");
    bob.receive_own("bob", "alices-next");
    alice.post("lobby", "alices-next", "my own line");
    let record = alice.receive_own("alice", "alices-next");
    assert_eq!((&record["seq"], &record["text"]), (&json!(2), &json!("my own line")));
}

// ---- To another log ----------------------------------------------------------------------------

#[test]
fn a_server_restored_from_a_backup_makes_its_clients_reset() {
    let (data, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let gate = PortGate::new();
    let mut server = TestServer::start_in(data.path(), &[]);
    gate.open(server.address);
    let (client, events) = connect_as(gate.address, "bob", "bot");
    until_live(&events);
    let post = |line: &str| {
        let cid = client.post(&RoomName::default(), text(line), false);
        until(&events, |event| match event {
            Event::Record(record) if record.cid == cid => Some(record.seq),
            _ => None,
        })
    };
    (1..=5).for_each(|seq| assert_eq!(post("kept"), seq));
    copy_dir(data.path(), backup.path());
    (6..=10).for_each(|seq| assert_eq!(post("lost"), seq));
    gate.close();
    server.kill();

    let server = TestServer::start_in(backup.path(), &[]);
    gate.open(server.address);
    until(&events, |event| matches!(event, Event::Reset(_)).then_some(()));
    (1..=5).for_each(|seq| assert_eq!(next_record(&events), seq));
    assert_eq!(post("anew"), 6);
    assert_eq!(exported(backup.path()).len(), 6);
}

#[test]
fn a_client_disconnected_for_longer_than_the_retention_gets_a_gap() {
    let gate = PortGate::new();
    let server = TestServer::start(&["--retain-records", "5"]);
    gate.open(server.address);
    let (_client, events) = connect_as(gate.address, "reader", "bot");
    until_live(&events);
    let (mut writer, _) = TestClient::joined(server.address, "writer", "lobby");
    let mut post = |n: u64| {
        writer.post("lobby", &format!("c{n}"), "a line");
        writer.receive_own("writer", &format!("c{n}"));
    };
    (1..=3).for_each(&mut post);
    (1..=3).for_each(|seq| assert_eq!(next_record(&events), seq));
    gate.close();
    let (mut looker, _) = TestClient::joined(server.address, "looker", "lobby");
    let (mut head, mut first) = (3, 1);
    // Until retention has removed records that the reader has not seen, and has no more files to remove.
    while first <= 10 || head - first >= 9 {
        if first <= 10 {
            head += 1;
            post(head);
        }
        looker.send(&json!({"type": "history", "room": "lobby", "after": head}));
        first = looker.receive_type("history")["first"].as_u64().unwrap();
    }
    gate.open(server.address);
    let gap_end = until(&events, |event| match event {
        Event::Gap { first, .. } => Some(*first),
        Event::Reset(_) => panic!("it is the same log"),
        _ => None,
    });
    assert_eq!(gap_end, first);
    (gap_end..=head).for_each(|seq| assert_eq!(next_record(&events), seq));
}

// ---- With much to catch up, and in a crowd -----------------------------------------------------

#[test]
fn reading_all_of_history_disconnects_no_client_and_new_messages_follow() {
    const OLD: u64 = 20_000;
    const NEW: u64 = 300;
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), OLD, &"x".repeat(200)); // five times the backlog that a client may have
    let server = TestServer::start_in(data.path(), &[]);
    let (mut reader, _) = TestClient::hello(server.address, "reader");
    reader.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    let (mut writer, joined) = TestClient::joined(server.address, "other", "lobby");
    assert_eq!(joined["head"], OLD);
    let mut post = |n: u64| {
        writer.post("lobby", &format!("c{n}"), "meanwhile");
        writer.receive_own("other", &format!("c{n}"));
    };
    post(0); // before the reader has read anything
    thread::scope(|scope| {
        scope.spawn(|| (1..NEW).for_each(&mut post));
        for seq in 1..=OLD + NEW {
            assert_eq!(reader.receive_type("post")["seq"], seq);
        }
    });
    writer.post("lobby", "last", "live");
    assert_eq!(reader.receive_type("post")["seq"], OLD + NEW + 1);
}

#[test]
fn many_clients_cut_off_at_once_reconnect_and_every_message_is_stored_once() {
    const CROWD: usize = 100;
    let data = tempfile::tempdir().unwrap();
    let gate = PortGate::new();
    let mut server = TestServer::start_in(data.path(), &[]);
    gate.open(server.address);
    let crowd: Vec<_> =
        (0..CROWD).map(|n| connect_as(gate.address, &format!("user{n}"), "bot")).collect();
    for (_, events) in &crowd {
        until_live(events);
    }
    let rss = server.rss_kib();
    gate.close();
    server.kill();
    for (_, events) in &crowd {
        until(events, |event| matches!(event, Event::ConnectionLost(_)).then_some(()));
    }
    let said: BTreeSet<Cid> = crowd
        .iter()
        .map(|(client, _)| client.post(&RoomName::default(), text("I am back"), false))
        .collect();

    let server = TestServer::start_in(data.path(), &[]);
    gate.open(server.address);
    for (_, events) in &crowd {
        let mut seen = BTreeSet::new();
        while seen.len() < CROWD {
            let record = until(events, |event| match event {
                Event::Record(record) => Some((record.seq, record.cid.clone())),
                Event::Failed { rejection, .. } => panic!("refused: {}", rejection.code),
                _ => None,
            });
            seen.insert(record.1);
            assert_eq!(record.0, seen.len() as u64, "each once, in order");
        }
        assert_eq!(seen, said);
    }
    assert!(server.rss_kib() < rss + 64 * 1024, "{rss} KiB before, {} after", server.rss_kib());
    assert_eq!(exported(data.path()).len(), CROWD);
}
