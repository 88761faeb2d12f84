//! `console --check`: reports each step of a connection, and sends nothing to other users.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use crate::support::piped_console::run;
use crate::support::{TestClient, TestServer, read_head};

/// Runs `--check` on a server: the exit code, and its output.
fn check(server: SocketAddr, flags: &[&str]) -> (i32, String) {
    let (code, out, err) = run(server, &[&["--check"], flags].concat(), b"unread\n");
    assert_eq!(err.is_empty(), code == 0, "{err}");
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    (code, out)
}

/// A server that answers every request with these bytes.
fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn a_working_connection_is_reported_step_by_step_and_no_user_notices() {
    let server = TestServer::start(&["--max-text", "1234", "--rate", "7", "--burst", "9"]);
    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let (code, out) = check(server.address, &[]);
    assert_eq!(code, 0, "{out}");
    for line in [
        "ok  name        127.0.0.1 is 127.0.0.1",
        "ok  connection  127.0.0.1:",
        "ok  upgrade     a WebSocket in ",
        "ok  clock       same as this computer",
        concat!("ok  server      talk/", env!("CARGO_PKG_VERSION")),
        "ok  password    not needed",
        "ok  messages    up to 1234 bytes, 7 a second, 9 at once",
        "ok  round trip  ",
    ] {
        assert!(out.lines().any(|said| said.starts_with(line)), "{line}: {out}");
    }
    assert!(out.contains("of 5 pings"), "{out}");
    ann.receives_nothing();
}

#[test]
fn verify_reports_where_the_damage_is_and_ends_with_1() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (server, part) in [
        (nowhere, "NO  connection  cannot connect to ws://127.0.0.1:"),
        (
            answering("HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"),
            "502 Bad Gateway: the proxy in front of it cannot reach it",
        ),
        (answering("HTTP/1.1 301 X\r\nLocation: https://a.example/\r\n\r\n"), "https://a.example/"),
        (answering("SSH-2.0-x\r\n\r\n"), "NO  upgrade     ws://127.0.0.1:"),
        (
            answering("HTTP/1.1 101 X\r\nConnection: close\r\n\r\n"),
            "a proxy in between may have dropped the headers",
        ),
    ] {
        let (code, out) = check(server, &[]);
        assert_eq!((code, out.contains(part)), (1, true), "{part}: {out}");
        assert!(out.lines().last().unwrap().starts_with("NO  "), "{out}");
    }
}

#[test]
fn the_servers_name_clock_and_errors_are_sanitized() {
    let (code, out) = check(
        answering(
            "HTTP/1.1 403 No\r\nServer: nginx/1.2\r\nVia: 1.1 cache\r\nContent-Type: text/plain\r\n\
             Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 12\r\n\r\nnot \u{1b}[2Jyou\n",
        ),
        &[],
    );
    assert_eq!(code, 1);
    assert!(out.contains("--  upgrade     an answer in "), "{out}");
    assert!(out.contains("by nginx/1.2, 1.1 cache: not "), "{out}");
    assert!(out.contains(" s behind this computer"), "{out}");
    assert!(out.contains("403 Forbidden: it, or a proxy in front of it"), "{out}");

    let server = TestServer::start(&[]);
    let port = server.address.port();
    let elsewhere = format!("localhost.localdomain.invalid:{port}");
    let (code, out, _) = run(server.address, &["--check", "--server", &elsewhere], b"");
    assert_eq!((code, out.starts_with("NO  name")), (1, true), "{out}");
}

#[test]
fn a_missing_or_wrong_password_is_reported() {
    let files = tempfile::tempdir().unwrap();
    let [right, wrong] = ["right", "wrong"].map(|word| {
        let file = files.path().join(word);
        std::fs::write(&file, word).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let server = TestServer::start(&["--password-file", &right]);
    for (flags, code, part) in [
        (&[][..], 1, "NO  password    the server asks for a password (try --password-file"),
        (&["--password-file", &wrong], 1, "NO  password    wrong password\n"),
        (&["--password-file", &right], 0, "ok  password    accepted"),
    ] {
        let (ended, out) = check(server.address, flags);
        assert_eq!((ended, out.contains(part)), (code, true), "{flags:?}: {out}");
    }
}

#[test]
fn an_address_that_is_locked_out_is_told_so_by_checks_and_scripts() {
    let files = tempfile::tempdir().unwrap();
    let [right, wrong] = ["right", "wrong"].map(|word| {
        let file = files.path().join(word);
        std::fs::write(&file, word).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let limits = ["--max-per-address", "64", "--limit", "wrong-passwords=1"];
    let server = TestServer::start(&[&["--password-file", &right][..], &limits].concat());
    let (_, out) = check(server.address, &["--password-file", &wrong]);
    assert!(out.contains("NO  password    wrong password\n"), "{out}");
    let (code, out) = check(server.address, &["--password-file", &right]);
    let said = "too many wrong passwords from this address; try again in ";
    assert_eq!((code, out.contains(&format!("NO  password    {said}"))), (1, true), "{out}");
    let flags = ["--user", "bob", "--password-file", &right, "--timeout", "1s", "--send", "hi"];
    let (code, _, err) = run(server.address, &flags, b"");
    assert_eq!((code, err.contains(said)), (1, true), "{err}");
    assert!(!err.contains("chat server") && !err.contains("wrong password "), "{err}");
}
