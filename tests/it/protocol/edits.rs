//! Edits, deletes and topics: who may do them, and what is left of a deleted message.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::commands::{exported, log_file, printed};
use crate::support::{TIMEOUT, TestClient, TestServer};

fn edit(cid: &str, target: u64, text: &str) -> Value {
    json!({"type": "edit", "room": "lobby", "cid": cid, "target": target, "text": text})
}

fn delete(cid: &str, target: u64) -> Value {
    json!({"type": "delete", "room": "lobby", "cid": cid, "target": target})
}

fn topic(cid: &str, text: &str) -> Value {
    json!({"type": "topic", "room": "lobby", "cid": cid, "text": text})
}

/// The records that a new client gets of the lobby.
fn served(server: &TestServer, newcomer: &str, count: usize) -> Vec<Value> {
    let mut peer = TestClient::hello(server.address, newcomer).0;
    peer.send(&json!({"type": "join", "room": "lobby", "since": 0}));
    assert_eq!(peer.receive()["type"], "joined");
    (0..count).map(|_| peer.receive()).collect()
}

#[test]
fn an_edit_and_a_delete_are_records_for_all_clients() {
    let server = TestServer::start(&[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    let mut ann = TestClient::joined(server.address, "ann", "lobby").0;
    bob.post("lobby", "c1", "helo");
    let post = bob.receive_type("post"); // its seq is not known before
    bob.send(&edit("c2", 1, "hello"));
    bob.send(&delete("c3", 1));
    let all = [post, bob.receive_type("edit"), bob.receive_type("delete")];
    assert_eq!(all[1]["target"], 1);
    assert_eq!(
        (&all[1]["seq"], &all[1]["text"], &all[1]["user"]),
        (&2.into(), &"hello".into(), &"bob".into())
    );
    assert_eq!(
        (&all[2]["seq"], &all[2]["target"], all[2].get("text")),
        (&3.into(), &1.into(), None)
    );
    let received = ["post", "edit", "delete"].map(|kind| ann.receive_type(kind));
    assert_eq!(received, all, "every client gets the same bytes");
}

#[test]
fn only_existing_posts_of_ones_own_may_be_edited_or_deleted() {
    let server = TestServer::start(&[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "mine");
    bob.receive_own("bob", "c1");
    let mut eve = TestClient::joined(server.address, "eve", "lobby").0;
    eve.receive_type("post");
    let refused = |peer: &mut TestClient, message: Value, code: &str| {
        peer.send(&message);
        let error = peer.receive_type("error");
        assert_eq!((&error["code"], &error["cid"]), (&code.into(), &message["cid"]), "{message}");
    };
    refused(&mut eve, edit("e1", 1, "hers"), "forbidden");
    refused(&mut eve, delete("e2", 1), "forbidden");
    for target in [0, 2, 99, 9_007_199_254_740_991] {
        refused(&mut bob, delete("c2", target), "no_such_record");
    }
    bob.send(&edit("c3", 1, "still mine"));
    bob.receive_type("edit");
    refused(&mut bob, edit("c4", 2, "an edit of an edit"), "no_such_record");
    bob.send(&delete("c5", 1));
    bob.receive_type("delete");
    refused(&mut bob, edit("c6", 1, "back"), "no_such_record");
    bob.send(&delete("c7", 1));
    assert_eq!(bob.receive_type("delete")["seq"], 3, "deleting again is no error, nor a record");
    bob.send(&delete("c5", 1));
    assert_eq!(bob.receive_type("delete")["seq"], 3, "a repeat is answered with the first record");
    bob.send(&edit("c3", 1, "still mine"));
    assert_eq!(bob.receive_type("edit")["deleted"], true, "even if it is not allowed any more");
    bob.send(&edit("c3", 1, "other words"));
    bob.send(&json!({"type": "post", "room": "lobby", "cid": "c5", "text": "hi"}));
    assert_eq!(bob.receive_type("error")["code"], "cid_conflict");
    assert_eq!(bob.receive_type("error")["code"], "cid_conflict");
}

#[test]
fn a_deleted_text_is_sent_to_no_client_and_erased_from_the_disk() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    bob.post("lobby", "c1", "secret");
    bob.receive_own("bob", "c1");
    bob.send(&edit("c2", 1, "secret again"));
    bob.post("lobby", "c3", "harmless");
    bob.send(&delete("c4", 1));
    bob.receive_type("delete");
    let is_clean = |records: &[Value]| {
        assert!(!json!(records).to_string().contains("secret"), "{records:?}");
        assert_eq!((&records[0]["text"], &records[0]["deleted"]), (&"".into(), &true.into()));
        assert_eq!((&records[1]["target"], &records[1]["deleted"]), (&1.into(), &true.into()));
        assert_eq!(records[2]["text"], "harmless");
    };
    is_clean(&served(&server, "ann", 4));
    bob.send(&json!({"type": "history", "room": "lobby", "after": 0}));
    is_clean(bob.receive_type("history")["records"].as_array().unwrap());
    is_clean(&exported(data.path()));
    let text = printed(&["export", "lobby"], data.path());
    assert!(text.contains("<bob> (deleted)") && text.contains("bob deleted 1"), "{text}");

    let deadline = Instant::now() + TIMEOUT;
    while fs::read_to_string(log_file(data.path())).unwrap().contains("secret") {
        assert!(Instant::now() < deadline, "it is still on the disk");
        std::thread::yield_now();
    }
    assert!(printed(&["verify"], data.path()).contains("intact"));
    bob.post("lobby", "c5", "it shows the newest");
    assert_eq!(bob.receive_own("bob", "c5")["seq"], 5);

    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    is_clean(&served(&server, "eve", 5));
    let mut bob = TestClient::connect(server.address);
    bob.send(&json!({"type": "hello", "user": "bob", "token": welcome["token"], "join": [{"room": "lobby"}]}));
    bob.receive_type("joined");
    bob.post("lobby", "c1", "secret");
    assert_eq!(
        bob.receive_own("bob", "c1")["seq"],
        1,
        "its cid is known, though its text is deleted"
    );
}

#[test]
fn a_repeated_delete_is_answered_and_not_stored() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    let mut ann = TestClient::joined(server.address, "ann", "lobby").0;
    bob.post("lobby", "c1", "secret");
    bob.receive_own("bob", "c1");
    bob.send(&delete("c2", 1));
    let first = bob.receive_type("delete");
    for cid in ["c3", "c4", "c4"] {
        bob.send(&delete(cid, 1));
        let again = bob.receive_type("delete");
        assert_eq!((&again["seq"], &again["target"]), (&2.into(), &1.into()));
        assert_eq!(
            (&again["cid"], &again["at"]),
            (&cid.into(), &first["at"]),
            "it settles its own cid"
        );
    }
    bob.post("lobby", "c5", "goes on");
    let received = ["post", "delete", "post"].map(|kind| ann.receive_type(kind)["seq"].clone());
    assert_eq!(received, [1, 2, 3], "the others get one delete");
    assert_eq!(exported(data.path()).len(), 3);
}

#[test]
fn a_post_has_at_most_a_hundred_edits_and_can_still_be_deleted() {
    let server = TestServer::start(&["--rate", "0"]);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c0", "hello");
    bob.receive_own("bob", "c0");
    for n in 1..=100 {
        bob.send(&edit(&format!("c{n}"), 1, &format!("hello {n}")));
        bob.receive_type("edit");
    }
    bob.send(&edit("c101", 1, "once more"));
    let error = bob.receive_type("error");
    assert_eq!((&error["code"], &error["cid"]), (&"forbidden".into(), &"c101".into()));
    assert_eq!(error["message"], "this message was edited too often, you can still delete it");
    bob.send(&edit("c100", 1, "hello 100"));
    assert_eq!(bob.receive_type("edit")["seq"], 101, "a repeat is answered as before");
    bob.post("lobby", "c102", "another post");
    bob.send(&edit("c103", 102, "has edits of its own"));
    assert_eq!(bob.receive_type("edit")["seq"], 103);
    bob.send(&delete("c104", 1));
    assert_eq!(bob.receive_type("delete")["seq"], 104);
}

#[test]
fn topics_have_a_rate_of_their_own_and_posts_go_on() {
    let server = TestServer::start(&["--rate", "5"]);
    let mut eve = TestClient::joined(server.address, "eve", "lobby").0;
    for n in 1..=4 {
        eve.send(&topic(&format!("c{n}"), "buy"));
    }
    let error = eve.receive_type("error");
    assert_eq!((&error["code"], &error["cid"]), (&"rate_limited".into(), &"c4".into()));
    let wait = error["retry_ms"].as_u64().unwrap();
    assert!((5_000..=10_001).contains(&wait), "{wait}");
    eve.send(&topic("c1", "buy"));
    assert_eq!(eve.receive_type("topic")["seq"], 1, "a repeat is answered");
    eve.post("lobby", "c5", "hello");
    assert_eq!(eve.receive_own("eve", "c5")["seq"], 4);
    let mut bob = TestClient::joined(server.address, "bob", "lobby").0;
    bob.send(&topic("c9", "tea"));
    assert_eq!(bob.receive_with_cid("c9")["seq"], 5, "another client has its own");
}

#[test]
fn a_room_of_edits_opens_with_its_newest_posts() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &["--rate", "0", "--sync", "interval"]);
    let mut eve = TestClient::joined(server.address, "eve", "lobby").0;
    let mut seq = 0;
    for n in 0..150 {
        eve.post("lobby", &format!("p{n}"), &format!("post {n}"));
        seq += 1;
        let target = seq;
        for _ in 0..20 {
            eve.send(&edit(&format!("e{seq}"), target, "edited"));
            seq += 1;
        }
    }
    eve.receive_with_cid(&format!("e{}", seq - 1));
    for newcomer in ["bob", "ann"] {
        if newcomer == "ann" {
            server.kill();
            server = TestServer::start_in(data.path(), &["--rate", "0"]);
        }
        let (mut bob, joined) = TestClient::joined(server.address, newcomer, "lobby");
        assert_eq!((&joined["head"], &joined["since"]), (&seq.into(), &(50 * 21).into()));
        let first = bob.receive_any_of(&["post", "edit"]);
        assert_eq!((&first["type"], &first["text"]), (&"post".into(), &"post 50".into()));
    }
}

#[test]
fn edits_of_old_posts_cannot_push_the_newest_posts_out_of_the_newest_page() {
    let server = TestServer::start(&["--rate", "0", "--sync", "interval"]);
    let mut eve = TestClient::joined(server.address, "eve", "lobby").0;
    for n in 1..=300 {
        eve.post("lobby", &format!("p{n}"), "hello");
    }
    eve.receive_own("eve", "p300"); // the newest page begins after record 200
    let mut stored = 300;
    'flood: for n in 0..2_000 {
        let target = n / 10 + 1;
        for m in 0..10 {
            eve.send(&edit(&format!("e{n}.{m}"), target, "x"));
        }
        for _ in 0..10 {
            let answer = eve.receive_any_of(&["edit", "error"]);
            if answer["type"] == "error" {
                assert_eq!(answer["code"], "forbidden");
                break 'flood;
            }
            stored += 1;
        }
    }
    assert!((10_000..11_000).contains(&stored), "{stored}");
    eve.send(&edit("new", 300, "a post of the newest page can be edited"));
    assert_eq!(eve.receive_type("edit")["target"], 300);
    let mut ann = TestClient::hello(server.address, "ann").0;
    ann.send(&json!({"type": "join", "room": "lobby"}));
    assert_eq!(ann.receive_type("joined")["since"], 200, "a hundred posts");
}

#[test]
fn a_topic_is_sent_stored_and_cleared() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, joined) = TestClient::joined(server.address, "bob", "lobby");
    assert_eq!(joined.get("topic"), None);
    bob.send(&topic("c1", "tea at four"));
    assert_eq!(bob.receive_type("topic")["text"], "tea at four");
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["topic"], "tea at four");
    ann.send(&json!({"type": "rooms"}));
    assert_eq!(ann.receive_type("rooms")["rooms"][0]["topic"], "tea at four");
    ann.send(&topic("c1", ""));
    assert_eq!(ann.receive_type("topic")["seq"], 2);
    let (_, joined) = TestClient::joined(server.address, "eve", "lobby");
    assert_eq!(joined.get("topic"), None);
}
