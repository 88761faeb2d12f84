//! Pages of history that begin with a time, and the edits that come after a page.

use serde_json::{Value, json};

use crate::support::fixtures::fill;
use crate::support::{TestClient, TestServer};

/// The time of the record before the first that [`fill`] writes; each is a millisecond later.
const START: u64 = 1_795_394_177_902;

/// The answer to a `history` with these fields.
fn history(peer: &mut TestClient, fields: &Value) -> Value {
    let mut request = json!({"type": "history", "room": "lobby"});
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    peer.send(&request);
    peer.receive_type("history")
}

/// The seqs of the records of a page that begins with a time.
fn at(peer: &mut TestClient, time: u64, limit: u64) -> Vec<u64> {
    seqs(&history(peer, &json!({"at": time, "limit": limit}))["records"])
}

fn seqs(records: &Value) -> Vec<u64> {
    records.as_array().unwrap().iter().map(|record| record["seq"].as_u64().unwrap()).collect()
}

#[test]
fn a_page_begins_with_the_first_record_of_a_time_or_later() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 1_000, "line");
    let server = TestServer::start_in(data.path(), &["--rate", "0"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    assert_eq!(at(&mut bob, START + 500, 3), [500, 501, 502]);
    for before in [0, 1, START, START + 1] {
        assert_eq!(at(&mut bob, before, 2), [1, 2], "{before}");
    }
    assert_eq!(at(&mut bob, START + 1_000, 5), [1_000], "the last one");
    for after in [START + 1_001, (1 << 53) - 1] {
        assert_eq!(at(&mut bob, after, 5), [] as [u64; 0], "{after}");
    }
    let (mut eve, _) = TestClient::joined(server.address, "eve", "empty");
    eve.send(&json!({"type": "history", "room": "empty", "at": START}));
    assert_eq!(eve.receive_type("history")["records"], json!([]));
}

#[test]
fn of_records_of_one_time_the_page_begins_with_the_first() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    (1..=300).for_each(|n| ann.post("lobby", &format!("c{n}"), "many in a millisecond"));
    let records: Vec<Value> = (0..300).map(|_| ann.receive_type("post")).collect();
    let time = |record: &Value| record["at"].as_u64().unwrap();
    for record in records.iter().step_by(30) {
        let first = records.iter().find(|each| time(each) == time(record)).unwrap();
        assert_eq!(at(&mut ann, time(record), 1), [first["seq"].as_u64().unwrap()]);
    }
}

#[test]
fn a_time_that_retention_has_dropped_is_answered_with_what_is_left() {
    let data = tempfile::tempdir().unwrap();
    fill(data.path(), 60_000, &"long ".repeat(60)); // several files
    let server = TestServer::start_in(data.path(), &["--retain-records", "20000"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let first = loop {
        let page = history(&mut bob, &json!({"at": START + 1, "limit": 1}));
        let (first, records) = (page["first"].as_u64().unwrap(), seqs(&page["records"]));
        if first > 1 && records == [first] {
            break first;
        } // maintenance drops the files soon; until then the server answers more and more slowly
        assert_eq!(records, [1], "as before, perhaps in the moment in which they are dropped");
    };
    assert_eq!(at(&mut bob, START + 50_000, 2), [50_000, 50_001], "what is left, after {first}");
}

#[test]
fn a_page_has_the_newest_edit_of_its_posts_that_comes_after_it() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    (1..=4).for_each(|n| ann.post("lobby", &format!("c{n}"), "first"));
    ann.receive_seqs(4);
    let change = |ann: &mut TestClient, kind: &str, cid: &str, target: u64, text: &str| {
        ann.send(
            &json!({"type": kind, "room": "lobby", "cid": cid, "target": target, "text": text}),
        );
        ann.receive_type(kind)
    };
    change(&mut ann, "edit", "e1", 1, "second"); // 5
    change(&mut ann, "edit", "e2", 2, "second"); // 6
    change(&mut ann, "edit", "e3", 1, "third"); // 7
    change(&mut ann, "edit", "e4", 3, "gone"); // 8
    change(&mut ann, "delete", "d", 3, ""); // 9

    let page = history(&mut ann, &json!({"after": 0, "limit": 3, "edits": true}));
    assert_eq!((seqs(&page["records"]), seqs(&page["edits"])), (vec![1, 2, 3], vec![6, 7]));
    assert_eq!(page["edits"][1]["text"], "third");
    assert_eq!(page["records"][2]["deleted"], true, "a deleted post has no edit");
    let page = history(&mut ann, &json!({"before": 7, "limit": 200, "edits": true}));
    assert_eq!(seqs(&page["edits"]), [7], "the other is in the page");
    let page = history(&mut ann, &json!({"after": 0, "limit": 3}));
    assert_eq!(page.get("edits"), None, "only if asked for");
}

#[test]
fn the_edits_of_a_page_have_a_bound_as_its_records_do() {
    let server = TestServer::start(&["--rate", "0", "--max-text", "10000"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    (1..=60).for_each(|n| ann.post("lobby", &format!("c{n}"), "short"));
    ann.receive_seqs(60);
    for target in 1..=60 {
        let (cid, text) = (format!("e{target}"), "x".repeat(10_000));
        ann.send(
            &json!({"type": "edit", "room": "lobby", "cid": cid, "target": target, "text": text}),
        );
        ann.receive_type("edit");
    }
    for (range, nearest) in [(json!({"after": 0}), 1), (json!({"before": 61}), 60)] {
        let mut fields = json!({"limit": 200, "edits": true});
        fields.as_object_mut().unwrap().extend(range.as_object().unwrap().clone());
        let page = history(&mut ann, &fields);
        let records = seqs(&page["records"]);
        let edits = seqs(&page["edits"]);
        assert!(records.contains(&nearest) && (20..30).contains(&records.len()), "{records:?}");
        assert!(page["edits"].to_string().len() <= 300_000);
        let expected: Vec<u64> = records.iter().map(|seq| seq + 60).collect();
        assert_eq!(edits, expected, "of each of its posts");
    }
}
