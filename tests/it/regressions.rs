//! Each defect of the prototype that Talk began with, so that none comes back.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::raw_client::{self, UPGRADE};
use crate::support::under_attack::under_attack;
use crate::support::{RawClient, TestClient, TestServer};

#[test]
fn a_silent_connection_at_accept_delays_no_other() {
    under_attack(&[], |server| {
        let _silent: Vec<RawClient> = (0..50).map(|_| RawClient::connect(server.address)).collect();
        let mut half = RawClient::connect(server.address);
        half.send(&UPGRADE.as_bytes()[..20]);
        let (_, welcome) = TestClient::hello(server.address, "next");
        assert_eq!(welcome["user"], "next", "served while they are silent");
    });
}

#[test]
fn a_malformed_request_harms_only_itself() {
    let mut server = TestServer::start(&[]);
    let (mut bystander, _) = TestClient::joined(server.address, "bystander", "lobby");
    for garbage in [
        &b"\x00\xff\x00\xff\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/1.1\r\n:\r\n\r\n",
    ] {
        let mut raw = RawClient::connect(server.address);
        raw.try_send(garbage);
        raw.finish_sending();
        let answer = raw.read_to_end();
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{garbage:?}: {answer:?}");
    }
    bystander.post("lobby", "c", "still here");
    assert_eq!(bystander.receive()["seq"], 1);
    assert!(server.is_alive());
}

#[test]
fn a_client_that_leaves_is_removed_from_the_registry() {
    let server = TestServer::start(&[]);
    let (mut bystander, _) = TestClient::joined(server.address, "bystander", "lobby");
    let (threads, descriptors) = (server.threads(), server.descriptors());
    let leavers: Vec<(TestClient, _)> = (0..20)
        .map(|n| TestClient::joined(server.address, &format!("leaver{n}"), "lobby"))
        .collect();
    let settles = |clients: usize| {
        let deadline = Instant::now() + Duration::from_secs(5);
        let wanted = (threads + clients, descriptors + clients);
        while (server.threads(), server.descriptors()) != wanted {
            let seen = (server.threads(), server.descriptors());
            assert!(Instant::now() < deadline, "threads and descriptors: {seen:?} of {wanted:?}");
            thread::yield_now();
        }
    };
    settles(20); // one thread and one descriptor each, once the hello threads have ended
    drop(leavers); // the other half closes its sockets without a Close
    let mut left = 0;
    while left < 20 {
        left += usize::from(bystander.receive_type("presence")["state"] == "left");
    }
    bystander.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(bystander.receive()["members"], json!(["bystander"]));
    settles(0);
}

#[test]
fn a_message_over_256_bytes_or_split_over_reads_arrives_whole() {
    let server = TestServer::start(&[]);
    let (mut reader, _) = TestClient::joined(server.address, "reader", "lobby");
    let mut raw = RawClient::welcomed(server.address, "writer");
    raw.send(&raw_client::text(r#"{"type":"join","room":"lobby"}"#));
    raw.read_text();
    let text = "0123456789abcdef".repeat(256); // 4,096 bytes
    let wire =
        raw_client::text(&format!(r#"{{"type":"post","room":"lobby","cid":"c","text":"{text}"}}"#));
    for part in wire.chunks(100) {
        raw.send(part);
    }
    assert_eq!(reader.receive_type("post")["text"], text.as_str());
}

#[test]
fn a_name_cannot_be_forged_per_message() {
    under_attack(&[], |server| {
        let (mut mallory, _) = TestClient::joined(server.address, "mallory", "lobby");
        mallory.send(&json!({"type": "post", "room": "lobby", "cid": "c", "text": "I am alice",
        "user": "alice", "from": "alice", "seq": 99, "at": 1, "admin": true}));
        let record = mallory.receive();
        assert_eq!((&record["user"], &record["seq"]), (&json!("mallory"), &json!(1)));
        assert_ne!(record["at"], 1);
        assert_eq!(record.get("admin"), None);
    });
}

#[test]
fn the_end_of_the_stream_ends_a_session_and_does_not_spin() {
    under_attack(&[], |server| {
        let idle = server.threads();
        for _ in 0..10 {
            let raw = RawClient::welcomed(server.address, &format!("user{}", next_number()));
            raw.finish_sending();
            drop(raw);
            RawClient::connect(server.address).finish_sending();
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while server.threads() != idle {
            assert!(Instant::now() < deadline, "a session goes on without its client");
            thread::yield_now();
        }
        // The server waits for a silent connection without using CPU.
        let _silent = RawClient::welcomed(server.address, "silent");
        let (before, start) = (server.cpu().as_secs_f64(), Instant::now());
        while start.elapsed() < Duration::from_millis(500) {
            thread::park_timeout(Duration::from_millis(100));
        }
        let used = server.cpu().as_secs_f64() - before;
        assert!(used < 0.25, "{used} s of CPU in {:?} of silence", start.elapsed());
    });
}

fn next_number() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
