//! Who may come in: passwords, places, addresses.

use std::fs;

use serde_json::json;

use crate::support::raw::UPGRADE;
use crate::support::{Peer, Raw, Running};

#[test]
fn a_server_with_a_password_lets_in_who_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "open sesame\nthe rest is a comment\n").unwrap();
    let server = Running::start(&["--password-file", file.to_str().unwrap()]);
    for password in [json!(null), json!("open"), json!("open sesame!")] {
        let mut peer = Peer::connect(server.address);
        let mut hello = json!({"type": "hello", "user": "bob"});
        if !password.is_null() {
            hello["password"] = password;
        }
        peer.say(&hello);
        assert_eq!(peer.hear_error(), "forbidden");
        assert_eq!(peer.hear_close(), 4401);
    }
    let mut peer = Peer::connect(server.address);
    peer.say(&json!({"type": "hello", "user": "bob", "password": "open sesame"}));
    assert_eq!(peer.hear()["type"], "welcome");
}

#[test]
fn the_motd_is_in_the_welcome() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motd");
    fs::write(&file, "Be kind.\n").unwrap();
    let server = Running::start(&["--motd", file.to_str().unwrap()]);
    assert_eq!(Peer::hello(server.address, "bob").1["motd"], "Be kind.");
}

#[test]
fn one_more_than_there_is_room_for_gets_503_and_a_place_freed_is_used_again() {
    let server = Running::start(&["--max-clients", "2"]);
    let first = Raw::welcomed(server.address, "first");
    let _second = Raw::welcomed(server.address, "second");
    let mut third = Raw::connect(server.address);
    third.send(UPGRADE.as_bytes());
    let refusal = String::from_utf8(third.read_to_end()).unwrap();
    assert!(refusal.starts_with("HTTP/1.1 503") && refusal.contains("Retry-After: "), "{refusal}");
    drop(first);
    loop {
        let mut again = Raw::connect(server.address);
        again.send(UPGRADE.as_bytes());
        if again.read_exactly(12).ends_with(b"101") {
            break;
        }
    }
}

#[test]
fn one_address_may_hold_so_many_connections() {
    let server = Running::start(&["--max-per-address", "3"]);
    let _held: Vec<Raw> =
        (0..3).map(|n| Raw::welcomed(server.address, &format!("user{n}"))).collect();
    let mut fourth = Raw::connect(server.address);
    fourth.send(UPGRADE.as_bytes());
    assert!(fourth.read_to_end().starts_with(b"HTTP/1.1 429"));
}

#[test]
fn one_address_may_open_so_many_websockets_in_a_minute() {
    let server = Running::start(&["--max-per-address", "64"]);
    for _ in 0..120 {
        drop(Raw::upgraded(server.address));
    }
    let mut more = Raw::connect(server.address);
    more.send(UPGRADE.as_bytes());
    assert!(more.read_to_end().starts_with(b"HTTP/1.1 429"));
}
