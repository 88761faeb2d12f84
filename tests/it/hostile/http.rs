//! Requests that are wrong, ambiguous or malicious: the answer to each, and that nothing else happens.

use std::time::{Duration, Instant};

use crate::support::raw_client::{SWITCHING, UPGRADE};
use crate::support::under_attack::under_attack;
use crate::support::{RawClient, TestServer};

/// The status of the answer to `request`, which must be one whole response, and then the end.
fn status(server: &TestServer, request: &[u8]) -> u16 {
    let mut raw = RawClient::connect(server.address);
    raw.try_send(request);
    let response = raw.read_to_end();
    let shown = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
    let text = String::from_utf8(response).unwrap_or_else(|_| panic!("{shown}"));
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{shown}: {text:?}"));
    assert!(head.contains("\r\nConnection: close"), "{shown}: {head}");
    assert!(head.contains("\r\nX-Content-Type-Options: nosniff"), "{shown}: {head}");
    let length = head.split("\r\nContent-Length: ").nth(1).and_then(|rest| rest.lines().next());
    assert_eq!(length, Some(body.len().to_string().as_str()), "{shown}: {text}");
    assert!(!body.contains("evil"), "no input comes back: {body}");
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// An upgrade request with `line` instead of the header of the same name, or added if there is none.
fn with(line: &str) -> String {
    let name = line.split(':').next().unwrap();
    let others =
        UPGRADE.lines().filter(|other| !other.is_empty() && other.split(':').next() != Some(name));
    let mut request: String = others.map(|line| format!("{line}\r\n")).collect();
    request.push_str(&format!("{line}\r\n\r\n"));
    request
}

/// An upgrade request with `line` added.
fn and(line: &str) -> String {
    UPGRADE.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

/// A plain request for `target`.
fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn all(server: &TestServer, expected: u16, requests: &[String]) {
    for request in requests {
        assert_eq!(status(server, request.as_bytes()), expected, "{request}");
    }
}

#[test]
fn valid_upgrades_that_look_odd_are_accepted() {
    let odd = [
        with("Connection: keep-alive, Upgrade"),
        with("Connection: keep-alive\r\nConnection: Upgrade"),
        with("Upgrade: WebSocket"),
        UPGRADE.replace("Upgrade: websocket", "UPGRADE:\twebsocket\t"),
        with("Upgrade: h2c, websocket"),
        with("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC=="),
        and(&format!("Sec-WebSocket-Protocol: b{}x", " ".repeat(8_000))),
        and("Sec-WebSocket-Extensions: permessage-deflate; =;; \"x"),
        and("X-Latin: caf\u{e9}"),
        format!("\r\n{UPGRADE}"),
        format!("\r\n\r\n{UPGRADE}"),
        UPGRADE.replace("GET /ws", "GET http://localhost/ws"),
    ];
    under_attack(&[], |server| {
        for request in odd {
            let mut raw = RawClient::connect(server.address);
            raw.send(request.as_bytes());
            let answer = raw.read_switching();
            assert!(
                answer.starts_with("HTTP/1.1 101") && answer.ends_with("\r\n\r\n"),
                "{request}"
            );
            assert_eq!(answer.lines().count(), SWITCHING.lines().count(), "nothing negotiated");
        }
    });
}

#[test]
fn a_request_that_is_no_upgrade_gets_the_status_and_headers_of_one() {
    under_attack(&[], |server| {
        let versions = ["8", "12", "13, 8", "013", "13\r\nSec-WebSocket-Version: 13", ""];
        all(
            server,
            426,
            &versions.map(|version| with(&format!("Sec-WebSocket-Version: {version}"))),
        );
        all(server, 426, &[with("Upgrade: websocket2"), with("Connection: close")]);
        let keys = [
            "",
            "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "AQIDBAUGBwgJCgsMDQ4P",     // 15 bytes
            "AQIDBAUGBwgJCgsMDQ4PEBE=", // 17 bytes
            "-_IDBAUGBwgJCgsMDQ4PEC==", // the alphabet for URLs
            "AQIDBAUGBwgJCgsMDQ4PEC",
        ];
        all(server, 400, &keys.map(|key| with(&format!("Sec-WebSocket-Key: {key}"))));
        let methods = ["POST", "PUT", "DELETE", "TRACE", "get"];
        all(server, 405, &methods.map(|method| UPGRADE.replace("GET", method)));
        all(server, 400, &[UPGRADE.replace("GET", "CONNECT")]); // CONNECT needs a host and a port
        all(server, 501, &[UPGRADE.replace("GET", "BREW")]);
    });
}

#[test]
fn other_protocols_are_refused_at_once() {
    under_attack(&[], |server| {
        let version = |version: &str| UPGRADE.replace("HTTP/1.1", version);
        all(server, 505, &["HTTP/1.2", "HTTP/2.0", "HTTP/9.9"].map(version));
        all(server, 505, &["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()]);
        all(server, 400, &[version("HTTP/01.1"), version("HTTP/1"), "GET /\r\n".to_owned()]);
        all(server, 426, &[version("HTTP/1.0")]);
        for hello in
            [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"SSH-2.0-x\r\n", b"\0\0\0\0"]
        {
            let since = Instant::now();
            assert_eq!(status(server, hello), 400, "{hello:?}");
            assert!(
                since.elapsed() < Duration::from_secs(5),
                "the server waited for the head's deadline"
            );
        }
    });
}

#[test]
fn an_invalid_host_or_one_that_is_not_ours_is_refused() {
    under_attack(&[], |server| {
        let hosts = ["", "a@b", "localhost/x", "localhost\r\nHost: localhost", "local host"];
        all(server, 400, &hosts.map(|host| with(&format!("Host: {host}"))));
        all(server, 400, &[UPGRADE.replace("Host: localhost\r\n", "")]);
        all(
            server,
            421,
            &["evil.com", "evil.com:9000", "127.0.0.1.evil.com"]
                .map(|host| with(&format!("Host: {host}"))),
        );
        // DNS rebinding: the page's origin and its host agree, and are not ours.
        let port = server.address.port();
        let rebound = with(&format!("Host: evil.com:{port}\r\nOrigin: http://evil.com:{port}"));
        all(server, 421, &[rebound]);
    });
}

#[test]
fn an_origin_that_is_not_exactly_ours_is_refused() {
    under_attack(&[], |server| {
        let address = server.address;
        let host = |origin: &str| with(&format!("Host: {address}\r\nOrigin: {origin}"));
        let origins = [
            "http://evil".to_owned(),
            "null".to_owned(),
            format!("http://{address}.evil.com"),
            format!("http://evil{address}"),
            "http://127.0.0.1:1".to_owned(),
            format!("https://{address}"),
            format!("http://{address}\r\nOrigin: http://{address}"),
            format!("http://{address}/"),
        ];
        for origin in origins {
            let answer = status(server, host(&origin).as_bytes());
            assert!([403, 400].contains(&answer), "{answer} for {origin}");
        }
    });
}

#[test]
fn an_invalid_head_is_400() {
    under_attack(&[], |server| {
        let wrong = [
            and("X : y"),
            and("X: y\r\n folded"),
            UPGRADE.replacen("\r\n", "\r\n Host: x\r\n", 1),
            and("no colon"),
            and(": no name"),
            and("X[]: y"),
            UPGRADE.replace("\r\n", "\n"),
            and("X: a\rb"),
            and("X: a\0b"),
            and("X: a\u{7}b"),
        ];
        all(server, 400, &wrong);
        let name = [&UPGRADE.as_bytes()[..UPGRADE.len() - 2], b"\xc9: y\r\n\r\n"].concat();
        assert_eq!(status(server, &name), 400);
        let blank = [b"\r\n".repeat(1_000), UPGRADE.as_bytes().to_vec()].concat();
        assert_eq!(status(server, &blank), 400);
    });
}

#[test]
fn a_body_in_any_disguise_is_refused_and_never_read_as_a_request() {
    under_attack(&[], |server| {
        let after = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let bodies = [
            "Content-Length: 5",
            "Content-Length: -1",
            "Content-Length: +5",
            "Content-Length: 5, 6",
            "Content-Length: 0x5",
            "Content-Length: 18446744073709551616",
            "Content-Length: 5\r\nContent-Length: 6",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
        ];
        for body in bodies {
            for request in
                [and(body), get("/healthz").replace("\r\n\r\n", &format!("\r\n{body}\r\n\r\n"))]
            {
                assert_eq!(status(server, (request + after).as_bytes()), 400, "{body}");
            }
        }
        for coding in ["chunked", "xchunked", "identity"] {
            let answer =
                status(server, (and(&format!("Transfer-Encoding: {coding}")) + after).as_bytes());
            assert!([400, 501].contains(&answer), "{answer} for {coding}");
        }
        // A proxy may take this for a tunnel; we do not.
        let tunnel = with("Sec-WebSocket-Version: 777") + &get("/metrics");
        assert_eq!(status(server, tunnel.as_bytes()), 426);
        for first in [get("/healthz"), get("/nowhere")] {
            status(server, (first + after).as_bytes()); // one whole response, and the end
        }
    });
}

#[test]
fn a_head_that_is_too_large_is_refused_and_costs_nothing() {
    under_attack(&[], |server| {
        let line = |length: usize| format!("GET /{} HTTP/1.1\r\n", "x".repeat(length));
        assert_eq!(status(server, line(8_193).as_bytes()), 414);
        let header = |length: usize| format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(length));
        assert_eq!(status(server, header(8_193).as_bytes()), 431);
        let headers = |count: usize| and("X: y\r\n".repeat(count).trim_end());
        assert_eq!(status(server, headers(101).as_bytes()), 431);
        assert_eq!(status(server, headers(2_000).as_bytes()), 431);
        let before = server.cpu().as_secs_f64();
        for _ in 0..20 {
            assert_eq!(status(server, header(1 << 20).as_bytes()), 431, "and it can be read");
        }
        let spent = server.cpu().as_secs_f64() - before;
        assert!(spent < 20.0 * 0.1, "{spent} s for 20 of them");
        let mut raw = RawClient::connect(server.address);
        let head =
            get("/healthz").replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(8_000)));
        let before = server.cpu().as_secs_f64();
        head.as_bytes().iter().for_each(|byte| raw.send(&[*byte]));
        assert!(raw.read_to_end().ends_with(b"ok\n"));
        let spent = server.cpu().as_secs_f64() - before;
        assert!(spent < 2.0, "{spent} s for a head of 8 KiB byte by byte: it is read once");
    });
}

#[test]
fn a_request_target_is_used_exactly_as_written_or_refused() {
    under_attack(&[], |server| {
        all(server, 400, &["*", "/ws#x", "/a b", "ws", ""].map(get));
        assert_eq!(status(server, b"GET /\x80 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400);
        let nowhere = [
            "/%77s",
            "//ws",
            "/ws/",
            "/../Cargo.toml",
            "/%2e%2e/",
            "/..%2f",
            "/..%5c",
            "/c:/x",
            "//etc/passwd",
            "/a%00.js",
            "/.git/config",
            "/r/../../etc/passwd",
        ];
        let bodies: Vec<Vec<u8>> = nowhere
            .iter()
            .map(|target| {
                assert_eq!(status(server, get(target).as_bytes()), 404, "{target}");
                let mut raw = RawClient::connect(server.address);
                raw.send(get(target).as_bytes());
                raw.read_to_end()
            })
            .collect();
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "the same answer for all");
        let secret = UPGRADE.replace("/ws", "/ws?token=evil");
        assert_eq!(status(server, secret.as_bytes()), 400);
    });
}

#[test]
fn a_reset_after_a_request_harms_no_other_client() {
    under_attack(&[], |server| {
        for _ in 0..100 {
            let mut raw = RawClient::connect(server.address);
            raw.send(get("/").as_bytes());
            let socket = socket2::SockRef::from(&raw.0);
            socket.set_linger(Some(Duration::ZERO)).unwrap(); // closes with RST
        }
        assert_eq!(status(server, get("/healthz").as_bytes()), 200);
    });
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    under_attack(&[], |server| {
        for n in 0..10_000 {
            match n % 3 {
                0 => drop(RawClient::upgraded(server.address)),
                1 => assert_eq!(status(server, get("/healthz").as_bytes()), 200),
                _ => drop(RawClient::connect(server.address)),
            }
        }
    });
}
