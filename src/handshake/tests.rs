//! Upgrades as bytes, valid and invalid, and the two ends against each other.

use proptest::prelude::*;

use super::{Hosts, Policy, Refusal, UpgradeRequest, accept};
use crate::http::{Parser, Request, Response, ResponseHead, Status};

/// A browser's request for a WebSocket.
const UPGRADE: &str = "GET /ws HTTP/1.1\r\n\
    Host: 127.0.0.1:9000\r\n\
    Origin: http://127.0.0.1:9000\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

/// A server on loopback that allows another origin and a proxy's host.
fn policy() -> Policy {
    let allowed = vec!["chat.example".parse().unwrap()];
    Policy {
        hosts: Hosts::new([127, 0, 0, 1].into(), Some("box"), allowed),
        origins: vec!["https://friend.example".parse().unwrap()],
    }
}

fn request(head: &str) -> Request {
    let (request, used) = Parser::new().feed(head.as_bytes()).expect(head).expect("a whole head");
    assert_eq!(used, head.len());
    request
}

/// The response to the upgrade with `line` replaced by `by` (each without its line end; an empty
/// one is left out).
fn changed(line: &str, by: &str) -> Result<Response, Refusal> {
    let ended = |line: &str| if line.is_empty() { String::new() } else { format!("{line}\r\n") };
    let (line, by) = (ended(line), ended(by));
    assert!(UPGRADE.contains(&line), "{line}");
    accept(&request(&UPGRADE.replacen(&line, &by, 1)), &policy())
}

fn answer_head(response: &Response) -> ResponseHead {
    Parser::new().feed(&response.to_bytes()).unwrap().unwrap().0
}

#[test]
fn a_correct_upgrade_is_answered_with_these_bytes() {
    let answer = accept(&request(UPGRADE), &policy()).unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Connection: Upgrade\r\n\
        \r\n";
    assert_eq!(answer.to_bytes(), expected.as_bytes());
}

#[test]
fn the_tokens_of_an_upgrade_may_be_written_in_many_ways() {
    for (line, by) in [
        ("Connection: Upgrade", "connection: keep-alive, Upgrade"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nCONNECTION: upgrade"),
        ("Connection: Upgrade", "Connection:\t UPGRADE \t"),
        ("Upgrade: websocket", "UPGRADE: WebSocket"),
        ("Upgrade: websocket", "Upgrade:\twebsocket\t"),
        ("Upgrade: websocket", "Upgrade: h2c, websocket"),
        ("Sec-WebSocket-Version: 13", "sec-websocket-version:13"),
        ("GET /ws HTTP/1.1", "GET http://127.0.0.1:9000/ws HTTP/1.1"),
        ("Origin: http://127.0.0.1:9000", ""),
    ] {
        assert_eq!(changed(line, by).unwrap().status(), Status::SWITCHING_PROTOCOLS, "{by:?}");
    }
}

#[test]
fn extensions_and_subprotocols_are_neither_negotiated_nor_read() {
    for offered in [
        String::from("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
        String::from("Sec-WebSocket-Extensions: ;;=,\"\\"),
        String::from("Sec-WebSocket-Protocol: chat, superchat"),
        format!("Sec-WebSocket-Protocol: b{}x", " ".repeat(8_000)),
    ] {
        let by = format!("Upgrade: websocket\r\n{offered}");
        let head = answer_head(&changed("Upgrade: websocket", &by).unwrap());
        let names: Vec<&str> = head.headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Upgrade", "Sec-WebSocket-Accept", "Connection"]);
    }
}

#[test]
fn a_request_that_does_not_upgrade_gets_a_426_that_says_how() {
    for (line, by) in [
        ("Upgrade: websocket", ""),
        ("Upgrade: websocket", "Upgrade: websocket2"),
        ("Upgrade: websocket", "Upgrade: web socket"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", ""),
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("Connection: Upgrade", "Connection: close"),
    ] {
        assert_eq!(changed(line, by), Err(Refusal::NoUpgrade), "{by:?}");
    }
    assert_eq!(changed("GET /ws HTTP/1.1", "GET /ws HTTP/1.0"), Err(Refusal::OldHttp));
    for refusal in [Refusal::NoUpgrade, Refusal::OldHttp] {
        let head = answer_head(&refusal.into());
        assert_eq!(head.status, Status::UPGRADE_REQUIRED);
        assert_eq!(head.headers.single("Upgrade"), Ok(Some("websocket")));
        assert!(head.headers.has_token("Connection", "upgrade"));
        assert!(head.headers.has_token("Connection", "close"));
    }
}

#[test]
fn only_version_13_is_accepted() {
    for by in ["", "8", "12", "13, 8", "013", "0x13", "13\r\nSec-WebSocket-Version: 13"] {
        let by = if by.is_empty() { by.into() } else { format!("Sec-WebSocket-Version: {by}") };
        assert_eq!(changed("Sec-WebSocket-Version: 13", &by), Err(Refusal::Version), "{by:?}");
    }
    // An underscore is not a hyphen: this is another header, and 13 is missing.
    let smuggled = "Sec_WebSocket_Version: 13";
    assert_eq!(changed("Sec-WebSocket-Version: 13", smuggled), Err(Refusal::Version));
    let head = answer_head(&Refusal::Version.into());
    assert_eq!(head.status, Status::UPGRADE_REQUIRED);
    assert_eq!(head.headers.single("Sec-WebSocket-Version"), Ok(Some("13")));
}

#[test]
fn a_key_is_16_bytes_in_base64_once() {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let line = format!("Sec-WebSocket-Key: {key}");
    for by in [
        String::new(),
        String::from("Sec-WebSocket-Key:"),
        format!("{line}\r\n{line}"),
        String::from("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P"), // 15 bytes
        String::from("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEBE="), // 17 bytes
        String::from("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ-_EA=="), // url-safe
        String::from("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"), // unpadded
        String::from("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=A"),
        String::from("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j Q=="),
        String::from("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\u{e9}=="),
    ] {
        assert_eq!(changed(&line, &by), Err(Refusal::Key), "{by:?}");
    }
    assert_eq!(Refusal::Key.status(), Status::BAD_REQUEST);
    // RFC 6455 §4.1's own example has bits set that no byte uses.
    assert!(changed(&line, "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==").is_ok());
}

#[test]
fn only_get_becomes_a_websocket() {
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let refused = changed("GET /ws HTTP/1.1", &format!("{method} /ws HTTP/1.1"));
        assert_eq!(refused, Err(Refusal::Method), "{method}");
    }
    let connect = changed("GET /ws HTTP/1.1", "CONNECT 127.0.0.1:9000 HTTP/1.1");
    assert_eq!(connect, Err(Refusal::Method));
    let head = answer_head(&Refusal::Method.into());
    assert_eq!(head.status, Status::METHOD_NOT_ALLOWED);
    assert_eq!(head.headers.single("Allow"), Ok(Some("GET")));
}

#[test]
fn a_rebound_host_is_misdirected_with_any_origin() {
    let evil = UPGRADE.replace("127.0.0.1:9000", "evil.com:9000");
    assert_eq!(accept(&request(&evil), &policy()), Err(Refusal::Host));
    let absolute = "GET http://evil.com:9000/ws HTTP/1.1";
    assert_eq!(changed("GET /ws HTTP/1.1", absolute), Err(Refusal::Host));
    assert_eq!(answer_head(&Refusal::Host.into()).status.code(), 421);
    // A request for a page is refused in the same way; HTTP/1.0 without a host is not a browser.
    let page = request("GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n");
    assert_eq!(policy().hosts.check(&page), Err(Refusal::Host));
    let old = request("GET /healthz HTTP/1.0\r\n\r\n");
    assert_eq!(policy().hosts.check(&old), Ok(()));
}

#[test]
fn only_the_exact_origin_may_connect() {
    for origin in [
        "http://evil",
        "null",
        "",
        "http://127.0.0.1:9000.evil.com",
        "http://evil127.0.0.1:9000",
        "http://127.0.0.1:9001",
        "http://127.0.0.1",
        "http://localhost:9000",
        "https://127.0.0.1:9000",
        "ws://127.0.0.1:9000",
        "127.0.0.1:9000",
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000 http://evil",
        "http://127.0.0.1:9000, http://evil",
        "http://friend.example",
        "https://friend.example:8443",
        "https://a.friend.example",
        "http://127.0.0.1:9000\r\nOrigin: http://evil",
        "http://127.0.0.1:9000\r\nOrigin: http://127.0.0.1:9000",
    ] {
        let refused = changed("Origin: http://127.0.0.1:9000", &format!("Origin: {origin}"));
        assert_eq!(refused, Err(Refusal::Origin), "{origin:?}");
    }
    assert_eq!(Refusal::Origin.status(), Status::FORBIDDEN);
    let friend = changed("Origin: http://127.0.0.1:9000", "Origin: https://friend.example");
    assert!(friend.is_ok());
}

#[test]
fn behind_a_tls_proxy_the_host_that_was_named_is_our_own() {
    let behind = |host: &str, origin: &str| {
        let head = UPGRADE
            .replace("Host: 127.0.0.1:9000", &format!("Host: {host}"))
            .replace("Origin: http://127.0.0.1:9000", &format!("Origin: {origin}"));
        accept(&request(&head), &policy()).map(|response| response.status().code())
    };
    assert_eq!(behind("chat.example", "https://chat.example"), Ok(101));
    assert_eq!(behind("chat.example", "http://chat.example"), Ok(101));
    assert_eq!(behind("localhost", "https://localhost"), Err(Refusal::Origin));
    assert_eq!(behind("localhost:9000", "https://friend.example"), Ok(101));
    assert_eq!(behind("friend.example", "https://friend.example"), Err(Refusal::Host));
}

#[test]
fn a_refusal_is_a_whole_response_that_repeats_nothing() {
    for refusal in [
        Refusal::Host,
        Refusal::Method,
        Refusal::OldHttp,
        Refusal::NoUpgrade,
        Refusal::Version,
        Refusal::Key,
        Refusal::Origin,
    ] {
        let bytes = Response::from(refusal).to_bytes();
        let (head, used) = Parser::<ResponseHead>::new().feed(&bytes).unwrap().unwrap();
        let body = format!("{}: {refusal}\n", refusal.status());
        assert_eq!(&bytes[used..], body.as_bytes());
        let length = body.len().to_string();
        assert_eq!(head.headers.single("Content-Length"), Ok(Some(length.as_str())));
    }
}

proptest! {
    #[test]
    fn every_upgrade_request_is_accepted_and_its_response_verified(
        nonce: [u8; 16],
        port: u16,
        target in "/[a-z/%]{0,9}(\\?[a-z=&|]{0,9})?",
        agent in "[!-~]([ -~é]{0,9}[!-~])?",
    ) {
        let upgrade = UpgradeRequest::new(&format!("localhost:{port}").parse().unwrap(), &target, nonce);
        let upgrade = upgrade.unwrap().header("User-Agent", &agent).unwrap();
        let (request, used) = Parser::<Request>::new().feed(&upgrade.to_bytes()).unwrap().unwrap();
        prop_assert_eq!(used, upgrade.to_bytes().len());
        let answer = accept(&request, &policy()).unwrap();
        prop_assert_eq!(upgrade.verify(&answer_head(&answer)), Ok(()));
    }
}
