//! A wall clock that jumps, or that is wrong at a start: nothing is dropped, no name is freed, and dates stay.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::commands::{exported, printed};
use crate::support::wall_clock::{DAY, WallClock};
use crate::support::{TIMEOUT, TestClient, TestServer};

/// By how many days a record's `at` is ahead of the true time.
fn days_ahead(record: &Value) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    (record["at"].as_u64().unwrap() as i64 / 1_000 - now) / DAY
}

/// Posts a line of alice, who then leaves; her token.
fn post_and_leave(server: &TestServer, cid: &str) -> Value {
    let (mut alice, welcome) = TestClient::joined_with_welcome(server.address, "alice");
    alice.post("lobby", cid, "a line");
    assert_eq!(alice.receive_with_cid(cid)["type"], "post");
    welcome["token"].clone()
}

/// A client without alice's token does not get her name.
fn alice_is_taken(server: &TestServer) {
    let mut stranger = TestClient::connect(server.address);
    stranger.send(&json!({"type": "hello", "user": "alice"}));
    assert_eq!(stranger.receive_error(), "name_taken");
}

#[test]
fn a_clock_that_is_a_year_ahead_for_a_moment_drops_nothing_and_dates_nothing() {
    let (clock, data) = (WallClock::new(), tempfile::tempdir().unwrap());
    let (mut command, log) = clock.server();
    let server = TestServer::start_by(&mut command, data.path(), &["--retain-days", "90"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    for n in 1..=15 {
        bob.post("lobby", &n.to_string(), "a line of today");
        bob.receive_with_cid(&n.to_string());
    }
    clock.set_ahead(365 * DAY);
    log.wait_for("clock-jumped");
    bob.post("lobby", "16", "meanwhile");
    let meanwhile = bob.receive_with_cid("16");
    assert_eq!((days_ahead(&meanwhile), &meanwhile["seq"]), (0, &16.into()));
    clock.set_ahead(0);
    log.wait_for("clock-right-again");
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!((&joined["first"], &joined["head"]), (&1.into(), &16.into()));
    assert_eq!(ann.receive_seqs(16), (1..=16).collect::<Vec<_>>());
    ann.post("lobby", "17", "as ever");
    assert_eq!(days_ahead(&ann.receive_with_cid("17")), 0);
    drop(server);
    assert_eq!(exported(data.path()).len(), 17);
    assert!(printed(&["verify"], data.path()).contains("intact"));
}

#[test]
fn a_start_with_a_wrong_clock_drops_no_record_and_frees_no_name() {
    let (clock, data) = (WallClock::new(), tempfile::tempdir().unwrap());
    let flags = ["--retain-days", "90"];
    let mut right = TestServer::start_in(data.path(), &flags);
    let token = post_and_leave(&right, "1");
    right.kill();
    for ahead in [365 * DAY, -50 * 365 * DAY, 0] {
        clock.set_ahead(ahead);
        let (mut command, log) = clock.server();
        let mut server = TestServer::start_by(&mut command, data.path(), &flags);
        match ahead {
            0 => {}
            1.. => log.wait_for("retention-waits"),
            _ => log.wait_for("records-in-the-future"),
        }
        alice_is_taken(&server);
        let (mut ann, joined) = TestClient::joined(server.address, &format!("ann{ahead}"), "lobby");
        assert_eq!((&joined["first"], &joined["head"]), (&1.into(), &1.into()));
        assert_eq!(ann.receive()["user"], "alice");
        let warnings = log.count("retention-waits") + log.count("records-in-the-future");
        assert_eq!(warnings, usize::from(ahead != 0), "{}", log.text());
        server.kill();
    }
    let server = TestServer::start_in(data.path(), &flags);
    let mut alice = TestClient::connect(server.address);
    alice.send(&json!({"type": "hello", "user": "alice", "token": token}));
    assert_eq!(alice.receive()["type"], "welcome");
}

#[test]
fn dates_in_the_future_are_reported_at_a_start_and_order_and_posts_go_on() {
    let (clock, data) = (WallClock::new(), tempfile::tempdir().unwrap());
    clock.set_ahead(3_650 * DAY);
    let (mut command, _) = clock.server();
    let mut server = TestServer::start_by(&mut command, data.path(), &[]);
    post_and_leave(&server, "1");
    server.kill();
    clock.set_ahead(0);
    let (mut command, log) = clock.server();
    let server = TestServer::start_by(&mut command, data.path(), &[]);
    log.wait_for("records-in-the-future");
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let first = bob.receive();
    bob.post("lobby", "2", "in time");
    let second = bob.receive_with_cid("2");
    assert_eq!((&second["seq"], &second["at"]), (&2.into(), &first["at"]));
    bob.join("garden");
    bob.post("garden", "4", "in another room");
    assert_eq!(days_ahead(&bob.receive_with_cid("4")), 0, "other rooms have the right date");
}

#[test]
fn a_machine_that_starts_without_the_time_gets_it_at_once() {
    let (clock, data) = (WallClock::new(), tempfile::tempdir().unwrap());
    let mut right = TestServer::start_in(data.path(), &[]);
    post_and_leave(&right, "1");
    right.kill();
    clock.set_ahead(-50 * 365 * DAY);
    let (mut command, _) = clock.server();
    let server = TestServer::start_by(&mut command, data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    clock.set_ahead(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let waiting = Instant::now();
    for n in 2.. {
        bob.post("lobby", &n.to_string(), "what time is it?");
        let record = bob.receive_with_cid(&n.to_string());
        if record["at"].as_u64().unwrap() >= since {
            break;
        }
        assert!(waiting.elapsed() < TIMEOUT, "{record}");
    }
}
