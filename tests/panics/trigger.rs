//! Clients that do everything a client can do, until a trap has sprung.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tungstenite::Message;

use crate::support::raw_client::RawClient;
use crate::support::{TIMEOUT, TestClient};

/// Runs clients until the trap has sprung, and `between` after each round of them.
pub(crate) fn spring(
    address: SocketAddr,
    trap: &Path,
    name: &str,
    turn: usize,
    mut between: impl FnMut(),
) {
    let since = Instant::now();
    for round in 0.. {
        thread::scope(|scope| {
            for user in ["eve", "mal", "joe"] {
                scope.spawn(move || run_client(address, &format!("{user}{turn}x{round}"), trap));
            }
            scope.spawn(move || request_much(address, &format!("kay{turn}x{round}"), trap));
        });
        between();
        if !trap.exists() {
            return;
        }
        assert!(since.elapsed() < TIMEOUT / 3, "no thread met the trap {name}");
    }
}

/// One client, which the trap may end anywhere.
fn run_client(address: SocketAddr, user: &str, trap: &Path) {
    let mut asks = RawClient::connect(address);
    asks.try_send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asks.0.read_to_end(&mut Vec::new()).ok(); // the trap may have sprung there
    let Ok(mut peer) = TestClient::try_connect(address) else { return };
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
fn request_much(address: SocketAddr, user: &str, trap: &Path) -> Option<()> {
    let stream = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    stream.set_recv_buffer_size(4_096).unwrap();
    stream.connect(&address.into()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/ws"), stream).ok()?;
    let mut say = |message: Value| socket.send(Message::text(message.to_string())).ok();
    say(json!({"type": "hello", "user": user, "join": [{"room": "lobby"}]}))?;
    for _ in 0..100 {
        say(json!({"type": "history", "room": "lobby", "after": 0, "limit": 100}))?;
    }
    let since = Instant::now();
    while trap.exists() && since.elapsed() < Duration::from_secs(1) {
        thread::yield_now();
    }
    Some(())
}
