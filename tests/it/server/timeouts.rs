//! Timeouts, with shortened limits: deadlines are absolute, a silent client is pinged and closed.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use talk::handshake::{Hosts, Policy};
use talk::log::Store;
use talk::server::{Config, Level, Logger, Server, ServerHandle, Timeouts};
use tempfile::TempDir;

use crate::support::raw_client::{self, RawClient, frame};
use crate::support::{TIMEOUT, TestClient};

/// A server in this process, with the limits of this test.
struct Quick {
    address: SocketAddr,
    handle: ServerHandle,
    running: Option<JoinHandle<()>>,
    _data: TempDir,
}

impl Quick {
    fn start(timeouts: Timeouts) -> Quick {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let hosts = Hosts::new(address.ip(), None, Vec::new());
        let mut config = Config::new(Policy { hosts, origins: Vec::new() });
        let logger = Logger::start(Level::Warn, std::io::sink()).unwrap();
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        (config.max_per_address, config.posts.rate, config.limits.timeouts) = (0, 0, timeouts);
        let server = Server::new(listener, config, store, logger).unwrap();
        let handle = server.handle().unwrap();
        Quick { address, handle, running: Some(thread::spawn(move || server.run())), _data: data }
    }
}

impl Drop for Quick {
    fn drop(&mut self) {
        self.handle.stop();
        self.running.take().unwrap().join().unwrap();
    }
}

const SHORT: Duration = Duration::from_millis(300);

/// Sends a byte now and then until the server closes; returns how long that took.
fn dribble(raw: &mut RawClient, bytes: &[u8]) -> Duration {
    let start = Instant::now();
    for byte in bytes.iter().cycle() {
        raw.try_send(&[*byte]);
        raw.0.set_read_timeout(Some(Duration::from_millis(40))).unwrap();
        let mut chunk = [0; 1];
        if raw.0.peek(&mut chunk).is_ok() {
            break; // the server has answered, or closed
        }
        assert!(start.elapsed() < TIMEOUT, "each byte restarted the timeout");
    }
    raw.0.set_read_timeout(Some(TIMEOUT)).unwrap();
    start.elapsed()
}

#[test]
fn a_head_that_comes_byte_by_byte_has_one_deadline_for_all_of_it() {
    let server = Quick::start(Timeouts { head: SHORT, ..Timeouts::default() });
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET / HTTP/1.1\r\nX: ");
    let waited = dribble(&mut raw, b"x");
    assert!(waited >= SHORT / 2, "it ended too early: {waited:?}");
    assert!(raw.read_to_end().starts_with(b"HTTP/1.1 408"));
}

#[test]
fn a_silent_connection_ends_at_the_same_deadline() {
    let server = Quick::start(Timeouts { head: SHORT, ..Timeouts::default() });
    assert!(RawClient::connect(server.address).read_to_end().starts_with(b"HTTP/1.1 408"));
}

#[test]
fn without_a_hello_in_time_it_is_4400() {
    let server = Quick::start(Timeouts { hello: SHORT, ..Timeouts::default() });
    assert_eq!(RawClient::upgraded(server.address).read_close(), 4400);
    let mut pinging = RawClient::upgraded(server.address);
    pinging.send(&frame(0x89, b"", true)); // the server answers a ping, but still waits for hello
    assert_eq!(pinging.read_frame().0, 0x8A);
    assert_eq!(pinging.read_close(), 4400);
}

#[test]
fn a_message_that_is_never_finished_is_1008() {
    let server = Quick::start(Timeouts { message: SHORT, ..Timeouts::default() });
    let unfinished = [
        raw_client::text("x").split_last().unwrap().1.to_vec(), // one byte is missing
        frame(0x01, b"a", true),                                // a fragment without an end
        vec![0x81],                                             // half a header
    ];
    for (n, bytes) in unfinished.iter().enumerate() {
        let mut raw = RawClient::welcomed(server.address, &format!("user{n}"));
        raw.send(bytes);
        assert_eq!(raw.read_close(), 1008, "{bytes:?}");
    }
    let mut slow = RawClient::welcomed(server.address, "slow");
    slow.send(&frame(0x81, &[b' '; 60_000], true)[..14]);
    dribble(&mut slow, b" ");
    assert_eq!(slow.read_close(), 1008, "the deadline is for the whole message");
}

#[test]
fn a_client_may_be_silent_between_messages_and_a_finished_message_is_not_late() {
    let server = Quick::start(Timeouts { message: SHORT, ..Timeouts::default() });
    let mut raw = RawClient::welcomed(server.address, "bob");
    for _ in 0..3 {
        let (first, second) = (raw_client::text(r#"{"type":"rooms"}"#), 5);
        raw.send(&first[..second]);
        raw.send(&first[second..]);
        assert!(raw.read_text().contains("rooms"));
        raw.0.set_read_timeout(Some(SHORT * 2)).unwrap();
        assert!(raw.0.peek(&mut [0; 1]).is_err(), "nothing comes, nothing ends");
        raw.0.set_read_timeout(Some(TIMEOUT)).unwrap();
    }
}

#[test]
fn each_of_back_to_back_messages_has_the_whole_time() {
    let wait = SHORT * 4;
    let server = Quick::start(Timeouts { message: wait, ..Timeouts::default() });
    let mut raw = RawClient::welcomed(server.address, "bob");
    let message = raw_client::text(r#"{"type":"rooms"}"#);
    let (first, rest) = message.split_at(5);
    raw.send(first);
    let start = Instant::now();
    while start.elapsed() < wait * 3 / 2 {
        raw.send(&[rest, first].concat());
        assert!(raw.read_text().contains("rooms"), "after {:?}", start.elapsed());
        raw.0.set_read_timeout(Some(wait / 6)).unwrap();
        assert!(raw.0.peek(&mut [0; 1]).is_err(), "nothing comes, nothing ends");
        raw.0.set_read_timeout(Some(TIMEOUT)).unwrap();
    }
}

#[test]
fn pings_inside_a_message_give_it_no_more_time() {
    let server = Quick::start(Timeouts { message: SHORT, ..Timeouts::default() });
    let mut raw = RawClient::welcomed(server.address, "bob");
    raw.send(&frame(0x01, b"a", true));
    let ping = frame(0x89, b"", true);
    let start = Instant::now();
    raw.0.set_read_timeout(Some(SHORT / 4)).unwrap();
    loop {
        (&raw.0).write_all(&ping).ok(); // the server may have closed already
        match raw.0.peek(&mut [0; 1]) {
            Ok(0) => panic!("it ended without a Close"),
            Ok(_) => match raw.read_frame() {
                (0x8A, _) => {}
                (0x88, payload) => break assert_eq!(payload[..2], 1008_u16.to_be_bytes()),
                other => panic!("{other:?}"),
            },
            Err(_) => {}
        }
        assert!(start.elapsed() < TIMEOUT, "an unfinished message has no deadline of its own here");
    }
}

#[test]
fn a_silent_client_is_pinged_and_one_that_does_not_answer_is_4408_and_gone() {
    let server = Quick::start(Timeouts { ping_every: SHORT, pong: SHORT, ..Timeouts::default() });
    let mut alice = TestClient::connect(server.address);
    alice.send(&json!({"type": "hello", "user": "alice", "join": [{"room": "lobby"}]}));
    alice.receive_type("joined");
    alice.round_trip(); // she is live now, and gets presence for each client that joins
    let mut mute = RawClient::upgraded(server.address);
    mute.send(&raw_client::text(r#"{"type":"hello","user":"mute","join":[{"room":"lobby"}]}"#));
    // Alice's WebSocket library answers pings while it reads; the raw client does not.
    assert_eq!(alice.receive()["state"], "joined");
    assert_eq!(alice.receive()["state"], "left");
    let mut pings = 0;
    let code = loop {
        match mute.read_frame() {
            (0x89, _) => pings += 1,
            (0x88, payload) => break u16::from_be_bytes([payload[0], payload[1]]),
            _ => {}
        }
    };
    assert_eq!((pings, code), (1, 4408));
    alice.receives_nothing();
}

#[test]
fn a_planned_stop_is_announced_to_all_clients() {
    let server = Quick::start(Timeouts::default());
    let (mut alice, _) = TestClient::hello(server.address, "alice");
    let address = server.address;
    drop(server);
    assert_eq!(alice.receive_close(), 1001);
    assert!(std::net::TcpStream::connect(address).is_err(), "no new client is accepted any more");
}

#[test]
fn a_stop_does_not_wait_for_clients_that_do_not_read() {
    let server = Quick::start(Timeouts::default());
    let stuck: Vec<TestClient> = (0..20)
        .map(|n| TestClient::joined(server.address, &format!("stuck{n}"), "lobby").0)
        .collect();
    let (mut writer, _) = TestClient::joined(server.address, "writer", "lobby");
    let line = "x".repeat(4_000);
    for n in 0..1_500 {
        writer.post("lobby", &n.to_string(), &line); // more than a socket buffer holds
        writer.receive_with_cid(&n.to_string());
    }
    let since = Instant::now();
    drop(server);
    assert!(since.elapsed() < TIMEOUT / 3, "it waited for {:?}", since.elapsed());
    drop(stuck);
}
