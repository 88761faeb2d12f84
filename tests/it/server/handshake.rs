//! HTTP at the server: which requests become a WebSocket, are answered, or are refused.

use std::time::{Duration, Instant};

use crate::support::raw_client::{self, SWITCHING, UPGRADE};
use crate::support::under_attack::under_attack;
use crate::support::{RawClient, TestServer};

/// Sends `request` and returns the whole response, up to the end of the connection.
fn answer(server: &TestServer, request: &[u8]) -> String {
    let mut raw = RawClient::connect(server.address);
    raw.try_send(request);
    String::from_utf8(raw.read_to_end()).unwrap()
}

fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn the_sample_key_is_answered_as_the_rfc_says_and_with_nothing_else() {
    under_attack(&[], |server| {
        let mut raw = RawClient::connect(server.address);
        raw.send(UPGRADE.as_bytes());
        assert_eq!(raw.read_switching(), SWITCHING);
    });
}

#[test]
fn the_other_sample_key_of_the_rfc_is_accepted_too() {
    under_attack(&[], |server| {
        let mut raw = RawClient::connect(server.address);
        raw.send(
            UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==").as_bytes(),
        );
        assert!(raw.read_exactly(12).ends_with(b"101"));
    });
}

#[test]
fn a_request_in_one_byte_packets_is_the_same_request() {
    under_attack(&[], |server| {
        let mut raw = RawClient::connect(server.address);
        for byte in UPGRADE.as_bytes() {
            raw.send(&[*byte]);
        }
        assert_eq!(raw.read_switching(), SWITCHING);
    });
}

#[test]
fn a_first_frame_cut_anywhere_behind_the_request_is_served() {
    under_attack(&[], |server| {
        let frame = raw_client::text(r#"{"type":"hello","user":"bob"}"#);
        let wire = [UPGRADE.as_bytes(), &frame].concat();
        for cut in (UPGRADE.len() - 3..wire.len()).chain([1, wire.len()]) {
            let mut raw = RawClient::connect(server.address);
            raw.send(&wire[..cut]);
            raw.send(&wire[cut..]);
            assert_eq!(raw.read_switching(), SWITCHING);
            let text = raw.read_text();
            let expected =
                if text.contains("name_taken") { "name_taken" } else { r#""user":"bob""# };
            assert!(text.contains(expected), "cut at {cut}: {text}");
        }
    });
}

#[test]
fn an_invalid_upgrade_gets_the_status_and_header_that_help() {
    under_attack(&[], |server| {
        let without = |line: &str| UPGRADE.replace(line, "");
        let cases = [
            (without("Upgrade: websocket\r\n"), "426", "Upgrade: websocket"),
            (without("Connection: Upgrade\r\n"), "426", "Upgrade: websocket"),
            (UPGRADE.replace("Version: 13", "Version: 8"), "426", "Sec-WebSocket-Version: 13"),
            (without("Sec-WebSocket-Version: 13\r\n"), "426", "Sec-WebSocket-Version: 13"),
            (UPGRADE.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400", "Content-Length"),
            (without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400", "Content-Length"),
            (UPGRADE.replace("GET /ws", "POST /ws"), "405", "Allow: GET"),
            (UPGRADE.replace("GET /ws", "BREW /ws"), "501", "Content-Length"),
            (UPGRADE.replace("HTTP/1.1", "HTTP/1.0"), "426", "Upgrade: websocket"),
            (UPGRADE.replace("HTTP/1.1", "HTTP/2.0"), "505", "Content-Length"),
            (UPGRADE.replace("Host: localhost\r\n", ""), "400", "Content-Length"),
            (UPGRADE.replace("Host: localhost", "Host: evil.example"), "421", "Content-Length"),
            (
                UPGRADE.replace("\r\n\r\n", "\r\nOrigin: http://evil.example\r\n\r\n"),
                "403",
                "text/plain",
            ),
            (UPGRADE.replace("\r\n\r\n", "\r\nOrigin: null\r\n\r\n"), "403", "text/plain"),
            (UPGRADE.replace("Host:", "Host :"), "400", "Content-Length"),
            (UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"), "400", "Content-Length"),
            ("NONSENSE\r\n\r\n".to_owned(), "400", "Content-Length"),
            ("GET /ws/ HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "404", "Content-Length"),
            ("GET /%77s HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "404", "Content-Length"),
            (format!("GET /{} HTTP/1.1\r\n", "x".repeat(9_000)), "414", "Content-Length"),
            (format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(9_000)), "431", "Content-Length"),
        ];
        for (request, expected, header) in cases {
            let response = answer(server, request.as_bytes());
            assert_eq!(status(&response), expected, "{request}\n{response}");
            assert!(response.contains(header), "{request}\n{response}");
            assert!(response.contains("X-Content-Type-Options: nosniff"), "{response}");
            assert!(response.contains("Connection: close"), "{response}");
            assert_eq!(response.matches("\r\nDate: ").count(), 1, "{response}");
        }
    });
}

#[test]
fn our_own_page_and_allowed_origins_may_connect() {
    under_attack(&["--allow-origin", "https://talk.example"], |server| {
        let own = format!("http://{}", server.address);
        for origin in [own.as_str(), "https://talk.example"] {
            let host = server.address;
            let request =
                UPGRADE.replace("Host: localhost", &format!("Host: {host}\r\nOrigin: {origin}"));
            let mut raw = RawClient::connect(server.address);
            raw.send(request.as_bytes());
            assert!(raw.read_exactly(12).ends_with(b"101"), "{origin}");
        }
    });
}

#[test]
fn of_two_requests_in_one_packet_only_the_first_is_answered() {
    under_attack(&[], |server| {
        let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let response = answer(server, two.as_bytes());
        assert_eq!(response.matches("HTTP/1.1").count(), 1, "{response}");
        assert!(response.ends_with("ok\n"), "{response}");
    });
}

#[test]
fn a_client_that_sends_a_megabyte_of_header_can_still_read_the_answer() {
    under_attack(&[], |server| {
        let request =
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
        assert_eq!(status(&answer(server, request.as_bytes())), "431");
    });
}

#[test]
fn a_peer_that_has_finished_sending_still_gets_its_answer() {
    under_attack(&[], |server| {
        let mut raw = RawClient::connect(server.address);
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        raw.finish_sending();
        assert!(raw.read_to_end().ends_with(b"ok\n"));
    });
}

#[test]
fn tls_is_refused_at_once_and_not_after_the_deadline() {
    under_attack(&[], |server| {
        let start = Instant::now();
        let mut raw = RawClient::connect(server.address);
        raw.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
        assert!(raw.read_to_end().starts_with(b"HTTP/1.1 400"));
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "the server waited for the head's deadline"
        );
    });
}

#[test]
fn the_page_comes_with_its_policy_and_head_has_no_body() {
    under_attack(&[], |server| {
        for path in ["/", "/r/lobby"] {
            let page = answer(
                server,
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
            );
            assert_eq!(status(&page), "200");
            for header in [
                "Content-Type: text/html; charset=utf-8",
                "Content-Security-Policy: default-src 'none'; script-src 'self'",
                "Referrer-Policy: no-referrer",
                "X-Frame-Options: DENY",
                "ETag: ",
            ] {
                assert!(page.contains(header), "{header}");
            }
        }
        let head = answer(server, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(head.ends_with("\r\n\r\n") && head.contains("Content-Length: "), "{head}");
    });
}

#[test]
fn a_head_request_is_refused_without_a_body_whatever_is_wrong_with_it() {
    let server = TestServer::start(&["--limit", "head-wait=500ms"]);
    for (rest, expected) in [
        ("/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("/ HTTP/1.1\r\nContent-Length: 5\r\nHost: localhost\r\n\r\n", "400"),
        ("/ HTTP/1.1\r\n\r\n", "400"),
        ("/ HTTP/1.1\r\nX: \0", "400"),
        ("/ HTTP/2.0\r\n", "505"),
        ("/#x HTTP/1.1\r\n", "400"),
        ("/ HTTP/1.1\r\nthe rest never comes", "408"),
    ] {
        let refused = answer(&server, format!("HEAD {rest}").as_bytes());
        assert_eq!(status(&refused), expected, "{rest:?}");
        // RFC 9110 §9.3.2: "the server MUST NOT send content in the response"
        assert!(refused.ends_with("Connection: close\r\n\r\n"), "{rest:?}: {refused}");
    }
}

#[test]
fn every_answer_has_its_date_once_and_a_head_request_gets_the_headers_of_a_get() {
    let server = TestServer::start(&["--limit", "head-wait=500ms"]);
    let ask = |line: &str, header: &str| {
        let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        answer(&server, request.as_bytes())
    };
    let heads = |answer: &str| {
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        let is_date = |line: &&str| line.starts_with("Date: ");
        let dates: Vec<&str> = head.lines().filter(is_date).collect();
        let [date] = dates[..] else { panic!("{head}") };
        httpdate::parse_http_date(&date["Date: ".len()..]).unwrap();
        head.lines().filter(|line| !is_date(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    let page = heads(&ask("GET /", ""));
    assert_eq!(heads(&ask("HEAD /", "")), page);
    let tag = page.iter().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
    for (line, header, expected) in [
        ("GET /", format!("If-None-Match: {tag}\r\n"), "304"),
        ("HEAD /", format!("If-None-Match: {tag}\r\n"), "304"),
        ("GET /healthz", String::new(), "200"),
        ("HEAD /healthz", String::new(), "200"),
        ("GET /nowhere", String::new(), "404"),
        ("POST /", String::new(), "405"),
        ("GET /ws", String::new(), "426"),
        ("GET /", "Host: another\r\n".to_owned(), "400"),
    ] {
        let answer = ask(line, &header);
        assert_eq!(status(&answer), expected, "{line}");
        heads(&answer);
    }
    for (request, expected) in [(&b"GET / HTTP/3.0\r\n"[..], "505"), (b"GET / HTTP/1.1\r\n", "408")]
    {
        let answer = answer(&server, request);
        assert_eq!(status(&answer), expected);
        heads(&answer);
    }
}

#[test]
fn health_checks_are_answered() {
    under_attack(&[], |server| {
        for path in ["/healthz", "/livez", "/readyz"] {
            let response = answer(
                server,
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
            );
            assert_eq!(status(&response), "200", "{path}");
        }
        let post = answer(
            server,
            b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        );
        assert_eq!(status(&post), "405");
    });
}
