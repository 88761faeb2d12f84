//! Preferences: joins and leaves, the bell, timestamps, ignored users.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use serde_json::json;

use crate::support::terminal::Terminal;
use crate::support::{TIMEOUT, TestClient, TestServer};

fn bell_count(terminal: &Terminal) -> usize {
    terminal.bytes().iter().filter(|byte| **byte == 0x07).count()
}

#[test]
fn joins_and_leaves_are_one_line_until_a_message_comes() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    bob.wait_for(" --> ann joined");
    let (eve, _) = TestClient::joined(server.address, "eve", "lobby");
    bob.wait_for(" --> ann, eve joined");
    drop(eve);
    let folded = " --> ann joined · <-- eve joined and left";
    let rows = bob.wait_for(folded);
    assert_eq!(rows.iter().filter(|row| row.contains("joined")).count(), 1, "{rows:#?}");
    ann.post("lobby", "1", "here I am");
    let rows = bob.wait_until("a message of ann", |rows| {
        rows.iter().any(|row| row.ends_with(" ann here I am"))
    });
    let at = rows.iter().position(|row| row.ends_with(folded)).unwrap();
    assert!(rows[at + 1..].iter().any(|row| row.ends_with(" ann here I am")), "{rows:#?}");

    bob.type_in("/quiet\r");
    bob.wait_for("-- joins and leaves are hidden --");
    let (mut zoe, _) = TestClient::joined(server.address, "zoe", "lobby");
    zoe.post("lobby", "1", "hi");
    let rows =
        bob.wait_until("a message of zoe", |rows| rows.iter().any(|row| row.ends_with(" zoe hi")));
    assert!(!rows.concat().contains("zoe joined"), "{rows:#?}");
}

#[test]
fn the_bell_rings_for_mentions_and_not_for_ignored_users() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (mut eve, _) = TestClient::joined(server.address, "eve", "lobby");
    let said = |bob: &mut Terminal, end: &str| {
        bob.wait_until(end, |rows| rows.iter().any(|row| row.ends_with(end)))
    };
    ann.post("lobby", "1", "hello all");
    said(&mut bob, " ann hello all");
    assert_eq!(bell_count(&bob), 0);
    bob.type_in("/ignore eve\r");
    bob.wait_for("-- eve is ignored: new messages are hidden");
    eve.post("lobby", "1", "bob, bob, bob!");
    eve.receive_own("eve", "1");
    ann.post("lobby", "2", "and bob?");
    let rows = said(&mut bob, " ann and bob?");
    assert_eq!(bell_count(&bob), 1);
    assert!(!rows.concat().contains("bob, bob"), "{rows:#?}");
    bob.type_in("/unignore eve\r/bell off\r");
    bob.wait_for("-- bell: off --");
    eve.post("lobby", "2", "bob!");
    said(&mut bob, " eve bob!");
    assert_eq!(bell_count(&bob), 1);
}

/// The lines of the preferences file, once there are so many.
fn stored_lines(state: &Path, count: usize) -> Vec<String> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let servers = fs::read_dir(state.join("talk")).into_iter().flatten();
        let files = servers.map(|server| server.unwrap().path().join("+preferences"));
        let text: String = files.filter_map(|file| fs::read_to_string(file).ok()).collect();
        if text.lines().count() == count {
            return text.lines().map(str::to_owned).collect();
        }
        assert!(Instant::now() < deadline, "{text}");
        thread::yield_now();
    }
}

#[test]
fn preferences_are_kept_for_the_next_run() {
    let server = TestServer::start(&[]);
    let (state, flags) = (tempfile::tempdir().unwrap(), ["--room", "lobby,dev"]);
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &flags);
    bob.wait_for("· live ·");
    bob.type_in("/ignore eve\r/bell off\r/quiet\r/timestamp off\r/mute\r");
    bob.wait_for("-- #lobby is muted");
    let file = stored_lines(state.path(), 4); // the server keeps which rooms are muted
    assert_eq!(file, ["bell off", "timestamp off", "quiet", "ignore eve"]);
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);

    let (mut eve, _) = TestClient::joined(server.address, "eve", "lobby");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    eve.post("lobby", "1", "bob? bob?");
    ann.post("lobby", "1", "bob!");
    ann.receive_own("ann", "1");
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &flags);
    let rows = bob.wait_for("ann bob!");
    assert!(rows.contains(&"ann bob!".to_owned()), "without a time: {rows:#?}");
    assert!(!rows.concat().contains("bob? bob?"), "{rows:#?}");
    bob.type_in("/bell\r/timestamp\r/ignore\r");
    for said in
        ["-- bell: off --", "-- time stamps of new messages: off --", "-- you ignore eve --"]
    {
        bob.wait_for(said);
    }
    bob.type_in("/bell mention\r/unignore eve\r/mute\r");
    bob.wait_for("-- #lobby is no longer muted --");
    assert_eq!(stored_lines(state.path(), 2), ["timestamp off", "quiet"]);
    bob.type_in("/mute #dev\r/mute @ann\r/unmute\r");
    bob.wait_for("!! #lobby is not muted (muted: #dev, @ann)");
    bob.type_in("\x15/unmute @ann\r"); // refused input stays on the input line
    bob.wait_for("-- @ann is no longer muted --");
    assert_eq!(stored_lines(state.path(), 2), ["timestamp off", "quiet"]);
}

#[test]
fn preferences_that_cannot_be_read_are_reported_and_left_unchanged() {
    let server = TestServer::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    bob.wait_for("· live ·");
    bob.type_in("/quiet\r");
    stored_lines(state.path(), 1);
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);
    let [server_dir] = &fs::read_dir(state.path().join("talk"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect::<Vec<_>>()[..]
    else {
        panic!("one server, one directory")
    };
    let file = server_dir.join("+preferences");
    fs::write(&file, b"quiet\n\xff\n").unwrap();
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    bob.wait_for("!! cannot read your preferences in");
    bob.wait_for("· live ·");
    bob.type_in("/bell all\r");
    bob.wait_for("-- bell: every message --");
    assert_eq!(fs::read(&file).unwrap(), b"quiet\n\xff\n");
}

#[test]
fn an_ignored_user_who_renames_stays_ignored_also_in_a_later_run() {
    let server = TestServer::start(&["--rate", "0"]);
    let state = tempfile::tempdir().unwrap();
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    bob.wait_for("· live ·");
    let (mut eve, _) = TestClient::joined(server.address, "eve", "lobby");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    bob.wait_for(" --> eve, ann joined");
    bob.type_in("/ignore EVE\r");
    bob.wait_for("-- EVE is ignored");
    eve.send(&json!({"type": "nick", "user": "eve2"}));
    eve.receive_type("renamed");
    eve.send(&json!({"type": "away", "text": "evil away"}));
    eve.post("lobby", "1", "evil post");
    eve.receive_own("eve2", "1");
    eve.send(
        &json!({"type": "edit", "room": "lobby", "target": 1, "cid": "2", "text": "evil edit"}),
    );
    assert_eq!(eve.receive_with_cid("2")["type"], "edit");
    ann.post("lobby", "1", "after that");
    let rows = bob.wait_for(" ann after that");
    assert!(!rows.concat().contains("evil") && !rows.concat().contains("eve2"), "{rows:#?}");
    assert_eq!(stored_lines(state.path(), 2), ["ignore EVE", "ignore eve2"]);
    bob.type_in("/quit\r");
    assert_eq!(bob.wait_exit(), 0);

    eve.post("lobby", "3", "evil again");
    eve.receive_own("eve2", "3");
    let mut bob = Terminal::start_in(state.path(), server.address, "bob", &[]);
    let rows = bob.wait_for(" ann after that");
    assert!(!rows.concat().contains("evil"), "{rows:#?}");
}
