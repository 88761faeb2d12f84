//! The rooms of a person: the same in every console, and in the next run.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::piped_console;
use crate::support::terminal::{Terminal, status};
use crate::support::{TestClient, TestServer};

/// The key of bob in these tests.
const KEY: &str = "00112233445566778899aabbccddeeff";

/// A directory with bob's key, which `--token-file` names: a server that is restarted has another port.
fn key_file(state: &Path) -> String {
    let file = state.join("key");
    fs::write(&file, KEY).unwrap();
    file.to_str().unwrap().to_owned()
}

fn console(state: &Path, server: &TestServer, flags: &[&str]) -> Terminal {
    let key = key_file(state);
    let flags: Vec<&str> = ["--token-file", &key].into_iter().chain(flags.to_vec()).collect();
    Terminal::start_in(state, server.address, "bob", &flags)
}

fn wait_for_status(console: &mut Terminal, text: &str) {
    console.wait_until(text, |rows| status(rows).contains(text));
}

/// The rooms that the server lists for bob, in order; `!` marks those that are muted.
fn listed(server: &TestServer) -> String {
    let mut peer = TestClient::connect(server.address);
    peer.send(
        &json!({"type": "hello", "user": "bob", "token": KEY, "presence": false, "rooms": true}),
    );
    let rooms = peer.receive_type("welcome")["rooms"].clone();
    let shown = |one: &Value| {
        let mark = if one["muted"] == true { "!" } else { "" };
        format!("{}{mark}", one["room"].as_str().unwrap())
    };
    rooms.as_array().unwrap().iter().map(shown).collect::<Vec<_>>().join(" ")
}

fn quit(mut console: Terminal) {
    console.type_in("/quit\r");
    assert_eq!(console.wait_exit(), 0);
}

#[test]
fn the_rooms_mutes_and_unread_messages_of_the_last_run_come_back_also_after_a_kill() {
    let (data, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = TestServer::start_in(data.path(), &[]);
    let mut bob = console(state.path(), &server, &["--room", "dev,ops"]);
    wait_for_status(&mut bob, "[dev] bob · live");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "ops");
    ann.join("attic");
    ann.post("ops", "0", "that was read");
    bob.type_in("\x1b2"); // Alt-2
    bob.wait_for("ann that was read");
    bob.type_in("/join attic\r/mute\r");
    bob.wait_for("-- #attic is muted");
    quit(bob);
    assert_eq!(listed(&server), "dev ops attic!");
    for (n, room) in ["ops", "attic", "ops"].iter().enumerate() {
        ann.post(room, &format!("c{n}"), &format!("{n} while bob was away"));
        ann.receive_with_cid(&format!("c{n}"));
    }
    let marks = data.path().join("marks.jsonl");
    while !fs::read_to_string(&marks).unwrap().contains("\"seq\":1") {
        std::thread::yield_now(); // the maintenance thread writes it within 100 ms
    }
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = console(state.path(), &server, &[]);
    wait_for_status(&mut bob, "[dev] bob · live");
    wait_for_status(&mut bob, "new in #ops");
    let rows = bob.wait_for("· live ·");
    assert!(!status(&rows).contains("attic"), "it is muted: {rows:#?}");
    assert!(!rows.concat().contains("while bob was away"), "only the current room: {rows:#?}");
    bob.type_in("\x1b2");
    let rows = bob.wait_for("2 while bob was away");
    let at = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
    assert!(at("that was read") < at("0 while bob was away"), "{rows:#?}");
    let unread = rows
        .iter()
        .position(|row| row.contains("- unread -"))
        .unwrap_or_else(|| panic!("{rows:#?}"));
    assert!(at("that was read") < unread && unread < at("0 while bob was away"), "{rows:#?}");
    bob.type_in("/unmute attic\r");
    bob.wait_for("-- #attic is no longer muted --");
    wait_for_status(&mut bob, "new in #attic");
    assert_eq!(listed(&server), "dev ops attic");
}

#[test]
fn two_consoles_of_one_key_share_rooms_and_mutes_at_once() {
    let server = TestServer::start(&[]);
    let states = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let [mut one, mut other] = states.each_ref().map(|state| {
        let mut bob = console(state.path(), &server, &[]);
        wait_for_status(&mut bob, "[lobby] bob · live");
        bob
    });
    one.type_in("/join dev\r/join lobby\r");
    wait_for_status(&mut one, "[lobby] bob · live");
    other.wait_for("-- you joined #dev on another device --");
    let (mut ann, _) = TestClient::joined(server.address, "ann", "dev");
    ann.post("dev", "1", "first");
    wait_for_status(&mut other, "new in #dev");
    wait_for_status(&mut one, "new in #dev");
    one.type_in("/mute dev\r");
    other.wait_until("muted", |rows| !status(rows).contains("new in"));
    other.type_in("/unmute dev\r");
    other.wait_for("-- #dev is no longer muted --");
    wait_for_status(&mut one, "new in #dev");
    one.type_in("/part lobby\r");
    wait_for_status(&mut other, "[dev] bob · live");
    other.wait_for("-- you left #lobby --");
    assert_eq!(listed(&server), "dev");
    other.type_in("/part\r");
    wait_for_status(&mut one, "no room: /join one");
    assert_eq!(listed(&server), "");
    // A person without rooms begins in the lobby, as a new one does.
    quit(one);
    let mut one = console(states[0].path(), &server, &[]);
    wait_for_status(&mut one, "[lobby] bob · live");
}

#[test]
fn private_rooms_come_back_with_their_mutes_and_what_is_unread_also_after_a_kill() {
    let (data, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = TestServer::start_in(data.path(), &[]);
    let [mut ann, mut cid] = ["ann", "cid"].map(|user| {
        let (mut peer, welcome) = TestClient::joined_with_welcome(server.address, user);
        peer.post("lobby", "0", "so that the name stays");
        peer.receive_own(user, "0");
        (peer, welcome["token"].clone())
    });
    let mut bob = console(state.path(), &server, &["--room", "dev"]);
    wait_for_status(&mut bob, "[dev] bob · live");
    bob.type_in("/msg ann hi\r/msg cid hello\r/mute @cid\r/join dev\r");
    bob.wait_for("-- @cid is muted");
    wait_for_status(&mut bob, "[dev] bob · live");
    ann.0.receive_type("joined");
    cid.0.receive_type("joined");
    quit(bob);
    assert_eq!(listed(&server), "dev @ann+bob @bob+cid!");
    for (peer, room) in [(&mut ann, "@ann+bob"), (&mut cid, "@bob+cid")] {
        peer.0.post(room, "1", "while bob was away");
        peer.0.receive_with_cid("1");
    }
    ann.0.send(&json!({"type": "nick", "user": "anne"}));
    ann.0.receive_type("renamed");
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    let mut bob = console(state.path(), &server, &[]);
    wait_for_status(&mut bob, "[dev] bob · live");
    wait_for_status(&mut bob, "new in @anne");
    let rows = bob.wait_for("· live ·");
    assert!(!status(&rows).contains("cid"), "it is muted: {rows:#?}");
    bob.type_in("\x1b2"); // Alt-2
    bob.wait_for("ann while bob was away");
    bob.type_in("/part\r");
    bob.wait_for("-- you left @anne --");
    quit(bob);
    assert_eq!(listed(&server), "dev @bob+cid!");
    let mut bob = console(state.path(), &server, &[]);
    wait_for_status(&mut bob, "[dev] bob · live");
    bob.type_in("\x1b2");
    bob.wait_for("cid while bob was away");
    let (mut other, _) = TestClient::hello(server.address, "other");
    other.send(&json!({"type": "direct", "to": "bob", "cid": "2", "text": "I am new here"}));
    wait_for_status(&mut bob, "new in @other");
    assert_eq!(listed(&server), "dev @bob+cid!", "it is not read yet");
    bob.type_in("\x1b3");
    bob.wait_for("I am new here");
    bob.type_in("/msg other welcome\r");
    while other.receive_type("post")["user"] != "bob" {}
    assert_eq!(listed(&server), "dev @bob+cid! @bob+other");
}

#[test]
fn rooms_of_the_person_take_the_place_of_the_lobby_that_nobody_named() {
    let server = TestServer::start(&[]);
    let state = tempfile::tempdir().unwrap();
    quit({
        let mut bob = console(state.path(), &server, &["--room", "dev"]);
        wait_for_status(&mut bob, "[dev] bob · live");
        bob
    });
    let mut bob = console(state.path(), &server, &[]);
    wait_for_status(&mut bob, "[dev] bob · live");
    assert_eq!(listed(&server), "dev", "it has not joined the lobby");
    let rows = bob.wait_for("/help");
    assert!(!rows.concat().contains("lobby"), "{rows:#?}");
}

#[test]
fn what_an_older_console_had_muted_is_told_to_the_server_once() {
    let server = TestServer::start(&[]);
    let state = tempfile::tempdir().unwrap();
    quit({
        let mut bob = console(state.path(), &server, &["--room", "dev,ops"]);
        wait_for_status(&mut bob, "[dev] bob · live");
        bob.type_in("/quiet\r");
        bob.wait_for("-- joins and leaves are hidden --");
        bob
    });
    let servers = fs::read_dir(state.path().join("talk")).unwrap();
    let mut files = servers.map(|server| server.unwrap().path().join("+preferences"));
    let file = files.find(|file| file.exists()).unwrap();
    fs::write(&file, "quiet\nmute dev\nmute later\nmute @ann+bob\n").unwrap();
    let mut bob = console(state.path(), &server, &[]);
    wait_for_status(&mut bob, "[dev] bob · live");
    bob.type_in("/unmute\r");
    bob.wait_for("-- #dev is no longer muted --");
    bob.type_in("/join later\r");
    wait_for_status(&mut bob, "[later] bob · live");
    bob.type_in("/unmute ops\r");
    bob.wait_for("!! #ops is not muted (muted: #later, @ann)");
    assert_eq!(listed(&server), "dev ops later!");
    assert_eq!(fs::read_to_string(&file).unwrap(), "quiet\nmute @ann+bob\n");
}

#[test]
fn of_fifty_rooms_that_come_back_plain_lines_are_those_of_the_current_one() {
    let server = TestServer::start(&["--limit", "new-rooms=100", "--rate", "0"]);
    let mut bob = TestClient::connect(server.address);
    let names: Vec<String> = (0..50).map(|n| format!("room{n}")).collect();
    let joins: Vec<Value> = names.iter().map(|room| json!({"room": room})).collect();
    bob.send(&json!({"type": "hello", "user": "bob", "token": KEY, "join": joins}));
    names.iter().for_each(|_| drop(bob.receive_type("joined")));
    let (mut ann, _) = TestClient::joined(server.address, "ann", "room0");
    for (n, room) in names.iter().enumerate() {
        ann.send(&json!({"type": "join", "room": room}));
        for line in 0..=n % 3 {
            let cid = format!("{n}x{line}");
            ann.post(room, &cid, &format!("line {line} of {room}"));
            ann.receive_with_cid(&cid);
        }
        if n % 10 == 0 {
            bob.send(&json!({"type": "mark", "room": room, "seq": 1}));
            bob.round_trip();
        }
    }
    let state = tempfile::tempdir().unwrap();
    let mut bob = console(state.path(), &server, &["--plain"]);
    let rows = bob.wait_for("you are in 49 more rooms; unread: ");
    let text = rows.join(" ");
    assert!(text.contains("#room1 2, #room2 3, #room3 1"), "{rows:#?}");
    assert!(text.contains("#room9 1, #room10 1, #room11 3"), "#room10 was read to #1: {rows:#?}");
    assert!(text.contains("ann line 0 of room0"), "{rows:#?}");
    assert!(!text.contains("line 0 of room1"), "{rows:#?}");
    bob.type_in("/join room1\r/history\r");
    bob.wait_for("ann line 1 of room1");
    ann.post("room2", "new", "just now");
    bob.wait_for("#room2");
    bob.wait_for("ann just now");
}

#[test]
fn scripts_and_pipes_join_and_leave_nothing() {
    let server = TestServer::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let mut bob = console(state.path(), &server, &["--room", "dev"]);
    wait_for_status(&mut bob, "[dev] bob · live");
    let key = key_file(state.path());
    let run = |flags: &[&str], input: &str| {
        let own = ["--user", "bob", "--token-file", &key];
        let flags: Vec<&str> = own.into_iter().chain(flags.to_vec()).collect();
        let (code, _, err) = piped_console::run(server.address, &flags, input.as_bytes());
        assert_eq!(code, 0, "{err}");
    };
    run(&["--room", "builds", "--send", "green"], "");
    run(&["--room", "builds", "--since", "all"], "");
    run(&["--room", "builds"], "a line\n");
    run(
        &["--room", "builds,dev", "--commands"],
        "in builds\n/part builds\n/part dev\n/join other\n",
    );
    assert_eq!(listed(&server), "dev");
    let rows = bob.wait_for("· live ·");
    assert!(status(&rows).starts_with("[dev]") && !rows.concat().contains("you left"), "{rows:#?}");
}
