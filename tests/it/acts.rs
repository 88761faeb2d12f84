//! Edits, deletes and topics: whose they may be, and what is left of a deleted line.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::commands::{exported, log_file, printed};
use crate::support::{Peer, Running, SOON};

fn edit(cid: &str, target: u64, text: &str) -> Value {
    json!({"type": "edit", "room": "lobby", "cid": cid, "target": target, "text": text})
}

fn delete(cid: &str, target: u64) -> Value {
    json!({"type": "delete", "room": "lobby", "cid": cid, "target": target})
}

fn topic(cid: &str, text: &str) -> Value {
    json!({"type": "topic", "room": "lobby", "cid": cid, "text": text})
}

/// What a newcomer is served of the lobby.
fn served(server: &Running, newcomer: &str, count: usize) -> Vec<Value> {
    let mut peer = Peer::hello(server.address, newcomer).0;
    peer.say(&json!({"type": "join", "room": "lobby", "since": 0}));
    assert_eq!(peer.hear()["type"], "joined");
    (0..count).map(|_| peer.hear()).collect()
}

#[test]
fn an_edit_and_a_delete_are_records_for_everybody() {
    let server = Running::start(&[]);
    let mut bob = Peer::joined(server.address, "bob", "lobby").0;
    let mut ann = Peer::joined(server.address, "ann", "lobby").0;
    bob.post("lobby", "c1", "helo");
    let post = bob.hear_type("post"); // before that, nobody can know its seq
    bob.say(&edit("c2", 1, "hello"));
    bob.say(&delete("c3", 1));
    let all = [post, bob.hear_type("edit"), bob.hear_type("delete")];
    assert_eq!(all[1]["target"], 1);
    assert_eq!(
        (&all[1]["seq"], &all[1]["text"], &all[1]["user"]),
        (&2.into(), &"hello".into(), &"bob".into())
    );
    assert_eq!(
        (&all[2]["seq"], &all[2]["target"], all[2].get("text")),
        (&3.into(), &1.into(), None)
    );
    let heard = ["post", "edit", "delete"].map(|kind| ann.hear_type(kind));
    assert_eq!(heard, all, "the same bytes for everyone");
}

#[test]
fn only_ones_own_posts_that_are_there_may_be_edited_or_deleted() {
    let server = Running::start(&[]);
    let mut bob = Peer::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "mine");
    bob.hear_own("bob", "c1");
    let mut eve = Peer::joined(server.address, "eve", "lobby").0;
    eve.hear_type("post");
    let refused = |peer: &mut Peer, message: Value, code: &str| {
        peer.say(&message);
        let error = peer.hear_type("error");
        assert_eq!((&error["code"], &error["cid"]), (&code.into(), &message["cid"]), "{message}");
    };
    refused(&mut eve, edit("e1", 1, "hers"), "forbidden");
    refused(&mut eve, delete("e2", 1), "forbidden");
    for target in [0, 2, 99, 9_007_199_254_740_991] {
        refused(&mut bob, delete("c2", target), "no_such_record");
    }
    bob.say(&edit("c3", 1, "still mine"));
    bob.hear_type("edit");
    refused(&mut bob, edit("c4", 2, "an edit of an edit"), "no_such_record");
    bob.say(&delete("c5", 1));
    bob.hear_type("delete");
    refused(&mut bob, edit("c6", 1, "back"), "no_such_record");
    bob.say(&delete("c7", 1));
    assert_eq!(bob.hear_type("delete")["seq"], 4, "to delete again is no error");
    bob.say(&delete("c5", 1));
    assert_eq!(bob.hear_type("delete")["seq"], 3, "a repeat is answered with the first");
    bob.say(&edit("c3", 1, "still mine"));
    assert_eq!(bob.hear_type("edit")["deleted"], true, "also one that could no longer be done");
    bob.say(&edit("c3", 1, "other words"));
    bob.say(&json!({"type": "post", "room": "lobby", "cid": "c5", "text": "hi"}));
    assert_eq!(bob.hear_type("error")["code"], "cid_conflict");
    assert_eq!(bob.hear_type("error")["code"], "cid_conflict");
}

#[test]
fn a_deleted_text_is_served_to_nobody_and_goes_from_the_disk() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start_in(data.path(), &[]);
    let (mut bob, welcome) = Peer::joined_with_welcome(server.address, "bob");
    bob.post("lobby", "c1", "secret");
    bob.hear_own("bob", "c1");
    bob.say(&edit("c2", 1, "secret again"));
    bob.post("lobby", "c3", "harmless");
    bob.say(&delete("c4", 1));
    bob.hear_type("delete");
    let is_clean = |records: &[Value]| {
        assert!(!json!(records).to_string().contains("secret"), "{records:?}");
        assert_eq!((&records[0]["text"], &records[0]["deleted"]), (&"".into(), &true.into()));
        assert_eq!((&records[1]["target"], &records[1]["deleted"]), (&1.into(), &true.into()));
        assert_eq!(records[2]["text"], "harmless");
    };
    is_clean(&served(&server, "ann", 4));
    bob.say(&json!({"type": "history", "room": "lobby", "after": 0}));
    is_clean(bob.hear_type("history")["records"].as_array().unwrap());
    is_clean(&exported(data.path()));
    let text = printed(&["export", "lobby"], data.path());
    assert!(text.contains("<bob> (deleted)") && text.contains("bob deleted 1"), "{text}");

    let deadline = Instant::now() + SOON;
    while fs::read_to_string(log_file(data.path())).unwrap().contains("secret") {
        assert!(Instant::now() < deadline, "it is still on the disk");
        std::thread::yield_now();
    }
    assert!(printed(&["verify"], data.path()).contains("intact"));
    bob.post("lobby", "c5", "it goes on");
    assert_eq!(bob.hear_own("bob", "c5")["seq"], 5);

    server.kill();
    let server = Running::start_in(data.path(), &[]);
    is_clean(&served(&server, "eve", 5));
    let mut bob = Peer::connect(server.address);
    bob.say(&json!({"type": "hello", "user": "bob", "token": welcome["token"], "join": [{"room": "lobby"}]}));
    bob.hear_type("joined");
    bob.post("lobby", "c1", "secret");
    assert_eq!(
        bob.hear_own("bob", "c1")["seq"],
        1,
        "its cid is known, though nobody knows its words"
    );
}

#[test]
fn a_topic_is_told_kept_and_taken_away() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start_in(data.path(), &[]);
    let (mut bob, joined) = Peer::joined(server.address, "bob", "lobby");
    assert_eq!(joined.get("topic"), None);
    bob.say(&topic("c1", "tea at four"));
    assert_eq!(bob.hear_type("topic")["text"], "tea at four");
    server.kill();
    let server = Running::start_in(data.path(), &[]);
    let (mut ann, joined) = Peer::joined(server.address, "ann", "lobby");
    assert_eq!(joined["topic"], "tea at four");
    ann.say(&json!({"type": "rooms"}));
    assert_eq!(ann.hear_type("rooms")["rooms"][0]["topic"], "tea at four");
    ann.say(&topic("c1", ""));
    assert_eq!(ann.hear_type("topic")["seq"], 2);
    let (_, joined) = Peer::joined(server.address, "eve", "lobby");
    assert_eq!(joined.get("topic"), None);
}
