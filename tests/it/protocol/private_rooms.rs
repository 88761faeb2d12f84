//! Private rooms: only their two members can read or find them.

use serde_json::{Value, json};

use crate::support::commands::{failed, printed};
use crate::support::{TestClient, TestServer};

/// The name of the room of alice and bob.
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
    let (mut room, mut peers) = (None, Vec::new());
    for peer in [&mut alice, &mut bob, &mut phone] {
        let joined = peer.receive_type("joined");
        let name = joined["room"].as_str().unwrap();
        assert_eq!(name, ROOM);
        room.get_or_insert_with(|| joined["room"].clone());
        assert_eq!((Some(&joined["room"]), &joined["since"]), (room.as_ref(), &0.into()));
        assert_eq!(joined.get("asked"), None);
        peers.push(joined["peer"].clone());
        let record = peer.receive_type("post");
        assert_eq!((Some(&record["room"]), &record["seq"]), (room.as_ref(), &1.into()));
        assert_eq!((&record["user"], &record["text"]), (&"Alice".into(), &"psst".into()));
    }
    assert_eq!(peers, ["bob", "Alice", "Alice"]);
    phone.send(&json!({"type": "post", "room": room, "cid": "c1", "text": "yes?"}));
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
    let room = bob.receive_type("post")["room"].as_str().unwrap().to_owned();
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
    let there = codes(&room);
    assert_eq!(there[0], "forbidden");
    assert!(there[1..].iter().all(|code| code == "not_joined"));
    for other in ["@nobody+nowhere", ROOM, "@-+00000000000000000000000000000000"] {
        assert_eq!(codes(other), there, "the same answers as for a room that does not exist");
    }
    eve.send(&json!({"type": "rooms"}));
    assert_eq!(eve.receive()["rooms"], json!([]));
    alice.send(&json!({"type": "rooms"}));
    let rooms = alice.receive_type("rooms")["rooms"].clone();
    assert_eq!((&rooms[0]["name"], &rooms[0]["peer"]), (&room.into(), &"bob".into()));
}

#[test]
fn a_direct_message_needs_another_user() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    for (to, code) in [("nobody", "bad_name"), ("alice", "bad_name"), ("ALICE", "bad_name")] {
        alice.send(&direct(to, "c1", "psst"));
        let error = alice.receive();
        assert_eq!((&error["code"], &error["cid"]), (&code.into(), &"c1".into()), "{to}");
        assert_eq!((&error["peer"], error.get("room")), (&to.into(), None), "{to}");
        alice.send(&json!({"type": "join", "peer": to}));
        let error = alice.receive();
        assert_eq!((&error["code"], &error["peer"]), (&code.into(), &to.into()), "{to}");
        assert_eq!(error.get("room"), None);
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
    assert_eq!((&joined["peer"], &joined["since"]), (&"alice".into(), &0.into()));
    let room = joined["room"].as_str().unwrap();
    assert_eq!(["one", "two"].map(|_| bob.receive_type("post")["text"].clone()), ["one", "two"]);
    bob.send(&json!({"type": "mark", "room": room, "seq": 2}));
    bob.receives_nothing();

    let mut phone = hello(&server, "bob", &bobs["token"], &json!([]));
    phone.receives_nothing();
    let since = json!([{"room": room, "since": 1, "log": joined["log"]}]);
    let mut alice = hello(&server, "alice", &alices["token"], &since);
    assert_eq!(alice.receive_type("joined")["reset"], false);
    assert_eq!(alice.receive()["seq"], 2, "resumed, and not invited a second time");
    alice.send(&direct("bob", "c2", "two"));
    assert_eq!(alice.receive_type("post")["seq"], 2, "its cid is known after a restart");

    let log = format!("{room}~");
    let verified = printed(&["verify"], data.path());
    assert!(verified.contains(&log), "{verified}");
    assert!(printed(&["export", room], data.path()).contains("<alice> two"));
    assert!(printed(&["verify", room], data.path()).contains("intact"));
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
        bob.send(&json!({"type": "mark", "room": record["room"], "seq": record["seq"]}));
        bob.round_trip();
    }
}

#[test]
fn whoever_is_another_owner_now_is_not_in_the_private_room() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c1", "psst"));
    let room = bob.receive_type("post")["room"].clone();
    let token = "0".repeat(32); // another person's, as long as a name has one owner
    let mut eve = TestClient::connect(server.address);
    eve.send(&json!({"type": "hello", "user": "rob", "token": token}));
    assert_eq!(eve.receive()["type"], "welcome");
    bob.send(&json!({"type": "nick", "user": "rob", "token": token}));
    assert_eq!(bob.receive_type("left")["room"], room, "the room belongs to the former owner");
    assert_eq!(bob.receive_type("renamed")["to"], "rob");
    bob.send(&json!({"type": "join", "room": room}));
    assert_eq!(bob.receive_type("error")["code"], "forbidden");
}

#[test]
fn an_unknown_private_room_is_reported_by_export() {
    let data = tempfile::tempdir().unwrap();
    drop(TestServer::start_in(data.path(), &[]));
    let (_, error) = failed(&["export", ROOM], data.path());
    assert!(error.contains("no log of room @alice+bob"), "{error}");
}

#[test]
fn a_room_is_joined_by_the_name_of_the_other_person_or_by_the_names_of_both_now() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "Bob").0;
    alice.send(&json!({"type": "join", "peer": "BOB"}));
    let joined = alice.receive_type("joined");
    assert_eq!((&joined["peer"], &joined["asked"]), (&"Bob".into(), &"BOB".into()));
    let room = joined["room"].clone();
    bob.send(&json!({"type": "nick", "user": "rob"}));
    bob.send(&json!({"type": "join", "room": "@Rob+alice"}));
    let joined = bob.receive_type("joined");
    assert_eq!((&joined["room"], &joined["asked"]), (&room, &"@alice+rob".into()));
    bob.send(&json!({"type": "post", "room": "@alice+rob", "cid": "c1", "text": "hi"}));
    assert_eq!(alice.receive_type("post")["room"], room);
    alice.send(&json!({"type": "join", "room": room}));
    assert_eq!(alice.receive_type("joined").get("asked"), None);
    alice.send(&json!({"type": "join", "peer": "bob", "room": room}));
    assert_eq!(alice.receive_type("error")["code"], "bad_message");
    alice.send(&json!({"type": "join", "peer": "b b"}));
    let error = alice.receive_type("error");
    assert_eq!((&error["code"], error.get("peer")), (&"bad_name".into(), None), "not repeated");
}

#[test]
fn a_private_room_follows_its_owner_to_another_name() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c1", "psst"));
    let room = bob.receive_type("post")["room"].clone();
    alice.receive_type("post");
    bob.send(&json!({"type": "nick", "user": "rob"}));
    let renamed = alice.receive_type("renamed");
    assert_eq!((&renamed["user"], &renamed["to"]), (&"bob".into(), &"rob".into()));
    alice.send(&json!({"type": "post", "room": room, "cid": "c2", "text": "still there?"}));
    assert_eq!(bob.receive_type("post")["seq"], 2, "it was not left");
    alice.send(&json!({"type": "join", "peer": "bob"}));
    let joined = alice.receive_type("joined");
    assert_eq!(
        (&joined["room"], &joined["peer"]),
        (&room, &"rob".into()),
        "a former name is theirs"
    );

    bob.send(&json!({"type": "leave", "room": room}));
    bob.receive_type("left");
    bob.send(&json!({"type": "nick", "user": "robert"}));
    assert_eq!(alice.receive_type("renamed")["to"], "robert", "though only the room is shared");
}

#[test]
fn an_earlier_client_finds_the_room_under_the_name_that_it_computes() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "Bob").0;
    alice.send(&json!({"type": "join", "room": ROOM}));
    let joined = alice.receive_type("joined");
    assert_eq!((&joined["room"], joined.get("asked")), (&ROOM.into(), None));
    alice.send(&json!({"type": "post", "room": ROOM, "cid": "c1", "text": "psst"}));
    assert_eq!(bob.receive_type("joined")["room"], ROOM);
    assert_eq!(bob.receive_type("post")["text"], "psst");
}

#[test]
fn two_other_people_with_the_same_names_get_a_room_of_another_name() {
    let server = TestServer::start(&["--rate", "0"]);
    let mut alice = TestClient::hello(server.address, "alice").0;
    let mut bob = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c1", "to the first bob"));
    assert_eq!(bob.receive_type("post")["room"], ROOM);
    for n in 1..=5 {
        bob.send(&json!({"type": "nick", "user": format!("b{n}")})); // the fifth gives the first name back
        bob.receive_type("renamed");
    }
    let mut other = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c2", "to the second bob"));
    let joined = other.receive_type("joined");
    let room = joined["room"].as_str().unwrap();
    assert!(room.starts_with("@-+") && room.len() == 35, "{room}");
    assert_eq!(joined["peer"], "alice");
    let post = other.receive_type("post");
    assert_eq!((&post["seq"], &post["text"]), (&1.into(), &"to the second bob".into()));
    alice.send(&json!({"type": "post", "room": ROOM, "cid": "c3", "text": "still to the first"}));
    assert_eq!(bob.receive_type("post")["text"], "still to the first");
}
