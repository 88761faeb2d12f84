//! Clients that do everything a client can do, until a trap has sprung.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tungstenite::Message;

use crate::common::local_address::connect_from;
use crate::support::raw_client::RawClient;
use crate::support::{TIMEOUT, TestClient};

/// Runs clients until the trap has sprung, and `between` after each round of them.
pub(crate) fn spring(
    address: SocketAddr,
    trap: &Path,
    name: &str,
    turn: u8,
    mut between: impl FnMut(),
) {
    let since = Instant::now();
    for round in (0..=u8::MAX).cycle() {
        thread::scope(|scope| {
            for (n, user) in (1..).zip(["eve", "mal", "joe", "kay"]) {
                // Each has a network of its own, which owes nothing for the answers to the others: the server
                // makes a network that used too much time wait, and on a busy machine all do.
                let (host, user) = ([127, turn + 1, round, n], format!("{user}{turn}x{round}"));
                let run = if n < 4 { run_client } else { request_much };
                scope.spawn(move || run((host, address), &user, trap));
            }
        });
        between();
        if !trap.exists() {
            return;
        }
        assert!(since.elapsed() < TIMEOUT / 3, "no thread met the trap {name}");
    }
}

/// One client at the local address `host`, which the trap may end anywhere.
fn run_client((host, address): ([u8; 4], SocketAddr), user: &str, trap: &Path) {
    let mut asks = RawClient::connect(address);
    asks.try_send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asks.0.read_to_end(&mut Vec::new()).ok(); // the trap may have sprung there
    let stream = connect_from(host, address).unwrap();
    let Ok(mut peer) = TestClient::try_over(stream) else { return };
    let short = Some(Duration::from_millis(500));
    peer.socket.get_ref().set_read_timeout(short).unwrap();
    let mut say = |message: Value| {
        let sent = peer.socket.send(Message::text(message.to_string()));
        sent.is_ok() && trap.exists()
    };
    let long = "x".repeat(2_000);
    let hello = json!({"type": "hello", "user": user, "join": [{"room": "lobby"}]});
    let all = say(hello)
        && (1..=9).all(|n| {
            say(json!({"type": "post", "room": "lobby", "cid": n.to_string(), "text": long}))
        })
        && say(json!({"type": "typing", "room": "lobby"}))
        && say(json!({"type": "mark", "room": "lobby", "seq": 1}))
        && say(json!({"type": "mute", "room": "lobby", "muted": true}))
        && say(json!({"type": "history", "room": "lobby", "before": 3}))
        && say(json!({"type": "who", "room": "lobby"}))
        && say(json!({"type": "rooms"}))
        && say(json!({"type": "nick", "user": format!("{user}b")}))
        && say(json!({"type": "direct", "to": "ann", "cid": "direct", "text": "psst"}))
        && say(
            json!({"type": "delete", "room": format!("@ann+{user}b"), "cid": "gone", "target": 1}),
        )
        && say(json!({"type": "leave", "room": "lobby"}))
        && say(json!({"type": "rooms"}))
        && say(json!({"type": "rooms", "": "x".repeat(60_000)})); // several reads: a partial message
    if all {
        let since = Instant::now();
        while let Ok(message) = peer.socket.read() {
            if since.elapsed() > Duration::from_secs(2) || !trap.exists() {
                break;
            }
            if message.is_text() && message.to_text().is_ok_and(|text| text.contains("\"left\"")) {
                break;
            }
        }
        // The server releases what it holds of the lobby only if another room was used since.
        for cid in 12..32 {
            if !["cids", "load"].iter().any(|lock| is_for(trap, lock)) || !trap.exists() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
            let direct =
                json!({"type": "direct", "to": "ann", "cid": cid.to_string(), "text": "psst"});
            peer.socket.send(Message::text(direct.to_string())).ok();
        }
    }
}

/// Whether a trap is for this lock.
fn is_for(trap: &Path, lock: &str) -> bool {
    let name = trap.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.split('@').next() == Some(lock))
}

/// Requests much and reads nothing: the socket is full, and the drain thread writes to it.
fn request_much((host, address): ([u8; 4], SocketAddr), user: &str, trap: &Path) {
    let stream = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    stream.set_recv_buffer_size(4_096).unwrap();
    stream.bind(&SocketAddr::from((host, 0)).into()).unwrap();
    stream.connect(&address.into()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let Ok((mut socket, _)) = tungstenite::client(format!("ws://{address}/ws"), stream) else {
        return;
    };
    let mut say = |message: Value| socket.send(Message::text(message.to_string())).is_ok();
    let history = json!({"type": "history", "room": "lobby", "after": 0, "limit": 100});
    let is_open = say(json!({"type": "hello", "user": user, "join": [{"room": "lobby"}]}))
        && (0..100).all(|_| say(history.clone()));
    let since = Instant::now();
    while is_open && trap.exists() && since.elapsed() < Duration::from_secs(1) {
        thread::yield_now();
    }
}
