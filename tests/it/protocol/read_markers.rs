//! Read markers: one for each name and room, shared by the user's devices.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

fn mark(seq: u64) -> Value {
    json!({"type": "mark", "room": "lobby", "seq": seq})
}

fn device(server: &TestServer, token: &Value) -> (TestClient, Value) {
    let mut peer = TestClient::connect(server.address);
    let join = json!([{"room": "lobby", "since": "now"}]);
    peer.send(&json!({"type": "hello", "user": "bob", "token": token, "join": join}));
    assert_eq!(peer.receive()["type"], "welcome");
    let joined = peer.receive();
    (peer, joined)
}

#[test]
fn a_read_marker_moves_forward_on_all_devices_and_never_back() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut laptop, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    for n in 1..=5 {
        laptop.post("lobby", &format!("c{n}"), "hello");
        laptop.receive_own("bob", &format!("c{n}"));
    }
    let (mut phone, joined) = device(&server, &welcome["token"]);
    assert_eq!(joined.get("marked"), None);
    let mut ann = TestClient::joined(server.address, "ann", "lobby").0;
    laptop.send(&mark(3));
    assert_eq!(phone.receive_type("marked"), json!({"type": "marked", "room": "lobby", "seq": 3}));
    laptop.send(&mark(2));
    laptop.send(&mark(3));
    laptop.send(&mark(99));
    assert_eq!(
        phone.receive_type("marked")["seq"],
        5,
        "no further than there is something to read"
    );
    assert_eq!(ann.receive_seqs(5), [1, 2, 3, 4, 5]);
    ann.receives_nothing();
    assert_eq!(device(&server, &welcome["token"]).1["marked"], 5);
    laptop.send(&json!({"type": "join", "room": "lobby", "since": "now"}));
    assert_eq!(laptop.receive_type("joined")["marked"], 5);

    let file = data.path().join("marks.jsonl");
    while !std::fs::read_to_string(&file).unwrap().contains("\"seq\":5") {
        std::thread::yield_now(); // the maintenance thread writes it within 100 ms
    }
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut again, joined) = device(&server, &welcome["token"]);
    assert_eq!(joined["marked"], 5, "kept over a restart");
    again.send(&json!({"type": "mark", "room": "attic", "seq": 1}));
    assert_eq!(again.receive_error(), "not_joined");
}

#[test]
fn a_read_marker_belongs_to_an_owner_and_not_to_a_name() {
    let server = TestServer::start(&[]);
    let (mut bob, _) = TestClient::joined_with_welcome(server.address, "bob");
    bob.post("lobby", "c1", "hello");
    bob.receive_own("bob", "c1");
    bob.send(&mark(1));
    bob.send(&json!({"type": "nick", "user": "rob"}));
    bob.receive_type("renamed");
    bob.send(&json!({"type": "join", "room": "lobby"}));
    assert_eq!(bob.receive_type("joined")["marked"], 1, "under each of their names");
    let mut eve = TestClient::hello(server.address, "eve").0;
    assert_eq!(eve.join("lobby").get("marked"), None);
}
