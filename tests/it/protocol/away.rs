//! Away messages: sent to every member of a shared room, valid for all devices, until the user is back.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// One of bob's devices, in the lobby.
fn device(server: &TestServer, token: &Value) -> (TestClient, Value, Value) {
    let mut device = TestClient::connect(server.address);
    let join = json!([{"room": "lobby"}]);
    device.send(&json!({"type": "hello", "user": "bob", "token": token, "join": join}));
    let welcome = device.receive_type("welcome");
    let joined = device.receive_type("joined");
    (device, welcome, joined)
}

#[test]
fn an_away_message_is_sent_once_to_each_room_and_to_each_client_that_joins() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    alice.receive_type("presence");
    bob.join("den");

    bob.send(&json!({"type": "away", "text": "lunch"}));
    let away_in =
        |room: &str| json!({"type": "away", "room": room, "user": "bob", "text": "lunch"});
    assert_eq!(alice.receive(), away_in("lobby"));
    assert_eq!([bob.receive(), bob.receive()], [away_in("den"), away_in("lobby")]);
    bob.send(&json!({"type": "away", "text": "lunch"}));
    bob.send(&json!({"type": "who", "room": "lobby"}));
    let away = json!([{"user": "bob", "text": "lunch"}]);
    assert_eq!(bob.receive()["away"], away, "the same away message again is no change");

    let (mut eve, joined) = TestClient::joined(server.address, "eve", "lobby");
    assert_eq!((&joined["away"], &joined["members"][1]), (&away, &json!("bob")));
    let (mut phone, welcome, _) = device(&server, &welcome["token"]);
    assert_eq!(welcome["away"], "lunch");
    phone.join("attic");
    let attic = TestClient::joined(server.address, "ann", "attic").1;
    assert_eq!(attic["away"], away, "away in every room that it joins");

    phone.send(&json!({"type": "back"}));
    let back = json!({"type": "back", "room": "lobby", "user": "bob"});
    assert_eq!(eve.receive_type("back"), back);
    assert_eq!(bob.receive_type("back")["room"], "den", "any device can end it");
    assert_eq!(alice.receive_type("back"), back);
    let joined = TestClient::joined(server.address, "zoe", "lobby").1;
    assert_eq!(joined.get("away"), None);
}

#[test]
fn the_join_of_a_user_who_is_away_has_the_away_message() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "den").0;
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.send(&json!({"type": "away"}));
    bob.receive_type("away");
    let joined = bob.join("den");
    assert_eq!(joined["away"], json!([{"user": "bob", "text": ""}]));
    let came = json!({"type": "presence", "room": "den", "user": "bob", "state": "joined",
        "away": "", "count": 2});
    assert_eq!(alice.receive(), came);
    alice.send(&json!({"type": "join", "peer": "bob"}));
    alice.send(&json!({"type": "rooms"})); // answered once the join is done: from then on she gets `presence`
    alice.receive_type("rooms");
    bob.send(&json!({"type": "direct", "to": "alice", "cid": "1", "text": "psst"}));
    let came = alice.receive_type("presence");
    assert!(came["room"].as_str().unwrap().starts_with('@'), "{came}");
    assert_eq!(came["away"], "");
}

#[test]
fn an_away_message_stays_after_a_rename() {
    let server = TestServer::start(&[]);
    let mut alice = TestClient::joined(server.address, "alice", "lobby").0;
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    alice.receive_type("presence");
    bob.send(&json!({"type": "away", "text": "lunch"}));
    alice.receive_type("away");
    bob.send(&json!({"type": "nick", "user": "rob"}));
    assert_eq!(alice.receive(), json!({"type": "renamed", "user": "bob", "to": "rob"}));
    alice.send(&json!({"type": "who", "room": "lobby"}));
    let away = json!([{"user": "rob", "text": "lunch"}]);
    assert_eq!(alice.receive()["away"], away);
    drop(bob);
    alice.receive_type("presence");
    let _left_behind = device(&server, &welcome["token"]);
    assert_eq!(alice.receive()["away"], "lunch", "the old name was never back in between");
}

#[test]
fn an_away_message_is_restored_after_a_kill_of_the_server() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    bob.send(&json!({"type": "away", "text": "lunch"}));
    bob.receive_type("away");
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome, joined) = device(&server, &welcome["token"]);
    assert_eq!((&welcome["away"], &joined["away"][0]["text"]), (&json!("lunch"), &json!("lunch")));
    bob.send(&json!({"type": "back"}));
    bob.receive_type("back");
}

#[test]
fn an_away_message_is_one_short_line() {
    let server = TestServer::start(&[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    for (text, code) in
        [("two\nlines", "bad_text"), ("\u{1b}[2J", "bad_text"), (&*"x".repeat(257), "too_long")]
    {
        bob.send(&json!({"type": "away", "text": text}));
        assert_eq!(bob.receive_error(), code);
    }
    bob.send(&json!({"type": "back"}));
    bob.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(bob.receive()["type"], "members", "back again while not away is no change");
}
