//! The built console on a real pseudo-terminal: typing, drawing, leaving.

use serde_json::json;

use crate::support::terminal::{Terminal, input, status};
use crate::support::{TestClient, TestServer};

#[test]
fn two_consoles_see_the_same_messages_once_and_in_one_order() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let mut ann = Terminal::live(server.address, "ann");
    for round in 0..3 {
        bob.type_in(&format!("from bob {round}\r"));
        ann.type_in(&format!("from ann {round}\r"));
    }
    let said = |rows: &[String]| -> Vec<String> {
        rows.iter()
            .filter_map(|row| row.split_once(" from ").map(|(_, rest)| rest.to_owned()))
            .collect()
    };
    let all = |rows: &[String]| said(rows).len() == 6 && !rows.concat().contains('…');
    let [of_bob, of_ann] = [&mut bob, &mut ann].map(|one| said(&one.wait_until("all six", all)));
    assert_eq!(of_bob, of_ann);
    for (round, who) in (0..3).flat_map(|round| [(round, "bob"), (round, "ann")]) {
        let line = format!("{who} {round}");
        assert_eq!(of_bob.iter().filter(|said| **said == line).count(), 1, "{line}");
    }
}

#[test]
fn a_paste_is_one_message_and_runs_nothing() {
    let server = TestServer::start(&[]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut bob = Terminal::live(server.address, "bob");
    let lines: Vec<String> = (1..=100).map(|line| format!("line {line}")).collect();
    bob.type_in("\x1b[200~/quit\r\nyes\r\x1b[201~\r");
    bob.wait_for("!! /quit takes one line: nothing was sent (//… sends it as text)");
    bob.type_in("\x03"); // ^C
    let paste = format!("\x1b[200~//quit\r\n{}\r\x00\x1b[201~", lines.join("\r"));
    bob.type_in(&paste);
    bob.wait_for("left out of the paste");
    bob.wait_for("paste 101 lines? y or n:");
    bob.type_in("y");
    bob.wait_for("  line 100");
    bob.type_in(" end\r");
    assert_eq!(ann.receive_type("post")["text"], format!("/quit\n{} end", lines.join("\n")));

    bob.type_bytes(b"\xff\xfeok\r");
    assert_eq!(ann.receive_type("post")["text"], "ok");
}

#[test]
fn a_resized_terminal_is_redrawn_with_the_whole_input_line() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    let text = "a line that is a good deal longer than the terminal will soon be wide";
    bob.type_in(text);
    bob.wait_until("it is typed", |rows| input(rows) == text);
    bob.resize(12, 40);
    bob.wait_until("it is broken at 40", |rows| {
        let rows: Vec<&String> = rows.iter().filter(|row| row.len() > 30).collect();
        rows.iter().all(|row| row.len() < 40) && rows.iter().any(|row| row.starts_with("> a line"))
    });
    bob.type_in(" !\r");
    bob.wait_until("it is sent", |rows| {
        rows.concat().contains("soon be wide !") && input(rows).is_empty()
    });
}

#[test]
fn leaving_restores_the_terminal() {
    let server = TestServer::start(&[]);
    let ways = ["/quit\r", "\x04", "\x03\x03", "half a line\x03\x03\x03", "bye\r/quit\r"];
    for (keys, user) in ways.into_iter().zip(["a", "b", "c", "d", "e"]) {
        let mut console = Terminal::live(server.address, user);
        console.type_in(keys);
        assert_eq!(console.wait_exit(), 0, "{keys:?}");
    }
    let (_, joined) = TestClient::joined(server.address, "ann", "lobby");
    assert_eq!(joined["head"], 1, "the last message was stored");
}

#[test]
fn a_taken_name_that_is_given_up_ends_the_console_with_a_hint_and_a_restored_terminal() {
    let server = TestServer::start(&[]);
    let (_bob, _) = TestClient::hello(server.address, "bob");
    let mut bob = Terminal::start(server.address, "bob", &[]);
    bob.wait_for("Key:");
    bob.type_in("\r");
    bob.wait_for("console: the name bob is in use (try another with --user");
    assert_eq!(bob.wait_exit(), 1);
}

#[test]
fn a_restarted_server_gets_what_was_sent_once_and_in_order() {
    let mut server = TestServer::start(&[]);
    let address = server.address;
    let mut bob = Terminal::live(address, "bob");
    server.kill();
    bob.wait_until("it is reported", |rows| status(rows).contains("offline, reconnecting in"));
    bob.type_in("first\rsecond\rhalf");
    bob.wait_until("both wait", |rows| {
        ["  …   bob first", "  …   bob second"].iter().all(|row| rows.iter().any(|r| r == row))
            && input(rows) == "half"
    });
    let _server = TestServer::start(&["--bind", &address.to_string()]);
    bob.type_in("\x1b[D\x1b[C"); // typing goes on meanwhile
    let rows = bob.wait_until("it is live", |rows| {
        let is_said = |row: &String| row.ends_with(" bob second") && !row.contains('…');
        status(rows).contains("· live ·") && rows.iter().any(is_said)
    });
    assert_eq!(input(&rows), "half");
    assert!(!rows.concat().contains('…'), "{rows:#?}");

    let (mut ann, _) = TestClient::hello(address, "ann");
    ann.send(&json!({"type": "join", "room": "lobby"}));
    let texts =
        [ann.receive_type("post"), ann.receive_type("post")].map(|record| record["text"].clone());
    assert_eq!(texts, ["first", "second"]);
    bob.type_in(" done\r");
    assert_eq!(ann.receive_type("post")["text"], "half done");
}

#[test]
fn rooms_are_joined_shown_and_left() {
    let server = TestServer::start(&[]);
    let mut bob = Terminal::live(server.address, "bob");
    // In one write: the input after a join is for the new room, and goes there.
    bob.type_in("/join rust\rhello rust\r/jion x\r");
    bob.wait_for("did you mean /join?");
    let is_said = |row: &String| row.ends_with(" bob hello rust") && !row.contains('…');
    bob.wait_until("it is stored", |rows| rows.iter().any(is_said));
    let (mut ann, joined) = TestClient::joined(server.address, "ann", "rust");
    assert_eq!(joined["head"], 1);
    assert_eq!(ann.receive_type("post")["text"], "hello rust");
    bob.type_in("\x15\x1b1"); // ^U, Alt-1
    bob.wait_until("the lobby", |rows| status(rows).starts_with("[lobby]"));
    ann.post("rust", "1", "psst");
    bob.wait_until("unread messages elsewhere", |rows| status(rows).ends_with(" · new in #rust"));
    bob.type_in("\x1ba");
    let rows = bob.wait_for(" ann psst");
    assert!(status(&rows).starts_with("[rust]"), "{rows:#?}");
    bob.type_in("\x1b[1;3D"); // Alt-←
    bob.wait_until("the lobby", |rows| status(rows).starts_with("[lobby]"));
    bob.type_in("\x1b[1;3C"); // Alt-→
    bob.wait_until("rust", |rows| status(rows).starts_with("[rust] bob · live · 2 people · #2"));
    bob.type_in("/part\r");
    bob.wait_until("back", |rows| status(rows).starts_with("[lobby]"));
}
