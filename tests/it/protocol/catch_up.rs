//! History, resume, and the change from the log to live messages: nothing missing, nothing twice.

use std::thread;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// A room with this many messages.
fn filled(server: &TestServer, lines: u64) -> (TestClient, Value) {
    let (mut writer, joined) = TestClient::joined(server.address, "writer", "lobby");
    for n in 1..=lines {
        writer.post("lobby", &format!("c{n}"), &format!("line {n}"));
    }
    writer.receive_seqs(lines as usize);
    (writer, joined)
}

/// The answer to a join with these fields, and the seqs of the records that follow, up to its head.
/// The caller keeps the client until it is done: a client that leaves while the next one joins sends
/// presence to it.
fn join(server: &TestServer, user: &str, fields: &Value) -> (Value, Vec<u64>, TestClient) {
    let (mut peer, _) = TestClient::hello(server.address, user);
    let mut message = json!({"type": "join", "room": "lobby"});
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    peer.send(&message);
    let joined = peer.receive();
    let (since, head) = (joined["since"].as_u64().unwrap(), joined["head"].as_u64().unwrap());
    let seqs = peer.receive_seqs((head - since) as usize);
    peer.receives_nothing();
    (joined, seqs, peer)
}

#[test]
fn a_join_starts_where_it_is_asked_to() {
    let server = TestServer::start(&[]);
    let (_writer, before) = filled(&server, 250);
    let log = before["log"].as_str().unwrap();
    let seqs = |from: u64| (from..=250).collect::<Vec<u64>>();
    let mut readers = Vec::new();
    for (n, (fields, first_seq, reset)) in [
        (json!({}), 151, false),
        (json!({"since": 0}), 1, false),
        (json!({"since": 200}), 201, false),
        (json!({"since": 200, "log": log}), 201, false),
        (json!({"since": 250}), 251, false),
        (json!({"since": "now"}), 251, false),
        (json!({"since": 251}), 151, true),
        (json!({"since": 200, "log": "another"}), 151, true),
    ]
    .into_iter()
    .enumerate()
    {
        let (joined, got, peer) = join(&server, &format!("reader{n}"), &fields);
        readers.push(peer);
        assert_eq!(got, seqs(first_seq), "{fields}");
        assert_eq!(joined["since"], first_seq - 1, "{fields}");
        assert_eq!(joined["reset"], reset, "{fields}");
        assert_eq!(joined["log"], log);
    }
}

#[test]
fn older_pages_are_read_by_seq() {
    let server = TestServer::start(&[]);
    let (mut reader, _) = filled(&server, 250);
    let mut page = |fields: Value| {
        let mut message = json!({"type": "history", "room": "lobby"});
        message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        reader.send(&message);
        let page = reader.receive_type("history");
        assert_eq!(page["first"], 1);
        let records = page["records"].as_array().unwrap();
        records.iter().map(|record| record["seq"].as_u64().unwrap()).collect::<Vec<u64>>()
    };
    assert_eq!(page(json!({"before": 151})), (51..=150).collect::<Vec<u64>>());
    assert_eq!(page(json!({"before": 10})), (1..=9).collect::<Vec<u64>>());
    assert_eq!(page(json!({"before": 151, "limit": 2})), [149, 150]);
    assert_eq!(page(json!({"after": 240, "limit": 3})), [241, 242, 243]);
    assert_eq!(page(json!({"after": 249})), [250]);
    assert_eq!(page(json!({"after": 250})), Vec::<u64>::new());
    assert_eq!(page(json!({"before": 1})), Vec::<u64>::new());
    assert_eq!(page(json!({"before": 9_000, "limit": 200})).last(), None, "nothing is near 9,000");
}

#[test]
fn between_history_and_live_no_record_is_missing_or_repeated() {
    let server = TestServer::start(&[]);
    let address = server.address;
    let writers: Vec<_> = (0..4)
        .map(|n| {
            thread::spawn(move || {
                let (mut writer, _) = TestClient::joined(address, &format!("writer{n}"), "lobby");
                for line in 0..500 {
                    writer.post("lobby", &format!("c{line}"), "a line");
                    writer.receive_own(&format!("writer{n}"), &format!("c{line}"));
                }
            })
        })
        .collect();
    let readers: Vec<_> = (0..40)
        .map(|n| {
            thread::spawn(move || {
                let (mut reader, _) = TestClient::hello(address, &format!("reader{n}"));
                reader.send(&json!({"type": "join", "room": "lobby", "since": 0}));
                assert_eq!(reader.receive_type("joined")["since"], 0);
                for seq in 1..=2_000 {
                    assert_eq!(reader.receive_type("post")["seq"], seq);
                }
            })
        })
        .collect();
    for thread in writers.into_iter().chain(readers) {
        thread.join().unwrap();
    }
}

#[test]
fn joining_again_replays_and_goes_on_live() {
    let server = TestServer::start(&[]);
    let (mut writer, joined) = filled(&server, 10);
    writer.send(&json!({"type": "join", "room": "lobby", "since": 7, "log": joined["log"]}));
    assert_eq!(writer.receive()["since"], 7);
    assert_eq!(writer.receive_seqs(3), [8, 9, 10]);
    writer.post("lobby", "more", "more");
    assert_eq!(writer.receive_seqs(1), [11]);
}

#[test]
fn every_client_sees_ten_writers_in_one_order() {
    let server = TestServer::start(&[]);
    let address = server.address;
    let mut readers: Vec<TestClient> =
        (0..10).map(|n| TestClient::joined(address, &format!("reader{n}"), "lobby").0).collect();
    let writers: Vec<_> = (0..10)
        .map(|n| {
            thread::spawn(move || {
                let (mut writer, _) = TestClient::joined(address, &format!("writer{n}"), "lobby");
                for line in 0..200 {
                    writer.post("lobby", &format!("c{line}"), &format!("{n} says {line}"));
                }
                writer.receive_own(&format!("writer{n}"), "c199");
            })
        })
        .collect();
    let views: Vec<Vec<String>> = readers
        .iter_mut()
        .map(|reader| (0..2_000).map(|_| reader.receive_type("post").to_string()).collect())
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert!(views.iter().all(|view| view == &views[0]), "the same bytes in the same order");
    for n in 0..10 {
        let own: Vec<&String> =
            views[0].iter().filter(|line| line.contains(&format!("\"writer{n}\""))).collect();
        assert_eq!(own.len(), 200);
        let in_order =
            own.iter().enumerate().all(|(at, line)| line.contains(&format!("says {at}\"")));
        assert!(in_order, "writer{n}'s own lines keep their order");
    }
}
