//! Clients that do not read: they delay no other client, and lose no record.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::under_attack::under_attack;
use crate::support::{TestClient, TestServer};

/// A client that has joined the lobby and reads nothing more.
fn stuck(server: &TestServer, user: &str) -> TestClient {
    TestClient::joined(server.address, user, "lobby").0
}

#[test]
fn a_client_that_does_not_read_delays_no_other_and_resumes_where_it_was() {
    under_attack(&["--max-text", "10000"], |server| {
        let mut stuck_peer = stuck(server, "stuck");
        let mut reader = TestClient::joined(server.address, "reader", "lobby").0;
        let mut writer = TestClient::joined(server.address, "writer", "lobby").0;
        let text = "x".repeat(10_000);
        let mut worst = Duration::ZERO;
        for n in 0..1_500 {
            let start = Instant::now();
            writer.post("lobby", &format!("c{n}"), &text);
            assert_eq!(writer.receive_type("post")["seq"], n + 1);
            assert_eq!(reader.receive_type("post")["seq"], n + 1);
            worst = worst.max(start.elapsed());
        }
        // No timing is asserted here: a stall would be a timeout of the reads above.
        assert!(worst < crate::support::TIMEOUT);

        // The kernel's buffers took a few megabytes; beyond its backlog the server closed it.
        let mut seen = 0;
        let code = loop {
            match stuck_peer.socket.read() {
                Ok(tungstenite::Message::Text(text)) => {
                    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
                    if record["type"] == "post" {
                        assert_eq!(record["seq"], seen + 1, "no record is missing");
                        seen += 1;
                    }
                }
                Ok(tungstenite::Message::Close(close)) => {
                    break close.map(|close| u16::from(close.code));
                }
                Ok(_) => {}
                Err(_) => break None,
            }
        };
        assert!(code.is_none_or(|code| code == 4413), "{code:?}");
        assert!(seen < 1_500, "the test must outgrow every buffer");
        let (mut back, _) = TestClient::hello(server.address, "back");
        back.send(&json!({"type": "join", "room": "lobby", "since": seen}));
        assert_eq!(
            back.receive_seqs(1_500 - seen as usize),
            (seen + 1..=1_500).collect::<Vec<u64>>()
        );
    });
}

#[test]
fn a_client_that_never_reads_is_removed_from_the_room() {
    under_attack(&["--max-text", "10000"], |server| {
        let stuck_peer = stuck(server, "stuck");
        let mut writer = TestClient::joined(server.address, "writer", "lobby").0;
        let text = "x".repeat(10_000);
        let mut cid = 0;
        loop {
            writer.post("lobby", &format!("c{cid}"), &text);
            cid += 1;
            let message = writer.receive();
            if message["type"] == "presence" {
                assert_eq!(
                    (&message["user"], &message["state"]),
                    (&json!("stuck"), &json!("left"))
                );
                break;
            }
            assert!(cid < 5_000, "the server never drops it");
        }
        drop(stuck_peer);
    });
}

#[test]
fn a_thousand_messages_to_many_slow_clients_are_held_in_memory_once() {
    under_attack(&["--max-text", "10000"], |server| {
        let readers: Vec<TestClient> =
            (0..30).map(|n| stuck(server, &format!("stuck{n}"))).collect();
        let mut writer = TestClient::joined(server.address, "writer", "lobby").0;
        let before = server.rss_kib();
        let text = "x".repeat(10_000);
        for n in 0..1_000 {
            writer.post("lobby", &format!("c{n}"), &text);
            writer.receive_type("post");
        }
        // The room's log itself holds 10 MiB of it.
        let grown = server.rss_kib() - before;
        assert!(grown < 64 * 1024, "{grown} KiB more");
        drop(readers);
    });
}

#[test]
fn a_catch_up_that_takes_longer_than_a_pong_may_is_finished() {
    // The server sends a page in four seconds, and reads no pong meanwhile.
    let limits = ["ping-every=200ms", "pong-wait=1s", "answer-bytes=64KiB"];
    let limits = limits.iter().flat_map(|limit| ["--limit", limit]);
    let flags: Vec<&str> = limits.chain(["--max-per-address", "64"]).collect();
    let server = TestServer::start(&flags);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let line = "x".repeat(4_000);
    for n in 0..50 {
        ann.post("lobby", &n.to_string(), &line);
        ann.receive_own("ann", &n.to_string());
    }
    drop(ann);
    let (mut ben, _) = TestClient::hello(server.address, "ben");
    ben.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    ben.receive_type("joined");
    assert_eq!(ben.receive_seqs(50), (1..=50).collect::<Vec<u64>>());
    ben.post("lobby", "mine", "at last");
    assert_eq!(ben.receive_own("ben", "mine")["seq"], 51);
}
