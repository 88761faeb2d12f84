//! Admission: passwords, connection slots, limits for each address, trusted proxies.

use std::fs::{self, File};
use std::process::Command;
use std::thread;

use serde_json::json;

use crate::support::raw_client::{UPGRADE, text};
use crate::support::under_attack::under_attack;
use crate::support::{RawClient, TestClient, TestServer};

#[test]
fn a_server_with_a_password_accepts_only_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "open sesame\nthe rest is a comment\n").unwrap();
    let server = TestServer::start(&["--password-file", file.to_str().unwrap()]);
    for password in [json!(null), json!("open"), json!("open sesame!")] {
        let mut peer = TestClient::connect(server.address);
        let mut hello = json!({"type": "hello", "user": "bob"});
        if !password.is_null() {
            hello["password"] = password;
        }
        peer.send(&hello);
        assert_eq!(peer.receive_error(), "forbidden");
        assert_eq!(peer.receive_close(), 4401);
    }
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": "bob", "password": "open sesame"}));
    assert_eq!(peer.receive()["type"], "welcome");
}

#[test]
fn the_motd_is_in_the_welcome() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motd");
    fs::write(&file, "Be kind.\n").unwrap();
    let server = TestServer::start(&["--motd", file.to_str().unwrap()]);
    assert_eq!(TestClient::hello(server.address, "bob").1["motd"], "Be kind.");
}

#[test]
fn a_connection_beyond_the_limit_gets_503_and_a_freed_slot_is_used_again() {
    under_attack(&["--max-clients", "4"], |server| {
        let first = RawClient::welcomed(server.address, "first");
        let _second = RawClient::welcomed(server.address, "second"); // with the first, both slots are taken
        let mut third = RawClient::connect(server.address);
        third.send(UPGRADE.as_bytes());
        let refusal = String::from_utf8(third.read_to_end()).unwrap();
        assert!(
            refusal.starts_with("HTTP/1.1 503") && refusal.contains("Retry-After: "),
            "{refusal}"
        );
        assert_eq!(refusal.matches("\r\nDate: ").count(), 1, "{refusal}");
        drop(first);
        loop {
            let mut again = RawClient::connect(server.address);
            again.send(UPGRADE.as_bytes());
            if again.read_exactly(12).ends_with(b"101") {
                break;
            }
        }
    });
}

#[test]
fn the_limit_of_connections_of_an_address_holds() {
    under_attack(&["--max-per-address", "3"], |server| {
        let _held: Vec<RawClient> =
            (0..3).map(|n| RawClient::welcomed(server.address, &format!("user{n}"))).collect();
        let mut fourth = RawClient::connect(server.address);
        fourth.send(UPGRADE.as_bytes());
        assert!(fourth.read_to_end().starts_with(b"HTTP/1.1 429"));
        let mut head = RawClient::connect(server.address);
        head.send(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let refusal = head.read_to_end();
        assert!(refusal.starts_with(b"HTTP/1.1 429") && refusal.ends_with(b"\r\n\r\n"), "no body");
    });
}

#[test]
fn the_limit_of_new_websockets_of_an_address_holds() {
    under_attack(&["--max-per-address", "64"], |server| {
        for _ in 0..120 {
            drop(RawClient::upgraded(server.address));
        }
        let mut more = RawClient::connect(server.address);
        more.send(UPGRADE.as_bytes());
        assert!(more.read_to_end().starts_with(b"HTTP/1.1 429"));
    });
}

/// An upgrade request of a proxy that names its client's address.
fn upgrade_for(hops: &str) -> Vec<u8> {
    UPGRADE.replacen("\r\n\r\n", &format!("\r\nX-Forwarded-For: {hops}\r\n\r\n"), 1).into()
}

/// The status line's code, and the connection.
fn asked(server: &TestServer, request: &[u8]) -> (String, RawClient) {
    let mut raw = RawClient::connect(server.address);
    raw.send(request);
    let head = String::from_utf8(raw.read_exactly(12)).unwrap();
    (head.strip_prefix("HTTP/1.1 ").unwrap().to_owned(), raw)
}

#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_slots() {
    under_attack(&["--max-per-address", "2", "--trust-proxy", "127.0.0.0/8"], |server| {
        let mut held = Vec::new();
        for hops in ["192.0.2.1", "203.0.113.9, 192.0.2.1", "192.0.2.2", "[2001:db8::1]:4711"] {
            let (status, raw) = asked(server, &upgrade_for(hops));
            assert_eq!(status, "101", "{hops}");
            held.push(raw);
        }
        for hops in ["192.0.2.1", "192.0.2.2, 192.0.2.1", "192.0.2.1, 127.0.0.9"] {
            let (status, mut raw) = asked(server, &upgrade_for(hops));
            assert_eq!(status, "429", "{hops}");
            let rest = String::from_utf8(raw.read_to_end()).unwrap();
            assert!(rest.contains("\r\nRetry-After: 60\r\n"), "{rest}");
        }
        // A request of the proxy itself counts for the proxy.
        for _ in 0..2 {
            let (status, raw) = asked(server, UPGRADE.as_bytes());
            assert_eq!(status, "101");
            held.push(raw);
        }
        assert_eq!(asked(server, &upgrade_for("unknown")).0, "429");
    });
}

#[test]
fn a_proxy_that_is_trusted_may_hold_more_connections_than_one_client() {
    under_attack(&["--max-per-address", "1", "--trust-proxy", "127.0.0.1"], |server| {
        let mut silent: Vec<RawClient> =
            (0..5).map(|_| RawClient::connect(server.address)).collect();
        for (n, raw) in silent.iter_mut().enumerate() {
            raw.send(&upgrade_for(&format!("192.0.2.{n}")));
            assert_eq!(raw.read_exactly(12), b"HTTP/1.1 101");
        }
    });
}

#[test]
fn a_slot_behind_a_proxy_is_free_again_when_its_connection_ends() {
    under_attack(&["--max-per-address", "1", "--trust-proxy", "127.0.0.1"], |server| {
        let page = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
        let mut first = RawClient::connect(server.address);
        first.send(page);
        assert!(first.read_to_end().starts_with(b"HTTP/1.1 200"));
        drop(first);
        while asked(server, &upgrade_for("192.0.2.1")).0 != "101" {}
    });
}

#[test]
fn new_websockets_are_counted_by_the_client_s_address_too() {
    under_attack(&["--max-per-address", "64", "--trust-proxy", "127.0.0.1"], |server| {
        for _ in 0..120 {
            let (status, _) = asked(server, &upgrade_for("192.0.2.1"));
            assert_eq!(status, "101");
        }
        assert_eq!(asked(server, &upgrade_for("192.0.2.1")).0, "429");
        assert_eq!(asked(server, &upgrade_for("192.0.2.2")).0, "101");
    });
}

#[test]
fn a_client_that_is_no_trusted_proxy_is_counted_by_its_own_address() {
    for flags in
        [&["--max-per-address", "2"][..], &["--max-per-address", "2", "--trust-proxy", "::1"]]
    {
        let server = TestServer::start(flags);
        let _held: Vec<RawClient> =
            (0..2).map(|n| asked(&server, &upgrade_for(&format!("192.0.2.{n}"))).1).collect();
        assert_eq!(asked(&server, &upgrade_for("192.0.2.9")).0, "429", "{flags:?}");
    }
}

#[test]
fn the_log_names_the_client_and_not_its_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.stderr(File::create(&log).unwrap());
    let flags = ["-vv", "--trust-proxy", "127.0.0.1"];
    let server = TestServer::start_by(&mut command, &folder.path().join("data"), &flags);
    let (_, mut client) = asked(&server, &upgrade_for("198.51.100.9, 192.0.2.1"));
    client.send(&text(r#"{"type":"hello","user":"bob"}"#));
    let lost = b"GET /lost HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n";
    asked(&server, lost);
    let log_text = loop {
        let log_text = fs::read_to_string(&log).unwrap();
        if log_text.contains("user=bob") && log_text.contains("status=404") {
            break log_text;
        }
        thread::yield_now();
    };
    assert!(log_text.contains("address=192.0.2.1 user=bob"), "{log_text}");
    assert!(log_text.contains("address=192.0.2.2 status=404"), "{log_text}");
}
