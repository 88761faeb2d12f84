//! Memberships without end: of one person, on many devices.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use talk::limits;

use crate::support::under_attack::under_attack_in;
use crate::support::{TestClient, TestServer};

/// Changes of one person, which must not make the file grow.
const CHANGES: usize = 10_000;

fn device(server: &TestServer) -> (TestClient, Value) {
    let mut peer = TestClient::connect(server.address);
    let token = "00112233445566778899aabbccddeeff";
    peer.send(&json!({"type": "hello", "user": "eve", "token": token, "rooms": true}));
    let welcome = peer.receive();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (peer, welcome["rooms"].clone())
}

/// Joins rooms until one is refused: how many it has joined.
fn join_many(peer: &mut TestClient, prefix: &str) -> usize {
    for n in 0..CHANGES {
        peer.send(&json!({"type": "join", "room": format!("{prefix}{n}")}));
        let answer = peer.receive_any_of(&["joined", "error"]);
        if answer["type"] == "error" {
            assert_eq!(answer["code"], "too_many_rooms");
            return n;
        }
    }
    CHANGES
}

fn file_bytes(folder: &Path) -> u64 {
    fs::metadata(folder.join("data/memberships.jsonl")).unwrap().len()
}

#[test]
fn ten_thousand_memberships_of_one_person_are_fifty_in_a_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--limit", "new-rooms=1000", "--limit", "control-rate=100000"];
    under_attack_in(folder.path(), &flags, |server| {
        let (mut eve, _) = device(server);
        assert_eq!(join_many(&mut eve, "a"), limits::ROOMS_PER_CLIENT);
        let (mut other, rooms) = device(server);
        assert_eq!(rooms.as_array().unwrap().len(), limits::ROOMS_PER_CLIENT);
        assert_eq!(join_many(&mut other, "b"), 0, "on another device as well");
        eve.send(&json!({"type": "mute", "room": "b0", "muted": true}));
        assert_eq!(eve.receive_type("error")["code"], "not_joined");
        eve.send(&json!({"type": "mute", "room": "nowhere", "muted": true}));
        assert_eq!(eve.receive_type("error")["code"], "not_joined");

        let before = file_bytes(folder.path());
        for n in 0..CHANGES {
            let change = match n % 3 {
                0 => json!({"type": "leave", "room": "a0"}),
                1 => json!({"type": "join", "room": "a0", "since": "now"}),
                _ => json!({"type": "mute", "room": "a0", "muted": true}),
            };
            eve.send(&change);
            if n % 100 == 99 {
                eve.round_trip();
                other.drain();
            }
        }
        let grown = file_bytes(folder.path()) - before;
        assert!(grown < 1_024 * 1_024, "{grown} bytes");
        let rooms = device(server).1;
        assert!(rooms.as_array().unwrap().len() <= limits::ROOMS_PER_CLIENT, "{rooms}");
    });
}
