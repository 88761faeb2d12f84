//! Search: one request at a time, each over a few hundred records.

use serde_json::{Value, json};

use crate::support::terminal::Terminal;
use crate::support::{TestClient, TestServer};

/// The answer to a search: the seqs that were found, and from where to search on.
fn search(peer: &mut TestClient, text: &str, before: Option<u64>) -> (Vec<u64>, u64) {
    let mut question = json!({"type": "search", "room": "lobby", "text": text});
    if let Some(before) = before {
        question["before"] = json!(before);
    }
    peer.send(&question);
    let found = peer.receive_type("found");
    assert_eq!(
        (&found["room"], &found["text"], &found["first"]),
        (&json!("lobby"), &json!(text), &json!(1))
    );
    let seqs = found["records"].as_array().unwrap().iter();
    (
        seqs.map(|record| record["seq"].as_u64().unwrap()).collect(),
        found["before"].as_u64().unwrap(),
    )
}

#[test]
fn posts_and_edits_are_found_by_their_words_in_any_case() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for (n, text) in ["The lid is closed", "nobody knows", "a LID, again", "ПРИВЕТ", "lid lid"]
        .iter()
        .enumerate()
    {
        ann.post("lobby", &format!("c{n}"), text);
    }
    ann.receive_seqs(5);
    ann.send(&json!({"type": "edit", "room": "lobby", "cid": "e", "target": 2, "text": "somebody knows the lid"}));
    ann.send(&json!({"type": "delete", "room": "lobby", "cid": "d", "target": 5}));
    ann.send(&json!({"type": "topic", "room": "lobby", "cid": "t", "text": "lids"}));
    for kind in ["edit", "delete", "topic"] {
        ann.receive_type(kind);
    }
    assert_eq!(search(&mut ann, "lid", None), (vec![1, 3, 6], 1), "no topic, and nothing deleted");
    assert_eq!(search(&mut ann, "привет", None), (vec![4], 1));
    assert_eq!(search(&mut ann, "lid", Some(3)), (vec![1], 1));
    assert_eq!(
        search(&mut ann, "\"", None),
        (vec![], 1),
        "what is text, not how it is written down"
    );
    assert_eq!(search(&mut ann, "lid", Some(0)), (vec![], 1), "nothing is older than nothing");
}

#[test]
fn a_search_covers_a_part_and_returns_where_to_continue() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..=1_200 {
        ann.post("lobby", &format!("c{n}"), if n % 400 == 0 { "a needle" } else { "hay" });
    }
    ann.receive_seqs(1_200);
    let mut before = None;
    let mut answers = Vec::new();
    loop {
        let (seqs, next) = search(&mut ann, "needle", before);
        answers.push((seqs, next));
        if next <= 1 {
            break;
        }
        before = Some(next);
    }
    assert_eq!(answers, [(vec![800, 1_200], 701), (vec![400], 201), (vec![], 1)]);
}

#[test]
fn many_search_results_come_in_parts_that_a_client_accepts() {
    let server = TestServer::start(&["--rate", "0", "--max-text", "10000"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..=60 {
        ann.post("lobby", &format!("c{n}"), &"long ".repeat(1_900));
    }
    ann.receive_seqs(60);
    let (mut before, mut seen) = (None, Vec::new());
    while before != Some(1) {
        let (mut seqs, next) = search(&mut ann, "LONG", before);
        assert!(!seqs.is_empty() && seqs.len() < 40, "{} at once", seqs.len());
        seqs.extend(seen);
        seen = seqs;
        before = Some(next);
    }
    assert_eq!(seen, (1..=60).collect::<Vec<u64>>());
}

#[test]
fn only_members_of_a_room_may_search_it() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for room in ["nowhere", "@bob+eve"] {
        ann.send(&json!({"type": "search", "room": room, "text": "secret"}));
        let answer: Value = ann.receive_type("error");
        assert_eq!((&answer["code"], &answer["room"]), (&json!("not_joined"), &json!(room)));
    }
}

#[test]
fn a_console_searches_until_all_is_searched_and_numbers_the_results() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    for n in 1..=700 {
        ann.post("lobby", &format!("c{n}"), if n % 300 == 0 { "a needle" } else { "hay" });
    }
    ann.receive_seqs(700);
    let mut bob = Terminal::start(server.address, "bob", &[]);
    bob.wait_for(" ann hay");
    bob.type_in("/search NEEDLE\r");
    bob.wait_for("2 messages with \"NEEDLE\" in #lobby");
    let rows = bob.wait_for("#600 ann a needle");
    let place = |text: &str| rows.iter().position(|row| row.contains(text));
    assert!(place("#300 ann a needle") < place("#600 ann a needle"), "{rows:#?}");
    bob.type_in("/search pin\r");
    bob.wait_for("no messages with \"pin\" in #lobby");
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);
}
