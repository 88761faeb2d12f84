//! Memberships without end: of one person, on many devices.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use talk::limits;

use crate::support::fixtures::{member_name, write_members};
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

/// The nth of the people in the files, in the lobby.
fn come(server: &TestServer, n: usize) -> TestClient {
    let mut peer = TestClient::connect(server.address);
    let token = format!("{n:032x}");
    let join = json!([{"room": "lobby", "since": "now"}]);
    peer.send(&json!({"type": "hello", "user": member_name(n), "token": token, "join": join}));
    peer.receive_type("joined");
    peer
}

#[test]
fn in_a_room_of_ten_thousand_members_hundreds_who_come_and_go_cost_no_other_and_are_listed_once() {
    const MEMBERS: usize = 10_000;
    const GOING: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    write_members(&folder.path().join("data"), "lobby", MEMBERS);
    let flags = ["--limit", "control-rate=100000"];
    under_attack_in(folder.path(), &flags, |server| {
        let (mut eve, _) = device(server);
        eve.send(&json!({"type": "join", "room": "lobby"}));
        assert_eq!(eve.receive_type("joined")["absent"], MEMBERS);
        for round in 0..3 {
            let peers: Vec<TestClient> = (0..GOING).map(|n| come(server, n)).collect();
            eve.send(&json!({"type": "who", "room": "lobby", "state": "absent", "limit": 1}));
            let page = eve.receive_type("members");
            let counts = (&page["here"], &page["absent"]);
            assert_eq!(counts, (&(GOING + 1).into(), &(MEMBERS - GOING).into()), "{round}");
            assert_eq!(page["members"], json!([member_name(GOING)]), "the first who is not here");
            drop(peers);
            let question = json!({"type": "who", "room": "lobby", "state": "here", "limit": 1});
            let mut here = 0;
            while here != 1 {
                eve.send(&question);
                here = eve.receive_type("members")["here"].as_u64().unwrap();
            }
            eve.send(&json!({"type": "who", "room": "lobby", "state": "absent", "limit": 500}));
            let page = eve.receive_type("members");
            let wanted: Vec<String> = (0..500).map(member_name).collect();
            assert_eq!((&page["absent"], &page["members"]), (&MEMBERS.into(), &json!(wanted)));
        }
    });
}
