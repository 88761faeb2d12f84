//! Clients without presence: they read and post, and the others do not see that they are there.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// A client without presence, in the lobby.
fn script(server: &TestServer, user: &str, token: Option<&Value>) -> (TestClient, Value) {
    let mut script = TestClient::connect(server.address);
    let mut hello = json!({"type": "hello", "user": user, "presence": false,
        "join": [{"room": "lobby"}]});
    if let Some(token) = token {
        hello["token"] = token.clone();
    }
    script.send(&hello);
    script.receive_type("welcome");
    let joined = script.receive_type("joined");
    script.round_trip();
    (script, joined)
}

#[test]
fn a_client_without_presence_reads_and_posts_and_is_in_no_list_and_no_event() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut ci, joined) = script(&server, "ci", None);
    assert_eq!((&joined["count"], &joined["members"]), (&1.into(), &json!(["ann"])));
    ci.post("lobby", "1", "green");
    assert_eq!(ci.receive_own("ci", "1")["seq"], 1);
    assert_eq!(ann.receive()["text"], "green", "and nothing before it");
    ann.post("lobby", "2", "thanks");
    ann.receive_own("ann", "2");
    assert_eq!(ci.receive_own("ann", "2")["text"], "thanks");

    ci.send(&json!({"type": "typing", "room": "lobby"}));
    ci.send(&json!({"type": "away", "text": "tea"}));
    ci.send(&json!({"type": "nick", "user": "cd"}));
    ci.receive_type("renamed");
    ci.send(&json!({"type": "who", "room": "lobby"}));
    assert_eq!(ci.receive_type("members")["members"], json!(["ann"]));
    ci.send(&json!({"type": "leave", "room": "lobby"}));
    ci.receive_type("left");
    ci.join("lobby");
    let (_bob, joined) = TestClient::joined(server.address, "bob", "lobby");
    assert_eq!(joined["members"], json!(["ann", "bob"]));
    let came =
        json!({"type": "presence", "room": "lobby", "user": "bob", "state": "joined", "count": 2});
    assert_eq!(ann.receive(), came, "and nothing of the script");
    ann.send(&json!({"type": "rooms"}));
    assert_eq!(ann.receive()["rooms"][0]["members"], 2);
    drop(ci);
    ann.receives_nothing();
}

#[test]
fn a_name_is_a_member_by_its_other_devices_only() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    ann.receive_type("presence");
    let (mut cron, joined) = script(&server, "bob", Some(&welcome["token"]));
    assert_eq!(joined["members"], json!(["ann", "bob"]));
    cron.send(&json!({"type": "away", "text": "asleep"}));
    assert_eq!(ann.receive()["type"], "away", "it speaks for its name, which is there");
    bob.receive_type("away");
    bob.send(&json!({"type": "leave", "room": "lobby"}));
    bob.receive_type("left");
    let left = ann.receive();
    assert_eq!(
        (&left["type"], &left["state"], &left["count"]),
        (&json!("presence"), &json!("left"), &json!(1))
    );
    cron.send(&json!({"type": "leave", "room": "lobby"}));
    cron.receive_type("left");
    ann.receives_nothing();
}

#[test]
fn a_direct_message_reaches_a_client_without_presence_once() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::hello(server.address, "ann");
    let (mut ci, _) = script(&server, "ci", None);
    for n in ["1", "2", "3"] {
        ann.send(&json!({"type": "direct", "to": "ci", "cid": n, "text": n}));
        ann.receive_own("ann", n);
    }
    assert_eq!(ci.receive()["type"], "joined");
    for n in ["1", "2", "3"] {
        assert_eq!(ci.receive()["text"], n);
    }
    ci.receives_nothing();
}
