//! Private rooms: what two people say to each other is nobody else's.

use serde_json::{Value, json};

use crate::support::commands::{failed, printed};
use crate::support::{Peer, Running};

const ROOM: &str = "@alice+bob";

fn direct(to: &str, cid: &str, text: &str) -> Value {
    json!({"type": "direct", "to": to, "cid": cid, "text": text})
}

fn hello(server: &Running, user: &str, token: &Value, join: &Value) -> Peer {
    let mut peer = Peer::connect(server.address);
    peer.say(&json!({"type": "hello", "user": user, "token": token, "join": join}));
    assert_eq!(peer.hear()["type"], "welcome");
    peer
}

#[test]
fn a_direct_line_reaches_both_on_every_device_and_nobody_else() {
    let server = Running::start(&[]);
    let (mut alice, _) = Peer::joined_with_welcome(server.address, "Alice");
    let (mut bob, welcome) = Peer::joined_with_welcome(server.address, "bob");
    let mut phone = hello(&server, "bob", &welcome["token"], &json!([]));
    let mut eve = Peer::joined(server.address, "eve", "lobby").0;
    alice.say(&direct("BOB", "c1", "psst"));
    for peer in [&mut alice, &mut bob, &mut phone] {
        let joined = peer.hear_type("joined");
        assert_eq!((&joined["room"], &joined["since"]), (&ROOM.into(), &0.into()));
        let record = peer.hear_type("post");
        assert_eq!((&record["room"], &record["seq"]), (&ROOM.into(), &1.into()));
        assert_eq!((&record["user"], &record["text"]), (&"Alice".into(), &"psst".into()));
    }
    phone.say(&json!({"type": "post", "room": ROOM, "cid": "c1", "text": "yes?"}));
    for peer in [&mut alice, &mut bob, &mut phone] {
        assert_eq!(peer.hear_type("post")["seq"], 2);
    }
    bob.say(&json!({"type": "history", "room": ROOM, "after": 0}));
    assert_eq!(bob.hear_type("history")["records"].as_array().unwrap().len(), 2);
    eve.hears_nothing();
}

#[test]
fn a_third_person_learns_nothing_of_it() {
    let server = Running::start(&[]);
    let mut alice = Peer::hello(server.address, "alice").0;
    let mut bob = Peer::hello(server.address, "bob").0;
    let mut eve = Peer::hello(server.address, "eve").0;
    alice.say(&direct("bob", "c1", "psst"));
    bob.hear_type("post");
    let mut codes = |room: &str| {
        for message in [
            json!({"type": "join", "room": room}),
            json!({"type": "who", "room": room}),
            json!({"type": "history", "room": room, "after": 0}),
            json!({"type": "post", "room": room, "cid": "c", "text": "hi"}),
            json!({"type": "typing", "room": room}),
            json!({"type": "mark", "room": room, "seq": 1}),
        ] {
            eve.say(&message);
        }
        [(); 6].map(|()| eve.hear_error())
    };
    let there = codes(ROOM);
    assert_eq!(there[0], "forbidden");
    assert!(there[1..].iter().all(|code| code == "not_joined"));
    assert_eq!(codes("@nobody+nowhere"), there, "as with one that is not there");
    eve.say(&json!({"type": "rooms"}));
    assert_eq!(eve.hear()["rooms"], json!([]));
    alice.say(&json!({"type": "rooms"}));
    assert_eq!(alice.hear_type("rooms")["rooms"][0]["name"], ROOM);
}

#[test]
fn there_must_be_somebody_else_to_write_to() {
    let server = Running::start(&[]);
    let mut alice = Peer::hello(server.address, "alice").0;
    for (to, code) in [("nobody", "bad_name"), ("alice", "bad_name"), ("ALICE", "bad_name")] {
        alice.say(&direct(to, "c1", "psst"));
        let error = alice.hear();
        assert_eq!((&error["code"], &error["cid"]), (&code.into(), &"c1".into()), "{to}");
    }
    alice.say(&json!({"type": "join", "room": "@alice+nobody"}));
    assert_eq!(alice.hear_error(), "bad_name");
}

#[test]
fn what_was_written_while_one_was_away_is_there_when_one_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start_in(data.path(), &[]);
    let (mut bob, bobs) = Peer::joined_with_welcome(server.address, "bob");
    let (mut alice, alices) = Peer::joined_with_welcome(server.address, "alice");
    bob.post("lobby", "c0", "so that the name stays mine");
    bob.hear_own("bob", "c0");
    drop(bob);
    alice.say(&direct("bob", "c1", "one"));
    alice.hear_own("alice", "c1");
    alice.say(&direct("bob", "c2", "two"));
    alice.hear_own("alice", "c2");
    server.kill();

    let server = Running::start_in(data.path(), &[]);
    let mut bob = hello(&server, "bob", &bobs["token"], &json!([{"room": "lobby"}]));
    assert_eq!(bob.hear_type("joined")["room"], "lobby");
    let joined = bob.hear_type("joined");
    assert_eq!((&joined["room"], &joined["since"]), (&ROOM.into(), &0.into()));
    assert_eq!(["one", "two"].map(|_| bob.hear_type("post")["text"].clone()), ["one", "two"]);
    bob.say(&json!({"type": "mark", "room": ROOM, "seq": 2}));
    bob.hears_nothing();

    let mut phone = hello(&server, "bob", &bobs["token"], &json!([]));
    phone.hears_nothing();
    let since = json!([{"room": ROOM, "since": 1, "log": joined["log"]}]);
    let mut alice = hello(&server, "alice", &alices["token"], &since);
    assert_eq!(alice.hear_type("joined")["reset"], false);
    assert_eq!(alice.hear()["seq"], 2, "resumed, and not brought in a second time");
    alice.say(&direct("bob", "c2", "two"));
    assert_eq!(alice.hear_type("post")["seq"], 2, "its cid is known after a restart");

    let log = format!("{ROOM}~");
    let verified = printed(&["verify"], data.path());
    assert!(verified.contains(&log), "{verified}");
    assert!(printed(&["export", ROOM], data.path()).contains("<alice> two"));
    assert!(printed(&["verify", ROOM], data.path()).contains("intact"));
}

#[test]
fn whoever_says_hello_while_a_line_is_said_to_them_hears_it() {
    let server = Running::start(&["--sync", "interval"]);
    let (bob, welcome) = Peer::joined_with_welcome(server.address, "bob");
    let (mut alice, _) = Peer::joined_with_welcome(server.address, "alice");
    drop(bob);
    for n in 0..200 {
        let mut bob = Peer::connect(server.address);
        let cid = format!("c{n}");
        alice.say(&direct("bob", &cid, "psst"));
        bob.say(&json!({"type": "hello", "user": "bob", "token": welcome["token"]}));
        let record = bob.hear_own("alice", &cid);
        bob.say(&json!({"type": "mark", "room": ROOM, "seq": record["seq"]}));
        bob.hear_answer();
    }
}

#[test]
fn a_private_room_belongs_to_a_name_and_stays_with_it() {
    let server = Running::start(&[]);
    let mut alice = Peer::hello(server.address, "alice").0;
    let mut bob = Peer::hello(server.address, "bob").0;
    alice.say(&direct("bob", "c1", "psst"));
    bob.hear_type("post");
    bob.say(&json!({"type": "nick", "user": "rob"}));
    assert_eq!(bob.hear_type("left")["room"], ROOM, "the room belongs to the old name");
    assert_eq!(bob.hear_type("renamed")["to"], "rob");
    bob.say(&json!({"type": "join", "room": ROOM}));
    assert_eq!(bob.hear_type("error")["code"], "forbidden");
}

#[test]
fn an_unknown_private_room_is_named_to_whoever_runs_the_server() {
    let data = tempfile::tempdir().unwrap();
    drop(Running::start_in(data.path(), &[]));
    let (_, error) = failed(&["export", ROOM], data.path());
    assert!(error.contains("no log of room @alice+bob"), "{error}");
}
