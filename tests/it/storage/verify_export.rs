//! The `verify` and `export` commands.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::commands::{exported, failed, log_file, printed, server};
use crate::support::{TestClient, TestServer};

#[test]
fn verify_and_export_work_beside_a_running_server() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &["--sync", "interval"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                bob.post("lobby", &format!("c{n}"), &"x".repeat(2_000));
                bob.receive_own("bob", &format!("c{n}"));
            }
        });
        let mut seen = 0;
        for _ in 0..10 {
            let out = printed(&["verify"], data.path());
            assert!(out.is_empty() || out.contains("intact"), "{out}");
            if !log_file(data.path()).exists() {
                continue;
            }
            let records = exported(data.path());
            assert!(records.len() >= seen);
            seen = records.len();
            assert!((1..).zip(&records).all(|(seq, record)| record["seq"] == seq));
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn export_has_a_format_for_people_and_one_for_programs() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    bob.post("lobby", "c1", "two\n<eve> lines");
    let one = bob.receive_own("bob", "c1");
    bob.send(&json!({"type": "post", "room": "lobby", "cid": "c2", "text": "waves", "kind": "me"}));
    let two = bob.receive_own("bob", "c2");
    bob.send(&json!({"type": "post", "room": "lobby", "cid": "c3", "text": "hi", "reply": 1}));
    let three = bob.receive_own("bob", "c3");
    let text = printed(&["export", "lobby"], data.path());
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("Z <bob> two") && lines[1] == "    <eve> lines", "{text}");
    assert!(lines[2].ends_with("Z * bob waves"), "{text}");
    assert!(lines[3].ends_with("Z ↳ 1 <bob> hi"), "{text}");
    assert_eq!(exported(data.path()), [one, two, three.clone()]);
    let since = printed(&["export", "lobby", "--format", "jsonl", "--since", "2"], data.path());
    assert_eq!(serde_json::from_str::<Value>(&since).unwrap(), three);
}

#[test]
fn export_prints_no_error_when_its_reader_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    for n in 0..40 {
        bob.post("lobby", &format!("c{n}"), &"x".repeat(4_000));
    }
    bob.receive_own("bob", "c39");
    let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
        .args(["export", "lobby", "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(child.wait().unwrap().success());
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(error, "");
}

#[test]
fn the_commands_have_help_and_refuse_unknown_arguments() {
    for (command, word) in [
        ("verify", "while a server is running"),
        ("repair", ".damaged"),
        ("export", "jq"),
        ("remove", "for ever"),
    ] {
        let help = server(&[command, "--help"], Path::new("."));
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(word) && help.contains("--data DIR"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
    let cases: BTreeMap<&[&str], &str> = BTreeMap::from([
        (&["repair"][..], "which room?"),
        (&["export"], "which room?"),
        (&["remove"], "which room?"),
        (&["remove", "../lobby"], "is not a room name"),
        (&["export", "a", "b"], "only one room"),
        (&["export", "Two Words"], "is not a room name"),
        (&["export", "lobby", "--format", "xml"], "text or jsonl"),
        (&["--quiet", "verify"], "put verify first"),
    ]);
    for (args, part) in cases {
        let output = server(args, Path::new("/nowhere"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
    }
    let (_, error) = failed(&["verify"], Path::new("/nowhere"));
    assert!(error.contains("/nowhere is not a data directory"), "{error}");
}
