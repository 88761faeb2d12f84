//! Servers that do not speak the protocol, or break its rules: the client names the error and reconnects.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;
use talk::client::{ConnectionError, Event};
use talk::handshake::accept_for;
use tungstenite::Message;

use crate::support::read_head;
use crate::support::scripted_server::{
    ScriptedServer, TIMEOUT, connect, listener, trouble, until, until_live,
};

/// Reads the client's request and returns its key.
fn read_key(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head = String::from_utf8(read_head(stream)).unwrap();
    let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    line.unwrap().to_owned()
}

fn switch(key: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_for(key)
    )
}

/// The code of the Close frame that the client sends after its hello.
fn close_code(stream: &mut TcpStream) -> Option<u16> {
    loop {
        let mut header = [0; 2];
        stream.read_exact(&mut header).ok()?;
        let mut length = usize::from(header[1] & 0x7f);
        if length == 126 {
            let mut long = [0; 2];
            stream.read_exact(&mut long).ok()?;
            length = usize::from(u16::from_be_bytes(long));
        }
        let mut rest = vec![0; length + 4];
        stream.read_exact(&mut rest).ok()?;
        assert_eq!(header[1] & 0x80, 0x80, "every frame of a client is masked");
        if header[0] == 0x88 {
            return Some(u16::from_be_bytes([rest[4] ^ rest[0], rest[5] ^ rest[1]]));
        }
    }
}

fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend(text.bytes());
    frame
}

#[test]
fn a_server_that_breaks_the_rules_is_closed_with_the_right_code() {
    let record = format!("{:200}", r#"{"type":"post","room":"lobby","seq":"7"}"#);
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("a masked frame", b"\x81\x81abcdx".to_vec(), 1002, "WebSocket protocol"),
        ("a reserved bit", b"\xc1\x01x".to_vec(), 1002, "WebSocket protocol"),
        ("an unknown opcode", b"\x83\x00".to_vec(), 1002, "WebSocket protocol"),
        ("2^63 bytes", b"\x81\x7f\x80\0\0\0\0\0\0\0".to_vec(), 1002, "WebSocket protocol"),
        ("a gigabyte", b"\x81\x7f\0\0\0\0\x40\0\0\0".to_vec(), 1009, "limit"),
        ("2^63-1 bytes", b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(), 1009, "limit"),
        ("a long ping", b"\x89\x7e\x01\x00".to_vec(), 1002, "WebSocket protocol"),
        ("a lone continuation", b"\x80\x00".to_vec(), 1002, "WebSocket protocol"),
        ("text that is not UTF-8", b"\x81\x02\xc0\xaf".to_vec(), 1007, "WebSocket protocol"),
        (
            "fragments without end",
            [&b"\x01\0"[..], &b"\0\0".repeat(2_000)].concat(),
            1008,
            "WebSocket protocol",
        ),
        ("a binary message", b"\x82\x01x".to_vec(), 1003, "binary"),
        ("no JSON", frame(&"x".repeat(200)), 1002, "invalid message"),
        ("a record without a number", frame(&record), 1002, "`text` is missing"),
    ];
    for (name, bytes, code, sentence) in cases {
        let listener = listener();
        let (_client, events) = connect(&listener);
        let (mut stream, _) = listener.accept().unwrap();
        let key = read_key(&mut stream);
        stream.write_all(&[switch(&key).as_bytes(), &bytes].concat()).unwrap();
        assert_eq!(close_code(&mut stream), Some(code), "{name}");
        drop(stream);
        let said = trouble(&events);
        assert!(said.contains(sentence), "{name}: {said}");
    }
}

#[test]
fn other_servers_are_named_and_redirects_never_followed() {
    let wrong = switch("dGhlIHNhbXBsZSBub25jZQ==");
    let long = format!("HTTP/1.1 101 Switching Protocols\r\nX: {}", "x".repeat(100_000));
    let cases: Vec<(&str, &str, &str)> = vec![
        ("another key's answer", &wrong, "Sec-WebSocket-Accept"),
        ("a page", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200"),
        ("a redirect", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "302"),
        ("a refusal", "HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        ("a header without end", &long, "did not answer as a chat server does"),
        ("another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "did not answer as a chat server does"),
        ("nothing", "", "did not answer as a chat server does"),
        ("half an answer", "HTTP/1.1 101 Swi", "did not answer as a chat server does"),
    ];
    for (name, answer, sentence) in cases {
        let listener = listener();
        let (_client, events) = connect(&listener);
        let (mut stream, _) = listener.accept().unwrap();
        read_key(&mut stream);
        stream.write_all(answer.as_bytes()).ok(); // the client may disconnect before the end
        drop(stream);
        let said = trouble(&events);
        assert!(said.contains(sentence), "{name}: {said}");
    }
}

#[test]
fn a_server_that_leaves_out_a_record_is_disconnected() {
    let listener = listener();
    let (_client, events) = connect(&listener);
    let mut server = ScriptedServer::accept(&listener);
    server.welcome(0, 0);
    until_live(&events);
    server.send_record(2, "eve", &json!("x2"), "after a missing record");
    assert_eq!(
        server.receive(),
        json!({ "type": "join", "room": "lobby", "since": 0, "log": "L1" })
    );
    server.send(json!({
        "type": "joined", "room": "lobby", "log": "L1", "first": 1, "head": 2, "since": 0,
        "reset": false, "count": 1,
    }));
    server.send_record(2, "eve", &json!("x2"), "after a missing record");
    let fault = until(&events, |event| match event {
        Event::Record(record) => panic!("shown in spite of missing records: {record:?}"),
        Event::ConnectionLost(fault) => Some(matches!(fault, ConnectionError::MissingRecords)),
        _ => None,
    });
    assert!(fault);
    let Message::Close(Some(close)) = server.0.read().unwrap() else { panic!("not a Close") };
    assert_eq!(u16::from(close.code), 1002);
}
