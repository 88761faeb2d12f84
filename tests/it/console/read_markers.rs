//! When a console sends its read marker: against a server that follows a script.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::scripted_server::{ScriptedServer, listener};
use crate::support::terminal::{Terminal, status};

fn mark(seq: u64) -> serde_json::Value {
    json!({"type": "mark", "room": "lobby", "seq": seq})
}

#[test]
fn a_read_marker_is_sent_every_two_seconds_at_most_and_when_leaving() {
    let listener = listener();
    let mut bob = Terminal::start(listener.local_addr().unwrap(), "bob", &[]);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    let before = Instant::now();
    server.send_record(1, "ann", &json!("c1"), "one");
    assert_eq!(server.receive(), mark(1));
    server.send_record(2, "ann", &json!("c2"), "two");
    server.send_record(3, "ann", &json!("c3"), "three");
    assert_eq!(server.receive(), mark(3));
    assert!(before.elapsed() >= Duration::from_millis(1_990), "{:?}", before.elapsed());
    server.send_record(4, "ann", &json!("c4"), "four");
    bob.wait_for(" ann four");
    bob.type_in("/quit\r");
    assert_eq!(server.receive(), mark(4), "before the Close");
    while server.0.read().is_ok() {} // its Close is answered
    assert_eq!(bob.wait_exit(), 0);
}

#[test]
fn a_server_without_read_markers_gets_none_and_no_error_is_shown() {
    let listener = listener();
    let mut bob = Terminal::start(listener.local_addr().unwrap(), "bob", &[]);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(1, 0);
    server.send_record(1, "ann", &json!("c1"), "one");
    assert_eq!(server.receive(), mark(1));
    server.send(json!({"type": "error", "code": "unknown_type", "message": "what?"}));
    server.send_record(2, "ann", &json!("c2"), "two");
    let rows = bob.wait_for(" ann two");
    assert!(!rows.concat().contains("!!"), "{rows:#?}");
    bob.type_in("/quit\r");
    let mut received = Vec::new();
    while let Ok(message) = server.0.read() {
        received.extend(message.to_text().map(str::to_owned).ok().filter(|_| message.is_text()));
    }
    assert!(received.is_empty(), "{received:?}");
    assert_eq!(bob.wait_exit(), 0);
}

#[test]
fn a_script_sends_no_read_marker() {
    let listener = listener();
    let home = tempfile::tempdir().unwrap();
    let mut script = Command::new(env!("CARGO_BIN_EXE_console"));
    script.args(["--server", &listener.local_addr().unwrap().to_string(), "--user", "bob"]);
    script.arg("--commands");
    script.env("XDG_STATE_HOME", home.path()).env_remove("TALK_ROOM");
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut script = script.spawn().unwrap();
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    server.send_record(1, "ann", &json!("c1"), "one");
    script.stdin.take().unwrap().write_all(b"/msg ann hi\n").unwrap();
    let room = "@-+00112233445566778899aabbccddeeff";
    assert_eq!(server.receive(), json!({"type": "join", "peer": "ann"}));
    server.send(
        json!({"type": "joined", "room": room, "peer": "ann", "asked": "ann", "log": "P1", "first": 1, "head": 1, "since": 0,
        "reset": false, "count": 2}),
    );
    let record = |seq: u64, user: &str, cid: &str, text: &str| {
        json!({"type": "post", "room": room, "seq": seq, "at": 1_700_000_000_000_u64,
            "user": user, "cid": cid, "text": text})
    };
    server.send(record(1, "ann", "c1", "of before"));
    let post = server.receive();
    assert_eq!((&post["room"], &post["text"]), (&room.into(), &"hi".into()));
    server.send(record(2, "bob", post["cid"].as_str().unwrap(), "hi"));
    while let Ok(message) = server.0.read() {
        assert!(!message.is_text(), "{message}");
    }
    let output = script.wait_with_output().unwrap();
    let said: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    let (days, said): (Vec<String>, Vec<String>) =
        said.into_iter().partition(|l| l.ends_with(" --"));
    assert_eq!(days.len(), 2, "one for each room: {days:?}");
    let ends = ["ann one", "bob hi"];
    assert!(
        said.len() == 2 && said.iter().zip(ends).all(|(line, end)| line.ends_with(end)),
        "{said:?}"
    );
    assert!(said[1].starts_with("[@ann] ") && !said[0].starts_with('['), "{said:?}");
}

#[test]
fn a_room_joined_by_the_server_is_shown_and_left_when_the_server_leaves_it() {
    let listener = listener();
    let mut bob = Terminal::start(listener.local_addr().unwrap(), "bob", &[]);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    bob.wait_until("it is live", |rows| status(rows).contains("· live ·"));
    let room = "@ann+bob";
    server.send(
        json!({"type": "joined", "room": room, "log": "P1", "first": 1, "head": 4, "since": 4,
        "reset": false, "marked": 2, "count": 2, "members": ["ann", "bob"]}),
    );
    server.send(json!({"type": "post", "room": room, "seq": 5, "at": 1_700_000_000_000_u64,
        "user": "ann", "cid": "c5", "text": "psst"}));
    bob.wait_for("-- direct message from ann: Alt-2 to open, /r TEXT to reply --");
    bob.type_in("/join @ann\r");
    let rows = bob.wait_for(" ann psst");
    assert!(status(&rows).starts_with("[@ann] bob · live · 2 people"), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("2 unread messages above")), "{rows:#?}");
    assert_eq!(server.receive(), json!({"type": "mark", "room": room, "seq": 5}));
    bob.type_in("/history\r");
    let asked = json!({"type": "history", "room": room, "before": 5, "limit": 100});
    assert_eq!(server.receive_action(), asked);
    server.send(json!({"type": "left", "room": room}));
    bob.wait_until("it is gone", |rows| status(rows).starts_with("[lobby] "));
}
