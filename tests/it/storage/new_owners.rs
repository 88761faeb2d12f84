//! A name that was another person's before in a room: the first post of its new owner says so.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::commands::{exported, printed};
use crate::support::piped_console::run;
use crate::support::under_attack::{SQUARE, under_attack};
use crate::support::wall_clock::{DAY, WallClock};
use crate::support::{TestClient, TestServer};

const ANN: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const EVE: &str = "e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5";

/// Says hello with a key and joins a room, with none of its history; the code of the error if that is refused.
fn device(server: &TestServer, user: &str, key: &str, room: &str) -> Result<TestClient, Value> {
    let mut peer = TestClient::connect(server.address);
    let join = json!([{"room": room, "since": "now"}]);
    peer.send(&json!({"type": "hello", "user": user, "token": key, "join": join}));
    let answer = peer.receive();
    if answer["type"] == "error" {
        return Err(answer["code"].clone());
    }
    peer.receive_type("joined");
    Ok(peer)
}

fn nick(peer: &mut TestClient, user: &str) {
    peer.send(&json!({"type": "nick", "user": user}));
    let is_own = |answer: &Value| answer["type"] == "error" || answer.get("token").is_some();
    let mut answers = std::iter::repeat_with(|| peer.receive_any_of(&["renamed", "error"]));
    assert_eq!(answers.find(is_own).unwrap()["to"], user);
}

/// Posts a line, and returns whether its record says that the name has a new owner.
fn is_marked(peer: &mut TestClient, room: &str, cid: &str) -> bool {
    peer.post(room, cid, "hello");
    mark_of(&peer.receive_with_cid(cid))
}

/// Whether a record says that its name has a new owner.
fn mark_of(record: &Value) -> bool {
    assert_eq!(record["type"], "post", "{record}");
    assert!(record.get("holder").is_none() && record.get("new_owner") != Some(&false.into()));
    record.get("new_owner").is_some()
}

/// The seqs of the stored records that say so.
fn marked(data: &Path) -> Vec<u64> {
    assert!(printed(&["verify"], data).contains("intact"));
    let records = exported(data).into_iter();
    records
        .filter(|record| record.get("new_owner").is_some())
        .map(|record| record["seq"].as_u64().unwrap())
        .collect()
}

#[test]
fn who_takes_a_name_that_was_given_back_is_marked_for_everyone() {
    under_attack(&[], |server| {
        let mut ann = device(server, "ann", ANN, SQUARE).unwrap();
        let mut eve = device(server, "eve", EVE, SQUARE).unwrap();
        assert!(!is_marked(&mut ann, SQUARE, "a1") && !is_marked(&mut eve, SQUARE, "1"));
        for name in ["one", "two", "three", "four", "five"] {
            nick(&mut ann, name); // the sixth name gives the first back
        }
        assert!(!is_marked(&mut ann, SQUARE, "a2"), "a name that no one had");
        nick(&mut eve, "Ann");
        eve.send(&json!({"type": "topic", "room": SQUARE, "cid": "t", "text": "it is me"}));
        eve.post(SQUARE, "new", "it is me");
        let live = ann.receive_with_cid("new");
        assert_eq!((&live["user"], &live["new_owner"]), (&"Ann".into(), &true.into()));
        assert_eq!(eve.receive_with_cid("new"), live, "the same for everyone");
        let seq = live["seq"].as_u64().unwrap();
        ann.send(&json!({"type": "history", "room": SQUARE, "after": seq - 1, "limit": 1}));
        assert_eq!(ann.receive_type("history")["records"][0], live);
        eve.post(SQUARE, "new", "it is me");
        assert_eq!(
            eve.receive_with_cid("new"),
            live,
            "a repeat is answered with the stored record"
        );
        assert!(!is_marked(&mut eve, SQUARE, "3"));
        nick(&mut eve, "eve");
        assert!(!is_marked(&mut eve, SQUARE, "4"), "a former name of one's own");
        eve.post(SQUARE, "new", "it is me");
        let own = eve.receive_with_cid("new");
        assert_eq!((&own["user"], mark_of(&own)), (&"eve".into(), false), "another name");
        nick(&mut eve, "Ann");
        eve.send(&json!({"type": "join", "room": "garden"}));
        assert!(!is_marked(&mut eve, "garden", "1"), "no one has posted as ann in this room");
    });
}

#[test]
fn a_name_that_lapsed_after_90_days_is_marked_once_whatever_is_killed_in_between() {
    let (clock, data) = (WallClock::new(), tempfile::tempdir().unwrap());
    let start = || TestServer::start_by(&mut clock.server().0, data.path(), &[]);
    let mut server = start();
    let mut ann = device(&server, "ann", ANN, "lobby").unwrap();
    assert!(!is_marked(&mut ann, "lobby", "1"));
    drop(ann);
    server.kill();
    clock.set_ahead(89 * DAY);
    let mut server = start();
    assert_eq!(device(&server, "ann", EVE, "lobby").err().unwrap(), "name_taken");
    let mut bob = device(&server, "bob", &"b".repeat(32), "lobby").unwrap();
    is_marked(&mut bob, "lobby", "2"); // a record of that day: the clock is right
    server.kill();
    clock.set_ahead(92 * DAY);
    let mut server = start();
    let mut bob = device(&server, "bob", &"b".repeat(32), "lobby").unwrap();
    is_marked(&mut bob, "lobby", "3");
    server.kill();

    let mut server = start();
    let mut eve = device(&server, "ANN", EVE, "lobby").unwrap();
    assert!(is_marked(&mut eve, "lobby", "4"));
    server.kill();
    let mut server = start();
    let mut eve = device(&server, "ann", EVE, "lobby").unwrap();
    eve.post("lobby", "4", "hello");
    assert!(mark_of(&eve.receive_with_cid("4")), "the stored record");
    assert!(!is_marked(&mut eve, "lobby", "5"));
    assert_eq!(device(&server, "ann", ANN, "lobby").err().unwrap(), "name_taken");
    let mut ann = device(&server, "anna", ANN, "lobby").unwrap();
    assert!(!is_marked(&mut ann, "lobby", "6"));
    // What is deleted keeps its mark: else a new owner would write and delete one message first.
    eve.send(&json!({"type": "delete", "room": "lobby", "cid": "7", "target": 4}));
    eve.receive_with_cid("7");
    ann.send(&json!({"type": "history", "room": "lobby", "after": 3, "limit": 1}));
    let deleted = &ann.receive_type("history")["records"][0];
    assert_eq!((&deleted["deleted"], &deleted["new_owner"]), (&true.into(), &true.into()));
    server.kill();
    assert_eq!(marked(data.path()), [4]);
}

#[test]
fn a_released_name_is_marked_when_another_owner_posts_and_again_when_the_first_does() {
    let data = tempfile::tempdir().unwrap();
    let start = || TestServer::start_in(data.path(), &["--hold-names", "1s"]);
    let release = || drop(printed(&["names", "release", "ann"], data.path()));
    for (n, (key, expected)) in
        [(ANN, false), (ANN, false), (EVE, true), (EVE, false), (ANN, true)].into_iter().enumerate()
    {
        let mut server = start();
        let mut peer = device(&server, "ann", key, "lobby").unwrap();
        for cid in ["a", "b"] {
            let cid = format!("{cid}{n}");
            assert_eq!(is_marked(&mut peer, "lobby", &cid), expected && cid.starts_with('a'));
        }
        server.kill();
        release();
    }
    assert_eq!(marked(data.path()), [5, 9]);
    let server = start();
    let (code, shown, _) = run(server.address, &["--since", "all"], b"");
    assert_eq!((code, shown.matches(" ann (new owner) hello\n").count()), (0, 2), "{shown}");
    let (_, shown, _) = run(server.address, &["--since", "all", "--json"], b"");
    assert_eq!(shown.matches("\"new_owner\":true}\n").count(), 2, "{shown}");
    let text = printed(&["export", "lobby"], data.path());
    assert_eq!(text.lines().filter(|line| line.ends_with(" <ann (new owner)> hello")).count(), 2);
    assert!(!text.contains(&"e5".repeat(16)), "{text}");
}

#[test]
fn a_post_that_could_not_be_stored_is_marked_when_it_is_sent_again() {
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_server")]);
        TestServer::start_by(&mut command, data.path(), &[])
    };
    let mut server = start();
    let mut ann = device(&server, "ann", ANN, "lobby").unwrap();
    assert!(!is_marked(&mut ann, "lobby", "1"));
    drop(ann);
    server.kill();
    printed(&["names", "release", "ann"], data.path());
    let mut server = start();
    let mut eve = device(&server, "ann", EVE, "lobby").unwrap();
    eve.post("lobby", "0", "so that the name is held"); // before files may not grow
    assert!(mark_of(&eve.receive_with_cid("0")));
    server.kill();
    printed(&["names", "release", "ann"], data.path());
    let mut server = start();
    let mut ann = device(&server, "ann", ANN, "lobby").unwrap();
    let pid = server.pid().to_string();
    let allow = |size: &str| {
        let limit = format!("--fsize={size}:");
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    };
    allow("1");
    for _ in 0..3 {
        ann.post("lobby", "2", "hello");
        assert_eq!(ann.receive_with_cid("2")["code"], "storage");
    }
    allow("unlimited");
    assert!(is_marked(&mut ann, "lobby", "2") && !is_marked(&mut ann, "lobby", "3"));
    server.kill();
    assert_eq!(marked(data.path()), [2, 3]);
}
