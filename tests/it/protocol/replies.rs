//! Replies: what a `reply` may name, and that it stays with its message everywhere.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::commands::{exported, log_file, printed};
use crate::support::{TIMEOUT, TestClient, TestServer};

fn answer(cid: &str, seq: impl Into<Value>, text: &str) -> Value {
    json!({"type": "post", "room": "lobby", "cid": cid, "text": text, "reply": seq.into()})
}

/// Sends `message`, and checks that it is refused with this code.
fn refused(peer: &mut TestClient, message: &Value, code: &str) {
    peer.send(message);
    let answer = peer.receive_with_cid(message["cid"].as_str().unwrap());
    assert_eq!(answer["code"], code, "{message}: {answer}");
}

#[test]
fn a_reply_is_part_of_its_message_everywhere() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    let mut ann = TestClient::joined(server.address, "ann", "lobby").0;
    ann.post("lobby", "c1", "tea?");
    ann.receive_own("ann", "c1");
    bob.send(&answer("c2", 1, "yes"));
    let said = bob.receive_own("bob", "c2");
    assert_eq!((&said["reply"], &said["seq"]), (&1.into(), &2.into()));
    assert_eq!(ann.receive_own("bob", "c2"), said, "the same bytes for everyone");
    ann.send(&json!({"type": "history", "room": "lobby", "after": 1}));
    assert_eq!(ann.receive_type("history")["records"], json!([said]));
    bob.send(&answer("c2", 1, "yes"));
    assert_eq!(bob.receive_own("bob", "c2"), said, "a repeat is answered with the first");
    server.kill();

    assert!(printed(&["verify"], data.path()).contains("intact"));
    assert_eq!(exported(data.path())[1], said);
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": welcome["token"],
        "join": [{"room": "lobby", "since": 1}]}));
    assert_eq!(bob.receive_own("bob", "c2"), said, "replayed");
    bob.send(&answer("c2", 1, "yes"));
    assert_eq!(bob.receive_own("bob", "c2"), said, "its cid is known after a restart");
    refused(&mut bob, &answer("c2", 2, "yes"), "cid_conflict");
}

#[test]
fn a_reply_names_an_existing_record() {
    let server = TestServer::start(&["--burst", "100"]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    refused(&mut bob, &answer("c0", 1, "not even itself"), "no_such_record");
    bob.post("lobby", "c1", "tea?");
    bob.receive_own("bob", "c1");
    for seq in [0, 2, 99, 9_007_199_254_740_991_u64] {
        refused(&mut bob, &answer("c2", seq, "yes"), "no_such_record");
    }
    for wrong in [json!("1"), json!(-1), json!(1.5), json!(null), json!([1]), json!(1_u64 << 53)] {
        refused(&mut bob, &answer("c2", wrong, "yes"), "bad_message");
    }
    bob.send(&answer("c2", 1, "yes"));
    assert_eq!(bob.receive_own("bob", "c2")["seq"], 2, "none of these used a seq, or the cid");
}

#[test]
fn a_reply_to_a_deleted_message_stays_and_has_none_of_its_text() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "secret");
    bob.receive_own("bob", "c1");
    bob.send(&answer("c2", 1, "yes"));
    bob.receive_own("bob", "c2");
    bob.send(&json!({"type": "delete", "room": "lobby", "cid": "c3", "target": 1}));
    bob.receive_type("delete");
    for (cid, seq) in [("c4", 1), ("c5", 3)] {
        bob.send(&answer(cid, seq, "to what is deleted, and to a delete"));
        assert_eq!(bob.receive_own("bob", cid)["reply"], seq);
    }
    let served = exported(data.path());
    assert!(!json!(served).to_string().contains("secret"));
    assert_eq!(served[1]["reply"], 1, "the reply does not change");

    bob.send(&json!({"type": "delete", "room": "lobby", "cid": "c6", "target": 2}));
    bob.receive_type("delete");
    let left = &exported(data.path())[1];
    assert_eq!((&left["deleted"], left.get("reply")), (&true.into(), None), "{left}");
    let deadline = Instant::now() + TIMEOUT;
    while std::fs::read_to_string(log_file(data.path())).unwrap().contains("\"text\":\"yes\"") {
        assert!(Instant::now() < deadline, "it is still on the disk");
        std::thread::yield_now();
    }
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

#[test]
fn a_reply_in_a_private_room_stays_in_it() {
    let server = TestServer::start(&[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "in the lobby");
    bob.receive_own("bob", "c1");
    let mut ann = TestClient::hello(server.address, "ann").0;
    let direct = |cid: &str, reply: u64| json!({"type": "direct", "to": "ann", "cid": cid, "text": "psst", "reply": reply});
    refused(&mut bob, &direct("c2", 1), "no_such_record");
    ann.receives_nothing(); // she has got no reply
    bob.send(&json!({"type": "direct", "to": "ann", "cid": "c3", "text": "psst"}));
    bob.receive_own("bob", "c3");
    bob.send(&direct("c4", 1));
    let said = bob.receive_own("bob", "c4");
    assert_eq!((&said["reply"], said["room"] == "lobby"), (&1.into(), false));
    assert_eq!(ann.receive_own("bob", "c4"), said);
}
