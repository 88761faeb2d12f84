//! `server remove`: a room goes, with all its messages.

use serde_json::json;

use crate::support::commands::{failed, printed, server};
use crate::support::{TestClient, TestServer};

#[test]
fn a_removed_room_begins_again_and_others_stay() {
    let data = tempfile::tempdir().unwrap();
    let mut running = TestServer::start_in(data.path(), &[]);
    let (mut alice, welcome) = TestClient::hello(running.address, "alice");
    let (mut bob, _) = TestClient::hello(running.address, "bob");
    for room in ["lobby", "rust"] {
        alice.join(room);
        for cid in ["1", "2"] {
            alice.post(room, cid, "words");
            alice.receive_own("alice", cid);
        }
    }
    alice.send(&json!({"type": "direct", "to": "bob", "cid": "3", "text": "psst"}));
    let private = bob.receive_type("post")["room"].as_str().unwrap().to_owned();
    let (_, error) = failed(&["remove", "rust", "--yes"], data.path());
    assert!(error.contains("in use by a server"), "{error}");
    running.kill();

    let refused = server(&["remove", "rust"], data.path());
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "no terminal to ask on: {error}");
    assert!(error.contains("add --yes"), "{error}");
    let (_, error) = failed(&["remove", "nowhere", "--yes"], data.path());
    assert!(error.contains("no log of room nowhere"), "{error}");
    assert_eq!(printed(&["verify"], data.path()).lines().count(), 3, "nothing is removed yet");

    let said = printed(&["remove", "rust", "--yes"], data.path());
    assert!(said.starts_with("rust: removed 2 records in "), "{said}");
    let said = printed(&["remove", &private, "-y"], data.path());
    assert!(
        said.starts_with(&format!("{private}~")) && said.contains("removed 1 record in "),
        "{said}"
    );
    let left = printed(&["verify"], data.path());
    assert!(left.starts_with("lobby: records 1 to 2") && left.lines().count() == 1, "{left}");

    let running = TestServer::start_in(data.path(), &[]);
    let mut alice = TestClient::connect(running.address);
    let token = &welcome["token"];
    alice.send(&json!({"type": "hello", "user": "alice", "token": token, "rooms": true}));
    let rooms = &alice.receive()["rooms"];
    assert_eq!(*rooms, json!([{"room": "lobby"}]), "she does not create rust again");
    assert_eq!(TestClient::joined(running.address, "dave", "lobby").1["head"], 2);
    let (mut carol, joined) = TestClient::joined(running.address, "carol", "rust");
    assert_eq!(joined["head"], 0);
    carol.post("rust", "1", "a new beginning");
    assert_eq!(carol.receive_own("carol", "1")["seq"], 1);
}
