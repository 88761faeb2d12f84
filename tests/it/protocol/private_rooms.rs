//! Private rooms: only their two members can read or find them.

use serde_json::{Value, json};

use crate::support::commands::{failed, printed};
use crate::support::{TestClient, TestServer};

const ROOM: &str = "@alice+bob";

fn direct(to: &str, cid: &str, text: &str) -> Value {
    json!({"type": "direct", "to": to, "cid": cid, "text": text})
}

fn hello(server: &TestServer, user: &str, token: &Value, join: &Value) -> TestClient {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": token, "join": join}));
    assert_eq!(peer.receive()["type"], "welcome");
    peer
}

#[test]
fn a_direct_message_reaches_every_device_of_both_users_and_no_other() {
    let server = TestServer::start(&[]);
    let (mut alice, _) = TestClient::joined_with_welcome(server.address, "Alice");
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    let mut phone = hello(&server, "bob", &welcome["token"], &json!([]));
    let mut eve = TestClient::joined(server.address, "eve", "lobby").0;
    alice.send(&direct("BOB", "c1", "psst"));
    for peer in [&mut alice, &mut bob, &mut phone] {
        let joined = peer.receive_type("joined");
        assert_eq!((&joined["room"], &joined["since"]), (&ROOM.into(), &0.into()));
        let record = peer.receive_type("post");
        assert_eq!((&record["room"], &record["seq"]), (&ROOM.into(), &1.into()));
        assert_eq!((&record["user"], &record["text"]), (&"Alice".into(), &"psst".into()));
    }
    phone.send(&json!({"type": "post", "room": ROOM, "cid": "c1", "text": "yes?"}));
    for peer in [&mut alice, &mut bob, &mut phone] {
        assert_eq!(peer.receive_type("post")["seq"], 2);
    }
    bob.send(&json!({"type": "history", "room": ROOM, "after": 0}));
    assert_eq!(bob.receive_type("history")["records"].as_array().unwrap().len(), 2);
    eve.receives_nothing();
}

#[test]
fn a_third_user_learns_nothing_of_a_private_room() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "bob").0;
    let mut eve = TestClient::hello(server.address, "eve").0;
    alice.send(&direct("bob", "c1", "psst"));
    bob.receive_type("post");
    let mut codes = |room: &str| {
        for message in [
            json!({"type": "join", "room": room}),
            json!({"type": "who", "room": room}),
            json!({"type": "history", "room": room, "after": 0}),
            json!({"type": "post", "room": room, "cid": "c", "text": "hi"}),
            json!({"type": "typing", "room": room}),
            json!({"type": "mark", "room": room, "seq": 1}),
        ] {
            eve.send(&message);
        }
        [(); 6].map(|()| eve.receive_error())
    };
    let there = codes(ROOM);
    assert_eq!(there[0], "forbidden");
    assert!(there[1..].iter().all(|code| code == "not_joined"));
    assert_eq!(
        codes("@nobody+nowhere"),
        there,
        "the same answer as for a room that does not exist"
    );
    eve.send(&json!({"type": "rooms"}));
    assert_eq!(eve.receive()["rooms"], json!([]));
    alice.send(&json!({"type": "rooms"}));
    assert_eq!(alice.receive_type("rooms")["rooms"][0]["name"], ROOM);
}

#[test]
fn a_direct_message_needs_another_user() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    for (to, code) in [("nobody", "bad_name"), ("alice", "bad_name"), ("ALICE", "bad_name")] {
        alice.send(&direct(to, "c1", "psst"));
        let error = alice.receive();
        assert_eq!((&error["code"], &error["cid"]), (&code.into(), &"c1".into()), "{to}");
    }
    alice.send(&json!({"type": "join", "room": "@alice+nobody"}));
    assert_eq!(alice.receive_error(), "bad_name");
}

#[test]
fn direct_messages_sent_while_disconnected_come_with_the_next_hello() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, bobs) = TestClient::joined_with_welcome(server.address, "bob");
    let (mut alice, alices) = TestClient::joined_with_welcome(server.address, "alice");
    bob.post("lobby", "c0", "so that the name stays mine");
    bob.receive_own("bob", "c0");
    drop(bob);
    alice.send(&direct("bob", "c1", "one"));
    alice.receive_own("alice", "c1");
    alice.send(&direct("bob", "c2", "two"));
    alice.receive_own("alice", "c2");
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = hello(&server, "bob", &bobs["token"], &json!([{"room": "lobby"}]));
    assert_eq!(bob.receive_type("joined")["room"], "lobby");
    let joined = bob.receive_type("joined");
    assert_eq!((&joined["room"], &joined["since"]), (&ROOM.into(), &0.into()));
    assert_eq!(["one", "two"].map(|_| bob.receive_type("post")["text"].clone()), ["one", "two"]);
    bob.send(&json!({"type": "mark", "room": ROOM, "seq": 2}));
    bob.receives_nothing();

    let mut phone = hello(&server, "bob", &bobs["token"], &json!([]));
    phone.receives_nothing();
    let since = json!([{"room": ROOM, "since": 1, "log": joined["log"]}]);
    let mut alice = hello(&server, "alice", &alices["token"], &since);
    assert_eq!(alice.receive_type("joined")["reset"], false);
    assert_eq!(alice.receive()["seq"], 2, "resumed, and not invited a second time");
    alice.send(&direct("bob", "c2", "two"));
    assert_eq!(alice.receive_type("post")["seq"], 2, "its cid is known after a restart");

    let log = format!("{ROOM}~");
    let verified = printed(&["verify"], data.path());
    assert!(verified.contains(&log), "{verified}");
    assert!(printed(&["export", ROOM], data.path()).contains("<alice> two"));
    assert!(printed(&["verify", ROOM], data.path()).contains("intact"));
}

#[test]
fn a_message_sent_during_the_hello_of_its_receiver_is_received() {
    let server = TestServer::start(&["--sync", "interval"]);
    let (bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    let (mut alice, _) = TestClient::joined_with_welcome(server.address, "alice");
    drop(bob);
    for n in 0..200 {
        let mut bob = TestClient::connect(server.address);
        let cid = format!("c{n}");
        alice.send(&direct("bob", &cid, "psst"));
        bob.send(&json!({"type": "hello", "user": "bob", "token": welcome["token"]}));
        let record = bob.receive_own("alice", &cid);
        bob.send(&json!({"type": "mark", "room": ROOM, "seq": record["seq"]}));
        bob.round_trip();
    }
}

#[test]
fn a_private_room_belongs_to_a_name_and_stays_with_it() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c1", "psst"));
    bob.receive_type("post");
    bob.send(&json!({"type": "nick", "user": "rob"}));
    assert_eq!(bob.receive_type("left")["room"], ROOM, "the room belongs to the old name");
    assert_eq!(bob.receive_type("renamed")["to"], "rob");
    bob.send(&json!({"type": "join", "room": ROOM}));
    assert_eq!(bob.receive_type("error")["code"], "forbidden");
}

#[test]
fn an_unknown_private_room_is_reported_by_export() {
    let data = tempfile::tempdir().unwrap();
    drop(TestServer::start_in(data.path(), &[]));
    let (_, error) = failed(&["export", ROOM], data.path());
    assert!(error.contains("no log of room @alice+bob"), "{error}");
}
