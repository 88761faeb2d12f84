//! A server that follows a script, and a client connected to it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use talk::chat::protocol::Since;
use talk::chat::{RoomName, Text};
use talk::client::{Client, Config, ConnectionState, Event, Events, start};
use tungstenite::{Message, WebSocket};

/// Longer than anything takes that is not stuck.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) const TOKEN: &str = "00112233445566778899aabbccddeeff";

/// A server's end of one WebSocket.
pub(crate) struct ScriptedServer(pub(crate) WebSocket<TcpStream>);

impl ScriptedServer {
    pub(crate) fn accept(listener: &TcpListener) -> ScriptedServer {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        ScriptedServer(tungstenite::accept(stream).unwrap())
    }

    pub(crate) fn receive(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Pong(_) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// The next message that is not a typing notification or a read marker.
    pub(crate) fn receive_action(&mut self) -> Value {
        loop {
            let received = self.receive();
            if received["type"] != "typing" && received["type"] != "mark" {
                return received;
            }
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "json! makes values")]
    pub(crate) fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// Receives the hello and lets the client join an empty lobby.
    pub(crate) fn welcome(&mut self, head: u64, since: u64) -> Value {
        let hello = self.receive();
        assert_eq!(hello["type"], "hello");
        self.send(json!({
            "type": "welcome", "user": "bob", "token": TOKEN, "server": "stage/1",
            "limits": { "text": 4096, "rate": 5, "burst": 20, "page": 100 },
        }));
        self.send(json!({
            "type": "joined", "room": "lobby", "log": "L1", "first": 1, "head": head,
            "since": since, "reset": false, "count": 1,
        }));
        hello
    }

    pub(crate) fn send_record(&mut self, seq: u64, user: &str, cid: &Value, text: &str) {
        self.send(json!({
            "type": "post", "room": "lobby", "seq": seq, "at": 1_700_000_000_000_u64, "user": user,
            "cid": cid, "text": text,
        }));
    }
}

pub(crate) fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

pub(crate) fn connect(to: &TcpListener) -> (Client, Events) {
    connect_as(to.local_addr().unwrap(), "bob", "console")
}

/// A client of our library in the lobby, and its events.
pub(crate) fn connect_as(server: SocketAddr, user: &str, agent: &'static str) -> (Client, Events) {
    connect_since(server, user, agent, Since::Newest)
}

/// The same, where the room starts at `since`.
pub(crate) fn connect_since(
    server: SocketAddr,
    user: &str,
    agent: &'static str,
    since: Since,
) -> (Client, Events) {
    let config = Config {
        server: server.to_string().parse().unwrap(),
        user: user.parse().unwrap(),
        token: None,
        password: None,
        rooms: vec![RoomName::default()],
        since,
        agent,
        presence: true,
        follows_rooms: false,
        outbox: Vec::new(),
    };
    start(config).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text, 4096).unwrap()
}

/// The first event that `pick` picks; those before it are dropped.
pub(crate) fn until<T>(events: &Events, pick: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(TIMEOUT).expect("a notice in time");
        if let Some(picked) = pick(&event) {
            return picked;
        }
    }
}

pub(crate) fn until_live(events: &Events) {
    until(events, |event| matches!(event, Event::State(ConnectionState::Live)).then_some(()));
}

/// The text of the next connection error.
pub(crate) fn trouble(events: &Events) -> String {
    let sentence = until(events, |event| match event {
        Event::ConnectionLost(fault) => Some(fault.to_string()),
        _ => None,
    });
    until(events, |event| {
        matches!(event, Event::State(ConnectionState::Offline { .. })).then_some(())
    });
    sentence
}

pub(crate) fn next_record(events: &Events) -> u64 {
    until(events, |event| match event {
        Event::Record(record) => Some(record.seq),
        _ => None,
    })
}
