//! Lines that answer lines: what a `reply` may be, and that it goes wherever its line does.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::commands::{exported, log_file, printed};
use crate::support::{Peer, Running, SOON};

fn answer(cid: &str, seq: impl Into<Value>, text: &str) -> Value {
    json!({"type": "post", "room": "lobby", "cid": cid, "text": text, "reply": seq.into()})
}

/// Says `message` and hears its refusal.
fn refused(peer: &mut Peer, message: &Value, code: &str) {
    peer.say(message);
    let answer = peer.hear_answer_to(message["cid"].as_str().unwrap());
    assert_eq!(answer["code"], code, "{message}: {answer}");
}

#[test]
fn what_a_line_answers_goes_with_it_everywhere() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Running::start_in(data.path(), &[]);
    let (mut bob, welcome) = Peer::joined_with_welcome(server.address, "bob");
    let mut ann = Peer::joined(server.address, "ann", "lobby").0;
    ann.post("lobby", "c1", "tea?");
    ann.hear_own("ann", "c1");
    bob.say(&answer("c2", 1, "yes"));
    let said = bob.hear_own("bob", "c2");
    assert_eq!((&said["reply"], &said["seq"]), (&1.into(), &2.into()));
    assert_eq!(ann.hear_own("bob", "c2"), said, "the same bytes for everyone");
    ann.say(&json!({"type": "history", "room": "lobby", "after": 1}));
    assert_eq!(ann.hear_type("history")["records"], json!([said]));
    bob.say(&answer("c2", 1, "yes"));
    assert_eq!(bob.hear_own("bob", "c2"), said, "a repeat is answered with the first");
    server.kill();

    assert!(printed(&["verify"], data.path()).contains("intact"));
    assert_eq!(exported(data.path())[1], said);
    let server = Running::start_in(data.path(), &[]);
    let mut bob = Peer::connect(server.address);
    bob.say(&json!({"type": "hello", "user": "bob", "token": welcome["token"],
        "join": [{"room": "lobby", "since": 1}]}));
    assert_eq!(bob.hear_own("bob", "c2"), said, "replayed");
    bob.say(&answer("c2", 1, "yes"));
    assert_eq!(bob.hear_own("bob", "c2"), said, "its cid is known after a restart");
    refused(&mut bob, &answer("c2", 2, "yes"), "cid_conflict");
}

#[test]
fn a_line_answers_a_record_that_there_is() {
    let server = Running::start(&["--burst", "100"]);
    let mut bob = Peer::joined(server.address, "bob", "lobby").0;
    refused(&mut bob, &answer("c0", 1, "not even itself"), "no_such_record");
    bob.post("lobby", "c1", "tea?");
    bob.hear_own("bob", "c1");
    for seq in [0, 2, 99, 9_007_199_254_740_991_u64] {
        refused(&mut bob, &answer("c2", seq, "yes"), "no_such_record");
    }
    for wrong in [json!("1"), json!(-1), json!(1.5), json!(null), json!([1]), json!(1_u64 << 53)] {
        refused(&mut bob, &answer("c2", wrong, "yes"), "bad_message");
    }
    bob.say(&answer("c2", 1, "yes"));
    assert_eq!(bob.hear_own("bob", "c2")["seq"], 2, "none of these used a number, or the cid");
}

#[test]
fn what_is_answered_may_be_gone_and_an_answer_keeps_nothing_of_it() {
    let data = tempfile::tempdir().unwrap();
    let server = Running::start_in(data.path(), &[]);
    let mut bob = Peer::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "secret");
    bob.hear_own("bob", "c1");
    bob.say(&answer("c2", 1, "yes"));
    bob.hear_own("bob", "c2");
    bob.say(&json!({"type": "delete", "room": "lobby", "cid": "c3", "target": 1}));
    bob.hear_type("delete");
    for (cid, seq) in [("c4", 1), ("c5", 3)] {
        bob.say(&answer(cid, seq, "to what is deleted, and to a delete"));
        assert_eq!(bob.hear_own("bob", cid)["reply"], seq);
    }
    let served = exported(data.path());
    assert!(!json!(served).to_string().contains("secret"));
    assert_eq!(served[1]["reply"], 1, "the answer stays what it is");

    bob.say(&json!({"type": "delete", "room": "lobby", "cid": "c6", "target": 2}));
    bob.hear_type("delete");
    let left = &exported(data.path())[1];
    assert_eq!((&left["deleted"], left.get("reply")), (&true.into(), None), "{left}");
    let deadline = Instant::now() + SOON;
    while std::fs::read_to_string(log_file(data.path())).unwrap().contains("\"text\":\"yes\"") {
        assert!(Instant::now() < deadline, "it is still on the disk");
        std::thread::yield_now();
    }
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

#[test]
fn an_answer_in_private_is_of_that_room() {
    let server = Running::start(&[]);
    let mut bob = Peer::joined(server.address, "bob", "lobby").0;
    bob.post("lobby", "c1", "in the lobby");
    bob.hear_own("bob", "c1");
    let mut ann = Peer::hello(server.address, "ann").0;
    let direct = |cid: &str, reply: u64| json!({"type": "direct", "to": "ann", "cid": cid, "text": "psst", "reply": reply});
    refused(&mut bob, &direct("c2", 1), "no_such_record");
    ann.hears_nothing(); // nothing was said to her
    bob.say(&json!({"type": "direct", "to": "ann", "cid": "c3", "text": "psst"}));
    bob.hear_own("bob", "c3");
    bob.say(&direct("c4", 1));
    let said = bob.hear_own("bob", "c4");
    assert_eq!((&said["room"], &said["reply"]), (&"@ann+bob".into(), &1.into()));
    assert_eq!(ann.hear_own("bob", "c4"), said);
}
