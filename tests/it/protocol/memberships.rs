//! Memberships: a person is in the same rooms on all devices, in the same order, and mutes the same ones.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// Whose key it is in these tests.
const TOKEN: &str = "00112233445566778899aabbccddeeff";

/// A device of bob that follows his rooms, and the rooms in its welcome.
fn device(server: &TestServer, join: &Value) -> (TestClient, Value) {
    let mut peer = TestClient::connect(server.address);
    peer.send(
        &json!({"type": "hello", "user": "bob", "token": TOKEN, "rooms": true, "join": join}),
    );
    let welcome = peer.receive();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (peer, welcome["rooms"].clone())
}

fn join(room: &str) -> Value {
    json!({"type": "join", "room": room})
}

fn resume(room: &str) -> Value {
    json!({"type": "join", "room": room, "resume": true})
}

fn leave(room: &str) -> Value {
    json!({"type": "leave", "room": room})
}

fn mute(room: &str, muted: bool) -> Value {
    json!({"type": "mute", "room": room, "muted": muted})
}

fn membership(room: &str, state: &str) -> Value {
    json!({"type": "membership", "room": room, "state": state})
}

#[test]
fn the_rooms_of_a_person_are_the_same_on_all_devices_and_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut laptop, rooms) = device(&server, &json!([]));
    assert_eq!(rooms, json!([]));
    let (mut phone, _) = device(&server, &json!([]));
    let mut old = TestClient::connect(server.address);
    old.send(&json!({"type": "hello", "user": "bob", "token": TOKEN}));
    assert_eq!(old.receive().get("rooms"), None, "it has not asked for them");
    for room in ["ops", "dev", "attic"] {
        laptop.join(room);
        assert_eq!(phone.receive(), membership(room, "joined"));
        phone.send(&resume(room));
        assert_eq!(phone.receive_type("joined")["room"], room);
    }
    laptop.send(&mute("dev", true));
    let muted = json!({"type": "membership", "room": "dev", "state": "joined", "muted": true});
    assert_eq!(phone.receive_type("membership"), muted);
    laptop.send(&mute("dev", true));
    laptop.receives_nothing();
    phone.receives_nothing();

    old.join("ops");
    phone.send(&leave("ops"));
    for peer in [&mut phone, &mut laptop, &mut old] {
        assert_eq!(peer.receive_type("left"), json!({"type": "left", "room": "ops"}));
    }
    assert_eq!(laptop.receive(), membership("ops", "left"));
    for peer in [&mut laptop, &mut old] {
        peer.post("ops", "1", "it is no longer in this room");
        assert_eq!(peer.receive_error(), "not_joined");
    }
    let listed = json!([{"room": "dev", "muted": true}, {"room": "attic"}]);
    assert_eq!(device(&server, &json!([])).1, listed);
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut again, rooms) = device(&server, &json!([]));
    assert_eq!(rooms, listed, "each change was on disk before the answer came");
    again.send(&mute("dev", false));
    again.round_trip();
    assert_eq!(device(&server, &json!([])).1, json!([{"room": "dev"}, {"room": "attic"}]));
}

#[test]
fn a_device_that_comes_back_does_not_bring_back_a_room_that_was_left_meanwhile() {
    let server = TestServer::start(&[]);
    let (mut laptop, _) = device(&server, &json!([{"room": "dev"}, {"room": "ops"}]));
    laptop.receive_type("joined");
    laptop.receive_type("joined");
    laptop.send(&leave("dev"));
    laptop.receive_type("left");
    let known = json!([{"room": "dev", "resume": true}, {"room": "ops", "resume": true}]);
    let (mut phone, rooms) = device(&server, &known);
    assert_eq!(rooms, json!([{"room": "ops"}]));
    assert_eq!(phone.receive(), json!({"type": "left", "room": "dev"}));
    assert_eq!(phone.receive_type("joined")["room"], "ops");

    // With no membership at all, the server may have lost them: what the device knows counts.
    laptop.send(&leave("ops"));
    laptop.receive_type("left");
    let (mut phone, rooms) = device(&server, &known);
    assert_eq!(rooms, json!([]));
    for room in ["dev", "ops"] {
        assert_eq!(phone.receive_type("joined")["room"], room);
    }
    assert_eq!(device(&server, &json!([])).1, json!([{"room": "dev"}, {"room": "ops"}]));
}

#[test]
fn a_script_makes_no_membership_and_ends_none() {
    let server = TestServer::start(&[]);
    let (mut laptop, _) = device(&server, &json!([{"room": "dev"}]));
    laptop.receive_type("joined");
    let mut script = TestClient::connect(server.address);
    let join_two = json!([{"room": "dev"}, {"room": "builds"}]);
    script.send(&json!({"type": "hello", "user": "bob", "token": TOKEN, "presence": false,
        "join": join_two}));
    script.receive_type("joined");
    script.receive_type("joined");
    script.send(&mute("dev", true));
    assert_eq!(script.receive_type("error")["code"], "not_joined");
    script.send(&leave("dev"));
    script.receive_type("left");
    laptop.receives_nothing();
    script.send(&join("dev"));
    script.receive_type("joined");
    laptop.send(&leave("dev"));
    laptop.receive_type("left");
    script.post("dev", "1", "it is still in this room");
    assert_eq!(script.receive_with_cid("1")["type"], "post");
    laptop.send(&join("dev"));
    laptop.receive_type("joined");
    assert_eq!(device(&server, &json!([])).1, json!([{"room": "dev"}]));
}

#[test]
fn a_room_that_a_member_may_not_join_any_more_is_refused_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = device(&server, &json!([{"room": "dev"}, {"room": "ops"}]));
    bob.post("ops", "1", "so that the room stays");
    bob.receive_with_cid("1");
    server.kill();
    // Nothing was said in dev, so it is gone, and there is no place for a new one.
    let server = TestServer::start_in(data.path(), &["--limit", "rooms=1"]);
    let (mut bob, rooms) = device(&server, &json!([]));
    assert_eq!(rooms, json!([{"room": "dev"}, {"room": "ops"}]));
    let (mut phone, _) = device(&server, &json!([]));
    bob.send(&resume("dev"));
    assert_eq!(bob.receive_error(), "too_many_rooms");
    assert_eq!(phone.receive(), membership("dev", "left"));
    bob.send(&resume("ops"));
    assert_eq!(bob.receive_type("joined")["room"], "ops");
    assert_eq!(device(&server, &json!([])).1, json!([{"room": "ops"}]));
}

#[test]
fn fifty_rooms_come_back_in_order_and_at_once() {
    let server = TestServer::start(&["--limit", "new-rooms=100", "--limit", "control-rate=5"]);
    let names: Vec<String> = (0..50).map(|n| format!("room{}", (n * 7) % 50)).collect();
    let joins: Vec<Value> = names.iter().map(|room| json!({"room": room})).collect();
    let (mut laptop, _) = device(&server, &json!(joins));
    for room in &names {
        assert_eq!(laptop.receive_type("joined")["room"], **room);
    }
    let (mut phone, rooms) = device(&server, &json!([]));
    assert_eq!(rooms, json!(joins));
    let begun = std::time::Instant::now();
    names.iter().for_each(|room| phone.send(&resume(room)));
    for room in &names {
        assert_eq!(phone.receive_type("joined")["room"], **room);
    }
    let took = begun.elapsed();
    assert!(took.as_secs() < 5, "joins of listed rooms are no flood: {took:?}");
}
