//! A client that speaks the protocol, with a WebSocket library that is not ours.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{HandshakeError, Message, WebSocket};

use super::TIMEOUT;

/// A client of the chat protocol that does only what a test asks for.
pub(crate) struct TestClient {
    pub(crate) socket: WebSocket<TcpStream>,
    /// Received, and not returned yet.
    received: VecDeque<Value>,
}

impl TestClient {
    /// Connects, and sends nothing.
    pub(crate) fn connect(address: SocketAddr) -> TestClient {
        TestClient::over(TcpStream::connect(address).unwrap())
    }

    /// The same on an open connection.
    pub(crate) fn over(stream: TcpStream) -> TestClient {
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{}/ws", stream.peer_addr().unwrap());
        let request = url.into_client_request().unwrap();
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        TestClient { socket, received: VecDeque::new() }
    }

    /// Connects over a connection that may break at any byte, and sends nothing.
    pub(crate) fn try_connect(address: SocketAddr) -> Result<TestClient, Box<tungstenite::Error>> {
        TestClient::try_over(TcpStream::connect(address).map_err(tungstenite::Error::Io)?)
    }

    /// The same on an open connection.
    pub(crate) fn try_over(stream: TcpStream) -> Result<TestClient, Box<tungstenite::Error>> {
        stream.set_read_timeout(Some(TIMEOUT)).map_err(tungstenite::Error::Io)?;
        stream.set_nodelay(true).map_err(tungstenite::Error::Io)?;
        let address = stream.peer_addr().map_err(tungstenite::Error::Io)?;
        let request = format!("ws://{address}/ws").into_client_request()?;
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(TestClient { socket, received: VecDeque::new() }),
            Err(HandshakeError::Failure(error)) => Err(Box::new(error)),
            Err(HandshakeError::Interrupted(_)) => {
                Err(Box::new(tungstenite::Error::Io(ErrorKind::TimedOut.into())))
            }
        }
    }

    /// Sends hello as `user`; returns the client and its welcome.
    pub(crate) fn hello(address: SocketAddr, user: &str) -> (TestClient, Value) {
        let mut peer = TestClient::connect(address);
        peer.send(&json!({"type": "hello", "user": user}));
        let welcome = peer.receive();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (peer, welcome)
    }

    /// Sends hello and joins a room; returns the client and its `joined`.
    pub(crate) fn joined(address: SocketAddr, user: &str, room: &str) -> (TestClient, Value) {
        let (mut peer, _) = TestClient::hello(address, user);
        let joined = peer.join(room);
        (peer, joined)
    }

    /// Joins a room, and waits until it is live: from then on it gets `presence` for each client that joins.
    /// Returns its `joined`.
    pub(crate) fn join(&mut self, room: &str) -> Value {
        self.send(&json!({"type": "join", "room": room}));
        let joined = self.receive();
        assert_eq!(joined["type"], "joined", "{joined}");
        self.send(&json!({"type": "rooms"})); // answered once the join is done
        loop {
            let message = self.read_message();
            if message["type"] == "rooms" {
                return joined;
            }
            self.received.push_back(message);
        }
    }

    /// Sends hello and joins the lobby; returns the client and its welcome.
    pub(crate) fn joined_with_welcome(address: SocketAddr, user: &str) -> (TestClient, Value) {
        let (mut peer, welcome) = TestClient::hello(address, user);
        peer.join("lobby");
        (peer, welcome)
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    pub(crate) fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    pub(crate) fn post(&mut self, room: &str, cid: &str, text: &str) {
        self.send(&json!({"type": "post", "room": room, "cid": cid, "text": text}));
    }

    /// One WebSocket message. If the machine was stopped for a moment, a read with a timeout is interrupted
    /// (signal(7)); it is retried.
    fn read(&mut self) -> tungstenite::Result<Message> {
        loop {
            match self.socket.read() {
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Drops what has come so far.
    #[allow(dead_code, reason = "only one of the test binaries needs it")]
    pub(crate) fn drain(&mut self) {
        self.received.clear();
        self.socket.get_ref().set_nonblocking(true).unwrap();
        while self.read().is_ok() {}
        self.socket.get_ref().set_nonblocking(false).unwrap();
    }

    /// The next message, of any type.
    pub(crate) fn receive(&mut self) -> Value {
        self.received.pop_front().unwrap_or_else(|| self.read_message())
    }

    fn read_message(&mut self) -> Value {
        loop {
            match self.read().expect("a message comes") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("neither text nor control: {other:?}"),
            }
        }
    }

    /// The next message of this type; those before it are dropped.
    pub(crate) fn receive_type(&mut self, kind: &str) -> Value {
        loop {
            let message = self.receive();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next message of one of these types; those before it are dropped.
    pub(crate) fn receive_any_of(&mut self, kinds: &[&str]) -> Value {
        loop {
            let message = self.receive();
            if message["type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
                return message;
            }
        }
    }

    /// The record of this user's message; those before it are dropped. Then the message is stored. A client
    /// that closes with records unread resets the connection, and the server loses what it has not read.
    pub(crate) fn receive_own(&mut self, user: &str, cid: &str) -> Value {
        loop {
            let record = self.receive_type("post");
            if record["user"] == user && record["cid"] == cid {
                return record;
            }
        }
    }

    /// The next message with this cid: our own record, or an error, if no other user has the cid.
    pub(crate) fn receive_with_cid(&mut self, cid: &str) -> Value {
        loop {
            let message = self.receive();
            if message["cid"] == cid {
                return message;
            }
        }
    }

    /// The seqs of the next `count` records.
    pub(crate) fn receive_seqs(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.receive_type("post")["seq"].as_u64().unwrap()).collect()
    }

    /// The code of the `error` that comes next.
    pub(crate) fn receive_error(&mut self) -> String {
        let error = self.receive();
        assert_eq!(error["type"], "error", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        error["code"].as_str().unwrap().to_owned()
    }

    /// Reads until the server closes: its code.
    pub(crate) fn receive_close(&mut self) -> u16 {
        loop {
            match self.read() {
                Ok(Message::Close(close)) => return close.map_or(1005, |close| close.code.into()),
                Ok(_) => {}
                Err(error) => panic!("the end came without a Close: {error}"),
            }
        }
    }

    /// Waits until the server has handled all that this client has sent.
    pub(crate) fn round_trip(&mut self) {
        self.send(&json!({"type": "rooms"}));
        self.receive_type("rooms");
    }

    /// Asserts that the server sends nothing to this client before the answer to its next request.
    pub(crate) fn receives_nothing(&mut self) {
        self.send(&json!({"type": "rooms"}));
        let next = self.receive();
        assert_eq!(next["type"], "rooms", "{next}");
    }
}
