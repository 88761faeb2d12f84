//! Several old rooms of one name, as earlier versions made them: each owner is served one at most, both owners of a
//! room the same one, and no one sees anything of another pair.
//!
//! `tests/fixtures/rooms-of-one-name` was written by the version before keys. Four pairs wrote to each other, one after
//! the other, each time as alice and bob: between two pairs the server was killed, and `names.jsonl` removed, so that
//! both names were free.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::fixtures::copy_fixture;
use crate::support::{TestClient, TestServer};

/// The room of every pair.
const ROOM: &str = "@alice+bob";

/// A person: what they are called in their messages, their key, and their owner id of the version before keys.
struct Person {
    label: &'static str,
    key: &'static str,
    owner: &'static str,
}

/// Both were alice.
const ALICES: [Person; 2] = [
    Person {
        label: "A1",
        key: "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        owner: "73f740e2dc1760e844dfc19cfda5a626",
    },
    Person {
        label: "A2",
        key: "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2",
        owner: "8a4b5d0c406fbe4de565cdb9b7f3b500",
    },
];

/// Both were bob.
const BOBS: [Person; 2] = [
    Person {
        label: "B1",
        key: "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1",
        owner: "1231a338fbc7c2316369e8559548d968",
    },
    Person {
        label: "B2",
        key: "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
        owner: "595f4c46ccc7ad4e0fa961234d66f6f9",
    },
];

/// From now on the name belongs to this person of an earlier version, whoever has it now.
fn give(data: &Path, user: &str, person: &Person) {
    let path = data.join("names.jsonl");
    let line = json!({"user": user, "holder": person.owner, "posted": true});
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{line}\n")).unwrap();
}

fn device(server: &TestServer, user: &str, person: &Person) -> TestClient {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": person.key, "rooms": true}));
    assert_eq!(peer.receive()["type"], "welcome");
    peer
}

/// The texts that a client has received, and then the names of all rooms that it finds.
fn seen(peer: &mut TestClient) -> (Vec<String>, Vec<String>) {
    peer.send(&json!({"type": "rooms"}));
    let mut texts = Vec::new();
    loop {
        let message = peer.receive();
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        match &*text("type") {
            "post" => texts.push(text("text")),
            "rooms" => {
                let rooms = message["rooms"].as_array().unwrap().iter();
                return (texts, rooms.map(|room| room["name"].as_str().unwrap().into()).collect());
            }
            _ => {}
        }
    }
}

fn texts_of(alice: &Person, bob: &Person) -> [String; 2] {
    let (alice, bob) = (alice.label, bob.label);
    [format!("{alice} to {bob}"), format!("{bob} to {alice}")]
}

/// The ids of the logs of all pairs.
fn logs(data: &Path) -> Vec<String> {
    let dirs = fs::read_dir(data.join("rooms")).unwrap();
    let names = dirs.map(|dir| dir.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| Some(name.strip_prefix("@alice+bob~")?.to_owned())).collect()
}

#[test]
fn the_two_who_hold_the_names_are_served_their_room_however_they_ask_for_it() {
    for alice in &ALICES {
        for bob in &BOBS {
            let data = tempfile::tempdir().unwrap();
            copy_fixture("rooms-of-one-name", data.path());
            let logs = logs(data.path());
            assert_eq!(logs.len(), 4);
            give(data.path(), "alice", alice);
            give(data.path(), "bob", bob);
            let server = TestServer::start_in(data.path(), &["--rate", "0"]);
            let own = texts_of(alice, bob);
            let mut served = Vec::new();
            for (user, person, other) in [("alice", alice, "bob"), ("bob", bob, "alice")] {
                let mut peer = device(&server, user, person);
                let joined = peer.receive_type("joined");
                assert_eq!((&joined["room"], &joined["peer"]), (&ROOM.into(), &other.into()));
                served.push(joined["log"].clone());
                assert_eq!(seen(&mut peer), (own.to_vec(), vec![ROOM.to_owned()]));
                let of_log = |log: &String| json!({"room": ROOM, "since": 0, "log": log});
                let mut asks: Vec<Value> = logs.iter().map(of_log).collect();
                asks.extend([
                    json!({"room": ROOM, "since": 0}),
                    json!({"room": ROOM, "since": 0, "resume": true}),
                    json!({"peer": other, "since": 0}),
                ]);
                for mut ask in asks {
                    ask["type"] = "join".into();
                    peer.send(&ask);
                    assert_eq!(peer.receive_type("joined")["log"], joined["log"], "{ask}");
                    assert_eq!(seen(&mut peer).0, own, "{ask}");
                }
            }
            assert_eq!(served[0], served[1]);
            let [mut one, mut two] = [("alice", alice), ("bob", bob)]
                .map(|(user, person)| device(&server, user, person));
            one.send(&json!({"type": "direct", "to": "bob", "cid": "n1", "text": "still us"}));
            let record = two.receive_with_cid("n1");
            assert_eq!((&record["room"], &record["seq"]), (&ROOM.into(), &3.into()));
        }
    }
}

#[test]
fn of_rooms_that_share_an_owner_one_is_served_and_the_others_show_nothing_to_anyone() {
    let data = tempfile::tempdir().unwrap();
    copy_fixture("rooms-of-one-name", data.path());
    let ([a1, a2], [b1, b2]) = (&ALICES, &BOBS);
    give(data.path(), "alice", a1);
    give(data.path(), "bob", b1);
    let start = || TestServer::start_in(data.path(), &["--rate", "0"]);
    let mut server = start();
    let rename = |user: &str, person: &Person, to: &str| {
        let mut peer = device(&server, user, person);
        peer.send(&json!({"type": "join", "room": "lobby"}));
        peer.post("lobby", "l1", "so that the name stays");
        peer.receive_with_cid("l1");
        peer.send(&json!({"type": "nick", "user": to}));
        assert_eq!(peer.receive_type("renamed")["to"], to);
    };
    rename("alice", a1, "kim"); // their keys are known now
    rename("bob", b1, "rob");
    server.kill();

    // Alice is the second one now: her room with the first bob counts, and not the one of the two who were there first.
    give(data.path(), "alice", a2);
    let mut server = start();
    let mut kim = device(&server, "kim", a1);
    let own = texts_of(a1, b2).to_vec(); // the only one left of hers: the second bob is not here
    assert_eq!(seen(&mut kim), (own, vec!["lobby".into(), ROOM.into()]));
    let mut rob = device(&server, "rob", b1);
    let mut alice = device(&server, "alice", a2);
    for peer in [&mut rob, &mut alice] {
        let (texts, rooms) = seen(peer);
        assert_eq!(texts, texts_of(a2, b1));
        assert!(rooms.contains(&ROOM.into()), "{rooms:?}");
    }
    let log_of_both = |peer: &mut TestClient| {
        peer.send(&json!({"type": "join", "room": ROOM, "resume": true}));
        peer.receive_type("joined")["log"].clone()
    };
    let [log, same, other] = [&mut rob, &mut alice, &mut kim].map(log_of_both);
    assert_eq!(log, same);
    assert_ne!(log, other);
    for peer in [&mut rob, &mut alice, &mut kim] {
        drop(seen(peer));
    }
    kim.send(&json!({"type": "direct", "to": "rob", "cid": "k1", "text": "kim to rob"}));
    let new = kim.receive_with_cid("k1")["room"].as_str().unwrap().to_owned();
    assert_eq!(new, "@kim+rob");
    assert_eq!(rob.receive_with_cid("k1")["room"], *new);
    rob.post(ROOM, "r1", "rob to alice");
    assert_eq!(alice.receive_with_cid("r1")["seq"], 3);
    assert!(seen(&mut kim).0.is_empty());
    drop((kim, rob, alice));
    server.kill();

    // And bob is another one: now the first two have no other room of this name.
    give(data.path(), "bob", b2);
    let server = start();
    let found = [("kim", a1), ("rob", b1), ("alice", a2), ("bob", b2)].map(|(user, person)| {
        let mut peer = device(&server, user, person);
        peer.send(&json!({"type": "join", "room": ROOM, "resume": true, "since": 0}));
        let log = loop {
            let joined = peer.receive_type("joined");
            if joined["room"] == ROOM {
                break joined["log"].clone();
            }
        };
        let (mut texts, _) = seen(&mut peer);
        texts.retain(|text| text != "kim to rob"); // in another room, perhaps before this one
        (log, texts[..2].to_vec())
    });
    let [kim, rob, alice, bob] = found;
    assert_eq!((&kim, &alice), (&rob, &bob), "both owners agree");
    assert_eq!((kim.1, alice.1), (texts_of(a1, b1).to_vec(), texts_of(a2, b2).to_vec()));
}
