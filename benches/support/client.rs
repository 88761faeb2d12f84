//! One client: a blocking socket, and the frames that it receives.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::frames::{self, Frames};

/// How long anything may take before a bench gives up.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection to a server.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) frames: Frames,
}

impl Client {
    /// A connection without an upgrade, for servers that need none.
    pub(crate) fn bare(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Client { stream, frames: Frames::default() }
    }

    /// A WebSocket.
    pub(crate) fn connect(address: &str) -> Client {
        let mut client = Client::bare(address);
        client.stream.write_all(upgrade(address).as_bytes()).unwrap();
        let (mut answer, mut chunk) = (Vec::new(), [0; 4 * 1024]);
        let end = loop {
            let count = client.stream.read(&mut chunk).unwrap();
            assert!(count > 0, "{}", answer.escape_ascii());
            answer.extend_from_slice(&chunk[..count]);
            if let Some(end) = head_end(&answer) {
                break end;
            }
        };
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", answer.escape_ascii());
        client.frames.feed(&answer[end..], |_| {}); // the server sends nothing before hello
        client
    }

    /// A WebSocket that has sent hello and joins the lobby after `since`: a seq or `"now"`.
    pub(crate) fn join(address: &str, user: &str, since: &str) -> Client {
        let mut client = Client::connect(address);
        client.send(&hello(user, "lobby", since));
        client
    }

    pub(crate) fn send(&mut self, json: &str) {
        let mut frame = Vec::new();
        frames::push(&mut frame, json.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    /// Reads until `is` is true for a payload.
    pub(crate) fn wait(&mut self, is: impl Fn(&[u8]) -> bool) {
        let (mut chunk, mut found) = ([0; 16 * 1024], false);
        while !found {
            let count = self.stream.read(&mut chunk).unwrap();
            assert!(count > 0, "the server has ended the connection");
            self.frames.feed(&chunk[..count], |payload| found |= is(payload));
        }
    }
}

/// The upgrade request.
pub(crate) fn upgrade(address: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// Where the head ends, if it is complete.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    Some(bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4)
}

pub(crate) fn hello(user: &str, room: &str, since: &str) -> String {
    format!(r#"{{"type":"hello","user":"{user}","join":[{{"room":"{room}","since":{since}}}]}}"#)
}

/// Whether a payload is a message of this type.
pub(crate) fn is(payload: &[u8], kind: &str) -> bool {
    let rest = payload.strip_prefix(b"{\"type\":\"");
    rest.and_then(|rest| rest.strip_prefix(kind.as_bytes())).is_some_and(|rest| rest[0] == b'"')
}
