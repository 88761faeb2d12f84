//! `--limit`: each limit holds with the value that the operator has set.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::commands::server;
use crate::support::raw_client::{RawClient, UPGRADE, frame, text};
use crate::support::under_attack::under_attack;
use crate::support::{TestClient, TestServer};

/// Everything the server answers to `bytes`, to the end of the connection.
fn answer(address: SocketAddr, bytes: &str) -> String {
    let mut raw = RawClient::connect(address);
    raw.send(bytes.as_bytes());
    String::from_utf8(raw.read_to_end()).unwrap()
}

#[test]
fn docs_limits_has_the_table_that_the_server_prints() {
    let printed =
        Command::new(env!("CARGO_BIN_EXE_server")).args(["limits", "--markdown"]).output();
    let table = String::from_utf8(printed.unwrap().stdout).unwrap();
    assert!(table.lines().count() > 20);
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    assert!(
        fs::read_to_string(document).unwrap().contains(&table),
        "the document must have:\n{table}"
    );
}

#[test]
fn an_unknown_or_invalid_limit_is_refused_with_the_possible_ones() {
    for (limit, said) in [
        ("mesage=64KiB", "did you mean message?"),
        ("message", "is not NAME=VALUE, like message=256KiB"),
        ("message=lots", "is not a size like"),
        ("hello-wait=10", "is not a time like"),
        ("json-depth=100000", "is not between 3 and 128"),
        ("backlog=99999999999999999999MiB", "is not a size like"),
    ] {
        let refused = server(&["--limit", limit], Path::new("never-made"));
        assert_eq!(refused.status.code(), Some(2), "{limit}");
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{limit}: {stderr}");
    }
}

#[test]
fn the_limit_of_a_head_holds() {
    let flags = ["request-line=64", "header-line=64", "headers=8", "head=300"];
    let flags: Vec<&str> = flags.iter().flat_map(|limit| ["--limit", limit]).collect();
    let server = TestServer::start(&flags);
    let with = |header: &str| UPGRADE.replace("\r\n\r\n", &format!("\r\n{header}\r\n\r\n"));
    for (request, status) in [
        (UPGRADE.replace("/ws", &format!("/{}", "x".repeat(60))), "414"),
        (with(&format!("X: {}", "y".repeat(62))), "431"),
        (with("A: b\r\nC: d\r\nE: f\r\nG: h"), "431"),
        (with(&format!("A: {0}\r\nC: {0}\r\nE: {0}", "y".repeat(60))), "431"),
    ] {
        let answer = answer(server.address, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    RawClient::upgraded(server.address);
}

/// A fragment of so many bytes, and a ping behind it: the pong shows that the server has read the fragment.
fn begin_message(peer: &mut RawClient, bytes: usize) {
    peer.send(&[frame(0x01, &vec![b'x'; bytes], true), frame(0x89, b"?", true)].concat());
}

const PONG: (u8, &[u8]) = (0x8a, b"?");

#[test]
fn unfinished_messages_share_a_limit_and_the_largest_is_closed() {
    under_attack(&["--limit", "partial-messages=100KiB"], |server| {
        let [mut ann, mut ben, mut cat] =
            ["ann", "ben", "cat"].map(|n| RawClient::welcomed(server.address, n));
        for (peer, bytes) in [(&mut ann, 40_000), (&mut ben, 60_000), (&mut cat, 40_000)] {
            begin_message(peer, bytes);
            assert_eq!(peer.read_frame(), (PONG.0, PONG.1.to_vec()));
        }
        assert_eq!(ben.read_close(), 1013, "the largest made place for the newest");
        let mut early = RawClient::upgraded(server.address);
        begin_message(&mut early, 60_000);
        assert_eq!(early.read_close(), 1013, "it would be the largest itself, and has no name yet");
        for peer in [&mut ann, &mut cat] {
            peer.send(&frame(0x80, b"", true));
            assert!(peer.read_text().contains("bad_json"));
        }
        let (mut fourth, _) = TestClient::hello(server.address, "dan");
        fourth.round_trip();
    });
}

#[test]
fn a_message_in_two_packets_is_accepted_while_others_hold_all_unfinished_messages() {
    let flags = ["--max-per-address", "64", "--limit", "partial-messages=1MiB"];
    under_attack(&[&flags[..], &["--trust-proxy", "127.0.0.1"]].concat(), |server| {
        let welcomed = |address: &str, user: &str| {
            let mut raw = RawClient::connect(server.address);
            let forwarded = format!("\r\nX-Forwarded-For: {address}\r\n\r\n");
            raw.send(UPGRADE.replacen("\r\n\r\n", &forwarded, 1).as_bytes());
            raw.read_switching();
            raw.send(&text(&json!({"type": "hello", "user": user}).to_string()));
            assert!(raw.read_text().contains("welcome"), "{user}");
            raw
        };
        // 18 addresses fill what an address may have, as far as the limit for all goes.
        let mut greedy = Vec::new();
        for n in 0..18 {
            for part in ["a", "b"] {
                let mut raw = welcomed(&format!("192.0.2.{n}"), &format!("greedy{n}{part}"));
                begin_message(&mut raw, 40_000);
                raw.read_frame(); // a pong, or a Close: the server has read the fragment
                greedy.push(raw);
            }
        }
        let mut ben = welcomed("198.51.100.7", "ben");
        let long = "x".repeat(20_000);
        for body in
            [json!({"type": "rooms", "": long[..3_000]}), json!({"type": "rooms", "": long})]
        {
            let wire = text(&body.to_string());
            let (first, second) = wire.split_at(wire.len() - 100);
            for _ in 0..10 {
                ben.send(first);
                ben.send(second);
                assert!(ben.read_text().contains("\"rooms\""));
            }
        }
        drop(greedy);
    });
}

#[test]
fn the_limit_of_rooms_holds() {
    // Without lobby, which is not counted: square, one and two.
    under_attack(&["--limit", "rooms=3", "--limit", "rooms-per-client=2"], |server| {
        let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
        let join = |peer: &mut TestClient, room: &str| {
            peer.send(&json!({"type": "join", "room": room}));
            loop {
                let received = peer.receive();
                match received["type"].as_str() {
                    Some("joined") => return String::from("joined"),
                    Some("error") => return received["code"].as_str().unwrap().to_owned(),
                    _ => {}
                }
            }
        };
        assert_eq!(join(&mut ann, "one"), "joined");
        assert_eq!(join(&mut ann, "two"), "too_many_rooms");
        let (mut ben, _) = TestClient::hello(server.address, "ben");
        assert_eq!(join(&mut ben, "two"), "joined");
        assert_eq!(join(&mut ben, "three"), "too_many_rooms");
        assert_eq!(join(&mut ben, "one"), "joined");
    });
}

#[test]
fn the_limits_of_json_hold() {
    under_attack(&["--limit", "json-depth=3", "--limit", "json-members=12"], |server| {
        let mut raw = RawClient::welcomed(server.address, "ann");
        let members: Vec<String> = (0..11).map(|n| format!("\"{n}\":0")).collect();
        let wide = |more: &str| format!("{{\"type\":\"rooms\",{}{more}}}", members.join(","));
        raw.send(&text(&wide("")));
        assert!(raw.read_text().contains("\"rooms\""));
        raw.send(&text(&wide(",\"12\":0")));
        assert!(raw.read_text().contains("too many members"));
        raw.send(&text(r#"{"type":"rooms","a":[[1]]}"#));
        assert!(raw.read_text().contains("\"rooms\""));
        raw.send(&text(r#"{"type":"rooms","a":[[[1]]]}"#));
        assert!(raw.read_text().contains("too deeply"));
    });
}

#[test]
fn too_many_wrong_passwords_lock_out_their_address() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "open sesame\n").unwrap();
    let secret = secret.to_str().unwrap();
    let flags = ["--password-file", secret, "--max-per-address", "64"];
    let server = TestServer::start(&[&flags[..], &["--limit", "wrong-passwords=2"]].concat());
    let hello = |password: &str| {
        let mut peer = TestClient::connect(server.address);
        peer.send(&json!({"type": "hello", "user": "ann", "password": password}));
        let received = peer.receive();
        (received["code"].as_str().map(str::to_owned), peer)
    };
    let (refused, mut peer) = hello("guess");
    assert_eq!((refused.as_deref(), peer.receive_close()), (Some("forbidden"), 4401));
    let (refused, mut ann) = hello("open sesame");
    assert_eq!(refused, None);
    let mut early = TestClient::connect(server.address); // before the second guess
    assert_eq!(hello("open").0.as_deref(), Some("forbidden"));
    let refused = answer(server.address, UPGRADE);
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    let wait = refused.split("\r\nRetry-After: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{refused}");
    assert!(refused.contains("\r\nTalk-Refused: wrong-passwords\r\n"), "{refused}");
    let plain = answer(server.address, "GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(plain.contains("\r\nTalk-Refused: wrong-passwords\r\n"), "the page asks: {plain}");
    early.send(&json!({"type": "hello", "user": "ben", "password": "open sesame"}));
    let refused = early.receive();
    assert_eq!(refused["code"], "rate_limited", "the right password is refused as well");
    assert!((1..=60_000).contains(&refused["retry_ms"].as_u64().unwrap()), "{refused}");
    assert_eq!(early.receive_close(), 1013);
    ann.round_trip();
}
